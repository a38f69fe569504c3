#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the tar vectors beside this script, header by header: VERDICT-REASON.tar.

What the pickles would run is `echo`; nothing here loads or unpacks one.
"""
import pathlib

HERE = pathlib.Path(__file__).parent
EVIL = b"cos\nsystem\n(S'echo'\ntR."
GOOD = b"\x80\x04}\x94\x8c\x01a\x94K\x01s."
TEXT = b"Some words.\n"
END = bytes(1024)


def header(name, size, kind=b"0", link=b"", magic=b"ustar\x0000", prefix=b"", size_field=None,
           wrong_sum=False):
    size_field = size_field or b"%011o\0" % size
    block = (name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + size_field +
             b"00000000000\0" + b" " * 8 + kind + link.ljust(100, b"\0") + magic +
             bytes(64) + bytes(16) + prefix.ljust(155, b"\0")).ljust(512, b"\0")
    total = sum(block) + wrong_sum
    return block[:148] + b"%06o\0 " % total + block[156:]


def entry(name, data=b"", **said):
    size = said.pop("size", len(data))
    return header(name, size, **said) + data + bytes(-len(data) % 512)


def pax(**records):
    text = b""
    for key, value in records.items():
        body = b" %s=%s\n" % (key.replace("_", ".").encode(), value)
        n = len(body) + 1
        while len(b"%d" % n) + len(body) != n:
            n += 1
        text += b"%d%s" % (n, body)
    return entry(b"pax", text, kind=b"x")


def sparse_extended(name, data):
    """GNU: a flag says that one more block of the map comes before the data."""
    block = bytearray(header(name, len(data), kind=b"S", magic=b"ustar  \0"))
    block[482] = 1
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + bytes(512) + data + bytes(-len(data) % 512)


VECTORS = {
    "accept-plain": entry(b"a.txt", TEXT) + entry(b"dir/", kind=b"5") + entry(b"dir/b.pkl", GOOD) + END,
    "accept-gnu": entry(b"a.txt", TEXT, magic=b"ustar  \0") + END,
    "accept-old": entry(b"a.txt", TEXT, magic=bytes(8)) + END,
    "accept-long-name": entry(b"././@LongLink", b"d/" * 80 + b"a.txt\0", kind=b"L",
                              magic=b"ustar  \0") + entry(b"d/d", TEXT, magic=b"ustar  \0") + END,
    "accept-pax-path": pax(path=b"a/long/name.txt") + entry(b"short", TEXT) + END,
    "accept-prefix": entry(b"b.txt", TEXT, prefix=b"some/folder") + END,
    "accept-base-256": entry(b"a.txt", TEXT, size_field=b"\x80" + (12).to_bytes(11, "big")) + END,
    "accept-padded": entry(b"a.txt", TEXT) + bytes(10240 - 1024),
    "reject-evil": entry(b"a.pkl", EVIL) + END,
    "reject-evil-hidden": entry(b"README", EVIL) + END,
    "reject-evil-second": entry(b"a.pkl", GOOD) + entry(b"a.pkl", EVIL) + END,
    "reject-evil-behind-end": entry(b"a.pkl", GOOD) + END + entry(b"b.pkl", EVIL) + END,
    "reject-evil-behind-zero": entry(b"a.pkl", GOOD) + bytes(512) + entry(b"b.pkl", EVIL) + END,
    "reject-evil-pax-size": pax(size=b"%d" % len(EVIL)) + entry(b"a.pkl", EVIL, size=1) + END,
    "reject-evil-unknown-type": entry(b"a.pkl", EVIL, kind=b"Z") + END,
    "reject-evil-global-path": entry(b"g", b"22 path=innocent.txt\n", kind=b"g") +
                               entry(b"a.pkl", EVIL) + END,
    "reject-name-up": entry(b"../a.txt", TEXT) + END,
    "reject-name-root": entry(b"/etc/a.txt", TEXT) + END,
    "reject-link-out": entry(b"a", kind=b"2", link=b"/etc/passwd") + END,
    "reject-link-up": entry(b"a", kind=b"2", link=b"../b") + END,
    "reject-hard-link-out": entry(b"a", kind=b"1", link=b"/etc/passwd") + END,
    "reject-device": entry(b"a", kind=b"3") + END,
    "reject-fifo": entry(b"a", kind=b"6") + END,
    "reject-sum": entry(b"a.txt", TEXT) + entry(b"b.txt", TEXT, wrong_sum=True) + END,
    "reject-cut": entry(b"a.txt", TEXT)[:-512] + TEXT[:5],
    "reject-size": entry(b"a.txt", TEXT, size=1 << 30) + END,
    "reject-size-huge": entry(b"a.txt", TEXT, size_field=b"\x80" + b"\xff" * 11) + END,
    "reject-no-end": entry(b"a.txt", TEXT),
    "reject-tail": entry(b"a.txt", TEXT) + END + b"x" * 100,
    "warn-trailing": entry(b"a.txt", TEXT) + END + entry(b"b.txt", TEXT) + END,
    "warn-duplicate": entry(b"a.txt", TEXT) + entry(b"./a.txt", TEXT) + END,
    "warn-duplicate-case": entry(b"a.txt", TEXT) + entry(b"A.txt", TEXT) + END,
    "warn-duplicate-unicode": entry("caf\u00e9".encode(), TEXT) +
                              entry("cafe\u0301".encode(), TEXT) + END,
    "warn-duplicate-folder": entry(b"d/a.txt", TEXT) + entry(b"d", TEXT) + END,
    "accept-folders": entry(b"./", kind=b"5") + entry(b"./d", kind=b"5") +
                      entry(b"./d/a.txt", TEXT) + entry(b"./d-e", TEXT) + END,
    "warn-link": entry(b"a", kind=b"2", link=b"b") + END,
    "warn-name": entry(b"a\xffb.txt", TEXT) + END,
    "warn-sparse": entry(b"a.txt", TEXT, kind=b"S") + END,
    "accept-pax-size": pax(size=b"12") + entry(b"a.txt", TEXT) + END,
    "reject-evil-folder-data": entry(b"d", entry(b"a.pkl", EVIL), kind=b"5") + END,
    "reject-evil-old-folder-data": entry(b"d/", entry(b"a.pkl", EVIL), kind=b"\0") + END,
    "reject-evil-link-data": entry(b"d", entry(b"a.pkl", EVIL), kind=b"1", link=b"a") + END,
    "reject-evil-sparse": entry(b"a.pkl", EVIL, kind=b"S") + END,
    "reject-evil-sparse-extended": sparse_extended(b"a.pkl", EVIL) + END,
    "reject-folder-size": entry(b"d", bytes(5), kind=b"5") + END,
    "reject-pax-size-beside-zero": pax(size=b"12") + entry(b"a.txt", TEXT, size=0) + END,
    "reject-pax-size-word": pax(size=b"twelve") + entry(b"a.txt", TEXT) + END,
    "reject-number-then-digit": entry(b"a.txt", TEXT, size_field=b"0000000014 1") + END,
    "reject-name-is-pickle": entry(EVIL, TEXT) + END,
    "warn-hard-link-size": entry(b"a.txt", TEXT) +
                           header(b"b.txt", 12, kind=b"1", link=b"a.txt") + END,
    "warn-sparse-extended": sparse_extended(b"a.txt", TEXT) + END,
    "warn-kind-nemo": entry(b"model_config.yaml", b"target: x\n") + END,
}


def main():
    for old in HERE.glob("*.tar"):
        old.unlink()
    for name, content in VECTORS.items():
        (HERE / f"{name}.tar").write_bytes(content)


if __name__ == "__main__":
    main()

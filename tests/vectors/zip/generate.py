#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the archive vectors: zip/, torch_zip/ and npz/, <verdict>-<reason>.<ext>.

Archives are built byte by byte, so that each header can say something of its own.
The pickles that do harm would run `echo`, and nothing here loads one.
"""
import bz2
import io
import pathlib
import struct
import zipfile
import zlib

VECTORS = pathlib.Path(__file__).resolve().parent.parent

EVIL = b"cos\nsystem\n(S'echo'\ntR."
GOOD = b"\x80\x02}q\x00X\x01\x00\x00\x00aq\x01K\x01s."
STATE = (b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01X\x01\x00\x00\x00wq\x02"
         b"ctorch._utils\n_rebuild_tensor_v2\nq\x03((X\x07\x00\x00\x00storageq\x04"
         b"ctorch\nFloatStorage\nq\x05X\x01\x00\x00\x000q\x06X\x03\x00\x00\x00cpuq\x07K\x02t"
         b"q\x08QK\x00K\x02\x85q\x09K\x01\x85q\x0a\x89ccollections\nOrderedDict\nq\x0b)R"
         b"q\x0ctq\x0dRq\x0es.")
TEXT = b"Some words.\n"
ELF = b"\x7fELF\x02\x01\x01" + bytes(57)


def pack(data, method):
    if method == 8:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        return packer.compress(data) + packer.flush()
    return bz2.compress(data) if method == 12 else data


class Entry:
    """One entry; what starts with local_ is for the header before the data only."""

    def __init__(self, name, data, method=0, **said):
        self.name = name.encode() if isinstance(name, str) else name
        self.data, self.method, self.said = data, method, said
        self.packed = said.get("packed", pack(data, method))

    def get(self, key, default, is_local):
        value = self.said.get(key, default)
        return self.said.get("local_" + key, value) if is_local else value

    def header(self, is_local):
        descriptor = self.said.get("descriptor") is not None and is_local
        name = self.get("name", self.name, is_local)
        extra = self.get("extra", b"", is_local)
        numbers = [self.get("crc", zlib.crc32(self.data), is_local),
                   self.get("len", len(self.packed), is_local),
                   self.get("size", len(self.data), is_local)]
        flags = self.get("flags", 8 if self.said.get("descriptor") is not None else 0,
                         is_local)
        common = struct.pack("<HHHHH", 20, flags, self.get("tag", self.method, is_local),
                             0, 33) + struct.pack("<III", *([0, 0, 0] if descriptor
                                                            else numbers))
        return common, name, extra

    def local(self):
        common, name, extra = self.header(True)
        return (b"PK\3\4" + common + struct.pack("<HH", len(name), len(extra)) + name +
                extra + self.packed + (self.said.get("descriptor") or b""))

    def central(self, off):
        common, name, extra = self.header(False)
        return (b"PK\1\2" + struct.pack("<H", 0x031e) + common +
                struct.pack("<HHHHHII", len(name), len(extra), 0, 0, 0,
                            self.said.get("attributes", 0o100644 << 16),
                            self.said.get("off", off)) + name + extra)


def end(n, dir_len, dir_off, comment=b"", disk=0):
    return b"PK\5\6" + struct.pack("<HHHHIIH", disk, disk, n, n, dir_len, dir_off,
                                   len(comment)) + comment


def build(entries, prefix=b"", gap=b"", before_dir=b"", before_end=b"", suffix=b"",
          comment=b"", n=None, adjusted=True, dir_delta=0, disk=0, zip64=None):
    out, offs = prefix, []
    for i, entry in enumerate(entries):
        if i:
            out += gap
        offs.append(len(out) - (0 if adjusted else len(prefix)))
        out += entry.local()
    out += before_dir
    directory = b"".join(e.central(off) for e, off in zip(entries, offs))
    dir_off = len(out) - (0 if adjusted else len(prefix)) + dir_delta
    n = len(entries) if n is None else n
    out += directory + before_end
    if zip64:
        at = len(out)
        out += b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0,
                                       *zip64(n, len(directory), dir_off))
        out += b"PK\6\7" + struct.pack("<IQI", 0, at, 1)
    return out + end(n, len(directory), dir_off, comment, disk) + suffix


def descriptor(data, signature=True, wide=False):
    return ((b"PK\7\10" if signature else b"") + struct.pack("<I", zlib.crc32(data)) +
            struct.pack("<QQ" if wide else "<II", len(data), len(data)))


def unicode_path(name, path):
    field = struct.pack("<BI", 1, zlib.crc32(name)) + path
    return struct.pack("<HH", 0x7075, len(field)) + field


def torch(pickle=GOOD, root="archive/", extra=(), storages=(("0", bytes(8)),), **how):
    entries = [Entry(root + "data.pkl", pickle), Entry(root + "byteorder", b"little")]
    entries += [Entry(root + "data/" + key, data) for key, data in storages]
    entries.append(Entry(root + "version", b"3\n"))
    return build(entries + list(extra), **how)


def plain(entry, **how):
    return build([Entry("a.txt", TEXT), entry], **how)


def nested(depth, name="in.zip"):
    data = build([Entry("x.txt", EVIL)])
    for _ in range(depth - 1):
        data = build([Entry(name, data)])
    return data


def written(method, names=("a.txt", "b/c.txt"), **how):
    """By Python's own writer."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name in names:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            with file.open(info, "w", **how) as member:
                member.write(TEXT)
    return out.getvalue()


def npy(data=bytes(8), shape="(2,)", descr="<f4"):
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode() + data


def overlapping():
    """Two entries, one header."""
    first, second = Entry("a.txt", EVIL), Entry("b.txt", EVIL, off=0)
    body = first.local()
    directory = first.central(0) + second.central(0)
    return body + directory + end(2, len(directory), len(body))


def quoted(n=20):
    """Each entry's data holds the headers of those behind it: a bomb's layout."""
    kernel = Entry("k", bytes(1 << 16), 8)
    body, offs, entries = kernel.local(), [], [kernel]
    for i in range(n):
        entry = Entry(f"q{i}", b"", 0, packed=b"", len=len(body), size=len(body), crc=0)
        offs = [0] + [off + len(entry.local()) for off in offs or [0]]
        body = entry.local() + body
        entries.insert(0, entry)
    offs = []
    at = 0
    for entry in entries:
        offs.append(at)
        at += len(entry.local()) if entry is not kernel else 0
    directory = b"".join(e.central(off) for e, off in zip(entries, offs))
    return body + directory + end(len(entries), len(directory), len(body))


def lzma_named(method):
    return plain(Entry("m.bin", EVIL, method, packed=EVIL))


def short_end_lies():
    """The end record leads to one directory, the ZIP64 record before it to another."""
    good, evil = Entry("a.txt", TEXT), Entry("a.txt", EVIL)
    body = good.local() + evil.local()
    first, second = good.central(0), evil.central(len(good.local()))
    at = len(body) + len(first) + len(second)
    return (body + second + first + b"PK\6\6" +
            struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, len(second), len(body)) +
            b"PK\6\7" + struct.pack("<IQI", 0, at, 1) +
            end(1, len(first), len(body) + len(second)))


PATH = unicode_path(b"m.txt", b"archive/data.pkl")
LETTERS = "b\u00fccher.txt"

ZIP = {
    "accept-stored": written(zipfile.ZIP_STORED),
    "accept-deflated": written(zipfile.ZIP_DEFLATED),
    "accept-zip64": written(zipfile.ZIP_DEFLATED, force_zip64=True),
    "accept-empty": end(0, 0, 0),
    "accept-folder": build([Entry("f/", b"", attributes=0o040755 << 16),
                            Entry("f/a.txt", TEXT)]),
    "accept-folder-beside": build([Entry("f.txt", TEXT), Entry("f/", b""),
                                   Entry("f/f/a.txt", TEXT), Entry("f-g", TEXT)]),
    "accept-folder-by-attribute": build([Entry("f", b"", attributes=0x10),
                                         Entry("f/a.txt", TEXT)]),
    "accept-folder-deflated": build([Entry("f/", b"", 8)]),
    "accept-descriptor": plain(Entry("b", TEXT, descriptor=descriptor(TEXT))),
    "accept-descriptor-bare": plain(Entry("b", TEXT, descriptor=descriptor(TEXT, False))),
    "accept-descriptor-wide": plain(Entry("b", TEXT, descriptor=descriptor(TEXT, wide=True))),
    "accept-letters": plain(Entry(LETTERS, TEXT, flags=0x800,
                                  extra=unicode_path(LETTERS.encode(), LETTERS.encode()))),
    "accept-letters-old": plain(Entry(b"b\x81cher.txt".replace(b"\x81", b"\xc3\xbc"), TEXT,
                                      extra=unicode_path(b"x", LETTERS.encode()))),
    "accept-deflate-options": plain(Entry("b", TEXT, 8, flags=2, local_flags=0)),
    "accept-stored-archive": plain(Entry("in.zip", written(zipfile.ZIP_STORED))),
    "accept-no-attributes": plain(Entry("b", TEXT, attributes=0)),
    "warn-zip-comment-found": plain(Entry("b", TEXT), comment=b"a comment"),
    "warn-zip-data-unlisted": plain(Entry("b", TEXT), gap=b"something"),
    "warn-zip-padding-found": plain(Entry("b", TEXT), gap=bytes(8)),
    "warn-zip-padding-found--marker": plain(Entry("b", TEXT), prefix=b"PK00"),
    "warn-zip-suffix-found": plain(Entry("b", TEXT), suffix=b"more"),
    "warn-zip-entry-encrypted": plain(Entry("b.txt", TEXT, flags=1)),
    "warn-zip-method-unknown": lzma_named(14),
    "warn-zip-name-invalid": plain(Entry(b"b\xff.txt", TEXT)),
    "warn-format-model-unexamined--keras": build([
        Entry("a.txt", TEXT), Entry("config.json", b"{}"), Entry("metadata.json", b"{}")]),
    "accept-metadata": build([
        Entry("metadata.json", b"{}"), Entry("a/config.json", b"{}"),
        Entry("b/metadata.json", b"{}")]),
    "warn-format-model-unexamined--keras-folder": build([
        Entry("a.txt", TEXT), Entry("m/metadata.json", b"{}"), Entry("m/config.json", b"{}")]),
    "warn-format-model-unexamined--skops": plain(Entry("schema.json", b"{}")),
    "warn-format-model-unexamined--handler": plain(Entry("MAR-INF/MANIFEST.json", b"{}")),
    "warn-format-model-unexamined--main": plain(Entry("__main__.py", b"print(1)\n")),
    "reject-pickle-named-text": plain(Entry("b.txt", EVIL)),
    "reject-pickle-deflated": plain(Entry("b.txt", EVIL, 8)),
    "reject-pickle-flag-encrypted": plain(Entry("b.txt", EVIL, flags=1)),
    "reject-pickle-bzip2": plain(Entry("b.txt", EVIL, 12)),
    "reject-pickle-in-folder": plain(Entry("data.pkl/", EVIL)),
    "reject-pickle-nested": nested(3),
    "reject-pickle-nested--deep": nested(8),
    "reject-program": plain(Entry("b.txt", ELF)),
    "reject-zip-count-wrong--more": plain(Entry("b", TEXT), n=3),
    "reject-zip-count-wrong--less": plain(Entry("b", TEXT), n=1),
    "reject-zip-count-wrong--disk": plain(Entry("b", TEXT), disk=1),
    "reject-zip-directory-broken--no-end": plain(Entry("b", TEXT))[:-22],
    "reject-zip-directory-broken--hidden": plain(Entry("b", EVIL))[:90],
    "reject-zip-directory-broken--comment": plain(Entry("b", TEXT))[:-2] + b"\x40\0",
    "reject-zip-end-ambiguous--comment": plain(Entry("b", TEXT),
                                               comment=plain(Entry("b.txt", EVIL))),
    "reject-zip-end-ambiguous--two": plain(Entry("b", TEXT)) + plain(Entry("b", EVIL)),
    "reject-zip-end-ambiguous--zip64": short_end_lies(),
    "reject-zip-entry-duplicate": plain(Entry("a.txt", EVIL)),
    "reject-zip-entry-duplicate--case": plain(Entry("A.TXT", TEXT)),
    "reject-zip-entry-duplicate--unicode": build([
        Entry("caf\u00e9.txt", TEXT), Entry("cafe\u0301.txt", TEXT)]),
    "reject-zip-entry-duplicate--inside": build([
        Entry("f/b.txt", TEXT), Entry("f-g", TEXT), Entry("F", TEXT)]),
    "reject-zip-entry-duplicate--folder": build([Entry("f", TEXT), Entry("f/", b"")]),
    "reject-zip-entry-hidden": plain(Entry("b", TEXT), gap=Entry("h.txt", EVIL).local()),
    "reject-zip-entry-hidden--behind": plain(Entry("b", TEXT),
                                             suffix=Entry("h.txt", EVIL).local()),
    "reject-zip-entry-hidden--before-end": plain(Entry("b", TEXT),
                                                 before_end=Entry("h", EVIL).local()),
    "reject-zip-entry-hidden--deflated": plain(Entry("b", TEXT),
                                               gap=Entry("h.txt", EVIL, 8).local()),
    "reject-zip-entry-overlap": overlapping(),
    "reject-zip-entry-overlap--quoted": quoted(),
    "reject-zip-entry-special": plain(Entry("l", b"/etc/passwd", attributes=0o120777 << 16)),
    "reject-zip-entry-special--device": plain(Entry("l", b"", attributes=0o020666 << 16)),
    "reject-zip-entry-special--folder": plain(Entry("f/", TEXT)),
    "reject-zip-extra-wrong": plain(Entry("b", TEXT, extra=b"\1\0\xff\0abc")),
    "reject-zip-flag-unusual": plain(Entry("b", TEXT, flags=0x20)),
    "reject-zip-headers-differ--name": plain(Entry("b.txt", TEXT, local_name=b"c.pkl")),
    "reject-zip-headers-differ--method": plain(Entry("b.txt", EVIL, 0, tag=8, local_tag=0)),
    "reject-zip-headers-differ--len": plain(Entry("b.txt", EVIL, local_len=4)),
    "reject-zip-headers-differ--crc": plain(Entry("b.txt", TEXT, local_crc=1)),
    "reject-zip-headers-differ--path": plain(Entry("m.txt", TEXT, extra=PATH)),
    "reject-zip-headers-differ--local-path": plain(Entry("m.txt", TEXT, local_extra=PATH)),
    "reject-zip-headers-differ--descriptor": plain(Entry("b", TEXT,
                                                         descriptor=descriptor(b"x"))),
    "reject-zip-headers-differ--stored": plain(Entry("b", TEXT, size=5, local_size=5)),
    "reject-zip-name-escaping--up": plain(Entry("../b", TEXT)),
    "reject-zip-name-escaping--root": plain(Entry("/b", TEXT)),
    "reject-zip-name-escaping--drive": plain(Entry("c:b", TEXT)),
    "reject-zip-name-escaping--backslash": plain(Entry("f\\b", TEXT)),
    "reject-zip-name-escaping--nul": plain(Entry("b\0c", TEXT)),
    "reject-zip-offset-wrong": plain(Entry("b", TEXT), dir_delta=-3),
    "reject-zip-offset-wrong--header": plain(Entry("b", TEXT, off=5)),
    "reject-zip-offset-wrong--prefix": plain(Entry("b", TEXT), prefix=b"front", adjusted=False),
    "reject-zip-offset-wrong--before-end": plain(Entry("b", TEXT), before_end=b"more"),
    "reject-zip-prefix-found": plain(Entry("b", TEXT), prefix=b"#!/bin/sh\necho\nexit\n"),
    "reject-zip-prefix-found--picture": plain(Entry("b", EVIL, 8), prefix=b"GIF89a" + bytes(9)),
    "reject-content-polyglot-found--pickle": plain(Entry("b", TEXT), prefix=EVIL),
    "reject-member-checksum-wrong": plain(Entry("b", TEXT, crc=1)),
    "reject-member-data-broken": plain(Entry("b", TEXT, 8, packed=b"\xff" * 9)),
    "reject-member-size-wrong": plain(Entry("b", TEXT, 8, size=5)),
}

TORCH = {
    "accept-plain": torch(),
    "accept-tensor": torch(STATE),
    "accept-script": torch(extra=[
        Entry("archive/code/__torch__.py", b"def forward(self):\n  pass\n"),
        Entry("archive/constants.pkl", b"\x80\x02).")]),
    "accept-records": torch(extra=[Entry("archive/.format_version", b"1"),
                                   Entry("archive/.storage_alignment", b"64"),
                                   Entry("archive/.data/serialization_id", b"1" * 40)]),
    "accept-descriptors": build([Entry("m/data.pkl", GOOD, flags=0x808,
                                       descriptor=descriptor(GOOD),
                                       extra=b"FB\x10\0" + b"Z" * 16),
                                 Entry("m/byteorder", b"little", flags=0x808,
                                       descriptor=descriptor(b"little")),
                                 Entry("m/version", b"3\n", flags=0x808,
                                       descriptor=descriptor(b"3\n"))]),
    "accept-torch-byteorder-missing": build([Entry("a/data.pkl", GOOD),
                                             Entry("a/version", b"3\n")]),
    "warn-torch-entry-unexpected": torch(extra=[Entry("archive/x.py", b"x = 1\n")]),
    "warn-torch-storage-long": torch(STATE, storages=[("0", bytes(12))]),
    "warn-format-model-unexamined": torch(extra=[Entry("archive/.data/extern_modules", b"")]),
    "reject-evil": torch(EVIL),
    "reject-evil-constants": torch(extra=[Entry("archive/constants.pkl", EVIL)]),
    "reject-evil-debug": torch(extra=[Entry("archive/code/x.debug_pkl", EVIL)]),
    "reject-evil-serialization-id": torch(extra=[
        Entry("archive/.data/serialization_id", EVIL)]),
    "reject-evil-extra": torch(extra=[Entry("archive/extra/x", EVIL)]),
    "reject-evil-version": build([Entry("a/data.pkl", GOOD), Entry("a/version", EVIL)]),
    "reject-evil-upper": torch(extra=[Entry("ARCHIVE/DATA.PKL", EVIL)]),
    "reject-evil-nul": torch(extra=[Entry(b"archive/data.pkl\0x", EVIL)]),
    "reject-evil-behind-good": torch(extra=[Entry("archive/data.pkl", EVIL)]),
    "reject-evil-before-good": build([Entry("archive/data.pkl", EVIL),
                                      Entry("archive/data.pkl", GOOD)]),
    "reject-evil-local-name": torch(extra=[Entry("archive/data/1", EVIL,
                                                 local_name=b"archive/data.pkl")]),
    "reject-evil-in-folder": torch(extra=[Entry("archive/data.pkl/", EVIL)]),
    "reject-evil-no-root": build([Entry("data.pkl", EVIL), Entry("version", b"3\n")]),
    "reject-evil-empty-root": torch(EVIL, root="/"),
    "reject-evil-root-up": torch(EVIL, root="../"),
    "reject-evil-crc": build([Entry("a/data.pkl", EVIL, crc=7), Entry("a/version", b"3\n")]),
    "reject-evil-deflated": build([Entry("a/data.pkl", EVIL, 8), Entry("a/version", b"3\n")]),
    "reject-evil-packed-as-stored": build([
        Entry("a/data.pkl", EVIL, 0, tag=8, local_tag=0), Entry("a/version", b"3\n")]),
    "reject-evil-hidden": torch(gap=Entry("archive/data.pkl", EVIL).local()),
    "reject-evil-unicode-path": torch(extra=[Entry("archive/data/1", EVIL,
                                      extra=unicode_path(b"x", b"archive/data.pkl"))]),
    "reject-torch-byteorder-invalid": build([Entry("a/data.pkl", GOOD),
                                             Entry("a/byteorder", b"middle"),
                                             Entry("a/version", b"3\n")]),
    "reject-torch-pickle-missing": build([Entry("a/version", b"3\n"),
                                          Entry("b/data.pkl", GOOD)]),
    "reject-torch-ratio-extreme": torch(extra=[Entry("archive/data/1", bytes(1 << 21), 8)]),
    "reject-torch-record-unreadable": torch(extra=[Entry("archive/data/1", TEXT, 12)]),
    "reject-torch-root-many": torch(extra=[Entry("other/data.pkl", GOOD)]),
    "reject-torch-storage-missing": torch(STATE, storages=[]),
    "reject-torch-storage-wrong": torch(STATE, storages=[("0", bytes(4))]),
    "reject-torch-version-invalid--zero": build([Entry("a/data.pkl", GOOD),
                                                 Entry("a/version", b"0\n")]),
    "reject-torch-version-invalid--tail": build([Entry("a/data.pkl", GOOD),
                                                 Entry("a/version", b"3abc\n")]),
    "reject-torch-version-missing": build([Entry("a/data.pkl", GOOD)]),
    "reject-program": torch(extra=[Entry("archive/lib.so", ELF)]),
}

NPZ = {
    "accept-stored": build([Entry("a.npy", npy()), Entry("b.npy", npy())]),
    "accept-deflated": build([Entry("a.npy", npy(), 8)]),
    "reject-pickle": build([Entry("a.npy", npy()), Entry("b.npy", EVIL)]),
    "reject-pickle-no-suffix": build([Entry("a.npy", npy()), Entry("b", EVIL)]),
    "reject-object": build([Entry("a.npy", npy(EVIL, "(1,)", "|O"))]),
    "reject-zip-entry-duplicate": build([Entry("a.npy", npy()), Entry("a.npy", npy())]),
    "reject-with-data-pkl": build([Entry("a.npy", npy()), Entry("m/data.pkl", EVIL)]),
}


def main():
    for folder, suffix, cases in (("zip", "zip", ZIP), ("torch_zip", "pt", TORCH),
                                  ("npz", "npz", NPZ)):
        (VECTORS / folder).mkdir(exist_ok=True)
        for old in (VECTORS / folder).glob("*." + suffix):
            old.unlink()
        for name, data in cases.items():
            (VECTORS / folder / f"{name}.{suffix}").write_bytes(data)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the vectors of old joblib files beside this script: VERDICT-REASON.NAME.

What the pickles would run is `echo`; nothing here loads one.
"""
import pathlib
import struct
import zlib

HERE = pathlib.Path(__file__).parent
EVIL = b"cos\nsystem\n(S'echo'\ntR."
GOOD = b"\x80\x04}\x94\x8c\x01a\x94K\x01s."


def zfile(data, spaces=b""):
    """As joblib before 0.10 packed; its oldest versions wrote a space more."""
    return b"ZF" + hex(len(data)).encode().ljust(19) + spaces + zlib.compress(data)


# The part behind the first dot is the name that the file is given.
VECTORS = {
    "accept-plain.a.pkl": zfile(GOOD),
    "accept-space.a.joblib": zfile(GOOD, b" "),
    "accept-suffix.a.pkl.z": zfile(GOOD),
    "undetermined-array.a.npy.z": zfile(struct.pack("<8d", *range(8))),
    "reject-evil.a.pkl": zfile(EVIL),
    "reject-evil-space.a.joblib": zfile(EVIL, b" "),
    "reject-evil-suffix.a.pkl.z": zfile(EVIL),
    "reject-evil-array.a.npy.z": zfile(EVIL),
    "reject-hidden.a.json.z": zfile(GOOD),
    "reject-length.a.pkl": zfile(GOOD).replace(hex(len(GOOD)).encode(), b"0xf"),
    "reject-length-huge.a.pkl": b"ZF0xfffffffffffffffff" + zlib.compress(GOOD),
    "reject-no-length.a.pkl": b"ZF0x".ljust(21) + zlib.compress(GOOD),
    "reject-cut.a.pkl": zfile(EVIL)[:-1],
    "reject-program.a.bin.z": zfile(b"\x7fELF\2\1\1" + bytes(57)),
}


def main():
    for old in HERE.iterdir():
        if old.suffix != ".py":
            old.unlink()
    for name, content in VECTORS.items():
        (HERE / name).write_bytes(content)


if __name__ == "__main__":
    main()

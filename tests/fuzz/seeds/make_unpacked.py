#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the vectors of compressed files and tar archives as fuzz seeds.

A compressed one begins with the byte by which fuzz_compressed.c chooses the codec.
"""
import pathlib
import zlib

HERE = pathlib.Path(__file__).parent
VECTORS = HERE.parent.parent / "vectors"
CODECS = [".bz2", ".gz", ".lz4", ".lzma", ".xz", ".z", ".zst"]


PACKED = zlib.compress(b"N.")
ZFILE_HEADS = {
    "no-magic": b"x" * 20, "no-hex": b"ZF0xgg" + b" " * 15,
    "all-digits": b"ZF0x" + b"0" * 16 + b"2", "upper": b"ZF0xAB".ljust(21),
    "no-space": b"ZF0x2x".ljust(21), "short": b"ZF0x2", "empty": b"",
}


def fresh(name):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    return folder


def main():
    folder = fresh("compressed")
    for vector in sorted((VECTORS / "compressed").iterdir()):
        if vector.suffix in CODECS:
            seed = bytes([CODECS.index(vector.suffix)]) + vector.read_bytes()
            (folder / vector.name).write_bytes(seed)
    for vector in sorted((VECTORS / "zfile").glob("*.a.*")):
        (folder / f"zfile-{vector.name}").write_bytes(bytes([len(CODECS)]) + vector.read_bytes())
    for what, head in ZFILE_HEADS.items():
        (folder / f"zfile-{what}").write_bytes(bytes([len(CODECS)]) + head + PACKED)
    folder = fresh("tar")
    for vector in sorted((VECTORS / "tar").glob("*.tar")):
        (folder / vector.stem).write_bytes(vector.read_bytes())


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the vectors of compressed files beside this script: VERDICT-REASON.SUFFIX.

lz4 and zstd frames are made by hand, of blocks that are stored as they are; HALF is a
pickle of which each stream holds a part.  What the
pickles would run is `echo`; nothing here loads one.
"""
import bz2
import gzip
import io
import lzma
import pathlib
import struct
import zlib

HERE = pathlib.Path(__file__).parent
EVIL = b"cos\nsystem\n(S'echo'\ntR."
GOOD = b"\x80\x04}\x94\x8c\x01a\x94K\x01s."
MASK = 0xffffffff


def rotate(x, n):
    return (x << n | x >> 32 - n) & MASK


def xxh32(data):
    """Of less than 16 bytes, which is all that a frame header has."""
    h = (374761393 + len(data)) & MASK
    while len(data) >= 4:
        word = struct.unpack("<I", data[:4])[0]
        h = rotate((h + word * 3266489917) & MASK, 17) * 668265263 & MASK
        data = data[4:]
    for byte in data:
        h = rotate((h + byte * 374761393) & MASK, 11) * 2654435761 & MASK
    h = (h ^ h >> 15) * 2246822519 & MASK
    h = (h ^ h >> 13) * 3266489917 & MASK
    return h ^ h >> 16


def lz4(data):
    head = b"\x60\x40"
    return (b"\x04\x22\x4d\x18" + head + bytes([xxh32(head) >> 8 & 255]) +
            struct.pack("<I", len(data) | 1 << 31) + data + bytes(4))


def zstd(data):
    block = struct.pack("<I", len(data) << 3 | 1)[:3]
    return b"\x28\xb5\x2f\xfd\x20" + bytes([len(data)]) + block + data


def gz(data, name=b""):
    out = io.BytesIO()
    with gzip.GzipFile(name.decode(), "wb", fileobj=out, mtime=0) as packer:
        packer.write(data)
    return out.getvalue()


def alone(data, **options):
    return lzma.compress(data, lzma.FORMAT_ALONE,
                         filters=[{"id": lzma.FILTER_LZMA1, **options}])


def window(data, bits):
    packer = zlib.compressobj(9, zlib.DEFLATED, bits)
    return packer.compress(data) + packer.flush()


def skipped(data):
    """A frame that decoders of lz4 and of zstd pass over."""
    return struct.pack("<II", 0x184d2a53, len(data)) + data


PACKERS = {
    "gz": gz, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstd, "lz4": lz4,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE), "z": zlib.compress,
}

# The part behind the first dot is the name that the file is given.
VECTORS = {}
for suffix, pack in PACKERS.items():
    VECTORS |= {
        f"accept-pickle.a.pkl.{suffix}": pack(GOOD),
        f"accept-no-suffix.model.{suffix}": pack(GOOD),
        f"reject-no-suffix.model.{suffix}": pack(EVIL),
        f"accept-text.a.txt.{suffix}": pack(b"just a text\n" * 20),
        f"reject-evil.a.pkl.{suffix}": pack(EVIL),
        f"reject-hidden.a.json.{suffix}": pack(GOOD),
        f"reject-cut.a.pkl.{suffix}": pack(EVIL)[:-1],
        f"reject-program.a.bin.{suffix}": pack(b"\x7fELF\2\1\1" + bytes(57)),
        f"reject-evil-behind.a.pkl.{suffix}": pack(GOOD) + EVIL,
        f"accept-halves.a.pkl.{suffix}": pack(GOOD[:7]) + pack(GOOD[7:]),
        f"accept-nothing.a.txt.{suffix}": pack(b""),
        f"reject-evil-in-halves.a.pkl.{suffix}": pack(EVIL[:9]) + pack(EVIL[9:]),
        f"reject-evil-behind-nothing.a.pkl.{suffix}": pack(b"") + pack(EVIL),
        f"reject-evil-second.a.pkl.{suffix}": pack(GOOD) + pack(EVIL),
    }
VECTORS |= {
    "accept-joblib.joblib": zlib.compress(GOOD),
    "accept-two-members.a.pkl.gz": gz(GOOD) + gz(b""),
    "reject-second-member.a.pkl.gz": gz(b"") + gz(EVIL),
    "reject-twice.a.pkl.gz.gz": gz(gz(EVIL)),
    "reject-twice-mixed.a.pkl.xz.gz": gz(lzma.compress(EVIL)),
    "reject-checksum.a.pkl.gz": gz(GOOD)[:-8] + bytes(8),
    "reject-no-trailer.a.pkl.gz": gz(EVIL)[:-8],
    "reject-empty.a.pkl.gz": gz(b"")[:-12],
    "reject-evil-as-joblib.joblib": bz2.compress(EVIL),
    "reject-evil-as-weights.bin": gz(EVIL),
    "warn-trailing-text.a.pkl.gz": gz(GOOD) + b"and some words",
    "warn-trailing-binary.a.pkl.gz": gz(GOOD) + b"\x9f\0\1\2\3" * 20,
    "accept-padding.a.pkl.gz": gz(GOOD) + bytes(500),
    "accept-padding.a.pkl.xz": lzma.compress(GOOD) + bytes(8),
    "reject-evil-behind-padding.a.pkl.gz": gz(GOOD) + bytes(500) + gz(EVIL),
    "reject-evil-behind-padding.a.pkl.xz": lzma.compress(GOOD) + bytes(8) + lzma.compress(EVIL),
    "reject-evil-in-another.a.pkl.xz":
        lzma.compress(GOOD) + lzma.compress(EVIL, lzma.FORMAT_ALONE),
    "reject-evil-properties.a.pkl.lzma": alone(EVIL, lc=0, lp=2, pb=0),
    "reject-evil-dictionary.a.pkl.lzma": alone(EVIL, dict_size=3 << 20),
    "reject-evil-window.a.pkl.z": window(EVIL, 9),
    "warn-trailing-zeros.a.pkl.xz": lzma.compress(GOOD) + bytes(7),
}
for suffix, pack in ("lz4", lz4), ("zst", zstd):
    VECTORS |= {
        f"accept-skipped-frame.a.pkl.{suffix}": pack(GOOD) + skipped(b"abc"),
        f"reject-evil-behind-skipped.a.pkl.{suffix}": skipped(b"abc") + pack(EVIL),
        f"reject-evil-behind-skipped-second.a.pkl.{suffix}":
            pack(GOOD) + skipped(b"abc") + pack(EVIL),
    }


def main():
    for old in HERE.iterdir():
        if old.suffix != ".py":
            old.unlink()
    for name, content in VECTORS.items():
        (HERE / name).write_bytes(content)


if __name__ == "__main__":
    main()

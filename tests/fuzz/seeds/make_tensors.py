#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_view and fuzz_diff; what their bytes mean stands in those."""
import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent
TYPES = """F32 F16 BF16 F64 U8 I8 BOOL I16 U16 U32 I64 C64 complex128 F8_E4M3 F8_E5M2
    float8_e4m3fnuz F4 Q4_0 Q4_K Q8_0 IQ2_XXS MXFP4 >f4 none""".split()
BIG, STRIDES = 1, 2


def view(dtype, shape, data, flags=0, strides=(), extra=0):
    head = [TYPES.index(dtype), flags, len(shape)]
    for i, n in enumerate(shape):
        head += [n, strides[i]] if flags & STRIDES else [n]
    return bytes([*head, extra]) + data


NUMBERS = struct.pack("<6f", 0.5, -0.0, float("nan"), float("inf"), -1e30, 1e-42)
VIEWS = {
    "plain": view("F32", [2, 3], NUMBERS),
    "big": view("F32", [6], NUMBERS, BIG),
    "turned": view("F32", [2, 3], NUMBERS, STRIDES, [1, 2]),
    "turned-big": view("F64", [3, 1], NUMBERS, BIG | STRIDES, [1, 1]),
    "repeated": view("U8", [4, 2], b"ab", STRIDES, [0, 1]),
    "gaps": view("I16", [2, 2], NUMBERS, STRIDES, [4, 2]),
    "complex": view("C64", [3], NUMBERS, BIG),
    "scalar": view("BOOL", [], b"\2"),
    "empty": view("I64", [3, 0], b""),
    "blocks": view("Q4_0", [32, 2], bytes(range(36))),
    "scales": view("Q4_K", [32, 16], struct.pack("<ee", float("inf"), 1) + bytes(284)),
    "bytes": view("F8_E4M3", [16], bytes(range(0x78, 0x88))),
    "offset": view("U16", [3], bytes(range(9)), 3 << 2),
    "long": view("F16", [2], NUMBERS, extra=1),
    "many": view("BF16", [32, 32], bytes(i * 7 % 256 for i in range(2048))),
}


def text(s):
    return bytes([6 + 9 * 3 + len(s)]) + s if s else b"\2"


def tensor(name, kind):
    return b"\0" + text(name) + bytes([kind])


def meta(key, value, kind=0, length=4):
    return b"\1" + text(key) + text(value) + bytes([kind, length])


def step(kind, klass, symbol, words=b""):
    return b"\2" + bytes([kind, klass]) + text(symbol) + text(words)


def signature(signer, state=0):
    return b"\3" + text(signer) + bytes([1, state])


def file(kind, *rows):
    return bytes([kind, len(rows)]) + b"".join(rows)


def report(*files):
    return bytes([len(files)]) + b"".join(files)


# Of a file: two bits for the name, two for the format, examined, hashed, size.
WEIGHTS, GGUF, DOCUMENT, CONFIG = 0x10, 0x14, 0x21, 0x3a
DIFFS = {
    "same": report(file(WEIGHTS, tensor(b"w", 5), meta(b"k", b"v"))) * 2,
    "changed": report(file(WEIGHTS, tensor(b"w", 5), tensor(b"v", 0x45)))
               + report(file(WEIGHTS, tensor(b"w", 0x45), tensor(b"v", 0x45))),
    "renamed": report(file(WEIGHTS, tensor(b"w", 5), tensor(b"v", 5)))
               + report(file(WEIGHTS, tensor(b"x", 5), tensor(b"y", 5), tensor(b"z", 5))),
    "typed": report(file(WEIGHTS, tensor(b"w", 5), tensor(b"v", 5), tensor(b"u", 0x15)))
             + report(file(WEIGHTS, tensor(b"w", 4), tensor(b"v", 9), tensor(b"u", 0x15))),
    "metadata": report(file(WEIGHTS, tensor(b"w", 5), meta(b"k", b"1"), meta(b"k", b"2")))
                + report(file(WEIGHTS, tensor(b"w", 5), meta(b"k", b"2"), meta(b"k", b"3", 1))),
    "arrays": report(file(GGUF, tensor(b"w", 5), meta(b"k", b"1", 2)))
              + report(file(GGUF, tensor(b"w", 0x25), meta(b"k", b"1", 2))),
    "files": report(file(DOCUMENT), file(CONFIG, meta(b"a", b"1"), meta(b"b", b"", 4)))
             + report(file(DOCUMENT + 0x40), file(CONFIG + 0x40, meta(b"a", b"2"))),
    "cut": report(file(CONFIG, meta(b"", b"", 3))) + report(file(CONFIG + 0x80)),
    "imports": report(file(WEIGHTS, tensor(b"w", 5), step(1, 1, b"a.b")))
               + report(file(WEIGHTS, tensor(b"w", 5), step(1, 4, b"os.x"),
                             step(2, 4, b"os.x", b"calls"))),
    "signers": report(file(WEIGHTS, tensor(b"w", 5), signature(b"x")))
               + report(file(WEIGHTS, tensor(b"w", 5), signature(b"y", 1), signature(b"x"))),
    "names": report(file(WEIGHTS, tensor(b"\x1b[1m|", 5), meta(b"\xff\xe2", b"<b>")))
             + report(file(WEIGHTS, tensor(b"\xe2\x80\xae", 5))),
    "nothing": report() * 2,
}

if __name__ == "__main__":
    for area, seeds in (("view", VIEWS), ("diff", DIFFS)):
        (HERE / area).mkdir(exist_ok=True)
        for name, content in seeds.items():
            (HERE / area / name).write_bytes(content)

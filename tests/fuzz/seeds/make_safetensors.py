#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_safetensors: the test vectors of up to LARGEST bytes, and what
they do not reach.  Standard library only."""
import importlib.util
import json
import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent
GENERATOR = HERE.parents[1] / "vectors" / "safetensors" / "generate.py"
LARGEST = 4096
TENSOR = {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}


def file(header, data=b"", padding=b""):
    if not isinstance(header, bytes):
        header = json.dumps(header, ensure_ascii=False).encode()
    return struct.pack("<Q", len(header) + len(padding)) + header + padding + data


def meta(metadata):
    return file({"__metadata__": metadata})


# Beyond a bound that no small vector reaches, or of a kind that none has.
MORE = {
    "head-polyglot--script": file(b"{}", padding=b" " * (0x2123 - 2)),
    "header-array": file(b"[]"),
    "header-string": file(b'"a"'),
    "header-true": file(b"true"),
    "header-false": file(b"false"),
    "header-null": file(b"null"),
    "metadata-keys": meta({str(i): "" for i in range(1001)}),
    "metadata-true": meta(True),
    "metadata-value-false": meta({"a": False}),
    "metadata-value-long": meta({"a": "b" * 65537}),
    "offsets-beyond-64-bits": file({
        "a": {"dtype": "U8", "shape": [2**63], "data_offsets": [0, 2**63]},
        "b": {"dtype": "U8", "shape": [2**64 - 1], "data_offsets": [0, 2**64 - 1]}}),
    # 5,000 bytes of "e" and an acute accent, which compose: too many to compare all.
    "names-composed": file({"e\u0301" * (900 + i): TENSOR for i in range(12)}),
    "names-decomposed": file({"\ufdfa" * 40 + "a": TENSOR, "a\u0410": TENSOR,
                              "\uff21a": TENSOR}),
    "padding-long": file(b"{}", padding=b" " * 5000),
}

WHOLE = json.dumps({
    "__metadata__": {"format": "pt", "total_size": "8"},
    "a": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8], "x": [1]}}).encode()

# The header ends, as its length says, in the middle of each of its parts.
for at in range(1, len(WHOLE), 3):
    MORE[f"header-cut--{at}"] = file(WHOLE[:at], bytes(8))
MORE |= {
    "header-bracket": file(b"[[]", bytes(8)),
    "holes-many": file({f"t{i}": {"dtype": "U8", "shape": [1], "data_offsets": [2 * i, 2 * i + 1]}
                        for i in range(30)}, bytes(60)),
    "overlaps-many": file({f"t{i}": {"dtype": "U8", "shape": [3], "data_offsets": [i, i + 3]}
                           for i in range(30, 0, -1)}, bytes(40)),
    "types-many": file({f"t{i}": {"dtype": 1, "shape": 2, "data_offsets": 3}
                        for i in range(30)}, bytes(8)),
    "metadata-types-many": meta({f"k{i}": i for i in range(30)}),
    "duplicates-many": file(b"{" + b",".join(
        [b'"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}'] * 30) + b"}"),
    "numbers-many": file({f"t{i}": {"dtype": "F32", "shape": [4],
                                    "data_offsets": [16 * i, 16 * i + 16]}
                          for i in range(40)}, bytes(640)),
    "head-polyglot--pickle": file(b"{}", padding=b" " * (0x0280 - 2)),
    "head-polyglot--pickle-9": file(b"{}", padding=b" " * (0x0980 - 2)),
    "names-paths": file({name: TENSOR for name in (
        "C:/a", "c:a", "1:/", "{:/", "a\\b", "\uff5aa", "\u3000a", "..", ".")}),
}

if __name__ == "__main__":
    spec = importlib.util.spec_from_file_location("generate", GENERATOR)
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    (HERE / "safetensors").mkdir(exist_ok=True)
    for name, content in MORE.items():
        (HERE / "safetensors" / name).write_bytes(content)
    for name, content in generate.VECTORS.items():
        if len(content) <= LARGEST:
            (HERE / "safetensors" / name).write_bytes(content)

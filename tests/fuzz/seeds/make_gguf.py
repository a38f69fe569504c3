#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_gguf: the test vectors, files that end in the middle of
each, and what they do not reach.  Standard library only."""
import importlib.util
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
GENERATOR = HERE.parents[1] / "vectors" / "gguf" / "generate.py"

CUT = """accept-all-values accept-vocabulary accept-quantised warn-gguf-array-nested
warn-gguf-version-old warn-gguf-byte-order-big""".split()


def more(g):
    for name in CUT:
        content = g.VECTORS[name]
        # Behind the counts at every byte, then here and there.
        for at in (*range(5, 48, 7), *range(48, len(content), max(16, len(content) // 12))):
            yield f"cut-{name}--{at}", content[:at]
    w = g.Writer
    yield "architecture-odd", w().kv("general.architecture", g.STR, b"a b").bytes()
    yield "alignment-beyond", w().llama().kv("general.alignment", g.U32, 2**31).info(
        b"a", [8], 0, 2**63).bytes()
    yield "token-long", w().llama().kv("tokenizer.ggml.tokens", g.ARR,
                                       (g.STR, [b"a" * 70000])).bytes()
    yield "key-long", w().llama().kv(b"k" * 65600, g.U8, 1).bytes()
    yield "url", w().llama().kv("general.url", g.STR, b"https://a.b/c").kv(
        "general.source.url", g.STR, b"cos\nsystem\n(S'id'\ntR.").kv(
        "general.repo.link", g.STR, b"data:text/html,x").bytes()
    yield "offset-beyond", w().llama().info(b"a", [8], 0, 2**64 - 32).info(
        b"b", [8], 0, 0).bytes()
    yield "offset-last", w().llama().info(b"a", [8], 0, 0).info(
        b"b", [2**62], 24, 32).info(b"c", [2**62], 24, 2**62 + 32).info(
        b"d", [2**63 - 1], 24, 2**63).bytes()
    yield "size-beyond", w().llama().info(b"a", [2**63 - 1], 24, 0).info(
        b"b", [2**63 - 1], 24, 2**63).info(b"c", [64], 24, 2**63 + 2**63 - 64).bytes()
    yield "name-not-utf8", w().llama().tensor(b"a\xff", [8]).bytes()
    yield "gap-first", w().llama().info(b"a", [8], 0, 64).bytes() + bytes(256)


if __name__ == "__main__":
    spec = importlib.util.spec_from_file_location("generate", GENERATOR)
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    (HERE / "gguf").mkdir(exist_ok=True)
    for name, content in more(generate):
        (HERE / "gguf" / name).write_bytes(content)
    for name, content in generate.VECTORS.items():
        (HERE / "gguf" / name).write_bytes(content)

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
                                       (g.STR, [b"a" * 20000])).bytes()
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
    yield "architecture-letters", w().kv("general.architecture", g.STR, b"a-b_{").bytes()
    yield "file-type-beyond", w().llama().kv("general.file_type", g.U32, 99).tensor(
        b"a", [8]).bytes()
    yield "split-count-alone", w().llama().kv("split.count", g.U16, 2).bytes()
    yield "split-wrong-type", w().llama().kv("split.count", g.U32, 2).kv(
        "split.no", g.U16, 1).bytes()
    yield "split-wrong-type-number", w().llama().kv("split.no", g.U32, 2).kv(
        "split.count", g.U16, 1).bytes()
    yield "split-last", w().llama().kv("split.no", g.U16, 1).kv("split.count", g.U16, 2).bytes()
    yield "split-none", w().llama().kv("split.no", g.U16, 1).kv("split.count", g.U16, 0).bytes()
    yield "arrays-long", w().llama().kv("a.b", g.ARR, (g.U32, list(range(40)))).kv(
        "a.c", g.ARR, (g.STR, [b"x"] * 40)).kv("a.d", g.ARR, (g.F32, [1.5] * 5000)).kv(
        "a.e", g.ARR, (g.U8, [7] * 300)).bytes()
    yield "array-numbers-cut", w().llama().kv("a.b", g.ARR, (g.U64, [1] * 4)).bytes()[:-40]
    yield "tokens-bytes", w().llama().kv("tokenizer.ggml.tokens", g.ARR, (g.STR, [
        b"<0x0A>", b"<0x0", b"<0xG0>", b"<0x0~>", b"<0x000>", b"", b"\x01", b"\x7f",
        b"\x80\x04\x95" + bytes(8)])).bytes()
    yield "vocabulary-text", w().llama().kv("tokenizer.chat_template", g.STR, b"").kv(
        "tokenizer.huggingface.json", g.STR, b"{" + b" " * 70 + b"}").bytes()
    yield "keys-odd", w().llama().kv("a-b.c", g.U8, 1).kv("a..b", g.U8, 1).kv(".a", g.U8, 1).kv(
        "a.", g.U8, 1).kv("A.b", g.U8, 1).kv("a b", g.U8, 1).bytes()
    yield "keys-empty", w().llama().kv("", g.U8, 1).kv("", g.U8, 1).bytes()
    yield "values-wrong-many", (lambda f: [f.kv(f"a.b{i}", g.BOOL, 7) for i in range(30)] and
                                f.bytes())(w().llama())
    yield "offsets-same", w().llama().info(b"a", [8], 24, 32).info(b"b", [8], 24, 32).info(
        b"c", [0], 24, 33).bytes() + bytes(96)
    yield "dimensions-large", w().llama().info(b"a", [2**62, 2**63, 2**62], 24, 0).info(
        b"b", [2**50, 2**51], 24, 0).bytes()
    yield "elements-beyond", w().llama().info(b"a", [2**40, 2**23], 24, 0).info(
        b"b", [2**40, 2**24], 24, 0).bytes()
    yield "tensors-none-cut", w().llama().bytes()[:-3]
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

# SPDX-License-Identifier: Apache-2.0
"""Writes the large inputs of the tests of scale, quickly and with little memory.

Names look like those of real models.  Weights are holes where only their number
matters, so that gigabytes cost no disk.
"""

import json
import lzma
import os
import struct
import zlib

import models

# About 100 bytes of header a tensor, as in mixtures of experts.
NAME = "model.layers.%d.moe.experts.%d.w%d"
ENTRY = '"%s":{"dtype":"BF16","shape":[2,2],"data_offsets":[%d,%d]}'


def safetensors(path, n, is_sorted=True):
    """One file of n tensors of eight bytes; returns the length of its header.

    Sorted by name, as the library writes them, or as one would count them.
    """
    names = [NAME % (i // 768, i // 3 % 256, i % 3) for i in range(n)]
    if is_sorted:
        names.sort()
    text = ('{"__metadata__":{"format":"pt"},' + ",".join(
        ENTRY % (name, 8 * i, 8 * i + 8) for i, name in enumerate(names)) + "}").encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(file.tell() + 8 * n)
    return len(text)


def gguf(path, n):
    """One file of n tensors of 32 bytes."""
    content = b"\0" * 32
    path.write_bytes(models.gguf({f"blk.{i}.ffn_gate_exps.weight": ((2, 4), content)
                                  for i in range(n)}))


def tokens(path, n):
    """A vocabulary of n tokens, one tensor."""
    words = [f"\u0120token{i}" for i in range(n)]
    path.write_bytes(models.gguf({"w": ((8,), b"\0" * 32)}, [
        ("tokenizer.ggml.model", models.TYPE_STRING, "gpt2"),
        ("tokenizer.ggml.tokens", models.TYPE_ARRAY, words)]))


def shards(path, n_shards, n):
    """A repository of n tensors in n_shards files with their index."""
    repo = models.Repository(path)
    per = n // n_shards
    content = ("F32", (1,), b"\0" * 4)
    repo.add_sharded("model", [
        {f"model.layers.{s}.experts.{i}.weight": content for i in range(per)}
        for s in range(n_shards)])
    return repo.path


def small_files(path, n):
    """n files as repositories have them beside their weights, one in ten a model."""
    model = models.safetensors({"w": models.f32(2, 2)}, {"format": "pt"})
    kinds = [("shard%06d.safetensors", model), ("data%06d.json", b'{"a": [1, 2, 3]}\n'),
             *[("notes%06d.txt", b"a line of text\n")] * 8]
    path.mkdir(parents=True)
    for i in range(n):
        name, content = kinds[i % len(kinds)]
        with open(path / (name % i), "xb") as file:
            file.write(content)


def sparse_shards(path, n, size):
    """n shards of size bytes each, of four tensors; holes but for their headers."""
    repo = models.Repository(path)
    weight_map = {}
    for s in range(1, n + 1):
        name = f"model-{s:05d}-of-{n:05d}.safetensors"
        part = size // 4
        header = {f"model.layers.{s}.{i}.weight":
                  {"dtype": "BF16", "shape": [part // 2048, 1024],
                   "data_offsets": [i * part, (i + 1) * part]} for i in range(4)}
        weight_map.update(dict.fromkeys(header, name))
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        repo.add(name, struct.pack("<Q", len(text)) + text)
        os.truncate(repo.path / name, 8 + len(text) + size)
    repo.add("model.safetensors.index.json",
             {"metadata": {"total_size": n * size}, "weight_map": weight_map})
    repo.add("config.json", {"model_type": "llama"})
    return repo.path


BATCH = 1000        # items that a pickler appends to a list at once


def _list_pickle(path, n, first, batch):
    """A pickle of n items, a multiple of BATCH, that come in equal batches."""
    with open(path, "wb") as file:
        file.write(b"\x80\4]\x94(" + first + b"e")
        for _ in range(n // BATCH):
            file.write(b"(" + batch + b"e")
        file.write(b".")


def rows_pickle(path, n):
    """A list of n small dicts, as pickle writes it: 2.4 bytes an opcode, 50 a row."""
    keys = [b"id", b"name", b"score", b"n", b"tags", b"ok"]
    first = b"}\x94(" + b"".join(
        b"\x8c" + bytes([len(k)]) + k + b"\x94N" for k in keys) + b"u"
    id_, name, score, number, tags, ok = (b"h" + bytes([2 + i]) for i in range(len(keys)))
    batch = b"".join(
        b"}\x94(" + id_ + b"J" + struct.pack("<i", 70000 + i) + name + b"\x8c\x0a" +
        b"row%07d\x94" % i + score + b"G" + struct.pack(">d", i * 0.5) + number +
        b"K" + bytes([i % 256]) + tags + b"\x8c\1a\x94K" +
        bytes([i % 7]) + b"N\x87\x94" + ok + (b"\x88" if i & 1 else b"\x89") +
        b"u" for i in range(BATCH))
    _list_pickle(path, n, first, batch)


def pairs_pickle(path, n):
    """A list of n tuples of two small integers: 1.5 bytes an opcode, 6 a pair."""
    _list_pickle(path, n, b"", b"".join(
        b"K" + bytes([i % 256]) + b"K" + bytes([3 * i % 256]) + b"\x86\x94"
        for i in range(BATCH)))


def _laughs():
    """Sixty lists, each of which holds ten times the one before."""
    lists = b"\x80\2]q\0X\3\0\0\0haa"
    for i in range(1, 60):
        lists += b"]r" + struct.pack("<I", i) + b"("
        lists += (b"j" + struct.pack("<I", i - 1)) * 10 + b"e"
    return lists + b"."


def _local_header(name, packed, size):
    return struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 33, 0, packed, size,
                       len(name), 0) + name


def _overlapping_zip(n_entries=250, size=20 * 1000 * 1000):
    """Some 40 kB that come to gigabytes: each entry quotes the next one's header in a
    stored block and goes on with its data.  Checksums are left out: who computes them
    has unpacked everything."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packer.compress(bytes(size)) + packer.flush()
    header, ends, directory = b"", [], b""
    for i in reversed(range(n_entries)):
        if header:
            data = struct.pack("<BHH", 0, len(header), 0xffff ^ len(header)) + header + data
            size += len(header)
        header = _local_header(b"%06d" % i, len(data), size)
        ends.append((b"%06d" % i, len(data), size, len(header) + len(data)))
    for name, packed, length, from_end in reversed(ends):
        directory += struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 33, 0, packed, length,
                                 len(name), 0, 0, 0, 0, 0, len(header + data) - from_end) + name
    return header + data + directory + struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, n_entries, n_entries, len(directory),
        len(header + data), 0)


# Small or plain files that cost whoever reads them carelessly: name, content.
MILLION = 1_000_000
BOMBS = {
    "marks.pkl": lambda: b"\x80\2" + b"(" * (100 * MILLION) + b".",
    "memoize.pkl": lambda: b"\x80\4)" + b"\x94" * (50 * MILLION) + b".",
    "memo-texts.pkl": lambda: b"\x80\4" + b"\x8c\0\x94" * (40 * MILLION) + b".",
    "copies.pkl": lambda: b"\x80\2N" + b"2" * (100 * MILLION) + b".",
    "nested.pkl": lambda: b"\x80\2" + b"]" * (50 * MILLION) + b"a" * (50 * MILLION) + b".",
    "laughs.pkl": _laughs,
    "repeat.pkl": lambda: b"\x80\2coperator\nmul\nX\1\0\0\0aJ\xff\xff\xff\x7f\x86R.",
    "overlapping.zip": _overlapping_zip,
    "zeros.pkl.xz": lambda: lzma.compress(bytes(300 * MILLION), preset=0),
}

# SPDX-License-Identifier: Apache-2.0
"""Writes the large inputs of the tests of scale, quickly and with little memory.

Names look like those of real models.  Weights are holes where only their number
matters, so that gigabytes cost no disk.
"""

import json
import os
import struct

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

# SPDX-License-Identifier: Apache-2.0
"""Digests of tensors against what others make of the same files.

llama.cpp's llama-gguf-hash prints the SHA-256 of each tensor's data: our raw digest.
Where the program is not on the path (no package of Debian or PyPI has it), its data are
taken from the `gguf` package, llama.cpp's own Python twin, and hashed here.
"""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import unittest

import harness
import readers
from harness import TestCase, report

if not readers.missing:
    import gguf
    import numpy
    import safetensors

TOOL = shutil.which("llama-gguf-hash")


def ours(path):
    """name -> (raw digest, data digest)."""
    _, document = report("inspect", "--digests", path)
    artifact, = document["artifacts"]
    return {t["name"]: (t.get("sha256"), t.get("data_digest")) for t in artifact.get("tensors", ())}


class Case(TestCase):
    def setUp(self):
        super().setUp()
        if readers.missing:
            self.skipTest(readers.missing)

    def every_type(self):
        """A file with a tensor of each type that the writer knows, of random bytes."""
        path = self.tmp / "types.gguf"
        writer = gguf.GGUFWriter(path, "llama")
        random = numpy.random.default_rng(5)
        for kind, (block, size) in gguf.GGML_QUANT_SIZES.items():
            if kind.name == "Q8_1":     # the package says 40 bytes, ggml's own block has 36
                continue
            raw = random.integers(0, 256, (3, 2 * size), numpy.uint8)
            writer.add_tensor(kind.name, raw, raw_shape=raw.shape, raw_dtype=kind)
            self.assertGreater(block, 0)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path

    def files(self):
        yield self.every_type()
        yield from sorted((harness.VECTORS / "gguf").glob("accept-*.gguf"))
        if os.environ.get("STEELYARD_CORPUS"):
            corpus = pathlib.Path(os.environ["STEELYARD_CORPUS"]) / "formats"
            yield corpus / "rules_extra" / "same_weights" / "e.gguf"


class Gguf(Case):
    def test_package(self):
        n = 0
        for path in self.files():
            try:
                tensors = gguf.GGUFReader(path).tensors
            except (ValueError, KeyError, IndexError):
                continue    # what it does not read; test_inspect compares that
            theirs = {t.name: hashlib.sha256(t.data.tobytes()).hexdigest() for t in tensors}
            self.assertEqual({name: raw for name, (raw, _) in ours(path).items()}, theirs, path)
            n += len(theirs)
        self.assertGreater(n, 30)

    def test_program(self):
        if not TOOL:
            self.skipTest("llama-gguf-hash is not on the path; see test_package")
        path = self.every_type()
        done = subprocess.run([TOOL, "--sha256", path], stdout=subprocess.PIPE, check=True)
        theirs = dict(reversed(m) for m in re.findall(
            r"\b([0-9a-f]{64})\s+\S*:(\S+)$", done.stdout.decode(), re.M))
        self.assertEqual({name: raw for name, (raw, _) in ours(path).items()}, theirs)


class Safetensors(Case):
    def test_package(self):
        n = 0
        for path in sorted((harness.VECTORS / "safetensors").glob("accept-*.safetensors")):
            try:
                parts = safetensors.deserialize(path.read_bytes())
            except Exception:   # its own class, which has no stable name
                continue
            theirs = {name: hashlib.sha256(bytes(part["data"])).hexdigest()
                      for name, part in parts}
            for name, (raw, data) in ours(path).items():
                self.assertEqual(raw, theirs.pop(name), path)
                self.assertIn(data, (raw, None), path)
                n += 1
            self.assertEqual(theirs, {}, path)
        self.assertGreater(n, 10)


class Npy(Case):
    def test_package(self):
        """NumPy's own arrays, in every order that it writes: C order, little endian."""
        random = numpy.random.default_rng(6)
        arrays = {}
        for dtype in ("<f4", ">f4", "<f2", ">f8", "<i8", ">u2", "|u1", "|b1", "<c8", ">c16"):
            array = random.integers(0, 2, (4, 3, 5)).astype(dtype)
            for made in (array, numpy.asfortranarray(array), array[:, :, 0].T):
                arrays[f"a{len(arrays)}"] = made
        numpy.savez(self.tmp / "stored.npz", **arrays)
        numpy.savez_compressed(self.tmp / "packed.npz", **arrays)
        want = {name: hashlib.sha256(numpy.ascontiguousarray(a).astype(
            a.dtype.newbyteorder("<")).tobytes()).hexdigest() for name, a in arrays.items()}
        for name in ("stored.npz", "packed.npz"):
            got = {key: data for key, (_, data) in ours(self.tmp / name).items()}
            self.assertEqual(got, want, name)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""hash --tensors and inspect --digests against the specification, written again here.

docs/formats/tensor-digests.md is what both follow; same_weights is one model in many
containers.
"""

import gzip
import hashlib
import io
import json
import math
import pickle
import re
import struct
import tarfile
import unittest
import zipfile

import harness
from harness import TestCase, notices, report, run

SAME = ["a.safetensors", "b_reordered.safetensors", "c_header_order.safetensors", "d_sharded",
        "e.gguf", "f_big_endian.gguf", "g.npz", "h_deflated.npz", "i_big_endian_fortran.npz",
        "j.pt", "k_one_storage.pt", "l_big_endian.pt"]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def tensor_digest(dtype, shape, data):
    dims = ",".join(map(str, shape))
    return sha256(f"steelyard-tensor-1\n{dtype}\n{dims}\n{sha256(data)}\n".encode())


def model_digest(tensors):
    """tensors: name bytes -> (canonical type, shape, data)."""
    rows = [struct.pack("<I", len(name)) + name + bytes.fromhex(tensor_digest(*tensors[name]))
            for name in sorted(tensors)]
    return sha256(b"steelyard-model-1\n" + b"".join(rows))


def nameless_digest(tensors):
    rows = {bytes.fromhex(tensor_digest(d, [n for n in s if n != 1], b))
            for d, s, b in tensors.values()}
    return sha256(b"steelyard-nameless-1\n" + b"".join(sorted(rows)))


def safetensors(tensors):
    """tensors: name -> (dtype as safetensors has it, shape, data)."""
    header, body = {}, b""
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape,
                        "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


def pickle_of(items):
    """A dict of values as opcodes, protocol 2."""
    return b"\x80\2}(" + b"".join(
        b"X" + struct.pack("<I", len(k)) + k.encode() + v for k, v in items.items()) + b"u."


def torch_tar(tensors, pickle=None, count=None, root=None, offset=0, stride=1, twice=False):
    """As PyTorch 0.1.1 wrote float tensors: each storage has one element in front that is
    no tensor's, tensors of two dimensions lie in the other order."""
    def number(n):
        return b"J" + struct.pack("<i", n)

    def triple(*items):
        return b"\x80\2(" + b"".join(items) + b"t."

    n = len(tensors)
    storages = views = b""
    parts = b"\x80\2]("
    for i, (shape, data) in enumerate(tensors.values()):
        elements = struct.unpack(f"<{len(data) // 4}I", data)
        strides = [stride] * len(shape)
        if len(shape) == 2:
            elements = [elements[r * shape[1] + c] for c in range(shape[1])
                        for r in range(shape[0])]
            strides = [stride, shape[0]]
        storages += triple(number(100 + i), b"X\3\0\0\0cpu", b"ctorch\nFloatStorage\n")
        storages += struct.pack(f"<q{len(elements) + 1}I", len(elements) + 1, 7, *elements)
        parts += (b"(" + number(200 + i) + number(100 + i if root is None else root)
                  + number(1 + offset) + number(len(elements)) + b"t")
        views += triple(number(i), number(200 + i), b"ctorch\nFloatTensor\n")
        views += struct.pack(f"<ii{2 * len(shape)}qq", len(shape), 0, *shape, *strides, 0)
    if twice:
        views += triple(number(0), number(200), b"ctorch\nFloatTensor\n")
        views += struct.pack("<iiq", 0, 0, 0)
    counted = b"\x80\2" + number(count or n + twice) + b"."
    members = {
        "sys_info": b"\x80\2}.",
        "pickle": pickle or pickle_of({k: number(i) + b"Q" for i, k in enumerate(tensors)}),
        "storages": b"\x80\2" + number(n) + b"." + storages + parts + b"e.",
        "tensors": counted + views,
    }
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


def lines(path, code=0, *args):
    done = run("hash", "--tensors", path, *args)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return [line.split(None, 3) for line in done.stdout.decode().splitlines()]


def word(rows, which):
    return next(row[1] for row in rows if row[0] == which)


class Specification(TestCase):
    def test_a_file(self):
        f32 = struct.pack("<6f", 0.5, -1, math.nan, math.inf, 0, 7)
        model = {"w": ("F32", [2, 3], f32), "b": ("BF16", [1, 4], bytes(range(8))),
                 "s": ("U8", [], b"\x07"), "empty": ("F64", [0, 5], b""),
                 "name \u00e9": ("F8_E4M3", [4], b"abcd")}
        names = {"F32": "f32", "BF16": "bf16", "U8": "u8", "F64": "f64", "F8_E4M3": "f8e4m3fn"}
        canonical = {k.encode(): (names[d], s, b) for k, (d, s, b) in model.items()}
        path = self.write("m.safetensors", safetensors(model))
        rows = lines(path)
        self.assertEqual(word(rows, "model"), model_digest(canonical))
        self.assertEqual(word(rows, "nameless"), nameless_digest(canonical))
        code, document = report("inspect", "--digests", path)
        self.assertEqual(code, 0)
        for tensor in document["artifacts"][0]["tensors"]:
            dtype, shape, data = canonical[tensor["name"].encode()]
            self.assertEqual(tensor["sha256"], sha256(data))
            self.assertEqual(tensor["data_digest"], sha256(data))
            self.assertEqual(tensor["tensor_digest"], tensor_digest(dtype, shape, data))
        self.assertEqual(document["model"]["model_digest"], model_digest(canonical))
        self.assertEqual(document["model"]["n_tensors"], 5)

    def test_the_vectors_of_the_page(self):
        page = (harness.SOURCE / "docs/formats/tensor-digests.md").read_text()
        vectors = re.findall(r"`([0-9a-f]{64})`", page[page.index("## Vectors"):])
        a, b = struct.pack("<f", 0.5), bytes(range(6))
        path = self.write("m.safetensors", safetensors({"a": ("F32", [], a),
                                                        "a.b": ("U8", [2, 1, 3], b)}))
        _, document = report("inspect", "--digests", path)
        first, second = document["artifacts"][0]["tensors"]
        self.assertEqual(vectors, [first["data_digest"], first["tensor_digest"],
                                   second["data_digest"], second["tensor_digest"],
                                   document["model"]["model_digest"],
                                   document["model"]["nameless_digest"]])

    def test_type_and_shape_count(self):
        data = bytes(8)
        digests = {tuple(word(lines(self.write(f"{i}.safetensors", safetensors({"x": t}))), w)
                         for w in ("model", "nameless"))
                   for i, t in enumerate([("F32", [2], data), ("U8", [8], data),
                                          ("F32", [2, 1], data), ("I32", [2], data)])}
        self.assertEqual(len({m for m, _ in digests}), 4)
        self.assertEqual(len({n for _, n in digests}), 3)

    def test_names_and_ties(self):
        one = self.write("1.safetensors", safetensors({"x": ("U8", [2], b"ab")}))
        two = self.write("2.safetensors", safetensors({"y": ("U8", [2], b"ab"),
                                                       "z": ("U8", [2], b"ab")}))
        a, b = lines(one), lines(two)
        self.assertNotEqual(word(a, "model"), word(b, "model"))
        self.assertEqual(word(a, "nameless"), word(b, "nameless"))

    def test_threads_do_not_matter(self):
        model = {f"t{i}": ("U8", [i], bytes(i)) for i in range(300)}
        path = self.write("m.safetensors", safetensors(model))
        done = {run("hash", "--tensors", "--jobs", str(n), path).stdout for n in (1, 2, 8)}
        self.assertEqual(len(done), 1)

    def test_directories_are_in_names(self):
        x, y = ("U8", [1], b"x"), ("U8", [1], b"y")
        self.write("m/unet/a.safetensors", safetensors({"w": x}))
        self.write("m/vae/a.safetensors", safetensors({"w": y}))
        want = {b"unet/w": ("u8", [1], b"x"), b"vae/w": ("u8", [1], b"y")}
        self.assertEqual(word(lines(self.tmp / "m"), "model"), model_digest(want))


class NotWhole(TestCase):
    def refused(self, path, reason):
        done = run("hash", "--tensors", path)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertNotIn(b"\nmodel ", b"\n" + done.stdout)
        self.assertIn(reason, done.stderr.decode())

    def test_two_values_under_one_name(self):
        self.write("m/a.safetensors", safetensors({"w": ("U8", [1], b"x")}))
        self.write("m/b.safetensors", safetensors({"w": ("U8", [1], b"x")}))
        self.assertEqual(word(lines(self.tmp / "m"), "model"),
                         model_digest({b"w": ("u8", [1], b"x")}))
        self.write("m/b.safetensors", safetensors({"w": ("U8", [1], b"y")}))
        self.refused(self.tmp / "m", "two different tensors")

    def test_truncated(self):
        whole = safetensors({"a": ("U8", [4], b"abcd"), "b": ("U8", [4], b"efgh")})
        self.refused(self.write("m.safetensors", whole[:-1]), "m.safetensors")

    def test_a_shard_is_missing(self):
        self.write("m/model-00001-of-00002.safetensors", safetensors({"a": ("U8", [1], b"x")}))
        self.write("m/model.safetensors.index.json", json.dumps(
            {"metadata": {"total_size": 2},
             "weight_map": {"a": "model-00001-of-00002.safetensors",
                            "b": "model-00002-of-00002.safetensors"}}).encode())
        self.refused(self.tmp / "m", "no model digest")

    def test_nothing(self):
        self.refused(self.write("notes.txt", b"hello"), "there are no tensors")

    def test_a_type_without_canonical_form(self):
        header = b"{'descr': '<U1', 'fortran_order': False, 'shape': (1,), }"
        header += b" " * (-len(header) % 64 + 53) + b"\n"
        array = b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + b"x\0\0\0"
        path = self.write("a.npy", array)
        self.refused(path, "no digest")
        _, document = report("inspect", "--digests", path)
        self.assertIn("tensors-without-digest", [n["kind"] for n in notices(document)])

    def test_misuse(self):
        for args in (["-c"], ["--tag"], ["-z"], ["-a", "sha256"]):
            self.assertEqual(run("hash", "--tensors", *args, "x").returncode, 4, args)


class Corpus(TestCase):
    def test_same_weights(self):
        root = harness.corpus("formats") / "rules_extra" / "same_weights"
        digests = {name: tuple(word(lines(root / name), w) for w in ("model", "nameless"))
                   for name in SAME}
        self.assertEqual(len(set(digests.values())), 1, digests)
        harness.count_corpus("same-weights", len(SAME))

    def packed(self):
        """The same in packed members, and in packed files: (name, path)."""
        root = harness.corpus("formats") / "rules_extra" / "same_weights"
        for name in SAME:
            path = root / name
            if path.is_dir():
                continue
            if path.suffix in (".pt", ".npz"):
                made = io.BytesIO()
                with zipfile.ZipFile(path) as old, \
                        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
                    for info in old.infolist():
                        new.writestr(info.filename, old.read(info))
                yield name, self.write("deflated-" + name, made.getvalue())
            yield name + ".gz", self.write(name + ".gz", gzip.compress(path.read_bytes()))
            made = io.BytesIO()
            with tarfile.open(fileobj=made, mode="w:gz") as archive:
                archive.add(path, name)
            yield name + ".tar.gz", self.write(name + ".tar.gz", made.getvalue())

    def test_same_weights_packed(self):
        root = harness.corpus("formats") / "rules_extra" / "same_weights"
        want = word(lines(root / "a.safetensors"), "model")
        for name, path in self.packed():
            _, document = report("inspect", "--digests", path)
            tensors = document["artifacts"][0]["tensors"]
            self.assertEqual(document["model"].get("model_digest"), want, name)
            self.assertTrue(all(t["is_derived"] and "sha256" not in t for t in tensors), name)
            self.assertEqual(document["artifacts"][0]["n_tensors"], 4, name)

    def test_old_stream(self):
        root = harness.corpus("formats") / "rules_extra" / "same_weights"
        for name in ("j.pt", "l_big_endian.pt"):
            with zipfile.ZipFile(root / name) as old:
                head, data = old.read("archive/data.pkl"), [
                    old.read(f"archive/data/{i}") for i in range(4)]
            if name != "j.pt":
                data = [struct.pack(f"<{len(d) // 4}I", *struct.unpack(f">{len(d) // 4}I", d))
                        for d in data]
            made = b"".join(pickle.dumps(value, 2) for value in (
                0x1950a86a20f9469cfc6c, 1001, {"little_endian": True})) + head
            made += pickle.dumps([str(i) for i in range(4)], 2)
            made += b"".join(struct.pack("<q", len(d) // 4) + d for d in data)
            path = self.write("old-" + name, made)
            self.assertEqual(word(lines(path), "model"), word(lines(root / name), "model"))
            packed = self.write("old.gz", gzip.compress(made))
            self.assertEqual(word(lines(packed), "model"), word(lines(root / name), "model"))

    def test_old_tar(self):
        root = harness.corpus("formats") / "rules_extra" / "same_weights"
        _, document = report("inspect", "--digests", root / "a.safetensors")
        whole = (root / "a.safetensors").read_bytes()
        tensors = {t["name"]: (t["shape"], whole[t["offset"]:t["offset"] + t["length"]])
                   for t in document["artifacts"][0]["tensors"]}
        want = word(lines(root / "a.safetensors"), "model")
        for name in ("", ".gz"):
            made = torch_tar(tensors)
            path = self.write("m.pt" + name, gzip.compress(made) if name else made)
            self.assertEqual(word(lines(path), "model"), want)
        # What has no name, or is said twice or of no storage, makes no model.
        for change in ({"pickle": pickle_of({"w": b"K\1Q"})}, {"count": 3}, {"root": 99},
                       {"offset": 99}, {"twice": True}, {"stride": 99}):
            path = self.write("m.pt", torch_tar(tensors, **change))
            done = run("hash", "--tensors", path)
            self.assertEqual(done.returncode, 2, change)
            self.assertNotIn(b"\nmodel", done.stdout, change)

    def test_what_is_missing_in_a_packed_file(self):
        """A tensor of no known type in a packed member makes no smaller model."""
        header = b"{'descr': '<U1', 'fortran_order': False, 'shape': (1,), }"
        header += b" " * (-len(header) % 64 + 53) + b"\n"
        array = b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + b"x\0\0\0"
        root = harness.corpus("formats") / "rules_extra" / "same_weights"
        made = io.BytesIO()
        with zipfile.ZipFile(root / "g.npz") as old, \
                zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
            for info in old.infolist():
                new.writestr(info.filename, old.read(info))
            new.writestr("odd.npy", array)
        for path in (self.write("m.npz", made.getvalue()),
                     self.write("m.npz.gz", gzip.compress(made.getvalue()))):
            done = run("hash", "--tensors", path)
            self.assertEqual(done.returncode, 2, path)
            self.assertNotIn(b"\nmodel", done.stdout)

    def test_data_digests_are_those_of_the_list(self):
        root = harness.corpus("formats") / "rules_extra" / "same_weights"
        listed = [line.split("\t") for line in (root / "DIGESTS.tsv").read_text().splitlines()]
        want = {row[0]: row[3] for row in listed[1:]}
        for name in SAME:
            _, document = report("inspect", "--digests", root / name)
            got = {t["name"]: t["data_digest"] for a in document["artifacts"]
                   for t in a.get("tensors", [])}
            self.assertEqual(got, want, name)

    def test_what_was_unpacked_is_marked(self):
        root = harness.corpus("formats") / "rules_extra" / "same_weights"
        _, document = report("inspect", "--digests", root / "h_deflated.npz")
        tensors = document["artifacts"][0]["tensors"]
        self.assertTrue(all(t["is_derived"] and "sha256" not in t for t in tensors))
        self.assertIn("tensors-derived", [n["kind"] for n in notices(document)])
        _, document = report("inspect", "--digests", root / "g.npz")
        self.assertEqual(notices(document), [])


class Fortran(TestCase):
    def npy(self, descr, fortran, shape, data):
        header = f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}"
        header = header.encode() + b" " * (-(len(header) + 11) % 64) + b"\n"
        return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + data

    def test_large_and_unpacked(self):
        rows, columns = 300, 200
        values = [(i * 7919) & 0xffff for i in range(rows * columns)]
        data = struct.pack(f"<{len(values)}H", *values)
        turned = [values[r * columns + c] for c in range(columns) for r in range(rows)]
        array = self.npy(">u2", True, (rows, columns), struct.pack(f">{len(turned)}H", *turned))
        want = tensor_digest("u16", [rows, columns], data)
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", method) as archive:
                archive.writestr("w.npy", array)
            rows_of = lines(self.write("m.npz", packed.getvalue()))
            self.assertEqual(word(rows_of, "tensor"), want)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""diff: what differs between two models, against what was changed on purpose."""

import json
import math
import random
import struct
import unittest

import harness
from harness import TestCase, run
from test_tensors import SAME, safetensors


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)


class DiffCase(TestCase):
    def model(self, name, tensors):
        return self.write(name, safetensors(tensors))

    def diff(self, a, b, code):
        done = run("diff", "--json", a, b)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        document = json.loads(done.stdout)
        self.assertEqual(document["schema"], "steelyard-diff/1")
        self.assertEqual(document["exit_code"], code)
        self.assertEqual(document["result"], ["same", "different", "undetermined"][code])
        self.assertEqual(sum(document["counts"].values()), len(document["tensors"]))
        for form in ([], ["--markdown"]):
            self.assertEqual(run("diff", *form, a, b).returncode, code)
        return document

    def of(self, a, b, code=1):
        return self.diff(self.model("a.safetensors", a), self.model("b.safetensors", b), code)


class Weights(DiffCase):
    def test_same(self):
        tensors = {"x": ("F32", [2], floats(1, 2)), "y": ("U8", [1], b"a")}
        document = self.of(tensors, dict(reversed(tensors.items())), 0)
        self.assertTrue(document["is_same_weights"])
        self.assertEqual(document["n_same"], 2)

    def test_resharded(self):
        x, y = ("F32", [2], floats(1, 2)), ("U8", [1], b"a")
        whole = self.model("a.safetensors", {"x": x, "y": y})
        self.model("b/model-00001-of-00002.safetensors", {"x": x})
        self.model("b/model-00002-of-00002.safetensors", {"y": y})
        document = self.diff(whole, self.tmp / "b", 0)
        self.assertTrue(document["is_same_weights"])
        self.assertIn(b"Same weights: 2 tensors.", run("diff", whole, self.tmp / "b").stdout)

    def test_each_kind(self):
        a = {"gone": ("I8", [1], b"q"), "old": ("U8", [3], b"xyz"), "same": ("U8", [1], b"s"),
             "type": ("F32", [1], floats(1)), "shape": ("F32", [2, 2], floats(1, 2, 3, 4)),
             "values": ("F32", [1], floats(1))}
        b = {"extra": ("I8", [1], b"r"), "new": ("U8", [3], b"xyz"), "same": ("U8", [1], b"s"),
             "type": ("I32", [1], floats(1)), "shape": ("F32", [4], floats(1, 2, 3, 4)),
             "values": ("F32", [1], floats(2))}
        document = self.of(a, b)
        self.assertEqual({t["name"]: t["change"] for t in document["tensors"]},
                         {"gone": "removed", "extra": "added", "old": "renamed",
                          "type": "retyped", "shape": "reshaped", "values": "changed"})
        rows = {t["name"]: t for t in document["tensors"]}
        self.assertEqual(rows["old"]["name_in_b"], "new")
        self.assertTrue(rows["shape"]["is_same_data"] and rows["type"]["is_same_data"])
        self.assertEqual(document["n_same"], 1)

    def test_renames_pair_off(self):
        a = {"a": ("U8", [1], b"z"), "b": ("U8", [1], b"z"), "c": ("U8", [1], b"z")}
        b = {"d": ("U8", [1], b"z"), "e": ("U8", [1], b"z")}
        document = self.of(a, b)
        self.assertEqual([(t["name"], t["change"], t.get("name_in_b"))
                          for t in document["tensors"]],
                         [("a", "renamed", "d"), ("b", "renamed", "e"), ("c", "removed", None)])

    def test_names_are_inert(self):
        name = "\x1b[31m|`<b>[x](y)\u202e"
        a = self.model("a.safetensors", {name: ("U8", [1], b"a")})
        b = self.model("b.safetensors", {name: ("U8", [1], b"b")})
        for form in ([], ["--markdown"], ["--json"]):
            out = run("diff", *form, a, b).stdout.decode()
            self.assertNotIn("\x1b", out)
            if form != ["--json"]:
                self.assertNotIn("\u202e", out)
        self.assertNotIn("<b>", run("diff", "--markdown", a, b).stdout.decode())


class Values(DiffCase):
    def changed(self, dtype, shape, a, b):
        document = self.of({"w": (dtype, shape, a), "z": ("U8", [1], b"z")},
                           {"w": (dtype, shape, b), "z": ("U8", [1], b"z")})
        self.assertEqual(document["counts"]["changed"], 1)
        self.assertEqual(document["n_same"], 1)
        return document["tensors"][0]["values"]

    def test_every_flipped_bit(self):
        data = floats(*range(1, 13))
        for bit in (0, 22, 31, 32, 37, 383):
            other = bytearray(data)
            other[bit // 8] ^= 1 << bit % 8
            values = self.changed("F32", [4, 3], data, bytes(other))
            element = bit // 32
            self.assertEqual(values["n_changed"], 1)
            self.assertEqual(values["n_bits"], 1)
            self.assertEqual(values["first_at"], element)
            self.assertEqual(values["first_a"], data[4 * element:4 * element + 4].hex())
            self.assertEqual(values["first_b"], other[4 * element:4 * element + 4].hex())
            self.assertEqual(values["rows"], [[element // 3] * 2])
            text = run("diff", self.tmp / "a.safetensors", self.tmp / "b.safetensors").stdout
            self.assertIn(f"the first at [{element // 3}, {element % 3}]: ".encode(), text)
            self.assertIn(f"one bit differs, bit {bit % 32}".encode(), text)

    def test_norm_and_rows(self):
        rng = random.Random(7)
        rows, columns = 40, 1000
        a = [rng.uniform(-1, 1) for _ in range(rows * columns)]
        b = list(a)
        for row in (0, 1, 2, 9, 39):
            for column in rng.sample(range(columns), 5):
                b[row * columns + column] += rng.uniform(0.5, 2)
        data_a, data_b = floats(*a), floats(*b)
        a = struct.unpack(f"<{rows * columns}f", data_a)
        b = struct.unpack(f"<{rows * columns}f", data_b)
        values = self.changed("F32", [rows, columns], data_a, data_b)
        changes = [abs(y - x) for x, y in zip(a, b)]
        self.assertEqual(values["n_changed"], 25)
        self.assertEqual(values["rows"], [[0, 2], [9, 9], [39, 39]])
        self.assertEqual(values["n_rows_changed"], 5)
        self.assertTrue(math.isclose(values["norm"], math.hypot(*changes), rel_tol=1e-5))
        self.assertTrue(math.isclose(values["largest"], max(changes), rel_tol=1e-5))
        self.assertEqual(values["largest_at"], changes.index(max(changes)))

    def test_many_ranges(self):
        a, b = bytes(64), bytes(i % 2 for i in range(64))
        values = self.changed("U8", [64], a, b)
        self.assertEqual(values["n_rows_changed"], 32)
        self.assertEqual(values["rows"], [[i, i] for i in range(1, 17, 2)])

    def test_not_finite(self):
        values = self.changed("F32", [3], floats(1, 2, 3), floats(1, math.nan, 5))
        self.assertEqual((values["n_changed"], values["n_not_finite"]), (2, 1))
        self.assertEqual((values["norm"], values["largest"]), (2, 2))

    def test_types(self):
        cases = [("BF16", b"\x80\x3f", b"\x00\x40", 1), ("F16", b"\x00\x3c", b"\x00\xbc", 2),
                 ("I8", b"\x80", b"\x7f", 255), ("F8_E4M3", b"\x38", b"\x40", 1),
                 ("F8_E5M2", b"\x3c", b"\x40", 1), ("I64", bytes(8), b"\xff" * 8, 1),
                 ("F64", struct.pack("<d", 0), struct.pack("<d", 1e-7), 1e-7)]
        for dtype, a, b, change in cases:
            self.assertEqual(self.changed(dtype, [1], a, b)["largest"], change, dtype)

    def test_other_order(self):
        """Elements are compared in canonical order, whatever the files' own."""
        root = harness.corpus("formats") / "rules_extra" / "same_weights"
        data = bytearray((root / "a.safetensors").read_bytes())
        data[324 + 4 * 6] ^= 1  # fc.weight [1, 2]
        changed = self.write("changed.safetensors", bytes(data))
        for name in SAME:
            document = self.diff(changed, root / name, 1)
            row, = document["tensors"]
            self.assertEqual((row["name"], row["change"]), ("fc.weight", "changed"), name)
            if name == "h_deflated.npz":
                self.assertIn("do not lie in the file", row["values"]["undetermined"])
            else:
                self.assertEqual((row["values"]["first_at"], row["values"]["n_bits"]), (6, 1))


class Metadata(DiffCase):
    def test_changed(self):
        def write(name, metadata):
            text = json.dumps({"__metadata__": metadata, "x": {
                "dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}).encode()
            text += b" " * (-len(text) % 8)
            return self.write(name, struct.pack("<Q", len(text)) + text + b"a")

        a = write("a.safetensors", {"format": "pt", "same": "1", "old": "x"})
        b = write("b.safetensors", {"format": "np", "same": "1", "new": "y"})
        document = self.diff(a, b, 1)
        self.assertTrue(document["is_same_weights"])
        self.assertTrue(document["is_metadata_compared"])
        self.assertEqual({m["key"]: (m.get("a"), m.get("b")) for m in document["metadata"]},
                         {"format": ("pt", "np"), "old": ("x", None), "new": (None, "y")})
        self.assertIn(b"Same weights: 1 tensor; 3 metadata entries differ.",
                      run("diff", a, b).stdout)

    def test_not_across_formats(self):
        root = harness.corpus("formats") / "rules_extra" / "same_weights"
        document = self.diff(root / "a.safetensors", root / "e.gguf", 0)
        self.assertFalse(document["is_metadata_compared"])


class Undetermined(DiffCase):
    def test_truncated(self):
        whole = safetensors({"x": ("U8", [4], b"abcd"), "y": ("U8", [4], b"efgh")})
        a, b = self.write("a.safetensors", whole), self.write("b.safetensors", whole[:-1])
        document = self.diff(a, b, 2)
        self.assertIn("undetermined", document["b"])
        self.assertFalse(document["is_same_weights"])

    def test_truncated_and_different(self):
        a = self.model("a.safetensors", {"x": ("U8", [4], b"abcd"), "y": ("U8", [4], b"efgh")})
        other = safetensors({"x": ("U8", [4], b"abcX"), "y": ("U8", [4], b"efgh")})
        self.diff(a, self.write("b.safetensors", other[:-1]), 1)

    def test_nothing_there(self):
        a = self.model("a.safetensors", {"x": ("U8", [1], b"a")})
        self.diff(a, self.tmp / "nothing", 2)
        self.diff(a, self.write("notes.txt", b"x"), 2)

    def test_usage(self):
        self.assertEqual(run("diff", "a").returncode, 4)
        self.assertEqual(run("diff", "a", "b", "c").returncode, 4)
        self.assertEqual(run("diff", "--json", "--markdown", "a", "b").returncode, 4)


class Corpus(DiffCase):
    def test_same_weights(self):
        root = harness.corpus("formats") / "rules_extra" / "same_weights"
        for name in SAME[1:]:
            document = self.diff(root / "a.safetensors", root / name, 0)
            self.assertTrue(document["is_same_weights"], name)


if __name__ == "__main__":
    unittest.main()

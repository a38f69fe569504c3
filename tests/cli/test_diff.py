# SPDX-License-Identifier: Apache-2.0
"""diff: what differs between two models, against what was changed on purpose."""

import io
import json
import math
import random
import struct
import tarfile
import unittest
import zipfile

try:
    import jsonschema
except ImportError:
    jsonschema = None

import harness
from harness import TestCase, run
from signing import KEYS, MINISIGN
from test_tensors import SAME, safetensors


def closed(schema):
    """No member but those that the schema names."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(part) for key, part in schema.items()}
    if "properties" in schema and schema.get("type") == "object":
        made["additionalProperties"] = False
    return made


def validator():
    schema = json.loads((harness.SOURCE / "docs" / "diff.schema.json").read_text())
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(closed(schema))


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
        if jsonschema:
            self.assertEqual([e.message for e in validator().iter_errors(document)], [])
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

    def test_one_bit_in_megabytes(self):
        """Of a resharded copy: the tensor, and the element in it, beyond every buffer."""
        rng = random.Random(11)
        columns, rows = 1024, 2048
        tensors = {f"layers.{i}.w": ("F32", [rows, columns], rng.randbytes(4 * rows * columns))
                   for i in range(3)}
        whole = self.model("whole.safetensors", tensors)
        element, bit = rng.randrange(rows * columns // 2, rows * columns), rng.randrange(23)
        for changed in (False, True):
            for i, (name, (dtype, shape, data)) in enumerate(reversed(tensors.items())):
                if changed and name == "layers.1.w":
                    data = bytearray(data)
                    data[4 * element + bit // 8] ^= 1 << bit % 8
                self.model(f"b/model-{i + 1:05d}-of-00003.safetensors",
                           {name: (dtype, shape, bytes(data))})
            document = self.diff(whole, self.tmp / "b", int(changed))
            self.assertEqual(document["is_same_weights"], not changed)
            self.assertEqual(document["n_same"], 3 - changed)
        row, = document["tensors"]
        values = row["values"]
        self.assertEqual((row["name"], row["change"]), ("layers.1.w", "changed"))
        self.assertEqual((values["n_changed"], values["n_bits"], values["first_at"]),
                         (1, 1, element))
        self.assertEqual(values["rows"], [[element // columns] * 2])

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


def gguf(kvs, data=bytes(32), big=False):
    """One f32 tensor of 8 elements, and keys: name -> (type, packed value)."""
    order = ">" if big else "<"

    def text(value):
        return struct.pack(order + "Q", len(value)) + value

    head = b"GGUF" + struct.pack(order + "IQQ", 3, 1, len(kvs))
    for key, (kind, value) in kvs.items():
        head += text(key.encode()) + struct.pack(order + "I", kind) + value
    head += text(b"w") + struct.pack(order + "IQIQ", 1, 8, 0, 0)
    return head + bytes(-len(head) % 32) + data


def words(*values):
    """An array of strings, as GGUF holds it."""
    return 9, struct.pack("<IQ", 8, len(values)) + b"".join(
        struct.pack("<Q", len(v)) + v for v in values)


class LongMetadata(DiffCase):
    """What inspect cuts is compared to its end all the same."""

    def pair(self, a, b, code):
        return self.diff(self.write("a.gguf", gguf(a)), self.write("b.gguf", gguf(b)), code)

    def test_last_word_of_many(self):
        many = [b"w%d" % i for i in range(1000)]
        self.pair({"t": words(*many)}, {"t": words(*many)}, 0)
        document = self.pair({"t": words(*many)}, {"t": words(*many[:-1], b"other")}, 1)
        self.assertTrue(document["is_same_weights"])
        row, = document["metadata"]
        self.assertEqual((row["key"], row["type_a"]), ("t", "array of string"))
        self.assertIn(b"is other further on",
                      run("diff", self.tmp / "a.gguf", self.tmp / "b.gguf").stdout)

    def test_end_of_a_long_text(self):
        def value(end):
            text = b"x" * 70000 + end
            return {"t": (8, struct.pack("<Q", len(text)) + text)}

        self.pair(value(b"a"), value(b"a"), 0)
        self.pair(value(b"a"), value(b"b"), 1)

    def test_the_other_byte_order(self):
        a = self.write("a.gguf", gguf({"t": words(b"x")}))
        head = {"t": (9, struct.pack(">IQQ", 8, 1, 1) + b"x")}
        document = self.diff(a, self.write("b.gguf", gguf(head, big=True)), 2)
        self.assertIn("byte order", document["metadata_undetermined"])
        self.assertTrue(document["is_same_weights"])

    def test_type_counts(self):
        document = self.pair({"k": (4, struct.pack("<I", 7))}, {"k": (5, struct.pack("<i", 7))}, 1)
        row, = document["metadata"]
        self.assertEqual((row["type_a"], row["type_b"]), ("u32", "i32"))

    def test_shards_that_contradict_each_other(self):
        for name, value in (("m/a.safetensors", "1"), ("m/b.safetensors", "2")):
            text = json.dumps({"__metadata__": {"k": value}, name[2]: {
                "dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}).encode()
            text += b" " * (-len(text) % 8)
            self.write(name, struct.pack("<Q", len(text)) + text + b"a")
        self.diff(self.tmp / "m", self.tmp / "m", 0)


class Files(DiffCase):
    def setUp(self):
        super().setUp()
        for side in "ab":
            self.model(f"{side}/model.safetensors", {"x": ("U8", [1], b"a")})

    def both(self, name, a, b, code):
        for side, data in (("a", a), ("b", b)):
            if data is not None:
                self.write(f"{side}/{name}", data)
        document = self.diff(self.tmp / "a", self.tmp / "b", code)
        self.assertTrue(document["is_same_weights"])
        self.assertTrue(document["are_files_compared"])
        return document

    def config(self, a, b, code):
        document = self.both("config.json", json.dumps(a).encode(), json.dumps(b).encode(), code)
        return {row["key"]: (row.get("a"), row.get("b")) for row in document["configuration"]}

    def test_members(self):
        a = {"same": 1, "n": 1, "deep": {"list": [1, {"k": True}], "gone": None}}
        b = {"same": 1, "n": 2, "deep": {"list": [1, {"k": False}]}, "new": "x"}
        self.assertEqual(self.config(a, b, 1), {
            "n": ("1", "2"), "deep.list[1].k": ("true", "false"), "deep.gone": ("", None),
            "new": (None, "x")})

    def test_code_and_templates(self):
        rows = self.config({"model_type": "x"}, {
            "model_type": "x", "auto_map": {"AutoModel": "modeling.Model"}}, 1)
        self.assertEqual(rows, {"auto_map.AutoModel": (None, "modeling.Model")})
        out = run("diff", self.tmp / "a", self.tmp / "b").stdout.decode()
        self.assertIn("Same weights: 1 tensor; 1 configuration member differs", out)
        self.assertIn("'config.json' 'auto_map.AutoModel' added: 'modeling.Model'", out)

    def test_end_of_a_long_template(self):
        text = "{{ x }}" * 20000
        rows = self.config({"chat_template": text + "a"}, {"chat_template": text + "b"}, 1)
        self.assertEqual(list(rows), ["chat_template"])

    def test_what_is_not_the_same_in_json(self):
        pairs = [({"x": {}}, {}), ({"x": []}, {"x": {}}), ({"x": [1]}, {"x": {"0": 1}}),
                 ({"a.b": 1}, {"a": {"b": 1}}), ({"x": 1}, {"x": "1"}), ({"x": None}, {}),
                 ({"x": [1, 2]}, {"x": [2, 1]}), ({"x": ""}, {"x": None}),
                 ({"k" * 96 + "1": 1, "k" * 96 + "2": 2},
                  {"k" * 96 + "1": 2, "k" * 96 + "2": 1})]
        for i, (a, b) in enumerate(pairs):
            self.write(f"a/{i}_config.json", json.dumps(a).encode())
            self.write(f"b/{i}_config.json", json.dumps(b).encode())
        for a, b in (("a", "b"), ("b", "a")):
            document = self.diff(self.tmp / a, self.tmp / b, 1)
            self.assertEqual([(f["path"], f["change"], f["counts"]) for f in document["files"]],
                             [(f"{i}_config.json", "changed", True) for i in range(len(pairs))])
            # Where a way is too long to be kept, that the bytes differ has to do.
            self.assertEqual({row["file"] for row in document["configuration"]},
                             {f"{i}_config.json" for i in range(len(pairs) - 1)})

    def test_written_otherwise(self):
        document = self.both("config.json", b'{"a": 1, "b": [true]}', b'{"b":[true],\n"a":1}', 0)
        self.assertEqual(document["files"], [
            {"change": "reformatted", "path": "config.json", "counts": False}])
        self.assertIn(b"; 1 other file differs.", run("diff", self.tmp / "a",
                                                      self.tmp / "b").stdout)

    def test_other_files(self):
        for name in ("tokenizer.json", "modeling.py", "chat_template.jinja", "merges.txt"):
            document = self.both(name, b"{}" + b" " * 9, b"{} " + b"\t" * 8, 1)
            self.assertEqual(document["files"], [
                {"change": "changed", "path": name, "counts": True}])
            (self.tmp / "b" / name).unlink()
            document = self.diff(self.tmp / "a", self.tmp / "b", 1)
            self.assertEqual(document["files"][0]["change"], "removed")
            document = self.diff(self.tmp / "b", self.tmp / "a", 1)
            self.assertEqual(document["files"][0]["change"], "added")
            (self.tmp / "a" / name).unlink()

    def test_documents_do_not_count(self):
        document = self.both("README.md", b"# a", b"# b", 0)
        self.assertEqual(document["files"], [
            {"change": "changed", "path": "README.md", "counts": False}])
        self.assertIn(b"other file differs", run("diff", self.tmp / "a", self.tmp / "b").stdout)
        # Under that name something else counts.
        self.write("b/README.md", b"\x80\x04cos\nsystem\n.")
        document = self.diff(self.tmp / "a", self.tmp / "b", 1)
        self.assertTrue(document["files"][0]["counts"])

    def test_a_file_and_a_directory(self):
        self.write("b/config.json", b'{"auto_map": {}}')
        document = self.diff(self.tmp / "a" / "model.safetensors", self.tmp / "b", 0)
        self.assertFalse(document["are_files_compared"])
        self.assertIn(b"other files were not compared", run(
            "diff", self.tmp / "a" / "model.safetensors", self.tmp / "b").stdout)

    def test_index_of_shards_and_slashes(self):
        self.write("b/model.safetensors.index.json", json.dumps(
            {"metadata": {"total_size": 1}, "weight_map": {"x": "model.safetensors"}}).encode())
        self.diff(f"{self.tmp}/a//", f"{self.tmp}/b/", 0)


class Loading(DiffCase):
    def pt(self, name, head=b"", extra=()):
        """same_weights/j.pt with opcodes before the first of its pickle."""
        root = harness.corpus("formats") / "rules_extra" / "same_weights"
        packed = io.BytesIO()
        with zipfile.ZipFile(root / "j.pt") as old, zipfile.ZipFile(packed, "w") as new:
            for info in old.infolist():
                data = old.read(info)
                if info.filename.endswith("data.pkl"):
                    self.assertEqual(data[:2], b"\x80\x02")
                    data = data[:2] + head + data[2:]
                new.writestr(info.filename, data)
            for member in extra:
                new.writestr(*member)
        return self.write(name, packed.getvalue())

    def rows(self, document):
        return [(r["change"], r["kind"], r.get("symbol", r.get("text")), r["class"], r["counts"])
                for r in document["loading"]]

    def test_known_imports_are_listed(self):
        document = self.diff(self.pt("a.pt"), self.pt("b.pt", b"ctorch\nSize\n0"), 0)
        self.assertEqual(self.rows(document),
                         [("added", "import", "torch.Size", "known", False)])
        self.assertFalse(document["is_rest_compared"])
        self.assertIn(b"1 known import differs",
                      run("diff", self.tmp / "a.pt", self.tmp / "b.pt").stdout)

    def test_other_imports_count(self):
        a, b = self.pt("a.pt"), self.pt("b.pt", b"cacme\nNet\n0")
        document = self.diff(a, b, 1)
        self.assertTrue(document["is_same_weights"])
        self.assertEqual(self.rows(document),
                         [("added", "import", "acme.Net", "unknown", True)])
        self.assertEqual(self.rows(self.diff(b, a, 1)),
                         [("removed", "import", "acme.Net", "unknown", True)])

    def test_the_same_name_with_other_arguments(self):
        a = self.pt("a.pt", b"cos\nsystem\n(X\1\0\0\0atR0")
        b = self.pt("b.pt", b"cos\nsystem\n(X\1\0\0\0btR0")
        document = self.diff(a, b, 1)
        self.assertEqual([r["kind"] for r in document["loading"]], ["call", "call"])
        self.diff(a, a, 0)

    def test_what_is_not_seen_to_its_end(self):
        def call(text):
            return b"cos\nsystem\n(X" + struct.pack("<I", len(text)) + text + b"tR0"

        a, b = self.pt("a.pt", call(b"x" * 5000)), self.pt("b.pt", call(b"x" * 4999 + b"y"))
        document = self.diff(a, b, 2)
        self.assertIn("does more than hold tensors", document["loading_undetermined"])
        self.assertIn(b"Undetermined: ", run("diff", a, b).stdout)

    def test_what_archives_hold_besides(self):
        def archive_of(name, config):
            made = io.BytesIO()
            with tarfile.open(fileobj=made, mode="w") as archive:
                for member, data in (("settings.txt", config),
                                     ("w.npy", array)):
                    info = tarfile.TarInfo(member)
                    info.size = len(data)
                    archive.addfile(info, io.BytesIO(data))
            return self.write(name, made.getvalue())

        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }"
        header += b" " * (-len(header) % 64 + 53) + b"\n"
        array = b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + floats(1)
        a, b = archive_of("a.tar", b"x: 1\n"), archive_of("b.tar", b"x: 2\n")
        document = self.diff(a, b, 0)
        self.assertTrue(document["is_same_weights"])
        self.assertFalse(document["is_rest_compared"])
        self.assertIn(b"pickles and archives hold besides tensors was not compared",
                      run("diff", a, b).stdout)

    def test_scripts(self):
        a = self.pt("a.pt", extra=[("archive/code/__torch__.py", b"a")])
        b = self.pt("b.pt", extra=[("archive/code/__torch__.py", b"b")])
        self.diff(a, a, 0)
        document = self.diff(a, b, 2)
        self.assertTrue(document["is_same_weights"])


class Signers(DiffCase):
    def setUp(self):
        super().setUp()
        for side in "ab":
            self.model(f"{side}/model.safetensors", {"x": ("U8", [1], b"a")})

    def sign(self, *args, key=KEYS / "accept-p256.key"):
        done = run("sign", "-q", "--key", key, *args)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_unsigned(self):
        document = self.diff(self.tmp / "a", self.tmp / "b", 0)
        self.assertTrue(document["is_same_signers"])
        self.assertEqual(document["a"]["signatures"], [])
        self.assertIn(b"unsigned", run("diff", self.tmp / "a", self.tmp / "b").stdout)

    def test_one_is_signed(self):
        self.sign(self.tmp / "b")
        document = self.diff(self.tmp / "a", self.tmp / "b", 0)
        self.assertFalse(document["is_same_signers"])
        row, = document["b"]["signatures"]
        key = json.loads(run("key", "id", "--json", KEYS / "accept-p256.pub").stdout)["id"]
        self.assertIn(key.split(":")[-1], row["signer"])
        self.assertEqual((row["kind"], row["status"]), ("oms", "untrusted"))
        out = run("diff", self.tmp / "a", self.tmp / "b").stdout
        self.assertIn(b"Same weights: 1 tensor; not signed by the same.", out)
        self.assertIn(b"a signature says that it is by", out)
        # The signature itself is no other file of the model.
        self.assertEqual(document["files"], [])

    def test_the_same_and_others(self):
        self.sign(self.tmp / "a")
        self.sign(self.tmp / "b")
        self.assertTrue(self.diff(self.tmp / "a", self.tmp / "b", 0)["is_same_signers"])
        self.sign(self.tmp / "b", key=KEYS / "accept-p384.key")
        self.assertFalse(self.diff(self.tmp / "a", self.tmp / "b", 0)["is_same_signers"])

    def test_minisign(self):
        path = self.tmp / "b" / "model.safetensors"
        self.sign("--format", "minisign", path, key=MINISIGN)
        document = self.diff(self.tmp / "a" / "model.safetensors", path, 0)
        row, = document["b"]["signatures"]
        self.assertEqual((row["kind"], row["status"]), ("minisign", "untrusted"))
        self.assertRegex(row["signer"], "key [0-9A-F]{16}")

    def test_what_is_no_signature(self):
        self.write("b/model.sig", b"{}")
        document = self.diff(self.tmp / "a", self.tmp / "b", 0)
        self.assertFalse(document["is_same_signers"])
        self.assertEqual(document["b"]["signatures"][0]["status"], "refused")


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


class Schema(DiffCase):
    @unittest.skipUnless(jsonschema, "jsonschema is not installed (tests/run.sh installs it)")
    def test_it_refuses(self):
        """Every document of these tests is validated, where that can be done; not in vain."""
        document = self.of({"x": ("U8", [1], b"a")}, {"x": ("U8", [1], b"b")})
        for key, value in (("result", "equal"), ("tensors", [{}]), ("other", 1),
                           ("files", [{"change": "moved", "path": "", "counts": True}])):
            self.assertFalse(validator().is_valid({**document, key: value}), key)


class Corpus(DiffCase):
    def test_same_weights(self):
        root = harness.corpus("formats") / "rules_extra" / "same_weights"
        for name in SAME[1:]:
            document = self.diff(root / "a.safetensors", root / name, 0)
            self.assertTrue(document["is_same_weights"], name)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""`inspect --json --tensors` agrees with the Python packages, tensor by tensor.

Compared: name, dtype, shape, offset, length, and metadata, on files that the packages
write themselves, and on corpus files that they accept and we do not reject.  What
differs on purpose stands below, with the reason.
"""

import csv
import ctypes
import importlib.util
import json
import math
import unittest
import zipfile

import harness
import readers
from harness import TestCase

if not readers.missing:
    import gguf
    import numpy
    import safetensors

# Bytes of a block: GGML has 36 (two half floats, 32 bytes); the package says 40, and so
# writes files that llama.cpp refuses.
BLOCK_DIFFERS = {"Q8_1": (36, 40)}
# The package's words for a tensor type that is newer than itself.
UNKNOWN_TO_PACKAGE = "is not a valid GGMLQuantizationType"
TEXT_SHOWN = 65536  # bytes of a metadata text
# Tensors of more dimensions are judged, but stand in no list (with a notice).
DIMENSIONS_LISTED = 64

# Constructor's word and bits of an element; F4 counts pairs.
ST_DTYPES = {
    "bool": 8, "uint8": 8, "int8": 8, "float8_e5m2": 8, "float8_e4m3fn": 8,
    "float8_e5m2fnuz": 8, "float8_e4m3fnuz": 8, "float8_e8m0fnu": 8,
    "float4_e2m1fn_x2": 8, "int16": 16, "uint16": 16, "float16": 16, "bfloat16": 16,
    "int32": 32, "uint32": 32, "float32": 32, "complex64": 64, "float64": 64,
    "int64": 64, "uint64": 64}
ST_SHAPES = [(1,), (3,), (2, 3, 4), (1,) * 8, (0,), (2, 0, 5), (7, 1, 1, 2)]
NAMES = ["model.layers.0.self_attn.q_proj.weight", "\u540d\u524d", "poids_\u00e9t\u00e9",
         "\U0001f917", "a b", "quote\"and\\backslash", "transformer/h/0", "x" * 300]
METADATA = {"format": "pt", "author": "\u00c5sa \u4e2d\u6587", "empty": "",
            "lines": "one\ntwo\ttabbed", "json": json.dumps({"a": [1, {"b": None}]}),
            "long": "z" * 5000, "\u30ad\u30fc": "\U0001f600"}


def inspect(path):
    """Artifacts by base name, of `inspect --json --tensors`."""
    done = harness.run("inspect", "--json", "--tensors", path)
    document = json.loads(done.stdout)
    return done.returncode, {a["path"].rsplit("/", 1)[-1]: a for a in document["artifacts"]}


def tensors_of(artifact):
    return sorted((t["name"], t["dtype"], tuple(t["shape"]), t["offset"], t["length"])
                  for t in artifact.get("tensors", []))


def same_number(text, value, kind):
    if kind == "bool":
        return text == ("true" if value else "false")
    if kind not in ("f32", "f64"):
        return text == str(value)
    ours = float(text)
    if math.isnan(value) or math.isinf(value):
        return repr(abs(ours)) == repr(abs(value))
    return math.isclose(ours, value, rel_tol=1e-6 if kind == "f32" else 1e-14)


def array_differs(text, kind, value, n):
    """An array is shown as its length and its first eight elements."""
    head, _, rest = text.partition("]")
    if head != f"[{n} values":
        return f"{text[:80]!r} does not say that it has {n} values"
    element = kind.removeprefix("array of ")
    if element == "array":
        return None
    if element == "string":
        plain = value and value[0].isascii() and value[0].isalnum()
        if plain and not rest.startswith(f" '{value[0][:128].decode()}"):
            return f"{text[:80]!r} does not begin with {value[0]!r}"
        return None
    shown = [word.strip() for word in rest.removesuffix(", ...").split(",") if word.strip()]
    if len(shown) != min(n, 8) or (n > 8) != rest.endswith(", ..."):
        return f"{text[:80]!r} shows {len(shown)} of {n} values"
    for ours, theirs in zip(shown, value):
        if not same_number(ours, theirs, element):
            return f"{ours} is not {theirs}"
    return None


def text_differs(meta, value):
    """Long texts are cut."""
    ours = (bytes.fromhex(meta["value_hex"]) if "value_hex" in meta
            else meta["value"].encode())
    is_same = ours == value or (len(ours) == TEXT_SHOWN and value.startswith(ours))
    return None if is_same else f"{ours[:80]!r} is not {value[:80]!r}"


def value_differs(meta, kind, value, n):
    """None, or a sentence that says how one metadata value differs."""
    if meta["type"] != kind:
        return f"type {meta['type']}, not {kind}"
    if kind.startswith("array"):
        return array_differs(meta["value"], kind, value, n)
    if kind == "string":
        return text_differs(meta, value)
    return None if same_number(meta["value"], value, kind) else f"{meta['value']} not {value}"


def safetensors_differences(path, artifact):
    tensors, metadata = readers.read_safetensors(path)
    tensors = [t for t in tensors if len(t[2]) <= DIMENSIONS_LISTED]
    if tensors_of(artifact) != tensors:
        yield from difference(tensors_of(artifact), tensors)
    ours = {m["key"]: m for m in artifact.get("metadata", [])}
    if set(ours) != set(metadata):
        yield f"keys {sorted(set(ours) ^ set(metadata))[:4]} are not in both"
        return
    for key, value in metadata.items():
        says = text_differs(ours[key], value.encode())
        if says:
            yield f"{key[:80]}: {says}"


def with_our_block(tensor):
    name, dtype, shape, offset, length = tensor
    ours, theirs = BLOCK_DIFFERS.get(dtype, (1, 1))
    return name, dtype, shape, offset, length // theirs * ours


def gguf_differences(path, artifact):
    tensors, metadata = readers.read_gguf(path)
    tensors = [with_our_block(t) for t in tensors]
    if tensors_of(artifact) != tensors:
        yield from difference(tensors_of(artifact), tensors)
    ours = {m["key"]: m for m in artifact.get("metadata", [])}
    if list(ours) != list(metadata):
        yield f"keys {sorted(set(ours) ^ set(metadata))[:4]} are not in both, or in order"
        return
    for key, (kind, value, offset, length, n) in metadata.items():
        meta = ours[key]
        if (meta["offset"], meta["length"]) != (offset, length):
            yield f"{key} at {meta['offset']}+{meta['length']}, not {offset}+{length}"
        says = value_differs(meta, kind, value, n)
        if says:
            yield f"{key}: {says}"


def difference(ours, theirs):
    for a, b in zip(ours, theirs):
        if a != b:
            yield f"{a} is not {b}"
            return
    yield f"{len(ours)} tensors, not {len(theirs)}"


class InteropCase(TestCase):
    def setUp(self):
        if readers.missing:
            self.skipTest(readers.missing)
        super().setUp()

    def agrees(self, path, differences, code=0):
        """inspect agrees on the file, or on every file below the folder."""
        status, artifacts = inspect(path)
        self.assertEqual(status, code, path)
        files = [path] if path.is_file() else sorted(path.glob("*.*"))
        n = 0
        for file in files:
            if file.suffix in (".safetensors", ".gguf"):
                self.assertEqual(list(differences(file, artifacts[file.name])), [], file)
                n += 1
        return n


class Safetensors(InteropCase):
    def save(self, name, tensors, metadata=None):
        """tensors: name -> (constructor's dtype, shape)."""
        path = self.tmp / name
        path.parent.mkdir(exist_ok=True)
        specs, kept = {}, []
        for tensor, (dtype, shape) in tensors.items():
            length = math.prod(shape) * ST_DTYPES[dtype] // 8
            kept.append(ctypes.create_string_buffer(max(length, 1)))
            specs[tensor] = safetensors.TensorSpec(
                dtype=dtype, shape=shape, data_ptr=ctypes.addressof(kept[-1]),
                data_len=length)
        safetensors.serialize_file(specs, path, metadata)
        return path

    def test_every_dtype_in_many_shapes(self):
        for dtype in ST_DTYPES:
            path = self.save(f"{dtype}.safetensors",
                             {f"t{i}": (dtype, s) for i, s in enumerate(ST_SHAPES)})
            self.agrees(path, safetensors_differences)

    def test_dtypes_together_with_scalars(self):
        tensors = {f"{dtype}.{i}": (dtype, shape) for dtype in ST_DTYPES
                   for i, shape in enumerate(ST_SHAPES)}
        tensors.update({f"{dtype}.scalar": (dtype, ()) for dtype in ST_DTYPES
                        if "x2" not in dtype})
        self.agrees(self.save("all.safetensors", tensors), safetensors_differences)

    def test_names_and_metadata(self):
        tensors = {name: ("float32", (2, i)) for i, name in enumerate(NAMES)}
        for i, metadata in enumerate((None, {}, {"format": "pt"}, METADATA)):
            path = self.save(f"{i}.safetensors", tensors, metadata)
            self.agrees(path, safetensors_differences)

    def test_no_tensors(self):
        self.agrees(self.save("none.safetensors", {}), safetensors_differences)
        self.agrees(self.save("meta.safetensors", {}, METADATA), safetensors_differences)

    def test_thousand_tensors(self):
        path = self.save("many.safetensors", {
            f"model.layers.{i}.weight": ("float16", (i % 7, i % 3)) for i in range(1000)})
        self.agrees(path, safetensors_differences)

    def test_sharded(self):
        weight_map = {}
        for i in range(1, 4):
            name = f"model-{i:05d}-of-00003.safetensors"
            tensors = {f"layers.{j}.w": ("bfloat16", (4, j)) for j in range(i, 30, 3)}
            self.save(f"repo/{name}", tensors, {"format": "pt"})
            weight_map.update(dict.fromkeys(tensors, name))
        self.write("repo/model.safetensors.index.json",
                   json.dumps({"metadata": {}, "weight_map": weight_map}))
        self.assertEqual(self.agrees(self.tmp / "repo", safetensors_differences), 3)


class Gguf(InteropCase):
    def save(self, name, add, alignment=None, **options):
        """add(writer) puts in keys and tensors."""
        path = self.tmp / name
        path.parent.mkdir(exist_ok=True)
        writer = gguf.GGUFWriter(path, "llama", **options)
        if alignment:
            writer.add_custom_alignment(alignment)
        add(writer)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path

    @staticmethod
    def add_blocks(writer, name, kind, *rows):
        size = gguf.GGML_QUANT_SIZES[kind][1]
        writer.add_tensor(name, numpy.zeros((*rows, 2 * size), numpy.uint8), raw_dtype=kind)

    def test_every_type(self):
        wrong = set()
        for kind in gguf.GGML_QUANT_SIZES:
            def add(writer, kind=kind):
                self.add_blocks(writer, "first", kind, 3)
                self.add_blocks(writer, "second", kind, 2, 5)
                self.add_blocks(writer, "third", kind)
            path = self.save(f"{kind.name}.gguf", add)
            status, artifacts = inspect(path)
            if status or list(gguf_differences(path, artifacts[path.name])):
                wrong.add(kind.name)
        self.assertEqual(wrong, set(BLOCK_DIFFERS))
        self.assertGreater(len(gguf.GGML_QUANT_SIZES), 30)

    def test_shapes_and_names(self):
        def add(writer):
            for i, shape in enumerate([(1,), (5,), (2, 3), (4, 3, 2), (2, 3, 4, 5), (1, 1, 1, 9)]):
                writer.add_tensor(f"blk.{i}.weight", readers.zeros(*shape))
            for name in ("\u540d\u524d", "a b", "\U0001f917", "x" * 63):
                writer.add_tensor(name, readers.zeros(2, 2))
        for alignment in (None, 8, 64, 4096):
            self.agrees(self.save("shapes.gguf", add, alignment), gguf_differences)

    def test_nothing_in_it(self):
        def add(writer):
            writer.add_tensor("empty", readers.zeros(0, 4))
            writer.add_tensor("behind", readers.zeros(3))
        self.agrees(self.save("zero.gguf", add), gguf_differences)
        self.agrees(self.save("none.gguf", lambda writer: None), gguf_differences)

    def test_big_endian(self):
        def add(writer):
            self.add_values(writer)
            writer.add_tensor("w", readers.zeros(3, 4))
        path = self.save("big.gguf", add, endianess=gguf.GGUFEndian.BIG)
        self.agrees(path, gguf_differences)

    @staticmethod
    def add_values(writer):
        kinds = gguf.GGUFValueType
        integers = {"UINT8": 255, "INT8": -128, "UINT16": 65535, "INT16": -32768,
                    "UINT32": 2 ** 32 - 1, "INT32": -2 ** 31, "UINT64": 2 ** 64 - 1,
                    "INT64": -2 ** 63}
        for name, value in integers.items():
            kind = kinds[name]
            writer.add_key_value(f"x.{name.lower()}", value, kind)
            for n in (1, 8, 9, 5000):
                values = [value if i % 2 else 0 for i in range(n)]
                writer.add_key_value(f"a{n}.{name.lower()}", values, kinds.ARRAY, kind)
        for name in ("FLOAT32", "FLOAT64"):
            for i, value in enumerate((0.0, -1.5, 1e-5, 3.4e38, 1 / 3)):
                writer.add_key_value(f"x.{i}.{name.lower()}", value, kinds[name])
            writer.add_key_value(f"a.{name.lower()}", [0.1, -2.0, 1e30], kinds.ARRAY, kinds[name])
        writer.add_bool("x.true", True)
        writer.add_bool("x.false", False)
        writer.add_key_value("a.bool", [True, False, True], kinds.ARRAY, kinds.BOOL)
        writer.add_string("x.text", METADATA["author"])
        writer.add_string("x.lines", METADATA["lines"])
        writer.add_string("x.long", "z" * 70000)
        writer.add_array("a.text", ["first", "\u00e9", "", "\U0001f600"])
        writer.add_array("tokenizer.ggml.tokens", [f"tok{i}" for i in range(2000)])
        writer.add_array("tokenizer.ggml.scores", [-float(i) for i in range(2000)])
        writer.add_array("tokenizer.ggml.token_type", [1] * 2000)

    def test_values(self):
        self.agrees(self.save("values.gguf", self.add_values), gguf_differences)

    def test_thousand_tensors(self):
        def add(writer):
            for i in range(1000):
                writer.add_tensor(f"blk.{i}.w", readers.zeros(1 + i % 5, 1 + i % 3))
        self.agrees(self.save("many.gguf", add), gguf_differences)

    def test_split(self):
        def add(writer):
            writer.add_string("general.name", "split")
            for i in range(10):
                writer.add_tensor(f"blk.{i}.w", readers.zeros(4, 8))
        self.save("split/tiny.gguf", add, split_max_tensors=4)
        self.assertEqual(self.agrees(self.tmp / "split", gguf_differences), 3)


NPY_TYPES = ["?", "i1", "u1", "<i2", ">i2", "<u4", "<f2", "<f4", ">f4", "<f8", "<c8", "<c16",
             "S3", "<U5", "V4", "<M8[ns]", "<m8[s]", [("a", "<f4"), ("b", "<i8", (2, 3))],
             [("a", [("x", "<u2"), ("y", "S2")]), ("b", "?")]]
NPY_SHAPES = [(), (0,), (1,), (3,), (2, 3), (2, 0, 5), (4, 1, 2, 3), (1,) * 32]


class Npy(InteropCase):
    """numpy.save's arrays, alone and in archives, against what NumPy reads back."""

    def expected(self, path, start=0):
        """One tensor as NumPy's own reader of headers has it."""
        with open(path, "rb") as file:
            file.seek(start)
            version = numpy.lib.format.read_magic(file)
            read = (numpy.lib.format.read_array_header_1_0 if version == (1, 0)
                    else numpy.lib.format.read_array_header_2_0)
            shape, _, dtype = read(file)
            descr = numpy.lib.format.dtype_to_descr(dtype)
            return (str(descr), tuple(shape), file.tell(), math.prod(shape) * dtype.itemsize)

    def check(self, name, array):
        path = self.tmp / f"{name}.npy"
        numpy.save(path, array)
        status, artifacts = inspect(path)
        self.assertEqual(status, 0, name)
        self.assertEqual(tensors_of(artifacts[path.name]), [(name, *self.expected(path))])

    def test_every_type_in_many_shapes(self):
        for i, dtype in enumerate(NPY_TYPES):
            for j, shape in enumerate(NPY_SHAPES):
                self.check(f"t{i}.{j}", numpy.zeros(shape, dtype))

    def test_orders(self):
        self.check("fortran", numpy.asfortranarray(numpy.arange(12.0).reshape(3, 4)))
        self.check("strided", numpy.arange(24).reshape(4, 6)[::2, 1::2])

    def test_archive(self):
        path = self.tmp / "model.npz"
        arrays = {f"layer.{i}.w": numpy.full((i, 2), i, "<f4") for i in range(1, 9)}
        numpy.savez(path, **arrays)
        status, artifacts = inspect(path)
        self.assertEqual(status, 0)
        data = path.read_bytes()
        found = tensors_of(artifacts[path.name])
        self.assertEqual(sorted(arrays), [t[0] for t in found])
        for name, dtype, shape, offset, length in found:
            self.assertEqual(data[offset:offset + length], arrays[name].tobytes(), name)
            self.assertEqual((dtype, shape), ("<f4", arrays[name].shape))

    def test_objects(self):
        path = self.tmp / "objects.npy"
        numpy.save(path, numpy.array([1, "a", None], dtype=object), allow_pickle=True)
        status, artifacts = inspect(path)
        self.assertEqual(status, 0)
        self.assertEqual(tensors_of(artifacts[path.name]), [])


def torch_vectors():
    """The script that writes vectors of PyTorch's old stream."""
    path = harness.VECTORS / "torch_legacy" / "generate.py"
    spec = importlib.util.spec_from_file_location("torch_vectors", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Torch(InteropCase):
    """Both formats of PyTorch, written here: what is listed is where it is said to be."""

    def model(self, write):
        """Names, and a pickle of tensors of so many elements each."""
        names = {f"model.layers.{i}.weight": i % 7 + 1 for i in range(500)}
        return names, b"}" + write.pairs({
            name: write.tensor(str(i), n, size=(n,)) for i, (name, n) in enumerate(names.items())})

    def compare(self, path, names):
        status, artifacts = inspect(path)
        self.assertEqual(status, 0)
        self.assertEqual(artifacts[path.name]["n_tensors"], len(names))
        data, order = path.read_bytes(), list(names)
        found = tensors_of(artifacts[path.name])
        self.assertEqual([t[0] for t in found], sorted(names))
        for name, dtype, shape, offset, length in found:
            self.assertEqual((dtype, shape, length), ("float32", (names[name],), 4 * names[name]))
            self.assertEqual(data[offset:offset + length],
                             bytes([order.index(name) % 251]) * length, name)

    def test_old_stream(self):
        write = torch_vectors()
        names, pickled = self.model(write)
        datas = [write.data(n, fill=i % 251) for i, n in enumerate(names.values())]
        path = self.tmp / "old.pt"
        path.write_bytes(write.stream(pickled, [str(i) for i in range(len(names))], datas))
        self.compare(path, names)

    def test_archive(self):
        write = torch_vectors()
        names, pickled = self.model(write)
        path = self.tmp / "new.pt"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("new/data.pkl", write.PROTO + pickled + write.STOP)
            archive.writestr("new/byteorder", "little")
            for i, n in enumerate(names.values()):
                archive.writestr(f"new/data/{i}", bytes([i % 251]) * 4 * n)
            archive.writestr("new/version", "3\n")
        self.compare(path, names)


class Corpus(InteropCase):
    """Files that the recorded readers accept, and we do not reject."""

    def accepted(self, table):
        base = harness.corpus("formats") / "rules"
        with open(base / table, newline="") as lines:
            rows = csv.reader(lines, delimiter="\t")
            next(rows)
            return [base / row[0] for row in rows if row[1] == "ACCEPT"]

    def compare(self, table, differences):
        wrong, refused, n = [], [], 0
        for path in self.accepted(table):
            status, artifacts = inspect(path)
            if status:
                continue
            try:
                found = list(differences(path, artifacts[path.name]))
            except (ValueError, KeyError, safetensors.SafetensorError) as error:
                refused.append((path.name, str(error)))
                continue
            n += 1
            wrong += [f"{path.name}: {says}" for says in found]
        harness.count_corpus("formats", n)
        self.assertEqual(wrong, [], f"{len(wrong)} differences in {n} files")
        return n, refused

    def test_safetensors(self):
        n, refused = self.compare("OBSERVED_ST.tsv", safetensors_differences)
        self.assertEqual(refused, [])
        self.assertGreater(n, 30)

    def test_gguf(self):
        n, refused = self.compare("OBSERVED_GGUF.tsv", gguf_differences)
        self.assertEqual([r for r in refused if UNKNOWN_TO_PACKAGE not in r[1]], [])
        self.assertGreater(n, 80)


if __name__ == "__main__":
    unittest.main()

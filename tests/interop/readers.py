# SPDX-License-Identifier: Apache-2.0
"""What the Python packages `safetensors` and `gguf` read from a file, in our words.

Each reader returns (tensors, metadata): tensors as sorted tuples (name, dtype, shape,
offset, length) with the shape slowest dimension first and offsets from the start of
the file.  The packages come from tests/requirements.txt; without them `missing` says
why the tests that compare with them are skipped.
"""

try:
    import gguf
    import numpy
    import safetensors
    missing = ""
except ImportError as error:
    missing = f"{error.name} is not installed (tests/run.sh installs it)"

GGUF_TYPES = {"UINT8": "u8", "INT8": "i8", "UINT16": "u16", "INT16": "i16",
              "UINT32": "u32", "INT32": "i32", "UINT64": "u64", "INT64": "i64",
              "FLOAT32": "f32", "FLOAT64": "f64", "BOOL": "bool", "STRING": "string",
              "ARRAY": "array"}


def read_safetensors(path):
    """The package proves that the tensors tile the data, but keeps the places for
    itself: they are the sum of what lies before, in its own order of places."""
    data = path.read_bytes()
    lengths = {name: len(part["data"]) for name, part in safetensors.deserialize(data)}
    tensors, offset = [], 8 + int.from_bytes(data[:8], "little")
    with safetensors.safe_open(path, framework="np") as file:
        for name in file.offset_keys():
            view = file.get_slice(name)
            tensors.append((name, view.get_dtype(), tuple(view.get_shape()), offset,
                            lengths[name]))
            offset += lengths[name]
        return sorted(tensors), file.metadata() or {}


def _value(field):
    """(type, text or number or list) of one field; texts and elements as bytes."""
    kind = GGUF_TYPES[gguf.GGUFValueType(int(field.parts[2][0])).name]
    if kind == "string":
        return kind, bytes(field.parts[4])
    if kind != "array":
        return kind, field.parts[3].tolist()[0]
    element = GGUF_TYPES[gguf.GGUFValueType(int(field.parts[3][0])).name]
    if element in ("string", "array"):
        return f"array of {element}", [bytes(field.parts[i]) for i in field.data]
    return f"array of {element}", [field.parts[i].tolist()[0] for i in field.data]


def read_gguf(path):
    """metadata: key -> (type, value, offset of the value, its length, elements)."""
    reader = gguf.GGUFReader(path)
    tensors = sorted(
        (t.name, t.tensor_type.name, tuple(reversed(t.shape.tolist())), t.data_offset,
         t.n_bytes) for t in reader.tensors)
    metadata = {}
    for key, field in reader.fields.items():
        if key.startswith("GGUF."):
            continue
        kind, value = _value(field)
        n = int(field.parts[4][0]) if kind.startswith("array") else 1
        head = sum(part.nbytes for part in field.parts[:3])
        length = sum(part.nbytes for part in field.parts[3:])
        metadata[key] = (kind, value, field.offset + head, length, n)
    return tensors, metadata


def zeros(*shape):
    return numpy.zeros(shape, numpy.float32)

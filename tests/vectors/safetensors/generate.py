#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the safetensors vectors beside this script.

A vector is named VERDICT-REASON.safetensors.  Where REASON is a rule id,
optionally followed by "--" and a variant, the tests ask for that very rule.
Vectors are inert: what looks like code in them is a few harmless bytes.
"""
import base64
import io
import json
import pathlib
import struct
import zipfile

HERE = pathlib.Path(__file__).parent
F32 = struct.pack("<2f", 1.0, -2.0)
ONE = {"t": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}


def raw(header, data=b"", n=None):
    """N, header bytes and data as they are."""
    return struct.pack("<Q", len(header) if n is None else n) + header + data


def pad(header, to=8, fill=b" "):
    return header + fill * (-len(header) % to)


def dump(tensors, metadata=None):
    whole = dict(tensors)
    if metadata is not None:
        whole = {"__metadata__": metadata, **tensors}
    return json.dumps(whole, separators=(",", ":")).encode()


def st(tensors, data=b"", metadata=None):
    return raw(pad(dump(tensors, metadata)), data)


def text(header, data=F32):
    return raw(pad(header.encode()), data)


def info(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def named(name):
    return st({name: info()}, F32)


def meta(metadata):
    return st(ONE, F32, metadata)


def payload(data, dtype="U8"):
    return st({"t": info(dtype, [len(data)], [0, len(data)])}, data)


def one(field, value):
    """A tensor whose `field` is the JSON text `value`."""
    fields = {"dtype": '"F32"', "shape": "[2]", "data_offsets": "[0,8]"}
    fields[field] = value
    return text('{"t":{%s}}' % ",".join('"%s":%s' % kv for kv in fields.items()))


def sized(n, data=b"", tensors=None):
    """A header of exactly n bytes, padded behind."""
    return raw(dump(tensors or {}).ljust(n), data)


def payload_numbers(parts):
    """One I64 tensor for each part, padded with zeros."""
    tensors, data = {}, b""
    for i, part in enumerate(parts):
        part += bytes(-len(part) % 8)
        tensors["t%d" % i] = info("I64", [len(part) // 8], [len(data), len(data) + len(part)])
        data += part
    return st(tensors, data)


def archive():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr(zipfile.ZipInfo("data.pkl", (1980, 1, 1, 0, 0, 0)), b"N.")
    return out.getvalue()


def tar_head():
    """A header that is a tar header as well: the checksum stands in a name."""
    def build(total):
        name = ("%06o" % total).encode() + b"  "
        head = b'{"' + b"a" * (148 - 8 - 2) + name + b"a" * 101 + b"ustar" + b"a" * 200
        return raw(pad(head + b'":' + json.dumps(info()).encode() + b"}"), F32)
    draft = build(0)[:512]
    return build(sum(draft[:148]) + 8 * 32 + sum(draft[156:]))


def all_dtypes():
    names = ("U64 I64 F64 C64 F32 U32 I32 BF16 F16 U16 I16 F8_E5M2FNUZ F8_E4M3FNUZ "
             "F8_E8M0 F8_E4M3 F8_E5M2 I8 U8 F6_E3M2 F6_E2M3 F4 BOOL").split()
    bits = {"BOOL": 8, "F4": 4, "C64": 64}
    tensors, end = {}, 0
    for name in names:
        width = bits.get(name) or int("".join(c for c in name.split("_")[0]
                                              if c.isdigit()))
        size = 4 * width // 8
        tensors["t." + name] = info(name, [2, 2], [end, end + size])
        end += size
    return st(tensors, bytes(end))


PICKLE2 = b"\x80\x02cbuiltins\nlen\nq\x00)Rq\x01."
PICKLE4 = b"\x80\x04\x8c\x08builtins\x8c\x03len\x93)R."
ELF = b"\x7fELF\x02\x01\x01" + bytes(57)
MIXED = {"a": info("U8", [1], [0, 1]), "b": info("F32", [1], [1, 5])}
HUGE = 2**63
NESTED = "[" * 126 + "]" * 126

VECTORS = {
    "accept-one-tensor": st(ONE, F32),
    "accept-no-tensors": raw(pad(b"{}", 8)),
    "accept-metadata": meta({"format": "pt", "total_size": "8", "note": "a\nb\tc"}),
    "accept-metadata-words": meta({"note": "model.eval() then retrieval(x); a/bin/shop"}),
    "accept-scalar": st({"s": info("F64", [], [0, 8])}, F32),
    "accept-empty-tensors": st({"a": info("F32", [0], [0, 0]), "b": info(),
                                "c": info("F16", [3, 0], [8, 8])}, F32),
    "accept-any-order": st({"b": info("F32", [1], [4, 8]),
                            "a": info("F32", [1], [0, 4])}, F32),
    "accept-all-dtypes": all_dtypes(),
    "accept-pretty": text(json.dumps(ONE, indent=1).replace("\n", "\r\n")),
    "accept-padding-4096": sized(4096 + len(dump(ONE)) + (-len(dump(ONE)) % 8) - 8,
                                 F32, ONE),
    "accept-names": st({n: info("F32", [1], [4 * i, 4 * i + 4]) for i, n in enumerate(
        ["model.layers.0.self_attn.q_proj.weight", "transformer/h/0", "a|b:0",
         "\u6a21\u578b.\u6743\u91cd", "w\u00e9ight\U0001f600", "a..b", "x y", "(k)[0]"])},
        bytes(32)),
    "accept-rank-8": st({"t": info("U8", [1] * 8, [0, 1])}, b"\x01"),
    "accept-head-like-pickle": raw(dump({"t" * (641 - len(dump(ONE))): info()}), F32),
    "accept-numbers-by-chance": payload_numbers(
        [struct.pack("<q", 23117) + bytes(64), struct.pack("<q", 8483) + bytes(8),
         struct.pack("<q", 640) + bytes(8), b"\x1f\x8b\x08\x00" + b"\x99" * 12]),
    "accept-bytes-by-chance": payload(b"\x80\x04\x00\xff" + bytes(range(60))),

    "reject-safetensors-data-trailing": st(ONE, F32 + b"\0"),
    "reject-safetensors-data-trailing--no-tensors": raw(pad(b"{}"), F32),
    "reject-content-polyglot-found--zip": st(ONE, F32 + archive()),
    "reject-content-polyglot-found--tar": tar_head(),
    "reject-safetensors-data-truncated": st(ONE, F32[:7]),
    "reject-safetensors-data-truncated--huge": one("data_offsets", "[0,%d]" % (2**64 - 1)),
    "reject-safetensors-dtype-unknown": one("dtype", '"F128"'),
    "reject-safetensors-dtype-unknown--lower": one("dtype", '"f32"'),
    "reject-safetensors-dtype-unknown--empty": one("dtype", '""'),
    "reject-safetensors-field-missing--dtype": text(
        '{"t":{"shape":[2],"data_offsets":[0,8]}}'),
    "reject-safetensors-field-missing--shape": text(
        '{"t":{"dtype":"F32","data_offsets":[0,8]}}'),
    "reject-safetensors-field-missing--offsets": text('{"t":{"dtype":"F32","shape":[2]}}'),
    "reject-safetensors-field-missing--all": text('{"t":{}}'),
    "reject-safetensors-field-type--dtype-object": one("dtype", '{"F32":null}'),
    "reject-safetensors-field-type--shape-null": one("shape", "null"),
    "reject-safetensors-field-type--shape-float": one("shape", "[2.0]"),
    "reject-safetensors-field-type--shape-exponent": one("shape", "[2e0]"),
    "reject-safetensors-field-type--shape-minus-zero": one("shape", "[2,-0]"),
    "reject-safetensors-field-type--shape-nested": one("shape", "[[2]]"),
    "reject-safetensors-field-type--shape-beyond-64-bit": one("shape", "[%d]" % 2**64),
    "reject-safetensors-field-type--offsets-three": one("data_offsets", "[0,8,8]"),
    "reject-safetensors-field-type--offsets-empty": one("data_offsets", "[]"),
    "reject-safetensors-field-type--offsets-negative": one("data_offsets", "[-8,0]"),
    "reject-safetensors-field-type--offsets-object": one("data_offsets", '{"0":8}'),
    "reject-safetensors-header-json--comma": text('{"t":{},}'),
    "reject-safetensors-header-json--nul-padding": raw(pad(dump(ONE) + b"\0", 8, b"\0"),
                                                       F32),
    "reject-safetensors-header-json--utf8": text('{"t?":{}}').replace(b"?", b"\xff"),
    "reject-safetensors-header-json--empty": raw(b""),
    "reject-safetensors-header-json--two": text('{}{}', b""),
    "reject-safetensors-header-json--nan": one("shape", "[NaN]"),
    "reject-safetensors-header-json--surrogate": text('{"\\ud800":1}', b""),
    "reject-safetensors-header-json--short-n": raw(dump(ONE), F32, len(dump(ONE)) - 1),
    "reject-safetensors-header-length": raw(b"{}", b"", 3),
    "reject-safetensors-header-limit": raw(pad(b"{}"), b"", 100_000_001),
    "reject-safetensors-header-limit--big-endian": raw(pad(dump(ONE)), F32,
                                                       len(pad(dump(ONE))) << 56),
    "reject-safetensors-header-limit--wraps": raw(pad(b"{}"), b"", 2**64 - 8),
    "reject-safetensors-header-limit--html": b"<!DOCTYPE html><html></html>",
    "reject-safetensors-header-nesting": text('{"t":{"x":%s}}' % NESTED, b""),
    "reject-safetensors-header-object--array": text("[]", b""),
    "reject-safetensors-header-object--null": text("null", b""),
    "reject-safetensors-header-short--empty": b"",
    "reject-safetensors-header-short--seven": bytes(7),
    "reject-safetensors-key-duplicate--tensor": text('{"a":%s,"\\u0061":%s}' % (
        json.dumps(info("F32", [1], [0, 4])), json.dumps(info("F32", [1], [4, 8])))),
    "reject-safetensors-key-duplicate--field": text(
        '{"t":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
    "reject-safetensors-key-duplicate--metadata": text(
        '{"__metadata__":{},"__metadata__":{},"t":%s}' % json.dumps(info())),
    "reject-safetensors-key-duplicate--metadata-key": text(
        '{"__metadata__":{"a":"1","a":"2"},"t":%s}' % json.dumps(info())),
    "reject-safetensors-key-duplicate--in-unknown": text(
        '{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":[{"a":1,"a":2}]}}'),
    "reject-safetensors-metadata-key-bidi": meta({"a\u202eb": "1"}),
    "reject-safetensors-metadata-key-control": meta({"a\0b": "1"}),
    "reject-safetensors-metadata-key-control--line": meta({"a\nb": "1"}),
    "reject-safetensors-metadata-type--null": text(
        '{"__metadata__":null,"t":%s}' % json.dumps(info())),
    "reject-safetensors-metadata-type--array": text(
        '{"__metadata__":[],"t":%s}' % json.dumps(info())),
    "reject-safetensors-metadata-type--number": meta({"a": 1}),
    "reject-safetensors-metadata-type--nested": meta({"a": {"b": "c"}}),
    "reject-safetensors-offset-hole": st({"a": info("U8", [1], [0, 1]),
                                          "b": info("U8", [1], [2, 3])}, b"abc"),
    "reject-safetensors-offset-hole--front": st({"a": info("U8", [1], [1, 2])}, b"ab"),
    "reject-safetensors-offset-hole--empty-tensor": st(
        {"a": info("U8", [1], [0, 1]), "z": info("U8", [0], [9, 9])}, b"a"),
    "reject-safetensors-offset-overlap": st({"a": info("U8", [2], [0, 2]),
                                             "b": info("U8", [2], [1, 3])}, b"abc"),
    "reject-safetensors-offset-overlap--same": st({"a": info("U8", [2], [0, 2]),
                                                   "b": info("U8", [2], [0, 2])}, b"ab"),
    "reject-safetensors-offset-overlap--empty-tensor": st(
        {"a": info("U8", [2], [0, 2]), "z": info("U8", [0], [1, 1])}, b"ab"),
    "reject-safetensors-offset-reversed": st({"t": info("F32", [2], [8, 0])}, F32),
    "reject-safetensors-size-mismatch": st({"t": info("F32", [3], [0, 8])}, F32),
    "reject-safetensors-size-mismatch--scalar": st({"t": info("F32", [], [0, 0])}),
    "reject-safetensors-size-overflow": st({"t": info("F32", [2**32, 2**32], [0, 8])}, F32),
    "reject-safetensors-size-overflow--bits": st({"t": info("F32", [2**60], [0, 8])}, F32),
    "reject-safetensors-size-overflow--then-zero": st(
        {"t": info("F32", [2**33, 2**33, 0], [0, 0])}),
    "reject-safetensors-size-subbyte": st({"t": info("F4", [3], [0, 2])}, b"ab"),
    "reject-safetensors-tensor-type--array": text('{"t":["F32",[2],[0,8]]}'),
    "reject-safetensors-tensor-type--null": text('{"t":null}', b""),
    "reject-tensor-name-bidi": named("a\u202eb"),
    "reject-tensor-name-control": named("a\nb"),
    "reject-tensor-name-control--nul": named("a\0b"),
    "reject-tensor-name-control--c1": named("a\u009bb"),
    "reject-tensor-name-control--del": named("a\u007fb"),

    "warn-content-polyglot-possible--zip": payload(b"weights " + archive()),
    "warn-safetensors-field-unknown": text(
        '{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":[{"y":null}]}}'),
    "warn-safetensors-header-padding--tab": raw(pad(dump(ONE), 8, b"\t"), F32),
    "warn-safetensors-header-padding--newline": raw(pad(dump(ONE) + b"\n"), F32),
    "warn-safetensors-header-padding--long": sized(4096 + 72, F32, ONE),
    "warn-safetensors-header-start": raw(pad(b" " + dump(ONE)), F32),
    "warn-safetensors-header-unaligned": raw(b"{}"),
    "warn-safetensors-head-polyglot--shebang": sized(0x2123, F32, ONE),
    "warn-safetensors-head-polyglot--mz": sized(0x5a4d, F32, ONE),
    "warn-safetensors-head-polyglot--bitmap": sized(0x4d42, F32, ONE),
    "warn-safetensors-head-polyglot--gzip": sized(0x8b1f, F32, ONE),
    "warn-safetensors-head-polyglot--pickle": sized(0x0480, F32, ONE),
    "warn-safetensors-metadata-bidi": meta({"a": "x\u2066y"}),
    "warn-safetensors-metadata-control": meta({"a": "\x1b]0;x\x07"}),
    "warn-safetensors-metadata-key-escaped": text(
        '{"\\u005f_metadata__":{"a":"b"},"t":%s}' % json.dumps(info())),
    "warn-safetensors-metadata-size--keys": meta({str(i): "" for i in range(1001)}),
    "warn-safetensors-metadata-size--value": meta({"a": "x" * 65537}),
    "warn-safetensors-metadata-suspicious--key": meta({"__proto__": "1"}),
    "warn-safetensors-metadata-suspicious--import": meta({"a": "__import__('os')"}),
    "warn-safetensors-metadata-suspicious--eval": meta({"a": "x; eval(y)"}),
    "warn-safetensors-metadata-suspicious--script": meta({"a": "<SCRIPT>x</script>"}),
    "warn-safetensors-metadata-suspicious--pipe": meta({"a": "curl x.invalid |sh"}),
    "warn-safetensors-metadata-suspicious--shebang": meta({"a": "#!/bin/true -x"}),
    "warn-safetensors-metadata-suspicious--substitution": meta({"a": "a$(id)"}),
    "warn-safetensors-metadata-suspicious--svg": meta({"a": "<svg/onload=x()>"}),
    "warn-safetensors-metadata-suspicious--url": meta({"a": "JavaScript:x()"}),
    "warn-safetensors-metadata-suspicious--pickle": meta(
        {"a": "data: " + base64.b64encode(PICKLE4).decode()}),
    "warn-safetensors-metadata-suspicious--zip": meta(
        {"a": base64.b64encode(archive()).decode()}),
    "warn-safetensors-metadata-suspicious--elf": meta(
        {"a": base64.b64encode(ELF).decode()}),
    "warn-safetensors-tensor-misaligned": st(MIXED, b"abcde"),
    "warn-safetensors-total-size": meta({"total_size": "9"}),
    "warn-safetensors-total-size--text": meta({"total_size": "8.0"}),
    "warn-tensor-dim-excess": st({"t": info("F32", [2**48 + 1, 0], [0, 0])}),
    "warn-tensor-dim-excess--product": st({"t": info("F32", [0, 2**40, 2**40], [0, 0])}),
    "warn-tensor-name-charset": named("<b>"),
    "warn-tensor-name-confusable": named("w\u0435ight"),
    "warn-tensor-name-empty": named(""),
    "warn-tensor-name-invisible": named("a\u200bb"),
    "warn-tensor-name-length": named("n" * 1025),
    "warn-tensor-name-noncharacter": named("a\uffff"),
    "warn-tensor-name-path": named("../a"),
    "warn-tensor-name-path--absolute": named("/a"),
    "warn-tensor-name-path--drive": named("C:/a"),
    "warn-tensor-name-path--backslash": named("a\\b"),
    "warn-tensor-name-twin": st({"\u00e9": info("F32", [1], [0, 4]),
                                 "e\u0301": info("F32", [1], [4, 8])}, F32),
    "warn-tensor-name-twin--ascii": named("\u212a"),
    "warn-tensor-payload-archive--numbers": payload_numbers([archive()]),
    "warn-tensor-payload-executable--numbers": payload_numbers([bytes(8), ELF]),
    "warn-tensor-payload-pickle--numbers": payload_numbers([PICKLE4]),
    "warn-tensor-payload-pickle--padded": payload(b"cbuiltins\nlen\n(tR." + bytes(7)),
    "warn-tensor-payload-pickle--torch": payload(
        b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03."),
    "warn-tensor-payload-archive--zip": payload(archive()[:40] + bytes(24)),
    "warn-tensor-payload-archive--gzip": payload(b"\x1f\x8b\x08\0" + bytes(28)),
    "warn-tensor-payload-archive--zstd": payload(b"\x28\xb5\x2f\xfd" + bytes(28), "I8"),
    "warn-tensor-payload-executable--elf": payload(ELF),
    "warn-tensor-payload-executable--pe": payload(
        b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + bytes(60)),
    "warn-tensor-payload-executable--macho": payload(b"\xcf\xfa\xed\xfe" + bytes(28)),
    "warn-tensor-payload-pickle--2": payload(PICKLE2),
    "warn-tensor-payload-pickle--4": payload(PICKLE4, "I8"),
    "warn-tensor-payload-pickle--0": payload(b"cbuiltins\nlen\n(tR."),
    "warn-tensor-payload-script": payload(b"#!/bin/true\n"),
    "warn-tensor-rank-excess": st({"t": info("U8", [1] * 9, [0, 1])}, b"\x01"),
    "warn-tensor-rank-excess--65": st({"t": info("U8", [1] * 65, [0, 1])}, b"\x01"),
}

if __name__ == "__main__":
    for name, content in VECTORS.items():
        (HERE / (name + ".safetensors")).write_bytes(content)

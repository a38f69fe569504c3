#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_json, fuzz_utf8 and fuzz_record.

Seeds are small and each brings in something of its own; what they mean is
checked by the fuzz targets, not by their names.  Standard library only.
"""
import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent

JSON = {
    "containers": b'{"a":[1,[],{},[[{"b":null}]]],"c":{"d":true,"e":false}}',
    "numbers": b"[0,-0,1,-1,18446744073709551615,18446744073709551616,"
               b"-9223372036854775808,1.5,-2e+10,3E-7,0.0]",
    "escapes": b'["\\"\\\\\\/\\b\\f\\n\\r\\t","\\u0000\\u00e9\\ud83d\\ude00"]',
    "utf8": '["é€😀",{"ключ":"値"}]'.encode(),
    "space": b' \t\r\n[ 1 ,\n 2 ] \n',
    "scalar": b'"alone"',
    "duplicate": b'{"a":1,"b":2,"\\u0061":3}',
    "many-keys": b"{" + b",".join(b'"k%d":%d' % (i, i) for i in range(40)) + b"}",
    "many-keys-duplicate": b"{" + b",".join(
        b'"k%d":{"x":%d}' % (i % 39, i) for i in range(40)) + b"}",
    "nested-large": b'{"z":{' + b",".join(
        b'"k%d":0' % i for i in range(20)) + b'},' + b",".join(
        b'"k%d":[]' % i for i in range(20)) + b"}",
    "key-with-zero": b'{"a\\u0000b":1}',
    "deep": b"[" * 65 + b"]" * 65,
    "safetensors": b'{"__metadata__":{"format":"pt"},"w":{"dtype":"F32",'
                   b'"shape":[2,2],"data_offsets":[0,16]}}   ',
    "bad-surrogate": b'["\\ud800"]',
    "bad-utf8": b'["\xff"]',
    "bad-tail": b"{} x",
    "bad-comma": b"[1,]",
    "bad-zero": b"[01]",
    "bom": b"\xef\xbb\xbf{}",
    "python": b"[NaN,Infinity,-Infinity]",
    "empty": b"",
    "cut-object": b"{",
    "cut-key": b'{"a',
    "cut-behind-key": b'{"a"',
    "cut-behind-colon": b'{"a":',
    "cut-behind-value": b'{"a":1',
    "cut-array": b"[1",
    "cut-array-new": b"[",
    "cut-word": b"[tru",
    "cut-escape": b'"\\',
    "cut-unicode": b'"\\u12',
    "bad-word": b"[trux]",
    "bad-colon": b'{"a" 1}',
    "bad-key": b"{1}",
    "bad-value": b"[x]",
    "bad-comma-object": b'{"a":1 x',
    "bad-comma-array": b"[1 x",
    "bad-minus": b"[-x]",
    "bad-fraction": b"[1.x]",
    "bad-exponent": b"[1e+]",
    "bad-escape": b'"\\q"',
    "bad-escape-nul": b'"\\\0"',
    "bad-unicode": b'"\\u12g4"',
    "bad-surrogate-low": b'"\\ud800\\u0041"',
    "bad-surrogate-high": b'"\\udc00\\u0041"',
    "bad-surrogate-other": b'"\\ud800\\n 0041"',
    "bad-control": b'"\x01"',
    "infinity": b"[Infinity,1]",
    "minus-infinity": b"[-Infinity,-1]",
    "minus-cut": b"-",
    "beyond-64-bits": b"[18446744073709551616000,99999999999999999999]",
    "many-keys-falling": b"{" + b",".join(b'"k%d":%d' % (70 - i, i) for i in range(70)) + b"}",
    "many-keys-by-length": b"{" + b",".join(b'"%d":0' % i for i in range(3, 30)) + b"}",
    # The inner object's keys leave the table that the outer one's stay in.
    "nested-falling": b"{" + b",".join(b'"k%d":0' % (40 - i) for i in range(40)) + b',"z":{' +
                      b",".join(b'"k%d":0' % (20 - i) for i in range(20)) + b"}}",
    "many-keys-escaped": b"{" + b",".join(
        b'"%s%d":0' % (b"\\u006b" if i % 2 else b"k", 30 - i) for i in range(30)) + b"}",
    "duplicate-escaped": b'{"\\u0061b":1,"b":2,"ab":3}',
    "duplicate-not": b'{"\\u0061aaab":1,"aaaab":3,"a\\n":1}',
    "large-in-list": b"[" + b",".join(b'{"%d":[%d]}' % (i, i) for i in range(9)) + b"]",
}

UTF8 = {
    "ascii": b"model.layers.0.self_attn.q_proj.weight",
    "lengths": "aé€😀z".encode(),
    "bidi": "a\u202eb\u2066c\u200ed".encode(),
    "invisible": "a\u200bb\u00ad\ufeff\U000e0041".encode(),
    "controls": bytes(range(32)) + b"\x7f\xc2\x85",
    "noncharacters": "\ufdd0\uffff\U0010ffff".encode(),
    "separators": "\u2028\u2029".encode(),
    "overlong": b"\xc0\x80\xe0\x80\x80\xf0\x80\x80\x80",
    "surrogates": b"\xed\xa0\x80\xed\xbf\xbf",
    "above": b"\xf4\x90\x80\x80\xf5\x80\x80\x80\xff",
    "cut": b"abcdefgh\xe2\x82",
    "markup": b"<a b='c'>&\"%:,\\</a>\r\n",
    "long-name": "ä".encode() * 100,
}


def u8(v):
    return struct.pack("<B", v)


def u32(v):
    return struct.pack("<I", v)


def u64(*values):
    return struct.pack("<%dQ" % len(values), *values)


def span(data):
    return u32(len(data)) + data


NOWHERE = 2**64 - 1


def members(*names):
    return u8(len(names)) + b"".join(span(name) for name in names)


def tensor(*shape, strides=(), flags=0, digest=b""):
    return (u8(2) + span(b"w") + span(b"F32") + u8(len(shape)) + u64(*shape) + u64(64, 24) +
            u8(flags) + u64(*strides) + span(digest))


def member(*names, at=(10, 20, 30), file_off=0):
    return (u8(3) + span(b"data.pkl") + span(b"deflate") + span(b"pickle") + u64(*at) +
            members(*names) + u64(file_off))


def fact(*names, at=(71, 2), file_off=0):
    return (u8(7) + u32(5) + u64(*at) + span(b"sym") + span(b"a sentence") + members(*names) +
            u64(file_off))


def step(*names, kind=2, severity=4, at=(71, 1), file_off=NOWHERE):
    return (u8(11) + u8(kind) + u8(severity) + u8(0) + u64(*at, NOWHERE, NOWHERE) +
            span(b"REDUCE") + span(b"os.system") + span(b"calls it") + members(*names) +
            u64(file_off))


RECORD = {
    "artifact": u8(1) + span(b"gguf") + span(b"one line") + u64(3, 4096),
    "tensor": tensor(2, 3),
    "tensor-scalar": tensor(),
    "tensor-strides": tensor(2, 3, strides=(1, 2), flags=6),
    "tensor-absent": tensor(2, flags=1, digest=bytes(32)),
    "member": member(),
    "member-inside": member(b"a.zip", b"b.tar"),
    "member-decoded": member(b"a.zip", file_off=NOWHERE),
    "extent": u8(4) + u8(2) + u64(0, 4096),
    "meta": u8(5) + span(b"key") + span(b"string") + span(b"value") + u64(8, 5),
    "meta-nowhere": u8(5) + span(b"key") + span(b"string") + span(b"") + u64(NOWHERE, 0),
    "meta-nowhere-long": u8(5) + span(b"key") + span(b"string") + span(b"") + u64(NOWHERE, 1),
    "ref": u8(6) + u8(0) + span(b"w") + span(b"a.safetensors") + u64(7, 1),
    "fact": fact(),
    "fact-inside": fact(b"a.zip", b"b.tar", file_off=5),
    "fact-inside-beyond": fact(b"a.zip", at=(NOWHERE - 2, 9)),
    "fact-decoded": fact(b"a.zip", file_off=NOWHERE),
    "fact-nowhere": fact(at=(NOWHERE, 0)),
    "more": u8(8) + u32(5) + u64(887990),
    "notice": u8(9) + span(b"limit-reached") + span(b"detail"),
    "done": u8(10) + u8(0) + span(b""),
    "step": step(),
    "step-inside": step(b"a.zip", file_off=7),
    "step-decoded": step(b"a.zip"),
    "bad-kind": u8(12) + span(b""),
    "bad-kind-zero": u8(0) + span(b""),
    "bad-tail": u8(10) + u8(0) + span(b"") + b"x",
    "bad-length": u8(9) + u32(2**32 - 1) + b"x",
    "bad-rank": u8(2) + span(b"w") + span(b"F32") + u8(65) + u64(*range(67)),
    "bad-tensor-flags": tensor(flags=8),
    "bad-tensor-digest": tensor(flags=1, digest=bytes(31)),
    "bad-tensor-digest-present": tensor(digest=bytes(32)),
    "bad-member-depth": member(*[b"a"] * 9),
    "bad-fact-depth": fact(*[b"a"] * 9),
    "bad-step-depth": step(*[b"a"] * 9),
    "bad-step-kind": step(kind=11),
    "bad-step-class": step(severity=5),
    "bad-extent-kind": u8(4) + u8(4) + u64(0, 4096),
    "bad-ref-kind": u8(6) + u8(9) + span(b"w") + span(b"a") + u64(7, 1),
    "bad-status": u8(10) + u8(11) + span(b""),
    "wrapping": u8(4) + u8(2) + u64(2**64 - 1, 2),
}


def main():
    for target, seeds in (("json", JSON), ("utf8", UTF8), ("record", RECORD)):
        folder = HERE / target
        folder.mkdir(exist_ok=True)
        for name, data in seeds.items():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()

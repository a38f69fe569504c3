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


RECORD = {
    "artifact": u8(1) + span(b"gguf") + span(b"one line") + u64(3, 4096),
    "tensor": u8(2) + span(b"w") + span(b"F32") + u8(2) + u64(2, 3) + u64(64, 24),
    "tensor-scalar": u8(2) + span(b"s") + span(b"F16") + u8(0) + u64(0, 2),
    "member": u8(3) + span(b"data.pkl") + u64(10, 20, 30) + span(b"deflate"),
    "extent": u8(4) + u8(2) + u64(0, 4096),
    "meta": u8(5) + span(b"key") + span(b"string") + span(b"value") + u64(8, 5),
    "ref": u8(6) + u8(0) + span(b"w") + span(b"a.safetensors") + u64(7, 1),
    "fact": u8(7) + u32(5) + u64(71, 2) + span(b"sym") + span(b"a sentence"),
    "fact-nowhere": u8(7) + u32(0) + u64(2**64 - 1, 0) + span(b"") + span(b"x"),
    "more": u8(8) + u32(5) + u64(887990),
    "notice": u8(9) + span(b"limit-reached") + span(b"detail"),
    "done": u8(10) + u8(0) + span(b""),
    "step": u8(11) + u8(2) + u8(4) + u8(0) + u64(71, 1, 2**64 - 1, 2**64 - 1) +
            span(b"REDUCE") + span(b"os.system") + span(b"calls os.system('x')") +
            u8(1) + span(b"data.pkl") + u64(2**64 - 1),
    "step-data": u8(11) + u8(8) + u8(0) + u8(1) + u64(0, 0, 5, 1204) + span(b"") * 3 +
                 u8(0) + u64(0),
    "bad-kind": u8(12) + span(b""),
    "bad-tail": u8(10) + u8(0) + span(b"") + b"x",
    "bad-length": u8(9) + u32(2**32 - 1) + b"x",
    "bad-rank": u8(2) + span(b"w") + span(b"F32") + u8(65) + u64(*range(67)),
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

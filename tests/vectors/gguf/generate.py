#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the GGUF vectors beside this script.

A vector is named VERDICT-REASON.gguf.  Where REASON is a rule id, optionally
followed by "--" and a variant, the tests ask for that very rule.  Vectors are
inert: what looks like code in them is a few harmless bytes.
"""
import io
import pathlib
import struct
import zipfile

HERE = pathlib.Path(__file__).parent
U8, I8, U16, I16, U32, I32, F32, BOOL, STR, ARR, U64, I64, F64 = range(13)
SCALAR = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f",
          BOOL: "B", U64: "Q", I64: "q", F64: "d"}
BLOCKS = {"F32": (0, 1, 4), "F16": (1, 1, 2), "Q4_0": (2, 32, 18), "Q4_K": (12, 256, 144),
          "I8": (24, 1, 1), "MXFP4": (39, 32, 17)}


class Writer:
    """One file; version and byte order decide the layout."""

    def __init__(self, version=3, order="<", align=32):
        self.version, self.order, self.align = version, order, align
        self.kvs, self.infos, self.data = [], [], b""

    def pack(self, code, value):
        return struct.pack(self.order + code, value)

    def word(self, value):
        return self.pack("I" if self.version == 1 else "Q", value)

    def string(self, value, length=None):
        return self.word(len(value) if length is None else length) + value

    def array(self, element, values, n=None):
        head = self.pack("I", element) + self.word(len(values) if n is None else n)
        return head + b"".join(self.value(element, v) for v in values)

    def value(self, kind, value):
        if isinstance(value, bytes) and kind != STR:
            return value
        if kind == STR:
            return self.string(value)
        if kind == ARR:
            return self.array(*value)
        return self.pack(SCALAR[kind], value)

    def kv(self, key, kind, value):
        key = key.encode() if isinstance(key, str) else key
        self.kvs.append(self.string(key) + self.pack("I", kind) + self.value(kind, value))
        return self

    def llama(self):
        return self.kv("general.architecture", STR, b"llama")

    def info(self, name, dims, kind, offset):
        """A tensor entry as it is, without data."""
        self.infos.append(self.string(name) + self.pack("I", len(dims)) +
                          b"".join(self.word(d) for d in dims) + self.pack("I", kind) +
                          self.pack("Q", offset))
        return self

    def tensor(self, name, dims, kind="F32", fill=None):
        number, block, size = BLOCKS[kind]
        n = 1
        for d in dims:
            n *= d
        content = fill if fill is not None else bytes(i % 64 for i in range(n // block * size))
        self.info(name, dims, number, len(self.data))
        self.data += content + bytes(-len(content) % self.align)
        return self

    def head(self, n_tensors=None, n_kv=None):
        return (b"GGUF" + self.pack("I", self.version) +
                self.word(len(self.infos) if n_tensors is None else n_tensors) +
                self.word(len(self.kvs) if n_kv is None else n_kv))

    def structure(self, **counts):
        return self.head(**counts) + b"".join(self.kvs) + b"".join(self.infos)

    def bytes(self, **counts):
        body = self.structure(**counts)
        return body + bytes(-len(body) % self.align) + self.data


def base(**how):
    return Writer(**how).llama()


def meta(key, kind, value):
    return base().kv(key, kind, value).bytes()


def named(name):
    return base().tensor(name, [8]).bytes()


def raw_kv(tail):
    """A key `a` whose type and value are the bytes of tail."""
    w = base()
    w.kvs.append(w.string(b"a") + tail)
    return w.bytes()


def tokens(texts, **lists):
    w = base().kv("tokenizer.ggml.tokens", ARR, (STR, texts))
    for key, value in lists.items():
        w.kv("tokenizer.ggml." + key, *value)
    return w


def archive(n=1):
    buf = io.BytesIO()
    with zipfile.ZipFile(buf, "w") as z:
        for i in range(n):
            z.writestr(zipfile.ZipInfo("a%d.txt" % i), b"x")
    return buf.getvalue()


def two(first, second, data):
    w = base()
    w.info(b"a", [8], 0, first).info(b"b", [8], 0, second)
    w.data = bytes(data)
    return w.bytes()


PICKLE = b"\x80\x04\x8c\x08builtins\x8c\x03len\x93)R."
ONE = base().tensor(b"token_embd.weight", [8, 2])
ALL_TYPES = base()
for kind_, value_ in ((U8, 200), (I8, -3), (U16, 60000), (I16, -3), (U32, 7), (I32, -3),
                      (F32, 0.5), (BOOL, 1), (U64, 2**63), (I64, -2**62), (F64, -1e300)):
    ALL_TYPES.kv("a.s%d" % kind_, kind_, value_)
    ALL_TYPES.kv("a.a%d" % kind_, ARR, (kind_, [value_] * 9))
    ALL_TYPES.kv("a.e%d" % kind_, ARR, (kind_, []))
VOCAB = tokens([b"<unk>", b"<0x0A>", b"\xff\xfe", b"\xe2\x80\xae"],
               scores=(ARR, (F32, [0.0, -1.0, float("-inf"), 3.0])),
               token_type=(ARR, (I32, [2, 6, 1, 1])), bos_token_id=(U32, 3),
               add_bos_token=(BOOL, 1), merges=(ARR, (STR, [b"a b"])))
DEEP = struct.pack("<I", ARR) + struct.pack("<IQ", ARR, 1) * 40 + struct.pack("<IQ", U8, 0)

VECTORS = {
    "accept-alignment": base(align=64).kv("general.alignment", U32, 64)
        .tensor(b"a", [3]).tensor(b"b", [3]).bytes(),
    "accept-all-values": ALL_TYPES.bytes(),
    "accept-imatrix": Writer().kv("general.type", STR, b"imatrix")
        .tensor(b"a.in_sum2", [8]).bytes(),
    "accept-no-tensors": base().structure(),
    "accept-one": ONE.bytes(),
    "accept-quantised": base().kv("general.file_type", U32, 15)
        .tensor(b"blk.0.ffn_down.weight", [256, 2], "Q4_K").tensor(b"a", [32], "MXFP4")
        .tensor(b"b", [32, 1, 1, 2], "Q4_0").tensor(b"c", [], "F16").bytes(),
    "accept-split-second": Writer().kv("split.no", U16, 1).kv("split.count", U16, 2)
        .kv("split.tensors.count", I32, 3).tensor(b"b", [8]).bytes(),
    "accept-template": meta("tokenizer.chat_template", STR,
                            b"{% for m in messages %}{{ m['content'] }}{% endfor %}"),
    "accept-gguf-string-url": meta("general.url", STR, b"javascript:alert(1)"),
    "accept-version-2": base(version=2).tensor(b"a", [8]).bytes(),
    "accept-vocabulary": VOCAB.bytes(),
    "reject-content-polyglot-found--zip": ONE.bytes() + archive(),
    # Of no version that is read, and an archive to whoever reads from the end.
    "reject-content-polyglot-possible--version": b"GGUF" + bytes([9, 0, 0, 0]) + bytes(24) +
        archive(),
    "reject-gguf-alignment-invalid--0": meta("general.alignment", U32, 0),
    "reject-gguf-alignment-invalid--1": base(align=1).kv("general.alignment", U32, 1)
        .tensor(b"a", [3]).bytes(),
    "reject-gguf-alignment-invalid--48": meta("general.alignment", U32, 48),
    "reject-gguf-array-depth": raw_kv(DEEP),
    "reject-gguf-array-length--max": raw_kv(struct.pack("<IIQ", ARR, U8, 2**64 - 1)),
    "reject-gguf-array-length--strings": raw_kv(struct.pack("<IIQ", ARR, STR, 9)),
    "reject-gguf-array-length--wraps": raw_kv(struct.pack("<IIQ", ARR, U64, 2**61 + 1) + bytes(8)),
    "reject-gguf-block-partial": base().info(b"a", [31], 2, 0).bytes() + bytes(64),
    "reject-gguf-bool-invalid": meta("a.b", BOOL, 2),
    "reject-gguf-bool-invalid--array": meta("a.b", ARR, (BOOL, [0, 1, 255])),
    "reject-gguf-count-impossible--keys": ONE.bytes(n_kv=2**63),
    "reject-gguf-count-impossible--tensors": ONE.bytes(n_tensors=2**60),
    "reject-gguf-data-gap": two(0, 64, 96),
    "reject-gguf-data-gap--first": two(32, 64, 96),
    "reject-gguf-data-order": two(32, 0, 64),
    "reject-gguf-data-overlap": two(0, 0, 64),
    "reject-gguf-data-truncated--by-one": base(align=32).tensor(b"a", [8]).bytes()[:-1],
    "reject-gguf-data-truncated--missing": base().info(b"a", [8], 0, 0).bytes(),
    "reject-gguf-data-truncated--start": base().info(b"a", [8], 0, 0).structure(),
    "reject-gguf-data-truncated--huge": base().info(b"a", [2**62 - 64], 24, 0).bytes() + bytes(32),
    "reject-gguf-dim-invalid": base().info(b"a", [2**64 - 1], 0, 0).bytes() + bytes(32),
    "reject-gguf-file-short": b"GGU",
    "reject-gguf-file-short--empty": b"",
    "reject-gguf-file-truncated--head": ONE.bytes()[:20],
    "reject-gguf-file-truncated--value": base().kv("a.b", U32, 1).structure()[:-2],
    "reject-gguf-file-truncated--info": ONE.structure()[:-3],
    "reject-gguf-key-control": meta("a\nb", U8, 1),
    "reject-gguf-key-control--nul": meta("general.alignment\0", U32, 64),
    "reject-gguf-key-duplicate": base().kv("a.b", U8, 1).kv("a.b", U8, 2).bytes(),
    "reject-gguf-key-duplicate--type": base().kv("a.b", U8, 1).kv("a.b", STR, b"1").bytes(),
    "reject-gguf-key-empty": meta("", U8, 1),
    "reject-gguf-key-encoding": meta("a.\u00e9", U8, 1),
    "reject-gguf-key-encoding--invalid": meta(b"a.\xff", U8, 1),
    "reject-gguf-key-type--alignment": meta("general.alignment", U64, 32),
    "reject-gguf-key-type--architecture": Writer().kv("general.architecture", U32, 1).bytes(),
    "reject-gguf-key-type--list": Writer().kv("general.architecture", ARR, (STR, [b"a"])).bytes(),
    "reject-gguf-key-type--scores": tokens([b"a"], scores=(ARR, (F64, [0.0]))).bytes(),
    "reject-gguf-key-type--split": base().kv("split.no", U32, 0).bytes(),
    "reject-gguf-key-type--token-id": meta("tokenizer.ggml.eos_token_id", I32, 0),
    "reject-gguf-magic-wrong": b"GGUX" + ONE.bytes()[4:],
    "reject-gguf-magic-wrong--ggjt": b"tjgg" + bytes(32),
    "reject-gguf-magic-wrong--lower": b"gguf" + ONE.bytes()[4:],
    "reject-gguf-magic-wrong--reversed": b"FUGG" + ONE.bytes()[4:],
    "reject-gguf-name-duplicate": base().tensor(b"a", [8]).tensor(b"a", [8]).bytes(),
    "reject-gguf-name-duplicate--nul": base().tensor(b"a\0x", [8]).tensor(b"a\0y", [8]).bytes(),
    "reject-gguf-name-length": named(b"n" * 64),
    "reject-gguf-name-length--long": named(b"n" * 4096),
    "reject-gguf-offset-unaligned": two(0, 40, 96),
    "reject-gguf-rank-excess": base().info(b"a", [1] * 5, 0, 0).bytes() + bytes(32),
    "reject-gguf-rank-excess--max": base().structure(n_tensors=1) + struct.pack(
        "<QcI", 1, b"a", 2**32 - 1) + bytes(64),
    "reject-gguf-size-overflow--bytes": base().info(b"a", [2**61], 27, 0).bytes() + bytes(32),
    "reject-gguf-size-overflow--wraps": base().info(b"a", [2**32, 2**32], 0, 0).bytes() + bytes(32),
    "reject-gguf-string-length--key": ONE.head(n_kv=1) + struct.pack("<Q", 2**64 - 1) + bytes(64),
    "reject-gguf-string-length--value": raw_kv(struct.pack("<IQ", STR, 2**63) + bytes(64)),
    "reject-gguf-string-length--element": raw_kv(struct.pack("<IIQQ", ARR, STR, 1, 999)),
    "reject-gguf-tail-hidden--pickle": ONE.bytes() + PICKLE,
    "reject-gguf-tail-hidden--torch": ONE.bytes() + bytes.fromhex(
        "80028a0a6cfc9c46f9206aa850192e80024de9032e"),
    "reject-gguf-tail-hidden--tar": ONE.bytes() + (b"a".ljust(257, b"\0") + b"ustar")
        .ljust(512, b"\0"),
    "reject-gguf-token-byte": tokens([b"<0x-1>"]).bytes(),
    "reject-gguf-token-byte--long": tokens([b"<0x100>"]).bytes(),
    "reject-gguf-tokenizer-length": tokens([b"a", b"b"], scores=(ARR, (F32, [0.0]))).bytes(),
    "reject-gguf-tokenizer-length--types":
        tokens([b"a"], token_type=(ARR, (I32, [1, 1]))).bytes(),
    "reject-gguf-type-removed": base().info(b"a", [32], 4, 0).bytes() + bytes(32),
    "reject-gguf-type-unknown": base().info(b"a", [32], 43, 0).bytes() + bytes(32),
    "reject-gguf-type-unknown--max": base().info(b"a", [32], 2**32 - 1, 0).bytes() + bytes(32),
    "reject-gguf-value-type": raw_kv(struct.pack("<I", 13) + bytes(16)),
    "reject-gguf-value-type--element": raw_kv(struct.pack("<IIQ", ARR, 13, 0)),
    "reject-gguf-version-layout": b"GGUF" + struct.pack("<IQQ", 1, 1, 1) + bytes(32),
    "reject-gguf-version-unsupported": b"GGUF" + struct.pack("<IQQ", 4, 0, 0),
    "reject-gguf-version-unsupported--0": b"GGUF" + struct.pack("<IQQ", 0, 0, 0),
    "reject-split-number-wrong": base().kv("split.no", U16, 2).kv("split.count", U16, 2).bytes(),
    "reject-template-access-code": meta("tokenizer.chat_template.tool_use", STR,
                                        b"{{ ''.__class__ }}"),
    "reject-tensor-name-control": named(b"a\x1b[2J"),
    "reject-tensor-name-bidi": named("a\u202eb".encode()),
    "warn-gguf-alignment-large": meta("general.alignment", U32, 2**21),
    "warn-gguf-architecture-missing": Writer().kv("a.b", U8, 1).bytes(),
    "warn-gguf-architecture-missing--empty": Writer().kv("general.architecture", STR, b"").bytes(),
    "warn-gguf-array-nested": meta("a.b", ARR, (ARR, [(U8, [1, 2]), (STR, [b"x"]),
                                                      (ARR, [(F32, [])])])),
    "warn-gguf-byte-order-big": base(order=">").kv("a.b", ARR, (U16, [1, 2]))
        .tensor(b"a", [8, 2]).bytes(),
    "warn-gguf-data-trailing": ONE.bytes() + b"x",
    "warn-gguf-data-trailing--no-tensors": base().bytes() + b"A" * 64,
    "warn-gguf-dim-large": base().info(b"a", [0, 2**32], 0, 0).bytes(),
    "warn-gguf-dim-zero": base().info(b"a", [4, 0], 0, 0).tensor(b"b", [8]).bytes(),
    "warn-gguf-float-infinite": meta("a.b", F64, float("inf")),
    "warn-gguf-float-nan": meta("a.b", F32, float("nan")),
    "warn-gguf-float-nan--array": meta("a.b", ARR, (F64, [0.0, float("nan")])),
    "warn-gguf-key-charset": meta("A.b", U8, 1),
    "warn-gguf-key-charset--segment": meta("a..b", U8, 1),
    "warn-gguf-padding-missing": base().tensor(b"a", [3]).bytes()[:-20],
    "warn-gguf-padding-nonzero": base().tensor(b"a", [7], fill=bytes(28) + b"\0\0x\0")
        .tensor(b"b", [8]).bytes(),
    "warn-gguf-padding-nonzero--head":
        ONE.structure() + b"x" + ONE.bytes()[len(ONE.structure()) + 1:],
    "warn-gguf-string-bidi": meta("general.name", STR, "a\u202eb".encode()),
    "warn-gguf-string-control": meta("general.name", STR, b"a\x1b[2J"),
    "warn-gguf-string-control--array": meta("general.tags", ARR, (STR, [b"a", b"b\0c"])),
    "warn-gguf-string-encoding": meta("general.name", STR, b"a\xff"),
    "warn-gguf-token-range": tokens([b"a"], eos_token_id=(U32, 1)).bytes(),
    "warn-gguf-value-suspicious--bytes": meta("a.b", ARR, (U8, list(PICKLE))),
    "warn-gguf-value-suspicious--text": meta("a.b", STR, b"<script>x</script>"),
    "warn-gguf-value-suspicious--pickle": meta("a.b", STR, b"cbuiltins\nlen\n(tR."),
    "warn-gguf-version-old": base(version=1).kv("a.b", ARR, (U16, [1, 2]))
        .tensor(b"a", [8, 2]).bytes(),
    "warn-tensor-name-empty": named(b""),
    "warn-tensor-name-path": named(b"../a"),
    "warn-tensor-payload-executable": base().tensor(
        b"a", [32], fill=(b"\x7fELF\x02\x01\x01" + bytes(57)).ljust(128, b"\0")).bytes(),
    "warn-tensor-payload-pickle": base().tensor(b"a", [32], "I8", PICKLE.ljust(32, b"\0")).bytes(),
}

if __name__ == "__main__":
    for name, content in VECTORS.items():
        (HERE / (name + ".gguf")).write_bytes(content)

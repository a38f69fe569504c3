#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a dictionary for every fuzz target: the words of its format.

libFuzzer finds bytes by itself and long words hardly ever.  Kept as a table so that
targets share what their formats share; the files beside are its output.
"""
import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent


def u32(*values):
    return [struct.pack("<I", v) for v in values]


def u64(*values):
    return [struct.pack("<Q", v) for v in values]


EDGES = [*u32(2**31 - 1, 2**31, 2**32 - 1), *u64(2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 8,
                                                 2**64 - 1)]
JSON = """{} [] { } [ ] : , null true false "" \\u0000 \\ud800 \\udc00 \\" \\\\ -0 1e400
    1E-9 0.5 18446744073709551615 9223372036854775808 9007199254740993""".split()
PICKLE = [b"\x80\x02", b"\x80\x04", b"\x80\x05", b"\x95", b"cos\nsystem\n", b"c__builtin__\neval\n",
          b"\x8c\x02os\x8c\x06system\x93", b"X\x02\0\0\0id", b"\x85R.", b"tR.", b"(S'id'\n",
          b"\x81", b"\x92", b"i__main__\nx\n", b"(o", b"b.", b"Q.", b"P0\n", b"\x82\x01",
          b"q\0", b"h\0", b"\x94", b"r\0\0\0\0", b"ctorch._utils\n_rebuild_tensor_v2\n",
          b"ccollections\nOrderedDict\n", b"cnumpy\ndtype\n",
          b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n", b"subclass", b"shape", b"order",
          b"dtype", b"allow_mmap", b"numpy_array_alignment_bytes", b"C", b"F", b"f4", b"O",
          *u32(0x7ffffff0, 2**32 - 1)]
ZIP = [b"PK\1\2", b"PK\3\4", b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\7\x08", b"\1\0\x10\0",
       b"data.pkl", b"version", b"byteorder", b"archive/", b".npy", b"model_index.json",
       b"config.json", b"metadata.json", b"model.weights.h5", b"../", b"up\0", *EDGES]
TAR = [b"ustar\0" b"00", b"ustar  \0", b"././@LongLink", b"0000644\0", b"path=", b"size=",
       b"sizes", b"storages", b"tensors", b"pickle", b"\x80\0\0\0\0\0\0\0", b"L", b"x", b"g",
       b"30 mtime="]
NPY = ["\x93NUMPY", "{'descr': '", "'<f4'", "'|O'", "'>i8'", "'<U5'", "'fortran_order': ",
       "False", "True", "'shape': (", "), }", "[('a', '<f8'), ('b', '|S4')]", "'<M8[ns]'"]
TEMPLATE = ["{{", "}}", "{%", "%}", "{#", "#}", "{%-", "-%}", "raw", "endraw", "__class__",
            "__mro__", "__subclasses__", "__globals__", "__builtins__", "__import__", "|attr(",
            "|map(attribute=", "cycler", "joiner", "namespace", "lipsum", "self.", "import",
            "include", "from", "set", "~", "\\x5f", "\\u005f", "'%c'|format(95)", "|lower",
            "|join", "[::-1]", "for", "if", "macro", "call", "filter"]
CONFIG = ["auto_map", "AutoModel", "_class_name", "trust_remote_code", "custom_pipelines",
          "chat_template", "_target_", "weight_map", "metadata", "total_size", "tokenizer_class",
          "base_model_name_or_path", "model.safetensors", "modeling_x.X", "org/name--m.X",
          "version https://git-lfs.github.com/spec/v1\n", "oid sha256:", "size "]
PEM = [f"-----{w} {k}-----\n" for w in ("BEGIN", "END") for k in (
    "PUBLIC KEY", "PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "CERTIFICATE",
    "ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY")]
OIDS = [b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01",
        b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07",
        b"\x06\x05\x2b\x81\x04\x00\x22", b"\x06\x05\x2b\x81\x04\x00\x23", b"\x06\x03\x2b\x65\x70",
        b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff"]
OMS = ["mediaType", "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial",
       "publicKey", "hint", "certificate", "rawBytes", "x509CertificateChain", "certificates",
       "tlogEntries", "dsseEnvelope", "payload", "payloadType", "application/vnd.in-toto+json",
       "signatures", "sig", "keyid", "_type", "https://in-toto.io/Statement/v1", "subject",
       "predicateType", "https://model_signing/signature/v1.0", "predicate", "serialization",
       "method", "files", "shards", "shard_size", "hash_type", "sha256", "blake2b", "blake3",
       "allow_symlinks", "ignore_paths", "resources", "name", "digest", "algorithm",
       "messageSignature", "timestampVerificationData"]
SAFETENSORS = ["__metadata__", "dtype", "shape", "data_offsets", "format", "pt",
               "BOOL", "U8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F4", "F6_E2M3", "I16", "BF16",
               "F32", "F64", "C64"]
GGUF = [b"GGUF\3\0\0\0", b"GGUF\0\0\0\3", b"general.architecture", b"general.alignment",
        b"tokenizer.chat_template", b"tokenizer.ggml.tokens", b"split.count", b"split.no",
        b"llama", b"\x20\0\0\0", *u32(8, 9, 10, 12), *EDGES]
COMPRESSED = [b"\x1f\x8b\x08\0", b"BZh9", b"1AY&SY", b"\x17\x72\x45\x38\x50\x90", b"\xfd7zXZ\0",
              b"YZ", b"\x5d\0\0\x80\0", b"\x04\x22\x4d\x18", b"\x50\x2a\x4d\x18",
              b"\x28\xb5\x2f\xfd", b"\x78\x9c", b"ZF0x", *EDGES]
LISTS = ["SHA256 (", "SHA512 (", "SHA256(", "SHA2-256(", "BLAKE2b (", "BLAKE3 (", ") = ", ")= ",
         "  ", " *", "\\", "\\n", "\\\\", "\\r", "a" * 64, "0" * 128]
POLICY = ["steelyard-policy/1", "name", "require", "authentic", "intact", "well_formed", "inert",
          "fail_on", "remote_code", "loader", "allow_empty", "allow_globals", "exclude",
          "suppress", "signers", "rules", "revoked", "keys", "digests", "until", "threshold",
          "2030-01-01T00:00:00Z", "**/*.safetensors"]
REPORT = ["schema", "steelyard-report/1", "artifacts", "findings", "suppressed", "fingerprint",
          "v1:", "0123456789abcdef" * 4]
CHOOSE = [".safetensors\n", ".bin\n", ".pt\n", ".onnx\n", ".txt\n", "config.json\n", "GGUF", "MZ",
          b"PE\0\0", b"\x7fELF", "<html", "<?xml", "<net ", "ustar", b"\x89HDF\r\n\x1a\n",
          b"PK\3\4", b"PK\5\6", b"\x08\1\x12", b"\x3a", "brain.Event:", "#!",
          "version https://git-lfs.github.com/spec/v1\n"]
MINISIGN = ["untrusted comment: ", "trusted comment: ", "RWQ", "RUQ", "RWRTY0Iy", "\n"]

DICTIONARIES = {
    "archives": ZIP + PICKLE + NPY,
    "baseline": JSON + REPORT,
    "bundle": JSON + OMS + PEM + OIDS,
    "choose": CHOOSE + PICKLE,
    "compressed": COMPRESSED + PICKLE[:6],
    "diff": [b"\x05", b"\x45", b"\x10", b"\x14", b"\x3a", b"\x7a", b"\1\4", b"\2\4"],
    "gguf": GGUF,
    "inspect": ZIP + PICKLE + TAR + NPY + COMPRESSED[:12] + [
        "model.pt\n", "model.bin\n", "a.json\n", "model.index.json\n", "\x7fELF\2\1\1",
        "<!doctype html>"],
    "json": JSON,
    "keys": PEM + OIDS + MINISIGN + JSON,
    "lists": LISTS,
    "npy": NPY + PICKLE[:12],
    "pickle": PICKLE,
    "policy": JSON + POLICY,
    "record": EDGES + [bytes([n]) for n in range(12)],
    "safetensors": JSON + SAFETENSORS + EDGES,
    "tar": TAR,
    "template": TEMPLATE,
    "text_formats": JSON + CONFIG + TEMPLATE,
    "torch_legacy": PICKLE + [b"\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", b"M\xe9\x03",
                              b"protocol_version", b"little_endian", b"type_sizes", b"storage"],
    "torch_tar": TAR + PICKLE[:12],
    "utf8": [b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\xe2\x80\xae",
             b"\xe2\x80\x8b", b"\xc2\x85", b"\xf0\x9f\xa4\x97", b"\xcc\x81", b"\xef\xbf\xbe"],
    "view": [struct.pack("<f", v) for v in (0, -0.0, 1, float("nan"), float("inf"))]
            + [b"\0\3\2", b"\x11\0\1\x20", b"\0\0\xc0\x7f"],
    "zip": ZIP + PICKLE[:12],
}


def quoted(word):
    raw = word.encode("latin-1") if isinstance(word, str) else word
    return '"' + "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\x{b:02x}"
                         for b in raw) + '"\n'


if __name__ == "__main__":
    for target, words in DICTIONARIES.items():
        seen = dict.fromkeys(quoted(word) for word in words)
        (HERE / f"{target}.dict").write_text("# SPDX-License-Identifier: Apache-2.0\n" +
                                             "".join(seen))

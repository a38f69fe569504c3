#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_choose: a name, a line feed, then content: a few bytes of what
is told by its beginning, pickles that are none, texts that hide something."""
import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent / "choose"
ZEROS = bytes(60)


def zip_entry(name):
    return b"PK\3\4\x14\0\0\0\0\0" + bytes(16) + struct.pack("<HH", len(name), 0) + name


def zip_end(n_entries):
    return b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, n_entries, n_entries, 0, 0, 0)


def zip_archive(name=b"a"):
    """One stored member without content."""
    entry = zip_entry(name)
    listed = (b"PK\1\2\x14\0\x14\0" + bytes(20) + struct.pack("<HHHHHII", len(name), 0, 0, 0, 0,
                                                             0, 0) + name)
    return entry + listed + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(listed),
                                                   len(entry), 0)


def tar_header(name, space=b"", magic=b"ustar\0"):
    header = bytearray(512)
    header[:len(name)] = name
    header[257:257 + len(magic)] = magic
    total = sum(header) + 8 * ord(" ")
    header[148:156] = (space + b"%06o\0 " % total)[:8]
    return bytes(header)


def tar_signed(name):
    """With the sum of old programs, of signed bytes."""
    header = bytearray(tar_header(name))
    total = sum(b - 256 if b > 127 else b for b in header[:148] + b" " * 8 + header[156:])
    header[148:156] = b"%06o\0 " % total
    return bytes(header)


def long_pickle(opcode, size):
    return b"\x80\4" + opcode + size + b"abcd." + ZEROS


# Of each kind of content, under a name that says so unless a seed is about the name.
CONTENT = {
    "7z": ("x.7z", b"7z\xbc\xaf\x27\x1c\0\4"),
    "bmp": ("x.bmp", b"BM\x1c\0\0\0" + bytes(8) + b"\x28\0\0\0" + bytes(10)),
    "bmp-size": ("x.bmp", b"BM\x1d\0\0\0" + bytes(22)),
    "bytecode": ("x.pyc", b"\xa7\x0d\r\n" + ZEROS),
    "catboost-as-safetensors": ("x.safetensors", b"CBM1\x10\0\0\0"),
    "config-empty": ("config.json", b""),
    "config": ("config.json", b'{"a": 1}'),
    "config-binary": ("config.json", b"\0\1\2\3"),
    "config-other-name": ("bert_config.json", b" \n{}"),
    "config-as-weights": ("model.safetensors", b'{"a": 1}'),
    "config-cut": ("config.json", b"\xff{"),
    "coreml": ("x.mlmodel", b"\x08\4\x12\5\x0a\3abc"),
    "dduf": ("x.dduf", zip_entry(b"model_index.json")),
    "elf": ("x.so", b"\x7fELF\2\1\1\0" + bytes(10)),
    "font": ("x.ttf", b"\0\1\0\0\0\x0a\0\x80"),
    "gguf": ("m.gguf", b"GGUF\3\0\0\0" + bytes(16)),
    "gguf-big": ("m.gguf", b"GGUF\0\0\0\3" + bytes(16)),
    "gguf-short": ("m.gguf", b"GGUF"),
    "gguf-version": ("m.gguf", b"GGUF\x63\0\0\0"),
    "gguf-as-safetensors": ("m.safetensors", b"GGUF\3\0\0\0" + bytes(16)),
    "hdf5-block": ("x.h5", bytes(512) + b"\x89HDF\r\n\x1a\n"),
    "html": ("x.html", b" \n<!DOCTYPE html><html></html>"),
    "html-as-weights": ("pytorch_model.bin", b"\xef\xbb\xbf<html><body>"),
    "html-as-text": ("README.md", b"<head>"),
    "ico": ("x.ico", b"\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0" + bytes(10)),
    "index": ("model.safetensors.index.json", b'{"weight_map": {}}'),
    "index-other": ("my.index.json", b'{"weight_map": {}}'),
    "index-no-map": ("my.index.json", b"{}"),
    "index-binary": ("my.index.json", b"\0\1"),
    "json": ("x.json", b"[1]"),
    "jinja": ("chat_template.jinja", b"{{ a }}"),
    "jinja-other": ("x.txt", b"{% if a %}"),
    "jinja-named": ("x.j2", b"plain"),
    "keras": ("x.keras", zip_entry(b"metadata.json")),
    "lfs": ("model.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:"),
    "lfs-hawser": ("x.bin", b"version http://hawser.github.com/spec/v1\n"),
    "mp3": ("x.mp3", b"\xff\xfb\x90\0"),
    "msgpack": ("x.msgpack", b"\x82\xa6params\x80\xa1b\xc0"),
    "msgpack-16": ("x.msgpack", b"\xde\0\2\xa6params\x80\xa1b\xc0"),
    "msgpack-32": ("x.msgpack", b"\xdf\0\0\0\2\xa6params\x80\xa1b\xc0"),
    "msgpack-key": ("x.msgpack", b"\x82\xa6par\1ms\x80"),
    "msgpack-number": ("x.msgpack", b"\x82\x01params\x80"),
    "npz": ("x.npz", zip_entry(b"a.npy")),
    "onnx": ("x", b"\x08\7\x12\1p\x3a\4\x12\2g0\x42\4\x0a\0\x10\x11"),
    "onnx-no-version": ("x.onnx", b"\x12\1p\x3a\4\x12\2g0"),
    "onnx-unnamed": ("x", b"\x12\1p\x3a\4\x12\2\x010"),
    "onnx-text": ("x", b":\3abc"),
    "onnx-long-producer": ("x", b"\x12\x80\x04" + b"p" * 512 + b"\x3a\0"),
    "onnx-other-field": ("x.onnx", b"\x4a\0"),
    "openvino": ("x.xml", b"<?xml version=\"1.0\"?>\n<net name=\"m\">"),
    "pe": ("x.dll", b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0\x64\x86"),
    "pe-no-header": ("x", b"MZ\0\0"),
    "pe-text": ("x.txt", b"MZ is what programs begin with"),
    "pe-script": ("x.com", b"MZqFpD='"),
    "php": ("x", b"#!/bin/sh\n"),
    "protobuf-cut": ("x.pb", b"\x0a\xff\xff"),
    "protobuf-long": ("x.pb", b"\x0a\x7f"),
    "protobuf-varint": ("x.pb", b"\x80" * 11),
    "protobuf-wire": ("x.pb", b"\x0b"),
    "protobuf-fixed": ("x.pb", b"\x09" + bytes(8) + b"\x0d" + bytes(4)),
    "python": ("x.py", b"import os\n"),
    "safetensors": ("m.safetensors", struct.pack("<Q", 30) + b'{"a":{"dtype":"F32","shape":[]}'),
    "safetensors-offsets": ("m", struct.pack("<Q", 30) + b'{"a":{"data_offsets":[0,4]}}  '),
    "safetensors-metadata": ("m", struct.pack("<Q", 900) + b'{"__metadata__":{}}'),
    "safetensors-space": ("m.safetensors", struct.pack("<Q", 8) + b"       {"),
    "safetensors-beyond": ("m.safetensors", struct.pack("<Q", 2**40) + b"{}"),
    "sentencepiece": ("tokenizer.model", b"\x0a\x0e\x0a\5<unk>\x15\0\0\0\0\x18\2\x0a\x08"),
    "sentencepiece-plain": ("tokenizer.model", b"\x0a\x0a\x0a\3abc\x15\0\0\0\0\x0a\x08\0\0"),
    "sentencepiece-type": ("tokenizer.model", b"\x0a\x0c\x0a\3abc\x15\0\0\0\0\x18\2\x0a\x08"),
    "sentencepiece-none": ("tokenizer.model", b"\x0a\x0c\x0a\4abcd\x15\0\0\0\0\x18\2"),
    "tar": ("x.tar", tar_header(b"a")),
    "tar-old": ("x.tar", tar_header(b"a", b" ", b"")),
    "tar-signed": ("x.tar", tar_header(b"\xe4")),
    "tar-sum": ("x.tar", b"a" * 512),
    "tf-bundle": ("variables.index", ZEROS + b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"),
    "tf-graph": ("x.pb", b"\x0a\6\x0a\1x\x12\1y"),
    "tf-saved": ("x", b"\x08\1\x12\x80\x04" + bytes(512)),
    "tfevents": ("events.out", b"\x18" + bytes(11) + b"\x09" + bytes(8) + b"\x1a\x0dbrain.Event:2" +
                 bytes(9)),
    "torch-legacy": ("x.pt", b"\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
                     b"\x80\2M\xe9\3."),
    "torch-old": ("x.pt", b"PYTORCH1"),
    "torch-tar": ("x.pt", tar_header(b"storages")),
    "torch-zip": ("x.pt", zip_entry(b"model/data.pkl")),
    "torch-code": ("x.pt", zip_entry(b"model/code/a.py")),
    "text": ("README.md", b"# A model\n\nIt is small.\n"),
    "text-cut": ("x.txt", "\u20ac".encode()[1:] * 600 + b"a" * 1200),
    "text-control": ("x.txt", b"a\x1b[0m\x0cb\1"),
    "text-latin": ("x.txt", b"\xe4\xf6\xfc " * 80),
    "text-odd": ("x.txt", b"\xe4a\xf6b\xfc"),
    "text-nul": ("x.txt", b"a\0b"),
    "text-utf16": ("x.txt", "\ufeffa \u20ac\n".encode("utf-16-le")),
    "text-utf16-big": ("x.txt", "\ufeffa \u20ac\n".encode("utf-16-be")),
    "text-utf16-control": ("x.txt", "\ufeffa\1bc".encode("utf-16-le")),
    "text-as-weights": ("model.safetensors", b"Not here.\n"),
    "text-as-config": ("config.json", b"# none\n"),
    "text-and-zip": ("README.md", b"# A model\n" + zip_archive()),
    "text-and-zip-end": ("notes", b"words\n" * 400 + zip_end(3)),
    "unknown": ("x.xyz", b"\0\1\2\3\4\5\6\7"),
    "unknown-as-weights": ("pytorch_model.bin", b"\0\1\2\3\4\5\6\7"),
    "unnamed": ("", b"\0\1\2\3"),
    "wasm": ("x.wasm", b"\0asm\1\0\0\0"),
    "zip": ("x.zip", zip_archive()),
    "zip-empty": ("x.zip", zip_end(0)),
    "zip-cut": ("x.zip", b"PK\3\4\x14"),
    **{f"torch-member-{i}": ("x.pt", zip_entry(name)) for i, name in enumerate((
        b"a/version", b"a/byteorder", b"a/.format_version", b"data.pkl", b"a/constants.pkl",
        b"a/bytecode.pkl", b"a/.data/version", b"a/data/0", b"a/extra/x"))},
    "torch-tar-pickle": ("x.pt", tar_header(b"pickle")),
    "torch-tar-tensors": ("x.pt", tar_header(b"tensors")),
    "tar-digits": ("x.tar", bytes(148) + b" " * 8 + bytes(356)),
    "tar-all-digits": ("x.tar", bytes(148) + b"7" * 8 + bytes(356)),
    "tar-zeros": ("x.tar", bytes(148) + b"000400\0 " + bytes(356)),
    "tar-signed-sum": ("x.tar", tar_signed(b"\xe4")),
    "bmp-short": ("x.bmp", b"BM\1"),
    "mp3-aac": ("x.aac", b"\xff\xf1\x50\x80"),
    "mp3-bits": ("x.mp3", b"\xff\xfb\xff\0"),
    "msgpack-key-long": ("x.msgpack", b"\x82\xc5" + b"a" * 9),
    "msgpack-key-cut": ("x.msgpack", b"\x81\xbfabcdefgh"),
    "msgpack-key-8": ("x.msgpack", b"\x81\xa8abcdef\x7fh"),
    "coreml-number": ("x.mlmodel", b"\x08\4\x10\5"),
    "coreml-first": ("x.mlmodel", b"\x08\4\x0a\5abcde"),
    "onnx-version": ("x.onnx", b"\x08\x40\x3a\0"),
    "tf-saved-number": ("x", b"\x08\1\x10\x80\x04"),
    "tf-saved-third": ("x", b"\x08\1\x1a\x80\x04" + bytes(512)),
    "tf-saved-short": ("x", b"\x08\1\x12\x01a"),
    "tf-graph-zero": ("x.pb", b"\x02\0"),
    "tf-graph-sixteen": ("x.pb", b"\x82\1\0"),
    "sentencepiece-wire": ("t.model", b"\x0a\x0e\x0b\5<unk>\x15\0\0\0\0\x18\2\x0a\x08"),
    "sentencepiece-lengths": ("t.model", b"\x0a\3\x0a\5<unk>\x15\0\0\0\0\x18\2\x0a\x08"),
    "sentencepiece-open": ("t.model", b"\x0a\x0e\x0a\5<unk)\x15\0\0\0\0\x18\2\x0a\x08"),
    "sentencepiece-far": ("t.model", b"\x0a\xfe\x0a\xf0<unk)\x15\0\0\0\0\x18\2\x0a\x08"),
    "sentencepiece-score": ("t.model", b"\x0a\x0a\x0a\3abc\x16\0\0\0\0\x0a\x08\0\0"),
    "sentencepiece-next": ("t.model", b"\x0a\x0a\x0a\3abc\x15\0\0\0\0\x0b\x08\0\0"),
    "sentencepiece-end": ("t.model", b"\x0a\x0c\x0a\5abcde\x15\0\0\0\0\x0a"),
    "tfevents-none": ("events.out", b"\x18" + bytes(11) + b"\x09" + bytes(40)),
    "bytecode-old": ("x.pyc", b"\xa7\x09\r\n" + ZEROS),
    "bytecode-new": ("x.pyc", b"\xa7\x10\r\n" + ZEROS),
    "bytecode-unnamed": ("x", b"\xa7\x0d\r\n" + ZEROS),
    "html-space": ("x", b"\r\n\t <body>"),
    "openvino-html": ("x.html", b"<?xml version=\"1.0\"?>\n<net name=\"m\">"),
    "python-stub": ("x.pyi", b"x: int\n"),
    "text-utf16-delete": ("x.txt", "\ufeffa\x7fb".encode("utf-16-le")),
    "text-old-short": ("x.txt", b"\xe4\xf6\xfc\xe4\xf6\xfc\xe4"),
    "text-binary-end": ("x.txt", b"words\n" * 900 + b"\0"),
    "jinja-template": ("a.template", b"{{ a }}"),
    "jinja-template-block": ("a.template", b"{% if a %}"),
    "jinja-template-plain": ("a.template", b"plain"),
    "jinja-binary": ("a.jinja", b"\0\1"),
    "json-tokenizer": ("tokenizer.json", b"{}"),
    "gguf-version-0": ("m.gguf", b"GGUF\0\0\0\0" + bytes(16)),
    "config-unknown": ("config.json", b"\x80\0\1\2\3"),
    "config-space": ("config.json", b" \t\r\n"),
    "safetensors-newline": ("m.safetensors", struct.pack("<Q", 30) + b'\r\n{"dtype"' + ZEROS),
    "elf-as-config": ("config.json", b"\x7fELF\2\1\1\0" + bytes(10)),
    "json-as-weights": ("model.bin", b'{"weight_map": {}}'),
    "html-as-onnx": ("model.onnx", b"<html>"),
    "picture-as-weights": ("model.onnx", b"GIF89a\1\0"),
    "zlib": ("x.z", b"\x78\x9c\3\0\0\0\0\1"),
    "zlib-unnamed": ("x", b"\x78\x9c\3\0\0\0\0\1"),
    "zlib-text": ("x", b"x^2 + y^2"),
}

# Pickles of every protocol, and what only begins like one.
PICKLES = {
    "protocol-0": b"cmodule\nname\n(S'text'\ntR.",
    "protocol-0-numbers": b"(lp0\nI1\naL2L\naF1.5\naVu\nag0\na.",
    "protocol-0-lines": b"cos\nwords that go on",
    "protocol-1": b"]q\0(K\1M\2\1J\1\2\3\4G" + bytes(8) + b"e.",
    "protocol-2": b"\x80\2cos\nsystem\nq\0X\2\0\0\0idq\1\x85R.",
    "protocol-3": b"\x80\3C\2abB\2\0\0\0cd\x86.",
    "protocol-4": b"\x80\4\x95\x1a\0\0\0\0\0\0\0\x8c\6module\x94\x8c\4name\x94\x93\x94)R\x94.",
    "protocol-5": b"\x80\5\x96\2\0\0\0\0\0\0\0ab\x97\x98.",
    "frame-cut": b"\x80\4\x95\1\0",
    "frame-long": b"\x80\4\x95" + b"\xff" * 8,
    "text-8": long_pickle(b"\x8d", struct.pack("<Q", 4)),
    "text-control": b"\x80\4\x8c\2\1\2.",
    "text-beyond": b"\x80\4\x8c\xffab.",
    "bytes-8": long_pickle(b"\x8e", struct.pack("<Q", 4)),
    "bytes-4": long_pickle(b"B", struct.pack("<I", 4)),
    "length-cut": b"\x80\4\x8e\4\0",
    "length-huge": b"\x80\4\x8e" + b"\xff" * 8 + b".",
    "marks": b"\x80\2" + b"(" * 20 + b".",
    "marks-popped": b"\x80\2((10]0.",
    "mark-missing": b"\x80\2t.",
    "stack-empty": b"\x80\2R.",
    "inst": b"(imodule\nname\n.",
    "obj": b"(cmodule\nname\no.",
    "dictionary": b"\x80\2}(K\1K\2u}K\1K\2s\x8f(\x90\x91\x88\x89N2\x87.",
    "newobj": b"\x80\4cmodule\nname\n)}\x92}b.",
    "extensions": b"\x80\2\x82\1\x83\1\0\x84\1\0\0\0\x81.",
    "memo": b"\x80\2]q\0h\0r\1\0\0\0j\1\0\0\0\x86.",
    "longs": b"\x80\2\x8a\2ab\x8b\2\0\0\0cd\x86.",
    "persistent": b"\x80\2Pid\nS'x'\nQ\x86.",
    "two": b"\x80\2N.\x80\2M\xe9\3.",
    "padded": b"\x80\2]." + bytes(9),
    "tail": b"\x80\2].text",
    "tail-cut": b"\x80\2].\x80",
    "integer-wrong": b"I1z\n.",
    "string-unquoted": b"Sabc\n.",
    "memo-wrong": b"]px\n.",
    "not-an-opcode": b"\x80\2\xff",
    "name-short": b"ca\nb\n(tR.",
    "name-odd": b"cmo-dule\nname\n(tR.",
    "head-whole": (b"\x80\2]q\0(" + b"K\1K\2" * 1100)[:4096],
    "head-cut": b"\x80\4B" + struct.pack("<I", 5000) + bytes(5000) + b".",
    "head-names": b"\x80\4cmodule\nname\n(" + b"K\1" * 2100,
    "one-opcode": b"C" * 4200,
    "string-quoted": b'(S"text"\ncmodule\nname\n(tR.',
    "version-6": b"\x80\2.\x80\6",
    "marks-under": b"\x80\2(K\x010.",
    "head-called": b"\x80\4cmodule\nname\n" + b"K\1" * 2100,
}


def main():
    HERE.mkdir(exist_ok=True)
    for name, (base, content) in CONTENT.items():
        (HERE / name).write_bytes(base.encode() + b"\n" + content)
    for name, content in PICKLES.items():
        (HERE / f"pickle-{name}").write_bytes(b"x\n" + content)
    hidden = PICKLES["protocol-2"]
    for name, base in (("hidden", "README.md"), ("named", "x.pkl"), ("as-weights", "x.bin")):
        (HERE / f"pickle-{name}").write_bytes(base.encode() + b"\n" + hidden)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Builds small model files and repositories, with the names and shapes people have."""

import hashlib
import json
import os
import pathlib
import struct

TYPE_U16, TYPE_U32, TYPE_I32, TYPE_STRING, TYPE_ARRAY = 2, 4, 5, 8, 9
GGML_F32 = 0


def safetensors(tensors, metadata=None):
    """tensors: name -> (dtype, shape, bytes), stored in the order given."""
    header, data = {}, bytearray()
    if metadata is not None:
        header["__metadata__"] = metadata
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape),
                        "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def pickled_call(module, name, argument):
    """A pickle that calls module.name with text and bytes; it is never loaded."""
    parts = [b"X" + struct.pack("<I", len(word)) + word
             for word in (module.decode("utf-8", "replace").encode(), name)]
    return (b"\x80\x04" + b"".join(parts) + b"\x93" + parts[0] + b"B" +
            struct.pack("<I", len(argument)) + argument + b"\x86R.")


def f32(*shape):
    n = 1
    for dim in shape:
        n *= dim
    return ("F32", shape, struct.pack(f"<{n}f", *(i / 7 for i in range(n))))


def _string(text):
    raw = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(raw)) + raw


def gguf(tensors, keys=(), alignment=32):
    """tensors: name -> (shape slowest first, f32 bytes); keys: (name, type, value)."""
    keys = [("general.architecture", TYPE_STRING, "llama"), *keys]
    out = bytearray(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys)))
    for name, kind, value in keys:
        out += _string(name) + struct.pack("<I", kind)
        if kind == TYPE_STRING:
            out += _string(value)
        elif kind == TYPE_ARRAY:
            out += struct.pack("<IQ", TYPE_STRING, len(value)) + b"".join(map(_string, value))
        else:
            out += struct.pack({TYPE_U16: "<H", TYPE_U32: "<I", TYPE_I32: "<i"}[kind], value)
    offset = 0
    for name, (shape, content) in tensors.items():
        out += _string(name) + struct.pack("<I", len(shape))
        out += b"".join(struct.pack("<Q", dim) for dim in reversed(shape))
        out += struct.pack("<IQ", GGML_F32, offset)
        offset += len(content) + -len(content) % alignment
    out += b"\0" * (-len(out) % alignment)
    for _, content in tensors.values():
        out += content + b"\0" * (-len(content) % alignment)
    return bytes(out)


def sentencepiece():
    """The first pieces of a SentencePiece model, as its protobuf has them."""
    out = b""
    for piece, score, kind in ((b"<unk>", 0.0, 2), (b"<s>", 0.0, 3), (b"</s>", 0.0, 3),
                               (b"\xe2\x96\x81a", -1.0, None)):
        body = b"\x0a" + bytes([len(piece)]) + piece + b"\x15" + struct.pack("<f", score)
        if kind is not None:
            body += b"\x18" + bytes([kind])
        out += b"\x0a" + bytes([len(body)]) + body
    return out


PNG = (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89"
       b"\0\0\0\nIDATx\x9cc\0\1\0\0\5\0\1\r\n-\xb4\0\0\0\0IEND\xaeB`\x82")

README = """---
license: apache-2.0
language: [en, fr]
library_name: transformers
tags:
- text-generation
---
<p align="center"><img src="https://example.org/x.png"></p>

# Model card

```python
import os, subprocess
from transformers import AutoModel
model = AutoModel.from_pretrained("org/name")
os.system("nvidia-smi")
```

| a | b |
|---|---|
| \u4e2d\u6587 | \U0001f917 |
"""

GITATTRIBUTES = ("*.7z filter=lfs diff=lfs merge=lfs -text\n"
                 "*.safetensors filter=lfs diff=lfs merge=lfs -text\n")

CHAT_TEMPLATE = (
    "{%- if tools is defined %}{{ '<|im_start|>system\\n' }}{%- for tool in tools %}"
    "{{ tool | tojson(indent=4) }}{%- endfor %}{%- endif %}"
    "{%- set ns = namespace(found=false) -%}"
    "{%- for message in messages[::-1] %}{%- if message['role'] == 'user' %}"
    "{%- set ns.found = true %}{{ message.content.split('</think>')[-1].lstrip('\\n') }}"
    "{%- elif message.role == 'system' and not loop.first %}"
    "{{ raise_exception('System role not supported') }}{%- endif %}{%- endfor %}"
    "{{ bos_token + messages[0]['content'] | trim }}"
    "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{%- endif %}")


def tokenizer_json(n_bytes):
    """A tokenizer.json of about so many bytes, as the tokenizers library writes."""
    n = max(16, n_bytes // 75)
    vocab = {f"\u0120tok{i:07d}": i for i in range(n)}
    merges = [f"\u0120t{i} ok{i}" for i in range(n)]
    return json.dumps({
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": 0, "content": "<|endoftext|>", "single_word": False,
                          "lstrip": False, "rstrip": False, "normalized": False,
                          "special": True}],
        "normalizer": {"type": "NFC"}, "pre_tokenizer": {"type": "ByteLevel"},
        "model": {"type": "BPE", "dropout": None, "vocab": vocab, "merges": merges},
    }, ensure_ascii=False, indent=2)


class Repository:
    """Files below a folder; add() writes one, dictionaries as JSON."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.mkdir(parents=True, exist_ok=True)

    def add(self, name, content):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, (dict, list)):
            content = json.dumps(content, indent=2) + "\n"
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        return path

    def add_sharded(self, stem, shards):
        """shards: a list of tensor dictionaries; writes them and their index."""
        weight_map, total = {}, 0
        for i, tensors in enumerate(shards, 1):
            name = f"{stem}-{i:05d}-of-{len(shards):05d}.safetensors"
            self.add(name, safetensors(tensors, {"format": "pt"}))
            for tensor, (_, _, content) in tensors.items():
                weight_map[tensor] = name
                total += len(content)
        self.add(f"{stem}.safetensors.index.json",
                 {"metadata": {"total_size": total}, "weight_map": weight_map})


def llama(path, tokenizer_bytes=200_000):
    """A plain transformers repository with two shards."""
    repo = Repository(path)
    repo.add("config.json", {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8,
        "rope_scaling": None, "torch_dtype": "float32", "transformers_version": "4.57.0",
        "rms_norm_eps": 1e-05, "eos_token_id": [128001, 128008]})
    repo.add("generation_config.json", {"do_sample": True, "temperature": 0.6,
                                        "_from_model_config": True})
    repo.add("tokenizer.json", tokenizer_json(tokenizer_bytes))
    repo.add("tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast", "chat_template": CHAT_TEMPLATE,
        "added_tokens_decoder": {"0": {"content": "<s>", "special": True}},
        "model_max_length": 1000000000000000019884624838656})
    repo.add("special_tokens_map.json", {"bos_token": "<s>"})
    repo.add("tokenizer.model", sentencepiece())
    repo.add("README.md", README)
    repo.add("LICENSE", "Apache License\nVersion 2.0, January 2004\n" * 10)
    repo.add(".gitattributes", GITATTRIBUTES)
    repo.add("images/plot.png", PNG)
    repo.add("merges.txt", "#version: 0.2\n\u0120 t\n\u0120 a\nh e\n")
    repo.add("vocab.json", {"<s>": 0, "\u0120the": 1})
    repo.add_sharded("model", [
        {"model.embed_tokens.weight": f32(4, 8), "model.layers.0.mlp.weight": f32(8, 8)},
        {"model.layers.1.mlp.weight": f32(8, 8), "lm_head.weight": f32(4, 8)}])
    return repo


def diffusers(path):
    """A pipeline with subfolders and an fp16 variant."""
    repo = Repository(path)
    repo.add("model_index.json", {
        "_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.35.0",
        "scheduler": ["diffusers", "PNDMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "safety_checker": [None, None],
        "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]})
    repo.add("scheduler/scheduler_config.json", {"_class_name": "PNDMScheduler",
                                                 "beta_end": 0.012})
    for part, name in (("unet", "diffusion_pytorch_model"),
                       ("vae", "diffusion_pytorch_model"), ("text_encoder", "model")):
        repo.add(f"{part}/config.json", {"_class_name": part, "act_fn": "silu"})
        for variant in ("", ".fp16"):
            repo.add(f"{part}/{name}{variant}.safetensors",
                     safetensors({"conv.weight": f32(2, 2, 3, 3)}, {"format": "pt"}))
    repo.add("tokenizer/vocab.json", {"a": 0})
    repo.add("tokenizer/merges.txt", "#version: 0.2\na b\n")
    repo.add("tokenizer/tokenizer_config.json", {"tokenizer_class": "CLIPTokenizer"})
    repo.add("README.md", README)
    return repo


def lora(path):
    repo = Repository(path)
    repo.add("adapter_config.json", {"peft_type": "LORA", "r": 8,
                                     "base_model_name_or_path": "org/base",
                                     "target_modules": ["q_proj", "v_proj"]})
    repo.add("adapter_model.safetensors", safetensors(
        {"base_model.model.q_proj.lora_A.weight": f32(2, 4)}, {"format": "pt"}))
    repo.add("README.md", README)
    return repo


def gguf_split(path):
    """Three parts, metadata in the first, and a projector beside them."""
    repo = Repository(path)
    parts = [{f"blk.{i}.ffn_up.weight": ((4, 8), f32(4, 8)[2])} for i in range(3)]
    for i, tensors in enumerate(parts):
        keys = [("split.no", TYPE_U16, i), ("split.count", TYPE_U16, 3),
                ("split.tensors.count", TYPE_I32, 3)]
        if i == 0:
            keys += [("general.name", TYPE_STRING, "Tiny"),
                     ("tokenizer.chat_template", TYPE_STRING, CHAT_TEMPLATE),
                     ("tokenizer.ggml.tokens", TYPE_ARRAY, ["<s>", "</s>", "a", b"\xff"])]
        repo.add(f"tiny-Q4_K_M-{i + 1:05d}-of-00003.gguf", gguf(tensors, keys))
    repo.add("mmproj-tiny-f16.gguf", gguf({"v.patch_embd.weight": ((2, 4), f32(2, 4)[2])}))
    repo.add("README.md", README)
    return repo


def remote_code(path):
    repo = Repository(path)
    repo.add("config.json", {"model_type": "mine", "auto_map": {
        "AutoConfig": "configuration_mine.MineConfig",
        "AutoModelForCausalLM": "modeling_mine.MineModel"}})
    repo.add("configuration_mine.py", "class MineConfig:\n    pass\n")
    repo.add("modeling_mine.py", "import torch\n\nclass MineModel:\n    pass\n")
    repo.add("model.safetensors", safetensors({"w": f32(2, 2)}, {"format": "pt"}))
    return repo


def gpt2_shaped(path):
    """Safetensors beside copies for other frameworks."""
    repo = Repository(path)
    repo.add("config.json", {"model_type": "gpt2", "n_embd": 8})
    repo.add("model.safetensors", safetensors({"wte.weight": f32(4, 8)}, {"format": "pt"}))
    repo.add("tf_model.h5", b"\x89HDF\r\n\x1a\n" + b"\0" * 8 + os.urandom(2048))
    repo.add("flax_model.msgpack",
             b"\x81\xabtransformer\x81\xa3wte\x81\xa9embedding\xc7\x10\x01" + os.urandom(256))
    # ModelProto: ir_version 8, producer_name, a graph, an opset
    repo.add("onnx/decoder_model.onnx",
             b"\x08\x08\x12\x07pytorch\x3a\x20" + b"\x0a\x1e" + b"x" * 30 +
             b"\x42\x04\x0a\x00\x10\x0d")
    repo.add("openvino/openvino_model.xml",
             '<?xml version="1.0"?>\n<net name="torch_jit" version="11">\n</net>\n')
    repo.add("openvino/openvino_model.bin", os.urandom(512))
    repo.add("vocab.json", {"a": 0})
    repo.add("README.md", README)
    return repo


def cache_snapshot(path, repo, commit="0123456789abcdef0123456789abcdef01234567"):
    """The same files as a Hugging Face cache keeps them; returns the snapshot."""
    root = pathlib.Path(path)
    blobs, snapshot = root / "blobs", root / "snapshots" / commit
    blobs.mkdir(parents=True)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text(commit)
    for file in sorted(p for p in repo.path.rglob("*") if p.is_file()):
        data = file.read_bytes()
        is_lfs = file.suffix in (".safetensors", ".bin", ".gguf", ".model")
        name = (hashlib.sha256(data) if is_lfs else
                hashlib.sha1(b"blob %d\0" % len(data) + data)).hexdigest()
        (blobs / name).write_bytes(data)
        link = snapshot / file.relative_to(repo.path)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(blobs / name, link.parent))
    return snapshot

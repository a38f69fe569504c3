#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes four small models, clean, hostile, signed and tampered: make_samples.py FOLDER.

All are inert: the hostile one is recognised by what its texts would do in a
careless reader, and nothing in it does any harm when it is opened.  The signed one
is the clean one with signed.sig, made once by a key that was thrown away then; its
public half is signed.pub.  In the tampered copy one weight is another.
"""

import json
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
HIDDEN = 32
VOCABULARY = 64


def safetensors(tensors, metadata=None):
    """tensors: name -> shape; all F32, values are a plain ramp."""
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for name, shape in tensors.items():
        count = 1
        for size in shape:
            count *= size
        begin = len(data)
        data += b"".join(struct.pack("<f", (i % 7 - 3) / 8) for i in range(count))
        header[name] = {"dtype": "F32", "shape": shape,
                        "data_offsets": [begin, len(data)]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if isinstance(content, dict):
            content = json.dumps(content, indent=2) + "\n"
        if isinstance(content, str):
            content = content.encode()
        (folder / name).write_bytes(content)


WEIGHTS = {
    "model.embed_tokens.weight": [VOCABULARY, HIDDEN],
    "model.layers.0.mlp.down_proj.weight": [HIDDEN, 2 * HIDDEN],
    "model.layers.0.mlp.up_proj.weight": [2 * HIDDEN, HIDDEN],
    "model.layers.0.self_attn.q_proj.weight": [HIDDEN, HIDDEN],
    "model.norm.weight": [HIDDEN],
}

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": HIDDEN,
    "model_type": "llama",
    "num_hidden_layers": 1,
    "torch_dtype": "float32",
    "vocab_size": VOCABULARY,
}

PLAIN_TEMPLATE = ("{% for message in messages %}<|{{ message['role'] }}|>"
                  "{{ message['content'] }}{% endfor %}")

# The attribute walk of CVE-2024-34359: rendered outside a sandbox it reaches
# every class of the interpreter.  It only lists them.
WALKING_TEMPLATE = ("{{ ''.__class__.__mro__[1].__subclasses__() }}"
                    "{% for message in messages %}{{ message['content'] }}{% endfor %}")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_samples.py FOLDER")
    folder = pathlib.Path(sys.argv[1])
    weights = safetensors(WEIGHTS, {"format": "pt"})
    clean = {
        "README.md": "---\nlicense: apache-2.0\n---\nA toy model.\n",
        "config.json": CONFIG,
        "model.safetensors": weights,
        "tokenizer_config.json": {"chat_template": PLAIN_TEMPLATE},
    }
    signature = {"model.sig": (HERE / "signed.sig").read_bytes()}
    write(folder / "clean", clean)
    write(folder / "signed", {**clean, **signature})
    write(folder / "tampered", {**clean, **signature,
                                "model.safetensors": weights[:-4] + struct.pack("<f", 0.75)})
    write(folder, {"vendor.pub": (HERE / "signed.pub").read_bytes()})
    write(folder / "hostile", {
        "config.json": CONFIG,
        "model.safetensors": weights[:-128],
        "tokenizer_config.json": {"chat_template": WALKING_TEMPLATE},
    })


if __name__ == "__main__":
    main()

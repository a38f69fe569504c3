#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_text_formats: a byte that chooses the format, then a file.
The test vectors of these formats, and what brings together more than one of them."""
import pathlib

HERE = pathlib.Path(__file__).resolve().parent / "text_formats"
VECTORS = HERE.parents[2] / "vectors"
# The first that a vector's name ends in; None: all the rest of its folder.
CHOICES = {
    "hf_config": {"tokenizer_config.json": 0, "adapter_config.json": 1,
                  "model_index.json": 2, "modules.json": 3, None: 0},
    "hf_index": {None: 4},
    "json": {None: 6},
    "lfs_pointer": {None: 7},
}
OID = "ab" * 32

SEEDS = {
    "tokenizer": (0, '{"auto_map": {"A": ["m.C", null]}, "chat_template": [{"name": "d", '
                     '"template": "{{ x[\'a\' ~ b] }}"}], "x_token": "\\u0007", "n": NaN}'),
    "target": (0, '{"_target_": "os.system", "py/object": "a.B", "custom_generate": "a/b"}'),
    "adapter": (1, '{"base_model_name_or_path": "a/b", "trust_remote_code": true}'),
    "pipeline": (2, '{"_class_name": ["m", "P"], "unet": ["diffusers", "U"], "v": [null, "X"]}'),
    "modules": (3, '[{"type": "sentence_transformers.models.Dense"}, {"type": "x.Y"}]'),
    "index": (4, '{"metadata": {"total_size": 20}, "weight_map": {"a": '
                 '"model-00001-of-00002.safetensors", "b": "../x", "a": 1}}'),
    "template": (5, "{%- raw -%} {{ {%- endraw %}{# c #}{{ {'a': ['\\x5f\\N{LOW LINE}', 1.5]}"
                    "|attr('__cla' 'ss__') * 2 -}}{% include \"x\" %}"),
    "json": (6, '{"model": {"vocab": {"a": 0}}, "py/type": 1, '
                '"template": "{{ \'%c\'|format(9) }}"}'),
    "targets": (0, '[{"_target_": "system"}, {"_target_": "os."}, {"_target_": ".x"}, '
                   '{"_target_": "subprocess"}, {"_target_": "a.eval"}, {"py/object": "x"}]'),
    "tokens-odd": (0, '{"eos_token": "\\u007f", "bos_token": "a\\tb\\nc\\rd", "additional_'
                      'special_tokens": ["\\u0001"], "pad_token": {"content": "\\u001f"}}'),
    "code-odd": (0, '{"custom_generate": "", "custom_pipeline": "", "trust_remote_code": "no", '
                    '"custom_pipelines": {"a": {"impl": ""}}, "impl": "x.y", '
                    '"chat_templates": {"a": "{{ x.__class__ }}", "name": "{{ x }}"}}'),
    "pipeline-odd": (2, '{"_class_name": {"a": "b"}, "x": {"y": "z"}, "_diffusers_version": '
                        '["a", "b"], "u": ["diffusers", "A", "B"], "": ["", ""]}'),
    "index-series": (4, '{"metadata": {"total_size": 1}, "weight_map": {' + ", ".join(
        f'"t{i}": "{name}"' for i, name in enumerate((
            "00001.safetensors", "1.safetensors", "-of-2.safetensors", "x-of-00002.safetensors",
            "m-1-of-1234567890.safetensors", "a-no-00002.safetensors", "m-00001-of-.safetensors",
            "2-of-3.safetensors", "a\\\\b.safetensors", "a//b.safetensors", "./a.safetensors",
            "C:a.safetensors", "a:.safetensors", ":.safetensors", "sub/m.safetensors"))) + "}}"),
    "index-end": (4, '{"weight_map"'),
    "pointer-extensions": (7, "version https://git-lfs.github.com/spec/v1\next-0-a sha256:" + OID +
                           "\next-1-b sha256:" + OID + "\noid sha256:" + OID + "\nsize 8\n"),
    "pointer-extension-odd": (7, "version https://git-lfs.github.com/spec/v1\next-x-a sha256:" +
                              OID + "\noid sha256:" + OID + "\nsize 8\n"),
    "pointer-extension-short": (7, "version https://git-lfs.github.com/spec/v1\next-0 sha256:" +
                                OID + "\noid sha256:" + OID + "\nsize 8\n"),
    "pointer-extension-long": (7, "version https://git-lfs.github.com/spec/v1\next-00a sha256:" +
                               OID + "\noid sha256:" + OID + "\nsize 8\n"),
    "pointer-extension-none": (7, "version https://git-lfs.github.com/spec/v1\next-0-a\n"),
    "pointer-oid-letters": (7, "version https://git-lfs.github.com/spec/v1\noid sha256:" +
                            "g" * 64 + "\nsize 8\n"),
    "index-metadata-list": (4, '{"metadata": [1], "weight_map": {"a": "m.safetensors"}}'),
    "index-total-map": (4, '{"metadata": {"total_size": {}, "x": [1]}, "weight_map": {}}'),
    "auto-map-long": (0, '{"auto_map": {"A": "' + "m" * 1100 + '.C", "B": "", "C": "plain"}}'),
    "base-model-empty": (1, '{"base_model_name_or_path": ""}'),
    "key-long": (0, '{"' + "k" * 300 + '": {"template": "{{ x }}"}}'),
    "list-first": (0, '["a", {"template": "x"}]'),
    "template-not-utf8": (5, "{{ a }}\udcff"),
    "pointer-empty": (7, ""),
    "pointer-no-line": (7, "\n"),
    "pointer-no-version": (7, "oid sha256:" + OID + "\n"),
    "pointer": (7, "version https://git-lfs.github.com/spec/v1\next-0-a sha256:" + OID +
                   "\noid sha256:" + OID + "\nsize 8\n"),
}


def vectors():
    for folder, choices in CHOICES.items():
        for path in sorted((VECTORS / folder).iterdir()):
            if path.suffix == ".py":
                continue
            choice = next((n for end, n in choices.items()
                           if end and path.name.endswith(end)), choices[None])
            yield f"{folder}-{path.stem}", bytes([choice]) + path.read_bytes()


def main():
    HERE.mkdir(exist_ok=True)
    for name, (choice, text) in SEEDS.items():
        (HERE / name).write_bytes(bytes([choice]) + text.encode(errors="surrogateescape"))
    for name, content in vectors():
        (HERE / name).write_bytes(content)


if __name__ == "__main__":
    main()

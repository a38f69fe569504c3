#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the weight-index vectors: <verdict>-<reason>.json beside this file.

All are read under the name model.safetensors.index.json.  What depends on other
files (is the shard there?) is not decided by the format and has no vector here.
"""
import json
import pathlib

HERE = pathlib.Path(__file__).parent
ONE = "model-00001-of-00002.safetensors"
TWO = "model-00002-of-00002.safetensors"


def index(a=ONE, b=TWO, total=20, **more):
    doc = {"metadata": {"total_size": total}, "weight_map": {"a": a, "b": b}}
    doc.update(more)
    return json.dumps(doc, indent=2) + "\n"


CASES = {
    "accept-plain": index(),
    "accept-single-file": index("model.safetensors", "model.safetensors"),
    "accept-more-members": index(extra={"x": [1, {"weight_map": 2}], "y": None}),
    "accept-six-digits": index("model-000001-of-000002.safetensors",
                               "model-000002-of-000002.safetensors"),
    "warn-total-missing": json.dumps({"metadata": {}, "weight_map": {"a": "model.safetensors"}}),
    "warn-metadata-missing": json.dumps({"weight_map": {"a": "model.safetensors"}}),
    "warn-total-text": index(total="20"),
    "warn-total-float": index(total=20.0),
    "warn-total-negative": index(total=-20),
    "warn-subfolder": index("x/" + ONE),
    "warn-count": index("model-00001-of-00003.safetensors"),
    "warn-count-short": index(TWO, TWO),
    "reject-absolute": index("/etc/passwd"),
    "reject-traversal": index("../" + ONE),
    "reject-inner-traversal": index("x/../../" + ONE),
    "reject-backslash": index("..\\" + ONE),
    "reject-drive": index("C:" + ONE),
    "reject-home": index("~/" + ONE),
    "reject-address": index("https://example.invalid/" + ONE),
    "reject-nul": index("model.safetensors\0.safetensors"),
    "reject-empty-name": index(""),
    "reject-dot": index("./" + ONE),
    "reject-kind-bin": index("pytorch_model.bin"),
    "reject-kind-double": index(ONE + ".bin"),
    "reject-map-list": json.dumps({"metadata": {"total_size": 1}, "weight_map": ["a"]}),
    "reject-map-number": index(a=7),
    "reject-map-object": index(a={"file": ONE}),
    "reject-map-null": index(a=None),
    "reject-map-empty": json.dumps({"metadata": {"total_size": 0}, "weight_map": {}}),
    "reject-no-map": json.dumps({"metadata": {"total_size": 1}}),
    "reject-list": "[]",
    "reject-string": '"weight_map"',
    "reject-empty": "",
    "reject-trailing": index() + "{}\n",
    "reject-truncated": index()[:-5],
    "reject-single-quotes": index().replace('"', "'"),
    "reject-duplicate-tensor": '{"metadata": {"total_size": 1}, "weight_map": '
                               f'{{"a": "{ONE}", "a": "{TWO}"}}}}',
    "reject-duplicate-escaped": '{"metadata": {"total_size": 1}, "weight_map": '
                                f'{{"a": "{ONE}", "\\u0061": "{TWO}"}}}}',
    "reject-duplicate-map": '{"metadata": {"total_size": 1}, "weight_map": {}, '
                            f'"weight_map": {{"a": "model.safetensors"}}}}',
}


def main():
    for name, text in CASES.items():
        (HERE / f"{name}.json").write_bytes(text.encode())


if __name__ == "__main__":
    main()

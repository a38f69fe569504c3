#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the vectors of other JSON: <verdict>-<reason>.<name> beside this file.

What follows the first dot is the name under which the file is read.
"""
import json
import pathlib

HERE = pathlib.Path(__file__).parent

CASES = {
    "accept-tokenizer.tokenizer.json": json.dumps({
        "version": "1.0", "added_tokens": [{"id": 0, "content": "\u0000"}],
        "post_processor": {"type": "TemplateProcessing", "single": []},
        "model": {"type": "BPE", "vocab": {"a": 0, "{{": 1, "__class__": 2},
                  "merges": ["a b"]}}),
    "accept-training.trainer_state.json": '{"loss": NaN, "best": -Infinity, "log": [{}]}',
    "accept-list.merges.json": "[1, 2.5, true, null]",
    "accept-template.other.json": json.dumps({"chat_template": "{{ message }}"}),
    "accept-hydra.other.json": json.dumps({"_target_": "os.system"}),
    "warn-duplicate.vocab.json": '{"a": 0, "a": 1}',
    "warn-malformed.other.json": "{",
    "warn-comments.package.json": "{} // end",
    "reject-malformed.tokenizer.json": '{"model": {"vocab": {"a": 0,}}}',
    "reject-truncated.vocab.json": '{"a": 0, "b"',
    "reject-template.other.json": json.dumps({"chat_template": "{{ x.__globals__ }}"}),
    "reject-jsonpickle.state.json": json.dumps({"py/object": "os.system"}),
}


def main():
    for name, text in CASES.items():
        (HERE / name).write_bytes(text.encode())


if __name__ == "__main__":
    main()

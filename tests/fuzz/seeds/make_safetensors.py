#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_safetensors: the test vectors of up to LARGEST bytes.  Standard library
only."""
import importlib.util
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
GENERATOR = HERE.parents[1] / "vectors" / "safetensors" / "generate.py"
LARGEST = 4096

if __name__ == "__main__":
    spec = importlib.util.spec_from_file_location("generate", GENERATOR)
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    (HERE / "safetensors").mkdir(exist_ok=True)
    for name, content in generate.VECTORS.items():
        if len(content) <= LARGEST:
            (HERE / "safetensors" / name).write_bytes(content)

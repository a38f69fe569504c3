#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_gguf: the test vectors.  Standard library
only."""
import importlib.util
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
GENERATOR = HERE.parents[1] / "vectors" / "gguf" / "generate.py"

if __name__ == "__main__":
    spec = importlib.util.spec_from_file_location("generate", GENERATOR)
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    (HERE / "gguf").mkdir(exist_ok=True)
    for name, content in generate.VECTORS.items():
        (HERE / "gguf" / name).write_bytes(content)

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_safetensors: a few of the test vectors, one for each
way through the reader.  Standard library only."""
import importlib.util
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
GENERATOR = HERE.parents[1] / "vectors" / "safetensors" / "generate.py"

NAMES = """accept-all-dtypes accept-any-order accept-metadata accept-names
reject-content-polyglot-found--tar reject-content-polyglot-found--zip
reject-safetensors-field-type--shape-nested reject-safetensors-header-nesting
reject-safetensors-key-duplicate--in-unknown reject-safetensors-offset-hole
reject-safetensors-offset-overlap warn-safetensors-metadata-key-escaped
warn-safetensors-metadata-suspicious--pickle warn-tensor-name-twin
warn-tensor-payload-executable--pe warn-tensor-payload-pickle--0
warn-tensor-payload-pickle--4""".split()

if __name__ == "__main__":
    spec = importlib.util.spec_from_file_location("generate", GENERATOR)
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    (HERE / "safetensors").mkdir(exist_ok=True)
    for name in NAMES:
        (HERE / "safetensors" / name).write_bytes(generate.VECTORS[name])

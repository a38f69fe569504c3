#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_gguf: a few of the test vectors, one for each way
through the reader.  Standard library only."""
import importlib.util
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
GENERATOR = HERE.parents[1] / "vectors" / "gguf" / "generate.py"

NAMES = """accept-alignment accept-all-values accept-one accept-quantised
accept-split-second accept-template accept-vocabulary
reject-content-polyglot-found--zip reject-gguf-array-depth reject-gguf-data-gap
reject-gguf-data-order reject-gguf-data-overlap reject-gguf-key-control--nul
reject-gguf-magic-wrong reject-gguf-name-length--long reject-gguf-rank-excess
reject-gguf-size-overflow--wraps reject-gguf-type-unknown
warn-gguf-alignment-large warn-gguf-array-nested warn-gguf-byte-order-big
warn-gguf-data-trailing warn-gguf-padding-missing warn-gguf-padding-nonzero
warn-gguf-token-range warn-gguf-value-suspicious--bytes warn-gguf-version-old
warn-tensor-payload-pickle""".split()

if __name__ == "__main__":
    spec = importlib.util.spec_from_file_location("generate", GENERATOR)
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    (HERE / "gguf").mkdir(exist_ok=True)
    for name in NAMES:
        (HERE / "gguf" / name).write_bytes(generate.VECTORS[name])

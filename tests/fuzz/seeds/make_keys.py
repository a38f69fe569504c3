#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Copies the key vectors (tests/vectors/keys) to the seeds of fuzz_keys."""

import pathlib
import shutil

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parent.parent / "vectors" / "keys"
SEEDS = HERE / "keys"

shutil.rmtree(SEEDS, ignore_errors=True)
SEEDS.mkdir()
for path in sorted(VECTORS.iterdir()):
    if path.suffix in (".pub", ".key", ".sec", ".sig", ".minisig"):
        shutil.copyfile(path, SEEDS / path.name)

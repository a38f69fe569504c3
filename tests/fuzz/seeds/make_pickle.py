#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Copies the short pickle vectors as fuzz seeds."""
import pathlib

HERE = pathlib.Path(__file__).parent
VECTORS = HERE.parent.parent / "vectors" / "pickle"

(HERE / "pickle").mkdir(exist_ok=True)
for old in (HERE / "pickle").iterdir():
    old.unlink()
for vector in sorted(VECTORS.glob("*.pkl")):
    if vector.stat().st_size <= 512:
        (HERE / "pickle" / vector.stem).write_bytes(vector.read_bytes())

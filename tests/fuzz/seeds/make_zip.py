#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Copies the short archive vectors as fuzz seeds."""
import pathlib

HERE = pathlib.Path(__file__).parent
VECTORS = HERE.parent.parent / "vectors"

(HERE / "zip").mkdir(exist_ok=True)
for old in (HERE / "zip").iterdir():
    old.unlink()
for folder in ("zip", "torch_zip", "npz"):
    for vector in sorted((VECTORS / folder).iterdir()):
        if vector.suffix != ".py" and vector.stat().st_size <= 3072:
            (HERE / "zip" / f"{folder}-{vector.stem}").write_bytes(vector.read_bytes())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Copies the short vectors of arrays and of PyTorch's old formats as fuzz seeds."""
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parents[1] / "vectors"
LARGEST = {"npy": 2048, "torch_legacy": 2560, "torch_tar": 10240}

if __name__ == "__main__":
    for area, largest in LARGEST.items():
        folder = HERE / area
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for vector in sorted(VECTORS.glob(f"{area}/*.*")):
            if vector.suffix != ".py" and vector.stat().st_size <= largest:
                (folder / vector.stem).write_bytes(vector.read_bytes())

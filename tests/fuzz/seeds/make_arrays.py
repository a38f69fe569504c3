#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_npy, fuzz_torch_legacy and fuzz_torch_tar, and joblib's for
fuzz_pickle: a few of the test vectors, one for each way through the reader."""
import importlib.util
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parents[1] / "vectors"

SEEDS = {
    "npy": """accept-plain accept-version-3 accept-64-dimensions warn-npy-data-trailing--array
        warn-npy-dtype-object warn-npy-dtype-unusual--nested warn-npy-header-old
        warn-npy-dtype-unusual--date reject-npy-shape-invalid--overflow
        reject-pickle-import-dangerous--behind-numbers""",
    "torch_legacy": """accept-plain accept-named accept-another-order accept-one-storage
        reject-torch-storage-wrong--twice reject-torch-view-outside--typed
        reject-pickle-import-dangerous--behind""",
    "torch_tar": """warn-torch-tar-found reject-pickle-import-dangerous--count
        warn-pickle-data-trailing""",
    "joblib": """accept-types accept-unaligned reject-pickle-array-unknown--subarray
        reject-pickle-import-dangerous--behind-record
        reject-pickle-array-elsewhere--above""",
}

if __name__ == "__main__":
    for area, names in SEEDS.items():
        spec = importlib.util.spec_from_file_location("generate", VECTORS / area / "generate.py")
        generate = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(generate)
        folder = HERE / ("pickle" if area == "joblib" else area)
        folder.mkdir(exist_ok=True)
        prefix = "joblib-" if area == "joblib" else ""
        for name in names.split():
            (folder / (prefix + name)).write_bytes(generate.VECTORS[name])

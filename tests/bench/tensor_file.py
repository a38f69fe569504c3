# SPDX-License-Identifier: Apache-2.0
"""Large safetensors files with numbers as weights have them, for benchmarks."""

import json
import os
import random
import struct

SIZES = {"F32": 4, "BF16": 2, "F16": 2, "F8_E4M3": 1}
N_NUMBERS = 1 << 18


def numbers(dtype):
    """Some of them, as bytes; the 8-bit ones are any but NaN."""
    rng = random.Random(1)
    if dtype == "F8_E4M3":
        return bytes(b & 0xbf for b in os.urandom(N_NUMBERS))
    values = [rng.gauss(0, 0.02) for _ in range(N_NUMBERS)]
    if dtype == "F16":
        return struct.pack(f"<{N_NUMBERS}e", *values)
    data = struct.pack(f"<{N_NUMBERS}f", *values)
    if dtype == "BF16":
        return b"".join(data[i + 2:i + 4] for i in range(0, len(data), 4))
    return data


def write(path, dtype, n_tensors, n_bytes):
    """About n_bytes of weights in n_tensors, named by the file; returns its size."""
    length = n_bytes // n_tensors // SIZES[dtype] * SIZES[dtype]
    header = {f"{path.stem}.{i}.weight": {"dtype": dtype, "shape": [length // SIZES[dtype]],
                                     "data_offsets": [i * length, (i + 1) * length]}
              for i in range(n_tensors)}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    block, left = numbers(dtype), length * n_tensors
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        while left > 0:
            left -= f.write(block[:left])
        return f.tell()

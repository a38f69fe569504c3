#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_archives, fuzz_baseline, fuzz_lists and fuzz_template."""
import importlib.util
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parents[1] / "vectors"
# The first byte of a seed of fuzz_archives is the number of its kind, as there.
ARCHIVES = {"npz": 2, "torch_zip": 3}
N_EACH = 12
LARGEST = 4096


def vectors(area):
    """Small ones, spread over the names, which begin with what they show."""
    paths = sorted(p for p in (VECTORS / area).iterdir()
                   if p.suffix not in (".py", ".md") and p.stat().st_size <= LARGEST)
    return paths[::max(1, len(paths) // N_EACH)]


def archives():
    for area, number in ARCHIVES.items():
        for path in vectors(area):
            yield f"{area}-{path.stem}", bytes([number]) + path.read_bytes()
    for number, name in enumerate(("dduf", "keras")):
        path = VECTORS / "zip" / "accept-plain.zip"
        content = path.read_bytes() if path.exists() else vectors("zip")[0].read_bytes()
        yield name, bytes([number]) + content


def baselines():
    finding = {"rule": "pickle-import-unknown", "severity": "high", "title": "t",
               "detail": "d", "fingerprint": "v1:" + "0f" * 16}
    whole = {"schema": "steelyard-report/1", "artifacts": [
        {"path": "a", "findings": [finding], "suppressed": [finding]},
        {"path": "b", "findings": [], "suppressed": []}]}
    yield "whole", json.dumps(whole).encode()
    yield "empty", b'{"schema":"steelyard-report/1","artifacts":[]}'
    yield "other", b'{"schema":"steelyard-report/2","artifacts":[]}'
    yield "null", json.dumps({**whole, "artifacts": None}).encode()
    yield "short-fingerprint", json.dumps(whole).replace("0f0f", "").encode()
    yield "cut", json.dumps(whole).encode()[:-9]


def lists():
    sha256, sha512 = "5a" * 32, "0f" * 64
    yield "plain", f"{sha256}  a/b.bin".encode()
    yield "binary", f"{sha256} *a b".encode()
    yield "escaped", f"\\{sha256}  a\\nb\\\\c\\rd".encode()
    yield "long", f"{sha512}  x".encode()
    yield "tagged", f"SHA256 (a (b) = c) = {sha256}".encode()
    yield "openssl", f"SHA2-512(x)= {sha512}".encode()
    yield "blake2b", f"BLAKE2b (x) = {sha512}".encode()
    yield "blake3", f"BLAKE3 (x) = {sha256}".encode()
    yield "upper", f"{sha256.upper()}  x".encode()
    yield "no-name", f"{sha256}  ".encode()


def templates():
    for path in sorted((VECTORS / "template").glob("*.jinja")):
        yield path.stem, path.read_bytes()


if __name__ == "__main__":
    for target, seeds in (("archives", archives), ("baseline", baselines), ("lists", lists),
                          ("template", templates)):
        folder = HERE / target
        folder.mkdir(exist_ok=True)
        for name, content in seeds():
            (folder / name).write_bytes(content)

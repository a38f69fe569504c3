#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints what large inputs cost, as a table: medians of N runs.

  bench.py [--build FOLDER] [--runs N] [NAME-PART...]

Times are the wall's and the processor's (of all processes), after one run that fills
the page cache; memory is the peak of the process tree.  What is written lies in a
temporary folder (TMPDIR) and is removed; weights are holes, so no disk is measured.
"""

import argparse
import os
import pathlib
import statistics
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
MIB = 1 << 20

# name, unit, how many, writer of giants.py with its first arguments, runs
CASES = [
    ("safetensors header", "tensors", 888_000, "safetensors", (), ("cjson", "scan")),
    ("GGUF", "tensors", 200_000, "gguf", (), ("scan",)),
    ("GGUF vocabulary", "tokens", 1_000_000, "tokens", (), ("scan",)),
    ("200 shards, index", "tensors", 200_000, "shards", (200,), ("scan",)),
    ("directory", "files", 100_000, "small_files", (), ("scan",)),
    ("8 shards, 4 GiB", "bytes", 512 * MIB, "sparse_shards", (8,), ("scan", "check")),
    ("pickle of dicts", "rows", 3_700_000, "rows_pickle", (), ("genops", "scan")),
    ("pickle of pairs", "pairs", 33_000_000, "pairs_pickle", (), ("genops", "scan"))]


def command(what, path):
    if what == "cjson":
        return harness.BUILD / "tests" / "cjson_parse", path
    if what == "genops":
        return sys.executable, HERE / "genops.py", path, str(1 << 40)
    return harness.PROGRAM, what, "-q", path


def figures(words, n_runs):
    """(seconds, processor seconds, bytes): medians; None when it does not end well."""
    if measure.cost(*words).status != 0:
        return None
    runs = [measure.cost(*words) for _ in range(n_runs)]
    peaks = [measure.memory(*words)[0] for _ in range(min(n_runs, 3))]
    return (statistics.median(r.seconds for r in runs),
            statistics.median(r.cpu_seconds for r in runs), statistics.median(peaks))


def row(name, what, result):
    if not result:
        print(f"{name:38} {what:6} {'-':>10}", flush=True)
        return
    wall, cpu, peak = result
    print(f"{name:38} {what:6} {wall:9.3f} s {cpu:9.3f} s {peak / MIB:8.0f} MiB", flush=True)


def measure_case(case, folder, n_runs):
    name, unit, n, writer, args, commands = case
    suffix = {"safetensors": "safetensors", "rows_pickle": "pkl",
              "pairs_pickle": "pkl"}.get(writer, "gguf")
    path = folder / f"model.{suffix}"
    getattr(giants, writer)(path, *args, n)
    label = name if unit == "bytes" else f"{name}, {n:,} {unit}"
    results = {}
    for what in commands:
        results[what] = figures(command(what, path), n_runs)
        row(label, what, results[what])
    theirs = results.get("cjson") or results.get("genops")
    if theirs and results.get("scan"):
        parts = [a / b for a, b in zip(results["scan"], theirs)]
        print(f"{'':38} {'part':6} {parts[0]:9.3f}   {parts[1]:9.3f}   {parts[2]:8.2f}",
              flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("parts", nargs="*")
    args = parser.parse_args()
    if args.build:
        os.environ["STEELYARD_BUILD"] = str(pathlib.Path(args.build).resolve())
    sys.path[:0] = [str(HERE), str(HERE.parent)]
    sys.dont_write_bytecode = True
    global giants, harness, measure     # they look at the environment when loaded
    import giants
    import harness
    import measure
    print(f"{'input':38} {'run':6} {'wall':>11} {'processor':>11} {'memory':>12}")
    for case in CASES:
        if args.parts and not any(p in case[0] for p in args.parts):
            continue
        with tempfile.TemporaryDirectory(prefix="steelyard-bench-") as folder:
            measure_case(case, pathlib.Path(folder), args.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every tests/**/test_*.py with unittest against a built program.

  run_python.py --build build/gcc [--tier fast|default|deep] [--jobs N] [NAME-PART...]

Each test class is a job of its own; its output is printed when it ended.
"""

import argparse
import collections
import concurrent.futures
import contextlib
import importlib.util
import io
import json
import multiprocessing
import os
import pathlib
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent


JOBS = {}       # {class: its tests}; filled before the pool's processes are forked


class Result(unittest.TextTestResult):
    """Counts what passed, and how long each test took."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.n_passed = 0

    def startTest(self, test):
        super().startTest(test)
        self.started = time.monotonic()

    def stopTest(self, test):
        seconds = time.monotonic() - self.started
        if seconds > 5:
            print(f"  {test.id()} took {seconds:.1f} s", flush=True)
        super().stopTest(test)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.n_passed += 1


def load(path):
    """A module named after its path, so that equal file names do not collide."""
    name = ".".join(path.relative_to(HERE).with_suffix("").parts)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
    return unittest.defaultTestLoader.loadTestsFromModule(module)


def classes(suite):
    """{name: tests of one class}, in the order they were found."""
    found = {}
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            for name, tests in classes(test).items():
                found.setdefault(name, []).extend(tests)
        else:
            name = f"{type(test).__module__}.{type(test).__qualname__}"
            found.setdefault(name, []).append(test)
    return found


def jobs_of(parts):
    tests = unittest.TestSuite()
    for path in sorted(HERE.rglob("test_*.py")):
        name = str(path.relative_to(HERE))
        if "vectors" in path.parts or (parts and not any(p in name for p in parts)):
            continue
        tests.addTest(load(path))
    return classes(tests)


def run_job(name, verbosity):
    """(name, output, counts) of one class, in a process of the pool."""
    import harness
    before = collections.Counter(harness.corpus_counts())
    output = io.StringIO()
    runner = unittest.TextTestRunner(resultclass=Result, stream=output, verbosity=verbosity)
    with contextlib.redirect_stdout(output):
        result = runner.run(unittest.TestSuite(JOBS[name]))
    return name, output.getvalue(), {
        "passed": result.n_passed,
        "failed": len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses),
        "skipped": [f"{test.id()}: {reason}" for test, reason in result.skipped],
        "corpus": collections.Counter(harness.corpus_counts()) - before,
    }


def add(total, counts):
    for key in ("passed", "failed", "skipped"):
        total[key] += counts[key]
    total["corpus"].update(counts["corpus"])


def show(name, output, counts, verbose):
    if verbose or counts["failed"]:
        print(f"\n{name}\n{output}", flush=True)
        return
    print(f"{name}: {counts['passed']} passed" +
          (f", {len(counts['skipped'])} skipped" if counts["skipped"] else ""), flush=True)
    for line in output.splitlines():
        if line.endswith(" s") and " took " in line:
            print("  " + line.lstrip(".s "), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--tier", default="fast", choices=["fast", "default", "deep"])
    parser.add_argument("--results")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("-v", action="store_true")
    parser.add_argument("parts", nargs="*")
    args = parser.parse_args()
    os.environ["STEELYARD_BUILD"] = str(pathlib.Path(args.build).resolve())
    os.environ["STEELYARD_TIER"] = args.tier
    sys.path.insert(0, str(HERE))
    sys.dont_write_bytecode = True
    JOBS.update(jobs_of(args.parts))
    total = {"passed": 0, "failed": 0, "skipped": [], "corpus": collections.Counter()}
    # A test that kills its process breaks the pool, and with it the run.
    with concurrent.futures.ProcessPoolExecutor(
            args.jobs, multiprocessing.get_context("fork")) as pool:
        jobs = [pool.submit(run_job, name, 2 if args.v else 1) for name in JOBS]
        for done in concurrent.futures.as_completed(jobs):
            name, output, counts = done.result()
            add(total, counts)
            show(name, output, counts, args.v)
    if args.results:
        pathlib.Path(args.results).write_text(json.dumps(total))
    print(f"Python: {total['passed']} passed, {total['failed']} failed, "
          f"{len(total['skipped'])} skipped")
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every tests/**/test_*.py with unittest against a built program.

  run_python.py --build build/gcc [--tier fast|default|deep] [NAME-PART...]
"""

import argparse
import importlib.util
import json
import os
import pathlib
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent


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


def suite(parts):
    tests = unittest.TestSuite()
    for path in sorted(HERE.rglob("test_*.py")):
        name = str(path.relative_to(HERE))
        if "vectors" in path.parts or (parts and not any(p in name for p in parts)):
            continue
        tests.addTest(load(path))
    return tests


def write_results(path, result):
    import harness
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    pathlib.Path(path).write_text(json.dumps({
        "passed": result.n_passed,
        "failed": failed,
        "skipped": [f"{test.id()}: {reason}" for test, reason in result.skipped],
        "corpus": harness.corpus_counts(),
    }))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--tier", default="fast", choices=["fast", "default", "deep"])
    parser.add_argument("--results")
    parser.add_argument("-v", action="store_true")
    parser.add_argument("parts", nargs="*")
    args = parser.parse_args()
    os.environ["STEELYARD_BUILD"] = str(pathlib.Path(args.build).resolve())
    os.environ["STEELYARD_TIER"] = args.tier
    sys.path.insert(0, str(HERE))
    sys.dont_write_bytecode = True
    runner = unittest.TextTestRunner(resultclass=Result, stream=sys.stdout,
                                     verbosity=2 if args.v else 1)
    result = runner.run(suite(args.parts))
    if args.results:
        write_results(args.results, result)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every tests/**/test_*.py with unittest against a built program.

  run_python.py --build build/gcc [--tier fast|default|deep] [--jobs N] [NAME-PART...]

Each test class is a job of its own; its output is printed when it ended.
"""

import argparse
import collections
import contextlib
import importlib.util
import io
import json
import os
import pathlib
import sys
import tempfile
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


def run_job(tests, verbosity):
    """(output, counts) of one class."""
    import harness
    output = io.StringIO()
    runner = unittest.TextTestRunner(resultclass=Result, stream=output, verbosity=verbosity)
    with contextlib.redirect_stdout(output):
        result = runner.run(unittest.TestSuite(tests))
    return output.getvalue(), {
        "passed": result.n_passed,
        "failed": len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses),
        "skipped": [f"{test.id()}: {reason}" for test, reason in result.skipped],
        "corpus": harness.corpus_counts(),
    }


def start(tests, verbosity):
    """(process, file for what it finds): a job in a process forked for it.

    By hand, for multiprocessing needs semaphores, which a bare container lacks."""
    results = tempfile.TemporaryFile()
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid, results
    try:
        results.write(json.dumps(run_job(tests, verbosity)).encode())
        results.flush()
    finally:
        os._exit(0)


def finish(results, status):
    """What a job found; one failure when it ended without saying so."""
    with results:
        results.seek(0)
        text = results.read()
    if text:
        return json.loads(text)
    return (f"ended without a result, wait status {status}\n",
            {"passed": 0, "failed": 1, "skipped": [], "corpus": {}})


def run_jobs(jobs, n_parallel, verbosity):
    """(name, output, counts) of each job, in the order they end."""
    waiting, running = list(jobs), {}
    while waiting or running:
        while waiting and len(running) < n_parallel:
            name = waiting.pop(0)
            pid, results = start(jobs[name], verbosity)
            running[pid] = name, results
        pid, status = os.wait()
        name, results = running.pop(pid)
        yield name, *finish(results, status)


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
    total = {"passed": 0, "failed": 0, "skipped": [], "corpus": collections.Counter()}
    jobs = jobs_of(args.parts)
    for name, output, counts in run_jobs(jobs, args.jobs, 2 if args.v else 1):
        add(total, counts)
        show(name, output, counts, args.v)
    if args.results:
        pathlib.Path(args.results).write_text(json.dumps(total))
    print(f"Python: {total['passed']} passed, {total['failed']} failed, "
          f"{len(total['skipped'])} skipped")
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())

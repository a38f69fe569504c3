#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the suite under Valgrind's memcheck, or in a build with ThreadSanitizer, and
remembers what ran: the board reads that, and says no more than it.

  watch.py memcheck|tsan --build FOLDER [--seconds N] [--python PART]... [NAME...]

NAME: C tests (none: all).  --python: also those Python tests whose path has a PART,
with every run of the program watched.  A run adds to what earlier ones of the same
product left in build/board/TOOL.json, so it can be done in parts.
"""

import argparse
import contextlib
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent
OUT = SOURCE / "build" / "board"
CAGED = "its cage forbids what Valgrind does in the same process"
# C tests that memcheck cannot run, or not in reasonable time, and why.
NOT_UNDER_MEMCHECK = {
    "test_cage": CAGED,
    "test_cpu": "Valgrind shows another processor",
    "test_speed": "measures time",
    "test_weigh_huge": "reads gigabytes",
    "test_walk_scale": "a million names",
    "test_races": "the threads of a process under Valgrind take turns: no race",
}
# Whose own checks cannot hold there, whatever the memory is like.
NO_OPENAT2 = "this Valgrind knows no openat2, on which some of it rests (old_valgrind.c)"
NOT_THE_SAME = {
    "test_context": NO_OPENAT2, "test_hub": NO_OPENAT2, "test_walk": NO_OPENAT2,
    "test_walk_links": NO_OPENAT2, "test_text": "Valgrind's long double has 64 bits",
}
SECONDS = 240       # of one test
VALGRIND = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full",
            "--errors-for-leak-kinds=definite,indirect", "--show-leak-kinds=definite,indirect",
            "--fair-sched=yes"]


def rev_parse(*words):
    done = subprocess.run(["git", "rev-parse", *words], cwd=SOURCE, check=False,
                          capture_output=True, text=True)
    return done.stdout.strip()


def product():
    """What is watched: the folders of the product as they are in this commit."""
    return rev_parse("HEAD:verifier", "HEAD:formats", "HEAD:keys")


def c_tests(build):
    """Name -> (command, environment), as ctest has them; seeds once, not twice."""
    told = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"],
                          check=True, capture_output=True).stdout
    for test in json.loads(told)["tests"]:
        if "command" not in test or test["name"].startswith("fuzz_"):
            continue
        env = {}
        for item in test.get("properties", []):
            if item["name"] == "ENVIRONMENT":
                env.update(word.split("=", 1) for word in item["value"])
        yield test["name"], test["command"], env


class Run:
    """One tool, one build, what came of each test."""

    def __init__(self, tool, build, seconds):
        self.tool, self.build = tool, build
        self.end = time.monotonic() + seconds
        self.path = OUT / f"{tool}.json"
        self.logs = OUT / f"{tool}-logs"
        shutil.rmtree(self.logs, ignore_errors=True)
        self.logs.mkdir(parents=True)
        self.state = {"commit": rev_parse("--short=12", "HEAD"), "product": product(),
                      "c": {}, "python": {}, "runs": 0, "reports": []}
        with contextlib.suppress(OSError, ValueError):
            before = json.loads(self.path.read_text())
            if before["product"] == self.state["product"]:
                self.state = before

    def save(self):
        self.path.write_text(json.dumps(self.state, indent=1, sort_keys=True))

    def is_over(self):
        return time.monotonic() > self.end

    def wrapped(self, command):
        if self.tool != "memcheck":
            return command
        return [*self.preloaded, *VALGRIND, f"--log-file={self.logs}/%p", *command]

    @functools.cached_property
    def preloaded(self):
        """Words before valgrind, when it is one that does not know openat2."""
        told = subprocess.run(["valgrind", "--version"], check=True, capture_output=True, text=True)
        if tuple(map(int, re.findall(r"\d+", told.stdout)[:2])) >= (3, 21):
            return []
        shim = OUT / "old_valgrind.so"
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", shim,
                        SOURCE / "tests/support/old_valgrind.c"], check=True)
        return ["env", f"LD_PRELOAD={shim}"]

    def environment(self, **more):
        options = os.environ.get("TSAN_OPTIONS", "allow_addr2line=1")
        options += f":halt_on_error=1:exitcode=66:log_path={self.logs}/tsan"
        return {**os.environ, "TSAN_OPTIONS": options, **more}

    def reports(self):
        """Counts and empties the logs; keeps those in which something stands."""
        found = []
        for log in sorted(self.logs.iterdir()):
            text = log.read_text(errors="replace")
            self.state["runs"] += 1
            if re.search(r"WARNING: ThreadSanitizer|^==\d+==", text, re.M):
                found.append(text[:4000])
            log.unlink()
        return found

    def c_test(self, name, command, env):
        why = NOT_UNDER_MEMCHECK.get(name) if self.tool == "memcheck" else None
        if why:
            return f"left out: {why}"
        left = max(1, min(SECONDS, self.end - time.monotonic()))
        start = time.monotonic()
        try:
            done = subprocess.run(self.wrapped(command), env=self.environment(**env),
                                  cwd=self.build, check=False, timeout=left,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except subprocess.TimeoutExpired:
            self.reports()
            return f"not to its end: {left:.0f} s were too few"
        found = self.reports()
        self.state["reports"] += [f"{name}: {text}" for text in found]
        if found:
            return "reports"
        if 0 < done.returncode < 90 and self.tool == "memcheck" and name in NOT_THE_SAME:
            return f"clean, but {NOT_THE_SAME[name]}"
        if done.returncode:
            text = done.stdout.decode(errors="replace")
            return f"failed: {text[-600:]}"
        return f"clean in {time.monotonic() - start:.0f} s"

    def c(self, names):
        for name, command, env in c_tests(self.build):
            if (names and name not in names) or \
                    self.state["c"].get(name, "").startswith("clean"):
                continue
            if self.is_over():
                self.state["c"].setdefault(name, "not run")
                continue
            self.state["c"][name] = self.c_test(name, command, env)
            print(f"{name}: {self.state['c'][name]}", flush=True)
            self.save()

    def watched_build(self):
        """A folder in which the program is run by Valgrind, and the rest is as it was."""
        if self.tool != "memcheck":
            return self.build
        folder = OUT / "memcheck-build"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for path in self.build.iterdir():
            (folder / path.name).symlink_to(path)
        (folder / "steelyard").unlink()
        words = " ".join(self.wrapped([str(self.build / "steelyard")]))
        (folder / "steelyard").write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        (folder / "steelyard").chmod(0o755)
        return folder

    def python(self, parts):
        build = self.watched_build()
        for part in parts:
            if self.is_over():
                self.state["python"].setdefault(part, "not run")
                continue
            results = OUT / f"{self.tool}-python.json"
            results.unlink(missing_ok=True)
            runs = self.state["runs"]
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run([sys.executable, SOURCE / "tests/run_python.py", "--build", build,
                                "--tier", "fast", "--results", results, part], check=False,
                               env=self.environment(), stdout=subprocess.DEVNULL,
                               timeout=max(1, self.end - time.monotonic()))
            found = self.reports()
            self.state["reports"] += [f"{part}: {text}" for text in found]
            counts = json.loads(results.read_text()) if results.exists() else None
            told = f"{counts['passed']} passed, {counts['failed']} failed" if counts else \
                "not to its end"
            word = "reports" if found else \
                "clean" if counts and counts["passed"] else "nothing ran"
            self.state["python"][part] = f"{word}: {told}, {self.state['runs'] - runs} logs"
            print(f"{part}: {self.state['python'][part]}", flush=True)
            self.save()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool", choices=["memcheck", "tsan"])
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--python", action="append", default=[])
    parser.add_argument("names", nargs="*")
    args = parser.parse_intermixed_args()
    if args.tool == "memcheck" and not shutil.which("valgrind"):
        print("valgrind is not installed", file=sys.stderr)
        return 2
    run = Run(args.tool, args.build.resolve(), args.seconds)
    run.c(args.names)
    run.python(args.python)
    run.save()
    said = [*run.state["c"].values(), *run.state["python"].values()]
    for text in run.state["reports"]:
        print(text)
    n_clean = sum(word.startswith("clean") for word in said)
    print(f"{args.tool}: {n_clean} of {len(said)} clean, {len(run.state['reports'])} reports")
    return 1 if run.state["reports"] or any(w.startswith("failed") for w in said) else 0


if __name__ == "__main__":
    sys.exit(main())

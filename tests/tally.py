#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up the results of a run: tally.py FOLDER.

Reads ctest's JUnit files (a cmocka program counts with its test cases) and our
own JSON files.  A test that runs corpus cases prints "corpus: NAME N cases" on a
line of its own (Python: harness.count_corpus).  Prints skips, corpus cases, and the
final line; fails when anything failed, or when nothing ran.
"""

import collections
import json
import pathlib
import re
import sys
import xml.etree.ElementTree

INNER = {"passed": re.compile(r"\[  PASSED  \] (\d+) test"),
         "skipped": re.compile(r"\[  SKIPPED \] (\d+) test"),
         "failed": re.compile(r"\[  FAILED  \] (\d+) test")}
CORPUS = re.compile(r"^corpus: (\S+) (\d+) cases", re.M)


class Tally:
    def __init__(self):
        self.passed = self.failed = 0
        self.skipped = []
        self.corpus = collections.Counter()

    def add_json(self, path):
        data = json.loads(path.read_text())
        self.passed += data["passed"]
        self.failed += data["failed"]
        self.skipped += data["skipped"]
        self.corpus.update(data.get("corpus", {}))

    def add_junit(self, path):
        for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
            output = case.findtext("system-out") or ""
            name = f"{case.get('name')} ({path.stem.removeprefix('ctest-')})"
            if path.stem == "ctest-gcc":  # the other builds run the same cases again
                for corpus, count in CORPUS.findall(output):
                    self.corpus[corpus] += int(count)
            self.add_case(case, name, output)

    def add_case(self, case, name, output):
        inner = {word: sum(int(n) for n in pattern.findall(output))
                 for word, pattern in INNER.items()}
        if case.find("failure") is not None or case.find("error") is not None:
            self.failed += inner["failed"] or 1
            self.passed += inner["passed"]
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            self.skipped.append(name)
        else:
            self.passed += inner["passed"] or 1
        self.skipped += [f"{inner['skipped']} cases of {name}"] if inner["skipped"] else []


def main():
    folder = pathlib.Path(sys.argv[1])
    tally = Tally()
    for path in sorted(folder.glob("*.json")):
        tally.add_json(path)
    for path in sorted(folder.glob("ctest-*.xml")):
        tally.add_junit(path)
    for reason, count in collections.Counter(tally.skipped).items():
        print(f"skipped: {reason}" + (f" ({count})" if count > 1 else ""))
    if tally.corpus:
        total = sum(tally.corpus.values())
        print(f"corpus cases: {total} (" +
              ", ".join(f"{name} {count}" for name, count in sorted(tally.corpus.items())) + ")")
    else:
        print("corpus cases: none ran")
    print(f"{tally.passed} passed, {tally.failed} failed, {len(tally.skipped)} skipped")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())

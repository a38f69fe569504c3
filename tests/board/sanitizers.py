# SPDX-License-Identifier: Apache-2.0
"""Rows of the suite below tools that watch it run: what tests/watch.py left of its last
runs, since they take longer than a board."""

import collections
import json
import re

from rows import NOT_MEASURED, row, text_of

import watch


def watched(tool, title):
    metric, target = f"the suite under {title}", "no report: every C test, runs of the program"
    if not text_of(f"{tool}.json"):
        return row(metric, target, NOT_MEASURED, False)
    state = json.loads(text_of(f"{tool}.json"))
    counts = collections.Counter(re.split(r" in |[:,]", w)[0] for w in state["c"].values())
    parts = [f"{part}: {told}" for part, told in sorted(state["python"].items())]
    is_same = state["product"] == watch.product()
    return row(
        metric, target, f"{len(state['reports'])} reports; C tests: " +
        ", ".join(f"{n} {word}" for word, n in sorted(counts.items())) +
        f"; runs of the program: {'; '.join(parts) or 'none'}; at {state['commit']}" +
        ("" if is_same else ", since when the product has changed"),
        is_same and not state["reports"] and not counts.keys() - {"clean", "left out"} and
        bool(parts) and all(": clean" in part for part in parts))


def sanitizers():
    return [watched("tsan", "ThreadSanitizer"), watched("memcheck", "Valgrind's memcheck")]

# SPDX-License-Identifier: Apache-2.0
"""Rows of what single test programs say: tampering, the cage, the numbered threats."""

import json
import re

from rows import NOT_MEASURED, row, text_of

import harness


def tampering():
    text = text_of("tamper.txt")
    counts = [int(n) for n in re.findall(r"(\d+) tampered copies refused", text)]
    return [row("tampered bundles refused (bits, bytes, cuts, insertions)", "250,000, all",
                f"{sum(counts):,}" if counts else NOT_MEASURED,
                sum(counts) >= 250_000 and "FAILED" not in text)]


def cage():
    text = text_of("cage.txt")
    table = (harness.SOURCE / "tests/engine/forbidden.def").read_text()
    n = len(re.findall(r"^TRY\(", table, re.M))
    cost = re.search(r"a worker takes (\d+) us, in its cage (\d+) us", text)
    is_green = "[       OK ] test_forbidden_calls" in text
    return [row("forbidden system calls tried in a worker, denied", "25 of 25",
                f"{n if is_green else 0} of {n}", is_green and n >= 25),
            row("a caged worker", "below 1 ms", f"{cost[2]} us (without: {cost[1]} us)"
                if cost else NOT_MEASURED, bool(cost) and int(cost[2]) < 1000)]


def threats():
    text = text_of("threats.json")
    if not text:
        return [row("numbered threats", "128 of 128", NOT_MEASURED, False)]
    counts = json.loads(text)
    skipped = [s.split(": ", 1)[1] for s in counts["skipped"]]
    gaps = [s for s in skipped if "known gap" in s]
    # Each of the three tables has one test of its own numbers.
    return [row("numbered threats", "128 as wanted, or with the reason why not",
                f"{counts['passed'] - 3} as wanted, {counts['failed']} not, {len(skipped)} said "
                f"why: " + "; ".join(s.replace("|", "/") for s in skipped),
                not counts["failed"] and not gaps)]

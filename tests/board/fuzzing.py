# SPDX-License-Identifier: Apache-2.0
"""Rows of the fuzzers: what each said of itself."""

import re

from rows import NOT_MEASURED, OUT, row


def fuzzing(tier, seconds):
    total, failed, n, each = 0, [], 0, []
    for path in sorted(OUT.glob("fuzz_*.txt")):
        text = path.read_text(errors="replace")
        runs = re.search(r"number_of_executed_units: (\d+)", text)
        n += 1
        total += int(runs[1]) if runs else 0
        each.append(f"{path.stem[5:]} {int(runs[1]) if runs else 0:,}")
        if "exit: 0" not in text:
            failed.append(path.stem)
    if not n:
        return [row("fuzz executions", "50,000,000", NOT_MEASURED, False)]
    return [row("fuzz executions", "50,000,000 in a whole board",
                f"{total:,} by {n} targets, {seconds} s each, with AddressSanitizer and "
                f"UndefinedBehaviorSanitizer ({'; '.join(each)})", total >= 50_000_000),
            row("fuzz findings", "no crash, hang, leak or broken oracle",
                " ".join(failed) or "none", not failed)]

# SPDX-License-Identifier: Apache-2.0
"""Rows of the fuzzers: what each said of itself."""

import re

from rows import NOT_MEASURED, OUT, row


def fuzzing():
    total, seconds, failed, each = 0, 0, [], []
    for path in sorted(OUT.glob("fuzz_*.txt")):
        text = path.read_text(errors="replace")
        runs = re.search(r"number_of_executed_units: (\d+)", text)
        ended = re.search(r"^exit: (\d+), seconds: (\d+)$", text, re.M)
        n = int(runs[1]) if runs else 0
        total += n
        seconds += int(ended[2]) if ended else 0
        each.append(f"{path.stem[5:]} {n:,}")
        if not n or not ended or ended[1] != "0":
            failed.append(path.stem)
    if not each:
        return [row("fuzz executions", "50,000,000 in a whole board", NOT_MEASURED, False)]
    return [row("fuzz executions", "50,000,000 in a whole board",
                f"{total:,} by {len(each)} targets in {seconds:,} s together, with "
                f"AddressSanitizer and UndefinedBehaviorSanitizer ({'; '.join(each)})",
                total >= 50_000_000),
            row("fuzz findings", "no crash, hang, leak or broken oracle",
                " ".join(failed) or "none", not failed)]

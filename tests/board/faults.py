# SPDX-License-Identifier: Apache-2.0
"""Rows of injected faults."""

import re

from rows import row, text_of


def faults():
    text = text_of("faults.txt")
    jobs = re.findall(r"^(.+): (\d+) faults$", text, re.M)
    is_green = "FAILED" not in text and len(jobs) >= 18
    return [row("fault points", "20,000: no crash, leak or wrong verdict",
                f"{sum(int(n) for _, n in jobs):,} ({', '.join(f'{j} {n}' for j, n in jobs)}), "
                f"{'all right' if is_green else 'NOT all right'}",
                is_green and sum(int(n) for _, n in jobs) >= 20_000)]

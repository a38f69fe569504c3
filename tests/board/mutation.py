# SPDX-License-Identifier: Apache-2.0
"""Rows of mutants."""

import json

from rows import NOT_MEASURED, row, text_of


def mutants():
    text = text_of("mutants.json")
    if not text:
        return [row("mutants killed", "95 % of 3,000", NOT_MEASURED, False)]
    told = json.loads(text)
    killed, tried = told["killed"], told["tried"]
    return [row("mutants killed", "95 % of 3,000",
                f"{100 * killed / max(1, tried):.1f} %: {killed:,} of {tried:,} in a sample of "
                f"the {told['all']:,} of tests/mutants.py (seed {told['seed']}, "
                f"{told['seconds']} s), by C tests and seeds alone; what survived may be "
                f"equivalent", tried >= 3000 and 100 * killed >= 95 * tried)]

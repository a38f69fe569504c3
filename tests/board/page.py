# SPDX-License-Identifier: Apache-2.0
"""The page that tests/board.sh ends with: what its steps left behind, and the rows that
are measured here.  Each group of rows is a module beside this one.

  page.py quick|whole PAGE
"""

import datetime
import os
import pathlib
import platform
import sys

from rows import NOT_MEASURED, text_of

from covered import coverage, decisions
from evidence import cage, tampering, threats
from faults import faults
from fuzzing import fuzzing
from hostile import hostile
from mutation import mutants
from same import deterministic, reproducible
from sanitizers import sanitizers

# What no board may end without, whatever it had time for: the others are targets.
# A row that was not measured does not count against it.
GATES = ("hostile files", "fuzz findings", "tampered bundles", "determinism")


def broken(rows):
    return [r.metric for r in rows if r.metric.startswith(GATES) and not r.is_reached and
            r.measured != NOT_MEASURED]


def page(tier, rows):
    yield "# Reliability\n"
    yield ("`sh tests/board.sh` measures this and writes it; nothing here is written by hand. "
           "A row whose\ntarget was not reached, or that was not measured, says so.\n")
    today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    yield (f"Measured {today} at commit {text_of('commit').strip()}, {tier} board, on "
           f"{os.cpu_count()} cores ({platform.machine()},\nLinux {platform.release()}); other "
           "work may have shared them.\n")
    yield "| metric | target | measured | |"
    yield "|---|---|---|---|"
    for metric, target, measured, is_reached in rows:
        yield f"| {metric} | {target} | {measured} | {'reached' if is_reached else 'not reached'} |"
    n = sum(r.is_reached for r in rows)
    yield f"\n{n} of {len(rows)} reached.\n"
    yield ("The hostile files are those of the corpus that STEELYARD_CORPUS names; files whose "
           "verdict is a\ndecision of ours stand in decisions/005.  The quick board takes every "
           "eighth of them and fuzzes a\nfew seconds each.")


def main():
    tier, path = sys.argv[1], sys.argv[2]
    rows = [
        *hostile(tier), *fuzzing(), *coverage(), *decisions(), *faults(),
        *tampering(), *cage(), *threats(), *deterministic(), *reproducible(), *mutants(),
        *sanitizers(),
    ]
    pathlib.Path(path).write_text("\n".join(page(tier, rows)) + "\n")
    for entry in rows:
        print(f"{'ok ' if entry.is_reached else 'NOT'}  {entry.metric}: {entry.measured}"[:160])
    for metric in broken(rows):
        print(f"FAILED: {metric}")
    return 1 if broken(rows) else 0


if __name__ == "__main__":
    sys.exit(main())

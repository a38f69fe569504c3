# SPDX-License-Identifier: Apache-2.0
"""What the rows of the board have in common.  A row says what was reached; where the
target was not, or nothing was measured, it says that and not something else.
"""

import collections
import os
import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "corpus")]
sys.dont_write_bytecode = True
os.environ.setdefault("STEELYARD_BUILD", str(TESTS.parent / "build" / "gcc"))

# Where the steps of tests/board.sh leave what they measured.
OUT = TESTS.parent / "build" / "board"
NOT_MEASURED = "not measured"

Row = collections.namedtuple("Row", "metric target measured is_reached")


def row(metric, target, measured, is_reached):
    return Row(metric, target, measured, is_reached)


def text_of(name):
    path = OUT / name
    return path.read_text(errors="replace") if path.exists() else ""

# SPDX-License-Identifier: Apache-2.0
"""Rows of the suite below tools that watch it run."""

from rows import row


def sanitizers():
    return [row("runs under ThreadSanitizer and Valgrind", "no report",
                "not part of the board: the deep tier runs ThreadSanitizer", False)]

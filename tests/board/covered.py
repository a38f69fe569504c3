# SPDX-License-Identifier: Apache-2.0
"""Rows of coverage, from what tests/coverage.sh left behind."""

import collections
import os

from rows import NOT_MEASURED, row

import coverage as source


def covered(metric, which, kind, belongs):
    """One row: the lines or branches of the files that belong, all and by folder."""
    files = source.read(which)
    if files is None:
        return row(metric, "95 %", NOT_MEASURED, False)
    groups = collections.defaultdict(list)
    for file in filter(lambda f: belongs(f.name), files.values()):
        groups[os.path.dirname(file.name)].append(file)
    every = [file for group in groups.values() for file in group]
    part, marked = source.total(every, kind), source.n_marked(every)
    shares = (f"{name} {source.share(source.total(group, kind)):.1f} %"
              for name, group in sorted(groups.items()))
    return row(metric, "95 %", f"{source.share(part):.1f} % of {part.count:,} "
               f"({', '.join(shares)}); {marked} lines are marked as out of reach, and left out",
               100 * part.reached >= 95 * part.count)


def coverage():
    return [covered("lines of parsers that seeds alone reach", "seeds", "lines",
                    source.is_parser),
            covered("branches of parsers that the whole suite reaches", "whole", "branches",
                    source.is_parser)]


def decisions():
    return [covered("branches of judge and policy that the whole suite reaches", "whole",
                    "branches", source.is_judge)]

# SPDX-License-Identifier: Apache-2.0
"""Rows of coverage."""

import collections
import json
import os
import subprocess

from rows import NOT_MEASURED, OUT, row

import harness

# What the targets of the board count as parsers.
PARSERS = ("formats/", "keys/", "verifier/base/json", "verifier/base/utf8",
           "verifier/base/record", "verifier/base/cursor", "verifier/engine/list.c",
           "verifier/engine/policy", "verifier/report/baseline")
# Written by nobody else, so there is no seed that a parser could be shown.
NOT_PARSERS = ("_write.c", "private_minisign.c", "policy_presets.c", "policy_tell.c")


def llvm(*args):
    for suffix in ("", "-19", "-16", "-15", "-14"):
        try:
            return subprocess.run([args[0] + suffix, *map(str, args[1:])], check=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        except (FileNotFoundError, subprocess.CalledProcessError):
            continue
    return None


def coverage():
    raw = sorted(OUT.glob("*.profraw"))
    names = ("lines", "branches")
    nothing = [row(f"{name} of parsers that seeds alone reach", "95 %", NOT_MEASURED, False)
               for name in names]
    if not raw or llvm("llvm-profdata", "merge", "-o", OUT / "all.profdata", *raw) is None:
        return nothing
    programs = [harness.SOURCE / "build/coverage/tests" / p.stem for p in raw]
    objects = [word for p in programs[1:] for word in ("-object", p)]
    told = llvm("llvm-cov", "export", "-summary-only", f"-instr-profile={OUT}/all.profdata",
                programs[0], *objects)
    if told is None:
        return nothing
    files = [f for f in json.loads(told)["data"][0]["files"]
             if os.path.relpath(f["filename"], harness.SOURCE).startswith(PARSERS) and
             f["filename"].endswith(".c") and not f["filename"].endswith(NOT_PARSERS)]
    rows = []
    for name in names:
        parts = collections.defaultdict(lambda: [0, 0])
        for file in files:
            # Paths are absolute: below the source, the folder is what counts.
            place = os.path.relpath(file["filename"], harness.SOURCE)
            for key in ("all", os.path.dirname(place)):
                parts[key][0] += file["summary"][name]["covered"]
                parts[key][1] += file["summary"][name]["count"]
        shares = {k: 100 * covered / max(1, count) for k, (covered, count) in parts.items()}
        rows.append(row(f"{name} of parsers that seeds alone reach", "95 %",
                        f"{shares.pop('all'):.1f} % of {parts['all'][1]:,} (" + ", ".join(
                            f"{k} {v:.1f} %" for k, v in sorted(shares.items())) + ")",
                        100 * parts["all"][0] >= 95 * parts["all"][1]))
    return rows


def decisions():
    return [row("branches of judge and policy that the whole suite reaches", "95 %",
                NOT_MEASURED, False)]

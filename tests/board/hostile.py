# SPDX-License-Identifier: Apache-2.0
"""Rows of the hostile corpus: every file through the program."""

import collections
import json

from rows import NOT_MEASURED, row

import harness
import measure
import test_hostile

KINDS = ("safetensors", "gguf", "pickle", "zip", "gzip", "zstd", "minisign", "oms-bundle")
# In the quick run every so many-th hostile file.
STEP = {"quick": 8, "whole": 1}


def judge(path, expected, kind):
    """(what is wrong or None, cost) of one file."""
    done = measure.cost(harness.PROGRAM, "scan", "--json", path)
    if done.status not in (0, 1, 2, 3):
        return f"exit {done.status}", done
    if kind in ("minisign", "oms-bundle"):
        return None, done       # what they say is asked by verify, below
    if path.name in test_hostile.BY_DECISION:
        return None, done
    document = json.loads(done.output)
    if kind == "pickle":
        flagged = any(f["severity"] in ("medium", "high", "critical")
                      for a in document["artifacts"] for f in a["findings"])
        if expected.split("-")[0] in ("flag", "reject") and done.status == 0 and not flagged:
            return "clean", done
        return None, done
    return ("verdict" if test_hostile.differs(expected, document) else None), done


def hostile(tier):
    try:
        base = harness.corpus("hostile")
    except Exception:
        return [row("hostile files", "all right", NOT_MEASURED, False)]
    rows = []
    for kind in KINDS:
        cases = list(test_hostile.rows(base / "INDEX.tsv", kind=(kind,)))[::STEP[tier]]
        wrong, slow, large, seconds, rss = 0, 0, 0, 0.0, 0
        for case in cases:
            path = base / case["path"]
            says, done = judge(path, case["expected"], kind)
            wrong += says is not None
            seconds = max(seconds, done.cpu_seconds)
            slow += done.cpu_seconds > test_hostile.SECONDS
            if path.stat().st_size < test_hostile.HEADER_LARGE:
                rss = max(rss, done.max_rss)
                large += done.max_rss > test_hostile.BYTES
        rows.append(row(
            f"hostile files: {kind}", "no signal or wrong verdict, each below 1 s and 64 MiB",
            f"{len(cases)} files, {wrong} wrong; at most {seconds:.2f} s of processor time, "
            f"{rss / measure.MIB:.0f} MiB", len(cases) > 0 and not (wrong or slow or large)))
    return rows + signatures(base)


def signatures(base):
    """The crafted bundles and minisign files, verified with the key beside them."""
    rows = []
    for kind, key, ending in (("oms-bundle", "pub.pem", ".sig"),
                              ("minisign", "k.pub", ".minisig")):
        folder = base / "generated" / kind.split("-")[0]
        model = folder / ("m" if kind == "minisign" else "model")
        counts, clean = collections.Counter(), []
        for case in test_hostile.rows(base / "INDEX.tsv", kind=(kind,)):
            path = base / case["path"]
            if path.parent != folder or path.suffix != ending:
                continue
            done = harness.run("verify", "--key", folder / key, "--signature", path, model)
            counts[done.returncode] += 1
            if done.returncode == 0 and case["expected"].startswith("reject"):
                clean.append(path.name)
        rows.append(row(f"crafted {kind} signatures", "none to be rejected is accepted",
                        ", ".join(f"{n} end with {code}" for code, n in sorted(counts.items())) +
                        (f"; accepted: {' '.join(clean)}" if clean else ""),
                        bool(counts) and not clean))
    return rows

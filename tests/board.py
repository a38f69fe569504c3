# SPDX-License-Identifier: Apache-2.0
"""The page that tests/board.sh ends with: what its steps left behind, and the rows that
are measured here.  A row says what was reached; where the target was not, or nothing
was measured, it says that and not something else.

  board.py quick|whole FUZZ-SECONDS PAGE
"""

import collections
import datetime
import filecmp
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "corpus")]
sys.dont_write_bytecode = True
os.environ.setdefault("STEELYARD_BUILD", str(HERE.parent / "build" / "gcc"))

import coverage
import harness
import measure
import models
import test_hostile

OUT = harness.SOURCE / "build" / "board"
KINDS = ("safetensors", "gguf", "pickle", "zip", "gzip", "zstd", "minisign", "oms-bundle")
# In the quick run every so many-th hostile file.
STEP = {"quick": 8, "whole": 1}
Row = collections.namedtuple("Row", "metric target measured is_reached")
NOT_MEASURED = "not measured"


def text_of(name):
    path = OUT / name
    return path.read_text(errors="replace") if path.exists() else ""


def row(metric, target, measured, is_reached):
    return Row(metric, target, measured, is_reached)


# Hostile files.

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


# What the steps before left behind.

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


def covered(metric, which, kind, belongs):
    """One row: the lines or branches of the files that belong, all and by folder."""
    files = coverage.read(which)
    if files is None:
        return row(metric, "95 %", NOT_MEASURED, False)
    groups = collections.defaultdict(list)
    for file in filter(lambda f: belongs(f.name), files.values()):
        groups[os.path.dirname(file.name)].append(file)
    every = [file for group in groups.values() for file in group]
    part, marked = coverage.total(every, kind), coverage.n_marked(every)
    shares = (f"{name} {coverage.share(coverage.total(group, kind)):.1f} %"
              for name, group in sorted(groups.items()))
    return row(metric, "95 %", f"{coverage.share(part):.1f} % of {part.count:,} "
               f"({', '.join(shares)}); {marked} lines are marked as out of reach, and left out",
               100 * part.reached >= 95 * part.count)


def coverage_rows():
    return [covered("lines of parsers that seeds alone reach", "seeds", "lines",
                    coverage.is_parser),
            covered("branches of parsers that the whole suite reaches", "whole", "branches",
                    coverage.is_parser),
            covered("branches of judge and policy that the whole suite reaches", "whole",
                    "branches", coverage.is_judge)]


def faults():
    text = text_of("faults.txt")
    jobs = re.findall(r"^(.+): (\d+) faults$", text, re.M)
    is_green = "FAILED" not in text and len(jobs) >= 7
    return [row("fault points", "20,000: no crash, leak or wrong verdict",
                f"{sum(int(n) for _, n in jobs):,} ({', '.join(f'{j} {n}' for j, n in jobs)}), "
                f"{'all right' if is_green else 'NOT all right'}",
                is_green and sum(int(n) for _, n in jobs) >= 20_000)]


def tampering():
    text = text_of("tamper.txt")
    counts = [int(n) for n in re.findall(r"(\d+) tampered copies refused", text)]
    return [row("tampered bundles refused (bits, bytes, cuts, insertions)", "250,000, all",
                f"{sum(counts):,}" if counts else NOT_MEASURED,
                sum(counts) >= 250_000 and "FAILED" not in text)]


def cage():
    text = text_of("cage.txt")
    table = (harness.SOURCE / "tests/engine/forbidden.def").read_text()
    n = len(re.findall(r"^TRY\(", table, re.M))
    cost = re.search(r"a worker takes (\d+) us, in its cage (\d+) us", text)
    is_green = "[       OK ] test_forbidden_calls" in text
    return [row("forbidden system calls tried in a worker, denied", "25 of 25",
                f"{n if is_green else 0} of {n}", is_green and n >= 25),
            row("a caged worker", "below 1 ms", f"{cost[2]} us (without: {cost[1]} us)"
                if cost else NOT_MEASURED, bool(cost) and int(cost[2]) < 1000)]


def threats():
    text = text_of("threats.json")
    if not text:
        return [row("numbered threats", "128 of 128", NOT_MEASURED, False)]
    counts = json.loads(text)
    skipped = [s.split(": ", 1)[1] for s in counts["skipped"]]
    gaps = [s for s in skipped if "known gap" in s]
    # Each of the three tables has one test of its own numbers.
    return [row("numbered threats", "128 as wanted, or with the reason why not",
                f"{counts['passed'] - 3} as wanted, {counts['failed']} not, {len(skipped)} said "
                f"why: " + "; ".join(s.replace("|", "/") for s in skipped),
                not counts["failed"] and not gaps)]


# Determinism, reproducible builds.

def deterministic():
    n, outs = 0, collections.defaultdict(set)
    with tempfile.TemporaryDirectory() as folder:
        models.llama(pathlib.Path(folder) / "m")
        (pathlib.Path(folder) / "m/bad.safetensors").write_bytes(b"\1\0\0\0\0\0\0\0{")
        for form in ("json", "text", "sarif"):
            for jobs in ("1", "2", "8"):
                for locale in ("C", "de_DE.UTF-8", "tr_TR.UTF-8"):
                    done = harness.run("check", "--jobs", jobs, "--report", f"{form}=-",
                                       pathlib.Path(folder) / "m",
                                       env=harness.environment(LC_ALL=locale, LANG=locale))
                    outs[form].add(done.stdout)
                    n += 1
    differing = [form for form, texts in outs.items() if len(texts) != 1]
    return [row("determinism: reports over jobs and locales", "byte for byte the same",
                f"{n} runs, " + ("the same" if not differing else f"differing: {differing}"),
                not differing)]


def reproducible():
    one, another = OUT / "one/build", OUT / "another-folder/below/build"
    names = ("steelyard", "steelyard-worker")
    if not all((folder / name).exists() for folder in (one, another) for name in names):
        return [row("reproducible build", "byte for byte", NOT_MEASURED, False)]
    differing = [n for n in names if not filecmp.cmp(one / n, another / n, shallow=False)]
    return [row("reproducible build (folder, mask, time zone, locale, jobs)", "byte for byte",
                "the same" if not differing else "differing: " + " ".join(differing),
                not differing)]


UNREACHED = [
    row("mutants killed", "95 % of 3,000", NOT_MEASURED, False),
    row("runs under ThreadSanitizer and Valgrind", "no report",
        "not part of the board: the deep tier runs ThreadSanitizer", False),
]


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
    tier, seconds, path = sys.argv[1], sys.argv[2], sys.argv[3]
    rows = [*hostile(tier), *fuzzing(tier, seconds), *coverage_rows(), *faults(), *tampering(),
            *cage(), *threats(), *deterministic(), *reproducible(), *UNREACHED]
    pathlib.Path(path).write_text("\n".join(page(tier, rows)) + "\n")
    for entry in rows:
        print(f"{'ok ' if entry.is_reached else 'NOT'}  {entry.metric}: {entry.measured}"[:160])


if __name__ == "__main__":
    main()

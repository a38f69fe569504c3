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

import harness
import measure
import models
import sanitizers
import test_hostile

OUT = harness.SOURCE / "build" / "board"
KINDS = ("safetensors", "gguf", "pickle", "zip", "gzip", "zstd", "minisign", "oms-bundle")
# In the quick run every so many-th hostile file.
STEP = {"quick": 8, "whole": 1}
# What the targets of the board count as parsers.
PARSERS = ("formats/", "keys/", "verifier/base/json", "verifier/base/utf8",
           "verifier/base/record", "verifier/base/cursor", "verifier/engine/list.c",
           "verifier/engine/policy", "verifier/report/baseline")
# Written by nobody else, so there is no seed that a parser could be shown.
NOT_PARSERS = ("_write.c", "private_minisign.c", "policy_presets.c", "policy_tell.c")

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
    names = ["steelyard", "steelyard-worker",
             *sorted(str(p.relative_to(one)) for p in one.rglob("*.a"))]
    if not all((folder / name).exists() for folder in (one, another) for name in names):
        return [row("reproducible build", "byte for byte", NOT_MEASURED, False)]
    differing = [n for n in names if not filecmp.cmp(one / n, another / n, shallow=False)]
    return [row("reproducible build (folder, mask, time zone, locale, jobs)", "byte for byte",
                f"the same: 2 programs, {len(names) - 2} libraries" if not differing else
                "differing: " + " ".join(differing), not differing)]


def watched():
    """What tests/sanitizers.py left of its last runs: it takes longer than a board."""
    rows = []
    for tool, title in (("tsan", "ThreadSanitizer"), ("memcheck", "Valgrind's memcheck")):
        metric, target = f"the suite under {title}", "no report, every C test, the program"
        if not text_of(f"{tool}.json"):
            rows.append(row(metric, target, NOT_MEASURED, False))
            continue
        state = json.loads(text_of(f"{tool}.json"))
        counts = collections.Counter(re.split(r" in |[:,]", w)[0] for w in state["c"].values())
        parts = [f"{part}: {told}" for part, told in sorted(state["python"].items())]
        is_same = state["product"] == sanitizers.product()
        rows.append(row(
            metric, target, f"{len(state['reports'])} reports; C tests: " +
            ", ".join(f"{n} {word}" for word, n in sorted(counts.items())) +
            f"; runs of the program: {'; '.join(parts) or 'none'}; at {state['commit']}" +
            ("" if is_same else ", since when the product has changed"),
            is_same and not state["reports"] and not counts.keys() - {"clean", "left out"} and
            bool(parts) and all(": clean" in part for part in parts)))
    return rows


UNREACHED = [
    row("branches of judge and policy that the whole suite reaches", "95 %", NOT_MEASURED, False),
    row("mutants killed", "95 % of 3,000", NOT_MEASURED, False),
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
    rows = [*hostile(tier), *fuzzing(tier, seconds), *coverage(), *faults(), *tampering(),
            *cage(), *threats(), *deterministic(), *reproducible(), *watched(), *UNREACHED]
    pathlib.Path(path).write_text("\n".join(page(tier, rows)) + "\n")
    for entry in rows:
        print(f"{'ok ' if entry.is_reached else 'NOT'}  {entry.metric}: {entry.measured}"[:160])


if __name__ == "__main__":
    main()

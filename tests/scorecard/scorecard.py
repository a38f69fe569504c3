#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/scorecard.md: steelyard beside other scanners, over the same files.

  STEELYARD_CORPUS=FOLDER scorecard.py [--build build/gcc] [--benign FOLDER[=WHAT]]...
                                       [--work FOLDER] [--kept]

The other scanners come from PyPI, each into an environment of its own below
build/scorecard (--work), pinned by hash; one that cannot be had is left out, and the document says
so.  What they said is kept there, by version and file, so that a run after a rebuild of
steelyard asks steelyard only; delete its folder `results` to ask them again.  A run that
was interrupted goes on where it was.
Nothing is ever unpickled.
"""

import argparse
import csv
import datetime
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
WORK = SOURCE / "build" / "scorecard"
sys.path[:0] = [str(HERE), str(HERE.parent)]

import page                                             # noqa: E402
import verdicts                                         # noqa: E402
from corpus.test_scan import DECIDED                    # noqa: E402

PEERS = ("picklescan", "fickling", "modelscan", "modelaudit", "modelaudit-picklescan")
SEVERITIES = ("info", "low", "medium", "high", "critical")


class File:
    """One file to be judged, and what each tool made of it."""

    def __init__(self, path, shown, expected, what, family):
        self.path, self.shown, self.expected, self.what = path, shown, expected, what
        self.group, self.family = family
        self.key = (hashlib.sha256(path.read_bytes()).hexdigest(), path.name)
        self.raw, self.outcomes = {}, {}


def files_of_corpus(base):
    """(rows with a verdict, how many have none)."""
    tables = verdicts.Tables(*((SOURCE / "formats" / "pickle" / name).read_text()
                               for name in ("dangerous.def", "safe.def")))
    with open(base / "INDEX.tsv", newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    judged = [row for row in rows if row["expected"] != "unjudged"]
    return [File(base / row["path"], row["path"], row["expected"], row["what"],
                 verdicts.family_of(row["path"], row["expected"], tables))
            for row in judged], len(rows) - len(judged)


def files_of_folder(folder):
    """Files below a folder, all of them benign; the folders in it are the families."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        shown = str(path.relative_to(folder))
        yield File(path, shown, "benign", "",
                   (verdicts.BENIGN, f"libraries of today: {shown.split('/')[0]}"))


def files_of_folders(folders):
    """The files of all folders, each content and name once."""
    found = {}
    for folder in folders:
        for file in files_of_folder(folder):
            found.setdefault(file.key, file)
    return list(found.values())


def plain_environment():
    """Nothing of the caller's: a scratch home, and no word to anyone's telemetry."""
    home = WORK / "home"
    home.mkdir(parents=True, exist_ok=True)
    return {"HOME": str(home), "TMPDIR": str(home), "PATH": "/usr/bin:/bin",
            "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "CI": "1",
            "NO_ANALYTICS": "1", "PROMPTFOO_DISABLE_TELEMETRY": "1"}


def environment_of(peer):
    """The interpreter of a scanner's environment, made when needed; None without one."""
    wanted = HERE / f"requirements-{peer}.txt"
    venv = WORK / f"venv-{peer}"
    stamp, python = venv / ".requirements", venv / "bin" / "python"
    if python.is_file() and stamp.is_file() and stamp.read_text() == wanted.read_text():
        return python
    shutil.rmtree(venv, ignore_errors=True)
    print(f"{peer}: installing", file=sys.stderr)
    steps = ([sys.executable, "-m", "venv", venv],
             [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input",
              "--require-hashes", "--only-binary", ":all:", "--retries", "1", "--timeout", "20",
              "-r", wanted])
    for step in steps:
        done = subprocess.run(step, check=False, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            print(f"SKIPPED: {peer}: {done.stderr.strip()[-300:]}", file=sys.stderr)
            shutil.rmtree(venv, ignore_errors=True)
            return None
    stamp.write_text(wanted.read_text())
    return python


def version_of(peer):
    text = (HERE / f"requirements-{peer}.txt").read_text()
    return re.search(rf"^{re.escape(peer)}==(\S+)", text, re.M).group(1)


def read_answers(path):
    """{(digest, name): line} of what was answered before; a torn last line is ignored."""
    found = {}
    if path.is_file():
        for text in path.read_text().splitlines():
            try:
                line = json.loads(text)
            except ValueError:
                continue
            found[line["sha256"], line["name"]] = line
    return found


def without_network():
    """A prefix that takes the network away, where the system lets us."""
    prefix = ["unshare", "-rn"]
    if not shutil.which("unshare"):
        return []
    return prefix if subprocess.run([*prefix, "true"], check=False,
                                    stderr=subprocess.DEVNULL).returncode == 0 else []


def ask_peer(peer, files, is_asking):
    """{key: line} of one scanner, of what it was asked; None when it cannot be had here."""
    results = WORK / "results" / f"{peer}-{version_of(peer)}.jsonl"
    results.parent.mkdir(parents=True, exist_ok=True)
    answers = read_answers(results)
    # Benign ones last, by digest: what an interrupted run leaves out, chance has chosen.
    order = sorted(files, key=lambda file: file.key if file.expected == "benign" else ("", ""))
    todo = {file.key: file.path for file in order if file.key not in answers}
    if todo and is_asking:
        python = environment_of(peer)
        if not python:
            return None
        listing = WORK / f"list-{peer}"
        listing.write_text("".join(f"{path}\n" for path in todo.values()))
        print(f"{peer}: {len(todo)} files", file=sys.stderr)
        subprocess.run(["nice", "-n", "19", *without_network(), python,
                        HERE / f"drive_{peer.replace('-', '_')}.py", listing, results],
                       check=True, env=plain_environment())
        answers = read_answers(results)
    return {file.key: answers[file.key] for file in files if file.key in answers} or None


def timed(command):
    """(exit status, output, seconds, largest process in KiB) of a command."""
    start = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          env=plain_environment()) as child:
        text = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, text, time.monotonic() - start, usage.ru_maxrss


def ask_steelyard(program, files):
    """{key: line} of this program: one process a file, as its user would start it."""
    answers = {}
    for file in files:
        if file.key not in answers:
            code, text, seconds, peak_kib = timed([program, "scan", "--json", file.path])
            answers[file.key] = {"raw": digest_of(code, text), "seconds": seconds,
                                 "peak_kib": peak_kib}
    return answers


def digest_of(code, text):
    """What the document needs of a report."""
    found = [(artifact, finding) for artifact in json.loads(text)["artifacts"]
             for finding in artifact["findings"]] if text else []
    worst = max((SEVERITIES.index(f["severity"]) for _, f in found), default=-1)
    return {"exit": code, "worst": SEVERITIES[worst] if worst >= 0 else "",
            "rules": sorted({f["rule"] for _, f in found})}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=SOURCE / "build" / "gcc", type=pathlib.Path)
    parser.add_argument("--benign", action="append", default=[], metavar="FOLDER[=WHAT]",
                        help="a folder of benign files, and what the document says they are")
    parser.add_argument("--peers", default=",".join(PEERS), help="which scanners to ask")
    parser.add_argument("--kept", action="store_true",
                        help="ask the other scanners nothing: take the answers that are kept")
    parser.add_argument("--work", default=WORK, type=pathlib.Path,
                        help="where the scanners live and their answers are kept")
    parser.add_argument("--output", default=SOURCE / "docs" / "scorecard.md", type=pathlib.Path)
    return parser.parse_args()


def main():
    global WORK
    args = arguments()
    WORK = args.work.resolve()
    if not os.environ.get("STEELYARD_CORPUS"):
        sys.exit("STEELYARD_CORPUS names no folder with the unpacked corpora")
    files, n_unjudged = files_of_corpus(pathlib.Path(os.environ["STEELYARD_CORPUS"]) / "scan")
    folders = [text.partition("=")[::2] for text in args.benign]
    files += files_of_folders([pathlib.Path(folder) for folder, _ in folders])
    program = args.build / "steelyard"
    answers = {"steelyard": ask_steelyard(program, files)}
    answers |= {peer: ask_peer(peer, files, not args.kept)
                for peer in args.peers.split(",") if peer}
    left_out = [peer for peer in PEERS if answers.get(peer) is None]
    answers = {tool: lines for tool, lines in answers.items() if lines is not None}
    for file in files:
        file.raw = {tool: lines[file.key]["raw"] for tool, lines in answers.items()
                    if file.key in lines}
        file.outcomes = {tool: verdicts.MAPPING[tool](raw) for tool, raw in file.raw.items()}
    at_once = timed([program, "scan", "--json", *{file.key: file.path for file in files}.values()])
    version = subprocess.run([program, "--version"], check=True, stdout=subprocess.PIPE,
                             text=True).stdout.split()[1]
    versions = {tool: version if tool == "steelyard" else version_of(tool) for tool in answers}
    args.output.write_text(page.write(
        files, answers, versions, decided=DECIDED, n_unjudged=n_unjudged, left_out=left_out,
        written=[what for _, what in folders if what],
        at_once=at_once[2:], date=datetime.date.today().isoformat()))
    print(f"{args.output}: {len(files)} files, {len(answers)} tools")


if __name__ == "__main__":
    main()

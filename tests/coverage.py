# SPDX-License-Identifier: Apache-2.0
"""What of the source the tests reach, from the profiles that tests/coverage.sh left:

  coverage.py seeds|whole            a table, file by file
  coverage.py seeds|whole FILE...    the lines and branches of files that nothing reached

Lines and branches as llvm-cov counts them.  A branch is one way that a condition can
go.  What cannot be reached is marked where it stands, with the reason:

  /* unreached: the library fails only for want of memory */

The mark speaks for its own line, or, alone on its lines, for the statement below; with
"unreached below", for the rest of the function.  It is counted and told, and a mark on
something that was reached is told as well.
"""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent
OUT = SOURCE / "build" / "board"
PROGRAMS = SOURCE / "build" / "coverage"

# What reads bytes that a stranger wrote, and so is held to 95 % of its lines by the
# seeds alone.  A name that ends in "/" is a folder, others are beginnings.
PARSERS = (
    "formats/",
    "keys/",
    "verifier/base/cursor",
    "verifier/base/json",
    "verifier/base/record",
    "verifier/base/utf8",
    "verifier/engine/list.c",
    "verifier/engine/policy",
    "verifier/engine/strict_json",
    "verifier/report/baseline",
)
# Below those, what reads no such bytes: it opens, judges or writes, and no seed can be
# shown to it.
WRITERS = (
    "keys/key_write.c",
    "keys/oms_write.c",
    "keys/private_minisign.c",
    "keys/statement_write.c",
    "verifier/base/jsonw.c",
    "verifier/engine/policy_apply.c",
    "verifier/engine/policy_file.c",
    "verifier/engine/policy_presets.c",
    "verifier/engine/policy_tell.c",
    "verifier/engine/policy_write.c",
)
# What turns facts into findings and answers.
JUDGES = (
    "formats/config_judge",
    "formats/pickle/globals",
    "formats/pickle/judge",
    "formats/pickle/knowledge",
    "verifier/engine/allow",
    "verifier/engine/policy",
    "verifier/engine/vouch",
    "verifier/report/finish",
)

Part = collections.namedtuple("Part", "reached count")


def is_parser(name):
    return name.startswith(PARSERS) and name.endswith(".c") and name not in WRITERS


def is_judge(name):
    return name.startswith(JUDGES) and name.endswith(".c")


def llvm(tool, *args):
    """What the tool prints; None: there is no such tool, or it failed."""
    for suffix in ("", "-19", "-16", "-15", "-14"):
        try:
            return subprocess.run([tool + suffix, *map(str, args)], check=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        except (FileNotFoundError, subprocess.CalledProcessError):
            continue
    return None


class File:
    """One source file: how often each line, and each way of each condition, ran."""

    def __init__(self, name):
        self.name = name
        self.lines = {}
        self.branches = collections.Counter()
        self.marked = marks(name)

    def add_line(self, number, count):
        self.lines[number] = max(count, self.lines.get(number, 0))

    def add_branch(self, place, ways):
        for way, count in zip((True, False), ways):
            self.branches[place, way] += count

    def part(self, kind):
        """(reached, count) of lines or branches, without what is marked."""
        counts = [n for line, n in self.of(kind) if line not in self.marked]
        return Part(sum(n > 0 for n in counts), len(counts))

    def of(self, kind):
        if kind == "lines":
            return list(self.lines.items())
        return [(place[0], n) for (place, _), n in self.branches.items()]

    def unreached(self):
        """(line, what was not reached) in order."""
        told = [(line, "line") for line, n in self.lines.items() if not n]
        told += [(place[0], f"column {place[1]} never {str(way).lower()}")
                 for (place, way), n in self.branches.items() if not n and
                 self.lines.get(place[0])]
        return sorted(t for t in told if t[0] not in self.marked)

    def reached_marks(self):
        """Lines that are marked and all of whose parts were reached."""
        return [line for line in sorted(self.marked)
                if (parts := [n for kind in ("lines", "branches")
                              for at, n in self.of(kind) if at == line]) and all(parts)]


def last_line(lines, first, is_rest):
    """Where the statement that begins at a line ends, or the function around it."""
    for number in range(first, len(lines) + 1):
        line = lines[number - 1].rstrip()
        if line == "}" if is_rest else line.endswith((";", "{", "}")):
            return number
    return first


def marks(name):
    """{line: reason} of what a file says cannot be reached."""
    found, text = {}, (SOURCE / name).read_text()
    lines = text.split("\n")
    for mark in re.finditer(r"/\* unreached( below)?: (.*?)\*/", text, re.S):
        first = text.count("\n", 0, mark.start()) + 1
        last = text.count("\n", 0, mark.end()) + 1
        if lines[first - 1].lstrip().startswith("/*"):
            first = last + 1
            last = last_line(lines, first, mark[1])
        found.update(dict.fromkeys(range(first, last + 1), " ".join(mark[2].split())))
    return found


def objects():
    """All that was built, for the seeds as well: what no fuzzer links no seed reaches."""
    programs = (OUT / "programs").read_text().split()
    return [word for p in programs for word in ("-object", PROGRAMS / p)]


def read_lines(files, text):
    """The lines of an export in the words of lcov."""
    for entry in text.splitlines():
        kind, _, rest = entry.partition(":")
        if kind == "SF":
            name = os.path.relpath(rest, SOURCE)
            file = files.setdefault(name, File(name)) if (SOURCE / name).is_file() else None
        elif kind == "DA" and file:
            number, count = rest.split(",")[:2]
            file.add_line(int(number), int(count))


def read(which):
    """{name: File} of the profiles of that name; None: there are none."""
    raw = sorted((OUT / "profiles" / which).glob("*.profraw"))
    merged = OUT / f"{which}.profdata"
    if which == "whole":
        raw += sorted((OUT / "profiles" / "seeds").glob("*.profraw"))
    if not raw or llvm("llvm-profdata", "merge", "-sparse", "-o", merged, *raw) is None:
        return None
    told = [llvm("llvm-cov", "export", f"-format={form}", f"-instr-profile={merged}",
                 *objects()) for form in ("lcov", "text")]
    if None in told:
        return None
    files = {}
    read_lines(files, told[0].decode())
    for entry in json.loads(told[1])["data"][0]["files"]:
        file = files.get(os.path.relpath(entry["filename"], SOURCE))
        for branch in entry["branches"] if file else ():
            file.add_branch(tuple(branch[:4]), branch[4:6])
    return files


def total(files, kind):
    parts = [f.part(kind) for f in files]
    return Part(sum(p.reached for p in parts), sum(p.count for p in parts))


def n_marked(files):
    return sum(len(f.marked) for f in files)


def share(part):
    return 100 * part.reached / max(1, part.count)


def table(which, files):
    """Lines of text: one a file, parsers and judges, then the sums."""
    kept = [f for f in files.values() if is_parser(f.name) or is_judge(f.name)]
    yield f"{'lines':>14} {'branches':>16}  marked  {which}"
    for name, group in [*((f.name, [f]) for f in sorted(kept, key=lambda f: f.name)),
                        ("PARSERS", [f for f in kept if is_parser(f.name)]),
                        ("JUDGES", [f for f in kept if is_judge(f.name)])]:
        lines, branches = total(group, "lines"), total(group, "branches")
        yield (f"{share(lines):6.1f} %{lines.count:6} {share(branches):8.1f} %"
               f"{branches.count:6}  {n_marked(group) or '':6}  {name}")


def details(file):
    text = (SOURCE / file.name).read_text().split("\n")
    for line, what in file.unreached():
        yield f"{file.name}:{line}: {what}: {text[line - 1].strip()}"
    for line in file.reached_marks():
        yield f"{file.name}:{line}: is marked as unreached, and was reached"


def main():
    which, names = sys.argv[1], sys.argv[2:]
    files = read(which)
    if files is None:
        sys.exit("no profiles: sh tests/coverage.sh makes them")
    if not names:
        print("\n".join(table(which, files)))
    for name in sorted(files):
        if names and name.startswith(tuple(names)):
            print("\n".join(details(files[name])))


if __name__ == "__main__":
    main()

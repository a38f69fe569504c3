#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Changes one small thing in the code that decides and asks whether a test notices.

  mutants.py [--build build/gcc] [--count 150] [--seed N] [--jobs N] [--python]
             [--results FILE.json] [--list FILE.txt] [PATH-PART...]

A mutant is one source file with one change: a comparison, a logical operator or a
constant turned, a condition negated, a statement or an early return taken away.  Its
object is put in front of the libraries when the test programs that hold the file are
linked again, so nothing but that file is compiled.  Killed: a program fails, or takes
far longer than it does.  Not counted: what does not compile, and what compiles to the same
object.  What survives is listed by line, equivalent or not: a person looks at it.
With --python, what the C tests and seeds let live goes on to the Python tests of its
room, with programs linked anew.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "lint"))
sys.dont_write_bytecode = True

import lint

# What decides: parsers, keys, judge, policy.
DECIDES = ("formats/", "keys/", "verifier/base/json", "verifier/base/utf8.c",
           "verifier/base/cursor.c", "verifier/base/record.c", "verifier/base/glob.c",
           "verifier/engine/policy", "verifier/engine/allow.c", "verifier/engine/list.c",
           "verifier/engine/vouch", "verifier/engine/relate", "verifier/report/baseline.c")
# Fuzz targets and Python tests that belong to a file, by the beginning of its path.
NEAR = (
    ("formats/pickle", "test_pickle_machine test_pickle_trace test_pickle_memo test_joblib "
     "test_knowledge test_torch_legacy fuzz_pickle", "cli/test_trace"),
    ("formats/zip", "fuzz_zip fuzz_archives", "threats/test_bytes"),
    ("formats/member", "fuzz_zip fuzz_archives", "threats/test_bytes"),
    ("formats/torch_storage", "fuzz_torch_tar test_torch_tar fuzz_archives",
     "threats/test_bytes"),
    ("formats/torch_tensors", "fuzz_torch_legacy test_torch_legacy fuzz_archives",
     "threats/test_bytes"),
    ("formats/jinja", "test_template_scan fuzz_template", "threats/test_bytes"),
    ("formats/config", "test_hf_config fuzz_text_formats", "threats/test_bytes"),
    ("formats", "", "threats/test_bytes"),
    ("keys/statement", "test_oms test_bundle fuzz_bundle", "threats/test_trust"),
    ("keys", "test_oms test_key test_oms_corpus fuzz_keys test_commands",
     "threats/test_trust"),
    ("verifier/engine/policy", "fuzz_policy test_policy test_policy_apply test_policy_file "
     "test_commands", "cli/test_policy"),
    ("verifier/engine/vouch", "test_vouch", "cli/test_verify"),
    ("verifier/engine/list", "fuzz_lists test_commands", "cli/test_hash"),
    ("verifier/engine", "", "engine/test_situations"),
    ("verifier/report", "fuzz_baseline", "cli/test_cli"),
    ("verifier/base/json", "fuzz_json", "threats/test_bytes"),
    ("verifier/base", "", "threats/test_bytes"),
)
SECONDS_MAX = 6         # of a test program that is asked; longer ones are not
PROGRAMS_MAX = 10       # asked about one mutant
PYTHON_SECONDS = 240

Mutant = collections.namedtuple("Mutant", "path line at old new what")
# seconds: of a processor.
Test = collections.namedtuple("Test", "name command folder seconds")


# Mutations: each finds places in code without comments and literals.

SWAPS = (
    ("comparison", r"(?<![<>=!\-+*/&|^%])(<=|>=|==|!=|<|>)(?![<>=])(?= )",
     {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}),
    ("logical", r"&&|\|\|", {"&&": "||", "||": "&&"}),
    ("arithmetic", r"(?<= )[+\-](?= )", {"+": "-", "-": "+"}),
    ("answer", r"(?<=return )(true|false)(?=;)", {"true": "false", "false": "true"}),
)
NUMBER = re.compile(r"(?<![\w.])(0x[0-9a-fA-F]+|\d+)[uU]?(?![\w.])")
CONDITION = re.compile(r"\b(?:if|while) \(")
STATEMENT = re.compile(r"^\t+((?!return\b|break\b|continue\b|case\b|goto\b|else\b|default\b)"
                       r"(?:\*|\+\+|--)?[a-z_][\w.>\[\]-]*(?:\(|(?: [-+*/|&^]?= )|\+\+|--)"
                       r"[^;{}]*;)$", re.M)
SWALLOWED = re.compile(r"return ((?:status|sy_fail\([^;]*\)));")
JUMP = re.compile(r"^\t+(break;|continue;)$", re.M)
LEFT_OUT = re.compile(r"^\s*#\s*include|assert\(|\bprintf|\bstatic_assert|_OWNED\(")


def closing(code, at):
    """The place of the parenthesis that closes the one at `at`."""
    depth = 0
    for i in range(at, len(code)):
        depth += (code[i] == "(") - (code[i] == ")")
        if depth == 0:
            return i
    return None


def places(code):
    """(at, old, new, what) of every mutation of one file."""
    for what, pattern, turned in SWAPS:
        for m in re.finditer(pattern, code):
            yield m.start(), m[0], turned[m[0]], what
    for m in NUMBER.finditer(code):
        yield m.start(), m[0], f"({m[0]} + 1)", "constant"
        if int(m[1], 0) > 0:
            yield m.start(), m[0], f"({m[0]} - 1)", "constant"
    for m in CONDITION.finditer(code):
        end = closing(code, m.end() - 1)
        if end:
            inner = code[m.end():end]
            yield m.end(), inner, None, "negated"
    for m in STATEMENT.finditer(code):
        yield m.start(1), m[1], ";", "deleted"
    for m in SWALLOWED.finditer(code):
        yield m.start(1), m[1], "SY_OK", "swallowed"
    for m in JUMP.finditer(code):
        yield m.start(1), m[1], ";", "deleted"


def same_length(text):
    """C whose comments and literals are blanks: offsets stay those of the text."""
    def blank(match):
        word = match.group()
        inner = "".join("\n" if c == "\n" else " " for c in word)
        return inner if word[0] == "/" else word[0] + inner[1:-1] + word[-1]
    return lint.TOKEN.sub(blank, text)


def mutants_of(path):
    text = (ROOT / path).read_text()
    code = same_length(text)
    for at, old, new, what in places(code):
        start = code.rfind("\n", 0, at) + 1
        if LEFT_OUT.search(code[start:code.find("\n", at)]):
            continue
        real = text[at:at + len(old)]
        yield Mutant(path, text.count("\n", 0, at) + 1, at, real,
                     f"!({real})" if new is None else new, what)


# Building and asking.

def run(command, folder=None, seconds=60):
    """(exit status or None when it took too long, output)."""
    try:
        done = subprocess.run(command, cwd=folder, timeout=seconds, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    except subprocess.TimeoutExpired:
        return None, b""
    return done.returncode, done.stdout


def processor_seconds(command, folder):
    """Of a program as it is; endless when it fails."""
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        return float("inf")
    return usage.ru_utime + usage.ru_stime


class Builder:
    """The commands of a built tree, and which of its programs hold which file."""

    def __init__(self, build):
        self.build = build.resolve()
        self.objects = {}       # source -> (command, object)
        self.links = {}         # program -> command
        self.holds = {}         # program -> names of the functions in it
        self.tests = {}
        wanted = subprocess.run(["ninja", "-C", str(self.build), "-t", "commands"], check=True,
                                stdout=subprocess.PIPE, text=True).stdout
        for line in wanted.splitlines():
            words = shlex.split(line.replace(": && ", "", 1).removesuffix(" && :"))
            if "-c" in words:
                if os.path.basename(words[0]) == "ccache":
                    words = words[1:]
                source = os.path.relpath(words[words.index("-c") + 1], ROOT)
                self.objects[source] = (words, words[words.index("-o") + 1])
            elif "-o" in words and words[0].endswith(("cc", "clang")):
                self.links[os.path.basename(words[words.index("-o") + 1])] = words
        self.read_tests()

    def read_tests(self):
        told = json.loads(subprocess.run(
            ["ctest", "--test-dir", str(self.build), "--show-only=json-v1"], check=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)
        for test in told["tests"]:
            # What was not built has no command.
            if "command" not in test or test["name"].endswith("_short") or \
                    test["name"] not in self.links:
                continue
            if any(p["name"] == "LABELS" and "slow" in p["value"] for p in test["properties"]):
                continue
            folder = next((p["value"] for p in test["properties"]
                           if p["name"] == "WORKING_DIRECTORY"), str(self.build))
            self.tests[test["name"]] = Test(test["name"], test["command"], folder, None)

    def symbols(self, path, types):
        told = subprocess.run(["nm", "--defined-only", str(path)], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=False).stdout
        return {line.split()[2] for line in told.splitlines()
                if len(line.split()) == 3 and line.split()[1] in types}

    def is_held(self, source, name):
        """Whether the file is in the program of that test."""
        own = self.symbols(self.build / self.objects[source][1], "TDRB")
        if name not in self.holds:
            # What is hidden is a local symbol there.
            self.holds[name] = self.symbols(self.tests[name].command[0], "TDRBtdrb")
        return bool(own & self.holds[name])

    def timed(self, name):
        """The test with the processor seconds that it takes as it is."""
        test = self.tests[name]
        if test.seconds is None:
            test = test._replace(seconds=processor_seconds(test.command, test.folder))
            self.tests[name] = test
        return test

    def asked(self, source):
        """The tests that are asked about a file, the nearest first."""
        stem, room = pathlib.Path(source).stem, source.removeprefix("verifier/").split("/")[0]
        near = next((n.split() for begin, n, _ in NEAR if source.startswith(begin)), [])
        ranks = {}
        for name, test in self.tests.items():
            word = name.split("_", 1)[1]
            if word == stem or stem.startswith(word):
                ranks[name] = 0
            elif name in near:
                ranks[name] = 1
            elif f"/tests/{room}" in test.folder:
                ranks[name] = 2
        names = sorted(ranks, key=lambda n: (ranks[n], near.index(n) if n in near else 0, n))
        return [n for n in names if self.is_held(source, n)][:PROGRAMS_MAX]

    def compile(self, source, folder, text, name):
        """The object of the text as that source, or None."""
        words, _ = self.objects[source]
        # The name stands in no object: no -g, and the same name for all.
        place = folder / name
        place.mkdir()
        file = place / pathlib.Path(source).name
        file.write_text(text)
        command, skip = [], False
        for word in words:
            if skip:
                skip = False
            elif word in ("-MT", "-MF", "-o", "-c"):
                skip = True
            elif word not in ("-MD", "-g", "-Werror"):
                command.append(word)
        command += ["-w", "-I", str((ROOT / source).parent), "-c", file.name, "-o", "x.o"]
        status, _ = run(command, place)
        return place / "x.o" if status == 0 else None

    def link(self, program, target, thing):
        words = list(self.links[program])
        at = words.index("-o")
        words[at + 1] = str(target)
        # In front of everything: then nobody asks the library for what is in it.
        first = next(i for i, w in enumerate(words) if w.endswith((".o", ".a")))
        status, told = run(words[:first] + [str(thing)] + words[first:], self.build)
        if status != 0:
            print(told.decode(errors="replace")[-500:], file=sys.stderr)
        return status == 0


def ask_c(builder, thing, names, folder):
    """The name of the test that noticed, or None."""
    for name in names:
        test = builder.timed(name)
        if test.seconds > SECONDS_MAX:
            continue
        program = folder / test.name
        if not builder.link(test.name, program, thing):
            return f"{test.name} does not link"
        status, _ = run([str(program), *test.command[1:]], test.folder,
                        10 + 20 * test.seconds)
        program.unlink()
        if status != 0:
            return test.name
    return None


def ask_python(builder, source, thing, folder):
    """The same of the Python tests, run against programs linked anew."""
    module = next((m for begin, _, m in NEAR if source.startswith(begin)), None)
    if not module:
        return None
    place = folder / "programs"
    place.mkdir()
    for entry in builder.build.iterdir():
        if entry.name not in ("steelyard", "steelyard-worker"):
            (place / entry.name).symlink_to(entry)
    for program in ("steelyard", "steelyard-worker"):
        if not builder.link(program, place / program, thing):
            return f"{program} does not link"
    status, _ = run([sys.executable, str(ROOT / "tests/run_python.py"), "--build", str(place),
                     "--tier", "fast", "--jobs", "1", module], ROOT, PYTHON_SECONDS)
    return module if status != 0 else None


class Judge:
    def __init__(self, builder, is_python):
        self.builder, self.is_python = builder, is_python
        self.plain = {}

    def prepare(self, sources, pool):
        """What is asked about each file, and its own object."""
        self.asked = dict(zip(sources, pool.map(self.builder.asked, sources)))
        for source, tests in self.asked.items():
            if not tests:
                print(f"nobody asks about {source}")
        with tempfile.TemporaryDirectory() as folder:
            for n, source in enumerate(sources):
                thing = self.builder.compile(source, pathlib.Path(folder),
                                             (ROOT / source).read_text(), str(n))
                self.plain[source] = thing.read_bytes() if thing else None

    def judge(self, mutant):
        """(mutant, "killed" | "survived" | "same" | "broken", by)."""
        text = (ROOT / mutant.path).read_text()
        end = mutant.at + len(mutant.old)
        # Line numbers in assertions and messages stay.
        new = mutant.new + "\n" * (mutant.old.count("\n") - mutant.new.count("\n"))
        with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
            folder = pathlib.Path(folder)
            thing = self.builder.compile(mutant.path, folder,
                                         text[:mutant.at] + new + text[end:], "0")
            if not thing:
                return mutant, "broken", ""
            if thing.read_bytes() == self.plain[mutant.path]:
                return mutant, "same", ""
            by = ask_c(self.builder, thing, self.asked[mutant.path], folder)
            if not by and self.is_python:
                by = ask_python(self.builder, mutant.path, thing, folder)
        return mutant, "killed" if by else "survived", by or ""


def shown(mutant):
    def short(text):
        text = " ".join(text.split())
        return text if len(text) <= 60 else text[:57] + "..."
    return (f"{mutant.path}:{mutant.line}: {mutant.what}: {short(mutant.old)} -> "
            f"{short(mutant.new)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/gcc")
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--python", action="store_true")
    parser.add_argument("--results", type=pathlib.Path)
    parser.add_argument("--list", type=pathlib.Path)
    parser.add_argument("parts", nargs="*")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    begin = time.monotonic()
    builder = Builder(options.build)
    sources = [s for s in sorted(builder.objects) if s.startswith(DECIDES) and
               (not options.parts or any(p in s for p in options.parts))]
    everything = [m for source in sources for m in mutants_of(source)]
    sample = random.Random(seed).sample(everything, min(options.count, len(everything)))
    print(f"{len(everything)} mutants of {len(sources)} files; {len(sample)} of them, "
          f"seed {seed}", flush=True)
    judge = Judge(builder, options.python)
    counts, survivors, lines = collections.Counter(), [], []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        judge.prepare(sorted({m.path for m in sample}), pool)
        print(f"{time.monotonic() - begin:.0f} s to begin with", flush=True)
        for mutant, fate, by in pool.map(judge.judge, sample):
            counts[fate] += 1
            lines.append(f"{fate:8} {shown(mutant)}{f'  [{by}]' if by else ''}")
            if fate == "survived":
                survivors.append(shown(mutant))
                print(f"survived  {survivors[-1]}", flush=True)
    seconds = time.monotonic() - begin
    tried = counts["killed"] + counts["survived"]
    print(f"{counts['killed']} of {tried} killed ({100 * counts['killed'] / max(1, tried):.1f} "
          f"%), {counts['same']} compile to the same, {counts['broken']} not at all; "
          f"{seconds:.0f} s")
    if options.list:
        options.list.write_text("\n".join(lines) + "\n")
    if options.results:
        options.results.write_text(json.dumps({
            "seed": seed, "all": len(everything), "tried": tried,
            "killed": counts["killed"], "same": counts["same"], "broken": counts["broken"],
            "seconds": round(seconds), "survivors": survivors}))


if __name__ == "__main__":
    main()

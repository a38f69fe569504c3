#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Facts about the tree that no compiler checks: lint.py [--build FOLDER].

Each check returns sentences; none means it passed.  Symbols are looked at only
with --build, in the static libraries found there.
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# Room -> what it may include besides itself (docs/architecture.md).
ARROWS = {
    "verifier/include": [],
    "verifier/base": [],
    "verifier/input": ["verifier/base"],
    "verifier/digest": ["verifier/base", "verifier/input/source.h"],
    "verifier/report": ["verifier/base", "verifier/digest/hasher.h"],  # fingerprints
    "formats": ["verifier/base", "verifier/input", "verifier/digest", "verifier/report"],
    "keys": ["verifier/base", "verifier/input", "verifier/digest", "verifier/report"],
    "verifier/engine": ["verifier/base", "verifier/input", "verifier/digest",
                        "verifier/report", "verifier/include", "formats", "keys"],
    "verifier/cli": ["verifier/include/steelyard.h"],
}

# Call -> where it is allowed all the same.
FORBIDDEN = {
    "sprintf": (), "vsprintf": (), "strcpy": (), "strcat": (), "alloca": (),
    "setjmp": (), "longjmp": (), "gets": (), "atoi": (), "atol": (), "atof": (),
    "strtod": (), "strtof": (), "system": (), "popen": (), "tmpnam": (), "mktemp": (),
    "isalpha": (), "isdigit": (), "isspace": (), "isalnum": (), "isprint": (),
    "tolower": (), "toupper": (), "setlocale": (),
    "execl": (), "execlp": (), "execle": (), "execv": (), "execvp": (), "execvpe": (),
    "execve": ("verifier/engine/spawn.c",), "fexecve": ("verifier/engine/spawn.c",),
    "posix_spawn": ("verifier/engine/spawn.c",),
}

# Words that promise what no check can (docs/threats.md).
PROMISES = re.compile(r"\b(safe|safely|secure|securely|harmless|guaranteed?)\b", re.I)

LONG_LINES_ALLOWED = {"LICENSE", "docs/style.md"}
SOURCE_SUFFIXES = {".c", ".h", ".def", ".py", ".sh", ".cmake"}


def tracked():
    """Files of the tree: what git knows and what it would add."""
    listing = b""
    if shutil.which("git"):
        listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others",
                                  "--exclude-standard"], cwd=ROOT, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, check=False).stdout
    if listing:
        names = sorted(set(listing.decode("utf-8", "surrogateescape").split("\0")) - {""})
    else:  # no git, not a clone, or a clone of another user
        names = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*"))
        names = [name for name in names if not name.startswith((".git/", "build"))]
    return [name for name in names if (ROOT / name).is_file()]


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8", errors="surrogateescape")


TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code_only(text):
    """C without comments and with empty literals; line numbers stay."""
    def blank(match):
        word = match.group()
        lines = "\n" * word.count("\n")
        return '""' + lines if word[0] == '"' else "' '" if word[0] == "'" else " " + lines
    return TOKEN.sub(blank, text)


def strings_of(text):
    """(line, literal) of every string literal that is not an include."""
    for match in TOKEN.finditer(text):
        if match.group()[0] == '"':
            line = text.count("\n", 0, match.start()) + 1
            begin = text.rfind("\n", 0, match.start()) + 1
            if not text[begin:match.start()].lstrip().startswith("#"):
                yield line, match.group()[1:-1]


def room_of(name):
    rooms = [room for room in ARROWS if name.startswith(room + "/")]
    return max(rooms, key=len) if rooms else None


def check_includes(files):
    for name in files:
        room = room_of(name)
        if not room or not name.endswith((".c", ".h", ".def")):
            continue
        allowed = [room] + ARROWS[room]
        for number, line in enumerate(text_of(name).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not match:
                continue
            target = match.group(1)
            if not (ROOT / target).is_file():
                yield f"{name}:{number}: \"{target}\" is not written from the root, or missing"
            elif not any(target == a or target.startswith(a + "/") for a in allowed):
                yield f"{name}:{number}: {room} may not include {target}"


def def_entries(text):
    """(line, key) of each entry: the strings it begins with, else its first string, or
    its first word where the list says "by ident" or has no strings."""
    by_word = "by ident" in text
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)
    for match in re.finditer(r'^(?:#include "([^"]+)"|[A-Z_]+\((.*?)\)[ \t]*$)', text, re.M | re.S):
        line = text.count("\n", 0, match.start()) + 1
        if match.group(1):
            yield line, match.group(1)
            continue
        leading = re.match(r'\s*("[^"]*"\s*(?:,\s*"[^"]*"\s*)*)', match.group(2))
        string = leading or re.search(r'"[^"]*"', match.group(2))
        if by_word or not string:
            yield line, match.group(2).split(",")[0].strip()
        else:
            yield line, " ".join(re.findall(r'"([^"]*)"', string.group()))


def check_sorted(files):
    for name in files:
        text = text_of(name) if name.endswith(".def") else ""
        says_so = re.search(r"\bsorted\b(?!\s*(?:\*\s*)?in the order)", text, re.I)
        if not says_so and not name.startswith("verifier/report/rules"):
            continue
        last = ""
        for line, key in def_entries(text):
            if key <= last and "*" not in key:
                yield f"{name}:{line}: {key!r} does not come after {last!r}"
            last = key if "*" not in key else last


def format_definition(name, sources):
    """(file, initializer) of sy_format_NAME; None when nobody defines it."""
    for path in sources:
        match = re.search(r"\bsy_format_%s\s*=\s*\{(.*?)\n\};" % re.escape(name),
                          text_of(path), re.S)
        if match:
            return path, match.group(1)
    for path in sources:
        instance = re.search(r"^\s*([A-Z_]+)\(%s\s*," % re.escape(name), text_of(path), re.M)
        if instance:        # of a macro, which may stand in the same file
            macro = re.search(r"#define %s\((?:.*\\\n)*" % instance.group(1), text_of(path))
            return path, macro.group() if macro else ""
    return None


def vector_folders(name, page, files):
    """Where vectors of a format may lie: under its name, or where its page says."""
    folders = {name, name.replace("_", "-")}
    if page in files:
        folders |= set(re.findall(r"tests/vectors/([\w-]+)", text_of(page)))
    return tuple(f"tests/vectors/{folder}/" for folder in folders)


def missing_parts(name, files, sources):
    found = format_definition(name, sources)
    if not found:
        return ["its source (no file of formats/ defines sy_format_%s)" % name]
    spelled = name.replace("_", "-")
    pages = [f for f in files if f.startswith("docs/formats/")]
    if ".inspect" not in found[1]:
        told = any(re.search(r"\b%s\b" % re.escape(s), text_of(f))
                   for f in pages for s in (name, spelled))
        return [] if told else ["a mention in docs/formats/ (it is only recognised)"]
    stem = pathlib.PurePath(found[0]).stem      # one file may hold several formats
    page = next((f for f in (f"docs/formats/{spelled}.md", f"docs/formats/{stem}.md")
                 if f in files), f"docs/formats/{spelled}.md")
    folders = vector_folders(name, page, files) + (f"tests/vectors/{stem}/",)
    own = [found[0]] + [f for f in sources if f.startswith(f"formats/{name}")]
    if '"formats/nest.h"' in text_of(found[0]):     # what its members break is told there
        own.append("formats/nest.c")
    parts = {
        "rules": any("SY_RULE_" in text_of(f) for f in own),
        "a test (tests/formats)": any(
            f.startswith("tests/formats/") and "sy_format_" + name in text_of(f) or
            f.startswith(f"tests/formats/test_{name}") for f in files),
        f"vectors (tests/vectors/{name})": any(
            f.startswith(folders) for f in files),
        "a fuzz target (tests/fuzz)": any(
            f.startswith("tests/fuzz/") and re.search(r"\b(sy_format_|fuzz_)?%s\b" % name,
                                                      text_of(f)) for f in files
            if f.endswith((".c", ".txt", ".def"))),
        f"its page ({page})": page in files,
    }
    return [part for part, is_there in parts.items() if not is_there]


def check_formats(files):
    if "formats/formats.def" not in files:
        yield "formats/formats.def is missing"
        return
    sources = [f for f in files if f.startswith("formats/") and f.endswith((".c", ".def"))]
    for line, name in def_entries(text_of("formats/formats.def")):
        for part in missing_parts(name, files, [f for f in sources
                                                if f != "formats/formats.def"]):
            yield f"formats/formats.def:{line}: {name} lacks {part}"


def check_spdx(files):
    for name in files:
        path = pathlib.PurePath(name)
        if "vectors" in path.parts and path.suffix != ".py":
            continue
        if path.suffix in SOURCE_SUFFIXES or path.name == "CMakeLists.txt" or name == ".ci/run":
            if "SPDX-License-Identifier: Apache-2.0" not in text_of(name)[:400]:
                yield f"{name}: no SPDX line at its head"


def check_lines(files):
    for name in files:
        path = pathlib.PurePath(name)
        if name in LONG_LINES_ALLOWED or "vectors" in path.parts:
            continue
        if path.suffix not in SOURCE_SUFFIXES and path.name != "CMakeLists.txt":
            continue
        for number, line in enumerate(text_of(name).splitlines(), 1):
            width = len(line.expandtabs(8)) if path.suffix in (".c", ".h") else len(line)
            if width > 100:
                yield f"{name}:{number}: {width} columns"


def check_calls(files):
    pattern = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(FORBIDDEN))
    for name in files:
        if not room_of(name) or not name.endswith((".c", ".h")):
            continue
        for number, line in enumerate(code_only(text_of(name)).splitlines(), 1):
            for match in pattern.finditer(line):
                if name not in FORBIDDEN[match.group(1)]:
                    yield f"{name}:{number}: {match.group(1)}() is not used here"


def check_promises(files):
    rooms = ("verifier/report/", "verifier/cli/", "verifier/engine/", "formats/", "keys/")
    for name in files:
        if not name.startswith(rooms) or not name.endswith((".c", ".def")):
            continue
        for line, literal in strings_of(text_of(name)):
            match = PROMISES.search(literal)
            # Without a space it is an identifier of someone else's, not a promise.
            if match and (" " in literal.strip() or literal == match.group()):
                yield f"{name}:{line}: the word {match.group()!r} stands in an output"


def check_limits(_files):
    names = re.findall(r'^LIMIT\(\w+, "([^"]+)"', text_of("verifier/base/limits.def"), re.M)
    page = text_of("docs/limits.md")
    if not names:
        yield "verifier/base/limits.def: no limit was found"
    for name in names:
        if f"`{name}`" not in page:
            yield f"docs/limits.md: does not say what {name} bounds"


def check_symbols(_files, build):
    libraries = sorted(p for p in pathlib.Path(build).rglob("lib*.a")
                       if "tests" not in p.relative_to(build).parts)
    if not libraries:
        yield f"no static library below {build}"
    for library in libraries:
        done = subprocess.run(["nm", "-g", "--defined-only", str(library)],
                              capture_output=True, text=True, check=False)
        for line in done.stdout.splitlines():
            words = line.split()
            if len(words) != 3 or words[1] not in "TDBRVWC":
                continue
            if not words[2].startswith(("sy_", "steelyard_", "__asan", "__odr_asan")):
                yield f"{library.name}: {words[2]} has no prefix of ours"


CHECKS = {
    "includes follow the arrows": check_includes,
    "lists are sorted": check_sorted,
    "formats have all their parts": check_formats,
    "files name their licence": check_spdx,
    "lines are at most 100 columns": check_lines,
    "forbidden calls": check_calls,
    "limits are explained": check_limits,
    "outputs promise nothing": check_promises,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", help="folder of a build, to look at its symbols")
    parser.add_argument("--results", help="JSON file for the counts")
    args = parser.parse_args()
    files = tracked()
    checks = [(title, check(files)) for title, check in CHECKS.items()]
    if args.build:
        checks.append(("global symbols have our prefix", check_symbols(files, args.build)))
    passed = failed = 0
    for title, sentences in checks:
        sentences = list(sentences)
        passed += not sentences
        failed += bool(sentences)
        print(f"{'FAILED' if sentences else 'ok':6}  {title}")
        for sentence in sentences:
            print(f"        {sentence}")
    if args.results:
        pathlib.Path(args.results).write_text(json.dumps(
            {"passed": passed, "failed": failed, "skipped": []}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""The words and tables of docs/scorecard.md.  Writes text; judges and runs nothing."""

import collections
import statistics

from verdicts import (BAD, BENIGN, CLEAN, ERROR, EXPECTED, GADGETS, GROUPS, OTHERS, OUTCOMES,
                      OWN, UNSCANNED, WARNED, Count, cell, count_all, mean_cell)

EXAMPLES = 3

READING = {
    "steelyard": ("`steelyard scan --json FILE`", "exit 1", "exit 0 with a finding above info",
                  "exit 2 (undetermined)", "exit 3"),
    "picklescan": ("`scan_file_path()`, what `picklescan --path FILE` calls",
                   "a dangerous global", "a suspicious global", "a scan error or an exception",
                   "no file scanned"),
    "fickling": ("`scan_file()` and `scan_zip_archive()`, what `fickling --huggingface` calls",
                 "LIKELY_UNSAFE and above", "POSSIBLY_UNSAFE, SUSPICIOUS",
                 "only parse or analysis errors",
                 "archive without pickles; NumPy, 7z, tar (it skips these)"),
    "modelscan": ("`ModelScan().scan(FILE)`, what `modelscan -p FILE` calls",
                  "CRITICAL, HIGH", "MEDIUM, LOW", "only errors", "skipped"),
    "modelaudit": ("`scan_model_directory_or_file(FILE)`, what `modelaudit scan FILE` calls; "
                   "no cache", "critical", "warning",
                   "exit 2 without either (inconclusive, failed)", "no file scanned"),
    "modelaudit-picklescan": ("`scan_file(FILE)`", "malicious", "suspicious",
                              "any other verdict, or incomplete",
                              "NumPy, 7z, tar (it documents pickles and zips)"),
}

OPENING = """\
# Scorecard

Which files with known verdicts steelyard and other scanners call bad. Written by
`tests/scorecard/scorecard.py` on {date}; not edited by hand.

Versions: {versions}.
{left_out}{partial}
{n_judged} files: {n_corpus} of a corpus with recorded verdicts ({n_unjudged} more have none and
are left out){written}

How to read a cell: `83 % (97 %)` means that 83 % were called bad, and 97 % bad or with a
warning. For malformed files an error counts in the brackets too, since an error is a fair
answer there. Benign rows give numbers of files, not shares: `3 (12)` means 3 false alarms,
and 12 with warnings. `not scanned`: the tool said of each that it does not read it.
"""

LIMITS = """\
## What the numbers do not say

- **The corpus is not neutral.** It was at hand while steelyard was written, and much of it was
  made to show where other scanners fail; steelyard's misses in it were looked at one by one.
  The others were developed without it. Expect every tool, steelyard first of all, to do worse
  on tricks that nobody here thought of.
- Most gadgets in it were collected from the lists and advisories of these same scanners, and
  steelyard's tables from the same places. The row of names that are *not* in our tables is the
  better guess at new ones; it is short.
- A one-call gadget needs a name and one call. There are many, for names are many; that is why
  means weigh families, not files.
- The fixtures of a scanner are files that this scanner is tested with.
- steelyard lists what is known to be inert and flags the rest; scanners that list what is
  known to be dangerous leave the rest alone or warn. Files with classes of one's own are a
  false alarm of the first kind that no row here shows. `--allow-global` is meant for them.
- An error and `not scanned` are not counted as caught, but they are not a clean bill either.
  [All counts](#all-counts) tells them from files that a tool called clean.
- Payloads are inert (`echo`), so a tool that judges what the code does may rightly pass some.
- Some scanners read formats that others do not claim to read; a row may thus say more about
  scope than about skill. A file is handed over alone, under its own name, without its repository.
- The benign files were written by libraries of today with small data. They are no sample of
  what people publish.
"""

METHOD = """\
## How they were run

Each scanner runs in an environment of its own, installed from PyPI with the hashes in
`tests/scorecard/requirements-*.txt` and with those optional packages that are small (HDF5, 7z,
ONNX, TFLite …; neither TensorFlow nor PyTorch). picklescan and modelscan get NumPy 2.2, the
newest that both work with. Default settings; files are scanned in one long-lived process after
another, without network; what takes over {timeout} s of the processor or dies is an error. An
audit hook refuses unpickling, starting programs and connecting while a file is
scanned{refused}.

{mapping}

{costs}

Seconds are wall time: of the others inside a running process, without its start and imports;
of steelyard with the start of its two processes for each file, unless in one call. Memory is
the largest resident set of one process at its end, the interpreter included. The machine has
two cores, was busy with other work, and the others ran at a low priority: read orders of
magnitude, not digits. modelaudit's engine follows calls through the source of installed
packages, so what stands in its environment changes its time and its findings.
"""

REPRODUCE = """\
## Again

```sh
python3 tests/interop/write_benign.py FOLDER          # benign files; any folder of them will do
STEELYARD_CORPUS=CORPUS python3 tests/scorecard/scorecard.py --build build/gcc --benign FOLDER
```

`CORPUS/scan/INDEX.tsv` lists path, sha256, size, expected, what and licence of each file; the
corpus holds fixtures of others and is not part of this repository. The first run installs the
scanners and takes an hour or more, nearly all of it modelaudit's. Their answers are kept below
`build/scorecard/results` (`--work`), by version, digest and name: later runs ask steelyard only,
and a run that was interrupted goes on where it was, or with `--kept` is shown as far as it came.
"""


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def mean_row(title, counts, tools, group, expected):
    chosen = [found for key, found in counts.items() if key[0] in group and key[2] == expected]
    if not chosen:
        return []
    cells = [mean_cell([found[tool] for found in chosen], expected) for tool in tools]
    return [[f"**{title}**", f"{len(chosen)} families", *cells]]


def total_row(title, counts, tools):
    chosen = [found for key, found in counts.items() if key[0] == BENIGN]
    if not chosen:
        return []
    totals = {tool: Count() for tool in tools}
    for tool in tools:
        for found in chosen:
            totals[tool].update(found[tool])
    n = totals[tools[0]].n
    return [[f"**{title}**", n, *(cell(totals[t], "benign", n) for t in tools)]]


def top_table(counts, tools):
    rows = mean_row("malicious, mean of families of ours", counts, tools, (OWN, GADGETS),
                    "malicious")
    rows += mean_row("malicious, mean of fixtures of others", counts, tools, (OTHERS,),
                     "malicious")
    rows += total_row("false alarms on benign files", counts, tools)
    for group in GROUPS:
        rows.append([f"*{group}*", "", *("" for _ in tools)])
        rows += [[f"{family}, {expected}" if group != BENIGN else family, found[tools[0]].n,
                  *(cell(found[tool], expected, found[tools[0]].n) for tool in tools)]
                 for (its, family, expected), found in counts.items() if its == group]
    return table(["family, recorded verdict", "files", *tools], rows)


def detail_table(counts, tools):
    rows = []
    for (_, family, expected), found in counts.items():
        for tool in tools:
            rows.append([f"{family}, {expected}" if tool == tools[0] else "", tool,
                         *(found[tool][outcome] or "" for outcome in OUTCOMES)])
    return table(["family", "tool", *OUTCOMES], rows)


def is_missed(file, tool):
    """Not called bad although malicious, no word on a suspicious one, or a broken one clean."""
    outcome = file.outcomes.get(tool)
    if outcome is None:
        return False
    return {"malicious": outcome != BAD, "suspicious": outcome not in (BAD, WARNED),
            "malformed": outcome in (CLEAN, UNSCANNED), "benign": False}[file.expected]


def is_alarm(file, tool):
    return file.expected == "benign" and file.outcomes.get(tool) in (BAD, WARNED)


def escaped(text):
    """A name of the corpus, harmless in a table."""
    return "".join(c if c.isprintable() and c not in "|`<>\\" else "?" for c in text)


def own_list(files, wanted, decided):
    """Every file that steelyard missed or raised an alarm on, with what it said."""
    rows = []
    for file in files:
        if wanted(file, "steelyard"):
            raw = file.raw["steelyard"]
            note = f"we read it as {decided[file.shown]}" if file.shown in decided else ""
            rows.append([f"`{escaped(file.shown)}`", file.expected, file.outcomes["steelyard"],
                         ", ".join(f"`{rule}`" for rule in raw["rules"]) or "no finding", note])
    head = ["file", "recorded", "steelyard", "rules", "note"]
    return table(head, rows) if rows else "None."


def others_list(files, tools, wanted):
    """For each other scanner and family: how many, as what, and a few names."""
    rows = []
    for tool in tools:
        chosen = collections.defaultdict(list)
        for file in files:
            if wanted(file, tool):
                chosen[file.group, file.family, file.expected].append(file)
        order = sorted(chosen, key=lambda k: (GROUPS.index(k[0]), EXPECTED.index(k[2]), k[1]))
        for key in order:
            hit = chosen[key]
            ways = collections.Counter(file.outcomes[tool] for file in hit)
            step = max(1, len(hit) // EXAMPLES)
            names = ", ".join(f"`{escaped(f.shown.split('/')[-1])}`"
                              for f in hit[::step][:EXAMPLES])
            rows.append([tool, f"{key[1]}, {key[2]}",
                         ", ".join(f"{n} {way}" for way, n in ways.most_common()), names])
    return table(["tool", "family", "how many, as what", "for instance"], rows)


def catching_rules(files):
    """Which rules answered in which family: why steelyard caught what it caught."""
    found = collections.defaultdict(collections.Counter)
    for file in files:
        if file.expected != "benign":
            found[file.group, file.family].update(file.raw["steelyard"]["rules"])
    rows = [[family, ", ".join(f"`{rule}` {n}" for rule, n in found[group, family].most_common(6))]
            for group, family in sorted(found, key=lambda k: (GROUPS.index(k[0]), k[1]))]
    return table(["family", "rules that fired most, in how many files"], rows)


def decided_table(files, decided):
    rows = [[f"`{escaped(file.shown)}`", file.expected, decided[file.shown],
             file.outcomes["steelyard"]]
            for file in files if file.shown in decided and file.expected != decided[file.shown]]
    return table(["file", "recorded", "we read it as", "steelyard"], rows)


def cost_table(answers, versions, at_once):
    seconds, peak_kib = at_once
    rows = [[f"steelyard {versions['steelyard']}, all files in one call", f"{seconds:.0f}", "", "",
             f"{peak_kib / 1024:.0f}"]]
    for tool, lines in answers.items():
        seconds = [line["seconds"] for line in lines.values()]
        rows.append([f"{tool} {versions[tool]}", f"{sum(seconds):.0f}",
                     f"{1000 * statistics.median(seconds):.1f}", f"{max(seconds):.1f}",
                     f"{max(line['peak_kib'] for line in lines.values()) / 1024:.0f}"])
    head = ["tool", "files asked, s", "median, ms", "longest, s", "largest process, MiB"]
    return table(head, rows)


def mapping_table(tools):
    return table(["tool", "call", *(f"counts as {word}" for word in (BAD, WARNED, ERROR)),
                  f"counts as {UNSCANNED}"], [[tool, *READING[tool]] for tool in tools])


def refused_text(answers):
    """Whether a scanner did what the hook refuses, and how often."""
    parts = []
    for tool, lines in answers.items():
        n = collections.Counter(event for line in lines.values()
                                for event in line["raw"].get("refused", []))
        parts += [f"{tool} {event} in {count} files" for event, count in n.items()]
    return f" (refused: {'; '.join(parts)})" if parts else " (it refused nothing)"


def partial_text(files, tools):
    """Which scanners were not asked about every file."""
    asked = {tool: sum(tool in file.outcomes for file in files) for tool in tools}
    parts = [f"{tool}: {n} of {len(files)} files" for tool, n in asked.items() if n < len(files)]
    left_out = {file.expected for file in files for tool in tools if tool not in file.outcomes}
    which = "benign files that chance chose" if left_out == {"benign"} else "of any kind"
    return (f"\n**Not asked about all files**, since it takes long: {'; '.join(parts)}. Those "
            f"left out are\n{which}; `of 20` in a cell: about 20 files of the family.\n"
            if parts else "")


def write(files, answers, versions, *, decided, n_unjudged, left_out, written, date, at_once,
          timeout=60):
    """The whole document."""
    tools, others = list(answers), [tool for tool in answers if tool != "steelyard"]
    counts = count_all(files, tools)
    extra = sum(file.family.startswith("libraries of today") for file in files)
    opening = OPENING.format(
        date=date, versions=", ".join(f"{tool} {versions[tool]}" for tool in tools),
        left_out=f"\n**Not run here:** {', '.join(left_out)}.\n" if left_out else "",
        partial=partial_text(files, others),
        n_judged=len(files), n_corpus=len(files) - extra, n_unjudged=n_unjudged,
        written=f", and {extra} benign files\nwritten for this purpose" +
                (f":\n\n- " + "\n- ".join(written) if written else "") if extra else "")
    opening = opening.replace("\n\n\n", "\n\n")
    method = METHOD.format(timeout=timeout, refused=refused_text(answers),
                           mapping=mapping_table(tools),
                           costs=cost_table(answers, versions, at_once))
    return "\n".join([
        opening, top_table(counts, tools), "", LIMITS, method,
        "## Where we read a file otherwise\n",
        "Counts go by the recorded verdict. These are read otherwise by the tests, for the "
        "reasons in\n[decision 005](decisions/005-rows-read-otherwise.md); some stand among the "
        "misses below for that reason.\n",
        decided_table(files, decided), "",
        "## What steelyard caught, and by which rule\n", catching_rules(files), "",
        "## What steelyard missed\n",
        "Malicious and not bad, suspicious without a warning, or malformed and clean or not "
        "scanned.\n", own_list(files, is_missed, decided), "",
        "## Where steelyard raised an alarm on a benign file\n",
        own_list(files, is_alarm, decided), "",
        "## What the others missed\n", "The same measure.\n",
        others_list(files, others, is_missed), "",
        "## Where the others raised an alarm on a benign file\n",
        others_list(files, others, is_alarm), "",
        "## All counts\n", detail_table(counts, tools), "", REPRODUCE])

# SPDX-License-Identifier: Apache-2.0
"""What a scanner's answer counts as, which family a file belongs to, and the sums.

Pure functions: nothing is read or run here.  An answer becomes one of OUTCOMES, the
strongest evidence first, so that a warning beside an error is a warning.
"""

import collections
import re

BAD, WARNED, ERROR, UNSCANNED, CLEAN = OUTCOMES = (
    "bad", "warned", "error", "not scanned", "clean")

EXPECTED = ("malicious", "suspicious", "malformed", "benign")

OWN, GADGETS, UNLISTED, OTHERS, BENIGN = GROUPS = (
    "made for this project", "one-call gadgets", "gadgets that are not in our tables",
    "fixtures of other scanners", "benign")


def first(*claims):
    """The outcome of the first claim that holds; clean when none does."""
    return next((outcome for holds, outcome in claims if holds), CLEAN)


def of_steelyard(raw):
    """Exit 1 is bad; 2 undetermined; 3 not examined; findings above info warn."""
    code = raw.get("exit")
    return first((code == 1, BAD), (code == 3, UNSCANNED), (code != 0, ERROR),
                 (raw["worst"] not in ("", "info"), WARNED))


def of_picklescan(raw):
    return first((raw.get("dangerous"), BAD), (raw.get("suspicious"), WARNED),
                 ("failed" in raw or raw["error"], ERROR), (not raw.get("files"), UNSCANNED))


def of_fickling(raw):
    found = set(raw.get("severities", []))
    return first((found & {"LIKELY_UNSAFE", "LIKELY_OVERTLY_MALICIOUS", "OVERTLY_MALICIOUS"}, BAD),
                 (found - {"LIKELY_SAFE"}, WARNED),
                 ("failed" in raw or raw["errors"], ERROR), (not raw.get("files"), UNSCANNED))


def of_modelscan(raw):
    found = set(raw.get("severities", {}))
    return first((found & {"CRITICAL", "HIGH"}, BAD), (found, WARNED),
                 ("failed" in raw or raw["errors"], ERROR), (not raw.get("files"), UNSCANNED))


def of_modelaudit(raw):
    found = raw.get("severities", {})
    return first(("critical" in found, BAD), ("warning" in found, WARNED),
                 ("failed" in raw, ERROR), (not raw.get("files"), UNSCANNED),
                 (raw.get("exit") != 0, ERROR))


def of_modelaudit_picklescan(raw):
    verdict, status = raw.get("verdict"), raw.get("status")
    return first((verdict == "malicious", BAD), (verdict == "suspicious", WARNED),
                 (status == "not-scanned", UNSCANNED),
                 (status != "complete" or verdict != "clean", ERROR))


MAPPING = {
    "steelyard": of_steelyard,
    "picklescan": of_picklescan,
    "fickling": of_fickling,
    "modelscan": of_modelscan,
    "modelaudit": of_modelaudit,
    "modelaudit-picklescan": of_modelaudit_picklescan,
}


class Tables:
    """Which names stand in formats/pickle/dangerous.def."""

    ROW = re.compile(r'^(DANGER|SAFE)\("([^"]*)",\s*"([^"]*)"', re.M)

    def __init__(self, dangerous, safe):
        self.dangerous = {(m, n) for _, m, n in self.ROW.findall(dangerous)}
        self.safe = {(m, n) for _, m, n in self.ROW.findall(safe)}

    def has(self, module, name):
        """Listed: itself, a part of its dotted name, or all of its module.

        Wherever the module ends and the name begins, and with or without the underscore
        of a module written in C (`_operator` for `operator`), as steelyard looks it up."""
        if any(("*", part) in self.dangerous for part in f"{module}.{name}".split(".")):
            return True
        if (module, name) in self.safe and not self.lists(module, name):
            return False
        return any(self.has_split(f"{start}.{name}".split("."))
                   for start in {module, module.lstrip("_")})

    def has_split(self, parts):
        splits = [(".".join(parts[:i]), ".".join(parts[i:])) for i in range(1, len(parts))]
        return any(self.lists(*split) or (split[0], "*") in self.dangerous for split in splits)

    def lists(self, module, name):
        """The name itself, or what it is an attribute of."""
        parts = name.split(".")
        return any((module, ".".join(parts[:i + 1])) in self.dangerous
                   for i in range(len(parts)))


FAMILIES = {
    "evasions/pickle": (OWN, "pickle: opcode tricks"),
    "evasions/containers": (OWN, "containers: zip, tar, npy, wrappers"),
    "evasions/joblib": (OWN, "joblib: arrays inside the pickle"),
    "evasions/formats": (OWN, "other formats"),
}


def family_of(path, expected, tables):
    """(group, family) of a row of the index: its folder, gadgets by our tables."""
    top, second = (path.split("/") + [""])[:2]
    if f"{top}/{second}" in FAMILIES:
        group, name = FAMILIES[f"{top}/{second}"]
        return (BENIGN, f"benign ones among {name}") if expected == "benign" else (group, name)
    if second == "gadgets":
        module, _, name = path.split("/")[-1].removesuffix(".pkl").partition("--")
        return (GADGETS, "names in our tables") if tables.has(module, name) else (
            UNLISTED, "names not in our tables")
    if top == "benign":
        return (BENIGN, f"corpus: {second}") if expected == "benign" else (OWN, f"corpus: {second}")
    if expected == "benign":
        return BENIGN, f"fixtures of {top}"
    return OTHERS, f"fixtures of {top}"


class Count(collections.Counter):
    """How many files of a family had which outcome."""

    @property
    def n(self):
        return sum(self.values())

    def share(self, *outcomes):
        return sum(self[outcome] for outcome in outcomes) / self.n


def strict_and_kind(expected):
    """The outcomes that are an answer to such a file: bad ones, and those in brackets."""
    if expected == "malformed":
        return (BAD,), (BAD, WARNED, ERROR)
    return (BAD,), (BAD, WARNED)


def percent(share):
    """Never 100 when something is missing, never 0 when something is there."""
    whole = int(100 * share + 0.5)
    if whole == 100 and share < 1:
        return ">99"
    return "<1" if whole == 0 and share > 0 else str(whole)


def cell(count, expected, n_files=None):
    """`83 % (97 %)`: caught, and with warnings; a false alarm is counted, not averaged.

    `of 20`: the tool was asked about so many of the n_files only."""
    strict, kind = strict_and_kind(expected)
    if count.n == 0:
        return "not asked"
    of = f" of {count.n}" if n_files is not None and count.n < n_files else ""
    if expected == "benign":
        return f"{count[BAD]} ({count[BAD] + count[WARNED]}){of}"
    if count[UNSCANNED] == count.n:
        return f"not scanned{of}"
    return f"{percent(count.share(*strict))} % ({percent(count.share(*kind))} %){of}"


def mean_cell(counts, expected):
    """The same, each family weighing as much as any other."""
    strict, kind = strict_and_kind(expected)
    counts = [count for count in counts if count.n > 0]
    if not counts:
        return "not asked"
    shares = [sum(c.share(*some) for c in counts) / len(counts) for some in (strict, kind)]
    return f"{percent(shares[0])} % ({percent(shares[1])} %)"


def count_all(files, tools):
    """{(group, family, expected): {tool: Count}} in the order of GROUPS and EXPECTED."""
    found = {}
    for file in files:
        counts = found.setdefault((file.group, file.family, file.expected),
                                  {tool: Count() for tool in tools})
        for tool in file.outcomes:
            counts[tool][file.outcomes[tool]] += 1
    order = sorted(found, key=lambda k: (GROUPS.index(k[0]), EXPECTED.index(k[2]), k[1]))
    return {key: found[key] for key in order}

# SPDX-License-Identifier: Apache-2.0
"""Nothing in the corpora crashes, hangs or passes for what it is not.

hostile/INDEX.tsv says what is expected of a file: `reject` is never clean, `accept`
never flagged.  Every file of every corpus goes through the program once, and none may
end a worker.  Pickles known to be malicious never leave with 0.
"""

import csv
import json
import re
import unittest

import harness
import measure
from harness import PROGRAM, TestCase

CORPORA = ("scan", "formats", "hostile")
SECONDS = 1.0
BYTES = 64 * measure.MIB
# Legal headers of up to 100 MB need memory for themselves: checked by tests/bench.
HEADER_LARGE = 16 * measure.MIB
# In the fast tier every so many-th file that is a program run of its own.
STEP = 8 if harness.TIER == "fast" else 1

# Where a verdict differs from the one in the table, a finding of ours must say why:
# rules that explain "clean" for `reject`, and "flagged" for `accept`.
CLEAN_BY_DECISION = {
    "safetensors-header-start": "every release of the reference reads it: low",
    "gguf-byte-order-big": "read as what it is, version 3 of a big-endian file: low"}
FLAGGED_BY_DECISION = {
    "tensor-name-control": "nobody names tensors so; shown escaped, and high",
    "tensor-name-bidi": "the same"}
# Files whose verdict in the table we do not share, or cannot: docs/decisions/005.
BY_DECISION = {
    "changing-size.zip", "changing-size-muchl.zip", "changing-size-muchlo.zip",
    "changing-size-muchlonger.zip", "incons-central-date.zip",
    "incons-central-file-comment-utf8-ascii.zip", "incons-ef-local-dupe-utf8comment.zip",
    "incons-ef-local-id.zip", "stored-no-eos.zip", "testchanged.zip", "testchangedlocal.zip",
    "test_read_format_zip_with_invalid_traditional_eocd.zip",
    "zeroSeq_2B.zst", "zeroSeq_extraneous.zst"}
# Judged by what their own rules say: what a loader may do with them is asked for by
# its caller (remote code: medium) or harms nobody by being read.
NOT_PICKLES = (".json", ".gguf", ".safetensors")


def rows(path, **wanted):
    """Rows of a table whose columns have one of the values wanted."""
    with open(path, newline="") as table:
        for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
            if all(row[column] in values for column, values in wanted.items()):
                yield row


def differs(expected, document):
    """Whether the verdict is not what the table wants, and no decision says why."""
    word = re.match("[a-z-]+", expected)[0]
    findings = [f for a in document["artifacts"] for f in a["findings"]]
    if word in ("reject", "flag", "reject-or-flag"):
        return (document["verdict"] == "clean" and
                not any(f["rule"] in CLEAN_BY_DECISION for f in findings))
    grave = {f["rule"] for f in findings if f["severity"] in ("high", "critical")}
    # That packed data decodes says nothing of what it decodes to.
    is_opaque = any(f["rule"] == "content-unknown-binary" for f in findings)
    return word == "accept" and (
        document["verdict"] == "undetermined" and not is_opaque or
        bool(grave - set(FLAGGED_BY_DECISION)))


class Containers(TestCase):
    def judge(self, path, expected):
        """None, or a sentence that says what is wrong with the verdict or the cost."""
        done = measure.cost(PROGRAM, "scan", "--json", path)
        if done.status not in (0, 1, 2, 3):
            return f"{path}: exit {done.status}"
        document = json.loads(done.output)
        if path.name not in BY_DECISION and differs(expected, document):
            return f"{path}: {document['verdict']}, expected {expected}"
        # The wall's clock only catches what hangs: the machine may be busy.
        if done.cpu_seconds > SECONDS or done.seconds > 20 * SECONDS:
            return f"{path}: {done.cpu_seconds:.2f} s (wall {done.seconds:.2f} s)"
        if done.max_rss > BYTES and path.stat().st_size < HEADER_LARGE:
            return f"{path}: {done.max_rss / measure.MIB:.0f} MiB"
        return None

    def judge_all(self, *kinds):
        base = harness.corpus("hostile")
        cases = list(rows(base / "INDEX.tsv", kind=kinds))
        wrong = [says for row in cases if
                 (says := self.judge(base / row["path"], row["expected"]))]
        harness.count_corpus("hostile", len(cases))
        self.assertEqual(wrong, [], f"{len(wrong)} of {len(cases)}")
        self.assertGreater(len(cases), 100)

    def test_headers(self):
        self.judge_all("safetensors", "gguf")

    def test_archives(self):
        self.judge_all("zip", "gzip", "zstd")


class Pickles(TestCase):
    """No pickle that does harm passes, whatever it is called."""

    def never_clean(self, base, cases, name):
        wrong, n = [], 0
        for row in cases[::STEP]:
            code, document = harness.report("check", base / row["path"])
            n += 1
            # A flag is a finding that a person is shown; it need not change the exit.
            is_flagged = "flag" in row["expected"] and any(
                f["severity"] in ("medium", "high", "critical")
                for a in document["artifacts"] for f in a["findings"])
            if code not in (1, 2, 3) and not is_flagged:
                wrong.append(f"{row['path']} ({row['expected']}): exit {code}")
        harness.count_corpus(name, n)
        self.assertEqual(wrong, [], f"{len(wrong)} of {n}")
        self.assertGreater(n, 0)

    def test_scan_corpus_others(self):
        """What is no pickle and called malicious gets a finding above info at least."""
        base = harness.corpus("scan")
        wrong, n = [], 0
        for row in rows(base / "INDEX.tsv", expected=("malicious", "malformed")):
            if not row["path"].endswith(NOT_PICKLES):
                continue
            code, document = harness.report("check", base / row["path"])
            n += 1
            if code == 0 and not any(f["severity"] != "info" for a in document["artifacts"]
                                     for f in a["findings"]):
                wrong.append(row["path"])
        harness.count_corpus("scan", n)
        self.assertEqual(wrong, [])
        self.assertGreater(n, 0)

    def test_hostile_corpus(self):
        base = harness.corpus("hostile")
        self.never_clean(base, list(rows(base / "INDEX.tsv", kind=("pickle",), expected=(
            "flag", "reject", "flag-or-reject"))), "hostile")


class Everything(TestCase):
    """Each file once: no signal, no dead worker, an answer for every file."""

    def folders(self, base):
        """The folders two levels down, and the files beside them."""
        for path in sorted(base.iterdir()):
            if not path.is_dir():
                continue
            inner = [p for p in sorted(path.iterdir()) if p.is_dir()]
            loose = [p for p in sorted(path.iterdir()) if p.is_file()]
            yield from ([p] for p in inner)
            if loose:
                yield loose

    def scan(self, paths, jobs):
        names = b"\0".join(bytes(p) for p in paths)
        done = harness.run("scan", "--json", "--jobs", str(jobs), "--files-from0", "-",
                           stdin=names, timeout=300)
        self.assertIn(done.returncode, (0, 1, 2, 3), (paths[0], done.stderr[:500]))
        return done.stdout

    def check(self, paths):
        output = self.scan(paths, 2)
        document = json.loads(output)
        self.assertTrue(document["complete"], paths[0])
        self.assertNotIn("worker-died", document["reasons"], paths[0])
        n_files = sum(sum(1 for f in p.rglob("*") if f.is_file()) if p.is_dir() else 1
                      for p in paths)
        self.assertEqual(document["counts"]["artifacts"], n_files, paths[0])
        if harness.TIER == "deep":
            self.assertEqual(output, self.scan(paths, 1), paths[0])
        return n_files

    def test_every_file(self):
        for name in CORPORA:
            n = sum(self.check(paths) for paths in self.folders(harness.corpus(name)))
            harness.count_corpus(name, n)
            self.assertGreater(n, 1000)


if __name__ == "__main__":
    unittest.main()

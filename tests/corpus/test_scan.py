# SPDX-License-Identifier: Apache-2.0
"""Malicious, suspicious, malformed and benign models, with the verdicts recorded for them.

`malicious` must leave with 1, `suspicious` needs a finding above info, `malformed` leaves
with 1 or 2, `benign` with 0; `unjudged` files must not bring a worker down. Formats that
nobody examines here are never clean, and say so: 2 or 3.
"""

import collections
import concurrent.futures
import csv
import os
import unittest

import harness
from harness import TestCase, report

ORDER = ["info", "low", "medium", "high", "critical"]

# Rows that we read otherwise: docs/decisions/005.
DECIDED = {
    "evasions/formats/cfg_auto_map_remote/config.json": "suspicious",
    "evasions/formats/cfg_secret/config.json": "benign",
    "evasions/formats/st_leading_space.safetensors": "suspicious",
    "evasions/gadgets/operator--itemgetter.pkl": "benign",
    "evasions/gadgets/types--SimpleNamespace.pkl": "benign",
    "modelaudit/assets/samples/pickles/simple_nested.pkl": "suspicious",
    "modelaudit/assets/samples/safetensors/malicious_import.safetensors": "suspicious",
    "modelaudit/assets/samples/safetensors/obfuscated_metadata.safetensors": "suspicious",
}


class Row:
    """One file of the index, and what the program says of it."""

    def __init__(self, base, row):
        self.path = row["path"]
        self.family = "/".join(self.path.split("/")[:2])
        self.expected = DECIDED.get(self.path, row["expected"])
        self.code, document = report("scan", base / self.path)
        artifact = document["artifacts"][0]
        self.format, self.scope = artifact["format"], artifact["scope"]
        findings = [f for a in document["artifacts"] for f in a["findings"]]
        self.rules = {f["rule"] for f in findings}
        self.worst = max([ORDER.index(f["severity"]) for f in findings], default=-1)

    @property
    def is_examined(self):
        """Some format of ours read it: what it found, or did not, is its verdict."""
        return self.scope == "examined" and not self.rules & {
            "format-model-unexamined", "format-container-unexamined", "zip-entry-encrypted"}

    def fits(self):
        if "worker-process-died" in self.rules:
            return False
        if not self.is_examined and self.expected != "unjudged":
            return self.code in (1, 2, 3)
        return {"malicious": self.code == 1,
                "suspicious": self.worst > ORDER.index("info"),
                "malformed": self.code in (1, 2),
                "benign": self.code == 0,
                "unjudged": self.code in (0, 1, 2, 3)}[self.expected]

    def __str__(self):
        return (f"{self.path}: {self.expected}, got exit {self.code} as {self.format} "
                f"({', '.join(sorted(self.rules)) or 'no finding'})")


class Scan(TestCase):
    def compare(self, wanted):
        base = harness.corpus("scan")
        with open(base / "INDEX.tsv", newline="") as table:
            todo = [row for row in csv.DictReader(table, delimiter="\t")
                    if wanted(row["path"])]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            rows = list(pool.map(lambda row: Row(base, row), todo))
        harness.count_corpus("scan", len(rows))
        unread = collections.Counter(row.format for row in rows if not row.is_examined)
        if unread:
            print("not examined:", ", ".join(f"{n} {name}" for name, n in unread.items()))
        wrong = [str(row) for row in rows if not row.fits()]
        self.assertEqual(wrong, [], f"{len(wrong)} of {len(rows)} rows differ")
        self.assertGreater(len(rows), 0)
        return rows

    def test_benign(self):
        self.compare(lambda path: path.startswith("benign/"))

    def test_pickles_and_containers(self):
        self.compare(lambda path: path.startswith((
            "evasions/pickle/", "evasions/containers/", "evasions/joblib/")))

    def test_gadgets(self):
        rows = self.compare(lambda path: path.startswith("evasions/gadgets/"))
        self.assertTrue(all(row.is_examined for row in rows))

    def test_other_formats(self):
        self.compare(lambda path: path.startswith("evasions/formats/"))

    def test_fixtures_of_others(self):
        self.compare(lambda path: not path.startswith(("benign/", "evasions/")))


if __name__ == "__main__":
    unittest.main()

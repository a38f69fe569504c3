# SPDX-License-Identifier: Apache-2.0
"""One file per rule of the formats, with the verdict that is expected of us.

RULES.tsv tells `accept` (exit 0, nothing above info), `warn` (the worst finding is
low or medium) or `reject` (exit 1 or 2, a finding at high or above).  Rows that only
reading the weights could show are left to the command that reads them.
"""

import csv
import json
import unittest

import harness
from harness import TestCase, run

ORDER = ["info", "low", "medium", "high", "critical"]

# Judged by reading the weights, which is another command's work.
NEEDS_WEIGHTS = ("value_", "bool_value")

# Rows that we read otherwise, each with its page in docs/decisions/.
DECIDED = {
    "torch/w_nested_zip.pt": "reject",          # 005: what is nested runs a program
    "torch/w_no_byteorder.pt": "accept",        # 005: every file before PyTorch 2.1
}


def rows(path):
    with open(path, newline="") as table:
        yield from csv.DictReader(table, delimiter="\t")


def needs_weights(row):
    is_metadata = row["rule"].startswith("w_kv_")
    return row["code"].startswith(NEEDS_WEIGHTS) and not is_metadata


def scan(path):
    done = run("scan", "--json", path)
    return done.returncode, json.loads(done.stdout)


def worst(report, path=None):
    """Index into ORDER of the worst finding (of one artifact), -1 for none."""
    found = [-1]
    for artifact in report["artifacts"]:
        if path is None or artifact["path"].endswith(path):
            found += [ORDER.index(f["severity"]) for f in artifact["findings"]]
    return max(found)


def matches(verdict, code, severity):
    if verdict == "accept":
        return code == 0 and severity <= ORDER.index("info")
    if verdict == "warn":
        return ORDER.index("info") < severity < ORDER.index("high")
    if verdict == "reject":
        return code in (1, 2) and severity >= ORDER.index("high")
    return code == 2            # undetermined


class Rules(TestCase):
    def compare(self, folder, table, wanted):
        base = harness.corpus("formats") / folder
        wrong, n = [], 0
        for row in rows(base / table):
            if not wanted(row) or needs_weights(row):
                continue
            path = base / row["path"]
            is_set = path.is_file() and path.parent.name.startswith("split_")
            code, report = scan(path.parent if is_set else path)
            severity = worst(report, path.name if is_set else None)
            verdict = DECIDED.get(row["path"], row["verifier"])
            n += 1
            if not matches(verdict, code, severity):
                wrong.append(f"{row['path']}: {verdict} ({row['code']}), got exit {code}, "
                             f"worst {ORDER[severity] if severity >= 0 else 'none'}")
        harness.count_corpus("formats", n)
        self.assertEqual(wrong, [], f"{len(wrong)} of {n} rows differ")
        self.assertGreater(n, 0)

    def test_safetensors(self):
        self.compare("rules", "RULES.tsv", lambda row: row["format"] == "safetensors")

    def test_gguf(self):
        self.compare("rules", "RULES.tsv", lambda row: row["format"] == "gguf")

    def test_repositories(self):
        self.compare("rules_extra", "RULES.tsv", lambda row: row["format"] == "hf-repo")

    def test_lfs_pointers(self):
        self.compare("rules_extra", "RULES.tsv",
                     lambda row: row["format"] == "lfs-pointer")

    def test_torch(self):
        self.compare("rules_extra", "RULES.tsv", lambda row: row["path"].startswith("torch/"))

    def test_npy(self):
        self.compare("rules_extra", "RULES.tsv", lambda row: row["path"].startswith("npy/"))

    def test_one_model_in_many_containers(self):
        def ours(row):
            return (row["path"].startswith("same_weights/") and
                    not row["path"].endswith((".onnx", "f_big_endian.gguf")))
        self.compare("rules_extra", "RULES.tsv", ours)


class RealFiles(TestCase):
    def test_valid_files_raise_nothing_high(self):
        base = harness.corpus("formats")
        wrong, n = [], 0
        for row in rows(base / "INDEX.tsv"):
            if (row["valid"] != "valid" or row["format"] not in ("safetensors", "gguf")
                    or row["path"].startswith("rules")):
                continue
            code, report = scan(base / row["path"])
            n += 1
            if code != 0 or worst(report) > ORDER.index("info"):
                wrong.append(f"{row['path']}: exit {code}")
        harness.count_corpus("formats", n)
        self.assertEqual(wrong, [])
        self.assertGreater(n, 0)


if __name__ == "__main__":
    unittest.main()

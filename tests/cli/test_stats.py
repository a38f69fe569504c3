# SPDX-License-Identifier: Apache-2.0
"""check --stats: counts and moments of tensors, and the three facts that are findings."""

import io
import math
import random
import struct
import unittest
import zipfile

import harness
from harness import TestCase, notices, report, run
from test_tensors import safetensors


def rules(document):
    return sorted(f["rule"] for a in document["artifacts"] for f in a["findings"]
                  if f["rule"].startswith("tensor-value"))


class Stats(TestCase):
    def of(self, tensors, code=0):
        path = self.write("m.safetensors", safetensors(tensors))
        status, document = report("check", "--stats", path)
        self.assertEqual(status, code)
        return document

    def test_moments(self):
        rng = random.Random(5)
        for letter, dtype in (("f", "F32"), ("d", "F64"), ("e", "F16")):
            data = struct.pack(f"<9000{letter}", *(rng.gauss(3, 2) for _ in range(9000)))
            values = struct.unpack(f"<9000{letter}", data)
            document = self.of({"w": (dtype, [90, 100], data)})
            stats = document["artifacts"][0]["tensors"][0]["stats"]
            mean = math.fsum(values) / 9000
            variance = math.fsum((v - mean) ** 2 for v in values) / 9000
            for key, want in (("min", min(values)), ("max", max(values)), ("mean", mean),
                              ("variance", variance)):
                self.assertTrue(math.isclose(stats[key], want, rel_tol=1e-5), (dtype, key))
            self.assertEqual((stats["n"], stats["nan"], stats["inf"]), (9000, 0, 0))
            self.assertEqual(rules(document), [])

    def test_findings(self):
        cases = [("F32", struct.pack("<2f", 1, math.nan), ["tensor-value-nonfinite"]),
                 ("F32", struct.pack("<2f", 1, -math.inf), ["tensor-value-nonfinite"]),
                 ("BF16", b"\x80\x7f\0\0", ["tensor-value-nonfinite"]),
                 ("F8_E4M3", b"\x7f\0", ["tensor-value-nonfinite"]),
                 ("F8_E5M2", b"\x7c\0", ["tensor-value-nonfinite"]),
                 ("BOOL", b"\x01\x02", ["tensor-value-bool"]),
                 ("I32", bytes(8), ["tensor-value-zero"]), ("U8", b"\x01\x02", []),
                 ("BOOL", b"\x01\x00", [])]
        for dtype, data, want in cases:
            self.assertEqual(rules(self.of({"w": (dtype, [2], data)})), want, (dtype, data))

    def test_only_when_asked(self):
        path = self.write("m.safetensors", safetensors({"w": ("I32", [2], bytes(8))}))
        _, document = report("check", path)
        self.assertEqual(rules(document), [])
        self.assertNotIn("tensors", document["artifacts"][0])
        self.assertEqual(run("scan", "--stats", path).returncode, 4)

    def test_what_is_left_out_is_told(self):
        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }"
        header += b" " * (-(len(header) + 11) % 64) + b"\n"
        array = b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + bytes(4)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("w.npy", array)
        _, document = report("check", "--stats", self.write("m.npz", packed.getvalue()))
        self.assertIn("tensors-without-stats", [n["kind"] for n in notices(document)])
        self.assertNotIn("tensor_digest", document["artifacts"][0]["tensors"][0])


class Corpus(TestCase):
    def test_value_rows(self):
        root = harness.corpus("formats") / "rules"
        n = 0
        for line in (root / "RULES.tsv").read_text().splitlines()[1:]:
            row = line.split("\t")
            if row[8] not in ("value_nan", "value_inf") or "_kv_" in row[0]:
                continue
            status, document = report("check", "--stats", root / row[0])
            self.assertEqual((status, rules(document)), (0, ["tensor-value-nonfinite"]), row[0])
            n += 1
        self.assertGreaterEqual(n, 9)
        harness.count_corpus("value-rules", n)


if __name__ == "__main__":
    unittest.main()

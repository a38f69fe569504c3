# SPDX-License-Identifier: Apache-2.0
"""check --stats: counts and moments of tensors, and the three facts that are findings."""

import io
import math
import os
import random
import struct
import subprocess
import unittest
import zipfile

import harness
from harness import TestCase, notices, report, run
from test_tensors import SAME, safetensors


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


def stats_of(document):
    return {t["name"]: t.get("stats") for a in document["artifacts"]
            for t in a.get("tensors", [])}


class OneReading(TestCase):
    """check --stats --digests: the same as the commands that read for one of them."""

    def model(self):
        rng = random.Random(6)
        tensors = {}
        for i in range(60):
            n = 2_000_000 if i == 30 else rng.randrange(9000)
            words = struct.pack("<2f2H", rng.random(), -0.0, 0x3c01, 0x8001) * (n // 12)
            dtype = ("F32", "BF16", "F16", "U8", "F8_E4M3")[i % 5]
            size = {"F32": 4, "BF16": 2, "F16": 2}.get(dtype, 1)
            tensors[f"t{i}"] = (dtype, [len(words) // size], words)
        tensors["empty"] = ("F32", [0], b"")
        return self.write("m.safetensors", safetensors(tensors))

    def test_same_for_threads_and_processors(self):
        path = self.model()
        outputs = {run("check", "--json", "--stats", "--digests", "--jobs", jobs, path,
                       env=harness.environment(STEELYARD_DISABLE_CPU=mask)).stdout
                   for jobs in ("1", "2", "8") for mask in ("", "avx512", "all")}
        self.assertEqual(len(outputs), 1)

    def test_same_as_one_by_one(self):
        path = self.model()
        _, both = report("check", "--stats", "--digests", path)
        _, stats = report("check", "--stats", path)
        _, digests = report("inspect", "--digests", path)
        hashed = run("hash", path).stdout.split()[0].decode()
        self.assertEqual(stats_of(both), stats_of(stats))
        self.assertEqual(len(stats_of(both)), 61)
        self.assertNotIn("tensor_digest", stats["artifacts"][0]["tensors"][0])
        self.assertEqual(both["model"], digests["model"])
        for a, b in zip(both["artifacts"][0]["tensors"], digests["artifacts"][0]["tensors"]):
            self.assertEqual({**b, "stats": a["stats"]}, a)
        self.assertEqual(both["artifacts"][0]["digests"]["sha256"], hashed)

    def test_read_once(self):
        path = self.model()
        done = subprocess.Popen([harness.PROGRAM, "check", "-q", "--stats", "--digests", path],
                                stdout=subprocess.DEVNULL, env=harness.environment())
        os.waitid(os.P_PID, done.pid, os.WEXITED | os.WNOWAIT)
        try:
            with open(f"/proc/{done.pid}/io") as f:
                n_read = int(f.readline().split()[1])
        except OSError as error:
            self.skipTest(f"/proc/PID/io: {error}")
        finally:
            done.wait()
        size = path.stat().st_size
        self.assertGreater(n_read, size)
        self.assertLess(n_read, size * 3 // 2)

    def test_truncated(self):
        path = self.model()
        path.write_bytes(path.read_bytes()[:-5])
        status, document = report("check", "--stats", "--digests", path)
        self.assertEqual(status, 1)
        self.assertNotIn("model_digest", document["model"])


class Corpus(TestCase):
    def test_other_containers(self):
        """Also where bytes have to be turned: big endian, Fortran order, many storages."""
        root = harness.corpus("formats") / "rules_extra" / "same_weights"
        found = [stats_of(report("check", "--stats", root / name)[1]) for name in SAME
                 if name != "h_deflated.npz"]
        for stats in found:
            self.assertEqual(stats, found[0])
        self.assertTrue(all(found[0].values()))

    def test_shared_bytes(self):
        path = harness.corpus("scan") / "benign" / "np2" / "lstm.pt"
        _, document = report("check", "--stats", "--digests", path)
        _, digests = report("inspect", "--digests", path)
        tensors = document["artifacts"][0]["tensors"]
        places = sorted((t["offset"], t["length"]) for t in tensors)
        self.assertTrue(any(a + n > b for (a, n), (b, _) in zip(places, places[1:])))
        self.assertTrue(all(t["stats"] and t["sha256"] for t in tensors))
        self.assertEqual(document["model"], digests["model"])

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

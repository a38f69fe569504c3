# SPDX-License-Identifier: Apache-2.0
"""Large inputs cost time in proportion, and little memory.

Everything is compared within one run and by the best of several, so that a busy
machine does not fail the tests: with cJSON, which parses the same header beside us,
or with half of the same input.  The figures are printed; tests/bench/run.sh prints
them all as a table.
"""

import pathlib
import sys
import unittest

import giants
import harness
import measure
from harness import PROGRAM, TIER, TestCase
from measure import MIB

HERE = pathlib.Path(__file__).resolve().parent
CJSON = harness.BUILD / "tests" / "cjson_parse"
SCALE = 10 if TIER == "fast" else 1
# For two times the input; 2 is linear, and n log n of these sizes is below 2.2.
LINEAR = 2.6
# Seconds: what starting costs, and below what a clock says little.
FLOOR = 0.03


def say(text):
    print(f"  scale: {text}", flush=True)


class Header(TestCase):
    """A safetensors header as large as the format allows, beside cJSON."""

    TIME, MEMORY = 0.6, 0.5     # the goal for both is 0.5; time has slack for noise
    ROUNDS = 6

    def test_sorted_as_the_library_writes(self):
        self.beside_cjson(True, "sorted")

    def test_counted(self):
        """Names that do not rise need a table to find the same name again."""
        self.beside_cjson(False, "counted")

    def beside_cjson(self, is_sorted, what):
        if not CJSON.exists():
            self.skipTest("cjson_parse is not built (STEELYARD_TESTS)")
        path = self.tmp / "model.safetensors"
        n = 888_000 // SCALE
        length = giants.safetensors(path, n, is_sorted)
        self.assertLess(length, 100_000_000)
        # The whole: keys and values, and each tensor's two pairs of numbers.
        self.assertEqual(int(measure.cost(CJSON, path, "count").output), 8 * n + 3)
        _, document = harness.report("scan", path)
        self.assertEqual((document["verdict"], document["artifacts"][0]["n_tensors"]),
                         ("clean", n))
        wall, cpu = self.times(path)
        theirs, ours = (measure.memory(*words)[0] for words in
                        ((CJSON, path), (PROGRAM, "scan", "-q", path)))
        say(f"header of {length / 1e6:.0f} MB, {n} tensors {what}: time {wall:.2f} (processor "
            f"{cpu:.2f}), memory {ours / theirs:.2f} of cJSON's ({ours / MIB:.0f} of "
            f"{theirs / MIB:.0f} MiB)")
        self.assertLessEqual(ours / theirs, self.MEMORY)
        self.assertLessEqual(min(wall, cpu), self.TIME)

    def times(self, path):
        """Our time as a part of cJSON's, by the wall and by the processor."""
        ours, theirs = [], []
        for i in range(self.ROUNDS):
            theirs.append(measure.cost(CJSON, path))
            ours.append(measure.cost(PROGRAM, "scan", "-q", path))
            wall = min(r.seconds for r in ours) / min(r.seconds for r in theirs)
            cpu = min(r.cpu_seconds for r in ours) / min(r.cpu_seconds for r in theirs)
            if i >= 2 and max(wall, cpu) <= self.TIME:
                break
        return wall, cpu


class Linear(TestCase):
    """Two times the input: two times the time, and memory below a bound."""

    ROUNDS = 4      # the first that shows it is enough: noise only adds

    def grows(self, what, small, large, bound):
        """small, large: paths; bound: bytes of the process tree for the large one."""
        runs = {small: [], large: []}
        for _ in range(self.ROUNDS):
            for path, done in runs.items():
                done.append(measure.cost(PROGRAM, "scan", "-q", path))
                self.assertEqual(done[-1].status, 0, path)
            half, whole = (min(r.cpu_seconds for r in runs[p]) for p in (small, large))
            if whole <= LINEAR * max(half, FLOOR):
                break
        wall = min(r.seconds for r in runs[large])
        peak, _ = measure.memory(PROGRAM, "scan", "-q", large)
        say(f"{what}: {wall:.2f} s (processor {whole:.2f} s, half of the input {half:.2f} s), "
            f"{peak / MIB:.0f} MiB")
        self.assertLessEqual(whole, LINEAR * max(half, FLOOR))
        self.assertLessEqual(peak, bound)

    def two(self, make, n, what, bound, *args):
        paths = [self.tmp / "half.gguf", self.tmp / "whole.gguf"]
        for path, part in zip(paths, (n // 2, n)):
            make(path, *args, part)
        self.grows(f"{n} {what}", *paths, bound)

    def test_gguf_tensors(self):
        self.two(giants.gguf, 200_000 // SCALE, "GGUF tensors", 96 * MIB)

    def test_tokens(self):
        self.two(giants.tokens, 1_000_000 // SCALE, "tokens", 32 * MIB)

    def test_shards(self):
        self.two(giants.shards, 200_000 // SCALE, "tensors in 200 shards", 128 * MIB, 200)

    def test_small_files(self):
        n = 100_000 // SCALE
        giants.small_files(self.tmp / "all" / "a", n // 2)
        giants.small_files(self.tmp / "all" / "b", n // 2)
        self.grows(f"{n} small files", self.tmp / "all" / "a", self.tmp / "all", 128 * MIB)


class Weights(TestCase):
    """Weights cost nothing to scan, and a bounded window to check."""

    SCAN_SECONDS = 0.2          # the goal is 0.1; the rest is for a busy machine
    CHECK_BYTES = 64 * MIB

    def shards(self, size) -> pathlib.Path:
        return giants.sparse_shards(self.tmp / f"of-{size}", 8, size)

    def test_scan(self):
        path = self.shards(512 * MIB)
        best = measure.best(10, PROGRAM, "scan", "-q", path)
        say(f"scan of 8 shards of 512 MiB: {1000 * best.seconds:.0f} ms")
        self.assertEqual(best.status, 0)
        self.assertLessEqual(best.seconds, self.SCAN_SECONDS)

    def test_check(self):
        size = {"fast": 8, "default": 64, "deep": 512}[TIER] * MIB
        path = self.shards(size)
        peak, status = measure.memory(PROGRAM, "check", "-q", path)
        say(f"check of 8 shards of {size // MIB} MiB: {peak / MIB:.0f} MiB")
        self.assertEqual(status, 0)
        self.assertLessEqual(peak, self.CHECK_BYTES)


class Pickles(TestCase):
    """Pickles of nothing but opcodes, beside the standard library's reader of them."""

    GOAL, RATIO = 60, 40        # the rest is for a busy machine
    TREE_BYTES = 128 * MIB
    SLICE = 8 << 20     # what genops reads of it: it takes half a minute for it all

    def beside_genops(self, write, n, what):
        path = self.tmp / "model.pkl"
        write(path, n)
        theirs, ours, ratio = [], [], 0
        for _ in range(4):
            done = measure.cost(sys.executable, HERE / "genops.py", path, str(self.SLICE))
            self.assertEqual(done.status, 0)
            theirs.append(float(done.output))
            ours.append(measure.cost(PROGRAM, "scan", "-q", path))
            self.assertEqual(ours[-1].status, 0)
            rate = path.stat().st_size / max(min(r.cpu_seconds for r in ours), 0.01)
            ratio = rate / max(theirs)
            if ratio >= self.GOAL:
                break
        peak, _ = measure.memory(PROGRAM, "scan", "-q", path)
        say(f"pickle of {path.stat().st_size / 1e6:.0f} MB, {what}: {rate / 1e6:.0f} MB/s, "
            f"{ratio:.0f} times pickletools ({max(theirs) / 1e6:.1f} MB/s), {peak / MIB:.0f} MiB")
        self.assertLessEqual(peak, self.TREE_BYTES)
        self.assertGreaterEqual(ratio, self.RATIO)

    def test_rows(self):
        self.beside_genops(giants.rows_pickle, 3_700_000 // SCALE, "dicts of small values")

    def test_pairs(self):
        self.beside_genops(giants.pairs_pickle, 33_000_000 // SCALE, "pairs of integers")


class Bombs(TestCase):
    """What is small, or plain, and costs a careless reader everything."""

    SECONDS = 3         # of the processor; the goal is 1
    TREE_BYTES = 128 * MIB

    def test_each(self):
        for name, content in giants.BOMBS.items():
            path = self.tmp / name
            path.write_bytes(content())
            done = measure.cost(PROGRAM, "scan", "-q", path)
            peak, status = measure.memory(PROGRAM, "scan", "-q", path)
            say(f"bomb {name}, {path.stat().st_size} bytes: exit {status}, "
                f"{done.seconds:.2f} s, {peak / MIB:.0f} MiB")
            with self.subTest(name):
                self.assertIn(status, (0, 1, 2))
                self.assertLessEqual(done.cpu_seconds, self.SECONDS)
                self.assertLessEqual(peak, self.TREE_BYTES)
            path.unlink()


if __name__ == "__main__":
    unittest.main()

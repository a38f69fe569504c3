# SPDX-License-Identifier: Apache-2.0
"""How the scorecard reads other scanners' answers and adds them up.  No scanner is run."""

import pathlib
import sys
import unittest
import unittest.mock

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import loop                                             # noqa: E402
import page                                             # noqa: E402
import verdicts                                         # noqa: E402
from harness import SOURCE, TestCase                    # noqa: E402
from verdicts import BAD, CLEAN, ERROR, UNSCANNED, WARNED, Count    # noqa: E402

DIED = {"failed": "over 60 s"}

ANSWERS = {
    "steelyard": [
        ({"exit": 1, "worst": "critical"}, BAD), ({"exit": 2, "worst": "medium"}, ERROR),
        ({"exit": 3, "worst": "low"}, UNSCANNED), ({"exit": 0, "worst": "low"}, WARNED),
        ({"exit": 0, "worst": "info"}, CLEAN), ({"exit": 0, "worst": ""}, CLEAN),
        ({"exit": -11, "worst": ""}, ERROR)],
    "picklescan": [
        ({"files": 1, "dangerous": 2, "suspicious": 1, "error": True}, BAD),
        ({"files": 1, "dangerous": 0, "suspicious": 1, "error": True}, WARNED),
        ({"files": 1, "dangerous": 0, "suspicious": 0, "error": True}, ERROR),
        ({"files": 0, "dangerous": 0, "suspicious": 0, "error": False}, UNSCANNED),
        ({"files": 1, "dangerous": 0, "suspicious": 0, "error": False}, CLEAN), (DIED, ERROR)],
    "fickling": [
        ({"files": 1, "severities": ["LIKELY_SAFE", "LIKELY_UNSAFE"], "errors": ["x"]}, BAD),
        ({"files": 1, "severities": ["SUSPICIOUS"], "errors": []}, WARNED),
        ({"files": 1, "severities": ["LIKELY_SAFE"], "errors": ["x"]}, ERROR),
        ({"files": 0, "severities": [], "errors": []}, UNSCANNED),
        ({"files": 1, "severities": ["LIKELY_SAFE"], "errors": []}, CLEAN), (DIED, ERROR)],
    "modelscan": [
        ({"files": 1, "severities": {"HIGH": 1, "LOW": 2}, "errors": []}, BAD),
        ({"files": 1, "severities": {"MEDIUM": 1}, "errors": ["x"]}, WARNED),
        ({"files": 0, "severities": {}, "errors": ["x"]}, ERROR),
        ({"files": 0, "severities": {}, "errors": []}, UNSCANNED),
        ({"files": 1, "severities": {}, "errors": []}, CLEAN), (DIED, ERROR)],
    "modelaudit": [
        ({"files": 1, "severities": {"critical": 1, "info": 3}, "exit": 1}, BAD),
        ({"files": 1, "severities": {"warning": 1}, "exit": 2}, WARNED),
        ({"files": 1, "severities": {"info": 1}, "exit": 2}, ERROR),
        ({"files": 0, "severities": {}, "exit": 2}, UNSCANNED),
        ({"files": 1, "severities": {"info": 1}, "exit": 0}, CLEAN), (DIED, ERROR)],
    "modelaudit-picklescan": [
        ({"status": "inconclusive", "verdict": "malicious"}, BAD),
        ({"status": "complete", "verdict": "suspicious"}, WARNED),
        ({"status": "inconclusive", "verdict": "clean"}, ERROR),
        ({"status": "error", "verdict": "unknown"}, ERROR),
        ({"status": "not-scanned", "verdict": "unknown"}, UNSCANNED),
        ({"status": "complete", "verdict": "clean"}, CLEAN), (DIED, ERROR)],
}


class Mapping(TestCase):
    def test_every_answer(self):
        self.assertEqual(set(ANSWERS), set(verdicts.MAPPING))
        for tool, cases in ANSWERS.items():
            for raw, wanted in cases:
                with self.subTest(tool=tool, raw=raw):
                    self.assertEqual(verdicts.MAPPING[tool](raw), wanted)

    def test_every_tool_is_explained(self):
        self.assertEqual(set(page.READING), set(verdicts.MAPPING))


class Families(TestCase):
    def setUp(self):
        super().setUp()
        self.tables = verdicts.Tables(
            'DANGER("*", "__globals__", X, "")\nDANGER("os", "*", X, "")\n'
            'DANGER("a.b", "c", X, "")\nDANGER("_posix", "*", X, "")\n',
            'SAFE("os", "stat_result", X, "")\nSAFE("os.path", "x", X,\n  "")\n')

    def test_names(self):
        for name in ("os.system", "os.path.join", "a.b.c", "a.b.c.__call__", "x.y.__globals__",
                     "_posix.fork", "_os.system"):
            module, _, rest = name.partition(".")
            self.assertTrue(self.tables.has(module, rest), name)
        for module, name in (("os", "stat_result"), ("a.b", "d"), ("ossify", "x"), ("a", "b.d")):
            self.assertFalse(self.tables.has(module, name), name)

    def test_real_tables(self):
        tables = verdicts.Tables(*((SOURCE / "formats" / "pickle" / f"{name}.def").read_text()
                                   for name in ("dangerous", "safe")))
        self.assertGreater(len(tables.dangerous), 1000)
        self.assertTrue(tables.has("posix", "system"))
        self.assertFalse(tables.has("collections", "OrderedDict"))

    def test_folders(self):
        for path, expected, wanted in (
                ("evasions/pickle/x.pkl", "malicious", verdicts.OWN),
                ("evasions/pickle/x.pkl", "benign", verdicts.BENIGN),
                ("evasions/gadgets/os--system.pkl", "malicious", verdicts.GADGETS),
                ("evasions/gadgets/zz--y.pkl", "malicious", verdicts.UNLISTED),
                ("benign/np2/x.pkl", "benign", verdicts.BENIGN),
                ("benign/np2/x.pkl", "suspicious", verdicts.OWN),
                ("scanner/data/x.pkl", "malicious", verdicts.OTHERS),
                ("single", "benign", verdicts.BENIGN)):
            self.assertEqual(verdicts.family_of(path, expected, self.tables)[0], wanted, path)


class FakeFile:
    group, family, expected = verdicts.OWN, "tricks", "malicious"

    def __init__(self, **outcomes):
        self.outcomes = outcomes


class Sums(TestCase):
    def test_cells(self):
        count = Count({BAD: 1, WARNED: 1, ERROR: 1, CLEAN: 1})
        self.assertEqual(verdicts.cell(count, "malicious"), "25 % (50 %)")
        self.assertEqual(verdicts.cell(count, "malformed"), "25 % (75 %)")
        self.assertEqual(verdicts.cell(count, "benign"), "1 (2)")
        self.assertEqual(verdicts.cell(Count({UNSCANNED: 3}), "malicious"), "not scanned")

    def test_cells_of_a_part(self):
        count = Count({BAD: 1, WARNED: 1, ERROR: 1, CLEAN: 1})
        self.assertEqual(verdicts.cell(count, "malicious", 9), "25 % (50 %) of 4")
        self.assertEqual(verdicts.cell(count, "benign", 9), "1 (2) of 4")
        self.assertEqual(verdicts.cell(count, "benign", 4), "1 (2)")
        self.assertEqual(verdicts.cell(Count(), "benign", 9), "not asked")
        self.assertEqual(verdicts.mean_cell([Count(), Count({BAD: 2})], "malicious"),
                         "100 % (100 %)")

    def test_who_was_not_asked(self):
        files = [FakeFile(a=BAD, b=CLEAN), FakeFile(a=BAD)]
        self.assertEqual(page.partial_text(files, ["a"]), "")
        self.assertIn("b: 1 of 2 files", page.partial_text(files, ["a", "b"]))
        self.assertIn("of any kind", page.partial_text(files, ["b"]))
        files[1].expected = "benign"
        self.assertIn("benign files", page.partial_text(files, ["b"]))
        self.assertFalse(page.is_missed(files[1], "b") or page.is_alarm(files[1], "b"))

    def test_no_share_is_rounded_to_all_or_nothing(self):
        self.assertEqual(verdicts.percent(999 / 1000), ">99")
        self.assertEqual(verdicts.percent(1 / 1000), "<1")
        self.assertEqual((verdicts.percent(0), verdicts.percent(1)), ("0", "100"))

    def test_families_weigh_alike(self):
        many, few = Count({CLEAN: 780}), Count({BAD: 2})
        self.assertEqual(verdicts.mean_cell([many, few], "malicious"), "50 % (50 %)")

    def test_counts(self):
        files = [FakeFile(a=BAD, b=CLEAN), FakeFile(a=BAD, b=BAD)]
        counts = verdicts.count_all(files, ["a", "b"])
        found = counts[verdicts.OWN, "tricks", "malicious"]
        self.assertEqual((found["a"][BAD], found["b"][BAD], found["b"].n), (2, 1, 2))

    def test_misses_and_alarms(self):
        file = FakeFile(a=WARNED)
        for expected, missed, alarm in (("malicious", True, False), ("suspicious", False, False),
                                        ("malformed", False, False), ("benign", False, True)):
            file.expected = expected
            self.assertEqual((page.is_missed(file, "a"), page.is_alarm(file, "a")),
                             (missed, alarm), expected)

    def test_names_are_escaped(self):
        self.assertEqual(page.escaped("a|b`c\n\x1b<d>"), "a?b?c???d?")


class Loop(TestCase):
    """The loop survives a scanner that dies, and says what it refused."""

    def lines(self, scan, n=3):
        paths = [str(self.write(f"{i}.pkl", bytes([i]))) for i in range(n)]
        with open(self.tmp / "results", "wb") as results:
            while paths:
                paths = paths[loop.run_batch(scan, paths, results, loop.contextlib.nullcontext):]
        return list(page_lines(self.tmp / "results"))

    def test_a_scanner_that_dies(self):
        def scan(path):
            if path.endswith("1.pkl"):
                loop.os._exit(3)
            return {"said": path[-5:]}
        raws = [line["raw"] for line in self.lines(scan)]
        self.assertEqual(raws, [{"said": "0.pkl"}, {"failed": "died"}, {"said": "2.pkl"}])

    def test_a_scanner_that_takes_too_long(self):
        def scan(path):
            while path.endswith("1.pkl"):
                pass
            return {"said": path[-5:]}
        with unittest.mock.patch.object(loop, "CPU_SECONDS_A_FILE", 0.1):
            raws = [line["raw"] for line in self.lines(scan)]
        self.assertEqual(raws, [{"said": "0.pkl"}, {"failed": "over 0.1 s"}, {"said": "2.pkl"}])

    def test_a_scanner_that_starts_a_program(self):
        def scan(path):
            loop.os.system("true")
            return {}
        for line in self.lines(scan, 1):
            self.assertEqual(line["raw"]["refused"], ["os.system"])
            self.assertEqual(line["name"], "0.pkl")

    def test_an_unpickler_is_refused(self):
        def scan(path):
            import pickle
            return {"said": str(pickle.loads(b"cos\ngetcwd\n."))}
        self.assertEqual([line["raw"]["refused"] for line in self.lines(scan, 1)],
                         [["pickle.find_class"]])


def page_lines(path):
    import json
    return [json.loads(line) for line in path.read_text().splitlines()]


if __name__ == "__main__":
    unittest.main()

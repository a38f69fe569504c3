# SPDX-License-Identifier: Apache-2.0
"""Harmless pickles, as libraries of today write them: none is flagged.

write_benign.py runs with the Pythons that have those libraries: the tests' own environment
(build/venv-pickle), and the system's where it has PyTorch.
"""

import os
import pathlib
import subprocess
import unittest

import harness
from harness import SOURCE, TestCase, report, slow

WRITER = SOURCE / "tests" / "interop" / "write_benign.py"
OWN = SOURCE / "build" / "venv-pickle" / "bin" / "python"
SYSTEM = pathlib.Path("/usr/bin/python3")


def has_module(python, name):
    done = subprocess.run([python, "-c", f"import {name}"], check=False,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return done.returncode == 0


@slow
class Benign(TestCase):
    def write_all(self, python):
        done = subprocess.run([python, WRITER, self.tmp], check=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              env=harness.environment(OMP_NUM_THREADS="2"))
        print(done.stdout, end="")
        return int(done.stdout.split("total: ")[1].split()[0])

    def assert_calm(self, n_least):
        code, document = report("scan", self.tmp)
        loud = [f"{os.path.relpath(a['path'], self.tmp)}: {f['rule']}: {f['detail']}"
                for a in document["artifacts"] for f in a["findings"]
                if f["severity"] in ("high", "critical")]
        self.assertEqual(loud, [])
        self.assertEqual(code, 0, document["reasons"])
        self.assertGreaterEqual(document["counts"]["examined"], n_least)

    def test_libraries_of_today(self):
        if not OWN.is_file():
            raise unittest.SkipTest("build/venv-pickle is not here (tests/run.sh makes it)")
        self.assertGreaterEqual(self.write_all(OWN), 300)
        self.assert_calm(300)

    def test_pytorch_of_the_system(self):
        if not SYSTEM.is_file() or not has_module(SYSTEM, "torch"):
            raise unittest.SkipTest("no PyTorch in /usr/bin/python3 (Debian: python3-torch)")
        self.write_all(SYSTEM)
        self.assert_calm(50)


if __name__ == "__main__":
    unittest.main()

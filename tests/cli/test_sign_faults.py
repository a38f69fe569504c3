# SPDX-License-Identifier: Apache-2.0
"""sign killed at each system call, and with each call that touches a file failing: the
old signature or the new one, whole; no litter but after a kill.  By strace."""

import collections
import os
import re
import shutil
import subprocess
import unittest

from harness import PROGRAM, environment, slow
from signing import P256, P256_PUB, SignedCase

# What a signature is written with; and whatever else touches a file.
WRITING = ["write", "fsync", "renameat"]
FILES = [*WRITING, "openat", "openat2", "read", "pread64", "close", "newfstatat", "getdents64",
         "getrandom", "readlink", "getcwd", "statx"]


def can_trace():
    if not shutil.which("strace"):
        return False
    done = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=False,
                          capture_output=True)
    return done.returncode == 0


@unittest.skipUnless(can_trace(), "strace is not installed, or may not trace here")
class Faults(SignedCase):
    def setUp(self):
        super().setUp()
        self.key = self.write("own.key", P256.read_bytes())
        self.key.chmod(0o600)
        self.sign(key=self.key)
        self.old = self.sig.read_bytes()
        self.write("model/added.txt", "now it is another model")
        self.names = sorted(os.listdir(self.model))
        self.seen = collections.Counter()

    def run_with(self, *inject):
        done = subprocess.run(["strace", "-qq", "-f", "-o", "/dev/null", *inject, PROGRAM, "sign",
                               "--jobs", "1", "--key", self.key, self.model],
                              capture_output=True, env=environment(), check=False, timeout=120)
        return done

    def judged(self, where):
        """Old or new; puts the old one back."""
        content = self.sig.read_bytes()
        self.assertFalse((self.tmp / "model.sig").exists(), where)
        litter = [n for n in sorted(os.listdir(self.model)) if n not in self.names]
        for name in litter:
            self.assertRegex(name, r"^\.steelyard-[0-9a-f]{16}\.tmp$")
            (self.model / name).unlink()
        if content != self.old:
            self.judge(0, "--key", P256_PUB, authentic="yes", intact="yes")
            self.sig.write_bytes(self.old)
        state = "old" if content == self.old else "new"
        self.seen[state, bool(litter)] += 1
        self.assertEqual(sorted(os.listdir(self.model)), self.names, where)
        return state, litter

    def count(self):
        """How often each system call is made, by any thread."""
        done = subprocess.run(["strace", "-f", "-o", self.tmp / "trace", PROGRAM, "sign", "--jobs",
                               "1", "--key", self.key, self.model], capture_output=True,
                              env=environment(), check=True)
        self.assertEqual(done.stderr, b"")
        self.judged("counting")
        lines = (self.tmp / "trace").read_text(errors="replace").splitlines()
        return collections.Counter(re.match(r"\d+ +(\w+)\(", line)[1] for line in lines
                                   if re.match(r"\d+ +\w+\(", line))

    def kill_at_each(self, calls, counts):
        for call in calls:
            for n in range(1, counts[call] + 1):
                self.run_with("-e", f"trace={call}", "-e",
                              f"inject={call}:signal=KILL:when={n}")
                self.judged((call, n))

    def test_killed_where_it_writes(self):
        counts = self.count()
        self.kill_at_each(WRITING, counts)
        self.assertEqual(sum(self.seen.values()), 1 + sum(counts[call] for call in WRITING))
        self.assertGreater(self.seen["old", True] + self.seen["old", False], 1)
        self.assertGreater(self.seen["new", False], 1)

    @slow
    def test_killed_at_each_call(self):
        counts = self.count()
        self.kill_at_each(sorted(counts - collections.Counter({"execve": 1})), counts)
        print(f"  killed at {sum(counts.values())} calls: {dict(self.seen)}")
        self.assertGreater(sum(counts.values()), 150)
        self.assertGreater(self.seen["old", False], 50)
        # A file without a name leaves nothing; between naming and renaming it has one.
        try:
            os.close(os.open(self.model, os.O_TMPFILE | os.O_WRONLY))
        except OSError:
            return              # here it needs a name from the beginning
        self.assertLess(self.seen["old", True], 5)
        self.assertGreater(self.seen["new", False], 2)

    def fail_at_each(self, calls, counts, error):
        """The n-th call fails; then it and all that follow."""
        places = [(call, f"{n}{more}") for call in calls for n in range(1, counts[call] + 1)
                  for more in ("", "+")]
        for call, when in places:
            done = self.run_with("-e", f"trace={call}", "-e",
                                 f"inject={call}:error={error}:when={when}")
            state, litter = self.judged((call, error, when))
            self.assertEqual(litter, [], (call, error, when))
            if done.returncode == 0:
                # It went on without, or was over already.
                self.assertEqual(state, "new", (call, error, when))

    def test_failing_where_it_writes(self):
        counts = self.count()
        for error in ("ENOSPC", "EIO"):
            self.fail_at_each(WRITING, counts, error)
        self.assertGreater(self.seen["old", False], 2)

    @slow
    def test_failing_at_each_call(self):
        counts = self.count()
        self.fail_at_each(FILES, counts, "EIO")
        print(f"  {sum(counts[call] for call in FILES)} calls that fail: {dict(self.seen)}")
        self.assertGreater(self.seen["old", False], 30)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""verify and sign beside Debian's minisign and signify-openbsd: they accept what sign
writes, verify accepts what they write.  (The library alone: test_minisign.py.)"""

import shutil
import subprocess
import unittest

from harness import environment
from signing import SignedCase


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"{program} is not installed")


class Beside(SignedCase):
    def call(self, *words, code=0):
        done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL,
                              capture_output=True, check=False, cwd=self.tmp,
                              env=environment(HOME=str(self.tmp)))
        self.assertEqual(done.returncode, code, (words, done.stdout, done.stderr))
        return done.stdout

    def changed(self):
        content = self.weights.read_bytes()
        self.weights.write_bytes(content[:-1] + bytes([content[-1] ^ 128]))


@needs("minisign")
class Minisign(Beside):
    def setUp(self):
        super().setUp()
        self.key, self.public_key = self.tmp / "m.key", self.tmp / "m.pub"
        self.call("minisign", "-G", "-W", "-s", self.key, "-p", self.public_key)
        self.beside = self.weights.with_name(self.weights.name + ".minisig")

    def test_ours(self):
        self.sign("--format", "minisign", key=self.key, path=self.weights)
        said = self.call("minisign", "-V", "-H", "-p", self.public_key, "-m", self.weights)
        self.assertIn(b"file:model.safetensors", said)
        self.assertIn(b"hashed", said)
        self.judge(0, "--key", self.public_key, path=self.weights, authentic="yes")
        self.changed()
        self.call("minisign", "-V", "-p", self.public_key, "-m", self.weights, code=1)
        self.judge(1, "--key", self.public_key, path=self.weights, authentic="no")

    def test_theirs(self):
        for words in ([], ["-l"], ["-t", "a comment of \u00fcmlauts"]):
            self.beside.unlink(missing_ok=True)
            self.call("minisign", "-S", *words, "-s", self.key, "-m", self.weights)
            for command in ("verify", "check"):
                self.judge(0, "--key", self.public_key, path=self.weights, command=command,
                           authentic="yes", intact="yes")
        self.changed()
        self.judge(1, "--key", self.public_key, path=self.weights, authentic="no",
                   reason="signature-invalid")


@needs("signify-openbsd")
class Signify(Beside):
    def test_theirs(self):
        key, public = self.tmp / "s.sec", self.tmp / "s.pub"
        self.call("signify-openbsd", "-G", "-n", "-s", key, "-p", public)
        self.call("signify-openbsd", "-S", "-s", key, "-m", self.weights)
        self.judge(0, "--key", public, path=self.weights, authentic="yes", intact="yes")
        self.changed()
        self.judge(1, "--key", public, path=self.weights, authentic="no",
                   reason="signature-invalid")


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""Beside Debian's minisign, signify-openbsd and openssl: keys and signatures of each
side are read by the other.  A program that is not installed is skipped, visibly."""

import shutil
import subprocess
import unittest

from harness import BUILD, TestCase, environment, run, slow
from terminal import answer

TOOL = str(BUILD / "tests" / "minisign_tool")
WORDS = "five words of a passphrase"


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"{program} is not installed")


class InteropCase(TestCase):
    def setUp(self):
        super().setUp()
        self.words = self.write("words", WORDS + "\n")
        self.model = self.write("model.bin", bytes(range(256)) * 300)

    def made(self, *args):
        done = run("key", "generate", *args)
        self.assertEqual(done.returncode, 0, done.stderr)

    def call(self, *words, code=0, stdin=b""):
        done = subprocess.run([str(w) for w in words], input=stdin, capture_output=True,
                              check=False, cwd=self.tmp, env=environment())
        self.assertEqual(done.returncode, code, (words, done.stdout, done.stderr))
        return done.stdout

    def typed(self, answers, *words):
        code, shown = answer(words, answers, cwd=self.tmp, env=environment(HOME=str(self.tmp)))
        self.assertEqual(code, 0, shown)
        return shown

    def changed(self):
        """The model with one bit turned."""
        data = bytearray(self.model.read_bytes())
        data[1000] ^= 1
        return self.write("changed.bin", bytes(data))


@needs("minisign")
class Minisign(InteropCase):
    def sign(self, key, comment="made in a test"):
        """Our signature by a key (theirs or ours), as FILE.minisig."""
        text = self.call(TOOL, "sign", key, self.model, comment, stdin=WORDS.encode())
        return self.write("model.bin.minisig", text)

    def theirs_accepts(self, public):
        said = self.call("minisign", "-V", "-H", "-p", public, "-m", self.model)
        self.assertIn(b"Trusted comment: made in a test", said)
        signature = (self.tmp / "model.bin.minisig").read_bytes()
        self.changed()
        self.write("changed.bin.minisig", signature)
        self.call("minisign", "-V", "-p", public, "-m", "changed.bin", code=1)

    def ours_accepts(self, public, signature):
        said = self.call(TOOL, "verify", public, self.model, signature)
        self.assertTrue(said.startswith(b"is valid\n"), said)
        self.assertEqual(self.call(TOOL, "verify", public, self.changed(), signature,
                                   code=1).split(b"\n")[0], b"does not match this file")
        return said.split(b"\n")[1]

    def test_our_keys_and_signatures(self):
        for words in (["--no-passphrase"], ["--passphrase-file", self.words]):
            key = self.tmp / f"ours{len(words)}.key"
            public = self.tmp / f"ours{len(words)}.pub"
            self.made("--minisign", key, "--public", public, *words)
            self.sign(key)
            self.theirs_accepts(public)
            # minisign signs with the key as well.
            (self.tmp / "model.bin.minisig").unlink()
            self.typed([WORDS] * (len(words) - 1), "minisign", "-S", "-s", key, "-m",
                       self.model, "-t", "by minisign")
            self.assertEqual(self.ours_accepts(public, self.tmp / "model.bin.minisig"),
                             b"by minisign")

    def test_a_pem_key_as_minisign(self):
        self.made("-t", "ed25519", "--no-passphrase", self.tmp / "pem.key")
        self.sign(self.tmp / "pem.key")
        done = run("key", "public", "--minisign", self.tmp / "pem.key")
        self.theirs_accepts(self.write("pem-minisign.pub", done.stdout))

    def test_their_plain_key(self):
        key, public = self.tmp / "theirs.key", self.tmp / "theirs.pub"
        self.call("minisign", "-G", "-W", "-s", key, "-p", public)
        self.sign(key)
        self.theirs_accepts(public)
        for words in ([], ["-l"]):
            (self.tmp / "model.bin.minisig").unlink(missing_ok=True)
            self.call("minisign", "-S", *words, "-s", key, "-m", self.model)
            comment = self.ours_accepts(public, self.tmp / "model.bin.minisig")
            self.assertIn(b"file:model.bin", comment)
        done = run("key", "public", "--minisign", key)
        self.assertEqual(done.stdout.split()[-1], public.read_bytes().split()[-1])

    @slow
    def test_their_encrypted_key(self):
        """scrypt with N 2^20: the limit that minisign's own default needs is ours."""
        key, public = self.tmp / "theirs.key", self.tmp / "theirs.pub"
        self.typed([WORDS, WORDS], "minisign", "-G", "-s", key, "-p", public)
        done = run("key", "public", "--minisign", key, "--passphrase-file", self.words)
        # Not the comment: minisign 0.11 leaves zeros in front of the number away.
        self.assertEqual(done.stdout.split()[-1], public.read_bytes().split()[-1], done.stderr)
        self.write("wrong", "four words of it")
        done = run("key", "id", key, "--passphrase-file", self.tmp / "wrong")
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"does not open this private key", done.stderr)
        self.sign(key)
        self.theirs_accepts(public)


@needs("signify-openbsd")
class Signify(InteropCase):
    def test_their_keys_and_signatures(self):
        self.call("signify-openbsd", "-G", "-n", "-p", "k.pub", "-s", "k.sec")
        self.call("signify-openbsd", "-S", "-s", "k.sec", "-m", self.model)
        signature = self.tmp / "model.bin.sig"
        self.assertEqual(self.call(TOOL, "signify", self.tmp / "k.pub", self.model, signature),
                         b"is valid\n\n")
        self.call(TOOL, "signify", self.tmp / "k.pub", self.changed(), signature, code=1)
        self.call(TOOL, "verify", self.tmp / "k.pub", self.model, signature, code=2)
        ids = [run("key", "id", self.tmp / name).stdout for name in ("k.pub", "k.sec")]
        self.assertEqual(ids[0], ids[1])

    def test_another_key(self):
        for name in ("a", "b"):
            self.call("signify-openbsd", "-G", "-n", "-p", f"{name}.pub", "-s", f"{name}.sec")
        self.call("signify-openbsd", "-S", "-s", "a.sec", "-m", self.model)
        said = self.call(TOOL, "signify", self.tmp / "b.pub", self.model,
                         self.tmp / "model.bin.sig", code=1)
        self.assertEqual(said, b"was made by another key\n\n")

    @needs("minisign")
    def test_our_keys(self):
        """signify reads our minisign keys' public halves: one format."""
        self.made("--minisign", "--no-passphrase", self.tmp / "m.key", "--public",
                  self.tmp / "m.pub")
        self.call("minisign", "-S", "-l", "-s", "m.key", "-m", self.model, "-x", "l.sig")
        # A legacy minisign signature begins with what signify's is.
        two = (self.tmp / "l.sig").read_bytes().split(b"\n")[:2]
        self.write("s.sig", b"\n".join(two) + b"\n")
        self.call("signify-openbsd", "-V", "-p", "m.pub", "-x", "s.sig", "-m", self.model)


@needs("openssl")
class OpenSsl(InteropCase):
    def test_our_keys(self):
        for kind in ("ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519"):
            key = self.tmp / f"{kind}.key"
            self.made("-t", kind, "--passphrase-file", self.words, key)
            public = self.call("openssl", "pkey", "-in", key, "-passin", f"file:{self.words}",
                               "-pubout")
            self.assertEqual(public, (self.tmp / f"{kind}.key.pub").read_bytes())
            self.call("openssl", "pkey", "-in", key, "-passin", "pass:other", code=1)
            self.call("openssl", "pkey", "-pubin", "-in", self.tmp / f"{kind}.key.pub",
                      "-pubcheck", "-noout")

    def test_their_keys(self):
        for curve in ("P-256", "P-384", "P-521"):
            for words in (["-aes-256-cbc"], ["-aes-128-cbc"], []):
                key = self.tmp / "their.key"
                key.unlink(missing_ok=True)
                self.call("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                          f"ec_paramgen_curve:{curve}", *words, "-pass", f"file:{self.words}",
                          "-out", key)
                public = self.call("openssl", "pkey", "-in", key, "-passin",
                                   f"file:{self.words}", "-pubout")
                done = run("key", "public", key, "--passphrase-file", self.words)
                self.assertEqual(done.stdout, public, done.stderr)


if __name__ == "__main__":
    unittest.main()

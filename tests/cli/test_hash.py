# SPDX-License-Identifier: Apache-2.0
"""hash against sha256sum of the installed coreutils, byte for byte."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import unittest

from harness import TestCase, environment, run

NAMES = ["plain", "with space", "back\\slash", "new\nline", "carriage\rreturn", "quo'te",
         "ünïcode", "-dash", " lead"]


@unittest.skipUnless(shutil.which("sha256sum"), "sha256sum is not installed")
class AgainstCoreutils(TestCase):
    def setUp(self):
        super().setUp()
        for i, name in enumerate(NAMES):
            self.write(name, b"content %d" % i)

    def coreutils(self, *args, tool="sha256sum", stdin=b""):
        return subprocess.run([tool, *args], cwd=self.tmp, input=stdin, check=False,
                              capture_output=True, env=environment(LC_ALL="C"))

    def same(self, *args, ours=None, tool="sha256sum", algorithm="sha256", stdin=b""):
        """Same stdout, same exit status, same stderr but for the program's name."""
        theirs = self.coreutils(*args, tool=tool, stdin=stdin)
        mine = run("hash", "-a", algorithm, *(ours or args), cwd=self.tmp, stdin=stdin)
        self.assertEqual(mine.stdout, theirs.stdout)
        self.assertEqual(mine.stderr, theirs.stderr.replace(tool.encode(), b"steelyard"))
        self.assertEqual(mine.returncode, theirs.returncode)
        return mine

    def test_lines(self):
        for name in NAMES:
            self.same("--", name)
            self.same("--tag", "--", name)
            self.same("-z", "--", name)
            self.same("-z", "--tag", "--", name)

    def test_other_algorithms(self):
        self.same("plain", tool="sha512sum", algorithm="sha512")
        self.same("plain", tool="b2sum", algorithm="blake2b")
        self.same("--tag", "plain", tool="b2sum", algorithm="blake2b")
        self.same("--tag", "plain", tool="sha512sum", algorithm="sha512")

    def test_stdin(self):
        self.same("-", stdin=b"abc")

    def sums(self, *extra_lines, tag=False):
        text = self.coreutils(*(["--tag"] if tag else []), "--", *sorted(NAMES)).stdout
        return self.write("SUMS", text + b"".join(extra_lines))

    def test_check_ok(self):
        for tag in (False, True):
            self.sums(tag=tag)
            for words in ([], ["--quiet"], ["--status"], ["--strict"], ["-w"]):
                self.same("-c", "SUMS", *words)

    def test_check_without_algorithm(self):
        self.sums()
        theirs = self.coreutils("-c", "SUMS")
        self.assertEqual(run("hash", "-c", "SUMS", cwd=self.tmp).stdout, theirs.stdout)

    def test_check_several_lists_and_stdin(self):
        text = self.sums().read_bytes()
        self.write("MORE", self.coreutils("plain").stdout)
        self.same("-c", "SUMS", "MORE")
        self.same("-c", stdin=text)
        self.same("-c", "-", stdin=text)
        self.same("-c", stdin=b"nothing\n")

    def test_check_failures(self):
        for tag in (False, True):
            self.sums(tag=tag)
            for name in ("plain", "new\nline"):
                self.write(name, b"changed")
            os.unlink(self.tmp / "with space")
            for words in ([], ["--quiet"], ["--status"], ["--ignore-missing"],
                          ["--ignore-missing", "--quiet"], ["--strict"], ["-w"]):
                self.same("-c", "SUMS", *words)
            self.write("plain", b"content 0")
            self.write("new\nline", b"content 3")
            self.write("with space", b"content 1")

    def test_check_malformed(self):
        for lines in ([b"garbage\n"], [b"garbage\n", b"more of it\n"],
                      [b"0123  plain\n"], [b"\n", b"# comment\n"],
                      [b"Z" * 64 + b"  plain\n"], [b"SHA256 (plain = 00\n"]):
            self.sums(*lines)
            for words in ([], ["--strict"], ["-w"], ["-w", "--strict"], ["--status"],
                          ["--status", "--strict"], ["--quiet"]):
                with self.subTest(lines=lines, words=words):
                    self.same("-c", "SUMS", *words)

    def test_check_spellings(self):
        digest = hashlib.sha256(b"content 0").hexdigest()
        for line in (f"{digest} *plain", f"{digest.upper()}  plain", f"  {digest}  plain",
                     f"SHA256 (plain) = {digest}", f"SHA256(plain)= {digest}",
                     f"\\{digest}  plain", f"{digest}  plain\r", f"{digest} plain"):
            with self.subTest(line=line):
                self.write("SUMS", line + "\n")
                self.same("-c", "SUMS", "-w")

    def test_check_nothing_usable(self):
        self.write("SUMS", b"")
        for words in ([], ["--status"], ["--ignore-missing"]):
            self.same("-c", "SUMS", *words)
        self.write("SUMS", b"0" * 64 + b"  missing\n")
        for words in ([], ["--ignore-missing"], ["--ignore-missing", "--status"]):
            self.same("-c", "SUMS", *words)

    def test_check_missing_list(self):
        done = run("hash", "-c", "none", cwd=self.tmp)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"No such file or directory", done.stderr)


class Hash(TestCase):
    def test_folders(self):
        for name in ("b/2", "b/1", "a/x", "c"):
            self.write("d/" + name, name)
        done = run("hash", "d", cwd=self.tmp)
        names = [line.split("  ")[1] for line in done.stdout.decode().splitlines()]
        self.assertEqual(names, ["d/a/x", "d/b/1", "d/b/2", "d/c"])
        for line in done.stdout.decode().splitlines():
            digest, name = line.split("  ")
            self.assertEqual(digest, hashlib.sha256(name[2:].encode()).hexdigest())

    def test_several_algorithms_are_tagged(self):
        self.write("f", b"abc")
        done = run("hash", "-a", "sha512,sha256,blake2b", "f", cwd=self.tmp).stdout.decode()
        self.assertEqual(done, "".join(
            f"{tag} (f) = {getattr(hashlib, name)(b'abc').hexdigest()}\n"
            for tag, name in (("SHA512", "sha512"), ("SHA256", "sha256"),
                              ("BLAKE2b", "blake2b"))))
        self.write("S", done)
        self.assertEqual(run("hash", "-c", "S", cwd=self.tmp).stdout, b"f: OK\n" * 3)

    def test_git_blob(self):
        self.write("f", b"abc")
        done = run("hash", "-a", "git-blob", "f", cwd=self.tmp)
        self.assertTrue(done.stdout.startswith(hashlib.sha1(b"blob 3\0abc").hexdigest().encode()))

    def test_blake3(self):
        # The published vector of 102400 bytes.
        self.write("f", bytes(i % 251 for i in range(102400)))
        want = "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"
        done = run("hash", "-a", "blake3", "f", cwd=self.tmp)
        self.assertEqual(done.stdout.decode(), f"{want}  f\n")
        tagged = run("hash", "--tag", "-a", "blake3", "f", cwd=self.tmp)
        self.assertEqual(tagged.stdout.decode(), f"BLAKE3 (f) = {want}\n")
        self.write("list", tagged.stdout)
        self.assertEqual(run("hash", "-c", "list", cwd=self.tmp).stdout, b"f: OK\n")
        self.write("list", done.stdout)
        done = run("hash", "-c", "-a", "blake3", "list", cwd=self.tmp)
        self.assertEqual(done.stdout, b"f: OK\n")

    def test_variants_of_the_processor(self):
        """Masked ones change nothing; one that fails its self-test is told."""
        self.write("f", bytes(i % 251 for i in range(9_000_000)))
        self.write("g", bytes(i % 241 for i in range(9_000_000)))
        words = ("hash", "-a", "sha256,blake3", "f", "g")
        plain = run(*words, cwd=self.tmp)
        self.assertEqual(plain.stderr, b"")
        self.assertIn(hashlib.sha256((self.tmp / "f").read_bytes()).hexdigest().encode(),
                      plain.stdout)
        for masked in ("all", "avx512", "avx512,avx2", "sha-ni"):
            done = run(*words, cwd=self.tmp, env=dict(environment(), STEELYARD_DISABLE_CPU=masked))
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                             (0, plain.stdout, b""), masked)
        has = pathlib.Path("/proc/cpuinfo").read_text()
        for fails, flag in (("sha-ni", "sha_ni"), ("avx2", "avx2")):
            if f" {flag} " not in has:
                continue
            done = run(*words, cwd=self.tmp, env=dict(environment(), STEELYARD_FAIL_CPU=fails))
            self.assertEqual((done.returncode, done.stdout), (0, plain.stdout))
            self.assertIn(b"the " + fails.encode() + b" code for ", done.stderr)
            self.assertIn(b"failed its self-test and is not used", done.stderr)

    def test_json(self):
        self.write("d/a", b"abc")
        self.write(b"d/\xff".decode("utf-8", "surrogateescape"), b"")
        data = json.loads(run("hash", "--json", "-a", "sha256,sha512", "d", cwd=self.tmp).stdout)
        self.assertEqual(data["schema"], "steelyard-digests/1")
        first, second = data["files"]
        self.assertEqual((first["path"], first["size"]), ("d/a", 3))
        self.assertEqual(first["digests"]["sha512"], hashlib.sha512(b"abc").hexdigest())
        self.assertEqual((second["path"], second["path_hex"]), ("d/\ufffd", "642fff"))

    def test_a_file_that_cannot_be_read(self):
        self.write("f", b"abc")
        done = run("hash", "f", "none", cwd=self.tmp)
        self.assertEqual(done.returncode, 2)
        self.assertTrue(done.stdout.endswith(b"  f\n"), "the other file is hashed all the same")
        self.assertIn(b"steelyard: none: No such file or directory\n", done.stderr)
        data = json.loads(run("hash", "--json", "f", "none", cwd=self.tmp).stdout)
        self.assertEqual([f["path"] for f in data["files"] if "error" in f], ["none"])

    def test_same_bytes_for_any_jobs(self):
        for i in range(40):
            self.write(f"d/{i}", b"x" * (i * 1000))
        self.assertEqual(len({run("hash", "--jobs", n, "d", cwd=self.tmp).stdout
                              for n in "128"}), 1)


if __name__ == "__main__":
    unittest.main()

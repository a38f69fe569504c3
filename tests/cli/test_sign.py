# SPDX-License-Identifier: Apache-2.0
"""sign: what it writes, what it leaves out and refuses, and what never happens to a
file that stands in its place."""

import json
import os
import resource
import select
import signal
import socket
import stat
import subprocess
import time
import unittest

from harness import PROGRAM, environment, run
from signing import CHAIN, KEYS, MINISIGN, P256, P256_PUB, WORDS, SignedCase, names, payload

CURVES = ["p256", "p384", "p521"]


class Written(SignedCase):
    def test_every_curve(self):
        for curve in CURVES:
            self.sign(key=KEYS / f"accept-{curve}.key")
            document = self.judge(0, "--key", KEYS / f"accept-{curve}.pub", authentic="yes")
            self.assertEqual(document["signatures"][0]["algorithm"], f"ecdsa-{curve}")

    def test_what_is_said(self):
        key = self.write("own.key", P256.read_bytes())
        self.assertIn(b"others may read this private key", self.sign(key=key).stderr)
        key.chmod(0o600)
        done = self.sign(key=key)
        self.assertEqual(done.stderr, b"")
        self.assertIn(b"signature over 3 files", done.stdout)
        self.assertEqual(self.sign("-q").stdout, b"")
        rows = json.loads(self.sign("--json", "--format", "oms", "--format", "sha256sum").stdout)
        self.assertEqual([row["kind"] for row in rows], ["oms", "sha256sum"])
        self.assertEqual(rows[0]["file"], str(self.sig))
        self.assertEqual((rows[0]["files"], rows[0]["algorithm"]), (3, "ecdsa-p256"))
        self.assertEqual(rows[0]["key"],
                         json.loads(run("key", "id", "--json", P256_PUB).stdout)["id"])
        self.assertNotIn("key", rows[1])

    def test_the_same_payload_twice(self):
        self.sign()
        first = json.loads(self.sig.read_bytes())["dsseEnvelope"]["payload"]
        os.utime(self.weights, (1, 1))
        self.sign()
        self.assertEqual(json.loads(self.sig.read_bytes())["dsseEnvelope"]["payload"], first)

    def test_resigning_leaves_the_old_signature_out(self):
        for _ in range(3):
            self.sign()
            self.sign("--signature", self.model / "model.second.sig", "--format", "oms")
            self.assertEqual(names(self.sig),
                             ["config.json", "deep/er/vocab.txt", "model.safetensors"])
            document = self.judge(0, "--key", P256_PUB)
            self.assertEqual(len(document["signatures"]), 2)

    def test_what_is_left_out(self):
        for name in (".git/config", ".gitattributes", ".gitignore", ".github/w.yml", "draft/a",
                     "draft/b/c", "drafty", "sub/.gitignore"):
            self.write("model/" + name, "x")
        self.sign("--ignore-path", self.model / "draft")
        self.assertEqual(names(self.sig), ["config.json", "deep/er/vocab.txt", "drafty",
                                           "model.safetensors", "sub/.gitignore"])
        self.judge(0, "--key", P256_PUB)
        done = self.sign("--ignore-path", self.tmp / "nowhere", code=4)
        self.assertIn(b"does not lie in", done.stderr)
        done = run("sign", "--key", P256, "--ignore-path", "deep", ".", cwd=self.model)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("deep/er/vocab.txt", names(self.sig))

    def test_a_certificate(self):
        parts = (CHAIN / "accept-p256.pem").read_text().split("-----BEGIN")[1:]
        leaf = self.write("leaf.pem", "-----BEGIN" + parts[0])
        rest = self.write("rest.pem", "".join("-----BEGIN" + part for part in parts[1:]))
        self.sign("--certificate", leaf, "--certificate-chain", rest)
        self.judge(0, "--certificate-chain", CHAIN / "root.pem", authentic="yes")
        before = self.sig.read_bytes()
        for words in (["--certificate", leaf, "--certificate-chain", P256],
                      ["--certificate", self.tmp / "no.pem"],
                      ["--certificate-chain", rest]):
            self.sign(*words, code=4)
        # Somebody else's certificate.
        self.sign("--certificate", leaf, key=KEYS / "accept-p256.key", code=4)
        self.assertEqual(self.sig.read_bytes(), before)

    def test_shards_and_algorithms(self):
        for words in (["-a", "blake2b"], ["--shard-size", "64"],
                      ["-a", "blake2b", "--shard-size", "64"]):
            self.sign(*words)
            serialization = payload(self.sig)["predicate"]["serialization"]
            self.assertEqual(serialization["method"],
                             "shards" if "--shard-size" in words else "files")
            self.judge(0, "--key", P256_PUB, authentic="yes", intact="yes")
            content = self.weights.read_bytes()
            for at in (0, 63, 64, len(content) - 1):
                changed = bytearray(content)
                changed[at] ^= 1
                self.weights.write_bytes(changed)
                self.judge(1, "--key", P256_PUB, intact="no", rule="signature-digest-mismatch")
            for changed in (content[:-1], content + b"\0", content[:64], b""):
                self.weights.write_bytes(changed)
                self.judge(1, "--key", P256_PUB, intact="no")
            self.weights.write_bytes(content)
        self.sign("-a", "md5", code=4)

    def test_minisign(self):
        self.sign("--format", "minisign", key=MINISIGN, path=self.weights)
        self.assertTrue(self.weights.with_name("model.safetensors.minisig").exists())
        self.judge(0, "--key", self.public(MINISIGN), path=self.weights, authentic="yes")
        self.sign("--format", "minisign", path=self.weights, code=4)
        self.sign("--format", "minisign", key=MINISIGN, code=4)
        self.sign(key=MINISIGN, code=4)

    def test_a_list(self):
        self.write("model/odd\nname\\", "x")
        done = run("sign", "--format", "sha256sum", self.model)
        self.assertEqual(done.returncode, 0, done.stderr)
        done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=self.model,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count(b": OK"), 4)
        done = run("hash", "-c", "SHA256SUMS", cwd=self.model)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_several_at_once(self):
        self.sign("--format", "oms", "--format", "minisign", path=self.weights, code=4)
        self.assertEqual(sorted(p.name for p in self.model.iterdir()),
                         ["config.json", "deep", "model.safetensors"])
        self.sign("--format", "oms", "--format", "sha256sum")
        self.assertTrue((self.model / "SHA256SUMS").exists())
        self.assertNotIn("SHA256SUMS", names(self.sig))
        self.judge(0, "--key", P256_PUB)
        bad = self.tmp / "no/where"
        self.sig.unlink()
        done = self.sign("--format", "oms", "--format", "sha256sum", "--signature", self.sig,
                         "--signature", bad, code=2)
        self.assertIn(f"written was: {self.sig}".encode(), done.stderr)
        self.judge(0, "--key", P256_PUB, "--ignore-path", self.model / "SHA256SUMS")
        same = ["--signature", self.sig, "--signature", self.sig]
        self.sign("--format", "oms", "--format", "sha256sum", *same, code=4)


class Interrupted(SignedCase):
    def test_on_a_terminal(self):
        """Progress is shown; whoever then interrupts has no signature, and no litter."""
        big = self.write("big/weights.bin", b"")
        os.truncate(big, 64 << 30)
        main, other = os.openpty()
        process = subprocess.Popen([PROGRAM, "sign", "-a", "blake2b", "--key", P256, big],
                                   stdin=subprocess.DEVNULL, stdout=other, stderr=other,
                                   env=environment(TERM="xterm"))
        os.close(other)
        shown, deadline = b"", time.monotonic() + 60
        while b" left" not in shown and time.monotonic() < deadline:
            if select.select([main], [], [], 0.2)[0]:
                shown += os.read(main, 4096)
        self.assertRegex(shown, rb"of 64\.0 GiB, [0-9.,]+ .iB/s, [0-9:]+ left")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), 2)
        os.close(main)
        self.assertEqual(os.listdir(big.parent), ["weights.bin"])


class Keys(SignedCase):
    def test_encrypted(self):
        key = KEYS / "accept-p256-scrypt.key"
        words, wrong = self.write("words", WORDS + "\n"), self.write("wrong", "battery staple\n")
        self.sign("--passphrase-file", words, key=key)
        self.judge(0, "--key", KEYS / "accept-p256.pub", authentic="yes")
        before = self.sig.read_bytes()
        done = self.sign("--passphrase-file", wrong, key=key, code=4)
        self.assertIn(b"does not open this private key", done.stderr)
        done = self.sign(key=key, code=4)
        self.assertIn(b"passphrase", done.stderr)
        for bad, says in ((P256_PUB, b"public"), (KEYS / "message", b"key"),
                          (CHAIN / "root.pem", b"certificate")):
            self.assertIn(says, self.sign(key=bad, code=4).stderr)
        self.assertEqual(self.sig.read_bytes(), before)
        done = run("sign", self.model)
        self.assertEqual((done.returncode, b"needs a private key" in done.stderr), (4, True))
        done = run("sign", "--key", P256, "--key", P256, self.model)
        self.assertEqual(done.returncode, 4)
        self.sign(key=self.tmp / "none", code=2)

    def test_no_secret_is_shown(self):
        secret = P256.read_text().splitlines()[1]
        done = self.sign("--json")
        for text in (done.stdout, done.stderr, self.sig.read_bytes()):
            self.assertNotIn(secret.encode(), text)


class Unsignable(SignedCase):
    def refused(self, says, *args):
        done = self.sign(*args, code=4)
        self.assertIn(says, done.stderr.decode())
        self.assertFalse(self.sig.exists())

    def test_links(self):
        (self.model / "link").symlink_to("config.json")
        self.refused("symbolic link")
        self.sign("--allow-symlinks")
        self.sig.unlink()
        (self.model / "link").unlink()
        outside = self.write("outside", "x")
        for target in (outside, "nothing", "link"):
            (self.model / "link").symlink_to(target)
            self.refused("link", "--allow-symlinks")
            (self.model / "link").unlink()

    def test_what_is_no_file(self):
        os.mkfifo(self.model / "fifo")
        self.refused("FIFO")
        os.unlink(self.model / "fifo")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(self.model / "s"))
            self.refused("FIFO")
        os.unlink(self.model / "s")
        self.sign("--ignore-path", self.model / "deep")

    def test_nothing(self):
        (self.tmp / "empty").mkdir()
        done = self.sign(path=self.tmp / "empty", code=4)
        self.assertIn(b"holds no file", done.stderr)
        self.write("gone/.gitignore", "x")
        self.sign(path=self.tmp / "gone", code=4)
        done = self.sign(path=self.tmp / "nowhere", code=4)
        self.assertEqual(run("sign", "--key", P256).returncode, 4)
        self.assertEqual(run("sign", "--key", P256, self.model, self.model).returncode, 4)

    def test_names_that_are_no_text(self):
        """A JSON list cannot hold them; a plain list can."""
        bad = os.fsencode(self.model) + b"/bad\xff"
        with open(bad, "wb"):
            pass
        done = self.sign(code=4)
        self.assertIn(b"UTF-8", done.stderr)
        done = run("sign", "--format", "sha256sum", self.model)
        self.assertEqual(done.returncode, 0, done.stderr)


class InPlace(SignedCase):
    """Whatever goes wrong: the old signature stays as it was, and no litter beside it."""

    def setUp(self):
        super().setUp()
        self.sign()
        self.before = self.sig.read_bytes()
        self.files = sorted(os.listdir(self.model))

    def untouched(self):
        self.assertEqual(self.sig.read_bytes(), self.before)
        self.assertEqual(sorted(os.listdir(self.model)), self.files)

    def limited(self, size):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        return subprocess.run([PROGRAM, "sign", "--key", P256, self.model], preexec_fn=limit,
                              capture_output=True, env=environment(), check=False)

    def test_a_full_disk(self):
        for size in (0, 1, 100, len(self.before) // 2):
            done = self.limited(size)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(b"cannot be written", done.stderr)
            self.untouched()

    def test_a_directory_without_permission(self):
        os.chmod(self.model, 0o555)
        self.addCleanup(os.chmod, self.model, 0o755)
        if os.access(self.model, os.W_OK):
            # For root a mode means nothing: a process without that power then.
            done = subprocess.run(["setpriv", "--bounding-set", "-all", "--inh-caps", "-all",
                                   PROGRAM, "sign", "--key", P256, self.model],
                                  capture_output=True, env=environment(), check=False)
        else:
            done = self.sign(code=2)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(b"model.sig cannot be written: Permission denied", done.stderr)
        self.untouched()

    def test_where_nothing_can_be_written(self):
        for path, code in ((self.tmp / "no/model.sig", 2), (self.tmp, 2),
                           (self.tmp / "pipe", 2), ("/dev/full", 2), ("/proc/model.sig", 2)):
            if path == self.tmp / "pipe":
                os.mkfifo(path)
            done = self.sign("--signature", path, code=code)
            self.assertIn(b"cannot be written", done.stderr)
        self.untouched()
        self.assertTrue(stat.S_ISFIFO(os.lstat(self.tmp / "pipe").st_mode))

    def test_a_link_is_not_followed(self):
        victim = self.write("victim", "precious")
        link = self.tmp / "link.sig"
        link.symlink_to(victim)
        self.sign("--signature", link, code=2)
        self.assertEqual(victim.read_bytes(), b"precious")
        self.assertTrue(link.is_symlink())

    def test_the_mode(self):
        self.assertEqual(stat.S_IMODE(self.sig.stat().st_mode) & 0o111, 0)
        subprocess.run([PROGRAM, "sign", "--key", P256, self.model], umask=0o077, check=True,
                       env=environment(), capture_output=True)
        self.assertEqual(stat.S_IMODE(self.sig.stat().st_mode), 0o600)


class Streams(SignedCase):
    """Standard streams that are closed or full, where something else is written or read."""

    def close(self, *args, closed):
        return run(*args, stdin=subprocess.DEVNULL, preexec_fn=lambda: [
            os.close(fd) for fd in closed]).returncode

    def test_closed(self):
        for closed in ((0,), (1,), (2,), (0, 1), (0, 1, 2)):
            with self.subTest(closed=closed):
                self.sig.unlink(missing_ok=True)
                told = 2 if 1 in closed else 0      # what it says could not be written
                self.assertEqual(self.close("sign", "--key", P256, self.model, closed=closed),
                                 told)
                whole = self.sig.read_bytes()
                self.assertEqual(self.close("verify", "--key", P256_PUB, self.model,
                                            closed=closed), told)
                self.assertEqual(self.sig.read_bytes(), whole)
                self.judge(0, "--key", P256_PUB, authentic="yes", intact="yes")

    def test_full(self):
        self.sign()
        for args in (("verify", "--key", P256_PUB, self.model), ("diff", self.model, self.model),
                     ("key", "id", P256_PUB), ("key", "public", P256), ("policy", "init"),
                     ("trace", self.weights), ("inspect", self.model)):
            with open("/dev/full", "wb") as full:
                done = run(*args, stdout=full)
            self.assertEqual(done.returncode, 2, (args, done.stderr))
            self.assertIn(b"cannot write", done.stderr, args)
        with open("/dev/full", "wb") as full:
            # A headline that cannot be printed does not make what is wrong right.
            self.weights.write_bytes(self.weights.read_bytes()[:-1] + b"?")
            done = run("verify", "--key", P256_PUB, self.model, stdout=full)
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main()

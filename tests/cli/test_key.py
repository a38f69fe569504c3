# SPDX-License-Identifier: Apache-2.0
"""key generate|public|id: files, rights, passphrases from everywhere, refusals."""

import base64
import collections
import hashlib
import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import threading
import unittest

from harness import PROGRAM, VECTORS, TestCase, environment, run
from terminal import answer

KEYS = VECTORS / "keys"
TYPES = ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519"]
WORDS = "correct horse"      # of every encrypted vector


class KeyCase(TestCase):
    def setUp(self):
        super().setUp()
        self.words = self.write("words", WORDS + "\n")

    def ok(self, *args, **kwargs):
        done = run("key", *args, **kwargs)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout

    def refused(self, *args, code=4, says="", **kwargs):
        done = run("key", *args, **kwargs)
        self.assertEqual(done.returncode, code, done.stderr)
        if "--json" in args:
            self.assertEqual(json.loads(done.stdout)["schema"], "steelyard-error/1")
        else:
            self.assertEqual(done.stdout, b"")
        self.assertIn(says, done.stderr.decode())
        return done.stderr.decode()

    def info(self, path, *args):
        return json.loads(self.ok("id", "--json", path, "--passphrase-file", self.words, *args))

    def names(self):
        return sorted(path.name for path in self.tmp.iterdir())


class Generate(KeyCase):
    def test_every_type_with_and_without_a_passphrase(self):
        for kind in TYPES:
            for words in (["--passphrase-file", self.words], ["--no-passphrase"]):
                key = self.tmp / f"{kind}{len(words)}.key"
                made = json.loads(self.ok("generate", "--json", "-t", kind, key, *words))
                self.assertEqual((made["type"], made["private"]), (kind, True))
                self.assertEqual(made["public_path"], f"{key}.pub")
                self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
                label = key.read_text().splitlines()[0]
                self.assertEqual("ENCRYPTED" in label, len(words) == 2)
                public = key.with_name(key.name + ".pub")
                self.assertEqual(made["id"], hashlib.sha256(public.read_bytes()).hexdigest())
                for path in (key, public):
                    info = self.info(path)
                    self.assertEqual([info[k] for k in ("id", "hint", "type")],
                                     [made[k] for k in ("id", "hint", "type")])
                    self.assertEqual(info["private"], path == key)
                self.assertEqual(self.ok("public", key, "--passphrase-file", self.words),
                                 public.read_bytes())

    def test_minisign(self):
        made = json.loads(self.ok("generate", "--json", "--minisign", "--public",
                                  self.tmp / "m.pub", self.tmp / "m.key",
                                  "--passphrase-file", self.words))
        self.assertEqual(made["type"], "ed25519")
        self.assertEqual(self.info(self.tmp / "m.key")["number"], made["number"])
        self.assertEqual(self.info(self.tmp / "m.pub")["number"], made["number"])
        self.assertIn(made["number"], (self.tmp / "m.pub").read_text().splitlines()[0])
        self.assertEqual(self.ok("public", "--minisign", self.tmp / "m.pub"),
                         (self.tmp / "m.pub").read_bytes())
        self.refused("generate", "--minisign", "-t", "ecdsa-p256", self.tmp / "n.key",
                     "--no-passphrase", says="ed25519 keys only")
        self.assertEqual(self.names(), ["m.key", "m.pub", "words"])

    def test_the_default_type(self):
        self.ok("generate", "--no-passphrase", self.tmp / "k")
        self.assertEqual(self.info(self.tmp / "k")["type"], "ecdsa-p256")

    def test_nothing_is_written_over(self):
        there = self.write("there", b"precious")
        (self.tmp / "link").symlink_to(self.tmp / "nowhere")
        (self.tmp / "folder").mkdir()
        for name in ("there", "link", "folder"):
            path = self.tmp / name
            self.refused("generate", "--no-passphrase", path, says="is there already")
            self.refused("generate", "--no-passphrase", "--public", path, self.tmp / "new",
                         says="is there already")
        self.assertEqual(there.read_bytes(), b"precious")
        self.assertEqual(self.names(), ["folder", "link", "there", "words"])
        self.refused("generate", "--no-passphrase", "--public", self.tmp / "a", self.tmp / "a",
                     says="cannot be one file")
        self.refused("generate", "--force", "--no-passphrase", there, says="no option '--force'")

    def test_where_nothing_can_be_written(self):
        self.refused("generate", "--no-passphrase", self.tmp / "no" / "k", code=2,
                     says="No such file")
        self.refused("generate", "--no-passphrase", f"{self.tmp}/", says="is there already")
        self.refused("generate", "--no-passphrase", "--public", self.tmp / "no" / "k",
                     self.tmp / "k", code=2, says="No such file")
        self.assertEqual(self.names(), ["words"])

    def test_a_full_disk_leaves_nothing(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        done = subprocess.run([PROGRAM, "key", "generate", "--no-passphrase", self.tmp / "k"],
                              preexec_fn=limit, capture_output=True, env=environment(),
                              check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"File too large", done.stderr)
        self.assertEqual(self.names(), ["words"])

    def test_two_at_once(self):
        """One of two that want the same name gets it, and its two files belong together."""
        runs = [subprocess.Popen([PROGRAM, "key", "generate", "--no-passphrase",
                                  self.tmp / "k"], env=environment(), stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL) for _ in range(8)]
        codes = sorted(process.wait(timeout=60) for process in runs)
        self.assertEqual(codes, [0] + [4] * 7)
        self.assertEqual(self.names(), ["k", "k.pub", "words"])
        self.assertEqual(self.info(self.tmp / "k")["id"], self.info(self.tmp / "k.pub")["id"])

    def test_umask_only_takes_away(self):
        for umask, mode, public_mode in ((0, 0o600, 0o666), (0o277, 0o400, 0o400)):
            key = self.tmp / f"k{umask}"
            done = subprocess.run([PROGRAM, "key", "generate", "--no-passphrase", key],
                                  umask=umask, env=environment(), capture_output=True, check=True)
            self.assertEqual(done.stderr, b"")
            self.assertEqual(stat.S_IMODE(key.stat().st_mode), mode)
            public = key.with_name(key.name + ".pub")
            self.assertEqual(stat.S_IMODE(public.stat().st_mode), public_mode)

    def test_keys_differ(self):
        ids = set()
        for i in range(8):
            self.ok("generate", "--no-passphrase", self.tmp / f"k{i}")
            ids.add(self.info(self.tmp / f"k{i}.pub")["id"])
        self.assertEqual(len(ids), 8)


class Passphrases(KeyCase):
    key = KEYS / "accept-p256-scrypt.key"

    def setUp(self):
        super().setUp()
        self.copy = self.write("k", self.key.read_bytes())
        self.copy.chmod(0o600)

    def test_file_and_descriptor(self):
        public = (KEYS / "accept-p256.pub").read_bytes()
        self.assertEqual(self.ok("public", self.copy, "--passphrase-file", self.words), public)
        self.assertEqual(self.ok("public", self.copy, "--passphrase-fd", "0",
                                 stdin=WORDS.encode()), public)
        read_end, write_end = os.pipe()
        threading.Timer(0.3, lambda: (os.write(write_end, WORDS.encode() + b"\r\n"),
                                      os.close(write_end))).start()
        self.assertEqual(self.ok("public", self.copy, "--passphrase-fd", str(read_end),
                                 pass_fds=[read_end]), public)
        os.close(read_end)

    def test_wrong(self):
        for words in ("correct horsf", "Correct horse", "correct  horse"):
            self.write("wrong", words + "\n")
            said = self.refused("public", self.copy, "--passphrase-file", self.tmp / "wrong")
            self.assertIn("k: ", said)
            self.assertNotIn(words, said)
            self.assertRegex(said, "the passphrase does not open this private key|malformed")

    def test_bad_sources(self):
        self.refused("id", self.copy, "--passphrase-file", self.tmp / "no", code=2,
                     says="No such file")
        for fd in ("7", "x", "-1", "99999999999"):
            self.refused("id", self.copy, f"--passphrase-fd={fd}", says="--passphrase-fd")
        for content, says in ((b"", "empty"), (b"\n", "empty"), (b"a\nb\n", "more than one line"),
                              (b"a\0b", "NUL"), (b"x" * 1024, "longer than 1023"),
                              (b"x" * 5000, "more than 1025 bytes")):
            self.write("bad", content)
            self.refused("id", self.copy, "--passphrase-file", self.tmp / "bad",
                         code=2 if len(content) == 5000 else 4, says=says)
        self.refused("id", self.copy, "--passphrase-file", self.words, "--passphrase-fd", "0",
                     says="contradict")
        self.refused("generate", self.tmp / "n", "--no-passphrase", "--passphrase-fd", "0",
                     says="contradict")
        self.refused("id", self.copy, "--passphrase", "x", says="there is no option")

    def test_without_a_terminal(self):
        done = subprocess.run([PROGRAM, "key", "id", self.copy], start_new_session=True,
                              stdin=subprocess.DEVNULL, capture_output=True, env=environment(),
                              check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"there is no terminal", done.stderr)
        # Public and unencrypted keys need none.
        for name in ("accept-p256.pub", "accept-p256.key"):
            done = subprocess.run([PROGRAM, "key", "id", KEYS / name], start_new_session=True,
                                  capture_output=True, env=environment(), check=False)
            self.assertEqual(done.returncode, 0)

    def terminal(self, answers, *args):
        return answer([PROGRAM, "key", *args], answers, env=environment(TERM="xterm"))

    def test_at_the_terminal(self):
        code, shown = self.terminal([WORDS], "public", self.copy)
        self.assertEqual(code, 0, shown)
        self.assertIn(b"Passphrase of ", shown)
        self.assertIn((KEYS / "accept-p256.pub").read_bytes(), shown.replace(b"\r\n", b"\n"))
        self.assertNotIn(WORDS.encode(), shown)

    def test_a_new_one_is_asked_for_twice(self):
        code, shown = self.terminal(["new words", "new words"], "generate", self.tmp / "n")
        self.assertEqual(code, 0, shown)
        self.assertNotIn(b"new words", shown)
        self.write("new", "new words")
        self.ok("public", self.tmp / "n", "--passphrase-file", self.tmp / "new")

    def test_a_new_one_that_is_refused(self):
        for answers, says in ((["one", "two"], b"differ"), ([""], b"empty"),
                              (["x" * 1500], b"longer than 1023")):
            code, shown = self.terminal(answers, "generate", self.tmp / "n")
            self.assertEqual(code, 4, shown)
            self.assertIn(says, shown)
        self.assertEqual(self.names(), ["k", "words"])

    def test_an_existing_file_before_any_question(self):
        code, shown = self.terminal([], "generate", self.copy)
        self.assertEqual(code, 4)
        self.assertIn(b"is there already", shown)
        self.assertNotIn(b"assphrase for", shown)

    def test_interrupted_at_the_question(self):
        code, shown = self.terminal([signal.SIGINT], "generate", self.tmp / "n")
        self.assertEqual(code, 2, shown)
        self.assertIn(b"interrupted", shown)
        self.assertEqual(self.names(), ["k", "words"])

    def test_the_terminal_shows_again_what_is_typed(self):
        for end, code in ((signal.SIGINT, 2), (signal.SIGTERM, 2), ("wrong", 4)):
            shell = '"$0" key id "$1"; echo "code $?"; stty -a'
            done, shown = answer(["bash", "-c", "trap : INT TERM; " + shell, PROGRAM, self.copy],
                                 [end], env=environment(TERM="xterm"), to_group=True)
            self.assertEqual(done, 0, shown)
            self.assertIn(b"code %d" % code, shown)
            self.assertRegex(shown, rb"[^-]echo ")
            self.assertIn(b"susp = ^Z", shown)


class Read(KeyCase):
    def test_every_vector(self):
        n = 0
        for path in sorted(KEYS.glob("accept-*")):
            if path.suffix not in (".pub", ".key", ".sec"):
                continue
            copy = self.write(path.name, path.read_bytes())
            copy.chmod(0o600)
            info = self.info(copy)
            self.assertEqual(info["private"], path.suffix != ".pub", path.name)
            for name in ("p256", "p384", "p521"):
                if name in path.name:
                    self.assertEqual(info["type"], f"ecdsa-{name}")
            n += 1
        self.assertGreater(n, 25)

    def test_refused_vectors(self):
        n = 0
        for path in sorted(KEYS.glob("reject-*")):
            done = run("key", "id", path, "--passphrase-file", self.words)
            self.assertIn(done.returncode, (2, 4), path.name)
            self.assertEqual(done.stdout, b"")
            n += 1
        self.assertGreater(n, 25)

    def test_names_of_a_key(self):
        path = KEYS / "accept-p256.pub"
        der = base64.b64decode("".join(path.read_text().splitlines()[1:-1]))
        info = self.info(path)
        self.assertEqual(info["id"], hashlib.sha256(path.read_bytes()).hexdigest())
        self.assertEqual(info["hint"], base64.b64encode(hashlib.sha256(der).digest()).decode())
        self.assertNotIn("number", info)
        self.assertIn(self.info(KEYS / "accept-minisign.pub")["number"].lstrip("0"),
                      (KEYS / "accept-minisign.pub").read_text())

    def test_a_private_key_that_others_may_read(self):
        key = self.write("k", (KEYS / "accept-p256.key").read_bytes())
        key.chmod(0o644)
        done = run("key", "id", key)
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"others may read this private key", done.stderr)
        key.chmod(0o600)
        self.assertEqual(run("key", "id", key).stderr, b"")
        public = self.write("p", (KEYS / "accept-p256.pub").read_bytes())
        public.chmod(0o644)
        self.assertEqual(run("key", "id", public).stderr, b"")

    def test_work_is_limited(self):
        self.refused("id", KEYS / "reject-scrypt-work.key", "--passphrase-file", self.words,
                     code=2, says="--limit key-work=N")
        for name in ("accept-p256-scrypt.key", "accept-minisign.key", "accept-p256-cosign.key"):
            self.refused("id", KEYS / name, "--passphrase-file", self.words, "--limit",
                         "key-work=4000000", code=2, says="--limit key-work=N")

    def test_not_a_key(self):
        self.refused("id", self.tmp / "no", code=2, says="No such file")
        self.refused("id", self.tmp, code=2, says="directory")
        self.refused("id", self.write("empty"), says="no public key")
        self.refused("id", self.write("big", b"x" * 70000), code=2, says="more than 65536")
        self.refused("public", "--minisign", KEYS / "accept-p256.pub", says="Ed25519 keys only")

    def test_names_are_escaped(self):
        said = self.refused("id", self.write("\x1b[31m\n", b"x"))
        self.assertNotIn("\x1b", said)

    def test_through_a_pipe(self):
        done = subprocess.run(["bash", "-c", '"$1" key id <(sleep 0.3; cat "$2")', "bash", PROGRAM,
                               KEYS / "accept-p256.pub"], capture_output=True, env=environment(),
                              check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))


def can_trace():
    """Is strace here, and may it trace?"""
    return shutil.which("strace") and subprocess.run(
        ["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True,
        check=False).returncode == 0


@unittest.skipUnless(can_trace(), "strace is not installed, or may not trace here")
class Killed(KeyCase):
    CALLS = ["openat", "write", "fsync", "renameat2"]

    def killed_at(self, folder, call, n):
        """False: there was no n-th call of that kind."""
        # A leak checker cannot look at a process that is traced.
        no_leaks = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        done = subprocess.run(
            ["strace", "-qq", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e",
             f"inject={call}:signal=KILL:when={n}", PROGRAM, "key", "generate",
             "--no-passphrase", "k"], cwd=folder, capture_output=True,
            env=environment(ASAN_OPTIONS=no_leaks), check=False)
        self.assertIn(done.returncode, (0, -signal.SIGKILL), done.stderr)
        return done.returncode != 0

    def left(self, folder):
        """What is there is whole: names without the hidden ones, whose rights are checked."""
        names = set()
        for path in folder.iterdir():
            if path.name.startswith(".steelyard-"):
                self.assertEqual(stat.S_IMODE(path.stat().st_mode) & 0o077 & ~0o044, 0)
                if b"PRIVATE" in path.read_bytes():
                    self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
                continue
            names.add(path.name)
            self.assertEqual(self.info(path)["type"], "ecdsa-p256")
        if "k" in names:
            self.assertEqual(stat.S_IMODE((folder / "k").stat().st_mode), 0o600)
        return names

    def test_at_every_call(self):
        seen = collections.Counter()
        for call in self.CALLS:
            for n in range(1, 200):
                folder = self.tmp / f"{call}{n}"
                folder.mkdir()
                if not self.killed_at(folder, call, n):
                    break
                names = self.left(folder)
                self.assertIn(names, (set(), {"k"}, {"k", "k.pub"}), (call, n))
                seen[len(names)] += 1
        self.assertGreater(seen[0], 5)
        self.assertGreater(seen[1], 2)
        self.assertGreater(seen[2], 0)


class Usage(KeyCase):
    def test_words(self):
        self.refused("generat", "x", says="did you mean 'generate'?")
        self.refused("id", says="needs")
        self.refused("id", "a", "b", says="left over")
        for words in (["--type", "ed25519"], ["--no-passphrase"], ["--public", "x"],
                      ["--minisign"]):
            self.refused("id", "x", *words, says="means nothing to 'key id'")
        self.refused("public", "x", "--json", says="means nothing to 'key public'")
        self.refused("generate", "x", "--type", "rsa", says="one of")

    def test_a_full_stdout(self):
        with open("/dev/full", "wb") as full:
            done = run("key", "public", KEYS / "accept-p256.pub", stdout=full)
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main()

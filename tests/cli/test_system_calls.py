# SPDX-License-Identifier: Apache-2.0
"""What each command asks of the kernel, by strace: no network, no program but its own
worker, nothing opened for writing but what the user named, and a model's files opened
so that no link, device or other process can be in between."""

import collections
import gzip
import json
import os
import re
import shutil
import subprocess
import time
import unittest

from harness import BUILD, PROGRAM, environment
from signing import P256, P256_PUB, SignedCase

WORKER = str(BUILD / "steelyard-worker")
# Pipes and the pair of sockets between the program and its worker have no address.
NETWORK = {"socket", "connect", "bind", "listen", "accept", "accept4", "sendto", "recvfrom",
           "sendmmsg", "recvmmsg"}
# Whatever changes a file system by name, and ways around names.
CHANGING = {"unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat", "symlink",
            "symlinkat", "mkdir", "mkdirat", "rmdir", "mknod", "mknodat", "chmod", "fchmodat",
            "chown", "fchownat", "truncate", "utimensat", "creat", "setxattr", "mount", "umount2",
            "io_uring_setup", "memfd_create", "ptrace", "process_vm_writev", "name_to_handle_at",
            "open_by_handle_at"}
BENEATH = {"RESOLVE_BENEATH", "RESOLVE_NO_SYMLINKS", "RESOLVE_NO_MAGICLINKS"}
MODEL_FLAGS = {"O_RDONLY", "O_CLOEXEC", "O_NONBLOCK", "O_NOCTTY"}

Call = collections.namedtuple("Call", "process name args result")
Opened = collections.namedtuple("Opened", "path flags resolve beneath")


def can_trace():
    return bool(shutil.which("strace")) and subprocess.run(
        ["strace", "-qq", "-y", "-o", "/dev/null", "true"], check=False,
        capture_output=True).returncode == 0


def parsed(text):
    """Calls of a trace, those that another process's call had cut in two made whole."""
    begun = {}
    for line in text.splitlines():
        process, _, rest = line.partition(" ")
        rest = rest.lstrip()
        resumed = re.match(r"<\.\.\. \w+ resumed>(.*)", rest)
        if resumed:
            rest = begun.pop(process, "") + resumed[1]
        if rest.endswith("<unfinished ...>"):
            begun[process] = rest[:-len("<unfinished ...>")]
            continue
        call = re.match(r"(\w+)\((.*)\) += +(.*)$", rest)
        if call:
            yield Call(process, *call.groups())


def opened(call):
    """What an open call asked for; None: it is none."""
    if call.name not in ("open", "openat", "openat2", "creat"):
        return None
    name = re.search(r'"((?:[^"\\]|\\.)*)"', call.args)[1]
    base = re.match(r"(?:AT_FDCWD|\d+)<([^>]*)>", call.args)
    flags = re.search(r"\b(O_[A-Z_|]+)", call.args)
    resolve = re.search(r"resolve=([A-Z_|0]+)", call.args)
    return Opened(os.path.normpath(os.path.join(base[1] if base else "/", name)),
                  set(flags[1].split("|")) if flags else {"O_CREAT"},
                  set(resolve[1].split("|")) if resolve else set(),
                  bool(base) and not call.args.startswith("AT_FDCWD"))


def has_seccomp():
    told = json.loads(subprocess.run([PROGRAM, "--version", "--json"], check=True,
                                     capture_output=True).stdout)
    return any(s["name"] == "seccomp" and s["available"] for s in told["sandbox"])


HAS_SECCOMP = can_trace() and has_seccomp()


@unittest.skipUnless(can_trace(), "strace is not installed, or may not trace here")
class SystemCalls(SignedCase):
    """Each test is one command; `self.calls` are those of all its processes."""

    def setUp(self):
        super().setUp()
        self.key = self.write("own.key", P256.read_bytes())
        self.key.chmod(0o600)
        self.scratch = self.tmp / "scratch"
        self.scratch.mkdir()
        # Its inside is decoded into a scratch file.
        self.write("model/more.safetensors.gz", gzip.compress(self.weights.read_bytes()))
        self.sign()
        self.before = self.tree()

    def tree(self):
        return {p: p.read_bytes() for p in sorted(self.tmp.rglob("*")) if p.is_file()}

    def trace(self, *args, code=0, cwd=None, stdin=subprocess.DEVNULL):
        out = self.tmp.parent / f"{self.tmp.name}.trace"
        self.addCleanup(out.unlink, missing_ok=True)
        done = subprocess.run(
            ["strace", "-f", "-y", "-s", "4096", "-qq", "-o", out, PROGRAM, *map(str, args)],
            cwd=cwd, env=environment(TMPDIR=str(self.scratch), HOME=str(self.tmp / "home"),
                                     XDG_CACHE_HOME=str(self.tmp / "home")),
            check=False, capture_output=True, timeout=120, stdin=stdin)
        self.assertEqual(done.returncode, code, done.stderr.decode() + done.stdout.decode())
        self.calls = list(parsed(out.read_text(errors="replace")))
        self.assertGreater(len(self.calls), 30)
        self.opens = [(call, o) for call in self.calls if (o := opened(call))]
        return done

    def judge_calls(self, workers, writes=(), changes=(), reads_model=True):
        """workers: how many programs it may start; writes: what a path written to may be
        (a regular expression); changes: calls that may change the file system."""
        names = collections.Counter(call.name for call in self.calls)
        self.assertEqual(NETWORK & names.keys(), set())
        self.assertEqual((CHANGING & names.keys()) - set(changes), set())
        started = [re.search(r'"([^"]*)"', call.args)[1] for call in self.calls
                   if call.name in ("execve", "execveat")]
        self.assertEqual(started, [PROGRAM] + [WORKER] * workers)
        self.assertLessEqual(names["socketpair"], workers)
        for call, what in self.opens:
            if what.flags & {"O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"} and \
                    what.path != "/dev/null":
                self.assertTrue(any(re.fullmatch(w, what.path) for w in writes), call)
                self.assertTrue({"O_EXCL", "O_NOFOLLOW"} <= what.flags or
                                "O_TMPFILE" in what.flags, call)
        self.assertEqual(self.judge_model() > 0, reads_model)
        self.assertEqual(bool(self.judge_caged()), workers > 0 and HAS_SECCOMP)

    def judge_model(self):
        """How the model's files and folders were opened."""
        of_model = [(call, what) for call, what in self.opens
                    if what.path.startswith(f"{self.model}/") and
                    not what.flags & {"O_WRONLY", "O_RDWR"}]
        for call, what in of_model:
            wanted = {"O_CLOEXEC"} if "O_PATH" in what.flags else MODEL_FLAGS
            self.assertLessEqual(wanted, what.flags, call)
            if what.beneath:
                self.assertLessEqual(BENEATH, what.resolve, call)
            else:
                self.assertEqual(what.path, str(self.sig), call)
        return len(of_model)

    def judge_caged(self):
        """A process that has its filter opens nothing any more."""
        caged = set()
        for call in self.calls:
            if call.name == "seccomp" and call.result == "0" and "MODE_FILTER" in call.args:
                caged.add(call.process)
            elif call.process in caged:
                self.assertIsNone(opened(call), call)
        return caged

    def test_check(self):
        self.trace("check", "--key", P256_PUB, self.model)
        self.judge_calls(workers=1, writes=[str(self.scratch)])
        self.assertEqual(self.tree(), self.before)

    def waits(self):
        return [call for call in self.calls if call.name == "clock_nanosleep" and
                "tv_nsec=20000000" in call.args]

    def test_a_file_changed_just_now(self):
        """Its next change must have another time; what is old need not be waited for."""
        for command, n in (("check", 1), ("verify", 0), ("scan", 0)):
            os.utime(self.weights)
            key = () if command == "scan" else ("--key", P256_PUB)
            self.trace(command, *key, self.model)
            self.assertEqual(len(self.waits()), n, command)
        time.sleep(2.1)
        self.trace("check", "--key", P256_PUB, self.model)
        self.assertEqual(self.waits(), [])

    def test_scan(self):
        self.trace("scan", self.model)
        self.judge_calls(workers=1, writes=[str(self.scratch)])
        self.assertEqual(self.tree(), self.before)

    def test_scan_of_a_stream(self):
        with subprocess.Popen(["cat", self.weights], stdout=subprocess.PIPE) as stream:
            self.trace("scan", "-", stdin=stream.stdout)
        self.judge_calls(workers=1, writes=[str(self.scratch)], reads_model=False)
        self.assertEqual(self.tree(), self.before)

    def test_inspect(self):
        self.trace("inspect", self.model)
        self.judge_calls(workers=1, writes=[str(self.scratch)])
        self.assertEqual(self.tree(), self.before)

    def test_diff(self):
        other = self.tmp / "other"
        shutil.copytree(self.model, other)
        before = self.tree()
        self.trace("diff", self.model, other)
        self.judge_calls(workers=2, writes=[str(self.scratch)])
        self.assertEqual(self.tree(), before)

    def test_hash(self):
        self.trace("hash", self.model)
        self.judge_calls(workers=0)
        self.assertEqual(self.tree(), self.before)

    def test_verify(self):
        self.trace("verify", "--key", P256_PUB, self.model)
        self.judge_calls(workers=0)
        self.assertEqual(self.tree(), self.before)

    def test_sign(self):
        self.trace("sign", "--key", self.key, "--no-cache", self.model)
        self.judge_calls(workers=0, writes=[str(self.model),
                                            rf"{self.model}/\.steelyard-[0-9a-f]+\.tmp"],
                         changes=["linkat", "renameat", "unlinkat"])
        after = self.tree()
        self.assertEqual(after.keys(), self.before.keys())
        self.assertEqual([p for p in after if after[p] != self.before[p]], [self.sig])

    def test_report_into_a_file(self):
        to = self.tmp / "out" / "report.json"
        to.parent.mkdir()
        self.trace("check", "--report", f"json={to}", self.model)
        self.judge_calls(workers=1, writes=[str(self.scratch), str(to.parent),
                                            rf"{to.parent}/\.steelyard-[0-9a-f]+\.tmp"],
                         changes=["linkat", "renameat", "unlinkat"])
        self.assertEqual(self.tree().keys() - self.before.keys(), {to})

    def test_a_refused_command(self):
        self.trace("check", "--key", P256, self.model, code=4)
        names = {call.name for call in self.calls}
        self.assertEqual(NETWORK & names | CHANGING & names, set())

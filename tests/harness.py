# SPDX-License-Identifier: Apache-2.0
"""What the Python tests share: the program, temporary folders, the corpora."""

import collections
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("STEELYARD_BUILD", SOURCE / "build" / "gcc"))
PROGRAM = str(BUILD / "steelyard")
TIER = os.environ.get("STEELYARD_TIER", "fast")
VECTORS = SOURCE / "tests" / "vectors"

# Tests that take seconds each: the fast tier leaves them out.
slow = unittest.skipIf(TIER == "fast", "slow: not in the fast tier")

_corpus_counts = collections.Counter()


def environment(**changes):
    """A plain environment: nothing of the caller's settings or locale."""
    kept = {k: v for k, v in os.environ.items()
            if not k.startswith(("STEELYARD_", "LC_")) and k not in ("NO_COLOR", "LANG")}
    kept["LC_ALL"] = "C.UTF-8"
    kept.update(changes)
    return kept


def run(*args, stdin=b"", env=None, timeout=120, **kwargs):
    """Runs the program (stdin: bytes, or a file); stdout and stderr are bytes."""
    source = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.run([PROGRAM, *map(os.fspath, args)], timeout=timeout, check=False,
                          env=env or environment(), **{**streams, **source, **kwargs})


def report(*args, **kwargs):
    """(exit status, parsed report document) of a command with --json."""
    done = run(*args, "--json", **kwargs)
    return done.returncode, json.loads(done.stdout)


def notices(document):
    """A report's notices, without what builds with sanitizers say about the sandbox."""
    return [n for n in document["notices"] if n["kind"] != "sandbox-partial"]


def corpus(name):
    """The unpacked corpus of that name; skips the test when it is not there."""
    root = os.environ.get("STEELYARD_CORPUS")
    if not root or not (pathlib.Path(root) / name).is_dir():
        raise unittest.SkipTest(f"corpus {name} is not here (STEELYARD_CORPUS)")
    return pathlib.Path(root) / name


def count_corpus(name, n=1):
    """Says that n cases of a corpus ran; the summary adds them up."""
    _corpus_counts[name] += n


def corpus_counts():
    return dict(_corpus_counts)


class TestCase(unittest.TestCase):
    """A test with a temporary folder of its own, self.tmp."""

    maxDiff = 4000

    def setUp(self):
        self.tmp = pathlib.Path(tempfile.mkdtemp(prefix="steelyard-test-"))
        self.addCleanup(shutil.rmtree, self.tmp, ignore_errors=True)

    def write(self, name, content=b""):
        path = self.tmp / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

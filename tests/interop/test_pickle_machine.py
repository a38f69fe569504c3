# SPDX-License-Identifier: Apache-2.0
"""The pickle machine reads what CPython's unpicklers read, on generated pickles.

What may differ, and why, is in docs/formats/pickle-machine.md.
"""

import collections
import json
import os
import pathlib
import pickletools
import subprocess
import sys
import tempfile
import unittest

import harness
import pickle_grammar

HERE = pathlib.Path(__file__).resolve().parent
EVENTS = harness.BUILD / "tests" / "pickle_events"
SEED = int(os.environ.get("STEELYARD_SEED", "20"))

# CPython's errors behind which the machine may read on: what they depend on is not in
# the stream (types behind names, registries, memory, settings of the loader).
RUN_TIME = [
    "unhashable type", "MemoryError", "OverflowError", "unregistered extension code",
    "no buffers were provided", "'ascii' codec can't decode", "Exceeds the limit",
    "must be a tuple", "must be tuple", "argument list", "STACK_GLOBAL requires str",
    "keywords must be strings", "kwargs argument must be a dict", "args argument must be",
    "state is not a dictionary", "'bytes' object has no attribute",
    "cannot be interpreted as an integer", "'frozenset' object has no attribute 'add'",
    "'bytes' object does not support", "bytearray indices", "list indices",
    "has no attribute '__dict__'", "memoryview: a bytes-like", "out-of-band data",
    "required argument", "byte must be in range", "list assignment index",
    "persistent IDs in protocol 0 must be ASCII",
]
# Where Python's own unpickler, without its C half, takes what the C code refuses: we
# refuse it, and say so (a pickle that is refused is never clean).
LAX_IN_PYTHON = [
    "an empty module or name", "a frame is longer than the rest of the input",
    "a number that cannot be read", "a memo number that is no number",
    "a name that is not text", "a negative memo number", "arguments that are no tuple",
]


def packed(pickles):
    return b"".join(len(p).to_bytes(4, "little") + p for p in pickles)


def lines(*argv):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=True, timeout=1800, env=harness.environment())
    return [json.loads(line) for line in done.stdout.splitlines()]


def is_same(ours, theirs):
    """An event of the machine and one of a reference; NEW without arguments may be
    how CPython makes the instance that OBJ and INST ask for."""
    if ours[0] == "import":
        return theirs[0] == "import" and ours[1:] in (theirs[1:3], theirs[3:5])
    if ours[0] == "object":
        return theirs[0] in ("call", "new") and ours[1] == theirs[1]
    return ours == theirs


def differs(ours, theirs):
    """None, or how they disagree."""
    n = len(theirs["events"])
    for a, b in zip(ours["events"], theirs["events"]):
        if not is_same(a, b):
            return "another event"
    if len(ours["events"]) < n:
        return "an event is missing"
    if theirs["error"] is None:
        if ours["ending"] != "stop":
            return f"refused: {ours['what']}"
        if ours["at"] != theirs["at"]:
            return "another end"
        return "an event too many" if len(ours["events"]) > n else None
    if ours["ending"] != "stop" and len(ours["events"]) == n:
        return None
    if any(word in theirs["error"] for word in RUN_TIME):
        return None
    return f"read on behind {theirs['error']}"


def end_by_genops(data):
    """Where pickletools finds the end; None where it refuses what CPython loads."""
    try:
        for opcode, _, at in pickletools.genops(data):
            if opcode.name == "STOP":
                return at + 1
    except (ValueError, UnicodeDecodeError, OverflowError):
        pass
    return None


class PickleMachine(harness.TestCase):
    def compare(self, n):
        pickles = list(pickle_grammar.pickles(SEED, n))
        with tempfile.NamedTemporaryFile() as file:
            file.write(packed(pickles))
            file.flush()
            ours = lines(EVENTS, file.name)
            theirs = lines(sys.executable, "-I", HERE / "pickle_reference.py", file.name)
        self.assertEqual((len(ours), len(theirs)), (n, n))
        found = collections.defaultdict(list)
        n_whole = n_genops = n_refused = 0
        for data, a, b in zip(pickles, ours, theirs):
            n_whole += b["c"]["error"] is None
            if not a["same_both_ways"]:
                found["with short cuts and without"].append((data, a, b["c"]))
            if a["odd_frame"]:
                continue
            if b["c"]["error"] is None:
                end = end_by_genops(data)
                n_refused += end is None
                n_genops += end == a["at"]
                if end not in (None, a["at"]):
                    found["another end than pickletools finds"].append((data, a, end))
            how = differs(a, b["c"])
            # Python's own unpickler is laxer in places: what it imports and calls on
            # the way to a result must still be ours.
            if not how and b["python"]["error"] is None and \
                    a["what"] not in LAX_IN_PYTHON:
                how = differs(a, b["python"])
                how = how and f"in Python: {how}"
                if how:
                    found[how].append((data, a, b["python"]))
                    continue
            if how:
                found[how].append((data, a, b["c"]))
        print(f"  {n} pickles, {n_whole} whole, {sum(map(len, found.values()))} differ; "
              f"pickletools agrees on {n_genops} and refuses {n_refused}", flush=True)
        for how, cases in sorted(found.items()):
            data, a, b = min(cases, key=lambda case: len(case[0]))
            print(f"  {len(cases)} times: {how}\n    {data!r}\n    {a}\n    {b}")
        self.assertEqual(sorted(found), [])
        self.assertGreater(n_whole, n // 8)

    @harness.slow
    def test_two_thousand(self):
        self.compare(2000)

    @unittest.skipUnless(harness.TIER == "deep", "slow: deep tier only")
    def test_hundred_thousand(self):
        self.compare(100000)


if __name__ == "__main__":
    unittest.main()

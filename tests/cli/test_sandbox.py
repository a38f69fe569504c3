# SPDX-License-Identifier: Apache-2.0
"""--sandbox: what is said about the cage, and what happens where there is none."""

import ctypes
import errno
import json
import struct
import unittest

from harness import TestCase, environment, report, run

COMMANDS = ("check", "scan", "inspect", "trace")
LANDLOCK_CREATE_RULESET = 444
NOTICES = ("sandbox-off", "sandbox-partial")


def layers():
    """The available layers of this build on this kernel."""
    document = json.loads(run("--version", "--json").stdout)
    return {layer["name"]: layer["available"] for layer in document["sandbox"]}


def sandbox_notices(document):
    return [n for n in document["notices"] if n["kind"] in NOTICES]


def lose_landlock():
    """Makes the kernel of this process one that never heard of Landlock."""
    code = struct.pack("=" + "HBBI" * 4,
                       0x20, 0, 0, 0,                               # load the number
                       0x15, 0, 1, LANDLOCK_CREATE_RULESET,         # is it this one
                       0x06, 0, 0, 0x00050000 | errno.ENOSYS,       # then: ENOSYS
                       0x06, 0, 0, 0x7fff0000)                      # else: allowed
    memory = ctypes.create_string_buffer(code)
    program = struct.pack("@HP", 4, ctypes.addressof(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
        raise OSError(ctypes.get_errno(), "no seccomp filter")


class Sandbox(TestCase):
    def setUp(self):
        super().setUp()
        self.model = self.tmp / "model.pkl"
        self.model.write_bytes(b"\x80\x02]q\x00.")

    def whole(self):
        if not all(layers().values()):
            self.skipTest("this build or kernel has no whole sandbox")

    def test_version_names_the_layers(self):
        document = json.loads(run("--version", "--json").stdout)
        self.assertEqual([layer["name"] for layer in document["sandbox"]],
                         ["landlock", "seccomp"])
        landlock = document["sandbox"][0]
        self.assertEqual(landlock["available"], landlock.get("version", 0) > 0)

    def test_whole_sandbox_needs_no_word(self):
        self.whole()
        for command in COMMANDS:
            for choice in ((), ("--sandbox=auto",), ("--sandbox=require",)):
                with self.subTest(command=command, choice=choice):
                    code, document = report(command, *choice, self.model)
                    self.assertEqual(code, 0)
                    self.assertEqual(sandbox_notices(document), [])

    def test_off_is_named(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                code, document = report(command, "--sandbox=off", self.model)
                self.assertEqual(code, 0)
                notice, = sandbox_notices(document)
                self.assertEqual(notice["kind"], "sandbox-off")
                self.assertIn("Landlock and seccomp", notice["detail"])

    def test_off_in_the_text(self):
        done = run("check", "--sandbox=off", self.model)
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"sandbox-off", done.stdout)

    def test_environment(self):
        _, document = report("scan", self.model,
                             env=environment(STEELYARD_SANDBOX="off"))
        self.assertEqual(sandbox_notices(document)[0]["kind"], "sandbox-off")

    def test_no_other_word(self):
        done = run("scan", "--sandbox=on", self.model)
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"--sandbox", done.stderr)

    def test_kernel_without_landlock(self):
        self.whole()
        code, document = report("check", self.model, preexec_fn=lose_landlock)
        self.assertEqual(code, 0)
        notice, = sandbox_notices(document)
        self.assertEqual(notice["kind"], "sandbox-partial")
        self.assertIn("not confined by Landlock: this kernel", notice["detail"])

    def test_kernel_without_landlock_when_it_is_required(self):
        self.whole()
        code, document = report("check", "--sandbox=require", self.model,
                                preexec_fn=lose_landlock)
        self.assertEqual(code, 2)
        self.assertEqual(document["verdict"], "undetermined")
        self.assertEqual(document["reasons"], ["worker-died"])
        finding, = document["artifacts"][0]["findings"]
        self.assertIn("--sandbox", finding["detail"])

    def test_kernel_without_landlock_in_version(self):
        self.whole()
        document = json.loads(run("--version", "--json", preexec_fn=lose_landlock).stdout)
        self.assertEqual(document["sandbox"][0], {"name": "landlock", "available": False})

    def test_nothing_to_read_nothing_to_say(self):
        empty = self.tmp / "empty"
        empty.mkdir()
        _, document = report("scan", "--sandbox=off", empty)
        self.assertEqual(sandbox_notices(document), [])


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""Workers that were taken over, seen from the whole program: never clean, never silent.

The worker program is tests/engine/bad_worker.c, which does with NAME.safetensors what
its format NAME does.
"""

import json
import unittest

import models
from harness import BUILD, TestCase, run

WORKER = BUILD / "tests" / "bad_worker"

# Killed, stopped, hanging, lying in every way that the pipe is checked for.
FAULTS = ("abort", "segv", "killed", "exit", "exit-7", "garbage", "half", "oversized",
          "empty", "half-and-hang", "extents-overlap", "extent-outside", "tensor-outside",
          "member-outside", "fact-outside", "good-and-failing", "good-and-endless", "trickle",
          "rule-unknown", "more-unknown",
          "artifact-twice", "done-twice", "after-done", "byte-after-done", "cancelled",
          "crash-after-done", "failing", "careless", "longwinded", "nothing", "endless",
          "stopped", "stopped-after-done", "hang", "close", "close-after-done", "spin")
FILLERS = ("notices", "metas", "steps")


class Faults(TestCase):
    def examine(self, names, *options, command="check"):
        for name in names:
            self.write(f"{name}.safetensors",
                       models.safetensors({"w": models.f32(4, 4)}, {"format": "pt"}))
        done = run(command, self.tmp, "--worker", WORKER, "--json", *options)
        document = json.loads(done.stdout)
        artifacts = {a["path"].rsplit("/", 1)[1].split(".")[0]: a
                     for a in document["artifacts"]}
        return done, document, artifacts

    def test_each_ends_its_own_file_only(self):
        for command in ("check", "scan"):
            with self.subTest(command=command):
                done, document, artifacts = self.examine(
                    FAULTS + ("good",), "--jobs=4", "--limit", "worker-seconds=1",
                    "--limit", "records=1000", command=command)
                self.assertEqual(done.returncode, 2)
                self.assertEqual(document["verdict"], "undetermined")
                self.assertTrue(document["complete"])
                self.assertIn("worker-died", document["reasons"])
                for name in FAULTS:
                    self.assertEqual(artifacts[name]["verdict"], "undetermined", name)
                    self.assertEqual(artifacts[name]["answers"]["inert"], "undetermined", name)
                    self.assertNotEqual(artifacts[name]["scope"], "examined", name)
                    self.assertTrue(artifacts[name]["findings"], name)
                self.assertEqual(artifacts["good"]["scope"], "examined")
                if command == "check":  # digests are the main process's own
                    self.assertEqual(len({a["digests"]["sha256"]
                                          for a in artifacts.values()}), 1)

    def test_one_alone(self):
        done, document, _ = self.examine(("killed",))
        self.assertEqual((done.returncode, document["verdict"]), (2, "undetermined"))
        detail = document["artifacts"][0]["findings"][0]["detail"]
        self.assertIn("killed by signal 9", detail)

    def test_memory_cannot_be_filled(self):
        """1.2 GB of notices, metadata and steps that nobody asked for."""
        done, document, artifacts = self.examine(FILLERS + ("good",), "--jobs=1",
                                                 "--limit", "memory=100000000")
        self.assertTrue(document["complete"], document["notices"])
        self.assertNotIn(b"\033", done.stdout)
        self.assertLess(len(done.stdout), 200000)
        for name in FILLERS:
            self.assertEqual(artifacts[name]["scope"], "examined", name)
        kinds = [n["kind"] for n in document["notices"]]
        self.assertEqual(kinds.count("sandbox-whole"), 20)
        left, = [n for n in document["notices"] if n["kind"] == "notices-left-out"]
        self.assertIn("and 19980 more", left["detail"])

    def test_tried_what_is_forbidden(self):
        layers = json.loads(run("--version", "--json").stdout)["sandbox"]
        if not all(layer["available"] for layer in layers):
            self.skipTest("this build or kernel has no whole sandbox")
        done, document, artifacts = self.examine(("fork", "kill-zygote", "stop-zygote", "good"))
        self.assertEqual(done.returncode, 2)
        for name in ("fork", "kill-zygote", "stop-zygote"):
            self.assertIn("tried what the sandbox forbids",
                          artifacts[name]["findings"][0]["detail"])
        self.assertEqual(artifacts["good"]["scope"], "examined")
        self.assertEqual(document["reasons"].count("worker-died"), 1)


if __name__ == "__main__":
    unittest.main()

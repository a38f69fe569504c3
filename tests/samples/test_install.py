# SPDX-License-Identifier: Apache-2.0
"""What `cmake --install` leaves works from anywhere, also when it was moved."""

import os
import shutil
import subprocess
import unittest

from harness import BUILD, SOURCE, TestCase, environment
import models

FILES = """
bin/steelyard
libexec/steelyard/steelyard-worker
share/bash-completion/completions/steelyard
share/doc/steelyard/LICENSE
share/doc/steelyard/README.md
share/doc/steelyard/SECURITY.md
share/doc/steelyard/docs/report.md
share/doc/steelyard/docs/report.schema.json
share/doc/steelyard/docs/formats/safetensors.md
share/fish/vendor_completions.d/steelyard.fish
share/man/man1/steelyard.1
share/zsh/site-functions/_steelyard
""".split()


@unittest.skipUnless(shutil.which("cmake"), "cmake is not installed")
class Installed(TestCase):
    def setUp(self):
        super().setUp()
        self.prefix = self.tmp / "a prefix"
        done = subprocess.run(["cmake", "--install", BUILD, "--prefix", self.prefix],
                              env=environment(DESTDIR=""), check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout.decode())
        self.model = self.write("m/model.safetensors",
                                models.safetensors({"w": ("U8", [4], b"\0" * 4)}))

    def clean(self, program):
        done = subprocess.run([program, "check", self.model], cwd="/", check=False,
                              env=environment(), capture_output=True)
        self.assertEqual((done.returncode, done.stderr), (0, b""), done.stdout.decode())

    def test_files(self):
        for name in FILES:
            self.assertTrue((self.prefix / name).is_file(), name)
            self.assertGreater((self.prefix / name).stat().st_size, 0, name)
        pages = {path.name for path in (SOURCE / "docs" / "man").glob("*.1")}
        self.assertEqual({path.name for path in (self.prefix / "share/man/man1").iterdir()},
                         pages)

    def test_runs_from_elsewhere_through_a_link_and_when_moved(self):
        self.clean(self.prefix / "bin/steelyard")
        link = self.tmp / "other bin" / "sy"
        link.parent.mkdir()
        link.symlink_to(self.prefix / "bin/steelyard")
        self.clean(link)
        moved = self.tmp / "moved"
        os.rename(self.prefix, moved)
        self.clean(moved / "bin/steelyard")

    def test_the_worker_stands_in_libexec(self):
        worker = self.prefix / "libexec/steelyard/steelyard-worker"
        worker.rename(worker.with_name("gone"))
        done = subprocess.run([self.prefix / "bin/steelyard", "check", self.model],
                              env=environment(), check=False, capture_output=True)
        self.assertIn(done.returncode, (2, 4))
        self.assertIn(b"steelyard-worker was not found", done.stdout + done.stderr)

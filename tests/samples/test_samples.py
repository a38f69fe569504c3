# SPDX-License-Identifier: Apache-2.0
"""The samples give the verdicts that quickstart.sh shows and the README prints."""

import re
import subprocess
import sys

from harness import SOURCE, VECTORS, TestCase, report, run


# What a build, kernel or container without a whole sandbox adds to a report.
WITHOUT_SANDBOX = re.compile(r"\nNotices:\n  sandbox-partial: [^\n]*\n\Z")


class Samples(TestCase):
    def setUp(self):
        super().setUp()
        subprocess.run([sys.executable, SOURCE / "samples" / "make_samples.py",
                        self.tmp / "build" / "samples"], check=True)

    def check(self, name):
        return run("check", f"build/samples/{name}", cwd=self.tmp)

    def test_exit_codes(self):
        self.assertEqual(self.check("clean").returncode, 0)
        self.assertEqual(self.check("hostile").returncode, 1)

    def test_signed_and_tampered(self):
        """What docs/signing.md shows."""
        key = ["--key", "build/samples/vendor.pub"]
        page = (SOURCE / "docs" / "signing.md").read_text()
        for name, code, answers in (("signed", 0, ("yes", "yes")),
                                    ("tampered", 1, ("not-asked", "no"))):
            for command in ("verify", "check"):
                got, document = report(command, *key, f"build/samples/{name}", cwd=self.tmp)
                self.assertEqual(got, code, name)
                self.assertEqual(document["answers"]["intact"], answers[1])
            done = run("verify", *key, f"build/samples/{name}", cwd=self.tmp)
            self.assertIn(done.stdout.decode().split("\n\n")[0], page)
        self.assertEqual(report("check", "build/samples/signed", cwd=self.tmp)[0], 0)
        self.assertEqual(report("check", "build/samples/tampered", cwd=self.tmp)[0], 1)
        self.assertEqual(run("verify", "--key", VECTORS / "keys/accept-p256.pub",
                             "build/samples/signed", cwd=self.tmp).returncode, 1)

    def test_readme_shows_what_is_printed(self):
        readme = (SOURCE / "README.md").read_text()
        shown = dict(re.findall(r"```\n\$ steelyard check build/samples/(\w+)\n(.*?)```",
                                readme, re.S))
        self.assertEqual(sorted(shown), ["clean", "hostile"])
        for name, text in shown.items():
            printed = WITHOUT_SANDBOX.sub("", self.check(name).stdout.decode())
            self.assertEqual(printed, text)

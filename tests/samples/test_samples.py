# SPDX-License-Identifier: Apache-2.0
"""The samples give the verdicts that quickstart.sh shows and the README prints."""

import re
import subprocess
import sys

from harness import SOURCE, TestCase, run


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

    def test_readme_shows_what_is_printed(self):
        readme = (SOURCE / "README.md").read_text()
        shown = dict(re.findall(r"```\n\$ steelyard check build/samples/(\w+)\n(.*?)```",
                                readme, re.S))
        self.assertEqual(sorted(shown), ["clean", "hostile"])
        for name, text in shown.items():
            printed = WITHOUT_SANDBOX.sub("", self.check(name).stdout.decode())
            self.assertEqual(printed, text)

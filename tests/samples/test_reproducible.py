# SPDX-License-Identifier: Apache-2.0
"""The same source makes the same bytes: the programs and every library, built twice in
folders, by users, with masks, time zones, languages and numbers of jobs that differ.
"""

import os
import re
import shutil
import subprocess
import unittest

from harness import BUILD, SOURCE, TestCase, environment, slow

PARTS = ("CMakeLists.txt", "verifier", "formats", "keys")
NOBODY = 65534


def compiler():
    """The one that the build under test was made with."""
    cache = (BUILD / "CMakeCache.txt").read_text(errors="replace")
    return re.search(r"^CMAKE_C_COMPILER:\w+=(.+)$", cache, re.M)[1]


def made(folder):
    """Name below the build folder -> bytes, of the programs and the libraries."""
    paths = [folder / "steelyard", folder / "steelyard-worker", *folder.rglob("*.a")]
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths}


def user_of(path):
    """Another user where that can be (we are root, and they may go there)."""
    if os.geteuid() != 0:
        return {}
    for folder, _, files in os.walk(path):
        for name in (folder, *(os.path.join(folder, f) for f in files)):
            os.chown(name, NOBODY, NOBODY)
    other = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    can = subprocess.run(["test", "-w", path], check=False, **other).returncode == 0
    return other if can else {}


@slow
@unittest.skipUnless(shutil.which("cmake") and shutil.which("ninja"), "no cmake or ninja")
class Reproducible(TestCase):
    def start(self, source, build, n_jobs, mask, is_other=False, **variables):
        """A build of a copy of the source, begun; is_other: by another user."""
        source.mkdir(parents=True)
        for part in PARTS:
            if (SOURCE / part).is_dir():
                shutil.copytree(SOURCE / part, source / part)
            else:
                shutil.copy(SOURCE / part, source / part)
        script = ('cmake -G Ninja -S "$1" -B "$2" -DSTEELYARD_TESTS=OFF '
                  '-DCMAKE_C_COMPILER="$3" && ninja -C "$2" -j "$4" steelyard steelyard-worker')
        return subprocess.Popen(["sh", "-c", script, "sh", source, build, compiler(), n_jobs],
                                env=environment(CCACHE_DISABLE="1", **variables), umask=mask,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                **(user_of(source) if is_other else {}))

    def test_two_builds_are_the_same_bytes(self):
        self.tmp.chmod(0o711)
        below = self.tmp / "a much longer name" / "below"
        running = [
            self.start(self.tmp / "s", self.tmp / "b", "1", 0o022, TZ="UTC", LC_ALL="C"),
            self.start(below, below / "out of it", "2", 0o077, is_other=True, TZ="Asia/Tokyo",
                       LC_ALL="C.UTF-8", HOME="/nonexistent"),
        ]
        told = [process.communicate(timeout=600)[0].decode() for process in running]
        for process, text in zip(running, told):
            self.assertEqual(process.returncode, 0, text[-3000:])
        one, another = made(self.tmp / "b"), made(below / "out of it")
        self.assertGreater(len(one), 10)
        self.assertEqual(one.keys(), another.keys())
        self.assertEqual([name for name in one if one[name] != another[name]], [])
        for name in ("steelyard", "steelyard-worker"):
            self.assertNotIn(os.fsencode(self.tmp), one[name])

# SPDX-License-Identifier: Apache-2.0
"""sign --cache: what is read again and what is not, and a cache that is bent."""

import json
import os
import time
import unittest

from harness import environment, run, slow
from signing import MINISIGN, P256, P256_PUB, SignedCase


class CacheCase(SignedCase):
    def setUp(self):
        super().setUp()
        self.cache = self.tmp / "cache.json"

    def settle(self):
        """Lets ctimes become older than two seconds and a tick."""
        time.sleep(3.1)

    def cached(self, *args, code=0, **kwargs):
        """How many files were not read again."""
        done = self.sign("--json", "--cache", self.cache, *args, code=code, **kwargs)
        return json.loads(done.stdout)[0]["files_from_cache"] if code == 0 else done.stderr

    def document(self):
        return json.loads(self.cache.read_bytes())


class Again(CacheCase):
    @slow
    def test_what_changed_is_read(self):
        self.settle()
        self.assertEqual(self.cached(), 0)
        first = self.sig.read_bytes()
        self.assertEqual(self.cached(), 3)
        self.judge(0, "--key", P256_PUB, authentic="yes", intact="yes")
        self.assertEqual(json.loads(first)["dsseEnvelope"]["payload"],
                         json.loads(self.sig.read_bytes())["dsseEnvelope"]["payload"])
        self.write("model/config.json", '{"model_type": "gemma"}')
        self.assertEqual(self.cached(), 2)
        self.judge(0, "--key", P256_PUB, intact="yes")
        # It is too young to be believed, although it did not change again.
        self.assertEqual(self.cached(), 2)
        self.settle()
        self.assertEqual(self.cached(), 2)
        self.assertEqual(self.cached(), 3)
        # The same size and mtime, other bytes: ctime tells.
        content, before = self.weights.read_bytes(), self.weights.stat()
        self.weights.write_bytes(content[:-1] + b"\1")
        os.utime(self.weights, ns=(before.st_atime_ns, before.st_mtime_ns))
        self.assertEqual(self.cached(), 2)
        self.judge(0, "--key", P256_PUB, intact="yes")
        # Another file under the name.
        other = self.write("other", content)
        os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
        other.rename(self.weights)
        self.assertEqual(self.cached(), 2)
        self.judge(0, "--key", P256_PUB, intact="yes")

    @slow
    def test_other_digests(self):
        self.settle()
        self.assertEqual(self.cached(), 0)
        self.assertEqual(self.cached("-a", "blake2b"), 0)
        self.assertEqual(self.cached("-a", "blake2b"), 3)
        self.assertEqual(self.cached(), 3)
        self.judge(0, "--key", P256_PUB, intact="yes")
        self.assertEqual(self.cached("--shard-size", "64"), 0)
        self.judge(0, "--key", P256_PUB, intact="yes")

    @slow
    def test_a_single_file(self):
        self.settle()
        for n in (0, 1):
            self.assertEqual(self.cached("--format", "minisign", key=MINISIGN,
                                         path=self.weights), n)
        self.judge(0, "--key", self.public(MINISIGN), path=self.weights, authentic="yes")

    @slow
    def test_by_environment(self):
        self.settle()
        def files(*args):
            done = run("sign", "--json", "--key", P256, *args, self.model,
                       env=environment(STEELYARD_CACHE=str(self.cache)))
            self.assertEqual(done.returncode, 0, done.stderr)
            return json.loads(done.stdout)[0]["files_from_cache"]
        self.assertEqual([files(), files(), files("--no-cache")], [0, 3, 0])

    def test_nobody_else_reads_it(self):
        """A cache with other digests in it changes no answer of verify."""
        self.cached()
        document = self.document()
        for entry in document["files"]:
            entry["digests"] = ["sha256:" + "00" * 32]
        self.cache.write_text(json.dumps(document))
        for command in ("verify", "check"):
            self.judge(0, "--key", P256_PUB, command=command, intact="yes")

    @slow
    def test_a_file_that_went_away_or_may_not_be_read(self):
        self.settle()
        self.cached()
        (self.model / "config.json").unlink()
        self.assertEqual(self.cached(), 2)
        self.judge(0, "--key", P256_PUB, intact="yes")


class Bent(CacheCase):
    @slow
    def test_times(self):
        self.settle()
        self.cached()
        document = self.document()
        for start in (0, document["files"][0]["ctime_ns"] + 1_900_000_000):
            document["start_ns"] = start
            self.cache.write_text(json.dumps(document))
            self.assertEqual(self.cached(), 0, start)
        self.cached()
        os.utime(self.cache, (1, 1))
        self.assertEqual(self.cached(), 0)

    @slow
    def test_each_number_counts(self):
        self.settle()
        self.cached()
        good = self.cache.read_bytes()
        for member in ("device", "inode", "size", "mtime_ns", "ctime_ns"):
            document = json.loads(good)
            document["files"][-1][member] += 1
            self.cache.write_text(json.dumps(document))
            self.assertEqual(self.cached(), 2, member)

    def test_what_is_no_cache(self):
        self.cached()
        good = self.cache.read_bytes()
        entry = self.document()["files"]
        swapped, twice = self.document(), self.document()
        swapped["files"] = entry[::-1]
        twice["files"] = [entry[0], *entry]
        for bad in (b"", b"{}", good[:-3], good + b"x", good.replace(b"/1", b"/2"),
                    good.replace(b'"inode"', b'"Inode"'), good.replace(b"sha256:", b"sha256"),
                    good.replace(b"sha256:", b"md5:"), good.replace(b'"size": ', b'"size": -'),
                    good.replace(b'"size": ', b'"size": 1e'), json.dumps(swapped).encode(),
                    json.dumps(twice).encode()):
            before = self.sig.read_bytes()
            self.cache.write_bytes(bad)
            self.assertIn(b"the cache ", self.cached(code=4), bad)
            self.assertEqual(self.cache.read_bytes(), bad)
            self.assertEqual(self.sig.read_bytes(), before)

    def test_where_it_may_lie(self):
        (self.tmp / "link").symlink_to("model")
        for path in (self.model / "c", self.model / "deep/c", self.tmp / "link/c"):
            self.cache = path
            self.assertIn(b"in the model", self.cached(code=4))
        self.cache = self.tmp / "model.cache"      # only begins like the model
        self.assertEqual(self.cached(), 0)
        self.cache = self.tmp / "elsewhere"
        self.cache.symlink_to("model.cache")
        self.assertIn(b"no regular file", self.cached(code=4))
        self.cache = self.tmp / "no/cache"
        self.assertIn(b"cannot be written", self.cached(code=2))
        self.assertFalse(self.cache.exists())

    @slow
    def test_whose_it_is(self):
        self.settle()
        self.cached()
        for mode in (0o664, 0o646):
            self.cache.chmod(mode)
            self.assertIn(b"others may write", self.cached(code=4))
        self.cache.chmod(0o644)
        self.assertEqual(self.cached(), 3)
        self.assertEqual(self.cache.stat().st_mode & 0o022, 0)
        if os.geteuid() == 0:
            os.chown(self.cache, 65534, 65534)
            self.assertIn(b"others may write", self.cached(code=4))


if __name__ == "__main__":
    unittest.main()

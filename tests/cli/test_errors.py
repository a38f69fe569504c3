# SPDX-License-Identifier: Apache-2.0
"""steelyard-error/1: what a program reads when a command ended without its result."""

import json
import re
import unittest

from harness import SOURCE, VECTORS, TestCase, run
from signing import P256, P256_PUB, SignedCase, with_signed_payload

try:
    import jsonschema
    missing = None
except ImportError:
    missing = "jsonschema is not installed (tests/run.sh installs it)"

KEYS = VECTORS / "keys"
WORD = re.compile(r'^FAILURE\(\w+, "([a-z-]+)",', re.MULTILINE)


def schema():
    document = json.loads((SOURCE / "docs/error.schema.json").read_text())
    kind = jsonschema.validators.validator_for(document)
    kind.check_schema(document)
    return kind(document)


class Errors(TestCase):
    def setUp(self):
        super().setUp()
        self.model = self.tmp / "model"
        self.write("model/config.json", "{}")
        self.right = self.write("right", "correct horse\n")
        self.wrong = self.write("wrong", "another\n")
        self.empty = self.write("empty", "\n")

    def fails(self, reason, *args, code=4, **kwargs):
        done = run(*args, "--json", **kwargs)
        self.assertEqual(done.returncode, code, done.stderr)
        document = json.loads(done.stdout)
        self.assertEqual((document["exit_code"], document["reason"]), (code, reason))
        # The sentence is the one that people read.
        self.assertIn(document["message"].encode(), done.stderr)
        if not missing:
            schema().validate(document)
        return document["message"]

    def sign(self, reason, key, *args):
        self.fails(reason, "sign", self.model, "--key", key, *args)
        self.assertFalse((self.model / "model.sig").exists())

    def test_passphrases(self):
        sealed = KEYS / "accept-p256-quick.key"
        self.sign("passphrase-wrong", sealed, "--passphrase-file", self.wrong)
        self.sign("passphrase-invalid", sealed, "--passphrase-file", self.empty)
        for kind in ("minisign-quick", "p256-cosign-quick"):
            self.fails("passphrase-wrong", "key", "id", KEYS / f"accept-{kind}.key",
                       "--passphrase-file", self.wrong)
        # No terminal to ask at: a session of its own.
        self.fails("passphrase-missing", "key", "id", sealed, start_new_session=True)

    def test_keys_of_the_other_kind(self):
        self.sign("key-is-public", KEYS / "accept-p256.pub")
        self.sign("key-is-public", KEYS / "accept-minisign.pub", "--format", "sha256sum")
        self.fails("key-is-private", "verify", self.model, "--key", P256)
        self.fails("key-is-private", "verify", self.model, "--key",
                   KEYS / "accept-minisign-plain.key")
        self.fails("key-is-signature", "verify", self.model, "--key",
                   KEYS / "accept-hashed.minisig")
        self.fails("key-malformed", "verify", self.model, "--key", self.right)
        self.fails("not-found", "verify", self.model, "--key", self.tmp / "none")
        self.fails("key-is-private", "verify", self.model, "--certificate-chain", P256)

    def test_what_is_there_is_not_written_over(self):
        self.fails("file-exists", "key", "generate", "--no-passphrase", self.right)

    def test_policies(self):
        self.fails("policy-invalid", "check", "--policy", self.write("p", "{}"), self.model)
        inside = self.write("model/policy.json",
                            '{"schema": "steelyard-policy/1", "require": []}')
        self.fails("policy-untrusted", "check", "--policy", inside, self.model)
        past = self.write("past", '{"schema": "steelyard-policy/1", "require": [], '
                          '"valid_until": "2001-01-01"}')
        self.fails("policy-not-in-force", "check", "--policy", past, self.model)

    def test_command_lines(self):
        for words in (["chekc", "x"], ["check"], ["check", "--jobs", "x", "y"], ["diff", "a"],
                      ["hash", "-a", "md4", "x"], ["check", "--limit", "nix=1", "x"],
                      ["verify", self.model]):
            self.fails("usage", *words)

    def test_only_where_nothing_else_was_written(self):
        done = run("hash", "--json", self.right, self.tmp / "none")
        self.assertEqual(json.loads(done.stdout)["schema"], "steelyard-digests/1")
        done = run("check", "--json", self.tmp / "none")
        self.assertEqual(json.loads(done.stdout)["schema"], "steelyard-report/1")

    def test_only_for_programs(self):
        for words in (["verify", self.model, "--key", P256], ["check"],
                      ["hash", "-a", "md4", "--", "--json"]):
            done = run(*words)
            self.assertEqual((done.returncode, done.stdout), (4, b""))

    def test_every_word_is_explained(self):
        text = (SOURCE / "docs/report.md").read_text()
        words = WORD.findall((SOURCE / "verifier/base/failure.def").read_text())
        self.assertGreater(len(words), 10)
        self.assertEqual(words, sorted(set(words)))
        for word in words:
            self.assertIn(f"| `{word}` |", text)


class Distinct(SignedCase):
    """The ways in which a signed model goes wrong, told apart by a program."""

    def reason(self, code, *args):
        done = run(*args, "--json")
        self.assertEqual(done.returncode, code, done.stderr)
        document = json.loads(done.stdout)
        if "reason" in document:
            self.assertEqual(len(document["message"].splitlines()), 1)
            return document["reason"]
        reason = document["signatures"][0].get("reason")
        self.assertTrue(reason)
        return reason

    def verify(self, content=None):
        good = self.sig.read_bytes()
        if content is not None:
            self.sig.write_bytes(content.encode() if isinstance(content, str) else content)
        word = self.reason(1, "verify", "--key", P256_PUB, self.model)
        self.sig.write_bytes(good)
        return word

    def named(self, *names):
        """A list by a key that is trusted, with other names in it: signed, and still refused."""
        def change(statement):
            resources = statement["predicate"]["resources"]
            resources[:] = [dict(resources[0], name=name) for name in names]
        return with_signed_payload(self.sig, change)

    def test_all_differ(self):
        self.sign()
        bundle = json.loads(self.sig.read_bytes())
        other = self.tmp / "other"
        self.write("other/b.txt", "b")
        self.sign(path=other)
        wrong = self.write("wrong", "another\n")
        bundle["verificationMaterial"]["publicKey"]["hint"] = "a" * (2 << 20)
        long_hint = json.dumps(bundle)
        bundle = json.loads(self.sig.read_bytes())
        bundle["dsseEnvelope"]["signatures"] *= 100000
        words = {
            "another key": self.reason(1, "verify", "--key", KEYS / "accept-p384.pub", self.model),
            "wrong passphrase": self.reason(4, "sign", "--key", KEYS / "accept-p256-quick.key",
                                            "--passphrase-file", wrong, self.model),
            "private as public": self.reason(4, "verify", "--key", P256, self.model),
            "another model": self.verify((other / "model.sig").read_bytes()),
            "..": self.verify(self.named("../a")),
            "absolute": self.verify(self.named("/a")),
            "twice": self.verify(self.named("a", "a")),
            "long hint": self.verify(long_hint),
            "many signatures": self.verify(json.dumps(bundle)),
        }
        self.assertEqual(len(set(words.values())), len(words), words)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""What the tests of signed models share: keys, a small model, bundles to change."""

import base64
import hashlib
import json
import shutil
import subprocess
import unittest

import models
from harness import VECTORS, TestCase, report, run

KEYS = VECTORS / "keys"
CHAIN = VECTORS / "chain"
WORDS = "correct horse"      # of every encrypted key among the vectors
P256 = CHAIN / "signer-p256.key"
P256_PUB = CHAIN / "signer-p256.pub"
OTHER_PUB = KEYS / "accept-p256.pub"
MINISIGN = KEYS / "accept-minisign-plain.key"


def rules(document):
    return {f["rule"] for a in document["artifacts"] for f in a["findings"]}


def notices(document):
    return {n["kind"] for n in document["notices"]}


class SignedCase(TestCase):
    """A model of three files, self.model, and how to sign and judge it."""

    def setUp(self):
        super().setUp()
        self.weights = self.write("model/model.safetensors",
                                  models.safetensors({"w": models.f32(4, 4)}, {"format": "pt"}))
        self.model = self.weights.parent
        self.write("model/config.json", '{"model_type": "llama"}')
        self.write("model/deep/er/vocab.txt", "a\nb\n")
        self.sig = self.model / "model.sig"

    def sign(self, *args, key=P256, path=None, code=0):
        done = run("sign", "--key", key, *args, path or self.model)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def judge(self, code, *args, command="verify", path=None, rule=None, reason=None,
              status=None, **answers):
        """Runs, compares the exit status and what stands in the document."""
        got, document = report(command, *args, path or self.model)
        said = [f for a in document["artifacts"] for f in a["findings"]]
        self.assertEqual(got, code, (command, args, said, document["signatures"],
                                     document["answers"], document["notices"]))
        self.assertEqual(document["exit_code"], code)
        if rule:
            self.assertIn(rule, rules(document))
        rows = document["signatures"]
        if reason is not None:
            self.assertIn(reason, [row["reason"] for row in rows])
        if status:
            self.assertIn(status, [row["status"] for row in rows])
        for question, answer in answers.items():
            self.assertEqual(document["answers"][question], answer, question)
        return document

    def public(self, private):
        """The public half of a private key, as a file."""
        return self.write(private.name + ".public", run("key", "public", private).stdout)


def payload(bundle):
    """The statement in an OMS bundle."""
    envelope = json.loads(bundle.read_bytes())["dsseEnvelope"]
    return json.loads(base64.b64decode(envelope["payload"]))


def names(bundle):
    return [r["name"] for r in payload(bundle)["predicate"]["resources"]]


def with_payload(bundle, change):
    """The bundle around a statement that change(statement) has altered (unsigned then)."""
    document = json.loads(bundle.read_bytes())
    statement = payload(bundle)
    change(statement)
    text = json.dumps(statement, separators=(",", ":"))
    document["dsseEnvelope"]["payload"] = base64.b64encode(text.encode()).decode()
    return json.dumps(document)


def with_signed_payload(bundle, change, key=P256):
    """The same, with the list's digest and a signature by `key` (openssl's) over it."""
    if not shutil.which("openssl"):
        raise unittest.SkipTest("openssl's command line is not installed")

    def seal(statement):
        change(statement)
        digests = b"".join(bytes.fromhex(r["digest"])
                           for r in statement["predicate"]["resources"])
        statement["subject"][0]["digest"]["sha256"] = hashlib.sha256(digests).hexdigest()
    document = json.loads(with_payload(bundle, seal))
    envelope = document["dsseEnvelope"]
    body, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"].encode()
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body)
    done = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=message,
                          capture_output=True, check=True)
    envelope["signatures"][0]["sig"] = base64.b64encode(done.stdout).decode()
    return json.dumps(document)

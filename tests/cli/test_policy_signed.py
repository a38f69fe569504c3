# SPDX-License-Identifier: Apache-2.0
"""Signed models under a policy: who may vouch and how many, until when, what is revoked,
how old, and that no older version comes back."""

import datetime
import json
import os
import unittest

from harness import report, run
from signing import CHAIN, KEYS, MINISIGN, P256, P256_PUB, SignedCase, payload

SIGNERS = {"vendor": (P256, P256_PUB),
           "audit": (KEYS / "accept-p384.key", KEYS / "accept-p384.pub"),
           "legal": (KEYS / "accept-p521.key", KEYS / "accept-p521.pub")}


def day(days):
    return (datetime.datetime.now(datetime.timezone.utc) +
            datetime.timedelta(days=days)).strftime("%Y-%m-%d")


class PolicyCase(SignedCase):
    def policy(self, threshold=1, names=("vendor",), paths=("**",), signer=None, **members):
        signers = [{"name": n, "keys": [{"file": str(SIGNERS[n][1])}], **(signer or {})}
                   for n in names]
        document = {"schema": "steelyard-policy/1", "require": ["authentic", "intact"],
                    "signers": signers, "rules": [{"paths": list(paths), "signers": list(names),
                                                   "threshold": threshold}], **members}
        return self.write("policy.json", json.dumps(document))

    def sign_as(self, *names):
        for name in names:
            self.sign("--signature", self.model / f"model.{name}.sig", key=SIGNERS[name][0])

    def ruled(self, code, policy, *args, **kwargs):
        """verify and check agree; the document of check."""
        self.judge(code, "--policy", policy, *args, **kwargs)
        return self.judge(code, "--policy", policy, *args, command="check", **kwargs)


class Signers(PolicyCase):
    def test_one(self):
        policy = self.policy()
        self.ruled(1, policy, authentic="no", rule="signature-absent")
        self.sign_as("audit")
        self.ruled(1, policy, authentic="no", rule="signature-refused", reason="key-mismatch")
        self.sign_as("vendor")
        document = self.ruled(0, policy, authentic="yes", intact="yes", status="valid")
        self.assertIn("vendor, key ", [r["signer"] for r in document["signatures"]
                                       if r["status"] == "valid"][0][:12])
        self.write("model/config.json", "{}")
        self.ruled(1, policy, intact="no")

    def test_two_of_three(self):
        policy = self.policy(2, ["vendor", "audit", "legal"])
        self.sign_as("vendor")
        self.ruled(1, policy, authentic="no", rule="signature-threshold-missed")
        self.sign_as("legal")
        self.ruled(0, policy, authentic="yes")
        self.sign_as("audit")
        self.ruled(0, policy, authentic="yes")

    def test_one_key_counts_once(self):
        policy = self.policy(2, ["vendor", "audit"])
        for name in ("a", "b", "c"):
            self.sign("--signature", self.model / f"model.{name}.sig")
        self.ruled(1, policy, authentic="no", rule="signature-threshold-missed")

    def test_over_one_list(self):
        """Two who signed different lists do not add up."""
        policy = self.policy(2, ["vendor", "audit"])
        self.sign_as("vendor")
        self.sign("--signature", self.model / "model.audit.sig", "-a", "blake2b",
                  key=SIGNERS["audit"][0])
        self.ruled(1, policy, authentic="no", rule="signature-threshold-missed")
        self.sign_as("audit")
        self.ruled(0, policy, authentic="yes")

    def test_by_path(self):
        rule = [{"paths": ["*.json"], "signers": ["audit"], "threshold": 1},
                {"paths": ["**"], "signers": ["vendor"], "threshold": 1}]
        policy = self.policy(1, ["vendor", "audit"], rules=rule)
        self.sign_as("vendor")
        document = self.ruled(1, policy, authentic="no", rule="signature-threshold-missed")
        self.assertEqual([os.path.basename(a["path"]) for a in document["artifacts"]
                          if a["findings"]], ["config.json"])
        self.sign_as("audit")
        self.ruled(0, policy, authentic="yes")
        self.ruled(1, self.policy(paths=["*.safetensors"]), authentic="no",
                   rule="signature-threshold-missed")

    def test_by_certificate(self):
        parts = (CHAIN / "accept-p256.pem").read_text().split("-----BEGIN")[1:]
        leaf = self.write("leaf.pem", "-----BEGIN" + parts[0])
        rest = self.write("rest.pem", "".join("-----BEGIN" + part for part in parts[1:]))
        self.sign("--certificate", leaf, "--certificate-chain", rest)
        root = (CHAIN / "root.pem").read_text()
        root = root[root.index("-----BEGIN"):]
        for anchor in ({"pem": root}, {"file": str(CHAIN / "root.pem")}):
            policy = self.policy(signers=[{"name": "vendor", "certificates": [anchor]}])
            self.ruled(0, policy, authentic="yes")
        self.ruled(1, self.policy(), authentic="no", reason="signer-kind")
        # The key of a certificate is a key: revoked, and counted once.
        signers = [{"name": "vendor", "certificates": [anchor]}]
        ident = json.loads(run("key", "id", "--json", P256_PUB).stdout)["id"]
        policy = self.policy(signers=signers, revoked={"keys": [ident]})
        self.ruled(1, policy, authentic="no", reason="key-revoked")
        signers.append({"name": "audit", "keys": [{"file": str(P256_PUB)}]})
        self.sign("--signature", self.model / "model.audit.sig")
        policy = self.policy(2, ["vendor", "audit"], signers=signers)
        self.ruled(1, policy, authentic="no", rule="signature-threshold-missed")
        policy = self.policy(1, ["vendor", "audit"], signers=signers)
        self.ruled(0, policy, authentic="yes")

    def test_by_minisign(self):
        text = run("key", "public", "--minisign", MINISIGN).stdout.split()[-1].decode()
        policy = self.policy(signers=[{"name": "vendor", "keys": [{"minisign": text}]}])
        self.sign("--format", "minisign", key=MINISIGN, path=self.weights)
        self.ruled(0, policy, path=self.weights, authentic="yes", intact="yes")
        self.ruled(1, self.policy(), path=self.weights, authentic="no")

    def test_nobody(self):
        self.sign()
        policy = self.policy(signers=[], rules=[])
        self.ruled(1, policy, authentic="no")
        # Whom to trust may then be said on the command line.
        self.ruled(0, policy, "--key", P256_PUB, authentic="yes")
        done = run("verify", "--policy", self.policy(), "--key", P256_PUB, self.model)
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"loosen", done.stderr)
        for words in (["--ignore-path", "x"], ["--ignore-unsigned-files"]):
            self.assertEqual(run("verify", "--policy", self.policy(), *words,
                                 self.model).returncode, 4)

    def test_keys_that_are_none(self):
        self.sign()
        for text in ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",):
            policy = self.policy(signers=[{"name": "vendor", "keys": [{"pem": text}]}])
            done = run("verify", "--policy", policy, self.model)
            self.assertEqual((done.returncode, done.stdout), (4, b""))
            self.assertIn(b"the key pem", done.stderr)


class Times(PolicyCase):
    def test_revoked(self):
        self.sign_as("vendor")
        ident = json.loads(run("key", "id", "--json", P256_PUB).stdout)["id"]
        policy = self.policy(revoked={"keys": [ident]})
        self.ruled(1, policy, authentic="no", rule="signature-stale", reason="key-revoked",
                   status="stale")
        root = payload(self.model / "model.vendor.sig")["subject"][0]["digest"]["sha256"]
        policy = self.policy(revoked={"digests": ["sha256:" + root]})
        self.ruled(1, policy, authentic="no", rule="signature-stale", reason="digest-revoked")

    def test_one_revoked_of_two(self):
        self.sign_as("vendor", "audit")
        ident = json.loads(run("key", "id", "--json", P256_PUB).stdout)["id"]
        policy = self.policy(1, ["vendor", "audit"], revoked={"keys": [ident]})
        self.ruled(1, policy, rule="signature-stale", reason="key-revoked")

    def test_windows(self):
        self.sign_as("vendor")
        for window, code in (({"valid_from": day(-1)}, 0), ({"valid_from": day(1)}, 1),
                             ({"valid_until": day(1)}, 0), ({"valid_until": day(-1)}, 1)):
            policy = self.policy(signer=window)
            self.ruled(code, policy, authentic="no" if code else "yes",
                       reason="signer-not-valid" if code else "")

    def test_age(self):
        self.sign_as("vendor")
        self.ruled(1, self.policy(max_age_days=30), authentic="no", reason="time-unknown")
        text = run("key", "public", "--minisign", MINISIGN).stdout.split()[-1].decode()
        members = {"signers": [{"name": "vendor", "keys": [{"minisign": text}]}],
                   "max_age_days": 30}
        self.sign("--format", "minisign", key=MINISIGN, path=self.weights)
        self.ruled(0, self.policy(**members), path=self.weights, authentic="yes")
        # Somebody else's signature of 2020, as the vectors have it.
        message = self.write("old/message", (KEYS / "message").read_bytes())
        self.write("old/message.minisig", (KEYS / "accept-hashed.minisig").read_bytes())
        text = (KEYS / "accept-hashed.minisig").read_text()
        code, document = report("verify", "--policy", self.policy(
            signers=[{"name": "vendor", "keys": [{"file": str(KEYS / "accept-minisign.pub")}]}],
            max_age_days=1), message)
        self.assertEqual(code, 1, text)
        self.assertIn(document["signatures"][0]["reason"], ("signature-old", "time-unknown"))


class Rollback(PolicyCase):
    def setUp(self):
        super().setUp()
        self.state = self.tmp / "state.json"
        self.rules = self.policy(state="state.json")
        self.versions = []

    def version(self, content):
        self.write("model/config.json", content)
        self.sign_as("vendor")
        self.versions.append((content, (self.model / "model.vendor.sig").read_bytes()))

    def bring_back(self, i):
        content, signature = self.versions[i]
        self.write("model/config.json", content)
        (self.model / "model.vendor.sig").write_bytes(signature)

    def roots(self):
        document = json.loads(self.state.read_bytes())
        self.assertEqual(document["schema"], "steelyard-state/1")
        return [len(model["roots"]) for model in document["models"]]

    def test_forward_and_back(self):
        for i, content in enumerate(('{"v": 1}', '{"v": 2}', '{"v": 3}')):
            self.version(content)
            for _ in range(2):
                self.ruled(0, self.rules, authentic="yes")
                self.assertEqual(self.roots(), [i + 1])
        before = self.state.read_bytes()
        for i in (1, 0):
            self.bring_back(i)
            self.ruled(1, self.rules, authentic="no", rule="signature-stale", reason="rollback",
                       status="stale")
        self.assertEqual(self.state.read_bytes(), before)
        self.bring_back(2)
        self.ruled(0, self.rules, authentic="yes")
        self.assertEqual(self.state.read_bytes(), before)
        document = json.loads(before)["models"][0]
        self.assertEqual((document["model"], document["signer"]), ("model", "vendor"))

    def test_only_what_is_all_yes_is_remembered(self):
        self.version('{"v": 1}')
        self.write("model/added", "x")
        self.ruled(1, self.rules)
        self.assertFalse(self.state.exists())
        (self.model / "added").unlink()
        self.write("model/weights.bin", os.urandom(300))
        self.version('{"v": 1}')
        self.judge(2, "--policy", self.rules, command="check")
        self.assertFalse(self.state.exists())
        self.judge(0, "--policy", self.rules)
        self.assertTrue(self.state.exists())

    def test_without_the_question(self):
        self.version('{"v": 1}')
        self.assertEqual(report("scan", "--policy", self.rules, self.model)[0], 2)
        self.assertFalse(self.state.exists())

    def test_two_lists_at_once(self):
        """The newest beside an older one of the same signer is no rollback."""
        self.version('{"v": 1}')
        self.sign("--signature", self.model / "model.b.sig", "-a", "blake2b")
        for _ in range(3):
            self.ruled(0, self.rules, authentic="yes")
        self.assertEqual(self.roots(), [2])
        # Of two that came together the last by path counts as the newest.
        (self.model / "model.vendor.sig").unlink()
        self.ruled(1, self.rules, reason="rollback")

    def test_another_model(self):
        self.version('{"v": 1}')
        self.ruled(0, self.rules)
        self.model.rename(self.tmp / "renamed")
        self.model = self.tmp / "renamed"
        self.version('{"v": 2}')
        self.ruled(0, self.rules)
        self.assertEqual(self.roots(), [1, 1])

    def test_a_bad_state_file(self):
        self.version('{"v": 1}')
        self.ruled(0, self.rules)
        good = self.state.read_bytes()
        root = json.loads(good)["models"][0]["roots"][0]
        document = json.loads(good)
        bad = [b"", b"{}", good[:-3], good + b"x", b"[]", good.replace(b"/1", b"/2"),
               good.replace(b"sha256:", b"sha512:"), good.replace(b'"signer"', b'"singer"')]
        document["models"][0]["roots"] = []
        bad.append(json.dumps(document).encode())
        document["models"][0]["roots"] = [root, root]
        bad.append(json.dumps(document).encode())
        document["models"][0]["roots"] = [root]
        document["models"] *= 2
        bad.append(json.dumps(document).encode())
        for content in bad:
            self.state.write_bytes(content)
            for command in ("verify", "check"):
                done = run(command, "--policy", self.rules, self.model)
                self.assertEqual((done.returncode, done.stdout), (4, b""), content)
                self.assertIn(b"state file", done.stderr)
            self.assertEqual(self.state.read_bytes(), content)

    def test_where_it_may_lie(self):
        self.version('{"v": 1}')
        for path in ("model/state.json", "link/state.json", "linked.json"):
            policy = self.policy(state=path)
            link = self.tmp / "link"
            if not link.exists():
                link.symlink_to("model")
                (self.tmp / "linked.json").symlink_to("model/config.json")
            done = run("verify", "--policy", policy, self.model)
            self.assertEqual((done.returncode, done.stdout), (4, b""), path)
            self.assertIn(b"lies in what is examined", done.stderr)

    def test_where_it_cannot_be_written(self):
        self.version('{"v": 1}')
        for path in ("no/state.json", "/proc/state.json"):
            done = run("verify", "--policy", self.policy(state=path), self.model)
            self.assertEqual(done.returncode, 2, path)
            self.assertIn(b"cannot be written", done.stderr)


if __name__ == "__main__":
    unittest.main()

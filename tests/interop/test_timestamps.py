# SPDX-License-Identifier: Apache-2.0
"""Time-stamps (RFC 3161) by openssl's authority, and those of sigstore's conformance suite."""

import base64
import json
import shutil
import subprocess
import time
import unittest

import harness
from signing import CHAIN, P256_PUB, SignedCase, notices

TOOL = harness.BUILD / "tests" / "timestamp_tool"
SUITE = "oms/sigstore-conformance/test/assets/bundle-verify"
CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
default_policy = 1.2.3.4
digests = sha1, sha256, sha384, sha512
signer_digest = {signer_digest}
ordering = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[good]
extendedKeyUsage = critical, timeStamping
"""


@unittest.skipUnless(shutil.which("openssl"), "openssl's command line is not installed")
class Openssl(SignedCase):
    def setUp(self):
        super().setUp()
        self.ca = self.tmp / "ca"
        self.ca.mkdir()
        self.write("ca/serial", "01\n")
        self.configure()
        self.certify("root")
        parts = (CHAIN / "accept-p256.pem").read_text().split("-----BEGIN CERTIFICATE-----")[1:]
        leaf, issuer = (self.write(f"chain-{i}.pem", "-----BEGIN CERTIFICATE-----" + part)
                        for i, part in enumerate(parts))
        self.by_certificate = ["--certificate", leaf, "--certificate-chain", issuer]
        self.trust = ["--certificate-chain", CHAIN / "root.pem"]
        self.stamped = ["--timestamp-chain", self.ca / "root.pem"]

    def configure(self, signer_digest="sha256"):
        self.config = self.write("ca/config", CONFIG.format(folder=self.ca,
                                                            signer_digest=signer_digest))

    def openssl(self, *words, **kwargs):
        return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True,
                              cwd=self.ca, **kwargs).stdout

    def certify(self, kind, key="ec"):
        """A certificate of the kind, by the root; NAME.pem and NAME.key."""
        curve = ["-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else []
        self.openssl("req", "-config", self.config, "-newkey", key, *curve, "-nodes",
                     "-subj", f"/CN={kind}", "-keyout", f"{kind}.key", "-out", f"{kind}.csr")
        by = ["-signkey", "root.key"] if kind == "root" else \
             ["-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial"]
        self.openssl("x509", "-req", "-in", f"{kind}.csr", *by, "-days", "30", "-out",
                     f"{kind}.pem", "-extfile", self.config, "-extensions", kind)
        return kind

    def stamp(self, signature, kind="good", digest="sha256"):
        if not (self.ca / f"{kind}.pem").exists():
            self.certify(kind)
        data = self.write("ca/data", signature)
        self.openssl("ts", "-query", "-data", data, f"-{digest}", "-cert", "-out", "query")
        self.openssl("ts", "-reply", "-config", self.config, "-queryfile", "query", "-signer",
                     f"{kind}.pem", "-inkey", f"{kind}.key", "-out", "reply")
        return (self.ca / "reply").read_bytes()

    def signature(self):
        document = json.loads(self.sig.read_bytes())
        return base64.b64decode(document["dsseEnvelope"]["signatures"][0]["sig"])

    def put(self, *tokens):
        document = json.loads(self.sig.read_bytes())
        document["verificationMaterial"]["timestampVerificationData"] = {
            "rfc3161Timestamps": [{"signedTimestamp": base64.b64encode(token).decode()}
                                  for token in tokens]}
        self.sig.write_text(json.dumps(document))

    def test_certificates_at_the_time_of_the_stamp(self):
        self.sign(*self.by_certificate)
        words = [*self.trust, *self.stamped, "--certificate-time", "timestamp"]
        self.judge(1, *words, authentic="no", reason="timestamp-absent")
        self.put(self.stamp(self.signature()))
        document = self.judge(0, *words, authentic="yes", intact="yes")
        self.assertLessEqual({"signature-time", "signature-timestamp"}, notices(document))
        # Without an authority it is not looked at, and that is said.
        document = self.judge(0, *self.trust, authentic="yes")
        self.assertIn("signature-tolerance", notices(document))
        self.assertNotIn("signature-timestamp", notices(document))

    def test_a_certificate_that_had_ended(self):
        parts = (CHAIN / "accept-expired.pem").read_text().split("-----BEGIN CERT")[1:]
        leaf, issuer = (self.write(f"old-{i}.pem", "-----BEGIN CERT" + part)
                        for i, part in enumerate(parts))
        self.sign("--certificate", leaf, "--certificate-chain", issuer)
        self.put(self.stamp(self.signature()))
        self.judge(0, *self.trust, *self.stamped, authentic="yes")
        self.judge(1, *self.trust, *self.stamped, "--certificate-time", "timestamp",
                   authentic="no", reason="certificate-time")

    def test_by_key_too(self):
        self.sign()
        self.put(self.stamp(self.signature()))
        document = self.judge(0, "--key", P256_PUB, *self.stamped, authentic="yes")
        self.assertIn("signature-timestamp", notices(document))
        self.put(self.stamp(b"another signature"))
        self.judge(1, "--key", P256_PUB, *self.stamped, authentic="no",
                   reason="timestamp-mismatch")

    def test_refusals(self):
        self.sign()
        good = self.stamp(self.signature())
        for token, reason in (
                (good + b"\0", "timestamp-invalid"), (good[:-1], "timestamp-invalid"),
                (b"\x30\0", "timestamp-invalid"),
                (self.stamp(b"x"), "timestamp-mismatch"),
                (self.stamp(self.signature(), digest="sha1"), "timestamp-invalid"),
                (self.stamp(self.signature(), self.certify("good", "rsa:1024")),
                 "timestamp-untrusted")):
            self.put(token)
            self.judge(1, "--key", P256_PUB, *self.stamped, authentic="no", reason=reason)
            # One that holds beside it does not help.
            self.put(good, token)
            self.judge(1, "--key", P256_PUB, *self.stamped, authentic="no", reason=reason)
        self.configure("sha1")
        self.put(self.stamp(self.signature(), self.certify("good")))
        self.judge(1, "--key", P256_PUB, *self.stamped, authentic="no",
                   reason="timestamp-invalid")

    def test_an_authority_that_nobody_named(self):
        self.sign()
        self.put(self.stamp(self.signature()))
        self.judge(1, "--key", P256_PUB, "--timestamp-chain", CHAIN / "root.pem",
                   authentic="no", reason="timestamp-untrusted")

    def test_words(self):
        self.sign(*self.by_certificate)
        for words in (["--certificate-time", "timestamp"],
                      ["--timestamp-chain", self.tmp / "none"],
                      ["--timestamp-chain", self.ca / "root.key"]):
            self.assertEqual(harness.run("verify", *self.trust, *words, self.model).returncode, 4)

    def test_the_age_of_a_signature_by_key(self):
        def policy(**members):
            return ["--policy", self.write("policy.json", json.dumps({
                "schema": "steelyard-policy/1", "require": ["authentic"], "max_age_days": 7,
                "signers": [{"name": "us", "keys": [{"file": str(P256_PUB)}]}],
                "rules": [{"paths": ["**"], "signers": ["us"]}], **members}))]
        self.sign()
        self.put(self.stamp(self.signature()))
        self.judge(1, *policy(), authentic="no", reason="time-unknown")
        named = {"timestamp_authorities": [{"file": str(self.ca / "root.pem")}]}
        self.judge(0, *policy(**named), authentic="yes")
        self.judge(0, *policy(**named), "--certificate-time", "timestamp", authentic="yes")
        other = {"timestamp_authorities": [{"file": str(CHAIN / "root.pem")}]}
        self.judge(1, *policy(**other), authentic="no", reason="timestamp-untrusted")
        # Whoever runs the program names nobody whom the policy's keeper did not.
        done = harness.run("verify", *policy(), *self.stamped, self.model)
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"would loosen the policy", done.stderr)

    def test_every_bit(self):
        token = self.write("token", self.stamp(b"the signature"))
        data = self.write("data", b"the signature")
        words = [TOOL, self.ca / "root.pem", token, data]
        at = int(subprocess.run(words, capture_output=True, check=True).stdout)
        self.assertLess(abs(at - time.time()), 3600)
        done = subprocess.run([*words, "flip"], capture_output=True, check=True, text=True)
        n, refused, same, other = map(int, done.stdout.split())
        self.assertEqual((n, refused + same, other), (8 * token.stat().st_size, n, 0))
        # What is left are the parts that nobody signs, such as texts beside the token.
        self.assertGreater(refused / n, 0.95)


def pem(certificate):
    return "-----BEGIN CERTIFICATE-----\n" + certificate + "\n-----END CERTIFICATE-----\n"


# Of the suite, those whose time-stamp itself is what is wrong.
REFUSED = {
    "rekor2-timestamp-outside-tsa-cert-validity_fail": "timestamp-untrusted",
    "rekor2-timestamp-payload-mismatch_fail": "timestamp-mismatch",
    "rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail": "timestamp-untrusted",
    "rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail": "timestamp-invalid",
}


class Conformance(harness.TestCase):
    def said(self, case):
        bundle = json.loads((case / "bundle.sigstore.json").read_text())
        root = json.loads((case / "trusted_root.json").read_text())
        tokens = bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
        signature = bundle["messageSignature"]["signature"] if "messageSignature" in bundle \
            else bundle["dsseEnvelope"]["signatures"][0]["sig"]
        chains = [c["rawBytes"] for a in root["timestampAuthorities"]
                  for c in a["certChain"]["certificates"]]
        authorities = self.write("authorities.pem", "".join(map(pem, chains)))
        data = self.write("signature", base64.b64decode(signature))
        token = self.write("token", base64.b64decode(tokens[0]["signedTimestamp"]))
        return subprocess.run([TOOL, authorities, token, data], capture_output=True, check=True,
                              text=True).stdout.strip()

    def test_suite(self):
        cases = 0
        for case in sorted(harness.corpus(SUITE).iterdir()):
            try:
                said = self.said(case)
            except (KeyError, IndexError, OSError, ValueError, TypeError):
                continue       # no time-stamp, or no authority of its own
            cases += 1
            with self.subTest(case.name):
                if case.name in REFUSED:
                    self.assertEqual(said, REFUSED[case.name])
                else:
                    self.assertTrue(said.isdecimal(), said)
        self.assertGreater(cases, 25)
        harness.count_corpus("oms", cases)


if __name__ == "__main__":
    unittest.main()

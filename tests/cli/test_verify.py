# SPDX-License-Identifier: Apache-2.0
"""verify, and check of signed models: every row of the table of situations about
signatures, each refusal with its reason."""

import hashlib
import json
import os
import shutil
import subprocess
import unittest

import models
from harness import PROGRAM, environment, report, run
from signing import (CHAIN, KEYS, MINISIGN, OTHER_PUB, P256, P256_PUB, SignedCase, notices, payload,
                     rules, with_payload)

DOCUMENT = {"file", "kind", "signer", "algorithm", "status", "reason"}


class Trusted(SignedCase):
    def test_by_key(self):
        self.sign()
        for command in ("verify", "check"):
            document = self.judge(0, "--key", P256_PUB, command=command, authentic="yes",
                                  intact="yes", status="valid", reason="")
            self.assertEqual(rules(document) - {"tensor-name-unknown"}, set())
            row = document["signatures"][0]
            self.assertEqual(set(row), DOCUMENT)
            self.assertEqual((row["file"], row["kind"], row["algorithm"]),
                             (str(self.sig), "oms", "ecdsa-p256"))
            self.assertTrue(row["signer"].startswith("key "))

    def test_check_is_verify_and_scan(self):
        self.sign()
        for args in ([], ["--key", P256_PUB], ["--key", OTHER_PUB]):
            check = report("check", *args, self.model)[1]
            scan = report("scan", self.model)[1]
            for question in ("well_formed", "inert"):
                self.assertEqual(check["answers"][question], scan["answers"][question])
            if args:
                verify = report("verify", *args, self.model)[1]
                self.assertEqual(check["signatures"], verify["signatures"])
                self.assertEqual(check["answers"]["authentic"], verify["answers"]["authentic"])
        self.write("model/evil.pkl", models.pickled_call(b"os", b"system", b"true"))
        self.sign()
        document = self.judge(1, "--key", P256_PUB, command="check", authentic="yes",
                              intact="yes", inert="no")
        self.assertIn("pickle-import-dangerous", rules(document))
        self.judge(0, "--key", P256_PUB, authentic="yes", inert="not-asked")

    def test_by_certificate(self):
        leaf, issuer = self.split_chain("accept-p256.pem")
        self.sign("--certificate", leaf, "--certificate-chain", issuer)
        root = CHAIN / "root.pem"
        document = self.judge(0, "--certificate-chain", root, authentic="yes", intact="yes",
                              status="valid")
        self.assertIn("signature-time", notices(document))
        self.assertIn("CN", document["signatures"][0]["signer"])
        self.judge(1, "--key", P256_PUB, authentic="no", reason="signer-kind")
        self.judge(1, "--certificate-chain", self.stranger(), authentic="no",
                   reason="certificate-untrusted")
        self.judge(0, command="check", authentic="not-asked", status="untrusted")

    def test_certificate_time(self):
        leaf, issuer = self.split_chain("accept-expired.pem")
        self.sign("--certificate", leaf, "--certificate-chain", issuer)
        root = ["--certificate-chain", CHAIN / "root.pem"]
        self.judge(0, *root, authentic="yes")
        self.judge(1, *root, "--certificate-time", "now", authentic="no",
                   reason="certificate-time")

    def split_chain(self, name):
        """The signer's certificate and the others, as two files."""
        parts = (CHAIN / name).read_text().split("-----BEGIN CERTIFICATE-----")[1:]
        parts = ["-----BEGIN CERTIFICATE-----" + part for part in parts]
        return self.write("leaf.pem", parts[0]), self.write("issuer.pem", "".join(parts[1:]))

    def stranger(self):
        """A root that nobody here belongs to."""
        text = (CHAIN / "reject-certificate-untrusted.self-signed.pem").read_text()
        return self.write("stranger.pem", text)

    def test_many_keys(self):
        self.sign()
        self.judge(0, "--key", OTHER_PUB, "--key", P256_PUB, "--key", KEYS / "accept-ed25519.pub",
                   authentic="yes")

    def test_every_spelling(self):
        self.sign("--signature", self.tmp / "elsewhere.sig")
        sig = self.tmp / "elsewhere.sig"
        for words in (["--signature", sig, "--key", P256_PUB],
                      ["--bundle", sig, "--public-key", P256_PUB],
                      ["--signature", sig, "--public_key", P256_PUB]):
            done = run("verify", *words, self.model)
            self.assertEqual(done.returncode, 0, (words, done.stderr))

    def test_outside_the_model(self):
        sig = self.tmp / "m.sig"
        self.sign("--signature", sig)
        self.judge(1, "--key", P256_PUB, rule="signature-absent")
        self.judge(0, "--key", P256_PUB, "--signature", sig, authentic="yes", intact="yes")
        self.judge(0, "--signature", sig, command="check", authentic="not-asked",
                   status="untrusted")
        for where in (".", "model/deep"):
            done = run("verify", "--key", P256_PUB, "--signature", sig, ".",
                       cwd=self.model)
            self.assertEqual(done.returncode, 0, where)
        # A link to the model is followed, since it was named.
        (self.tmp / "link").symlink_to(self.model)
        self.judge(0, "--key", P256_PUB, "--signature", sig, path=self.tmp / "link")

    def test_a_single_file(self):
        self.sign(path=self.weights)
        beside = self.weights.with_name(self.weights.name + ".sig")
        self.assertTrue(beside.exists())
        self.judge(0, "--key", P256_PUB, path=self.weights, authentic="yes", intact="yes")
        self.weights.write_bytes(self.weights.read_bytes()[:-1] + b"\1")
        self.judge(1, "--key", P256_PUB, path=self.weights, intact="no",
                   rule="signature-digest-mismatch")

    def test_files_of_a_directory_that_are_signed_one_by_one(self):
        minisign = self.public(MINISIGN)
        second = self.write("model/second.safetensors", self.weights.read_bytes())
        shutil.rmtree(self.model / "deep")
        (self.model / "config.json").unlink()
        self.sign("--format", "minisign", key=MINISIGN, path=self.weights)
        keys = ["--key", minisign, "--key", P256_PUB]
        for command in ("verify", "check"):
            document = self.judge(1, *keys, command=command, authentic="no", intact="yes",
                                  rule="signature-file-unlisted")
            self.assertEqual([a["path"] for a in document["artifacts"] if a["findings"]
                              and a["findings"][0]["rule"] == "signature-file-unlisted"],
                             [str(second)])
            self.judge(0, *keys, "--ignore-path", second, command=command)
        self.sign(path=second)
        for command in ("verify", "check"):
            document = self.judge(0, *keys, command=command, authentic="yes", intact="yes")
            self.assertEqual(sorted(r["kind"] for r in document["signatures"]),
                             ["minisign", "oms"])
        self.judge(1, "--key", minisign, authentic="no", reason="key-mismatch")

    def test_minisign_and_signify_beside_a_file(self):
        message = self.write("message", (KEYS / "message").read_bytes())
        for name, sig, public in (("minisig", "accept-hashed.minisig", "accept-minisign.pub"),
                                  ("minisig", "accept-legacy.minisig", "accept-minisign.pub"),
                                  ("sig", "accept-signify.sig", "accept-signify.pub")):
            with self.subTest(sig):
                path = self.write("message." + name, (KEYS / sig).read_bytes())
                document = self.judge(0, "--key", KEYS / public, path=message, authentic="yes",
                                      intact="yes", status="valid")
                self.assertEqual(document["signatures"][0]["algorithm"], "ed25519")
                self.judge(1, "--key", KEYS / "accept-ed25519.pub", path=message, authentic="no",
                           status="refused")
                self.judge(1, "--key", P256_PUB, path=message, reason="key-mismatch")
                message.write_bytes(b"another message\n")
                self.judge(1, "--key", KEYS / public, path=message, authentic="no",
                           reason="signature-invalid")
                message.write_bytes((KEYS / "message").read_bytes())
                path.unlink()

    def test_the_trusted_comment(self):
        message = self.write("message", (KEYS / "message").read_bytes())
        text = (KEYS / "accept-hashed.minisig").read_bytes()
        self.write("message.minisig", text)
        document = self.judge(0, "--key", KEYS / "accept-minisign.pub", path=message)
        comment = text.split(b"\n")[2][len(b"trusted comment: "):].decode()
        self.assertIn(comment.split("\t")[0], document["signatures"][0]["signer"])
        self.write("message.minisig", text.replace(b"trusted comment: ", b"trusted comment: x"))
        self.judge(1, "--key", KEYS / "accept-minisign.pub", path=message,
                   reason="comment-invalid")


class Situations(SignedCase):
    """The rows of DESIGN's table."""

    def test_absent(self):
        for command in ("verify", "check"):
            document = self.judge(1, "--key", P256_PUB, command=command, authentic="no",
                                  rule="signature-absent")
            self.assertEqual(document["signatures"], [])
            self.judge(1, "--key", P256_PUB, path=self.weights, command=command, authentic="no",
                       rule="signature-absent")
            self.judge(1, "--certificate-chain", CHAIN / "root.pem", command=command,
                       rule="signature-absent")
        self.judge(0, command="check", authentic="not-asked", intact="not-asked")

    def test_absent_where_nothing_counts(self):
        self.write("papers/README.md", models.README)
        for command in ("verify", "check"):
            self.judge(1, "--key", P256_PUB, path=self.tmp / "papers", command=command,
                       rule="signature-absent")

    def test_absent_of_one_of_two(self):
        self.write("other/model.safetensors", self.weights.read_bytes())
        self.sign()
        got, document = report("check", "--key", P256_PUB, self.model, self.tmp / "other")
        self.assertEqual(got, 1)
        self.assertIn("signature-absent", rules(document))

    def test_by_someone_else(self):
        self.sign()
        for command in ("verify", "check"):
            document = self.judge(1, "--key", OTHER_PUB, command=command, authentic="no",
                                  rule="signature-refused", reason="key-mismatch",
                                  status="refused")
            self.assertEqual(document["answers"]["intact"], "not-asked")

    def test_refused(self):
        self.sign()
        self.sig.write_bytes(self.sig.read_bytes()[:-2])
        for command in ("verify", "check"):
            self.judge(1, "--key", P256_PUB, command=command, authentic="no",
                       rule="signature-refused", status="refused")
        # Malformed is malformed, whoever is trusted.
        self.judge(1, command="check", rule="signature-refused")

    def test_without_trust(self):
        self.sign()
        document = self.judge(0, command="check", authentic="not-asked", intact="not-asked",
                              status="untrusted")
        self.assertIn("signature-untrusted", notices(document))
        self.assertIn("key ", document["signatures"][0]["signer"])
        text = run("check", self.model).stdout.decode()
        self.assertIn("Signed, by nobody that you said you trust.", text)
        self.assertIn("compared with a list that nobody you trust signed", text)
        self.write("model/config.json", '{"model_type": "gemma"}')
        self.judge(1, command="check", intact="no", rule="signature-digest-mismatch")

    def test_unknown_kind(self):
        self.sig.write_bytes(b"-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n")
        document = self.judge(0, command="check", authentic="not-asked", status="unchecked",
                              reason="signature-kind-unknown")
        self.assertIn("signature-unchecked", notices(document))
        for command in ("verify", "check"):
            self.judge(2, "--key", P256_PUB, command=command, authentic="undetermined",
                       rule="signature-unchecked")

    def test_a_signature_that_cannot_be_read_is_none(self):
        self.sig.symlink_to("nowhere")
        self.judge(1, "--key", P256_PUB, rule="signature-absent")

    def test_trust_is_needed(self):
        done = run("verify", self.model)
        self.assertEqual((done.returncode, done.stdout), (4, b""))
        self.assertIn(b"whom to trust", done.stderr)

    def test_what_is_named_must_be_there(self):
        self.sign()
        for words in (["--key", self.tmp / "no.pub"], ["--signature", self.tmp / "no.sig"],
                      ["--certificate-chain", self.tmp / "no.pem"]):
            done = run("check", *words, self.model)
            self.assertEqual((done.returncode, done.stdout), (4, b""), words)
            self.assertIn(b"there is no ", done.stderr)
        self.judge(2, "--key", P256_PUB, path=self.tmp / "nothing", authentic="undetermined",
                   rule="file-unreadable")

    def test_keys_that_are_none(self):
        self.sign()
        for key, says in ((P256, b"this is a private key"),
                          (KEYS / "accept-p256-scrypt.key", b"private key"),
                          (MINISIGN, b"private key"),
                          (KEYS / "message", b"key"),
                          (CHAIN / "root.pem", b"certificate"),
                          (KEYS / "reject-small-order.pub", b"order")):
            done = run("verify", "--key", key, self.model)
            self.assertEqual((done.returncode, done.stdout), (4, b""), key)
            self.assertIn(says, done.stderr, key)
        done = run("verify", "--certificate-chain", P256, self.model)
        self.assertEqual((done.returncode, done.stdout), (4, b""))

    def test_missing_extra_renamed(self):
        self.sign()
        trust = ["--key", P256_PUB]
        vocab = self.model / "deep/er/vocab.txt"
        extra = self.write("model/deep/extra.txt", "x")
        document = self.judge(1, *trust, authentic="no", intact="yes",
                              rule="signature-file-unlisted")
        self.assertEqual([a["path"] for a in document["artifacts"] if a["findings"]], [str(extra)])
        extra.unlink()
        vocab.rename(vocab.with_name("words.txt"))
        document = self.judge(1, *trust, intact="no", rule="signature-file-missing")
        self.assertIn("signature-file-unlisted", rules(document))
        vocab.with_name("words.txt").rename(vocab)
        self.judge(0, *trust)
        content = vocab.read_bytes()
        for changed in (b"", content + b"\n", content[:-1], b"A" + content[1:]):
            vocab.write_bytes(changed)
            self.judge(1, *trust, intact="no", rule="signature-digest-mismatch")
        vocab.unlink()
        os.mkdir(vocab)
        self.judge(1, *trust, intact="no", rule="signature-file-missing")

    def test_names_differ_by_bytes(self):
        """A case, a trailing blank, another normal form are other names."""
        odd = self.write("model/h\u00e9.txt", "x")
        self.sign()
        for name in ("he\u0301.txt", "H\u00e9.txt", "h\u00e9.txt "):
            other = odd.with_name(name)
            odd.rename(other)
            self.judge(1, "--key", P256_PUB, rule="signature-file-missing")
            other.rename(odd)
        self.judge(0, "--key", P256_PUB)

    def test_unsigned_that_is_allowed(self):
        self.sign()
        extra = self.write("model/notes/extra.txt", "x")
        trust = ["--key", P256_PUB]
        for words in (["--ignore-path", extra], ["--ignore-path", extra.parent],
                      ["--ignore-path", f"{extra.parent}/"], ["--ignore-unsigned-files"]):
            document = self.judge(0, *trust, *words, authentic="yes")
            self.assertIn("signature-extra-allowed", notices(document))
        self.judge(1, *trust, "--ignore-path", self.model / "note")
        # It says nothing about what is signed.
        self.write("model/config.json", "{}")
        for words in (["--ignore-path", self.model / "config.json"], ["--ignore-unsigned-files"]):
            self.judge(1, *trust, *words, intact="no", rule="signature-digest-mismatch")

    def test_links(self):
        vocab = self.model / "deep/er/vocab.txt"
        self.sign()
        other = self.write("model/copy.txt", vocab.read_bytes())
        self.sign()
        other.unlink()
        other.symlink_to("deep/er/vocab.txt")
        self.judge(1, "--key", P256_PUB, intact="no", rule="signature-link-found")
        self.sign("--allow-symlinks")
        self.judge(0, "--key", P256_PUB, intact="yes")
        self.write("outside.txt", vocab.read_bytes())
        other.unlink()
        other.symlink_to(self.tmp / "outside.txt")
        self.judge(2, "--key", P256_PUB, intact="undetermined")
        other.unlink()
        other.symlink_to("nothing")
        self.judge(2, "--key", P256_PUB, intact="undetermined")

    def test_unreadable_files(self):
        self.sign()
        for path in [self.tmp, *self.tmp.rglob("*")]:
            path.chmod(0o755)
        vocab = self.model / "deep/er/vocab.txt"
        for path in (vocab, vocab.parent, self.sig):
            path.chmod(0)
            # For root a mode means nothing: a process without that power then.
            words = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"]
            words = words if os.geteuid() == 0 else []
            done = subprocess.run([*words, PROGRAM, "verify", "--json", "--key", P256_PUB,
                                   self.model], capture_output=True, env=environment(),
                                  check=False)
            path.chmod(0o755)
            document = json.loads(done.stdout)
            if path == vocab.parent:
                # What is listed in it is missing, as far as anybody can see.
                self.assertEqual(done.returncode, 1, document)
                continue
            self.assertEqual(done.returncode, 2, document)
            wanted = {vocab: "signature-file-unreadable", self.sig: "signature-unchecked"}
            self.assertIn(wanted[path], rules(document))
        self.judge(0, "--key", P256_PUB)

    def test_what_the_signer_left_out_is_shown(self):
        self.write("model/draft/notes.txt", "x")
        self.sign("--ignore-path", self.model / "draft")
        document = self.judge(0, "--key", P256_PUB)
        text = [n["detail"] for n in document["notices"] if n["kind"] == "signature-leaves-out"]
        self.assertIn("'draft'", text[0])
        self.assertTrue(text[0].endswith("not protected: 1"), text)

    def test_excluded_files_are_listed(self):
        self.sign()
        self.write("model/config.json", "{}")
        document = self.judge(0, "--key", P256_PUB, "--exclude", "config.json",
                              command="check", authentic="yes")
        self.assertEqual([a["path"] for a in document["artifacts"] if a["scope"] == "excluded"],
                         [str(self.model / "config.json")])


class Several(SignedCase):
    def test_several_signers(self):
        other = KEYS / "accept-p384.key"
        self.sign("--signature", self.model / "model.vendor.sig")
        self.sign("--signature", self.model / "model.audit.sig", key=other)
        document = self.judge(0, "--key", P256_PUB, "--key", KEYS / "accept-p384.pub",
                              authentic="yes")
        self.assertEqual([r["status"] for r in document["signatures"]], ["valid", "valid"])
        document = self.judge(0, "--key", P256_PUB, authentic="yes")
        self.assertIn("signature-by-others", notices(document))
        self.judge(1, "--key", OTHER_PUB, authentic="no")
        # Each list is compared.
        (self.model / "model.audit.sig").unlink()
        self.write("model/late.txt", "x")
        self.sign("--signature", self.model / "model.audit.sig", key=other)
        self.judge(1, "--key", P256_PUB, "--key", KEYS / "accept-p384.pub", authentic="no",
                   rule="signature-file-unlisted")

    def test_several_signatures_named(self):
        a, b = self.tmp / "a.sig", self.tmp / "b.sig"
        self.sign("--signature", a)
        self.sign("--signature", b, key=KEYS / "accept-p384.key")
        keys = ["--key", P256_PUB, "--key", KEYS / "accept-p384.pub"]
        document = self.judge(0, *keys, "--signature", a, "--signature", b)
        self.assertEqual(len(document["signatures"]), 2)
        b.write_bytes(b.read_bytes()[:-5])
        self.judge(1, *keys, "--signature", a, "--signature", b, reason="bundle-json-invalid")

    def test_too_many(self):
        """A bundle of one file calls it '.', so copies of both belong together."""
        self.sign(path=self.weights)
        sig = self.weights.with_name("model.safetensors.sig").read_bytes()
        many = self.tmp / "many"
        for i in range(40):
            self.write(f"many/{i:02}.safetensors", self.weights.read_bytes())
            self.write(f"many/{i:02}.safetensors.sig", sig)
        for command in ("verify", "check"):
            document = self.judge(2, "--key", P256_PUB, path=many, command=command,
                                  rule="signature-unchecked", authentic="undetermined")
            self.assertEqual(len(document["signatures"]), 32)
        document = self.judge(0, command="check", path=many, authentic="not-asked")
        self.assertIn("signature-unchecked", notices(document))
        for i in range(32, 40):
            (many / f"{i:02}.safetensors").unlink()
            (many / f"{i:02}.safetensors.sig").unlink()
        self.judge(0, "--key", P256_PUB, path=many, command="check", authentic="yes")
        words = [w for i in range(32) for w in ("--signature", many / f"{i:02}.safetensors.sig")]
        done = run("verify", "--key", P256_PUB, *words, *words[:2], many)
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"more than 32 signatures", done.stderr)

    def test_a_named_signature_is_about_one_path(self):
        self.sign()
        done = run("check", "--key", P256_PUB, "--signature", self.sig, self.model,
                   self.tmp)
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"one PATH", done.stderr)


class Refused(SignedCase):
    """Bundles that somebody bent: each has a reason of its own."""

    def refused(self, content, reason, trust=True):
        self.sig.write_bytes(content.encode() if isinstance(content, str) else content)
        words = ["--key", P256_PUB] if trust else []
        document = self.judge(1, *words, command="check", authentic="no",
                              rule="signature-refused", reason=reason, status="refused")
        done = run("check", *words, self.model)
        self.assertIn(f"({reason})".encode(), done.stdout.replace(b"\n", b" "))
        return document

    def test_bundle_of_another_model(self):
        self.write("other/a.txt", "a")
        self.sign(path=self.tmp / "other")
        shutil.copy(self.tmp / "other/model.sig", self.sig)
        self.judge(1, "--key", P256_PUB, intact="no", rule="signature-file-missing")

    def test_names(self):
        self.sign()
        good = payload(self.sig)["predicate"]["resources"]
        for bad, why in (("../a", "climbing"), ("/etc/passwd", "absolute"), ("a/../b", "climbing"),
                         ("a//b", "invalid"), ("./a", "invalid"), ("a/", "invalid"),
                         ("..", "climbing"), ("a\\b\0", "invalid"), ("", "invalid")):
            def change(statement, bad=bad):
                statement["predicate"]["resources"][0]["name"] = bad
            # Unsigned after the change: whoever trusts nobody sees what is wrong in it.
            text = with_payload(self.sig, change)
            keep = self.sig.read_bytes()
            self.refused(text, "signature-invalid")
            self.refused(text, f"resource-name-{why}", trust=False)
            self.sig.write_bytes(keep)

        def twice(statement):
            resources = statement["predicate"]["resources"]
            resources.insert(0, good[0])
            joined = b"".join(bytes.fromhex(r["digest"]) for r in resources)
            statement["subject"][0]["digest"]["sha256"] = hashlib.sha256(joined).hexdigest()
        text = with_payload(self.sig, twice)
        self.refused(text, "signature-invalid")
        self.refused(text, "resource-duplicate", trust=False)

    def test_a_long_hint(self):
        self.sign()
        document = json.loads(self.sig.read_bytes())
        for n, reason in ((2 << 20, "bundle-hint-long"), (5000, "bundle-hint-long")):
            document["verificationMaterial"]["publicKey"]["hint"] = "a" * n
            self.refused(json.dumps(document), reason)

    def test_many_signatures(self):
        self.sign()
        document = json.loads(self.sig.read_bytes())
        signatures = document["dsseEnvelope"]["signatures"]
        for n in (0, 2, 100000):
            document["dsseEnvelope"]["signatures"] = signatures * n
            self.refused(json.dumps(document), "bundle-signature-count")

    def test_too_large(self):
        self.sign()
        text = self.sig.read_bytes()
        self.sig.write_bytes(text + b" " * (65 << 20))
        got, document = report("check", "--key", P256_PUB, self.model)
        self.assertIn(got, (1, 2))
        self.assertNotEqual(document["answers"]["authentic"], "yes")
        self.sig.write_bytes(text)
        got, document = report("check", "--key", P256_PUB, "--limit", "bundle-bytes=100",
                               self.model)
        self.assertEqual(got, 2)
        self.assertEqual(document["signatures"][0]["reason"], "signature-unreadable")

    def test_not_json_and_other_json(self):
        for content, reason in (("{", "bundle-json-invalid"), ("{}", "bundle-field"),
                                ('{"mediaType": 1}', "bundle-field"),
                                ("{} {}", "bundle-json-invalid")):
            self.sig.write_text(content)
            got, document = report("check", "--key", P256_PUB, self.model)
            self.assertEqual(got, 1, content)
            self.assertTrue(document["signatures"][0]["reason"].startswith("bundle-"), content)

    def test_minisign_for_a_directory(self):
        self.sig.write_bytes((KEYS / "accept-hashed.minisig").read_bytes())
        self.refused(self.sig.read_bytes(), "signature-for-file")

    def test_malformed_minisign(self):
        message = self.write("message", (KEYS / "message").read_bytes())
        good = (KEYS / "accept-hashed.minisig").read_bytes()
        for bad in (good[:-1], good + b"\n", good.replace(b"=", b"", 1), b"untrusted comment: x\n"):
            self.write("message.minisig", bad)
            self.judge(1, "--key", KEYS / "accept-minisign.pub", path=message,
                       reason="signature-malformed")


if __name__ == "__main__":
    unittest.main()

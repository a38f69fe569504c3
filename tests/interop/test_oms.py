# SPDX-License-Identifier: Apache-2.0
"""OpenSSF Model Signing beside its conformance suite and other people's signatures.

The suite drives a client through a small adapter: here that is a few lines which turn
its flags into ours.  Sigstore keyless cases need the network and are left out, but for
those that must be refused.
"""

import base64
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import unittest

import harness
from harness import TestCase

def suite():
    return harness.corpus("oms") / "model-signing-conformance" / "test"


def said(done):
    return (done.stdout + done.stderr).decode(errors="replace")


def sign(model, bundle, flags):
    """sign-model of the adapter."""
    words = ["sign", "--key", flags["private_key"], "--signature", bundle]
    if "signing_cert" in flags:
        words += ["--certificate", flags["signing_cert"]]
    for path in flags.get("cert_chain", []):
        words += ["--certificate-chain", path]
    for path in flags.get("ignore_paths", []):
        words += ["--ignore-paths", path]
    return harness.run(*words, model)


def verify(model, bundle, flags):
    """verify-model of the adapter."""
    words = ["verify", "--signature", bundle]
    if "public_key" in flags:
        words += ["--key", flags["public_key"]]
    for path in flags.get("cert_chain", []):
        words += ["--certificate-chain", path]
    for path in flags.get("ignore_paths", []):
        words += ["--ignore-paths", path]
    if flags.get("ignore_unsigned_files"):
        words.append("--ignore-unsigned-files")
    return harness.run(*words, model)


def resolve(flags, model):
    """Keys lie among the suite's assets, ignored paths in the model."""
    assets = suite() / "assets"
    out = dict(flags)
    for name in ("private_key", "signing_cert", "public_key"):
        if name in flags:
            out[name] = assets / flags[name]
    out["cert_chain"] = [assets / p for p in flags.get("cert_chain", [])]
    out["ignore_paths"] = [model / p for p in flags.get("ignore_paths", [])]
    return out


def payload(bundle):
    envelope = json.loads(bundle.read_bytes())["dsseEnvelope"]
    return json.loads(base64.b64decode(envelope["payload"]))


def signed_names(bundle):
    return [r["name"] for r in payload(bundle)["predicate"]["resources"]]


class Conformance(TestCase):
    """Every case of the suite that needs no network."""

    def model(self, config, folder):
        below = folder if config.get("model_relative_to") == "test_dir" else suite() / "assets"
        model = self.tmp / "model-under-test"
        source = below / config["model"]
        if source.is_file():
            return shutil.copy(source, self.tmp / source.name)
        shutil.rmtree(model, ignore_errors=True)
        shutil.copytree(source, model, symlinks=True)
        changes = config.get("model_modifications", {})
        for name, text in {**changes.get("tamper", {}), **changes.get("inject", {})}.items():
            (model / name).write_text(text)
        for name in changes.get("delete", []):
            (model / name).unlink()
        for name, target in changes.get("symlinks", {}).items():
            os.symlink(target, model / name)
        return model

    def cases(self, kind):
        for path in sorted((suite() / "test-cases" / kind).rglob("config.json")):
            config = json.loads(path.read_text())
            is_offline = config["method"] != "sigstore" or config.get("expect") == "fail"
            if not config.get("requires_ci") and is_offline:
                yield path.parent, config

    def judge(self, folder, config, done):
        want = 0 if config.get("expect") != "fail" else None
        if want == 0:
            self.assertEqual(done.returncode, 0, said(done))
        else:
            self.assertIn(done.returncode, (1, 2, 4), said(done))

    def test_verify(self):
        n = 0
        for folder, config in self.cases("verify"):
            with self.subTest(folder.name):
                model = self.model(config, folder)
                flags = resolve(config["verify"], model)
                if config["method"] == "sigstore":
                    # Nobody keyless is trusted by anything that we take yet.
                    flags["public_key"] = suite() / "assets/keys/certificate/signing-key-pub.pem"
                self.judge(folder, config, verify(model, folder / "bundle.sig", flags))
                n += 1
        print(f"  conformance: {n} verify cases")
        self.assertGreaterEqual(n, 36)

    def test_roundtrip(self):
        n = 0
        for folder, config in self.cases("roundtrip"):
            with self.subTest(folder.name):
                model = self.model(config, folder)
                self.roundtrip(folder, config, model)
                n += 1
        print(f"  conformance: {n} roundtrip cases")
        self.assertGreaterEqual(n, 23)

    def roundtrip(self, folder, config, model):
        bundle = model / "model.sig" if config.get("sig_inside_model") else self.tmp / "b.sig"
        bundle.unlink(missing_ok=True)
        flags = resolve(config["sign"], model)
        flags["ignore_paths"] = resolve(config["verify"], model)["ignore_paths"]
        done = sign(model, bundle, flags)
        if config.get("expect") == "fail":
            self.assertNotEqual(done.returncode, 0)
            self.assertFalse(bundle.exists())
            return
        self.assertEqual(done.returncode, 0, said(done))
        names = signed_names(bundle)
        self.assertEqual(names, sorted(names, key=os.fsencode))
        if "expected_signed_files" in config:
            self.assertEqual(sorted(names), sorted(config["expected_signed_files"]))
        again = self.tmp / "again.sig"
        sign(model, again, flags)
        for key in ("subject", "predicateType"):
            self.assertEqual(payload(again)[key], payload(bundle)[key])
        if config["verify"].get("ignore_unsigned_files"):
            (model / "added-later").write_text("added")
        done = verify(model, bundle, resolve(config["verify"], model))
        self.assertEqual(done.returncode, 0, said(done))


class Crafted(TestCase):
    """Bundles with recorded verdicts; `policy` rows may go either way."""

    def test_each(self):
        folder = harness.corpus("oms") / "_generated"
        rows = json.loads((folder / "index.json").read_text())
        for row in rows:
            with self.subTest(row["bundle"]):
                option = "--key" if row["method"] == "key" else "--certificate-chain"
                done = harness.run("verify", option, folder / row["trust"], "--signature",
                                   folder / row["bundle"], folder / row["model"])
                want = {"pass": [0], "fail": [1], "policy": [0, 1]}[row["recommended_for_us"]]
                self.assertIn(done.returncode, want, said(done))
        print(f"  crafted bundles: {len(rows)}")


class Historical(TestCase):
    """Signatures of every release; copies of the model that differ do not pass."""

    def test_each(self):
        n = 0
        for folder in sorted((suite() / "test-cases/verify/historical").iterdir()):
            config = json.loads((folder / "config.json").read_text())
            if config["method"] == "sigstore":
                continue
            with self.subTest(folder.name):
                model = self.copy(folder, config)
                flags = resolve(config["verify"], model)
                done = verify(model, folder / "bundle.sig", flags)
                self.assertEqual(done.returncode, 0, said(done))
                self.tampered(model, folder / "bundle.sig", flags)
            n += 1
        self.assertEqual(n, 9)

    def copy(self, folder, config):
        model = self.tmp / folder.name
        below = folder if config.get("model_relative_to") == "test_dir" else suite() / "assets"
        if (below / config["model"]).is_file():
            return pathlib.Path(shutil.copy(below / config["model"], model))
        shutil.copytree(below / config["model"], model)
        return model

    def tampered(self, model, bundle, flags):
        signed = [p for p in [model, *model.rglob("*")]
                  if p.is_file() and p not in flags["ignore_paths"]]
        file = max(signed, key=lambda p: p.stat().st_size)
        content = file.read_bytes()
        for changed in (content + b"\n", content[:-1], bytes([content[0] ^ 1]) + content[1:]):
            file.write_bytes(changed)
            self.assertEqual(verify(model, bundle, flags).returncode, 1)
        file.unlink()
        self.assertIn(verify(model, bundle, flags).returncode, (1, 2))
        file.write_bytes(content)
        if file == model:
            return
        (model / "added").write_bytes(b"")
        self.assertEqual(verify(model, bundle, flags).returncode, 1)


@unittest.skipUnless(shutil.which("openssl"), "openssl is not there")
class Rsa(TestCase):
    """The signature of an RSA key, which only others make, under a list that we wrote."""

    def setUp(self):
        super().setUp()
        self.model = self.tmp / "model"
        self.model.mkdir()
        (self.model / "weights").write_bytes(b"weights")
        self.key, self.public = self.tmp / "rsa.key", self.tmp / "rsa.pub"
        self.openssl("genrsa", "-out", self.key, "2048")
        self.openssl("rsa", "-in", self.key, "-pubout", "-out", self.public)
        ecdsa = self.tmp / "ecdsa.key"
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-out", ecdsa)
        ecdsa.chmod(0o600)
        self.ours = self.tmp / "ours.sig"
        self.assertEqual(sign(self.model, self.ours, {"private_key": ecdsa}).returncode, 0)

    def openssl(self, *words, **more):
        return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True,
                              **more).stdout

    def signed(self, *words):
        """The bundle signed anew: the same list, the RSA key's hint and signature."""
        bundle = json.loads(self.ours.read_bytes())
        envelope = bundle["dsseEnvelope"]
        content, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"].encode()
        message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(content), content)
        made = self.openssl("dgst", *words, "-sign", self.key, input=message)
        envelope["signatures"][0]["sig"] = base64.b64encode(made).decode()
        hint = hashlib.sha256(self.public.read_bytes()).hexdigest()
        bundle["verificationMaterial"]["publicKey"]["hint"] = hint
        return self.write("rsa.sig", json.dumps(bundle, separators=(",", ":")).encode())

    def judged(self, bundle, code, key=None):
        done = verify(self.model, bundle, {"public_key": key or self.public})
        self.assertEqual(done.returncode, code, said(done))
        return said(done)

    def test_verify(self):
        bundle = self.signed("-sha256")
        self.judged(bundle, 0)
        self.judged(bundle, 1, self.other())
        self.judged(self.ours, 1)
        (self.model / "weights").write_bytes(b"Weights")
        self.judged(bundle, 1)

    def other(self):
        self.openssl("genrsa", "-out", self.tmp / "other.key", "2048")
        self.openssl("rsa", "-in", self.tmp / "other.key", "-pubout", "-out",
                     self.tmp / "other.pub")
        return self.tmp / "other.pub"

    def test_other_ways(self):
        pss = ("-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32")
        for words in (("-sha512",), ("-sha1",), ("-sha256", *pss)):
            with self.subTest(words):
                self.judged(self.signed(*words), 1)

    def test_not_signed(self):
        self.key.chmod(0o600)
        done = sign(self.model, self.tmp / "x.sig", {"private_key": self.key})
        self.assertEqual(done.returncode, 4)
        self.assertIn("RSA signatures are only verified", said(done))
        self.assertFalse((self.tmp / "x.sig").exists())


if __name__ == "__main__":
    unittest.main()

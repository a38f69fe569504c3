# SPDX-License-Identifier: Apache-2.0
"""Beside model_signing of PyPI (build/venv-signing): it verifies what we sign, and we
verify what it signs; what one refuses because it was changed, the other refuses too."""

import json
import os
import subprocess
import unittest

import models
from harness import SOURCE, environment, run, slow
from signing import CHAIN, KEYS, SignedCase

PYTHON = SOURCE / "build" / "venv-signing" / "bin" / "python"
PEER = SOURCE / "tests" / "interop" / "peer_signing.py"
CURVES = ["p256", "p384", "p521"]


@slow
@unittest.skipUnless(PYTHON.is_file(), "build/venv-signing is not here (tests/run.sh makes it)")
class ModelSigning(SignedCase):
    def peer(self, *calls):
        """Calls of the API; the list of what it refused, None for what went well."""
        text = json.dumps([{k: os.fspath(v) if hasattr(v, "__fspath__") else v
                            for k, v in call.items()} for call in calls])
        done = subprocess.run([PYTHON, PEER], input=text.encode(), capture_output=True,
                              env=environment(HOME=str(self.tmp)), check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return json.loads(done.stdout)

    def ours_verifies(self, sig, *words, model=None, code=0):
        done = run("verify", "--signature", sig, *words, model or self.model)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)

    def both(self, signed, ours=(), theirs=None, model=None, key="p256"):
        """Each signs the model as told, each verifies both."""
        model = model or self.model
        private, public = KEYS / f"accept-{key}.key", KEYS / f"accept-{key}.pub"
        a, b = self.tmp / "ours.sig", self.tmp / "theirs.sig"
        call = {"model": model, **(theirs or {})}
        self.sign("--signature", a, *ours, key=private, path=model)
        said = self.peer({"do": "sign", "key": private, "signature": b, **call},
                         {"do": "verify", "key": public, "signature": a, **call},
                         {"do": "verify", "key": public, "signature": b, **call})
        self.assertEqual(said, [None] * 3, signed)
        for sig in (a, b):
            self.ours_verifies(sig, "--key", public, model=model)
        victim = model if model.is_file() else self.weights
        content = victim.read_bytes()
        victim.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        for sig in (a, b):
            self.ours_verifies(sig, "--key", public, model=model, code=1)
        said = self.peer(*({"do": "verify", "key": public, "signature": s, **call}
                           for s in (a, b)))
        self.assertTrue(all(said), said)
        victim.write_bytes(content)

    def test_curves(self):
        for curve in CURVES:
            self.both(curve, key=curve)

    def test_unicode_names(self):
        for name in ("h\u00e9.txt", "he\u0301.txt", "\u6a21\u578b.bin", "a b.txt", "\U0001f512.txt",
                     "quote\".txt", "back\\slash", "tab\there", "\u2028", "\uffee", "\x7f",
                     ".hidden", "deep/.hidden/x", "empty"):
            self.write("model/" + name, "x" if name != "empty" else "")
        self.both("unicode names")

    def test_a_single_file(self):
        self.both("a file", model=self.weights)

    def test_links(self):
        (self.model / "link.txt").symlink_to("deep/er/vocab.txt")
        self.both("links", ["--allow-symlinks"], {"allow_symlinks": True})
        private, public = KEYS / "accept-p256.key", KEYS / "accept-p256.pub"
        self.sign(key=private, code=4)
        said = self.peer({"do": "sign", "key": private, "signature": self.tmp / "n.sig",
                          "model": self.model},
                         {"do": "verify", "key": public, "signature": self.tmp / "ours.sig",
                          "model": self.model})
        self.assertIsNotNone(said[0])

    def test_ignored(self):
        for name in ("draft/a", "draft/b/c", ".gitignore", ".git/config", "notes.txt"):
            self.write("model/" + name, "x")
        ignored = [str(self.model / "draft"), str(self.model / "notes.txt")]
        words = [word for path in ignored for word in ("--ignore-path", path)]
        self.both("ignored", words, {"ignore": ignored})
        self.write("model/late.txt", "x")
        public = KEYS / "accept-p256.pub"
        for name in ("ours.sig", "theirs.sig"):
            self.ours_verifies(self.tmp / name, "--key", public, code=1)
            self.ours_verifies(self.tmp / name, "--key", public, "--ignore-unsigned-files")
            call = {"do": "verify", "key": public, "signature": self.tmp / name,
                    "model": self.model}
            said = self.peer({**call, "ignore": ignored})
            self.assertIn("late.txt", said[0])

    def test_signature_in_the_model(self):
        private, public = KEYS / "accept-p256.key", KEYS / "accept-p256.pub"
        call = {"key": private, "signature": self.sig, "model": self.model}
        for again in range(2):
            self.assertEqual(self.peer({"do": "sign", **call}), [None], again)
            self.judge(0, "--key", public, authentic="yes", intact="yes")
        self.sign(key=private)
        self.assertEqual(self.peer({"do": "verify", **call, "key": public}), [None])

    def test_shards_and_blake2b(self):
        self.weights.write_bytes(models.safetensors({"w": models.f32(40, 40)}))
        for ours, theirs in ((["-a", "blake2b"], {"algorithm": "blake2"}),
                             (["--shard-size", "1000"], {"shard_size": 1000}),
                             (["-a", "blake2b", "--shard-size", "1000"],
                              {"algorithm": "blake2", "shard_size": 1000})):
            with self.subTest(ours):
                self.both(ours, ours, theirs)

    def test_certificates(self):
        """Whoever verifies there names issuers as well as the root."""
        parts = (CHAIN / "accept-p256.pem").read_text().split("-----BEGIN")[1:]
        leaf = self.write("leaf.pem", "-----BEGIN" + parts[0])
        issuer = self.write("issuer.pem", "".join("-----BEGIN" + part for part in parts[1:]))
        root, key = CHAIN / "root.pem", CHAIN / "signer-p256.key"
        a, b = self.tmp / "ours.sig", self.tmp / "theirs.sig"
        self.sign("--signature", a, "--certificate", leaf, "--certificate-chain", issuer, key=key)
        chain = [str(issuer), str(root)]
        said = self.peer({"do": "sign", "key": key, "certificate": leaf, "chain": [str(issuer)],
                          "signature": b, "model": self.model},
                         {"do": "verify", "chain": chain, "signature": a, "model": self.model},
                         {"do": "verify", "chain": chain, "signature": b, "model": self.model})
        self.assertEqual(said, [None] * 3)
        for sig in (a, b):
            self.ours_verifies(sig, "--certificate-chain", root)
            self.ours_verifies(sig, "--certificate-chain", leaf, code=1)


if __name__ == "__main__":
    unittest.main()

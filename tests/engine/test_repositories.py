# SPDX-License-Identifier: Apache-2.0
"""Model repositories as people have them are calm: exit 0, nothing above info."""

import json

import models
from harness import TestCase, report, slow


def above_info(document):
    return [(a["path"], f["rule"], f["detail"]) for a in document["artifacts"]
            for f in a["findings"] if f["severity"] != "info"]


class Repositories(TestCase):
    def calm(self, path, *options):
        code, document = report("check", path, *options)
        self.assertEqual(above_info(document), [])
        self.assertEqual((code, document["verdict"]), (0, "clean"), document["reasons"])
        self.assertEqual(document["answers"], {
            "authentic": "not-asked", "intact": "not-asked",
            "well_formed": "yes", "inert": "yes"})
        return document

    @slow
    def test_transformers(self):
        document = self.calm(models.llama(self.tmp / "llama", 30_000_000).path)
        counted = {a["path"].rsplit("/", 1)[-1] for a in document["artifacts"]
                   if a["scope"] == "examined"}
        self.assertIn("model-00001-of-00002.safetensors", counted)
        self.assertIn("tokenizer.json", counted)
        self.assertNotIn("README.md", counted)

    def test_cache_snapshot(self):
        repo = models.llama(self.tmp / "llama")
        snapshot = models.cache_snapshot(self.tmp / "hub/models--org--name", repo)
        for path in (snapshot, self.tmp / "hub/models--org--name", self.tmp / "hub"):
            document = self.calm(path)
            kinds = [n["kind"] for n in document["notices"]]
            self.assertIn("download-digests", kinds)

    def test_cache_snapshot_with_a_changed_blob(self):
        repo = models.llama(self.tmp / "llama")
        snapshot = models.cache_snapshot(self.tmp / "hub/models--org--name", repo)
        blob = (snapshot / "model-00001-of-00002.safetensors").resolve()
        data = bytearray(blob.read_bytes())
        data[-1] ^= 1
        blob.write_bytes(data)
        code, document = report("check", snapshot)
        self.assertEqual((code, document["answers"]["intact"]), (1, "no"))
        self.assertIn("digest-expected-mismatch", {r for _, r, _ in above_info(document)})
        code, _ = report("scan", snapshot)
        self.assertEqual(code, 0)

    def test_diffusers(self):
        self.calm(models.diffusers(self.tmp / "sd").path)

    def test_lora(self):
        self.calm(models.lora(self.tmp / "lora").path)

    def test_gguf_split(self):
        self.calm(models.gguf_split(self.tmp / "gguf").path)

    def test_remote_code(self):
        code, document = report("check", models.remote_code(self.tmp / "mine").path)
        self.assertEqual(code, 0)
        self.assertEqual({f["severity"] for a in document["artifacts"]
                          for f in a["findings"]}, {"medium"})
        self.assertEqual(document["answers"]["inert"], "conditional")
        self.assertEqual(document["condition"], "trust_remote_code=False")

    def test_gpt2_shaped(self):
        path = models.gpt2_shaped(self.tmp / "gpt2").path
        code, document = report("check", path)
        self.assertEqual((code, document["verdict"]), (2, "undetermined"))
        self.assertIn("format-unsupported", document["reasons"])
        document = self.calm(path, "--loader", "transformers")
        self.assertEqual(document["loader"], "transformers")
        outside = {a["path"].rsplit("/", 1)[-1] for a in document["artifacts"]
                   if a["scope"] == "other-loader"}
        self.assertEqual(outside, {"tf_model.h5", "flax_model.msgpack",
                                   "decoder_model.onnx", "openvino_model.xml",
                                   "openvino_model.bin"})

    def test_config_with_infinity(self):
        repo = models.llama(self.tmp / "mamba")
        config = json.loads((repo.path / "config.json").read_text())
        config["time_step_limit"] = [0.0, float("inf")]
        repo.add("config.json", config)
        self.calm(repo.path)

    def test_local_dir_download(self):
        repo = models.llama(self.tmp / "local")
        repo.add(".cache/huggingface/.gitignore", "*")
        repo.add(".cache/huggingface/download/config.json.metadata",
                 "0123456789abcdef0123456789abcdef01234567\n"
                 "0000000000000000000000000000000000000000\n1.5\n")
        self.calm(repo.path)

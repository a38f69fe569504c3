# SPDX-License-Identifier: Apache-2.0
"""The table of situations (docs/report.md), row by row: answers, exit code, sentence."""

import contextlib
import json
import os
import resource
import socket
import stat
import subprocess
import threading
import time
import unittest

import harness
import models
from harness import TestCase, report, run

PICKLE = b"\x80\x04\x95\x0a\0\0\0\0\0\0\0}\x94\x8c\x01a\x94K\x01s."
ELF = b"\x7fELF\x02\x01\x01" + b"\0" * 57
POINTER = ("version https://git-lfs.github.com/spec/v1\n"
           "oid sha256:" + "ab" * 32 + "\nsize 123456\n")


def good():
    return models.safetensors({"w": models.f32(4, 4)}, {"format": "pt"})


def rules(document):
    return {f["rule"] for a in document["artifacts"] for f in a["findings"]}


class Situation(TestCase):
    def expect(self, code, *args, verdict=None, rule=None, reason=None, **answers):
        got, document = report(*args)
        self.assertEqual(got, code, document)
        self.assertEqual(document["exit_code"], code)
        if verdict:
            self.assertEqual(document["verdict"], verdict)
        if rule:
            self.assertIn(rule, rules(document))
        if reason:
            self.assertIn(reason, document["reasons"])
        for question, answer in answers.items():
            self.assertEqual(document["answers"][question], answer, question)
        return document


class Found(Situation):
    def test_finding_at_or_above_fail_on(self):
        path = self.write("a.safetensors", good()[:-1])
        self.expect(1, "check", path, verdict="flagged", well_formed="no",
                    rule="safetensors-data-truncated")

    def test_fail_on_moves_the_exit_code_only(self):
        self.write("config.json", {"auto_map": {"AutoModel": "m.M"}} and json.dumps(
            {"auto_map": {"AutoModel": "m.M"}}))
        self.write("m.py", "class M: pass\n")
        self.write("model.safetensors", good())
        self.expect(0, "check", self.tmp, inert="conditional")
        document = self.expect(1, "check", self.tmp, "--fail-on", "medium",
                               inert="conditional")
        self.assertEqual(document["verdict"], "clean")
        bad = self.write("bad/a.safetensors", good()[:-1])
        document = self.expect(0, "check", bad, "--fail-on", "none")
        self.assertEqual(document["verdict"], "flagged")

    def test_nothing_silences_undetermined(self):
        path = self.write("weights.bin", os.urandom(512))
        self.write("model.safetensors", good())
        self.expect(2, "check", path.parent, "--fail-on", "none", verdict="undetermined")
        self.expect(2, "check", path.parent, "--allow-empty", verdict="undetermined")

    def test_unsigned_is_the_normal_case(self):
        path = self.write("model.safetensors", good())
        document = self.expect(0, "check", path, verdict="clean", authentic="not-asked",
                               intact="not-asked", well_formed="yes", inert="yes")
        self.assertIn("sha256", document["artifacts"][0]["digests"])
        text = run("check", path).stdout.decode()
        self.assertIn("Unsigned: nobody vouches for it.", text)

    def test_remote_code_of_another_repository_is_named(self):
        self.write("model.safetensors", good())
        self.write("config.json", json.dumps(
            {"auto_map": {"AutoModel": "other/repo--modeling.M"}}))
        document = self.expect(0, "check", self.tmp, inert="conditional",
                               rule="code-remote-unpinned")
        self.assertIn("other/repo", json.dumps(document))

    def test_template_that_walks_to_code(self):
        self.write("model.safetensors", good())
        self.write("chat_template.jinja",
                   "{{ ''.__class__.__mro__[1].__subclasses__() }}")
        self.expect(1, "check", self.tmp, verdict="flagged", inert="no",
                    rule="template-access-code")


class Documents(Situation):
    """What no loader executes does not count, unless something hides there."""

    def test_only_documents_is_nothing(self):
        self.write("README.md", models.README)
        self.write("LICENSE", "text\n")
        self.write("plot.png", models.PNG)
        self.expect(3, "check", self.tmp, verdict="undetermined")
        self.expect(0, "check", self.tmp, "--allow-empty")

    def test_hidden_pickle_program_and_page(self):
        for name, content, rule in (
                ("README.md", PICKLE, "content-pickle-hidden"),
                ("notes.txt", b"cos\nsystem\n(S'id'\ntR.", "content-pickle-hidden"),
                ("logo.png", ELF, "content-executable-found"),
                ("LICENSE", b"<!DOCTYPE html><html><body>login</body></html>",
                 "content-html-page"),
                ("model.safetensors", b"<html>not found</html>", "content-html-page")):
            with self.subTest(name):
                folder = f"{rule}-{name}"
                self.write(f"{folder}/weights.safetensors", good())
                self.write(f"{folder}/{name}", content)
                self.expect(1, "check", self.tmp / folder, verdict="flagged", rule=rule)

    def test_git_and_download_metadata_do_not_count(self):
        self.write("model.safetensors", good())
        self.write(".git/HEAD", "ref: refs/heads/main\n")
        self.write(".git/hooks/pre-commit.sample", "#!/bin/sh\n")
        self.write(".git/lfs/objects/ab/cd/abcd", os.urandom(64))
        self.write(".cache/huggingface/download/model.safetensors.lock", b"")
        self.expect(0, "check", self.tmp, verdict="clean")

    def test_python_that_nothing_loads(self):
        self.write("model.safetensors", good())
        self.write("train.py", "import os\nos.system('x')\n")
        document = self.expect(0, "check", self.tmp, verdict="clean")
        scopes = {a["path"].rsplit("/", 1)[-1]: a["scope"] for a in document["artifacts"]}
        self.assertEqual(scopes["train.py"], "listed")


class Unexamined(Situation):
    def test_model_format_without_a_parser(self):
        path = self.write("model.onnx", b"\x08\x08\x3a\x02\x0a\x00\x42\x04\x0a\x00\x10\x0d")
        self.expect(3, "check", path, verdict="undetermined", well_formed="undetermined",
                    inert="undetermined", reason="format-unsupported")
        self.write("model.safetensors", good())
        self.expect(2, "check", self.tmp, verdict="undetermined")

    def test_archive(self):
        self.write("model.safetensors", good())
        self.write("extra.7z", b"7z\xbc\xaf\x27\x1c" + b"\0" * 40)
        self.expect(2, "check", self.tmp, reason="format-unsupported")

    def test_lfs_pointer(self):
        path = self.write("model.safetensors", POINTER)
        self.expect(2, "check", path, verdict="undetermined", reason="weights-missing",
                    rule="lfs-pointer-left")

    def test_unknown_content_under_a_weights_name(self):
        path = self.write("pytorch_model.bin", os.urandom(4096))
        self.write("model.safetensors", good())
        self.expect(2, "check", path.parent, reason="weights-missing")

    def test_half_finished_download(self):
        self.write("model.safetensors", good())
        self.write("model-2.safetensors.incomplete", good()[:50])
        self.expect(2, "check", self.tmp, reason="weights-missing")

    def test_limit(self):
        tensors = {f"t{i}": models.f32(1) for i in range(100)}
        path = self.write("model.safetensors", models.safetensors(tensors))
        self.expect(2, "check", path, "--limit", "tensors=50", verdict="undetermined",
                    reason="limit")

    def test_sparse_file_of_any_size(self):
        """It takes no room and a quarter of an hour to read: a limit ends that at once."""
        path = self.write("model.safetensors", good())
        with open(self.tmp / "huge.bin", "wb") as file:
            file.truncate(1 << 40)
        document = self.expect(2, "check", path, self.tmp / "huge.bin", "--limit",
                               "file-bytes=1000000000", reason="limit")
        details = [f["detail"] for a in document["artifacts"] for f in a["findings"]]
        self.assertTrue(any("limit file-bytes" in d for d in details), details)
        done = run("hash", self.tmp, "--limit", "file-bytes=1000000000")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"huge.bin: it has 1099511627776 bytes", done.stderr)
        self.assertEqual(done.stdout.count(b"\n"), 1)

    def test_few_descriptors(self):
        path = self.write("model.safetensors", good())
        limit = (resource.RLIMIT_NOFILE, (16, 16))
        done = run("check", "--jobs=8", path, preexec_fn=lambda: resource.setrlimit(*limit))
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_truncated_gguf(self):
        path = self.write("a.gguf", models.gguf({"t": ((8,), models.f32(8)[2])})[:-33])
        self.expect(1, "check", path, well_formed="no")


class Files(Situation):
    def test_missing_path(self):
        self.expect(2, "check", self.tmp / "absent", reason="io", rule="file-unreadable")

    def test_missing_path_beside_another(self):
        here = self.write("a.safetensors", good())
        report = self.expect(2, "check", here, self.tmp / "absent", reason="io",
                             rule="file-unreadable")
        scopes = {os.path.basename(a["path"]): a["scope"] for a in report["artifacts"]}
        self.assertEqual(scopes, {"a.safetensors": "examined", "absent": "not-examined"})

    def test_folder_and_file_in_it(self):
        """Both are walked, whichever is named first."""
        self.write("m/a.safetensors", good())
        self.write("m/b.safetensors", b"no weights")
        self.expect(1, "check", self.tmp / "m" / "a.safetensors", self.tmp / "m")

    def test_empty_folder(self):
        self.expect(3, "check", self.tmp)
        self.expect(0, "check", self.tmp, "--allow-empty")

    def test_fifo_socket_and_device_never_block(self):
        self.write("model.safetensors", good())
        os.mkfifo(self.tmp / "pipe.safetensors")
        self.expect(2, "check", self.tmp, reason="io", rule="file-special-found")
        os.unlink(self.tmp / "pipe.safetensors")
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as s:
            s.bind(str(self.tmp / "s"))
            self.expect(2, "check", self.tmp, rule="file-special-found")
        os.unlink(self.tmp / "s")
        try:
            os.mknod(self.tmp / "zero", stat.S_IFCHR | 0o600, os.makedev(1, 5))
        except PermissionError:
            self.skipTest("no permission to make a device")
        self.expect(2, "check", self.tmp, rule="file-special-found")

    def test_named_fifo_and_device(self):
        os.mkfifo(self.tmp / "pipe")
        for path in (self.tmp / "pipe", "/dev/zero"):
            code, _ = report("check", path)
            self.assertEqual(code, 2, path)

    def test_link_that_leaves_the_model(self):
        outside = self.write("outside/big.safetensors", good())
        self.write("model/model.safetensors", good())
        (self.tmp / "model/other.safetensors").symlink_to(outside)
        self.expect(2, "check", self.tmp / "model", rule="file-link-outside")
        self.expect(0, "check", self.tmp / "model", "--follow-links")
        self.expect(0, "check", self.tmp / "model", "--exclude", "other.safetensors")

    def test_link_inside_and_named_link(self):
        self.write("model/a.safetensors", good())
        (self.tmp / "model/b.safetensors").symlink_to("a.safetensors")
        (self.tmp / "named").symlink_to("model")
        self.expect(0, "check", self.tmp / "named")

    def test_shard_that_is_a_dangling_link(self):
        self.write("model.safetensors.index.json", json.dumps({
            "metadata": {"total_size": 64}, "weight_map": {"w": "one.safetensors"}}))
        (self.tmp / "one.safetensors").symlink_to("nowhere")
        document = self.expect(2, "check", self.tmp, reason="weights-missing",
                               rule="file-link-dangling")
        self.assertEqual(rules(document), {"file-link-dangling"})

    def test_index_with_a_variant_in_its_name(self):
        self.write("a.safetensors", good())
        self.write("model.safetensors.index.fp16.json", json.dumps({
            "metadata": {"total_size": 64}, "weight_map": {"w": "a.safetensors"}}))
        self.expect(0, "check", self.tmp)
        self.write("model.safetensors.index.fp16.json", json.dumps({
            "metadata": {"total_size": 64}, "weight_map": {"v": "a.safetensors"}}))
        self.expect(1, "check", self.tmp, rule="index-tensor-missing")

    def test_dangling_link(self):
        self.write("model.safetensors", good())
        (self.tmp / "gone.safetensors").symlink_to("nowhere")
        self.expect(2, "check", self.tmp, reason="weights-missing",
                    rule="file-link-dangling")

    @unittest.skipIf(os.geteuid() == 0, "root reads everything")
    def test_unreadable_file(self):
        path = self.write("model.safetensors", good())
        path.chmod(0)
        self.expect(2, "check", path, reason="io")

    def test_twin_names(self):
        self.write("model.safetensors", good())
        self.write("Model.safetensors", good())
        document = self.expect(0, "check", self.tmp)
        self.assertIn("file-twin-name", rules(document))

    def changing(self, change):
        """Checks a large file that `change` keeps altering meanwhile."""
        data = models.safetensors({"w": ("U8", [1 << 28], b"\0" * (1 << 28))})
        path = self.write("model.safetensors", data)
        stop = threading.Event()

        def alter():
            while not stop.wait(0.001):
                change(path)
        thread = threading.Thread(target=alter)
        thread.start()
        try:
            return report("check", path, "--jobs", "1")
        finally:
            stop.set()
            thread.join()

    @harness.slow
    def test_growing_file(self):
        def grow(path):
            with open(path, "ab") as file:
                file.write(b"\0")
        code, document = self.changing(grow)
        self.assertIn(code, (1, 2))
        self.assertIn("changed-while-read", document["reasons"])

    @harness.slow
    def test_shrinking_file(self):
        def shrink(path):
            os.truncate(path, max(1 << 20, path.stat().st_size - 4096))
        code, document = self.changing(shrink)
        self.assertIn(code, (1, 2))
        self.assertIn("changed-while-read", document["reasons"])

    def test_exclude_is_always_listed(self):
        self.write("model.safetensors", good())
        self.write("sub/evil.safetensors", good()[:-1])
        document = self.expect(0, "check", self.tmp, "--exclude", "sub/*")
        scopes = {a["path"].rsplit("/", 1)[-1]: a["scope"] for a in document["artifacts"]}
        self.assertEqual(scopes["evil.safetensors"], "excluded")
        self.assertIn("excluded", run("check", self.tmp, "--exclude", "sub/*").stdout.decode())

    def test_files_from0(self):
        a = self.write("a.safetensors", good())
        b = self.write("b c\n.safetensors", good())
        listing = self.write("list", os.fsencode(a) + b"\0" + os.fsencode(b) + b"\0")
        document = self.expect(0, "check", "--files-from0", listing)
        self.assertEqual(len(document["artifacts"]), 2)

    def test_standard_input(self):
        code, document = report("check", "-", stdin=good())
        self.assertEqual((code, document["verdict"]), (0, "clean"))
        code, _ = report("check", "-", stdin=good()[:-1])
        self.assertEqual(code, 1)


class Ended(Situation):
    @harness.slow
    def test_interrupt_leaves_an_incomplete_report(self):
        data = models.safetensors({"w": ("U8", [1 << 28], b"\0" * (1 << 28))})
        for i in range(4):
            self.write(f"{i}.safetensors", data)
        process = subprocess.Popen([harness.PROGRAM, "check", "--json", "--jobs", "1",
                                    str(self.tmp)], stdout=subprocess.PIPE,
                                   env=harness.environment())
        time.sleep(0.3)
        process.send_signal(2)
        out = process.communicate(timeout=20)[0]
        document = json.loads(out)
        self.assertEqual(process.returncode, 2)
        self.assertFalse(document["complete"])
        self.assertIn("interrupted", document["reasons"])

    def test_report_that_cannot_be_written(self):
        path = self.write("model.safetensors", good())
        with open("/dev/full", "wb") as full:
            done = run("check", path, stdout=full)
        self.assertEqual(done.returncode, 2)
        self.assertIn("standard output", done.stderr.decode())
        done = run("check", path, "--report", f"json={self.tmp}/absent/report.json")
        self.assertEqual(done.returncode, 2)

    def test_missing_worker_program(self):
        path = self.write("model.safetensors", good())
        env = harness.environment(STEELYARD_WORKER="/nonexistent/worker")
        done = run("check", path, env=env)
        self.assertIn(done.returncode, (2, 4))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("worker", done.stderr.decode() + done.stdout.decode())

    def test_baseline_keeps_but_does_not_count(self):
        path = self.write("a.safetensors", good()[:-1])
        earlier = self.tmp / "earlier.json"
        run("check", path, "--report", f"json={earlier}")
        document = self.expect(0, "check", path, "--baseline", earlier)
        suppressed = [f for a in document["artifacts"] for f in a["suppressed"]]
        self.assertTrue(suppressed)
        path.write_bytes(good()[:-2])
        self.expect(1, "check", path, "--baseline", earlier)


class Deterministic(Situation):
    @harness.slow
    def test_same_bytes_for_jobs_and_locales(self):
        models.llama(self.tmp / "m")
        self.write("m/bad.safetensors", good()[:-1])
        self.write("m/weights.bin", b"\x01\x02\x03" * 100)
        for form in ("json", "text", "sarif"):
            outs = set()
            for jobs in ("1", "2", "8"):
                for locale in ("C", "de_DE.UTF-8", "tr_TR.UTF-8"):
                    env = harness.environment(LC_ALL=locale, LANG=locale)
                    outs.add(run("check", self.tmp / "m", "--jobs", jobs,
                                 "--report", f"{form}=-", env=env).stdout)
            self.assertEqual(len(outs), 1, form)

# SPDX-License-Identifier: Apache-2.0
"""What somebody sets up so that the program says clean, hangs or overwrites."""

import io
import json
import os
import re
import resource
import subprocess
import tarfile
import threading
import zipfile

import harness
import models
from harness import TestCase, report, run

TEXT_PICKLE = b"cos\nsystem\n(S'id'\ntR."
PICKLE = b"\x80\x02cposix\nsystem\nX\x02\0\0\0id\x85R."
POINTER = ("version https://git-lfs.github.com/spec/v1\n"
           "oid sha256:" + "ab" * 32 + "\nsize 123456\n")
NOBODY = 65534


def good():
    return models.safetensors({"w": models.f32(4, 4)}, {"format": "pt"})


def archive(names, comment=b""):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.comment = comment
        for name in names:
            file.writestr(name, PICKLE)
    return out.getvalue()


def tar(names):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(PICKLE)
            file.addfile(member, io.BytesIO(PICKLE))
    return out.getvalue()


class Hostile(TestCase):
    def expect(self, code, *args, **kwargs):
        got, document = report(*args, **kwargs)
        self.assertEqual(got, code, json.dumps(document)[:3000])
        self.assertEqual(document["exit_code"], code)
        return document

    def beside(self, name, content, code, *args):
        """The file beside weights that are fine: exit code and finding ids."""
        folder = f"{len(list(self.tmp.iterdir()))}"
        self.write(f"{folder}/weights.safetensors", good())
        self.write(f"{folder}/{name}", content)
        document = self.expect(code, "check", self.tmp / folder, *args)
        return {f["rule"] for a in document["artifacts"] for f in a["findings"]}


class Disguised(Hostile):
    """Weights and code under the names of documents, and the reverse."""

    def test_text_pickle_with_a_tail(self):
        for name in ("README.md", "notes.txt", "LICENSE", "noext", "a.ipynb"):
            rules = self.beside(name, TEXT_PICKLE + b"\n\nand more words\n", 1)
            self.assertIn("content-pickle-hidden", rules, name)

    def test_text_pickle_behind_a_long_beginning(self):
        """The window that bids look at is opcodes to its end, or a single one."""
        for begin in (b"N0" * 3000, b"(1" * 3000, b"I1\n0" * 2000, b"(dp0\n0" * 900,
                      b"V" + b"a" * 6000 + b"\n0", b"S'" + b"x" * 9000 + b"'\n0"):
            for name in ("README.md", "notes.txt", "noext", "values.dat"):
                rules = self.beside(name, begin + TEXT_PICKLE, 1)
                self.assertIn("pickle-import-dangerous", rules, (begin[:8], name))
        self.beside("notes.txt", b"V" + b"ery long " * 1000 + b"\n", 0)

    def test_text_pickle_with_names_on_the_stack(self):
        for content in (b"Vos\nVsystem\n\x93(Vid\ntR.", b"S'os'\nS'system'\n\x93(S'id'\ntR.",
                        b"Vos\np0\n0Vsystem\np1\n0g0\ng1\n\x93(Vid\ntR.",
                        b"X\2\0\0\0osX\6\0\0\0system\x93X\2\0\0\0id\x85R.",
                        b"cos\nsystem\n(S'" + b"x" * 9000 + b"'\ntR."):
            for name in ("notes.txt", "noext", "a.json"):
                rules = self.beside(name, content, 1)
                self.assertIn("pickle-import-dangerous", rules, (content[:16], name))

    def test_archive_with_a_comment_behind_a_document(self):
        for comment in (b"c" * 3000, b"c" * 65535):
            for name, begin in (("logo.png", models.PNG), ("a.txt", b"A text.\n" * 99),
                                ("a.pdf", b"%PDF-1.4\n" + b"x" * 3000)):
                rules = self.beside(name, begin + archive(["x.pkl"], comment), 1)
                self.assertIn("pickle-import-dangerous", rules, name)

    def test_archive_behind_a_picture(self):
        rules = self.beside("logo.png", models.PNG + archive(["archive/data.pkl"]), 1)
        self.assertIn("content-polyglot-found", rules)
        self.beside("logo.png", models.PNG + b"PK\5\6" + b"\xff" * 18, 0)

    def test_binary_under_a_configurations_name(self):
        """Unknown bytes are unknown whatever they are called."""
        for name in ("extra.json", "chat.jinja"):
            for content in (b"\0\1\2", b"\x01\x93\x02\x88" * 64):
                rules = self.beside(name, content, 2)
                self.assertIn("content-unknown-binary", rules, name)
        self.beside("config.json", models.PNG, 1)
        self.beside("tokenizer.json", models.PNG, 1)

    def test_other_content_under_a_name_that_a_loader_opens(self):
        for content, code in ((tar(["first", "sys_info", "pickle"]), 1),
                              (b"\x1f\x8b\x08\0" + b"x" * 64, 1),
                              (b"\x89HDF\r\n\x1a\n" + b"\0" * 64, 1)):
            for loader in ("any", "transformers", "diffusers", "vllm"):
                self.beside("pytorch_model.bin", content, code, "--loader", loader)
        self.beside("config.json", b"\0\1\2", 1, "--loader", "transformers")
        self.beside("pipe.dduf", archive(["model_index.json"]), 1, "--loader", "diffusers")

    def test_a_loader_leaves_out_what_it_cannot_open(self):
        self.beside("model.onnx", b"\x08\x08\x3a\x02\x0a\x00\x42\x04\x0a\x00\x10\x0d", 0,
                    "--loader", "transformers")
        self.beside("tf_model.h5", b"\x89HDF\r\n\x1a\n" + b"\0" * 64, 0,
                    "--loader", "transformers")

    def test_hidden_among_download_metadata(self):
        below = ".cache/huggingface/download/"
        self.beside(below + "model.safetensors", good()[:-1], 1)
        self.beside(below + "state.pkl", PICKLE, 1)
        self.assertIn("content-pickle-hidden",
                      self.beside(below + "model.safetensors.metadata", PICKLE, 1))
        self.beside(below + "model.safetensors.lock", b"", 0)

    def test_tiny_files(self):
        """A few bytes under every kind of name never make anything clean."""
        for name in ("a.safetensors", "a.gguf", "a.bin", "a.pt", "a.onnx", "a.h5", "a.npz"):
            for content in (b"", b"\0", b"a", b"\x80\x02", b"\0" * 8, b"PK\3\4"):
                folder = f"{name}-{content.hex()}"
                self.write(f"{folder}/{name}", content)
                code, document = report("check", self.tmp / folder)
                self.assertIn(code, (1, 2, 3), (name, content))
                self.assertNotEqual(document["verdict"], "clean")


class Ordinary(Hostile):
    """What people publish beside weights is no alarm."""

    def test_texts_in_many_charsets(self):
        self.write("model.safetensors", good())
        for i, (text, charset) in enumerate((
                ("F\u00fcr Gr\u00f6\u00dfe und Ma\u00df\n", "latin-1"),
                ("\u8fd9\u4e2a\u6a21\u578b\u5f88\u597d\u7528\n" * 20, "gbk"),
                ("\u3053\u306e\u30e2\u30c7\u30eb\n" * 40, "shift_jis"),
                ("\u041c\u043e\u0434\u0435\u043b\u044c\n" * 40, "cp1251"),
                ("\ubaa8\ub378\uc785\ub2c8\ub2e4\n" * 40, "euc-kr"),
                ("\ufefftorch==2.0\r\n", "utf-16-le"),
                ("\ufefftorch==2.0\r\n", "utf-16-be"),
                ("\u0646\u0645\u0648\u0630\u062c\n", "utf-8"))):
            self.write(f"README_{i}.md", text.encode(charset))
        self.expect(0, "check", self.tmp)

    def test_leftovers_of_desktops_and_training(self):
        self.write("model.safetensors", good())
        for name, content in {
                ".DS_Store": b"\0\0\0\1Bud1\0\0\x10\0" + b"\0" * 64,
                "Thumbs.db": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512,
                "favicon.ico": b"\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0\x68\4\0\0\x16\0\0\0\0",
                "sample.mp3": b"\xff\xfb\x90\x64" + b"\0" * 400,
                "spiece.model": b"\x0a\x0a\x0a\x03\xe2\x96\x81\x15\0\0\0\0"
                                + models.sentencepiece(),
                "trainer_state.json": b'{"log_history": [{"loss": NaN}]}',
                "requirements.txt": b"torch\n", "demo.ipynb": b'{"cells": []}',
                "data/train.parquet": b"PAR1" + b"\0" * 32 + b"PAR1"}.items():
            self.write(name, content)
        document = self.expect(0, "check", self.tmp)
        self.assertEqual({f["severity"] for a in document["artifacts"]
                          for f in a["findings"]}, {"info"})


class Silenced(Hostile):
    """Nothing silences "undetermined"."""

    def test_baseline_that_knows_of_a_pointer(self):
        path = self.write("model.safetensors", POINTER)
        for command in ("check", "scan"):
            earlier = self.tmp / f"{command}.json"
            run(command, path, "--report", f"json={earlier}")
            document = self.expect(2, command, path, "--baseline", earlier)
            self.assertEqual(document["answers"]["inert"], "undetermined")
            self.assertEqual(document["reasons"], ["weights-missing"])

    def test_baselines_that_are_none(self):
        path = self.write("model.safetensors", good())
        for i, text in enumerate(("", "{}", "null", "[" * 100000,
                                  '{"schema": "steelyard-report/1", "artifacts": null}',
                                  '{"schema": "steelyard-report/1", "artifacts": []} x')):
            earlier = self.write(f"earlier{i}", text)
            self.assertEqual(run("check", path, "--baseline", earlier).returncode, 4, text)
        os.mkfifo(self.tmp / "fifo")
        self.assertEqual(run("check", path, "--baseline", self.tmp / "fifo",
                             timeout=20).returncode, 4)

    def test_every_limit_at_its_least(self):
        models.llama(self.tmp / "m")
        self.write("m/a.gguf", models.gguf({"t": ((8,), models.f32(8)[2])}))
        manual = run("help", "--man", "check").stdout.decode().replace("\\-", "-")
        names = re.findall(r"(?m)^\.B ([a-z-]+)=\d+ \(", manual)
        self.assertGreater(len(names), 10)
        for name in names:
            for value in ("1", str(2 ** 64 - 1)):
                done = run("check", self.tmp / "m", "--json", "--limit", f"{name}={value}")
                self.assertIn(done.returncode, (0, 1, 2), (name, value, done.stderr))
                if done.returncode == 0:
                    left = [a["path"] for a in json.loads(done.stdout)["artifacts"]
                            if a["scope"] not in ("examined", "listed")]
                    self.assertEqual(left, [], name)

    def test_a_directory_that_is_too_deep(self):
        self.write("a/b/c/d/model.safetensors", good())
        document = self.expect(2, "check", self.tmp, "--limit", "dir-depth=2")
        self.assertEqual(document["reasons"], ["limit"])


class Machine(Hostile):
    """What the machine refuses is 2, with a sentence, never 0 and never 4."""

    def limited(self, what, n, *args):
        return run(*args, preexec_fn=lambda: resource.setrlimit(what, (n, n)))

    def test_descriptors(self):
        path = self.write("model.safetensors", good())
        for n in (4, 5, 6, 7, 8, 12, 16):
            done = self.limited(resource.RLIMIT_NOFILE, n, "check", path)
            self.assertIn(done.returncode, (0, 2), (n, done.stderr))
            if done.returncode == 2 and not done.stdout:
                self.assertIn(b"Too many open files", done.stderr)

    def test_report_beyond_the_size_of_a_file(self):
        path = self.write("model.safetensors", good())
        target = self.write("report.json", "earlier")
        done = self.limited(resource.RLIMIT_FSIZE, 10, "check", path, "--report",
                            f"json={target}")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"cannot be written", done.stderr)
        self.assertEqual(target.read_text(), "earlier")
        self.assertEqual(sorted(os.listdir(self.tmp)), ["model.safetensors", "report.json"])

    def test_memory(self):
        path = self.write("model.safetensors", good())
        for command in ("check", "hash", "inspect"):
            done = run(command, path, "--limit", "memory=1")
            self.assertEqual(done.returncode, 2)
            self.assertIn(b"memory", done.stderr)

    def test_streams_that_are_closed(self):
        path = self.write("model.safetensors", good())
        for closed, code in (((0,), 0), ((1,), 2), ((2,), 0), ((0, 1, 2), 2)):
            done = subprocess.run(
                [harness.PROGRAM, "check", path, "--report", f"json={self.tmp}/r.json"],
                check=False, env=harness.environment(), stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                preexec_fn=lambda fds=closed: [os.close(fd) for fd in fds])
            self.assertEqual(done.returncode, code, closed)
            self.assertEqual(json.loads((self.tmp / "r.json").read_bytes())["exit_code"], 0)
            self.assertEqual(path.read_bytes(), good())

    def test_unreadable_for_somebody_else(self):
        if os.geteuid() != 0:
            self.skipTest("only root can become somebody else")
        self.tmp.chmod(0o755)
        self.write("m/model.safetensors", good())
        self.write("m/secret.safetensors", good()).chmod(0)
        self.write("m/sub/model.safetensors", good())
        (self.tmp / "m/sub").chmod(0)

        def become():
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        try:
            done = run("check", self.tmp / "m", "--json", preexec_fn=become)
        except (PermissionError, subprocess.SubprocessError):
            self.skipTest("somebody else cannot run the program here")
        finally:
            (self.tmp / "m/sub").chmod(0o755)
        document = json.loads(done.stdout)
        self.assertEqual((done.returncode, document["reasons"]), (2, ["io"]))
        self.assertEqual(sorted(a["scope"] for a in document["artifacts"]),
                         ["examined", "not-examined", "not-examined"])

    def test_link_swapped_while_running(self):
        """Whatever stands there at any moment, nothing outside is read."""
        self.write("m/model.safetensors", good())
        outside = self.write("outside/x.safetensors", good()[:-1])
        stop = threading.Event()

        def swap():
            fresh, is_link = self.tmp / "fresh", False
            while not stop.is_set():
                if is_link:
                    fresh.symlink_to(outside)
                else:
                    fresh.write_bytes(good())
                os.replace(fresh, self.tmp / "m/x.safetensors")
                is_link = not is_link
        thread = threading.Thread(target=swap)
        thread.start()
        try:
            for _ in range(25):
                code, document = report("check", self.tmp / "m")
                self.assertIn(code, (0, 2), document)
        finally:
            stop.set()
            thread.join()


class Words(Hostile):
    def test_an_empty_word(self):
        path = self.write("model.safetensors", good())
        for command in ("check", "scan", "hash", "inspect"):
            self.assertEqual(run(command, "", path).returncode, 4)

    def test_a_report_in_the_place_of_something_else(self):
        path = self.write("model.safetensors", good())
        kept = self.write("kept.txt", "kept")
        (self.tmp / "link").symlink_to(kept)
        (self.tmp / "dangling").symlink_to(self.tmp / "absent")
        os.mkfifo(self.tmp / "fifo")
        for name in ("link", "dangling", "fifo", ".", "absent/r.json"):
            done = run("check", path, "--report", f"json={self.tmp}/{name}", timeout=20)
            self.assertEqual(done.returncode, 2, name)
        self.assertEqual(kept.read_text(), "kept")
        self.assertFalse((self.tmp / "absent").exists())

    def test_names_from_a_list(self):
        path = os.fsencode(self.write("model.safetensors", good()))
        for content, code in ((b"", 3), (path, 0), (path + b"\0", 0), (b"\0", 4),
                              (path + b"\0\0", 4), (b"--help\0", 2),
                              (path + b"\n\0", 2), (b"\xff\xfe\0", 2)):
            listing = self.write("list", content)
            self.assertEqual(run("check", "--files-from0", listing).returncode, code, content)

    def test_long_lists_of_digests(self):
        path = self.write("model.safetensors", good())
        line = run("hash", path).stdout
        listing = self.write("list", line * 1000)
        self.assertEqual(run("hash", "-c", "--status", listing).returncode, 0)
        done = run("hash", "-c", listing, "--limit", "config-bytes=1000")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"config-bytes", done.stderr)

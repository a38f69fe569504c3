# SPDX-License-Identifier: Apache-2.0
"""Reports of every kind of run are valid, and no name of a file escapes into them.

The report document against docs/report.schema.json; SARIF against both published
schemas and the rules that GitHub adds; and every byte that the program writes, with
names that try to drive a terminal or to forge a line.
"""

import json
import os
import pathlib
import subprocess
import sys
import termios
import threading
import unittest

import harness
import models
from harness import TestCase, run

try:
    import jsonschema
    missing = ""
except ImportError:
    missing = "jsonschema is not installed (tests/run.sh installs it)"

SARIF_SCHEMAS = ("errata01-draft04", "cs-draft07")

# Each would be obeyed by a terminal, or hide what stands behind it.
HOSTILE = {
    "escape": b"e\x1b[31m\x1b]0;title\x07e", "newline": b"n\nsteelyard: clean\nn",
    "return": b"r\rr\x08\x08r", "delete": b"d\x7fd", "c1": "c\u009b31m\u0085c".encode(),
    "bidi": "b\u202egnp.\u2066\u2069\u200f\u061cb".encode(), "invalid": b"i\xff\xc0\xaf\x9bi",
    "markup": b"<script>&'\"]]>::error::%0A", "separators": "s\u2028s\u2029s".encode()}
BIDI = {0x61c, 0x200e, 0x200f, *range(0x202a, 0x202f), *range(0x2066, 0x206a)}


def unescaped(data):
    """What must not stand in any output: (offset, character) pairs, at most five."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return [(error.start, "not UTF-8")]
    bad = [(i, hex(ord(c))) for i, c in enumerate(text)
           if (ord(c) < 0x20 and c != "\n") or 0x7f <= ord(c) < 0xa0 or ord(c) in BIDI]
    return bad[:5]


def validator(path):
    schema = json.loads(path.read_text())
    return jsonschema.validators.validator_for(schema)(schema)


class Reader(threading.Thread):
    """Reads a terminal's other side until it is closed."""

    def __init__(self, descriptor):
        super().__init__()
        self.descriptor, self.data = descriptor, b""
        self.start()

    def run(self):
        try:
            while piece := os.read(self.descriptor, 65536):
                self.data += piece
        except OSError:     # Linux says EIO when the last writer is gone
            pass
        os.close(self.descriptor)

    def finish(self):
        self.join(60)
        return self.data


class ReportCase(TestCase):
    def reports(self, *args, **kwargs):
        """(document, SARIF bytes, text) of one run; the streams are inspected too."""
        sarif, text = self.tmp / "r.sarif", self.tmp / "r.txt"
        done = run(*args, "--json", "--report", f"sarif={sarif}", "--report", f"text={text}",
                   **kwargs)
        self.assertIn(done.returncode, (0, 1, 2, 3), done.stderr)
        self.stays_quiet(args, done.stdout, done.stderr, sarif.read_bytes(), text.read_bytes())
        return json.loads(done.stdout), sarif.read_bytes(), text.read_bytes()

    def stays_quiet(self, what, *outputs):
        for i, data in enumerate(outputs):
            self.assertEqual(unescaped(data), [], (what, i, data[:2000]))


class Valid(ReportCase):
    def setUp(self):
        if missing:
            self.skipTest(missing)
        super().setUp()
        self.document_schema = validator(harness.SOURCE / "docs" / "report.schema.json")

    def valid_document(self, document, what):
        errors = [f"/{'/'.join(map(str, e.path))}: {e.message[:200]}"
                  for e in self.document_schema.iter_errors(document)]
        self.assertEqual(errors[:5], [], what)

    def runs(self):
        """Arguments of runs that end in every way there is."""
        yield ("check", models.llama(self.tmp / "llama").path)
        yield ("check", models.gpt2_shaped(self.tmp / "gpt2").path)
        yield ("check", self.tmp / "gpt2", "--loader", "transformers")
        yield ("check", models.remote_code(self.tmp / "mine").path)
        yield ("scan", models.gguf_split(self.tmp / "gguf").path, "--tensors")
        yield ("check", self.tmp / "llama", "--exclude", "**/*.safetensors")
        yield ("check", self.tmp / "not-there")
        yield ("check", self.tmp / "not-there", self.tmp / "llama", "--fail-on", "info")
        (self.tmp / "empty").mkdir()
        yield ("check", self.tmp / "empty")
        yield ("scan", self.tmp / "empty", "--allow-empty")
        self.write("odd/model.safetensors", b"\x10")
        self.write("odd/spaces and # signs.safetensors", b"\x10")
        os.mkfifo(self.tmp / "odd" / "pipe.gguf")
        (self.tmp / "odd" / "out.bin").symlink_to("/dev/zero")
        yield ("check", self.tmp / "odd")
        yield ("scan", self.tmp / "odd", "--limit", "header-bytes=1")
        yield ("scan", self.tmp / "llama", "--limit", "tensors=1")
        for folder in sorted(p for p in harness.VECTORS.iterdir() if p.is_dir()):
            yield ("scan", folder)

    def baseline(self):
        """A run with suppressed findings."""
        done = run("scan", "--json", harness.VECTORS / "gguf")
        path = self.write("baseline.json", done.stdout)
        return ("scan", harness.VECTORS / "gguf", "--baseline", path)

    def test_report_document(self):
        for args in [*self.runs(), self.baseline()]:
            document, _, _ = self.reports(*args)
            self.valid_document(document, args)
        for folder in ("llama", "gguf", "odd"):
            done = run("inspect", "--json", "--tensors", self.tmp / folder)
            self.valid_document(json.loads(done.stdout), folder)

    def test_sarif(self):
        root = harness.corpus("schemas")
        schemas = [validator(root / "sarif" / name / "sarif-schema-2.1.0.json")
                   for name in SARIF_SCHEMAS]
        files = []
        for i, args in enumerate([*self.runs(), self.baseline()]):
            _, sarif, _ = self.reports(*args)
            files.append(self.write(f"sarif/{i}.sarif", sarif))
            for schema in schemas:
                errors = [e.message[:200] for e in schema.iter_errors(json.loads(sarif))]
                self.assertEqual(errors[:5], [], args)
        self.published_checks(root, files)

    def test_code_flows(self):
        """A name's import and what is done with it, in this order."""
        path = self.write("m.pkl", b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R"
                          b"0cacme\nNet\n)R.")
        _, sarif, _ = self.reports("scan", path)
        flows = {}
        for result in json.loads(sarif)["runs"][0]["results"]:
            flow, = result["codeFlows"]
            thread, = flow["threadFlows"]
            flows[result["ruleId"]] = [
                (place["location"]["physicalLocation"]["region"]["byteOffset"],
                 place["location"]["message"]["text"].split(" (")[0])
                for place in thread["locations"]]
        self.assertEqual(flows, {
            "pickle-import-dangerous": [(14, "imports os.system"), (20, "calls os.system('id')")],
            "pickle-import-unknown": [(22, "imports acme.Net"), (33, "calls acme.Net()")]})

    def test_sarif_of_a_corpus(self):
        root = harness.corpus("schemas")
        base = harness.corpus("formats")
        files = []
        for name in ("rules", "rules_extra"):
            document, sarif, _ = self.reports("scan", base / name)
            self.valid_document(document, name)
            files.append(self.write(f"sarif/{name}.sarif", sarif))
        harness.count_corpus("schemas", len(files))
        self.published_checks(root, files)

    def published_checks(self, root, files):
        """The corpus's own validator, and GitHub's rules."""
        for words in (["validate.py", *files], *(["gh_check.py", f] for f in files)):
            done = subprocess.run([sys.executable, root / words[0], *words[1:]],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr[-2000:])


class Escaped(ReportCase):
    """Names of files, tensors, keys, shards and options are data."""

    def hostile_files(self):
        """Files, valid and broken, whose names are hostile; returns their folder."""
        folder = os.fsencode(self.tmp / "named")
        os.mkdir(folder)
        good = models.safetensors({"w": models.f32(2, 2)})
        bodies = {b".safetensors": good, b".gguf": b"GGUF", b".json": b"{", b".txt": b"x",
                  b".pkl": b"\x80\x04cos\nsystem\n."}
        for name in HOSTILE.values():
            below = os.path.join(folder, name.replace(b"/", b"-"))
            os.mkdir(below)
            for suffix, body in bodies.items():
                with open(os.path.join(below, name.replace(b"/", b"-") + suffix), "wb") as file:
                    file.write(body)
            os.symlink(name.replace(b"/", b"-") + b".gone", os.path.join(below, b"link.bin"))
        return pathlib.Path(os.fsdecode(folder))

    def hostile_contents(self):
        """Files whose contents carry the names."""
        repo = models.Repository(self.tmp / "contents")
        for what, name in HOSTILE.items():
            text = name.decode("utf-8", "replace")
            repo.add(f"st-{what}.safetensors", models.safetensors(
                {text: models.f32(1)}, {text: text, "format": "pt"}))
            repo.add(f"dtype-{what}.safetensors", models.safetensors(
                {"w": (text, (1,), b"\0" * 4)}))
            repo.add(f"raw-{what}.safetensors", self.raw_safetensors(name))
            repo.add(f"g-{what}.gguf", models.gguf(
                {name: ((1,), b"\0" * 4)},
                [(name, models.TYPE_STRING, name), ("k", models.TYPE_ARRAY, [name, name])]))
            repo.add(f"{what}/config.json", {"auto_map": {"AutoModel": text}, text: text})
            repo.add(f"{what}/tokenizer_config.json", {
                "chat_template": "{{ ''.__class__ }}" + text})
            repo.add(f"{what}/model.safetensors.index.json", {
                "metadata": {"total_size": 4}, "weight_map": {text: text}})
            repo.add(f"{what}/chat_template.jinja", b"{{ x.__globals__ }}" + name)
            repo.add(f"p-{what}.pkl", models.pickled_call(name, b"f", name))
            repo.add(f"{what}/big.bin", b"version https://git-lfs.github.com/spec/v1\n"
                     b"oid sha256:" + name + b"\nsize 1\n")
        return repo.path

    @staticmethod
    def raw_safetensors(name):
        text = b'{"%s":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}' % name
        return len(text).to_bytes(8, "little") + text + b"\0" * 4

    def test_names_of_files(self):
        folder = self.hostile_files()
        for words in ("check", "scan", "scan --tensors", "check --loader vllm",
                      "check --exclude **/*.gguf", "check --follow-links"):
            document, _, _ = self.reports(*words.split(), folder)
            self.assertGreaterEqual(len(document["artifacts"]), 5 * len(HOSTILE))
        self.plain(folder)

    @harness.slow
    def test_names_as_arguments(self):
        folder = self.hostile_files()
        for below in sorted(folder.iterdir()):
            files = sorted(below.iterdir())
            for path in files if harness.TIER == "deep" else (below, files[0], files[-1]):
                self.plain(path)

    @harness.slow
    def test_names_in_contents(self):
        folder = self.hostile_contents()
        document, _, _ = self.reports("check", folder)
        self.assertEqual(document["counts"]["artifacts"], 10 * len(HOSTILE))
        self.plain(folder)
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            for words in ("inspect --tensors", "trace", "trace --all", "trace --json"):
                done = run(*words.split(), path)
                self.stays_quiet((words, path), done.stdout, done.stderr)

    def test_names_as_options(self):
        model = self.write("model.safetensors", models.safetensors({"w": models.f32(1)}))
        for name in HOSTILE.values():
            word = os.fsdecode(name)
            for args in ((word,), ("check", f"--{word}", model), ("rules", word),
                         ("check", "--loader", word, model), ("help", word),
                         ("check", "--limit", word, model), ("check", "--exclude", word, model),
                         ("check", "--report", f"{word}=x", model),
                         ("check", "--report", f"json={self.tmp / 'no' / word.replace('/', '-')}",
                          model), ("hash", "-a", word, model), ("hash", "-c", word),
                         ("check", "--baseline", word, model),
                         ("check", "--files-from0", word)):
                done = run(*args, cwd=self.tmp)
                self.stays_quiet(args, done.stdout, done.stderr)

    def plain(self, path):
        """Text for people, and the digests: on both streams."""
        for words in ("check", "scan -q", "check --color always", "inspect", "inspect --tensors",
                      "inspect --json --tensors", "hash --json", "trace", "trace --json"):
            done = run(*words.split(), path)
            out = done.stdout
            if "always" in words:
                for colour in (b"0", b"1", b"2", b"31", b"32", b"33", b"36", b"1;31"):
                    out = out.replace(b"\x1b[%sm" % colour, b"")
            self.stays_quiet((words, path), out, done.stderr)
        # To a pipe its lines are sha256sum's, which name a file as it is; to a
        # terminal they are escaped.
        self.stays_quiet(("hash", path), run("hash", path).stderr, self.on_terminal("hash", path))

    @staticmethod
    def on_terminal(*args):
        """What the program writes where stdout is a terminal, line ends as written."""
        ours, its = os.openpty()
        mode = termios.tcgetattr(its)
        mode[1] &= ~termios.OPOST
        termios.tcsetattr(its, termios.TCSANOW, mode)
        reader = Reader(ours)
        run(*args, stdout=its, env=harness.environment(NO_COLOR="1"))
        os.close(its)
        return reader.finish()

    def test_names_in_a_checksum_list(self):
        for name in HOSTILE.values():
            listed = name.replace(b"\n", b"\\n")
            path = self.write("list", b"0" * 64 + b"  " + listed + b"\n")
            done = run("hash", "-c", path, cwd=self.tmp)
            self.stays_quiet((name, "stderr"), done.stderr)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""The program's contract: words, options, exit codes, streams, report files."""

import json
import os
import re
import resource
import select
import shutil
import signal
import subprocess
import time
import unittest

import harness
from harness import PROGRAM, SOURCE, TestCase, environment, run

COMMANDS = ["check", "scan", "hash", "inspect", "trace", "rules", "policy", "help"]


def safetensors(header=None, data=b"\0" * 16):
    header = header or {"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data


class CliCase(TestCase):
    def usage(self, *args, says="", **kwargs):
        """The words are refused: exit 4, a sentence on stderr, for programs on stdout as well."""
        done = run(*args, **kwargs)
        self.assertEqual(done.returncode, 4, done.stderr)
        if "--json" in args:
            self.assertEqual(json.loads(done.stdout)["schema"], "steelyard-error/1")
        else:
            self.assertEqual(done.stdout, b"")
        self.assertIn(says, done.stderr.decode())
        self.assertRegex(done.stderr.decode(), r"\Asteelyard: ")

    def good_model(self, name="model.safetensors"):
        return self.write(name, safetensors())


class Words(CliCase):
    def test_version(self):
        done = run("--version")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertRegex(done.stdout.decode(), r"\Asteelyard \d+\.\d+\.\d+\n\Z")

    def test_version_json(self):
        data = json.loads(run("--version", "--json").stdout)
        self.assertEqual(data["name"], "steelyard")
        self.assertIn("sha256", data["algorithms"])
        self.assertIn("json", data["reports"])
        self.assertIn("safetensors", [f["name"] for f in data["formats"]])

    def test_no_command(self):
        self.usage(says="a command is missing")

    def test_unknown_command_suggests(self):
        self.usage("chekc", "x", says="did you mean 'check'?")
        self.usage("inspct", says="did you mean 'inspect'?")
        self.usage("frobnicate", says="there is no command 'frobnicate'")

    def test_path_as_command(self):
        self.usage(str(self.good_model()), says="did you mean 'steelyard check ")

    def test_unknown_option_suggests(self):
        self.usage("check", "--lodaer", "any", "x", says="did you mean '--loader'?")
        self.usage("check", "-Z", "x", says="there is no option '-Z'")
        self.usage("inspect", "--policy", "p", "x", says="there is no option '--policy'")

    def test_unknown_words_suggest(self):
        self.usage("check", "--loader", "transformer", "x", says="did you mean 'transformers'?")
        self.usage("check", "--report", "jsn=x", "x", says="did you mean 'json'?")
        self.usage("check", "--limit", "tensor=3", "x", says="did you mean 'tensors'?")
        self.usage("hash", "-a", "sha265", "x", says="did you mean 'sha256'?")
        self.usage("rules", "gguf-key-duplicat", says="did you mean 'gguf-key-duplicate'?")
        self.usage("help", "chek", says="did you mean 'check'?")

    def test_bad_values(self):
        self.usage("check", "--jobs", "many", "x", says="--jobs takes a number")
        self.usage("check", "--jobs=-1", "x", says="--jobs takes a number")
        self.usage("check", "--jobs", "99999999999999999999", "x", says="--jobs takes a number")
        self.usage("check", "--color", "sometimes", "x", says="auto|always|never")
        self.usage("check", "--fail-on", "hi", "x", says="--fail-on takes one of")
        self.usage("check", "--limit", "tensors=0", "x", says="--limit")
        self.usage("check", "--limit", "tensors", "x", says="NAME=VALUE")
        self.usage("check", "--report", "json", "x", says="FORMAT=FILE")
        self.usage("check", "--report", "json=", "x", says="FORMAT=FILE")
        self.usage("check", "--loader=", "x", says="needs a value")
        self.usage("check", "x", "--loader", says="needs a value")
        self.usage("check", "--json=yes", "x", says="takes no value")

    def test_contradictions(self):
        self.usage("check", "--json", "--report", "text=-", "x", says="standard output")
        self.usage("check", "--report", "json=a", "--report", "text=a", "x", says="two reports")
        self.usage("check", "--report", "json=-", "--report", "text=-", "x", says="two reports")
        self.usage("check", "--files-from0", "-", "-", says="standard input")
        self.usage("check", "--jobs", "1", "--jobs", "2", "x", says="given twice")
        self.usage("hash", "--quiet", "x", says="--quiet means something only")
        self.usage("hash", "--status", "x", says="--status means something only")
        self.usage("hash", "-c", "--tag", "x", says="contradict")
        self.usage("hash", "-c", "-z", "x", says="contradict")
        self.usage("hash", "-c", "--json", "x", says="contradict")
        self.usage("hash", "--json", "-z", "x", says="contradict")
        self.usage("hash", "-a", "sha256,sha256", "x", says="twice")
        self.usage("hash", "-c", "-a", "sha256,sha512", "x", says="one algorithm")
        self.usage("--json", says="--version")

    def test_missing_operands(self):
        self.usage("check", says="needs a PATH")
        self.usage("hash", says="needs a PATH")
        self.usage("inspect", says="needs PATH")
        self.usage("rules", "a", "b", says="'b' is left over")

    def test_end_of_options(self):
        self.good_model("--json")
        done = run("hash", "--", "--json", cwd=self.tmp)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.endswith(b"  --json\n"))

    def test_clusters_and_values(self):
        path = self.good_model()
        plain = run("hash", "-a", "sha512", "-z", path)
        self.assertEqual(plain.returncode, 0, plain.stderr)
        for words in (["-zasha512"], ["-za", "sha512"], ["-z", "--algorithm=sha512"]):
            self.assertEqual(run("hash", *words, path).stdout, plain.stdout)

    def test_escapes_in_complaints(self):
        done = run("check", "--color", "\x1b[31mred", "x")
        self.assertNotIn(b"\x1b", done.stderr)


class Help(CliCase):
    def test_every_command_has_help_with_examples(self):
        for command in COMMANDS:
            text = run(command, "--help")
            self.assertEqual(text.returncode, 0)
            self.assertIn(b"examples:\n  ", text.stdout)
            self.assertEqual(text.stdout, run("help", command).stdout)
            self.assertLessEqual(max(map(len, text.stdout.decode().splitlines())), 100)

    def test_program_help_names_every_command(self):
        text = run("--help").stdout.decode()
        for command in COMMANDS:
            self.assertRegex(text, rf"(?m)^  {command} ")
        self.assertNotIn("completion", text)

    def test_manual_pages_are_what_is_committed(self):
        for command in [None] + COMMANDS:
            words = [command] if command else []
            page = run("help", "--man", *words)
            self.assertEqual(page.returncode, 0)
            name = "-".join(["steelyard"] + words) + ".1"
            committed = (SOURCE / "docs" / "man" / name).read_bytes()
            self.assertEqual(page.stdout.decode(), committed.decode(),
                             f"docs/man/{name}: write it again with docs/man/update.sh")

    def test_manual_pages_are_good_roff(self):
        if not shutil.which("groff"):
            self.skipTest("groff is not installed")
        for page in sorted((SOURCE / "docs" / "man").glob("*.1")):
            done = subprocess.run(["groff", "-man", "-ww", "-z", page], capture_output=True,
                                  check=False)
            self.assertEqual(done.stderr, b"")

    def options_of(self, command):
        return set(re.findall(r"(?m)^ +(?:-\w, )?--([a-z0-9-]+)", run(command, "--help")
                              .stdout.decode().split("examples:")[0]))

    def test_help_manual_and_completion_agree(self):
        for command in COMMANDS:
            options = self.options_of(command)
            page = run("help", "--man", command).stdout.decode().replace("\\-", "-")
            self.assertEqual(options, set(re.findall(r"(?m)^\.TP\n.*\\fB--([a-z0-9-]+)", page)))
            for shell in ("bash", "zsh", "fish"):
                script = run("completion", shell).stdout.decode()
                for option in options:
                    word = f"-l {option}" if shell == "fish" else f"--{option}"
                    self.assertIn(word, script, (shell, command))

    def test_bash_completion(self):
        def complete(*words):
            script = ('source <("$1" completion bash); shift; COMP_WORDS=("$@"); '
                      'COMP_CWORD=$(($# - 1)); _steelyard; printf "%s\\n" "${COMPREPLY[@]}"')
            done = subprocess.run(["bash", "-c", script, "bash", PROGRAM, "steelyard", *words],
                                  capture_output=True, text=True, check=True)
            self.assertEqual(done.stderr, "")
            return done.stdout.split()
        self.assertEqual(complete("ins"), ["inspect"])
        self.assertEqual(complete("check", "--files"), ["--files-from0"])
        self.assertEqual(complete("check", "--loader", "vl"), ["vllm"])
        self.assertEqual(complete("check", "--color", "a"), ["auto", "always"])
        self.assertEqual(complete("help", "sc"), ["scan"])

    def test_completion_of_an_unknown_shell(self):
        self.usage("completion", "zhs", says="did you mean 'zsh'?")


class Streams(CliCase):
    def shell(self, text, *args):
        return subprocess.run(["bash", "-c", text, "bash", PROGRAM, *map(str, args)],
                              capture_output=True, env=environment(), timeout=60, check=False)

    def test_stdout_that_cannot_be_written(self):
        model = self.good_model()
        for words in ("check", "check --json", "scan", "inspect", "hash"):
            for where, why in ((">/dev/full", b"No space left"), (">&-", b"Bad file desc")):
                done = self.shell(f'"$1" {words} "$2" {where}', model)
                self.assertEqual(done.returncode, 2, (words, where, done.stderr))
                self.assertIn(b"cannot write to standard output: " + why, done.stderr)
        for words in ("--version", "--help", "rules", "help --man check", "completion zsh"):
            done = self.shell(f'"$1" {words} >/dev/full')
            self.assertEqual(done.returncode, 2, words)

    def test_broken_pipe(self):
        read_end, write_end = os.pipe()
        os.close(read_end)
        done = run("rules", stdout=write_end)
        os.close(write_end)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"Broken pipe", done.stderr)

    def test_flagged_outranks_an_unwritable_stdout(self):
        path = self.write("model.safetensors", safetensors()[:-4])
        done = self.shell('"$1" check "$2" >/dev/full', path)
        self.assertEqual(done.returncode, 1)

    def test_closed_descriptors(self):
        model = self.good_model()
        for closed in ("<&-", "2>&-", "<&- 2>&-"):
            done = self.shell(f'"$1" check "$2" {closed}', model)
            self.assertEqual(done.returncode, 0, closed)
        self.assertEqual(self.shell('"$1" check - <&-').returncode, 2)
        self.assertEqual(self.shell('"$1" hash "$2" <&- >&- 2>&-', model).returncode, 2)

    def test_results_and_notices_do_not_mix(self):
        done = run("check", self.good_model(), "--json")
        json.loads(done.stdout)
        self.assertEqual(done.stderr, b"")

    def test_color(self):
        path = self.write("model.safetensors", safetensors()[:-4])
        has_color = lambda *words, **env: b"\x1b[" in run(  # noqa: E731
            "check", path, *words, env=environment(**env)).stdout
        self.assertFalse(has_color())
        self.assertTrue(has_color("--color=always"))
        self.assertTrue(has_color(STEELYARD_COLOR="always"))
        self.assertFalse(has_color("--color=never", STEELYARD_COLOR="always"))
        self.assertTrue(has_color("--color=always", NO_COLOR="1"))

    def test_environment_is_checked(self):
        self.usage("check", "x", env=environment(STEELYARD_JOBS="no"),
                   says="STEELYARD_JOBS takes a number")
        self.usage("check", "x", env=environment(STEELYARD_COLOR="red"),
                   says="STEELYARD_COLOR takes one of")

    def test_no_progress_without_a_terminal(self):
        self.assertEqual(run("hash", self.good_model()).stderr, b"")

    def on_terminal(self, *words, until, seconds=30):
        """Runs with stderr and stdout on a terminal until `until` was shown."""
        try:
            main, other = os.openpty()
        except OSError as error:
            self.skipTest(f"no pseudo-terminal: {error}")
        process = subprocess.Popen([PROGRAM, *map(str, words)], stdin=subprocess.DEVNULL,
                                   stdout=other, stderr=other,
                                   env=environment(TERM="xterm"))
        os.close(other)
        shown, deadline = b"", time.monotonic() + seconds
        while until not in shown and time.monotonic() < deadline:
            if select.select([main], [], [], 0.2)[0]:
                try:
                    shown += os.read(main, 4096)
                except OSError:  # the terminal's other side is closed
                    break
        return process, main, shown

    def test_progress_on_a_terminal(self):
        big = self.write("model.safetensors")
        os.truncate(big, 64 << 30)
        process, main, shown = self.on_terminal("hash", "-a", "sha512", big, until=b" left")
        self.assertRegex(shown, rb"of 64\.0 GiB, [0-9.,]+ .iB/s, [0-9:]+ left")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=20), 2)
        os.close(main)

    def test_names_on_a_terminal_are_escaped(self):
        path = self.write("\x1b[31mred\n")
        process, main, shown = self.on_terminal("hash", path, until=b"red")
        process.wait(timeout=20)
        os.close(main)
        self.assertNotIn(b"\x1b[31m", shown)

    def test_an_interrupted_check_leaves_an_incomplete_report(self):
        data = 64 << 30
        header = {"a": {"dtype": "U8", "shape": [data], "data_offsets": [0, data]}}
        path = self.write("model.safetensors", safetensors(header, b""))
        os.truncate(path, path.stat().st_size + data)
        process = subprocess.Popen([PROGRAM, "check", "--json", path], stdout=subprocess.PIPE,
                                   env=environment())
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        report = json.loads(process.communicate(timeout=20)[0])
        self.assertEqual(process.returncode, 2)
        self.assertEqual((report["verdict"], report["complete"]), ("undetermined", False))
        self.assertIn("interrupted", report["reasons"])

    def test_signals_end_a_run_with_code_2(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            for words in (["hash", "-"], ["check", "-"]):
                read_end, write_end = os.pipe()
                process = subprocess.Popen([PROGRAM, *words], stdin=read_end,
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                           env=environment())
                os.close(read_end)
                time.sleep(0.5)
                process.send_signal(number)
                try:
                    process.communicate(timeout=20)
                finally:
                    process.kill()
                    os.close(write_end)
                self.assertEqual(process.returncode, 2, (words, number))


class Reports(CliCase):
    def test_report_file_equals_stdout(self):
        model = self.good_model()
        target = self.tmp / "out" / "report.json"
        target.parent.mkdir()
        shown = run("check", model, "--json").stdout
        done = run("check", model, "--report", f"json={target}", "--report", "text=-")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(target.read_bytes(), shown)
        self.assertEqual(done.stdout, run("check", model).stdout)
        self.assertEqual(os.listdir(target.parent), ["report.json"])

    def test_json_on_stdout_through_report(self):
        model = self.good_model()
        self.assertEqual(run("check", model, "--report", "json=-").stdout,
                         run("check", model, "--json").stdout)

    def test_an_old_report_is_replaced(self):
        model, target = self.good_model(), self.write("r.json", "old")
        self.assertEqual(run("check", model, "--report", f"json={target}").returncode, 0)
        self.assertEqual(json.loads(target.read_bytes())["verdict"], "clean")

    def refused(self, target, says):
        done = run("check", self.good_model("m/model.safetensors"), "--report", f"json={target}")
        self.assertEqual(done.returncode, 2)
        self.assertIn(says, done.stderr.decode())
        self.assertEqual([n for n in os.listdir(self.tmp) if n.startswith(".steelyard")], [])

    def test_links_and_devices_are_not_replaced(self):
        victim, link = self.write("victim", "mine"), self.tmp / "link"
        link.symlink_to(victim)
        self.refused(link, "links are not followed")
        self.assertEqual(victim.read_bytes(), b"mine")
        self.assertTrue(link.is_symlink())
        (self.tmp / "dangling").symlink_to("nowhere")
        self.refused(self.tmp / "dangling", "links are not followed")
        self.refused("/dev/null", "not a regular file")
        os.mkfifo(self.tmp / "fifo")
        self.refused(self.tmp / "fifo", "not a regular file")
        (self.tmp / "folder").mkdir()
        self.refused(self.tmp / "folder", "not a regular file")

    def test_missing_folder(self):
        self.refused(self.tmp / "no" / "r.json", "No such file or directory")

    def test_no_space_leaves_nothing_behind(self):
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))  # noqa: E731
        model, target = self.good_model(), self.write("r.json", "old")
        done = run("check", model, "--report", f"json={target}", preexec_fn=limit)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"cannot be written", done.stderr)
        self.assertEqual(target.read_bytes(), b"old")
        self.assertEqual(sorted(os.listdir(self.tmp)), ["model.safetensors", "r.json"])


class Paths(CliCase):
    def test_files_from0(self):
        a, b = self.good_model("a.safetensors"), self.good_model("b\n.safetensors")
        expected = run("check", a, b, "--json").stdout
        listed = self.write("list", os.fsencode(a) + b"\0" + os.fsencode(b) + b"\0")
        self.assertEqual(run("check", "--files-from0", listed, "--json").stdout, expected)
        self.assertEqual(run("check", "--json", a, "--files-from0", "-",
                             stdin=os.fsencode(b)).stdout, expected)

    def test_files_from0_refusals(self):
        self.usage("check", "--files-from0", self.tmp / "none", says="cannot open")
        self.usage("check", "--files-from0", "-", stdin=b"a\0\0b", says="is empty")

    def test_empty_list(self):
        self.assertEqual(run("check", "--files-from0", "-").returncode, 3)

    def test_missing_path(self):
        done = run("check", self.tmp / "none")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"none", done.stdout + done.stderr)

    def test_empty_folder(self):
        self.assertEqual(run("check", self.tmp).returncode, 3)
        self.assertEqual(run("check", self.tmp, "--allow-empty").returncode, 0)

    def test_stdin(self):
        self.assertEqual(run("check", "-", stdin=safetensors()).returncode, 0)

    def test_fail_on_moves_the_exit_code_only(self):
        path = self.write("model.safetensors", safetensors()[:-4])
        self.assertEqual(run("check", path).returncode, 1)
        status, report = harness.report("check", path, "--fail-on", "none")
        self.assertEqual(status, report["exit_code"])
        self.assertEqual(report["verdict"], "flagged")

    def test_exclude_is_listed(self):
        self.good_model("m/model.safetensors")
        self.write("m/bad.safetensors", safetensors()[:-4])
        self.assertEqual(run("check", self.tmp / "m").returncode, 1)
        done = run("check", self.tmp / "m", "--exclude", "bad.*", "--json")
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"bad.safetensors", done.stdout)

    def test_quiet_is_one_line(self):
        done = run("check", "-q", self.good_model())
        self.assertEqual(done.stdout.count(b"\n"), 1)
        self.assertEqual(done.stderr, b"")

    def test_tensors_in_the_report(self):
        path = self.good_model()
        listed = lambda *words: "tensors" in harness.report(  # noqa: E731
            "check", path, *words)[1]["artifacts"][0]
        self.assertFalse(listed())
        self.assertTrue(listed("--tensors"))

    def test_same_bytes_for_any_jobs_and_locale(self):
        for i in range(12):
            self.write(f"m/model-{i}.safetensors", safetensors()[:-i or None])
        outputs = {run("check", self.tmp / "m", "--json", "--jobs", jobs,
                       env=environment(LC_ALL=locale)).stdout
                   for jobs in "128" for locale in ("C", "C.UTF-8", "de_DE.UTF-8")}
        self.assertEqual(len(outputs), 1)


class Inspect(CliCase):
    def test_table(self):
        done = run("inspect", self.write("m.safetensors", safetensors({
            "__metadata__": {"format": "pt", "long": "x" * 500},
            "a\u001b[31m": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}})))
        text = done.stdout.decode()
        self.assertNotIn("\x1b", text)
        self.assertRegex(text, r"(?m)^  name +dtype +shape +offset +bytes$")
        self.assertRegex(text, r"F32 +\[2, 2\] +\d+ +16$")
        self.assertIn("x" * 72 + "...", text)
        self.assertNotIn("x" * 73, text)

    def test_more_than_forty(self):
        header = {f"t{i:03}": {"dtype": "U8", "shape": [1], "data_offsets": [i, i + 1]}
                  for i in range(100)}
        path = self.write("m.safetensors", safetensors(header, b"\0" * 100))
        self.assertIn(b"... and 60 more (--tensors shows all)", run("inspect", path).stdout)
        self.assertEqual(run("inspect", "--tensors", path).stdout.count(b" U8 "), 100)
        tensors = harness.report("inspect", path)[1]["artifacts"][0]["tensors"]
        self.assertEqual(len(tensors), 100)


class Rules(CliCase):
    def test_list_and_json_agree(self):
        data = json.loads(run("rules", "--json").stdout)["rules"]
        ids = [rule["rule"] for rule in data]
        self.assertEqual(ids, sorted(set(ids)))
        lines = run("rules").stdout.decode().splitlines()
        self.assertEqual([line.split()[0] for line in lines], ids)

    def test_every_rule_is_explained(self):
        for rule in json.loads(run("rules", "--json").stdout)["rules"]:
            for member in ("severity", "effect", "title", "why", "fix"):
                self.assertTrue(rule[member], rule)
        text = run("rules", "content-polyglot-found").stdout.decode()
        self.assertIn("why it matters:\n", text)
        self.assertIn("what to do:\n", text)


if __name__ == "__main__":
    unittest.main()

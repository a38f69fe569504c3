# SPDX-License-Identifier: Apache-2.0
"""trace and --allow-global: what is shown of a pickle, escaped, with the exit codes of scan.

The pickles are written by hand here, byte by byte; none is ever loaded.
"""

import gzip
import io
import json
import os
import unittest
import zipfile

import harness
import models
from harness import TestCase, notices, report, run

try:
    import jsonschema
except ImportError:
    jsonschema = None

EVIL = b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x07echo hi\x85R."
PLAIN = b"\x80\x04\x95\x0a\0\0\0\0\0\0\0}\x94\x8c\x01a\x94K\x01s."
KNOWN = b"\x80\x02ccollections\nOrderedDict\n)R."
UNKNOWN = b"\x80\x02cacme.nets\nNet\n)R."
BROKEN = b"\x80\x02h\x05."
HOSTILE = "e\x1b[31m\u202e\u009b\x07\r::error::"


def unicode(text):
    data = text.encode("utf-8", "surrogatepass")
    return b"X" + len(data).to_bytes(4, "little") + data


class TraceCase(TestCase):
    def trace(self, content, *args, code=None, name="m.pkl", **kwargs):
        """Standard output of trace, whose exit status is that of scan unless given."""
        path = self.write(name, content)
        done = run("trace", path, *args, **kwargs)
        if code is None:
            code = run("scan", path, *(a for a in args if a not in ("--all", "--json"))).returncode
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout.decode()


class Text(TraceCase):
    def test_a_call(self):
        text = self.trace(EVIL, code=1)
        head, *lines = text.splitlines()
        self.assertIn("m.pkl: pickle, protocol 4, 27 bytes, 8 opcodes", head)
        shown = [line.split(None, 3) for line in lines if " DANGEROUS " in line]
        self.assertEqual([(s[0], s[1]) for s in shown], [("14", "STACK_GLOBAL"), ("25", "REDUCE")])
        self.assertIn("Unpickling this would call os.system('echo hi') (shell: ", text)
        self.assertIn("Verdict: flagged", text)
        self.assertNotIn("\x1b", text)

    def test_columns_are_aligned(self):
        lines = self.trace(EVIL).splitlines()
        at = lines[2].index("what unpickling would do")
        for line in lines[3:6]:
            self.assertRegex(line[at:], r"\A(imports|calls|ends) ")

    def test_what_is_known_unknown_plain_broken(self):
        text = self.trace(KNOWN, code=0)
        self.assertIn("known  imports collections.OrderedDict", text)
        self.assertIn("would build data with known names: collections.OrderedDict.", text)
        text = self.trace(UNKNOWN, code=1)
        self.assertIn("NOT ON THE LIST  calls acme.nets.Net()", text)
        self.assertIn("names that are not on the list: acme.nets.Net.", text)
        text = self.trace(PLAIN, code=0)
        self.assertIn("it imports and calls nothing", text)
        text = self.trace(BROKEN, code=1)
        self.assertIn("UNUSUAL  loading fails here", text)
        self.assertIn("Loading fails at offset 2.", text)

    def test_data_is_summed_up(self):
        text = self.trace(b"\x80\x02](" + b"K\x07" * 1204 + b"e.")
        self.assertIn("... 1,208 opcodes build plain data: numbers, lists", text)
        self.assertEqual(len(text.splitlines()), 7)

    def test_several_pickles(self):
        text = self.trace(PLAIN + EVIL)
        self.assertIn("in 2 pickles", text)
        self.assertIn("a pickle begins, protocol 4: ends and returns {'a': 1}", text)
        self.assertIn(f"a pickle begins, protocol 4, at offset {len(PLAIN)}", text)

    def test_all_lists_every_opcode(self):
        text = self.trace(EVIL, "--all")
        names = [line.split()[1] for line in text.splitlines()[3:-3]]
        self.assertEqual(names, ["PROTO", "SHORT_BINUNICODE", "SHORT_BINUNICODE", "STACK_GLOBAL",
                                 "SHORT_BINUNICODE", "TUPLE1", "REDUCE", "STOP"])

    def test_limit_is_visible(self):
        text = self.trace(b"](" + b"K\x07" * 500 + b"e.", "--all", "--limit", "trace-steps=100")
        self.assertRegex(text, r"and 40\d more steps \(--limit trace-steps=N shows more\)")

    def test_color(self):
        self.assertIn("\x1b[31;1m", self.trace(EVIL, "--color", "always", code=1))
        self.assertEqual(self.trace(EVIL, "--color", "never", code=1), self.trace(EVIL, code=1))

    def test_standard_input(self):
        done = run("trace", "-", stdin=EVIL)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(b"os.system('echo hi')", done.stdout)

    def test_words_that_nobody_can_stand_for(self):
        for content in (EVIL, PLAIN, KNOWN, UNKNOWN, BROKEN):
            text = self.trace(content).lower()
            for word in ("safe", "secure", "harmless", "guarantee"):
                self.assertNotIn(word, text)


class Containers(TraceCase):
    """Pickles inside: each with the way to it, and offsets of its own."""

    @staticmethod
    def archive():
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as file:
            file.writestr("m/data.pkl", EVIL)
            file.writestr("m/other.pkl", PLAIN)
            file.writestr("m/version", "3\n")
        return out.getvalue()

    def test_members(self):
        text = self.trace(self.archive(), name="m.pt", code=1)
        self.assertIn("\n  m/data.pkl: a pickle begins, protocol 4\n", text)
        self.assertIn("\n  m/other.pkl: a pickle begins, protocol 4: ends and returns {'a': 1}\n",
                      text)
        self.assertRegex(text, r"\n +25  REDUCE +DANGEROUS  calls os.system\('echo hi'\)")
        steps = report("trace", self.tmp / "m.pt")[1]["artifacts"][0]["steps"]
        self.assertEqual({s["member"][0] for s in steps}, {"m/data.pkl", "m/other.pkl"})
        self.assertEqual({s["file_offset"] - s["offset"] for s in steps
                          if s["member"] == ["m/data.pkl"]}, {self.archive().index(EVIL)})

    def test_decoded(self):
        text = self.trace(gzip.compress(EVIL), name="m.pkl.gz", code=1)
        self.assertIn("calls os.system('echo hi')", text)
        for step in report("trace", self.tmp / "m.pkl.gz")[1]["artifacts"][0]["steps"]:
            self.assertEqual(len(step["member"]), 1)
            self.assertNotIn("file_offset", step)

    def test_code_flow_and_allowance(self):
        path = self.write("m.pt", self.archive())
        done = run("scan", path, "--report", "sarif=-")
        flows = [r["codeFlows"] for r in json.loads(done.stdout)["runs"][0]["results"]
                 if r["ruleId"] == "pickle-import-dangerous"]
        first = flows[0][0]["threadFlows"][0]["locations"][0]["location"]
        self.assertTrue(first["logicalLocations"][0]["fullyQualifiedName"].endswith("!m/data.pkl"))
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as file:
            file.writestr("m/data.pkl", UNKNOWN)
            file.writestr("m/version", "3\n")
        self.assertEqual(run("scan", self.write("u.pt", out.getvalue())).returncode, 1)
        code, document = report("scan", self.tmp / "u.pt", "--allow-global", "acme.*")
        self.assertEqual(code, 0, document)


class Nothing(TraceCase):
    def test_a_file_without_pickle(self):
        content = models.safetensors({"w": models.f32(2, 2)}, {"format": "pt"})
        text = self.trace(content, name="model.safetensors", code=3)
        self.assertIn("Nothing to trace", text)
        self.assertIn("of the format safetensors", text)
        self.assertIn("trace follows what unpickling would do", text)
        code, document = report("trace", self.tmp / "model.safetensors")
        self.assertEqual((code, document["exit_code"]), (3, 3))

    def test_what_scan_says_stays(self):
        text = self.trace(b"\x10", name="model.safetensors", code=1)
        self.assertIn("Nothing to trace", text)
        self.assertIn("Verdict: flagged", text)

    def test_a_directory(self):
        done = run("trace", self.tmp)
        self.assertEqual((done.returncode, done.stdout), (4, b""))
        self.assertIn(b"takes one file", done.stderr)
        self.assertIn(b"'steelyard scan'", done.stderr)

    def test_no_such_file(self):
        self.assertEqual(run("trace", self.tmp / "gone.pkl").returncode, 2)
        self.assertEqual(run("trace").returncode, 4)
        self.assertEqual(run("trace", "a", "b").returncode, 4)


class Document(TraceCase):
    def test_steps(self):
        path = self.write("m.pkl", EVIL)
        code, document = report("trace", path)
        self.assertEqual((code, document["command"], document["exit_code"]), (1, "trace", 1))
        steps = document["artifacts"][0]["steps"]
        self.assertEqual([s["kind"] for s in steps],
                         ["begin", "data", "import", "data", "call", "end"])
        self.assertEqual(steps[0]["protocol"], 4)
        self.assertEqual(steps[-1]["opcodes"], 8)
        call = steps[4]
        self.assertEqual((call["class"], call["offset"], call["opcode"], call["symbol"]),
                         ("dangerous", 25, "REDUCE", "os.system"))

    def test_only_trace_has_them(self):
        path = self.write("m.pkl", EVIL)
        for words in (("scan",), ("check",), ("inspect",)):
            self.assertNotIn("steps", report(*words, path)[1]["artifacts"][0])

    @unittest.skipUnless(jsonschema, "jsonschema is not installed (tests/run.sh installs it)")
    def test_schema(self):
        schema = json.loads((harness.SOURCE / "docs" / "report.schema.json").read_text())
        validator = jsonschema.validators.validator_for(schema)(schema)
        for i, content in enumerate((EVIL, PLAIN + EVIL, KNOWN, UNKNOWN, BROKEN, PLAIN + b"!!")):
            path = self.write(f"{i}.pkl", content)
            for args in ((), ("--all",), ("--allow-global", "acme.*"),
                         ("--limit", "trace-steps=1")):
                document = report("trace", path, *args)[1]
                self.assertEqual([e.message for e in validator.iter_errors(document)], [])

    def test_vectors_have_the_exit_code_of_scan(self):
        for path in sorted((harness.VECTORS / "pickle").glob("*.pkl")):
            done = run("trace", path, "--json")
            self.assertEqual(done.returncode, run("scan", "-q", path).returncode, path)
            self.assertTrue(json.loads(done.stdout)["artifacts"][0]["steps"], path)


class Escaped(TraceCase):
    def hostile(self):
        name = HOSTILE.replace("\r", "").replace("\n", "")
        return b"\x80\x04" + unicode(name) + unicode(name + ".x") + b"\x93" + unicode(HOSTILE) + \
            unicode("a\ud800") + b"\x86R" + b"\x80\x04" + b"0" + unicode(HOSTILE) + b"Q."

    def test_nothing_reaches_a_terminal(self):
        path = self.write(os.fsencode("e\x1b[31m\u202e.pkl").decode(), self.hostile())
        for args in ((), ("--all",), ("--json",), ("--all", "--json")):
            done = run("trace", path, *args)
            for data in (done.stdout, done.stderr):
                text = data.decode()
                bad = [hex(ord(c)) for c in text if (ord(c) < 0x20 and c != "\n") or
                       0x7f <= ord(c) < 0xa0 or 0x202a <= ord(c) <= 0x202e]
                self.assertEqual(bad, [], args)
                self.assertNotIn("\n::", text)


class Allow(TraceCase):
    def scan(self, content, *patterns, command="scan"):
        path = self.write("m.pkl", content)
        args = [word for p in patterns for word in ("--allow-global", p)]
        return report(command, path, *args)

    def test_exact_and_prefix(self):
        for pattern in ("acme.nets.Net", "acme.nets.*", "acme.*"):
            for command in ("scan", "check", "trace"):
                code, document = self.scan(UNKNOWN, pattern, command=command)
                self.assertEqual((code, document["verdict"]), (0, "clean"), pattern)
                artifact, = document["artifacts"]
                self.assertEqual(artifact["findings"], [])
                kept, = artifact["suppressed"]
                self.assertEqual(kept["rule"], "pickle-import-unknown")
                self.assertEqual(kept["symbol"], "acme.nets.Net")
                self.assertEqual(kept["reason"], f"allowed by --allow-global {pattern}")
                self.assertEqual(notices(document), [])

    def test_text_and_trace_name_it(self):
        path = self.write("m.pkl", UNKNOWN)
        text = run("scan", path, "--allow-global", "acme.*").stdout.decode()
        self.assertIn("'acme.nets.Net', allowed by --allow-global acme.*", text)
        self.assertIn("but for the names that are allowed below", text)
        text = run("trace", path, "--allow-global", "acme.*").stdout.decode()
        self.assertIn("allowed  calls acme.nets.Net()", text)
        self.assertIn("names that are allowed here: acme.nets.Net.", text)
        self.assertNotIn("NOT ON THE LIST", text)

    def test_sarif_has_a_suppression(self):
        path = self.write("m.pkl", UNKNOWN)
        done = run("scan", path, "--allow-global", "acme.*", "--report", "sarif=-")
        result, = json.loads(done.stdout)["runs"][0]["results"]
        self.assertEqual(result["suppressions"], [
            {"kind": "external", "justification": "allowed by --allow-global acme.*"}])

    def test_what_is_dangerous_stays(self):
        for pattern in ("os.system", "os.*"):
            code, document = self.scan(EVIL, pattern)
            self.assertEqual((code, document["artifacts"][0]["suppressed"]), (1, []))
            notice, = notices(document)
            self.assertEqual(notice["kind"], "allowance-unused")
            self.assertIn("dangerous", notice["detail"])

    def test_attempts_to_get_through(self):
        evil = b"\x80\x04\x8c%c%b\x8c%c%b\x93\x8c\x02id\x85R."
        for module, name, pattern in (
                (b"acme", b"os.system", "acme.*"), (b"acme", b"os.system", "acme.os.system"),
                (b"acme", b"f.__globals__", "acme.*"), (b"acme.os", b"system", "acme.*"),
                (b"acmesys", b"Net", "acme.*"), (b"ACME", b"Net", "acme.*"),
                ("аcme".encode(), b"Net", "acme.*"), (b"acme", b"Net", "acme.net"),
                (b"builtins", b"eval", "builtins.*"), (b"__builtin__", b"eval", "__builtin__.*")):
            code, _ = self.scan(evil % (len(module), module, len(name), name), pattern)
            self.assertEqual(code, 1, (module, name, pattern))

    def test_unused_gets_a_notice(self):
        code, document = self.scan(UNKNOWN, "acme.*", "other.Net")
        self.assertEqual(code, 0)
        notice, = notices(document)
        self.assertEqual(notice["kind"], "allowance-unused")
        self.assertIn("'other.Net'", notice["detail"])

    def test_usage(self):
        path = self.write("m.pkl", UNKNOWN)
        for pattern in ("*", "acme", "acme*", "*.Net", "", "acme.*.Net", "a b.c", "\x1b.x"):
            for command in ("check", "scan", "trace"):
                done = run(command, path, "--allow-global", pattern)
                self.assertEqual((done.returncode, done.stdout), (4, b""), pattern)
                self.assertNotIn(b"\x1b", done.stderr)
        self.assertEqual(run("inspect", path, "--allow-global", "a.b").returncode, 4)

    def test_only_counted_names_still_count(self):
        many = b"\x80\x02" + b"".join(b"cacme\nN%d\n0" % i for i in range(30)) + b"N."
        code, document = self.scan(many, "acme.*")
        self.assertEqual(code, 1)
        self.assertIn("allowance-incomplete", [n["kind"] for n in document["notices"]])
        path = self.write("many.pkl", many)
        self.assertEqual(report("scan", path, "--allow-global", "acme.*", "--limit",
                                "findings-per-rule=100")[0], 0)


if __name__ == "__main__":
    unittest.main()

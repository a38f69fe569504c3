# SPDX-License-Identifier: Apache-2.0
"""The table of threats: what a row is, and how it becomes a test.

A row is a number (reliability notes, section 2), a case and what DESIGN section 2
wants of it.  Three kinds, so that nothing is left out in silence; what a row knows to
be not yet right it says with known_gap, shown as skipped:

  threat     made and tried here, through the program
  elsewhere  tried by another test, which is named and must exist
  absent     does not apply, and why: shown as skipped
"""

import contextlib
import json
import re
import unittest

import harness
import models

VERDICTS = {0: "clean", 1: "flagged", 2: "undetermined"}
ROWS = {}


def _add(number, title, run):
    if number in ROWS:
        raise ValueError(f"threat {number} stands in the table twice")
    ROWS[number] = title, run


def threat(number, title, code=None, rule=None):
    """The row's function gives (file name, content[, code[, rule]]), which are scanned
    together and judged one by one, or nothing when it looks for itself."""
    def decorate(function):
        def run(test):
            cases = function(test)
            if cases is not None:
                test.judge(list(cases), code, rule)
        _add(number, title, run)
        return function
    return decorate


def elsewhere(number, title, path, name):
    def run(test):
        text = (harness.SOURCE / path).read_text()
        test.assertIn(name, text, f"{path} tries this no more")
    _add(number, title, run)


def absent(number, title, why):
    def run(test):
        test.skipTest(f"threat {number} does not apply: {why}")
    _add(number, title, run)


def known_gap(test, number, what):
    """For a row that looked and found what is not yet as it should be."""
    test.skipTest(f"threat {number} is a known gap: {what}")


def good():
    return models.safetensors({"w": models.f32(4, 4)}, {"format": "pt"})


def scope_of(document, ending):
    return [a["scope"] for a in document["artifacts"] if a["path"].endswith(ending)]


def rules_of(document):
    return {f["rule"] for a in document["artifacts"] for f in a["findings"]}


class Threat(harness.TestCase):
    def expect(self, code, *args, rule=None, **kwargs):
        """The report of a run that must end with this code (or one of these)."""
        got, document = harness.report(*args, **kwargs)
        self.assertIn(got, code if isinstance(code, tuple) else (code,),
                      json.dumps(document)[:3000])
        if got in VERDICTS:
            self.assertEqual(document["verdict"], VERDICTS[got])
        if rule:
            self.assertIn(rule, rules_of(document))
        return document

    def judge(self, cases, code, rule):
        """Scans all files at once; each has a verdict of its own."""
        self.assertTrue(cases)
        wanted = {}
        for i, (name, content, *special) in enumerate(cases):
            path = self.write(f"{i:05d}-{name}", content)
            wanted[str(path)] = (special + [code, rule][len(special):])
        _, document = harness.report("scan", self.tmp)
        self.assertTrue(document["complete"])
        judged = {a["path"]: a for a in document["artifacts"]}
        for path, (code, rule) in wanted.items():
            found = self.find(judged, path)
            rules = [f["rule"] for f in found["findings"]]
            codes = code if isinstance(code, tuple) else (code,)
            self.assertIn(found["verdict"], [VERDICTS[c] for c in codes], (path, rules))
            self.assertNotIn("worker-process-died", rules, path)
            if rule:
                self.assertTrue(any(re.fullmatch(rule, r) for r in rules), (path, rules))

    def find(self, judged, path):
        matches = [a for p, a in judged.items() if path.endswith("/" + p) or p == path]
        self.assertEqual(len(matches), 1, path)
        return matches[0]

    @contextlib.contextmanager
    def model(self):
        """A folder with fine weights in it."""
        self.write("m/model.safetensors", good())
        yield self.tmp / "m"


def table(first, last):
    """A test class of the rows so numbered; there must be one for each."""
    def method(title, run):
        def test(self):
            run(self)
        test.__doc__ = title
        return test

    def test_every_number_is_there(self):
        self.assertEqual([n for n in range(first, last + 1) if n not in ROWS], [])

    rows = {f"test_{number:03d}": method(title, run)
            for number, (title, run) in ROWS.items() if first <= number <= last}
    return type(f"Threats{first}To{last}", (Threat, unittest.TestCase),
                {"test_every_number_is_there": test_every_number_is_there, **rows})

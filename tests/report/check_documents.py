#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_documents.py REPORT_DOCUMENTS SCHEMA

Validates what the writers write: the report document against our schema, SARIF
against both published schemas and the extra rules of code hosts, where the
corpora are unpacked (STEELYARD_CORPUS).  Exit 0 valid, 1 not, 77 skipped.
"""
import copy
import json
import os
import subprocess
import sys
import tempfile
import warnings

warnings.simplefilter("ignore")
try:
    import jsonschema
except ImportError:
    print("SKIP: Python's jsonschema is not installed (Debian: python3-jsonschema)")
    sys.exit(77)

SARIF = ("errata01-draft04", "cs-draft07")


def documents(program, writer):
    """Every document of a writer, as bytes."""
    for case in range(1000):
        run = subprocess.run([program, writer, str(case)], stdout=subprocess.PIPE)
        if run.returncode == 2:
            return
        run.check_returncode()
        yield case, run.stdout


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def validator(schema):
    return jsonschema.validators.validator_for(schema)(schema)


def complain(what, errors):
    for error in errors[:5]:
        where = "/".join(map(str, error.path))
        print("%s: /%s: %s" % (what, where, error.message[:200]))
    return len(errors)


def mutations(document):
    """Documents that the schema must refuse."""
    for key in ("schema", "verdict", "exit_code", "answers", "artifacts"):
        broken = copy.deepcopy(document)
        del broken[key]
        yield "without " + key, broken
    for key, value in (("verdict", "fine"), ("exit_code", 9), ("complete", "yes"),
                       ("fail_on", "hgih"), ("schema", "steelyard-report/2")):
        broken = copy.deepcopy(document)
        broken[key] = value
        yield "%s %r" % (key, value), broken
    if document["artifacts"]:
        broken = copy.deepcopy(document)
        broken["artifacts"][0]["size"] = -1
        yield "negative size", broken


def check_reports(program, schema_path):
    schema = load(schema_path)
    check = validator(schema)
    check.check_schema(schema)
    n_bad = n = 0
    for case, data in documents(program, "json"):
        document = json.loads(data)
        n_bad += complain("report %d" % case, list(check.iter_errors(document)))
        for what, broken in mutations(document):
            if check.is_valid(broken):
                print("report %d: the schema accepts it %s" % (case, what))
                n_bad += 1
        n += 1
    print("%d report documents validated" % n)
    return n_bad + (n == 0)


def check_sarif(program, corpus):
    schemas = [validator(load("%s/schemas/sarif/%s/sarif-schema-2.1.0.json" % (corpus, s)))
               for s in SARIF]
    n_bad = n = 0
    for case, data in documents(program, "sarif"):
        document = json.loads(data)
        for name, check in zip(SARIF, schemas):
            n_bad += complain("sarif %d (%s)" % (case, name),
                              list(check.iter_errors(document)))
        with tempfile.NamedTemporaryFile(suffix=".sarif") as file:
            file.write(data)
            file.flush()
            run = subprocess.run([sys.executable, corpus + "/schemas/gh_check.py",
                                  file.name], stdout=subprocess.PIPE)
        if run.returncode:
            print("sarif %d: %s" % (case, run.stdout.decode()))
            n_bad += 1
        n += 1
    print("%d SARIF documents validated against both schemas and the host's rules" % n)
    return n_bad + (n == 0)


def main():
    program, schema = sys.argv[1:]
    corpus = os.environ.get("STEELYARD_CORPUS", "")
    n_bad = check_reports(program, schema)
    if os.path.isdir(corpus + "/schemas/sarif"):
        n_bad += check_sarif(program, corpus)
    else:
        print("SKIP: SARIF schemas (STEELYARD_CORPUS is not set)")
    return 1 if n_bad else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Policies: the presets, the schema, what check and scan make of them, and the command."""

import hashlib
import json
import os
import unittest

import models
from harness import SOURCE, TestCase, environment, report, run

try:
    import jsonschema
    missing = ""
except ImportError:
    missing = "jsonschema is not installed (tests/run.sh installs it)"

PRESETS = ["default", "permissive", "strict"]
PLAIN = {"schema": "steelyard-policy/1", "require": []}
PEM = "-----BEGIN PUBLIC KEY-----\nMFkA\n-----END PUBLIC KEY-----\n"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
MINISIGN = "RWTCMHHRONR01AO4x0EHHBHlmTNzPnmvxwbX7fiyQgFoVTjC7hqPBhs4"
SIGNER = {"name": "a", "keys": [{"pem": PEM}]}
RULE = {"paths": ["**"], "signers": ["a"]}
SUPPRESSION = {"fingerprint": "v1:" + "a" * 64, "reason": "known", "expires": "2999-12-31"}
DANGEROUS = b"cposix\nsystem\n(Vecho\ntR."
UNKNOWN = b"cacme.nets\nNet\n."

GOOD = [
    {}, {"name": "models"}, {"valid_from": "2000-02-29", "valid_until": "2999-12-31T23:59:59Z"},
    {"require": ["inert", "authentic", "intact", "well_formed"]},
    *({"fail_on": word} for word in ("none", "info", "low", "medium", "high", "critical")),
    {"remote_code": "conditional"}, {"remote_code": "refuse"},
    *({"loader": word} for word in ("any", "diffusers", "llama.cpp", "onnxruntime",
                                    "transformers", "vllm")),
    {"allow_empty": True}, {"formats": ["gguf", "torch-zip", "onnx"]},
    {"allow_globals": ["acme.Net", "acme.*", "acmé.nets.*"]},
    {"exclude": ["*.md", "docs/**", "a[!b]", "\\[x"]}, {"suppress": [SUPPRESSION]},
    {"signers": [SIGNER]},
    {"signers": [{"name": "a", "keys": [{"minisign": MINISIGN}], "valid_until": "2030-01-01"},
                 {"name": "b", "certificates": [{"pem": CERTIFICATE}]},
                 {"name": "c", "identities": [{"identity": "x", "issuer": "y"}]}]},
    {"require": ["authentic"], "signers": [SIGNER], "rules": [RULE]},
    {"require": ["authentic"], "signers": [SIGNER], "rules": [dict(RULE, threshold=1)]},
    {"revoked": {}}, {"revoked": {"keys": ["0" * 64], "digests": [
        "sha256:" + "0" * 64, "sha512:" + "0" * 128, "git-blob:" + "0" * 40]}},
    {"timestamp_authorities": [{"pem": CERTIFICATE}]},
    {"max_age_days": 30}, {"state": "state.json"},
]

# (members, can the schema tell)
BAD = [
    ({"nmae": "x"}, True), ({"name": ""}, True), ({"name": 1}, True), ({"name": "a\nb"}, True),
    ({"schema": "steelyard-policy/2"}, True), ({"require": ["safe"]}, True),
    ({"require": ["inert", "inert"]}, True), ({"require": "inert"}, True),
    ({"valid_from": "2026-13-01"}, True), ({"valid_from": "2026-02-30"}, False),
    ({"valid_from": "2026-01-01T00:00:00+02:00"}, True), ({"valid_from": 5}, True),
    ({"valid_from": "2027-01-01", "valid_until": "2026-01-01"}, False),
    ({"fail_on": "severe"}, True), ({"remote_code": "allow"}, True), ({"loader": "x"}, True),
    ({"allow_empty": 1}, True), ({"formats": []}, True), ({"formats": ["nonsense"]}, False),
    ({"formats": ["gguf", "gguf"]}, True), ({"allow_globals": ["acme"]}, True),
    ({"allow_globals": ["*"]}, True), ({"allow_globals": ["acme.*.Net"]}, True),
    ({"allow_globals": ["os.system"]}, False), ({"allow_globals": ["subprocess.*"]}, False),
    ({"exclude": ["/x"]}, True), ({"exclude": [""]}, True), ({"exclude": ["[a"]}, False),
    ({"suppress": [{}]}, True), ({"suppress": [dict(SUPPRESSION, reason="")]}, True),
    ({"suppress": [dict(SUPPRESSION, fingerprint="v1:abc")]}, True),
    ({"suppress": [dict(SUPPRESSION, expires="soon")]}, True),
    ({"suppress": [SUPPRESSION, SUPPRESSION]}, False),
    ({"timestamp_authorities": [{"pem": PEM}]}, True),
    ({"timestamp_authorities": [{"minisign": MINISIGN}]}, True),
    ({"timestamp_authorities": [CERTIFICATE]}, True),
    ({"signers": [{"name": "a"}]}, True), ({"signers": [{"name": "a", "keys": []}]}, True),
    ({"signers": [{"keys": [{"pem": PEM}]}]}, True), ({"signers": [SIGNER, SIGNER]}, False),
    ({"signers": [{"name": "a", "keys": [{"pem": PEM, "file": "x"}]}]}, True),
    ({"signers": [{"name": "a", "keys": [{"pem": "x.pub"}]}]}, True),
    ({"signers": [{"name": "a", "certificates": [{"pem": PEM}]}]}, True),
    ({"signers": [{"name": "a", "keys": [{"minisign": "RW"}]}]}, True),
    ({"rules": [RULE]}, False), ({"signers": [SIGNER], "rules": [RULE]}, False),
    ({"signers": [SIGNER], "rules": [dict(RULE, threshold=0)]}, True),
    ({"signers": [SIGNER], "rules": [dict(RULE, threshold=2)]}, False),
    ({"signers": [SIGNER], "rules": [dict(RULE, paths=[])]}, True),
    ({"revoked": {"keys": ["A" * 64]}}, True), ({"revoked": {"digests": ["0" * 64]}}, True),
    ({"revoked": {"x": []}}, True), ({"max_age_days": 0}, True), ({"max_age_days": 1.5}, True),
    ({"state": ""}, True),
]


def schema():
    document = json.loads((SOURCE / "docs" / "policy.schema.json").read_text())
    kind = jsonschema.validators.validator_for(document)
    kind.check_schema(document)
    return kind(document)


class PolicyCase(TestCase):
    def setUp(self):
        super().setUp()
        (self.tmp / "model").mkdir()
        self.model = self.tmp / "model"

    def policy(self, name="p.json", **members):
        return self.write(name, json.dumps(PLAIN | members))

    def weights(self, name="model/model.safetensors"):
        return self.write(name, models.safetensors({"w": models.f32(4, 4)}, {"format": "pt"}))

    def refused(self, *args, says, code=4, **kwargs):
        done = run(*args, **kwargs)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stdout, b"")
        self.assertIn(says, done.stderr.decode())

    def judged(self, code, *args, command="check", **members):
        got, document = report(command, self.model, "--policy", self.policy(**members), *args)
        self.assertEqual(got, code, document)
        return document


@unittest.skipIf(missing, missing)
class Schema(PolicyCase):
    def test_presets(self):
        for preset in PRESETS:
            document = json.loads(run("policy", "init", "--preset", preset).stdout)
            schema().validate(document)
            self.assertEqual(document["name"], preset)

    def test_what_is_taken(self):
        valid = schema()
        for members in GOOD:
            document = PLAIN | members
            with self.subTest(members):
                valid.validate(document)
                path = self.write("p.json", json.dumps(document))
                shown = run("policy", "show", path)
                self.assertEqual(shown.returncode, 0, shown.stderr)
                valid.validate(json.loads(shown.stdout))

    def test_what_is_refused(self):
        valid = schema()
        for members, is_told in BAD:
            document = PLAIN | members
            with self.subTest(members):
                self.assertEqual(valid.is_valid(document), not is_told)
                self.refused("policy", "test", self.write("p.json", json.dumps(document)),
                             says="is not usable: line 1, byte ")

    def test_members_are_documented(self):
        page = (SOURCE / "docs" / "policy.md").read_text()
        document = json.loads((SOURCE / "docs" / "policy.schema.json").read_text())
        for name in document["properties"]:
            self.assertIn(f"`{name}`", page)


class Command(PolicyCase):
    def test_init(self):
        path = self.tmp / "new.json"
        done = run("policy", "init", path)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))
        self.assertEqual(path.read_bytes(), run("policy", "init", "--preset=default").stdout)
        self.refused("policy", "init", path, says="is there already")
        self.refused("policy", "init", self.tmp / "no" / "p", says="cannot be written", code=2)
        os.symlink(self.tmp / "elsewhere", self.tmp / "link")
        self.refused("policy", "init", self.tmp / "link", says="is there already")
        self.assertFalse((self.tmp / "elsewhere").exists())

    def test_words(self):
        self.refused("policy", says="policy needs init|show|test")
        self.refused("policy", "shwo", says="did you mean 'show'?")
        self.refused("policy", "init", "--preset", "strcit", says="did you mean 'strict'?")
        self.refused("policy", "show", says="policy show needs a FILE")
        self.refused("policy", "show", "--preset", "strict", "x", says="only to init")
        self.refused("policy", "show", "--report", "r", "x", says="only to test")
        self.refused("policy", "show", self.tmp / "none", says="there is no policy")
        self.refused("policy", "show", self.tmp, says="is not a regular file")
        self.refused("policy", "show", self.write("p", "{}"), says='lacks "schema"; add it')

    def test_show_is_normal_form(self):
        path = self.policy(exclude=["b", "a"], require=["inert", "authentic"])
        once = run("policy", "show", path).stdout
        self.assertEqual(json.loads(once)["require"], ["authentic", "inert"])
        self.assertEqual(run("policy", "show", self.write("n.json", once)).stdout, once)
        env = environment(STEELYARD_POLICY=str(path))
        self.assertEqual(run("policy", "show", env=env).stdout, once)

    def test_explains(self):
        path = self.policy(require=["authentic"], signers=[SIGNER, {
            "name": "idle", "keys": [{"minisign": MINISIGN}]}], rules=[RULE],
            suppress=[SUPPRESSION, {"fingerprint": "v1:" + "b" * 64, "reason": "old",
                                    "expires": "2001-01-01"}])
        done = run("policy", "test", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        text = done.stdout.decode()
        for line in ("authentic: must be yes", "inert: is not required",
                     "**: 1 of 1 must sign: a", "NO RULE names it",
                     "suppressed until 2999-12-31", "EXPIRED, not suppressed: it was until 2001"):
            self.assertIn(line, text)
        self.assertIn("NOBODY may vouch", run("policy", "test", self.policy(
            require=["authentic"])).stdout.decode())

    def test_explains_what_is_not_in_force(self):
        for members in ({"valid_until": "2001-01-01"}, {"valid_from": "2999-01-01"}):
            done = run("policy", "test", self.policy(**members))
            self.assertEqual(done.returncode, 4)
            self.assertIn(b"NOT IN FORCE now", done.stdout)

    def test_tries_a_report(self):
        self.weights()
        self.write("model/a.pkl", UNKNOWN)
        self.write("model/b.pkl", DANGEROUS)
        self.write("model/config.json", json.dumps({"auto_map": {"AutoModel": "m.M"}}))
        for command in ("check", "scan"):
            self.tries(command)

    def tries(self, command):
        document = self.write("r.json", run(command, "--json", self.model).stdout)
        found = json.loads(document.read_bytes())["artifacts"]
        prints = [f["fingerprint"] for a in found for f in a["findings"]]
        suppress = [dict(SUPPRESSION, fingerprint=p) for p in sorted(set(prints))]
        for members in ({}, {"fail_on": "none"}, {"formats": ["safetensors"], "fail_on": "none"},
                        {"require": ["authentic"]}, {"allow_globals": ["acme.*"]},
                        {"remote_code": "refuse"}, {"suppress": suppress},
                        {"suppress": suppress, "require": ["intact"]},
                        {"exclude": ["*.pkl"]}, {"require": ["inert"], "fail_on": "critical"}):
            with self.subTest(members, command=command):
                path = self.policy(**members)
                code, now = report(command, self.model, "--policy", path)
                tried = run("policy", "test", path, "--report", document)
                self.assertEqual(tried.returncode, code, tried.stdout + tried.stderr)
                text = tried.stdout.decode()
                self.assertIn(f"{now['verdict']}, exit status {code}", text)
                for question, answer in now["answers"].items():
                    self.assertIn(f"{question}: {answer}", text)
        self.refused("policy", "test", self.policy(), "--report", self.policy("q.json"),
                     says="that is no report of check")
        self.refused("policy", "test", self.policy(valid_until="2001-01-01"), "--report",
                     document, says="was valid until 2001-01-01; renew it")


class Judging(PolicyCase):
    def test_named_in_the_report(self):
        self.weights()
        path = self.policy()
        document = self.judged(0)
        self.assertEqual(document["policy"], {
            "path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "require": []})
        self.assertIn(f"by the policy {path}, sha256 ",
                      run("check", self.model, "--policy", path).stdout.decode())
        self.assertNotIn("policy", report("check", self.model)[1])
        sarif = json.loads(run("check", self.model, "--policy", path, "--report",
                               "sarif=-").stdout)
        self.assertEqual(sarif["runs"][0]["properties"]["policy"], str(path))

    def test_default_is_no_policy(self):
        path = self.write("p.json", run("policy", "init").stdout)
        self.weights()
        self.write("model/a.pkl", UNKNOWN)
        for name in ("model.safetensors", "a.pkl"):
            for command in ("check", "scan"):
                plain = report(command, self.model / name)
                code, document = report(command, self.model / name, "--policy", path)
                del document["policy"]
                self.assertEqual((code, document), plain)

    def test_unsigned_where_a_signature_is_required(self):
        self.weights()
        document = self.judged(1, require=["authentic"], fail_on="none")
        self.assertEqual(document["answers"]["authentic"], "no")
        self.assertEqual(document["verdict"], "flagged")
        self.assertIn("signature-absent", [f["rule"] for a in document["artifacts"]
                                           for f in a["findings"]])
        document = self.judged(2, command="scan", require=["authentic"])
        self.assertEqual(document["answers"]["authentic"], "undetermined")
        self.assertEqual(document["verdict"], "undetermined")
        document = self.judged(2, require=["intact"])
        self.assertEqual(document["answers"]["intact"], "undetermined")

    def test_signature_that_nobody_checked(self):
        self.weights()
        for name in ("model.sig", "model.safetensors.sig", "model.safetensors.minisig"):
            path = self.write("model/" + name, "-----BEGIN PGP SIGNATURE-----\n")
            document = self.judged(2, require=["authentic"])
            self.assertEqual(document["answers"]["authentic"], "undetermined")
            self.assertIn("signature-unchecked", document["reasons"])
            path.unlink()

    def test_strict(self):
        self.weights()
        path = self.write("p.json", run("policy", "init", "--preset", "strict").stdout)
        self.assertEqual(report("check", self.model, "--policy", path)[0], 1)
        self.assertEqual(report("scan", self.model, "--policy", path)[0], 2)

    def test_formats(self):
        self.weights()
        self.write("model/config.json", "{}")
        self.write("model/README.md", "# x\n")
        self.judged(0, formats=["safetensors"])
        document = self.judged(1, formats=["gguf"], fail_on="none")
        self.assertEqual([f["rule"] for a in document["artifacts"] for f in a["findings"]],
                         ["policy-format-refused"])

    def test_revoked_digest(self):
        path = self.weights()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        revoked = {"digests": ["sha256:" + digest]}
        document = self.judged(1, revoked=revoked, fail_on="none")
        self.assertEqual(document["counts"]["critical"], 1)
        self.judged(2, command="scan", revoked=revoked)
        self.judged(0, revoked={"digests": ["sha256:" + "0" * 64]})

    def test_remote_code(self):
        self.weights()
        self.write("model/config.json", json.dumps({"auto_map": {"AutoModel": "m.M"}}))
        self.write("model/m.py", "class M: pass\n")
        self.judged(0, remote_code="conditional", require=["inert"])
        document = self.judged(1, remote_code="refuse")
        self.assertEqual(document["answers"]["inert"], "conditional")
        self.assertEqual(document["counts"]["high"], 1)

    def test_allowed_globals(self):
        self.write("model/a.pkl", UNKNOWN)
        for pattern in ("acme.*", "acme.nets.Net"):
            document = self.judged(0, allow_globals=[pattern, "unused.*"])
            kept = document["artifacts"][0]["suppressed"][0]
            self.assertEqual(kept["reason"], f"allowed by the policy's allow_globals {pattern}")
            self.assertEqual(document["notices"], [])
        self.judged(1, allow_globals=["acme.Net"])
        self.write("model/b.pkl", b"cacme.os\nsystem\n.")
        document = self.judged(1, allow_globals=["acme.*"])
        self.assertEqual(document["verdict"], "flagged")

    def test_suppressions(self):
        self.write("model/b.pkl", DANGEROUS)
        (print_,) = {f["fingerprint"] for f in
                     report("check", self.model)[1]["artifacts"][0]["findings"]}
        entry = dict(SUPPRESSION, fingerprint=print_)
        document = self.judged(0, suppress=[entry])
        self.assertEqual(document["counts"]["suppressed"], 1)
        kept = document["artifacts"][0]["suppressed"][0]
        self.assertEqual((kept["reason"], kept["expiry"]),
                         ("suppressed by the policy: known", "2999-12-31"))
        text = run("check", self.model, "--policy", self.tmp / "p.json").stdout.decode()
        self.assertIn("suppressed by the policy: known (until 2999-12-31)", text)
        self.assertIn("but for what the policy", " ".join(text.split()))
        document = self.judged(1, suppress=[dict(entry, expires="2001-01-01")])
        self.assertEqual([n["kind"] for n in document["notices"]], ["suppression-expired"])
        # Other content, even of that size, is another finding.
        self.write("model/b.pkl", DANGEROUS.replace(b"echo", b"ohce"))
        self.judged(1, suppress=[entry])
        # Without digests nothing binds it.
        (print_,) = {f["fingerprint"] for f in
                     report("scan", self.model)[1]["artifacts"][0]["findings"]}
        document = self.judged(1, command="scan", suppress=[dict(entry, fingerprint=print_)])
        self.assertEqual([n["kind"] for n in document["notices"]], ["suppression-weak"])

    def test_exclude(self):
        self.weights()
        self.write("model/deep/b.pkl", DANGEROUS)
        document = self.judged(0, exclude=["deep/**"])
        notes = {a.get("note") for a in document["artifacts"] if a["scope"] == "excluded"}
        self.assertEqual(notes, {"excluded by the policy"})
        self.judged(1, exclude=["deep/*.bin"])

    def test_empty(self):
        self.judged(3)
        self.judged(0, allow_empty=True)
        self.judged(3, require=["authentic"])

    def test_same_bytes(self):
        self.write("model/b.pkl", DANGEROUS)
        path = self.policy(require=["authentic", "intact"], suppress=[SUPPRESSION])
        args = ("check", self.model, "--json", "--policy", path)
        self.assertEqual(run(*args).stdout, run(*args).stdout)


class Asking(PolicyCase):
    """The command line tightens a policy, and finds it outside of the model."""

    def test_options_tighten(self):
        self.weights()
        self.write("model/config.json", json.dumps({"auto_map": {"AutoModel": "m.M"}}))
        self.write("model/m.py", "class M: pass\n")
        self.judged(1, "--fail-on", "medium", fail_on="high")
        self.judged(0, "--fail-on", "high", fail_on="high")
        self.judged(0, "--loader", "any", loader="transformers")
        self.judged(0, "--loader", "transformers", loader="transformers")
        self.judged(1, fail_on="medium")

    def test_options_do_not_loosen(self):
        self.weights()
        path = self.policy(fail_on="medium", loader="transformers")
        for words in (["--fail-on", "high"], ["--fail-on", "none"], ["--exclude", "x"],
                      ["--allow-global", "a.b"], ["--baseline", path], ["--allow-empty"],
                      ["--loader", "vllm"]):
            for command in ("check", "scan"):
                self.refused(command, self.model, "--policy", path, *words,
                             says=f"{words[0]} would loosen the policy")

    def test_environment(self):
        self.weights()
        env = environment(STEELYARD_POLICY=str(self.policy(require=["authentic"])))
        self.assertEqual(report("check", self.model, env=env)[0], 1)
        self.assertEqual(report("check", self.model, "--policy", self.policy("q.json"),
                                env=env)[0], 0)
        self.refused("check", self.model, env=environment(STEELYARD_POLICY="/none"),
                     says="there is no policy /none")
        self.refused("inspect", self.model, "--policy", "x", says="no option '--policy'")

    def test_not_from_inside(self):
        self.weights()
        inside = self.policy("model/p.json")
        os.symlink(inside, self.tmp / "soft.json")
        os.link(inside, self.tmp / "hard.json")
        os.symlink(self.model, self.tmp / "other")
        for path in (inside, self.tmp / "soft.json", self.tmp / "hard.json",
                     self.tmp / "other" / "p.json"):
            self.refused("check", self.model, "--policy", path,
                         says="a model may not bring its own; keep it elsewhere")
        self.refused("check", ".", "--policy", "p.json", cwd=self.model, says="keep it elsewhere")
        self.refused("scan", inside, "--policy", inside, says="keep it elsewhere")
        (self.tmp / "second").mkdir()
        for paths in ((self.tmp / "second", self.model), (self.model, self.tmp / "second"),
                      (self.tmp,)):
            self.refused("check", *paths, "--policy", inside, says="keep it elsewhere")
        env = environment(STEELYARD_POLICY=str(inside))
        self.refused("check", self.model, env=env, says="keep it elsewhere")
        self.write("model/a.pub", PEM)
        path = self.policy(signers=[{"name": "a", "keys": [{"file": "model/a.pub"}]}])
        self.refused("check", self.model, "--policy", path, says="the key file")

    def test_times(self):
        self.weights()
        self.judged(0, valid_from="2001-01-01", valid_until="2999-01-01")
        self.refused("check", self.model, "--policy", self.policy(valid_until="2001-01-01"),
                     says="was valid until 2001-01-01; renew it")
        self.refused("check", self.model, "--policy", self.policy(valid_from="2999-01-01"),
                     says="is valid from 2999-01-01 on")

    def test_says_where(self):
        path = self.write("p.json", '{\n "schema": "steelyard-policy/1",\n "require": [],\n'
                                    ' "formatz": []\n}')
        self.refused("check", self.model, "--policy", path,
                     says=f"the policy {path} is not usable: line 4, byte 52: there is no "
                          "member 'formatz' here; the members are schema, name, ")

    def test_hostile_names(self):
        self.weights()
        path = self.policy("p\x1b[31m\n.json")
        text = run("check", self.model, "--policy", path).stdout + run(
            "policy", "test", path).stdout
        self.assertNotIn(b"\x1b", text)
        self.assertIn(rb"p\x1b[31m\x0a.json", text.replace(rb"\n.json", rb"\x0a.json"))

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_policy: policies, reports behind an 'r', state files behind an
's'.  Names that begin with "bad" are refused for what they say."""
import json
import pathlib
import shutil

HERE = pathlib.Path(__file__).parent / "policy"
PRINT = "v1:" + "a" * 64
PEM = "-----BEGIN PUBLIC KEY-----\nMFkA\n-----END PUBLIC KEY-----\n"

PLAIN = {"schema": "steelyard-policy/1", "require": []}
JUDGE = PLAIN | {
    "require": ["inert", "authentic"], "fail_on": "none", "remote_code": "refuse",
    "loader": "vllm", "allow_empty": True, "formats": ["gguf"], "exclude": ["a/**", "*.[!b]"],
    "allow_globals": ["acme.*", "acme.Net"],
    "suppress": [{"fingerprint": PRINT, "reason": "é", "expires": "2999-12-31T23:59:59Z"}]}
TRUST = PLAIN | {
    "require": ["authentic"], "valid_from": "2026-01-01", "valid_until": "2027-02-28",
    "signers": [{"name": "a", "keys": [{"pem": PEM}, {"file": "/k"}]},
                {"name": "b", "identities": [{"identity": "x", "issuer": "y"}]}],
    "rules": [{"paths": ["**"], "signers": ["a", "b"], "threshold": 2}],
    "revoked": {"keys": ["b" * 64], "digests": ["sha256:" + "c" * 64]},
    "max_age_days": 30, "state": "s"}
FINDING = {"rule": "pickle-import-unknown", "symbol": "a.B", "detail": "d", "fingerprint": PRINT}
REPORT = {
    "schema": "steelyard-report/1", "command": "scan", "complete": True,
    "artifacts": [{"path": "x\x1b", "path_hex": "fe", "format": "pickle", "size": 3,
                   "scope": "examined", "answers": {"authentic": "no", "intact": "yes"},
                   "digests": {"sha256": "d" * 64}, "findings": [FINDING],
                   "suppressed": [FINDING], "more": [FINDING | {"count": 2}]}]}


SUPPRESSION = JUDGE["suppress"][0]
SIGNER = {"name": "a", "keys": [{"file": "k"}]}
RULE = {"paths": ["**"], "signers": ["a"]}
MINISIGN = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"
TRUSTING = PLAIN | {"require": ["authentic"]}


def bad_values():
    """(member, values that it does not take)."""
    yield "schema", (1, "x", None)
    yield "name", ("", 1, "a\n", "a\x7f", "a\0")
    yield "valid_from", (
        1, "", "2027", "2027-1-31", "2027-02-30", "2027-13-01", "2027-00-01", "2027-01-00",
        "1969-12-31", "2100-02-29", "2027-01-3x", "2027x01-31", "2027-01x31", "x027-01-31",
        "2027-0x-31", "2027-01-31T", "2027-01-31 12:00:00Z", "2027-01-31T12-00:00Z",
        "2027-01-31T12:00-00Z", "2027-01-31T12:00:00+", "2027-01-31Tx2:00:00Z",
        "2027-01-31T12:x0:00Z", "2027-01-31T12:00:x0Z", "2027-01-31T24:00:00Z",
        "2027-01-31T12:60:00Z", "2027-01-31T12:00:60Z", "2027-01-31T12:00:00.0Z")
    yield "require", ("inert", [1], ["safe"], ["inert", "inert"], [""])
    yield "fail_on", (1, "severe")
    yield "remote_code", (1, "maybe")
    yield "loader", (1, "all", "")
    yield "allow_empty", (1, None)
    yield "formats", ([], ["exe"], ["gguf", "gguf"], [1])
    yield "allow_globals", (["a"], ["a."], [".a"], ["a..b"], ["*"], ["a.*.b"], ["a b.c"],
                            ["a\x7f.b"], ["os.system"], ["os.*"], ["__builtin__.eval"], [""],
                            ["a.b", "a.b"], [1])
    yield "exclude", (["["], ["a", "a"], ["/a"], ["../a"], [""], ["a\\"])
    yield "suppress", ({}, [1], [{}], [SUPPRESSION | {"fingerprint": 1}],
                       [SUPPRESSION | {"fingerprint": "v1:" + "A" * 64}],
                       [SUPPRESSION | {"fingerprint": "v2:" + "a" * 64}],
                       [SUPPRESSION | {"fingerprint": "v1:a"}],
                       [SUPPRESSION | {"reason": ""}], [SUPPRESSION | {"more": 1}],
                       [SUPPRESSION, SUPPRESSION])
    yield "max_age_days", ("1", 0, -1, 1.5, 1000001)
    yield "state", ("", 1)
    yield "other", (1,)
    yield "a-name-that-is-long" * 20, (1,)


def bad_trust():
    """(member, value) of policies that ask for authentic."""
    key = PEM.replace("PUBLIC", "PRIVATE")
    cert = PEM.replace("PUBLIC KEY", "CERTIFICATE")
    for keys in ([1], [{}], [{"file": "a", "pem": PEM}], [{"pem": key}], [{"pem": "x"}],
                 [{"minisign": "x"}], [{"minisign": MINISIGN[:-1] + "*"}],
                 [{"minisign": "A" * 56}], [{"minisign": "untrusted secret key"}],
                 [{"pem": cert}], [{"file": "k"}, {"file": "k"}], [{"other": "k"}],
                 [{"pem": PEM}, {"pem": PEM}], "k", [{"file": 1}]):
        yield "signers", [SIGNER | {"keys": keys}]
    for certificates in ([{"minisign": MINISIGN}], [{"pem": PEM}], [{"pem": key}],
                         [{"file": "a", "pem": cert}]):
        yield "signers", [SIGNER | {"certificates": certificates}]
    yield "signers", [{"name": "a"}]
    yield "signers", [{"keys": [{"file": "k"}]}]
    yield "signers", [SIGNER, SIGNER]
    yield "signers", [SIGNER, SIGNER | {"name": "b"}]
    yield "signers", [SIGNER | {"identities": [{"identity": "x"}]}]
    yield "signers", [SIGNER | {"identities": 1}]
    yield "signers", [SIGNER | {"valid_from": "2027-01-01", "valid_until": "2026-01-01"}]
    for rule in ({}, 1, RULE | {"paths": []}, RULE | {"paths": ["["]}, RULE | {"threshold": 2},
                 RULE | {"threshold": 0}, RULE | {"signers": []}, RULE | {"signers": ["b"]},
                 RULE | {"signers": ["a", "a"]}, RULE | {"signers": [1]}, RULE | {"more": 1}):
        yield "rules", [rule]
    for keys in (["b" * 63], ["B" * 64], [1], "b", ["sha256:" + "b" * 64]):
        yield "revoked", {"keys": keys}
    for digests in (["b" * 64], ["md5:" + "b" * 32], ["sha256:" + "B" * 64], [1], ["sha256:b"]):
        yield "revoked", {"digests": digests}
    yield "revoked", {"other": []}
    yield "revoked", []


def good():
    yield "plain", PLAIN
    yield "judge", JUDGE
    yield "trust", TRUST
    yield "globals", PLAIN | {"allow_globals": ["acme.*", "acme.Net", "torch.a", "unused.x"]}
    yield "many", PLAIN | {"exclude": [f"a{i}/**" for i in range(5)]}
    yield "everything", TRUSTING | {
        "name": "p", "require": ["authentic", "intact", "well_formed", "inert"],
        "fail_on": "critical", "remote_code": "conditional", "loader": "any",
        "allow_empty": False, "valid_from": "2028-02-29T23:59:59Z", "valid_until": "2100-02-28",
        "signers": [SIGNER | {"valid_from": "2000-02-29"},
                    {"name": "m", "keys": [{"minisign": MINISIGN}],
                     "certificates": [{"pem": PEM.replace("PUBLIC KEY", "CERTIFICATE")},
                                      {"file": "../c"}]}],
        "rules": [RULE, {"paths": ["a/*"], "signers": ["m", "a"], "threshold": 1}],
        "revoked": {"digests": ["blake2b:" + "0" * 128]}, "state": "/s"}
    yield "ended", PLAIN | {"valid_until": "2026-01-01"}
    yield "fail-low", PLAIN | {"fail_on": "low", "suppress": []}
    yield "open-until", PLAIN | {"valid_from": "2027-01-01"}


def with_artifact(**members):
    return REPORT | {"artifacts": [REPORT["artifacts"][0] | members]}


def reports():
    one = REPORT["artifacts"][0]
    yield "whole", REPORT
    yield "check", REPORT | {"command": "check", "complete": False, "more": {"a": [1]}}
    yield "command-number", REPORT | {"command": 1}
    yield "bad-schema", REPORT | {"schema": "x"}
    yield "bad-schema-number", REPORT | {"schema": 1}
    yield "bad-no-schema", {"artifacts": []}
    yield "bad-no-artifacts", {"schema": REPORT["schema"]}
    yield "bad-artifacts", REPORT | {"artifacts": 1}
    yield "bad-artifact", REPORT | {"artifacts": [1]}
    yield "bad-array", []
    for name, values in (
            ("path", (1,)), ("path_hex", (1, "f", "fg", "FE")), ("format", (1,)),
            ("size", ("1", 1.5, -1)), ("scope", (1, "none")), ("findings", (1, [1], [{}])),
            ("answers", (1, {"authentic": "maybe"}, {"intact": 1})), ("more", (1, [{}])),
            ("digests", (1, {"sha256": "x"}, {"sha256": 1}))):
        for i, value in enumerate(values):
            yield f"bad-{name}-{i}", with_artifact(**{name: value})
    yield "answers", with_artifact(answers={"authentic": "undetermined", "intact": "no",
                                            "inert": "yes"})
    yield "digests", with_artifact(digests={"other": 1, "blake2b": "0" * 128})
    for scope in ("examined", "excluded", "unsupported"):
        yield "scope-" + scope, with_artifact(scope=scope)
    yield "hex-only", REPORT | {"artifacts": [{"path_hex": "0aff"}]}
    yield "member-long", with_artifact(**{"a" * 30: 1})
    for name, value in (("rule", 1), ("rule", "no-such-rule"), ("symbol", 1), ("detail", 1),
                        ("fingerprint", 1), ("symbol_hex", "x"), ("count", "1")):
        yield f"bad-finding-{name}-{value}", with_artifact(findings=[FINDING | {name: value}])
    yield "finding-hex", with_artifact(findings=[FINDING | {"symbol_hex": "ff00"}])
    yield "finding-print-short", with_artifact(findings=[FINDING | {"fingerprint": "v1:a"}])
    yield "more-two", with_artifact(more=[
        {"rule": "pickle-import-unknown", "count": 1},
        {"rule": "pickle-import-dangerous", "count": 2, "fingerprint": PRINT}])
    yield "two", REPORT | {"artifacts": [one, one | {"path": "y"}]}


STATE = '{"schema": "x", "text": "a", "signed": -1, "count": 2}'


def states():
    yield "good", STATE
    for name, old, new in (
            ("array", "{", "["), ("schema", '"x"', '"y"'), ("schema-number", '"x"', "1"),
            ("first", '"schema"', '"scheme"'), ("text", '"a"', "1"), ("order", "signed", "count"),
            ("signed-text", "-1", '"1"'), ("signed-fraction", "-1", "1.5"),
            ("signed-huge", "-1", "9223372036854775808"), ("negative", "2", "-2"),
            ("count-huge", "2", "18446744073709551616"), ("more", "2", '2, "b": 1'),
            ("tail", "}", "} x"), ("cut", "}", ""), ("number", '"text"', "1")):
        assert old in STATE
        yield "bad-" + name, STATE.replace(old, new, 1)


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir()

    def write(name, text):
        (HERE / name).write_text(text, encoding="utf-8")

    for name, seed in good():
        write(name, json.dumps(seed, ensure_ascii=False))
    for number, (member, values) in enumerate(bad_values()):
        for i, value in enumerate(values):
            write(f"bad-{member[:20]}-{i}", json.dumps(PLAIN | {member: value}))
    for i, (member, value) in enumerate(bad_trust()):
        signers = {} if member == "signers" else {"signers": [SIGNER]}
        write(f"bad-{member}-{i}", json.dumps(TRUSTING | signers | {member: value}))
    write("bad-twice", '{"schema": "steelyard-policy/1", "name": "", "name": 1}')
    write("bad-schema", '{"schema": "steelyard-policy/2"}')
    write("bad-no-require", '{"schema": "steelyard-policy/1"}')
    write("bad-window", json.dumps(PLAIN | {"valid_from": "2027-01-01",
                                            "valid_until": "2027-01-01"}))
    write("bad-rules-unasked", json.dumps(PLAIN | {"signers": [SIGNER], "rules": [RULE]}))
    for name, text in (("empty", ""), ("array", "[]"), ("tail", json.dumps(PLAIN) + "x"),
                       ("lines", '{\n"schema":\n1}')):
        write("bad-" + name, text)
    for name, seed in reports():
        write("report-" + name, "r" + json.dumps(seed))
    write("report-bad-cut", "r" + json.dumps(REPORT)[:-2])
    write("report-bad-tail", "r" + json.dumps(REPORT) + "x")
    write("report-bad-deep", "r" + json.dumps(REPORT)[:-1] + ', "x": ' + "[" * 70)
    for name, text in states():
        write("state-" + name, "s" + text)


if __name__ == "__main__":
    main()

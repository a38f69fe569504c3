#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_policy: policies, and reports behind an 'r'."""
import json
import pathlib

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


def main():
    HERE.mkdir(exist_ok=True)
    for name, seed in (("plain", PLAIN), ("judge", JUDGE), ("trust", TRUST)):
        (HERE / name).write_text(json.dumps(seed, ensure_ascii=False), encoding="utf-8")
    (HERE / "report").write_text("r" + json.dumps(REPORT), encoding="utf-8")
    (HERE / "bad-twice").write_text('{"schema": "steelyard-policy/1", "name": "", "name": 1}',
                                    encoding="utf-8")
    (HERE / "bad-schema").write_text('{"schema": "steelyard-policy/2"}', encoding="utf-8")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_bundle: a byte that chooses the reader, then its input."""
import base64
import hashlib
import json
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HERE = pathlib.Path(__file__).parent / "bundle"
CHAINS = HERE.parent.parent.parent / "vectors" / "chain"
IN_TOTO = "application/vnd.in-toto+json"
KEY = serialization.load_pem_private_key((CHAINS / "signer-p256.key").read_bytes(), None)
BUNDLE, STATEMENT, CHAIN = b"\0", b"\1", b"\2"


def statement(names, algorithm="sha256", **serialization_fields):
    length = 64 if algorithm.startswith("blake2b") else 32
    digests = [hashlib.blake2b(n.encode(), digest_size=length).digest() for n in names]
    root = hashlib.sha256(b"".join(digests)).hexdigest()
    fields = {"method": "files", "hash_type": algorithm.split("-")[0], "allow_symlinks": False,
              **serialization_fields}
    return json.dumps({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "m", "digest": {"sha256": root}}],
        "predicateType": "https://model_signing/signature/v1.0",
        "predicate": {"serialization": fields, "resources": [
            {"name": n, "algorithm": algorithm, "digest": d.hex()}
            for n, d in zip(names, digests)]}}, separators=(",", ":")).encode()


def old_statement():
    return json.dumps({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": n, "digest": {"sha256": hashlib.sha256(n.encode()).hexdigest()},
                     "annotations": {"actual_hash_algorithm": "file-sha256"}} for n in "ab"],
        "predicateType": "https://model_signing/Digests/v0.1",
        "predicate": {"unused": "x"}}).encode()


def certificates(name):
    found = x509.load_pem_x509_certificates((CHAINS / name).read_bytes())
    return [c.public_bytes(serialization.Encoding.DER) for c in found]


def b64(data):
    return base64.b64encode(data).decode()


def bundle(payload, material, **dump):
    message = b"DSSEv1 %d %s %d %s" % (len(IN_TOTO), IN_TOTO.encode(), len(payload), payload)
    signature = KEY.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    return json.dumps({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {**material, "tlogEntries": []},
        "dsseEnvelope": {"payload": b64(payload), "payloadType": IN_TOTO,
                         "signatures": [{"sig": b64(signature), "keyid": ""}]}}, **dump).encode()


def seeds():
    files = statement(["a", "b/c"], ignore_paths=[".git", "model.sig"])
    compact = {"separators": (",", ":")}
    yield "statement-files", STATEMENT + files
    yield "statement-blake2b", STATEMENT + statement(["a"], "blake2b")
    yield "statement-blake3", STATEMENT + statement(["a"], "blake3")
    yield "statement-single", STATEMENT + statement(["."])
    yield "statement-shards", STATEMENT + statement(
        ["f:0:8", "f:8:9", "g:1:0:8"], "sha256-sharded-8", method="shards", shard_size=8.0)
    yield "statement-loose", STATEMENT + statement(["./b//c", "a/"])
    yield "statement-old", STATEMENT + old_statement()
    yield "bundle-key", BUNDLE + bundle(files, {"publicKey": {"hint": "ab"}}, **compact)
    yield "bundle-spaced", BUNDLE + bundle(files, {"publicKey": {"hint": "ab"}})
    yield "bundle-indented", BUNDLE + bundle(files, {"publicKey": {"hint": "ab"}}, indent=2)
    chain = certificates("accept-two-issuers.pem")
    yield "bundle-chain", BUNDLE + bundle(files, {"x509CertificateChain": {
        "certificates": [{"rawBytes": b64(c)} for c in chain]}}, **compact)
    yield "bundle-keyless", BUNDLE + bundle(
        files, {"certificate": {"rawBytes": b64(chain[0])}}, **compact)
    yield "bundle-old", BUNDLE + bundle(old_statement(), {"publicKey": {
        "rawBytes": b64((CHAINS / "signer-p256.pub").read_bytes()),
        "keyDetails": "PKIX_ECDSA_P256_SHA_256"}})
    for name in ("accept-two-issuers", "accept-with-root", "accept-name-permitted", "accept-rsa",
                 "reject-certificate-extension.qualifier", "reject-certificate-ca.no-usage"):
        yield "chain-" + name, CHAIN + b"".join(
            len(c).to_bytes(2, "big") + c for c in certificates(name + ".pem"))


def main():
    HERE.mkdir(exist_ok=True)
    for name, data in seeds():
        (HERE / name).write_bytes(data)


if __name__ == "__main__":
    main()

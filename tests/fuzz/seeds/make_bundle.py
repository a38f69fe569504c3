#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_bundle: a byte that chooses the reader, then its input.
Names of groups say which reader; "refused" that most of them are, for the reason named."""
import base64
import hashlib
import importlib.util
import json
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, x25519
from cryptography.x509.oid import ExtendedKeyUsageOID as EKU

HERE = pathlib.Path(__file__).parent / "bundle"
CHAINS = HERE.parent.parent.parent / "vectors" / "chain"
IN_TOTO = "application/vnd.in-toto+json"
KEYS = {kind: serialization.load_pem_private_key((CHAINS / f"signer-{kind}.key").read_bytes(),
                                                 None)
        for kind in ("p256", "p384", "p521", "rsa")}
ED25519 = CHAINS.parent / "keys" / "accept-ed25519.pub"
HASHES = {"p256": hashes.SHA256(), "p384": hashes.SHA384(), "p521": hashes.SHA512()}
BUNDLE, STATEMENT, CHAIN, FILE, TRUSTED, CHAIN_TRUSTED = (bytes([i]) for i in range(6))
# The rules in front of whom to trust.
DEFAULT, STRICT, ALL, NOW, GIVEN, SERVER, CLIENT, ANY = 0, 1, 2, 4, 8, 16, 32, 48
STAMPED = 64    # time-stamps are checked, by the same roots or none


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


def sign(message, kind="p256", digest=None):
    if kind == "rsa":
        return KEYS[kind].sign(message, padding.PKCS1v15(), hashes.SHA256())
    return KEYS[kind].sign(message, ec.ECDSA(digest or HASHES[kind],
                                             deterministic_signing=True))


def encoded(payload, is_v02=False):
    """What is signed; 0.2.0 printed the payload as Python prints bytes."""
    if is_v02:
        payload_text = repr(payload).encode()
        return b"DSSEV1 %d %s %d %s" % (len(IN_TOTO), IN_TOTO.encode(), len(payload),
                                        payload_text)
    return b"DSSEv1 %d %s %d %s" % (len(IN_TOTO), IN_TOTO.encode(), len(payload), payload)


def document(payload, material, signature=None, kind="p256"):
    signature = sign(encoded(payload), kind) if signature is None else signature
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {**material, "tlogEntries": []},
        "dsseEnvelope": {"payload": b64(payload), "payloadType": IN_TOTO,
                         "signatures": [{"sig": b64(signature), "keyid": ""}]}}


def bundle(payload, material, **dump):
    return json.dumps(document(payload, material), **dump).encode()


def changed(text, *path, **values):
    """The document with members below the path set; one that is ... is left out."""
    whole = json.loads(text)
    place = whole
    for step in path:
        place = place[step]
    for name, value in values.items():
        name = name.rstrip("_") if name != "_type" else name
        if value is ...:
            del place[name]
        else:
            place[name] = value
    return json.dumps(whole, separators=(",", ":")).encode()


def trusted(rules, trust, rest, mode=TRUSTED):
    return mode + bytes([rules]) + len(trust).to_bytes(2, "big") + trust + rest


def counted(ders):
    return b"".join(len(d).to_bytes(2, "big") + d for d in ders)


def public(kind):
    return (CHAINS / f"signer-{kind}.pub").read_bytes()


def hint(kind):
    return hashlib.sha256(public(kind)).hexdigest()


def resource(name, algorithm="sha256", digest="00" * 32, **more):
    return {"name": name, "algorithm": algorithm, "digest": digest, **more}


def resources(*found, root=None, **serialization_fields):
    """A statement of just these resources."""
    text = statement(["a"], **serialization_fields)
    try:
        told = hashlib.sha256(b"".join(bytes.fromhex(r["digest"]) for r in found)).hexdigest()
    except ValueError:
        told = "00" * 32
    text = changed(text, "predicate", resources=list(found))
    return changed(text, "subject", 0, digest={"sha256": root or told})


def statements():
    """Statements that are refused, or take what nobody has to write."""
    good, two = statement(["a"]), statement(["a", "b"])
    fields = ("predicate", "serialization")
    yield "type", changed(good, _type="x")
    yield "type-is-number", changed(good, _type=1)
    yield "no-type", changed(good, _type=...)
    yield "predicate-type", changed(good, predicateType="x")
    yield "no-predicate", changed(good, predicate=...)
    yield "no-serialization", changed(good, "predicate", serialization=...)
    yield "no-resources", changed(good, "predicate", resources=...)
    yield "empty-resources", changed(good, "predicate", resources=[])
    yield "no-subject", changed(good, subject=[])
    yield "two-subjects", changed(two, subject=json.loads(two)["subject"] * 2)
    yield "subject-is-string", changed(good, subject=["a"])
    yield "subject-no-digest", changed(good, "subject", 0, digest=...)
    yield "subject-digest-empty", changed(good, "subject", 0, digest={})
    yield "subject-annotations-null", changed(good, "subject", 0, annotations=None)
    yield "field-unknown", changed(good, other={"a": [1, {"b": None}], "c": "d"})
    yield "root", resources(resource("a"), root="11" * 32)
    yield "not-an-object", b"[]"
    yield "not-json", good + b"}"
    yield "empty", b""
    yield "member-null", changed(good, "predicate", resources=None)
    yield "method", statement(["a"], method="tree")
    yield "hash-type", changed(good, *fields, hash_type="md5")
    yield "hash-type-sharded", changed(good, *fields, hash_type="sha256-sharded-8")
    yield "hash-type-number", changed(good, *fields, hash_type=256)
    yield "symlinks", statement(["a"], allow_symlinks=True)
    yield "symlinks-null", statement(["a"], allow_symlinks=None)
    yield "ignore-null", statement(["a"], ignore_paths=None)
    yield "ignore-number", statement(["a"], ignore_paths=[1])
    yield "ignore-pattern", statement(["a"], ignore_paths=["*.txt"])
    yield "ignore-question", statement(["a"], ignore_paths=["?"])
    yield "ignore-up", statement(["a"], ignore_paths=["../x"])
    yield "ignore-covers", statement(["a/b", "c"], ignore_paths=["a", "z"])
    yield "ignore-covers-file", statement(["a", "b"], ignore_paths=["b"])
    yield "shard-size-without-shards", statement(["a"], shard_size=8)
    yield "shards-without-size", resources(resource("f:0:8", "sha256-sharded-8"),
                                           method="shards")
    yield "resource-is-string", changed(good, "predicate", resources=["a"])
    yield "resource-no-name", changed(good, "predicate", resources=[
        {"algorithm": "sha256", "digest": "00" * 32}])
    yield "resource-no-digest", changed(good, "predicate", resources=[
        {"name": "a", "algorithm": "sha256"}])
    yield "resource-field", resources(resource("a", other=1))
    yield "resource-algorithm", resources(resource("a", "md5"))
    yield "resource-algorithm-other", resources(resource("a", "blake3"))
    yield "resource-algorithm-size", resources(resource("a", "sha256-sharded-0"))
    yield "resource-algorithm-size-text", resources(resource("a", "sha256-sharded-x"))
    yield "resource-algorithm-size-other", resources(
        resource("f:0:8", "sha256-sharded-9"), method="shards", shard_size=8)
    yield "resource-file-hash", resources(resource("a", "file-sha256"))
    yield "digest-upper", resources(resource("a", digest="AB" * 32))
    yield "digest-odd", resources(resource("a", digest="a" * 63))
    yield "digest-no-hex", resources(resource("a", digest="zz" * 32))
    yield "digest-long", resources(resource("a", digest="00" * 65))
    yield "digest-short", resources(resource("a", digest="00" * 31))
    yield "digest-empty", resources(resource("a", digest=""))
    yield "digest-blake2b-short", resources(resource("a", "blake2b"), hash_type="blake2b")
    yield "twice", resources(resource("a"), resource("a"))
    yield "order", resources(resource("b"), resource("a"))
    yield "dot-and-more", resources(resource("."), resource("a"))
    for word, name in (("absolute", "/a"), ("up", ".."), ("up-below", "a/../b"), ("nul", "a\0b"),
                       ("empty", ""), ("backslash", "a\\b"), ("loose", "./a"),
                       ("loose-dots", "./."), ("loose-twice", "a//b"), ("loose-end", "a/"),
                       ("control", "a\nb"), ("long", "a" * 5000), ("colon", "a:b"),
                       ("dot", "a/.")):
        yield "name-" + word, resources(resource(name))
    shards = {"method": "shards", "shard_size": 8}
    for word, names in (("gap", ("f:0:8", "f:16:17")), ("late", ("f:8:16",)),
                        ("overlap", ("f:0:8", "f:0:7")), ("short", ("f:0:7", "f:8:9")),
                        ("empty", ("f:8:8",)), ("long", ("f:0:9",)), ("off", ("f:3:8",)),
                        ("backwards", ("f:8:0",)), ("no-end", ("f:0",)), ("no-start", ("f",)),
                        ("text", ("f:x:8",)), ("sign", ("f:+0:8",)), ("zeros", ("f:00:8",)),
                        ("empty-number", ("f::8",)), ("huge", ("f:0:99999999999999999999",)),
                        ("no-path", (":0:8",)), ("dot", (".:0:8", ".:8:9")),
                        ("dot-and-more", (".:0:8", "a:0:8")),
                        ("twice", ("f:0:8", "f:0:8")), ("two-files", ("f:0:8", "g:0:8")),
                        ("order", ("g:0:8", "f:0:8"))):
        yield "shards-" + word, resources(*(resource(n, "sha256-sharded-8") for n in names),
                                          **shards)
    for word, size in (("exponent", "8e0"), ("plus", "8e+0"), ("ten", "1e+1"), ("zero", "0"),
                       ("negative", "-8"), ("fraction", "8.5"), ("huge", "1e99"),
                       ("exponent-minus", "8e-0"), ("large", "99999999999999999999"),
                       ("fraction-exponent", "8.0E0")):
        text = resources(resource("f:0:8", "sha256-sharded-8"), **shards)
        yield "shard-size-" + word, text.replace(b'"shard_size":8', b'"shard_size":' +
                                                 size.encode())
    yield "shard-size-text", statement(["f:0:8"], method="shards", shard_size="8")
    old = old_statement()
    yield "old-resources", changed(old, "predicate", resources=[])
    yield "old-empty", changed(old, subject=[])
    yield "old-digest-short", changed(old, "subject", 0, digest={"sha256": "00"})
    yield "old-hash", changed(old, "subject", 0, annotations={"actual_hash_algorithm": "x"})
    yield "old-order", changed(old, subject=json.loads(old)["subject"][::-1])
    yield "escape", good.replace(b'"a"', b'"\\u0061"')


def bundles():
    """Bundles that are refused before anybody is asked, or are strange."""
    files = statement(["a"])
    good = changed(json.dumps(document(files, {"publicKey": {"hint": "ab"}})))
    chain = [{"rawBytes": b64(c)} for c in certificates("accept-p256.pem")]
    by_chain = changed(good, "verificationMaterial", publicKey=...,
                       x509CertificateChain={"certificates": chain})
    material, envelope = ("verificationMaterial",), ("dsseEnvelope",)
    signature = json.loads(good)["dsseEnvelope"]["signatures"][0]
    yield "media-type", changed(good, mediaType="x")
    yield "media-type-null", changed(good, mediaType=None)
    yield "no-envelope", changed(good, dsseEnvelope=...)
    yield "field-unknown", changed(good, other=1)
    yield "field-deep", changed(good, other=[[[]]])
    yield "array", b"[1]"
    yield "cut", good[:-2]
    yield "tail", good + b" x"
    yield "two-materials", changed(good, *material, x509CertificateChain={"certificates": chain})
    yield "no-material", changed(good, *material, publicKey=...)
    yield "material-null", changed(good, *material, publicKey=None)
    yield "no-log", changed(good, *material, tlogEntries=...)
    yield "log-null", changed(good, *material, tlogEntries=None)
    entry = {"logIndex": "1", "logId": {"keyId": "AA=="}, "integratedTime": "1",
             "kindVersion": {"kind": "dsse", "version": "0.0.1"}, "canonicalizedBody": "e30=",
             "inclusionProof": {}, "inclusionPromise": None}
    yield "log-entry", changed(good, *material, tlogEntries=[entry])
    yield "log-entry-short", changed(good, *material, tlogEntries=[{"logIndex": "1"}])
    for i, number in enumerate(("x", "-1", "9223372036854775808")):
        yield f"log-entry-number-{i}", changed(good, *material,
                                               tlogEntries=[entry | {"logIndex": number}])
    for name, stamps in (("null", None), ("number", [1]), ("nine", [{"signedTimestamp": "AA=="}] *
                                                           9), ("empty", [{}])):
        yield "timestamps-" + name, changed(good, *material, timestampVerificationData={
            "rfc3161Timestamps": stamps})
    yield "log-entry-string", changed(good, *material, tlogEntries=["x"])
    yield "timestamps", changed(good, *material, timestampVerificationData={
        "rfc3161Timestamps": [{"signedTimestamp": "AA=="}]})
    yield "snake", good.replace(b"mediaType", b"media_type").replace(
        b"publicKey", b"public_key").replace(b"payloadType", b"payload_type")
    yield "snake-twice", changed(good, media_type=json.loads(good)["mediaType"])
    yield "hint-long", changed(good, *material, "publicKey", hint="a" * 1025)
    yield "hint-null", changed(good, *material, "publicKey", hint=None)
    yield "hint-number", changed(good, *material, "publicKey", hint=1)
    yield "hint-control", changed(good, *material, "publicKey", hint="a\n\u202e")
    yield "details-long", changed(good, *material, "publicKey", keyDetails="a" * 1025)
    yield "key-long", changed(good, *material, "publicKey", rawBytes="A" * 12000)
    yield "key-empty", changed(good, *material, "publicKey", rawBytes="")
    yield "chain-empty", changed(by_chain, *material, "x509CertificateChain", certificates=[])
    yield "chain-strings", changed(by_chain, *material, "x509CertificateChain",
                                   certificates=["a"])
    yield "chain-nothing-in-it", changed(by_chain, *material, "x509CertificateChain",
                                         certificates=[{}])
    yield "chain-eleven", changed(by_chain, *material, "x509CertificateChain",
                                  certificates=[{"rawBytes": "AAAA"}] * 11)
    yield "chain-no-certificate", changed(by_chain, *material, "x509CertificateChain",
                                          certificates=[{"rawBytes": "AAAA"}])
    yield "keyless-nothing-in-it", changed(good, *material, publicKey=..., certificate={})
    yield "keyless-no-certificate", changed(good, *material, publicKey=...,
                                            certificate={"rawBytes": "AAAA"})
    yield "payload-text", changed(good, *envelope, payload="a b")
    yield "payload-lines", changed(good, *envelope, payload="e30K\ne30K")
    yield "payload-empty", changed(good, *envelope, payload="")
    yield "payload-type", changed(good, *envelope, payloadType="text/plain")
    yield "signature-none", changed(good, *envelope, signatures=[])
    yield "signature-two", changed(good, *envelope, signatures=[signature, signature])
    yield "signature-string", changed(good, *envelope, signatures=["x"])
    yield "signature-long", changed(good, *envelope, signatures=[{"sig": "A" * 1400}])
    yield "signature-no-sig", changed(good, *envelope, signatures=[{"keyid": ""}])
    yield "keyid-long", changed(good, *envelope, signatures=[{**signature, "keyid": "a" * 1025}])
    yield "escape", good.replace(b'"ab"', b'"a\\u0062"')
    yield "space-before", b" " + good
    yield "space-odd", good.replace(b",", b", ", 1)
    yield "space-tab", good.replace(b":", b":\t", 1)
    yield "newline", good + b"\n"
    yield "by-chain-signed-by-another", changed(by_chain, *envelope, signatures=[
        {"sig": b64(sign(encoded(files), "p384"))}])


def by_key(kind, payload=None, rules=DEFAULT, trust=None, signature=None, keyid="", **key):
    """A bundle by one of the signers, and whom to trust."""
    payload = payload or statement(["a"])
    text = document(payload, {"publicKey": key or {"hint": hint(kind)}}, signature, kind)
    text["dsseEnvelope"]["signatures"][0]["keyid"] = keyid
    return trusted(rules, public(kind) if trust is None else trust,
                   changed(json.dumps(text)))


def by_chain(name, kind, rules=DEFAULT, trust=None, payload=None, signature=None):
    payload = payload or statement(["a"])
    material = {"x509CertificateChain": {
        "certificates": [{"rawBytes": b64(c)} for c in certificates(name + ".pem")]}}
    return trusted(rules, (CHAINS / "root.pem").read_bytes() if trust is None else trust,
                   changed(json.dumps(document(payload, material, signature, kind))))


def signed():
    """Bundles with somebody to trust, for the rules behind a good signature."""
    details = {"p256": "PKIX_ECDSA_P256_SHA_256", "p384": "PKIX_ECDSA_P384_SHA_384",
               "p521": "PKIX_ECDSA_P521_SHA_512"}
    for kind in KEYS:
        yield f"key-{kind}", by_key(kind)
    for kind, name in details.items():
        yield f"details-{kind}", by_key(kind, keyDetails=name)
    yield "details-other", by_key("p256", keyDetails=details["p384"])
    yield "details-rsa-other", by_key("rsa", keyDetails="PKIX_RSA_PKCS1V15_4096_SHA256")
    yield "details-rsa", by_key("rsa", keyDetails="PKIX_RSA_PKCS1V15_2048_SHA256")
    yield "details-unknown", by_key("p256", keyDetails="x")
    yield "hint-other", by_key("p256", hint="00" * 32)
    yield "hint-base64", by_key("p256", hint=b64(hashlib.sha256(
        KEYS["p256"].public_key().public_bytes(
            serialization.Encoding.DER,
            serialization.PublicFormat.SubjectPublicKeyInfo)).digest()))
    yield "hint-absent-strict", by_key("p256", rules=STRICT, hint=None)
    yield "hint-absent", by_key("p256", hint=None)
    yield "key-in-bundle", by_key("p256", rawBytes=b64(public("p256")))
    yield "key-in-bundle-other", by_key("p256", rawBytes=b64(public("p384")))
    yield "key-in-bundle-strict", by_key("p256", rules=STRICT, rawBytes=b64(public("p256")))
    yield "keyid", by_key("p256", keyid=hint("p256"))
    yield "keyid-other", by_key("p256", keyid="x")
    yield "keyid-other-tolerated", by_key("p256", rules=ALL, keyid="x")
    yield "strict", by_key("p256", rules=STRICT)
    yield "nobody", by_key("p256", trust=b"")
    yield "key-ed25519", by_key("p256", trust=ED25519.read_bytes(), hint=hashlib.sha256(
        ED25519.read_bytes()).hexdigest())
    yield "two-keys", by_key("p256", trust=public("p384") + b"\0" + public("p256"), hint=None)
    yield "signature-cut", by_key("p256", signature=b"0")
    yield "root-for-a-key", by_key("p256", trust=(CHAINS / "root.pem").read_bytes())
    for quotes, rules in ((["a"], DEFAULT), (["it's"], DEFAULT), (["\\t'\u00e9"], ALL)):
        old = changed(old_statement(), subject=[
            {"name": n, "digest": {"sha256": "00" * 32}} for n in quotes])
        old = old.replace(b":", b":\n\t\r", 1)
        yield f"v02-{len(quotes[0])}", by_key("p256", old, rules,
                                              signature=sign(encoded(old, True)))
    old = old_statement().replace(b'"a"', '"\N{BELL}\u00e9"'.encode())
    yield "v02-bytes", by_key("p256", old, signature=sign(encoded(old, True)))
    yield "v02-of-new", by_key("p256", statement(["model_signing/Digests/v0.1"]),
                               signature=sign(encoded(statement(
                                   ["model_signing/Digests/v0.1"]), True)))
    fake = statement(["https://model_signing/Digests/v0.1"])
    yield "v02-named-only", by_key("p256", fake, signature=sign(encoded(fake, True)))
    for kind in ("p256", "p384", "p521", "rsa"):
        yield f"chain-{kind}", by_chain(f"accept-{kind}", kind)
    old = old_statement()
    for name, rules in (("given", GIVEN), ("stamped", STAMPED), ("stamped-given", GIVEN | STAMPED)):
        yield "chain-" + name, by_chain("accept-p256", "p256", rules)
    yield "v02-chain", by_chain("accept-p384", "p384", payload=old, signature=sign(
        encoded(old, True), "p384", hashes.SHA256()))
    yield "chain-nobody", by_chain("accept-p256", "p256", trust=public("p256"))
    yield "chain-other-signed", by_chain("accept-p256", "p384")
    yield "chain-no-leaf", by_chain("reject-certificate-untrusted.other-root", "p256")
    for word, member in (("timestamps", {"timestampVerificationData": {}}),
                         ("stamped", {"timestampVerificationData": {
                             "rfc3161Timestamps": [{"signedTimestamp": "AA=="}]}}),
                         ("log", {"tlogEntries": [{}]}), ("no-log", {"tlogEntries": ...})):
        text = by_key("p256")[4 + len(public("p256")):]
        for rules in (STRICT, STRICT | STAMPED):
            yield f"strict-{word}-{rules}", trusted(rules, public("p256"), changed(
                text, "verificationMaterial", **member))
    text = by_key("p256")[4 + len(public("p256")):]
    yield "strict-snake", trusted(STRICT, public("p256"), text.replace(b"mediaType",
                                                                       b"media_type"))
    yield "all-base64-lines", trusted(ALL, public("p256"), changed(
        text, "dsseEnvelope", payload="e30K\ne30K"))
    yield "keyless", trusted(DEFAULT, public("p256"), changed(json.dumps(document(
        statement(["a"]), {"certificate": {
            "rawBytes": b64(certificates("accept-p256.pem")[0])}}))))


def raw_certificates(name):
    """Not parsed: some of them cannot be."""
    blocks = (CHAINS / name).read_text().split("-----BEGIN CERTIFICATE-----\n")[1:]
    return [base64.b64decode(b.split("-----END")[0]) for b in blocks]


def chains():
    """Every chain of the vectors, before the root that they were made for."""
    root = (CHAINS / "root.pem").read_bytes()
    for path in sorted(CHAINS.glob("[ar]*-*.pem")):
        yield path.stem, trusted(DEFAULT, root, counted(raw_certificates(path.name)),
                                 CHAIN_TRUSTED)
    for word, name, rules in (
            ("strict", "accept-p256", STRICT), ("strict-usage-only", "accept-usage-only", STRICT),
            ("strict-marked-ca", "accept-marked-ca", STRICT),
            ("strict-with-root", "accept-with-root", STRICT),
            ("strict-issuer-any-purpose", "accept-issuer-any-purpose", STRICT),
            ("all-stranger", "reject-certificate-unused.stranger", ALL),
            ("all-twice", "reject-certificate-unused.twice", ALL),
            ("all-other-purpose", "reject-certificate-purpose.server", ALL),
            ("all-any-purpose", "reject-certificate-purpose.any", ALL),
            ("now", "accept-p256", NOW), ("given", "accept-p256", GIVEN),
            ("now-expired", "accept-expired", NOW), ("given-not-yet", "accept-not-yet", GIVEN),
            ("server", "reject-certificate-purpose.server", SERVER),
            ("client", "accept-p256", CLIENT), ("any", "accept-p256", ANY)):
        yield "rules-" + word, trusted(rules, root, counted(raw_certificates(name + ".pem")),
                                       CHAIN_TRUSTED)
    issuer = MADE.der(MADE.authority())
    for name, leaf in odd_leaves():
        for word, rules in (("", DEFAULT), ("strict-", STRICT), ("all-", ALL)):
            if rules == DEFAULT or "purpose-mixed" in name:
                yield "odd-" + word + name, trusted(rules, root, counted([leaf, issuer]),
                                                    CHAIN_TRUSTED)
    for name, ders in odd_issuers():
        yield "odd-" + name, trusted(DEFAULT, root, counted(ders), CHAIN_TRUSTED)
    for name in ("key-ed25519", "key-x25519", "key-unreadable", "key-rsa-above-ours"):
        told = trusted(DEFAULT, root, changed(json.dumps(document(
            statement(["a"]), {"x509CertificateChain": {"certificates": [
                {"rawBytes": b64(dict(odd_leaves())[name])}, {"rawBytes": b64(issuer)}]}}))))
        yield "bundle-" + name, told
        yield "untrusted-bundle-" + name, BUNDLE + told[4 + len(root):]
    yield "no-certificate", trusted(DEFAULT, root, b"", CHAIN_TRUSTED)
    yield "no-root", trusted(DEFAULT, b"", counted(raw_certificates("accept-p256.pem")),
                             CHAIN_TRUSTED)


def loaded(path):
    spec = importlib.util.spec_from_file_location("made", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MADE = loaded(CHAINS / "generate.py")


def edited(one, old, new, key=None):
    """A certificate whose contents have `new` for `old`, signed again."""
    content = MADE.content_of(one.tbs_certificate_bytes)
    assert old in content
    return MADE.signed_again(MADE.tlv(0x30, content.replace(old, new, 1)), MADE.ECDSA_SHA256,
                             key or MADE.MIDDLE, hashes.SHA256())


def spki(key):
    return key.public_bytes(serialization.Encoding.DER,
                            serialization.PublicFormat.SubjectPublicKeyInfo)


def other_key_info(one, algorithm):
    """The certificate with another algorithm named for the bits of its key."""
    old = spki(one.public_key())
    content = MADE.content_of(old)
    bits = content[2 + content[1]:]
    return edited(one, old, MADE.tlv(0x30, MADE.tlv(0x30, algorithm) + bits))


def raw_extension(oid, content, is_critical):
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), content), is_critical


def odd_leaves():
    """Signers' certificates that no vector has, each below the issuer of the vectors."""
    leaf, der = MADE.leaf, MADE.der
    yield "purpose-mixed", der(leaf(ekus=(EKU.CODE_SIGNING, EKU.SERVER_AUTH)))
    for name, key in (("ed25519", ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))),
                      ("ed448", ed448.Ed448PrivateKey.from_private_bytes(bytes(57))),
                      ("x25519", x25519.X25519PrivateKey.from_private_bytes(bytes(32)))):
        yield "key-" + name, der(leaf(key=key))
    for name, bits in (("huge", 16400), ("above-ours", 9000)):
        number = rsa.RSAPublicNumbers(65537, (1 << bits) + 1)
        yield "key-rsa-" + name, edited(leaf(), spki(MADE.leaf().public_key()),
                                        spki(number.public_key()))
    yield "key-rsa-pss", other_key_info(leaf("rsa"), bytes.fromhex("06092a864886f70d01010a"))
    yield "key-unknown", other_key_info(leaf(), bytes.fromhex("06032a03040500"))
    yield "key-unreadable", edited(leaf(), b"\x03\x42\x00\x04", b"\x03\x42\x00\x05")
    yield "time-from", edited(leaf(), b"240101000000Z", b"249901000000Z")
    yield "time-to", edited(leaf(), b"440101000000Z", b"449901000000Z")
    for name, oid in (("basic", "2.5.29.19"), ("usage", "2.5.29.15"), ("purpose", "2.5.29.37"),
                      ("policies", "2.5.29.32"), ("names", "2.5.29.17"),
                      ("constraints", "2.5.29.36")):
        for is_critical in (False, True):
            yield f"unreadable-{name}-{is_critical:d}", der(leaf(
                ca=None, kus=(), ekus=(), more=[raw_extension(oid, b"\5\0", is_critical)]))
    two = leaf(more=[raw_extension("1.2.3.4", b"\5\0", False),
                     raw_extension("1.2.3.5", b"\5\0", False)])
    yield "extension-twice", edited(two, b"\x06\x03\x2a\x03\x05", b"\x06\x03\x2a\x03\x04")
    policies = [x509.PolicyInformation(x509.ObjectIdentifier("1.2.3.5"), ["https://x.example"]),
                x509.PolicyInformation(x509.ObjectIdentifier("1.2.3.6"),
                                       [x509.UserNotice(None, "x")])]
    yield "policies-known", der(leaf(more=[(x509.CertificatePolicies(policies), True)]))
    yield "no-serial", edited(leaf(), MADE.tlv(2, (sum(b"test signer") + 1).to_bytes(2, "big")),
                              b"\x02\x01\x00")
    yield "signed-by-unknown", leaf().public_bytes(serialization.Encoding.DER).replace(
        MADE.ECDSA_SHA256, bytes.fromhex("300a06082a8648ce3d040309"))
    yield "no-name", edited(leaf(), MADE.name("test signer").public_bytes(), b"\x30\x00")


def odd_issuers():
    """Chains whose issuer no vector has."""
    der, authority, leaf = MADE.der, MADE.authority, MADE.leaf
    code = (EKU.CODE_SIGNING,)
    yield "issuer-purpose", [der(leaf()), der(authority(ekus=code))]
    yield "issuer-purposes", [der(leaf()), der(authority(ekus=(EKU.SERVER_AUTH, EKU.CLIENT_AUTH)))]
    yield "issuer-no-usage", [der(leaf()), der(authority(kus=()))]
    yield "issuer-unreadable-purpose", [der(leaf()), der(authority(
        more=[raw_extension("2.5.29.37", b"\5\0", False)]))]
    yield "issuer-constraint-syntax", [der(leaf()), der(authority(
        more=[raw_extension("2.5.29.30", b"\5\0", True)]))]
    keys = [ec.derive_private_key(5000 + i, MADE.P256) for i in range(10)]
    names = ["test root", *(f"issuer {i}" for i in range(9))]
    issuers = [der(authority(names[i + 1], keys[i + 1], names[i], keys[i] if i else MADE.ROOT))
               for i in range(9)]
    yield "issuers-nine", [der(leaf(issuer=names[9], issuer_key=keys[9])), *issuers[::-1]]


def certificate_files():
    """Files of certificates, for roots or to sign with."""
    root = (CHAINS / "root.pem").read_bytes()
    yield "one", root
    yield "two", root + b"a text between\n" + (CHAINS / "accept-p256.pem").read_bytes()
    yield "none", b"no certificate\n"
    yield "key", public("p256")
    yield "private-key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    yield "no-der", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    yield "no-base64", b"-----BEGIN CERTIFICATE-----\nA*\n-----END CERTIFICATE-----\n"
    yield "cut", root[:-20]


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
    for group, mode, made in (("refused-statement-", STATEMENT, statements()),
                              ("refused-bundle-", BUNDLE, bundles()), ("trusted-", b"", signed()),
                              ("rooted-", b"", chains()), ("file-", FILE, certificate_files())):
        for name, data in made:
            yield group + name, mode + data
    for name in ("accept-two-issuers", "accept-with-root", "accept-name-permitted", "accept-rsa",
                 "reject-certificate-extension.qualifier", "reject-certificate-ca.no-usage"):
        yield "chain-" + name, CHAIN + counted(certificates(name + ".pem"))


def main():
    HERE.mkdir(exist_ok=True)
    for old in HERE.iterdir():
        if not old.name.startswith("timestamp-"):       # make_timestamps.py's
            old.unlink()
    for name, data in seeds():
        (HERE / name).write_bytes(data)


if __name__ == "__main__":
    main()

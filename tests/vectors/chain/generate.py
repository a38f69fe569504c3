#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the chains of this folder: the signer's certificate, then issuers, in PEM.

root.pem is the anchor of all of them.  Names: accept-*.pem, and
reject-<reason>.<detail>.pem.  signer-*.key and .pub are the signers' keys.  All
keys are made from small numbers, and signatures are deterministic.
"""
import base64
import datetime
import functools
import pathlib
import textwrap

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID as EKU
from cryptography.x509.oid import NameOID

HERE = pathlib.Path(__file__).parent
CURVES = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}
P256 = ec.SECP256R1()
ROOT, MIDDLE, OTHER = (ec.derive_private_key(1000 + i, P256) for i in range(3))


def day(year, month=1):
    return datetime.datetime(year, month, 1, tzinfo=datetime.timezone.utc)


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def signer_key(curve):
    if curve == "rsa":
        return rsa_of(1024)
    return ec.derive_private_key(2026, CURVES[curve])


def usage(*bits):
    fields = ("digital_signature", "content_commitment", "key_encipherment",
              "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
              "encipher_only", "decipher_only")
    return x509.KeyUsage(**{f: f in bits for f in fields})


def certificate(subject, key, issuer, issuer_key, ca=False, path_length=None, kus=(), ekus=(),
                begin=day(2024), end=day(2044), more=(), digest=hashes.SHA256()):
    builder = (x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer))
               .public_key(key.public_key()).not_valid_before(begin).not_valid_after(end)
               .serial_number(sum(subject.encode()) + 1))
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca, path_length), True)
    if kus:
        builder = builder.add_extension(usage(*kus), True)
    if ekus:
        builder = builder.add_extension(x509.ExtendedKeyUsage(ekus), False)
    for extension, is_critical in more:
        builder = builder.add_extension(extension, is_critical)
    extra = {} if isinstance(issuer_key, rsa.RSAPrivateKey) else {"ecdsa_deterministic": True}
    return builder.sign(issuer_key, digest, **extra)


def authority(subject="test issuer", key=MIDDLE, issuer="test root", issuer_key=ROOT, **more):
    more = {"ca": True, "kus": ("key_cert_sign",), **more}
    return certificate(subject, key, issuer, issuer_key, **more)


def leaf(curve="p256", issuer="test issuer", issuer_key=MIDDLE, **more):
    more = {"kus": ("digital_signature",), "ekus": (EKU.CODE_SIGNING,), **more}
    key = more.pop("key", None) or signer_key(curve)
    return certificate("test signer", key, issuer, issuer_key, **more)


def pem(*certificates):
    return b"".join(c.public_bytes(serialization.Encoding.PEM) for c in certificates)


def unknown(oid="1.2.3.4"):
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), b"\x05\x00")


def dns(*names):
    return [x509.DNSName(n) for n in names]


def policy():
    return x509.CertificatePolicies([x509.PolicyInformation(
        x509.ObjectIdentifier("1.2.3.5"), None)]), False


def bits_turned(data):
    return data[:-1] + bytes([data[-1] ^ 1])


def der_pem(*ders):
    return b"".join(b"-----BEGIN CERTIFICATE-----\n" +
                    "\n".join(textwrap.wrap(base64.b64encode(d).decode(), 64)).encode() +
                    b"\n-----END CERTIFICATE-----\n" for d in ders)


def der(one):
    return one.public_bytes(serialization.Encoding.DER)


def long_length(data):
    """The outer length in one byte more than it needs."""
    assert data[1] == 0x82
    return data[:1] + b"\x83\x00" + data[2:]


def tlv(tag, content):
    size = len(content)
    length = bytes([size]) if size < 128 else \
        bytes([0x81, size]) if size < 256 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def content_of(data):
    return data[{0x81: 3, 0x82: 4}.get(data[1], 2):]


ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
ECDSA_SHA1 = bytes.fromhex("300906072a8648ce3d0401")


def signed_again(tbs, algorithm, key, digest):
    """A certificate of edited contents."""
    signature = key.sign(tbs, ec.ECDSA(digest, deterministic_signing=True))
    return tlv(0x30, tbs + algorithm + tlv(3, b"\0" + signature))


def over_sha1(one, key):
    """The same certificate signed with ecdsa-with-SHA1."""
    content = content_of(one.tbs_certificate_bytes).replace(ECDSA_SHA256, ECDSA_SHA1)
    return signed_again(tlv(0x30, content), ECDSA_SHA1, key, hashes.SHA1())


def explicit_p256():
    """P-256 with its numbers spelled out (SEC 1, C.2), as CVE-2020-0601 had them."""
    def number(hexadecimal):
        return tlv(2, bytes.fromhex(hexadecimal))
    prime = "00ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
    order = "00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
    a = "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc"
    b = "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"
    x = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    y = "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    return tlv(0x30, number("01") +
               tlv(0x30, bytes.fromhex("06072a8648ce3d0101") + number(prime)) +
               tlv(0x30, tlv(4, bytes.fromhex(a)) + tlv(4, bytes.fromhex(b))) +
               tlv(4, bytes.fromhex("04" + x + y)) + number(order) + number("01"))


def with_explicit_curve(one, key):
    """The same certificate, its own key's curve spelled out."""
    old_key = one.public_key().public_bytes(serialization.Encoding.DER,
                                            serialization.PublicFormat.SubjectPublicKeyInfo)
    ec_key, named = bytes.fromhex("06072a8648ce3d0201"), bytes.fromhex("06082a8648ce3d030107")
    point = content_of(old_key)[len(tlv(0x30, ec_key + named)):]
    new_key = tlv(0x30, tlv(0x30, ec_key + explicit_p256()) + point)
    content = content_of(one.tbs_certificate_bytes)
    assert content.count(old_key) == 1
    return signed_again(tlv(0x30, content.replace(old_key, new_key)), ECDSA_SHA256, key,
                        hashes.SHA256())


def rsa_of(bits):
    p, q = primes(bits)
    n, e = p * q, 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p),
                                 rsa.RSAPublicNumbers(e, n)).private_key()


@functools.cache
def primes(bits):
    found, candidate = [], (1 << bits) - 1
    while len(found) < 2:
        if all(pow(base, candidate - 1, candidate) == 1 for base in (2, 3, 5, 7, 11)) and \
                (candidate - 1) % 65537:
            found.append(candidate)
        candidate -= 2
    return found


def chains():
    issuer = authority()
    good = leaf()
    rsa_key = rsa_of(512)
    yield "accept-p256", pem(good, issuer)
    yield "accept-p384", pem(leaf("p384"), issuer)
    yield "accept-p521", pem(leaf("p521"), issuer)
    yield "accept-rsa", pem(leaf("rsa"), issuer)
    yield "accept-rsa-issuer", pem(leaf(issuer_key=signer_key("rsa")),
                                   authority(key=signer_key("rsa")))
    yield "accept-two-issuers", pem(leaf(issuer="second", issuer_key=OTHER),
                                    authority("second", OTHER, "test issuer", MIDDLE), issuer)
    yield "accept-issuers-in-any-order", pem(
        leaf(issuer="second", issuer_key=OTHER), issuer,
        authority("second", OTHER, "test issuer", MIDDLE))
    yield "accept-direct", pem(leaf(issuer="test root", issuer_key=ROOT))
    yield "accept-usage-only", pem(leaf(ekus=()), issuer)
    yield "accept-purpose-only", pem(leaf(kus=()), issuer)
    yield "accept-with-root", pem(good, issuer, root())
    yield "accept-marked-ca", pem(leaf(ca=True), issuer)
    yield "accept-expired", pem(leaf(end=day(2024, 2)), issuer)
    yield "accept-not-yet", pem(leaf(begin=day(2043)), issuer)
    yield "accept-issuer-any-purpose", pem(
        good, authority(ekus=(EKU.ANY_EXTENDED_KEY_USAGE,)))
    yield "accept-name-permitted", pem(
        leaf(more=[(x509.SubjectAlternativeName(dns("a.example")), False)]),
        authority(more=[(x509.NameConstraints(dns("example"), None), True)]))
    yield "reject-certificate-ca.issuer-as-signer", pem(
        leaf(ca=True, kus=("digital_signature", "key_cert_sign")), issuer)
    yield "reject-certificate-ca.no-usage", pem(leaf(ca=True, kus=()), issuer)
    yield "reject-certificate-usage.none", pem(leaf(kus=(), ekus=()), issuer)
    yield "reject-certificate-usage.encipherment", pem(leaf(kus=("key_encipherment",)), issuer)
    yield "reject-certificate-purpose.server", pem(leaf(ekus=(EKU.SERVER_AUTH,)), issuer)
    yield "reject-certificate-purpose.any", pem(
        leaf(ekus=(EKU.ANY_EXTENDED_KEY_USAGE,)), issuer)
    yield "reject-certificate-purpose.issuer", pem(
        good, authority(ekus=(EKU.SERVER_AUTH,)))
    yield "reject-certificate-time.before-issuer", pem(leaf(begin=day(2023)), issuer)
    yield "reject-certificate-untrusted.no-issuer", pem(good)
    yield "reject-certificate-untrusted.other-root", pem(
        good, authority(issuer="other root", issuer_key=OTHER))
    yield "reject-certificate-untrusted.self-signed", pem(
        leaf(issuer="test signer", issuer_key=signer_key("p256")))
    yield "reject-certificate-signature.leaf", der_pem(bits_turned(der(good)), der(issuer))
    yield "reject-certificate-signature.issuer", pem(good) + der_pem(bits_turned(der(issuer)))
    yield "reject-certificate-constraint.not-ca", pem(good, authority(ca=False))
    yield "reject-certificate-constraint.no-basic", pem(good, authority(ca=None))
    yield "reject-certificate-constraint.path-length", pem(
        leaf(issuer="second", issuer_key=OTHER),
        authority("second", OTHER, "test issuer", MIDDLE), authority(path_length=0))
    yield "reject-certificate-constraint.usage", pem(
        good, authority(kus=("digital_signature",)))
    yield "reject-certificate-constraint.name", pem(
        leaf(more=[(x509.SubjectAlternativeName(dns("a.example")), False)]),
        authority(more=[(x509.NameConstraints(dns("other"), None), True)]))
    yield "reject-certificate-constraint.name-excluded", pem(
        leaf(more=[(x509.SubjectAlternativeName(dns("a.example")), False)]),
        authority(more=[(x509.NameConstraints(None, dns("example")), True)]))
    demands = (x509.PolicyConstraints(0, None), True)
    yield "reject-certificate-constraint.policy", pem(good, authority(more=[demands, policy()]))
    yield "reject-certificate-constraint.policy-unstated", pem(good, authority(more=[demands]))
    yield "accept-policy", pem(leaf(more=[policy()]), authority(more=[demands, policy()]))
    yield "reject-certificate-extension.leaf", pem(leaf(more=[(unknown(), True)]), issuer)
    yield "reject-certificate-extension.issuer", pem(
        good, authority(more=[(unknown(), True)]))
    yield "reject-certificate-extension.qualifier", pem(good, authority(more=[
        (x509.UnrecognizedExtension(
            x509.ObjectIdentifier("2.5.29.32"),
            bytes.fromhex("3013301106022a03300b300906032a03040c026869")), True)]))
    yield "reject-certificate-key-weak.rsa-1024", pem(
        leaf(issuer_key=rsa_key), authority(key=rsa_key))
    yield "reject-certificate-key-weak.rsa-1024-signer", pem(leaf(key=rsa_key), issuer)
    yield "reject-certificate-key-weak.secp256k1", pem(
        leaf(issuer_key=K1), authority(key=K1))
    yield "reject-certificate-key-weak.explicit-curve-issuer", der_pem(
        der(good), with_explicit_curve(issuer, ROOT))
    yield "reject-certificate-key-weak.explicit-curve-signer", der_pem(
        with_explicit_curve(good, MIDDLE), der(issuer))
    yield "reject-certificate-algorithm.sha1", der_pem(over_sha1(good, MIDDLE), der(issuer))
    yield "reject-certificate-unused.stranger", pem(
        good, issuer, authority("stranger", OTHER))
    yield "reject-certificate-unused.twice", pem(good, issuer, issuer)
    yield "reject-certificate-unused.signer-twice", pem(good, issuer, good)
    yield "reject-certificate-count.eleven", pem(good, *[issuer] * 10)
    yield "reject-certificate-invalid.long-length", der_pem(long_length(der(good)), der(issuer))
    yield "reject-certificate-invalid.trailing", der_pem(der(good) + b"\0", der(issuer))
    yield "reject-certificate-invalid.truncated", der_pem(der(good)[:-1], der(issuer))
    yield "reject-certificate-invalid.empty", der_pem(b"0", der(issuer))


K1 = ec.derive_private_key(7, ec.SECP256K1())


def root():
    return authority("test root", ROOT)


def main():
    for old in HERE.glob("*.pem"):
        old.unlink()
    (HERE / "root.pem").write_bytes(pem(root()))
    for curve in (*CURVES, "rsa"):
        key = signer_key(curve)
        (HERE / f"signer-{curve}.key").write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        (HERE / f"signer-{curve}.pub").write_bytes(key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    for title, text in chains():
        (HERE / f"{title}.pem").write_bytes(text)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds timestamp-* of fuzz_bundle: roots and a signature, each behind two bytes
of length, then a response of openssl's time-stamping authority.  New keys every time."""
import pathlib
import subprocess
import tempfile

SEEDS = pathlib.Path(__file__).resolve().parent / "bundle"
MODE = b"\6"
SIGNATURE = b"a signature"
CONFIG = """
[tsa]
default_tsa = one
[one]
serial = serial
default_policy = 1.2.3.4
digests = sha1, sha256, sha384, sha512
signer_digest = %s
ordering = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[good]
extendedKeyUsage = critical, timeStamping
[both]
extendedKeyUsage = critical, timeStamping, codeSigning
"""


class Authority:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.write("serial", "01\n")
        self.configure("sha256")
        self.certify("root", "root", None)
        self.certify("good", "good", "root")

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def configure(self, digest):
        self.write("config", CONFIG % digest)

    def openssl(self, *words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=self.folder)

    def certify(self, name, kind, issuer):
        self.openssl("req", "-config", "config", "-newkey", "ec", "-pkeyopt",
                     "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout",
                     f"{name}.key", "-out", f"{name}.csr")
        by = ["-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-CAcreateserial"] if issuer \
            else ["-signkey", f"{name}.key"]
        self.openssl("x509", "-req", "-in", f"{name}.csr", *by, "-days", "20000", "-out",
                     f"{name}.pem", "-extfile", "config", "-extensions", kind)

    def stamp(self, name="good", digest="sha256", query=("-cert",)):
        (self.folder / "data").write_bytes(SIGNATURE)
        self.openssl("ts", "-query", "-data", "data", f"-{digest}", *query, "-out", "query")
        self.openssl("ts", "-reply", "-config", "config", "-queryfile", "query", "-signer",
                     f"{name}.pem", "-inkey", f"{name}.key", "-out", "reply")
        return (self.folder / "reply").read_bytes()

    def seed(self, token, signature=SIGNATURE, root="root"):
        roots = (self.folder / f"{root}.pem").read_bytes() if root else b""
        return MODE + b"".join(len(part).to_bytes(2, "big") + part
                               for part in (roots, signature)) + token


def changed(token, old, new):
    assert old in token
    return token.replace(old, new, 1)


def seeds(ca):
    good = ca.stamp()
    yield "good", ca.seed(good)
    yield "other-signature", ca.seed(good, b"another")
    yield "no-root", ca.seed(good, root=None)
    yield "empty", ca.seed(b"")
    yield "tail", ca.seed(good + b"\0")
    yield "cut", ca.seed(good[:-1])
    yield "no-response", ca.seed(b"\x30\0")
    assert good[1] == 0x82
    yield "long-length", ca.seed(good[:1] + b"\x83\0" + good[2:])
    yield "granted-with-changes", ca.seed(changed(good, b"\x02\x01\0", b"\x02\x01\1"))
    yield "rejected", ca.seed(bytes.fromhex("30053003020102"))
    yield "no-token", ca.seed(bytes.fromhex("30053003020100"))
    yield "damaged", ca.seed(good[:-1] + bytes([good[-1] ^ 1]))
    for digest in ("sha1", "sha384", "sha512"):
        yield digest, ca.seed(ca.stamp(digest=digest))
    yield "no-certificates", ca.seed(ca.stamp(query=()))
    at = good.index(b"\x18\x0f20")
    yield "no-time", ca.seed(good[:at + 6] + b"9999" + good[at + 10:])
    yield "version", ca.seed(changed(good, b"\x02\x01\1\x06\x03\x2a\x03\x04",
                                     b"\x02\x01\2\x06\x03\x2a\x03\x04"))
    ca.configure("sha1")
    yield "signed-over-sha1", ca.seed(ca.stamp())
    ca.configure("sha256")
    ca.certify("other", "root", None)
    yield "other-root", ca.seed(good, root="other")
    ca.certify("stranger", "good", "other")
    yield "by-a-stranger", ca.seed(ca.stamp("stranger"))


def main():
    SEEDS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, data in seeds(Authority(folder)):
            (SEEDS / f"timestamp-{name}").write_bytes(data)


if __name__ == "__main__":
    main()

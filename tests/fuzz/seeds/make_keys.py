#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_keys: the key vectors (tests/vectors/keys) as they are;
behind a zero byte a key, a signature and what it is over; behind a one a passphrase."""

import base64
import json
import pathlib
import shutil

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parent.parent / "vectors" / "keys"
SEEDS = HERE / "keys"


def vector(name):
    return (VECTORS / name).read_bytes()


def signed(key, signature, content=None):
    key, content = vector(key), vector("message") if content is None else content
    return b"".join((b"\0", len(key).to_bytes(2, "big"), key,
                     len(signature).to_bytes(2, "big"), signature, content))


def lines(name, *changes):
    """The lines of a vector, some of them changed: (number, old, new)."""
    found = vector(name).split(b"\n")
    for number, old, new in changes:
        assert old in found[number]
        found[number] = found[number].replace(old, new, 1)
    return b"\n".join(found)


def signatures():
    for kind in ("ed25519", "p256", "p384", "p521", "rsa-2048", "rsa-3072"):
        yield kind, signed(f"accept-{kind}.pub", vector(f"accept-{kind}.sig"))
    yield "rsa-2048-pss", signed("accept-rsa-2048.pub", vector("accept-rsa-2048-pss.sig"))
    yield "p256-other-content", signed("accept-p256.pub", vector("accept-p256.sig"), b"x")
    yield "p256-empty", signed("accept-p256.pub", b"")
    yield "no-key", signed("accept-p256.key", vector("accept-p256.sig"))
    good = vector("accept-hashed.minisig")
    for name in ("hashed", "legacy"):
        text = vector(f"accept-{name}.minisig")
        yield name, signed("accept-minisign.pub", text)
        yield name + "-other-content", signed("accept-minisign.pub", text, b"x")
        yield name + "-crlf", signed("accept-minisign.pub", text.replace(b"\n", b"\r\n"))
    yield "legacy-64-bytes", signed("accept-minisign.pub", vector("accept-legacy.minisig"),
                                    bytes(64))
    yield "hashed-other-key", signed("accept-signify.pub", good)
    yield "hashed-other-kind", signed("accept-p256.pub", good)
    yield "hashed-key-without-number", signed("accept-ed25519.pub", good)
    yield "hashed-other-comment", signed("accept-minisign.pub", lines(
        "accept-hashed.minisig", (2, b"a comment", b"a commend")))
    yield "hashed-fifth-line", signed("accept-minisign.pub", good + b"x\n")
    yield "hashed-crlf-once", signed("accept-minisign.pub", good.replace(b"\n", b"\r\n", 1))
    yield "hashed-no-last-lf", signed("accept-minisign.pub", good[:-1])
    yield "hashed-one-line", signed("accept-minisign.pub", good.split(b"\n")[0] + b"\n")
    yield "hashed-two-lines", signed("accept-minisign.pub",
                                     b"\n".join(good.split(b"\n")[:2]) + b"\n")
    yield "hashed-fourth-line", signed("accept-minisign.pub",
                                       b"\n".join(good.split(b"\n")[:3]) + b"\nAAAA\n")
    yield "hashed-second-line", signed("accept-minisign.pub", good.replace(b"RU", b"R", 1))
    yield "hashed-algorithm-first", signed("accept-minisign.pub", good.replace(b"\nR", b"\nA", 1))
    yield "hashed-algorithm-second", signed("accept-minisign.pub",
                                            good.replace(b"\nRU", b"\nRV", 1))
    yield "hashed-control", signed("accept-minisign.pub", good.replace(b"untrusted comment: ",
                                                                       b"untrusted comment: \x1b"))
    yield "hashed-no-comment", signed("accept-minisign.pub", good[1:])
    yield "hashed-comment-long", signed("accept-minisign.pub", lines(
        "accept-hashed.minisig", (2, b"a comment", b"a" * 8192)))
    yield "signify", signed("accept-signify.pub", vector("accept-signify.sig"))
    yield "signify-hashed", signed("accept-signify.pub",
                                   vector("accept-signify.sig").replace(b"\nRW", b"\nRU", 1))
    yield "signify-third-line", signed("accept-signify.pub", vector("accept-signify.sig") + b"x\n")


def body_of(name):
    """The bytes of a vector's PEM block."""
    return base64.b64decode(b"".join(vector(name).split(b"\n")[1:-2]))


def pem(label, body):
    text = base64.b64encode(body).decode()
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()


def replaced(name, label, old, new):
    body = body_of(name)
    assert old in body
    return pem(label, body.replace(old, new, 1))


def cosign():
    """cosign's JSON with one member that is not as it must be."""
    good = json.loads(body_of("accept-p256-cosign-quick.key"))
    label = "ENCRYPTED SIGSTORE PRIVATE KEY"
    kdf, params, cipher = good["kdf"], good["kdf"]["params"], good["cipher"]
    cases = {
        "list": good | {"ciphertext": [1]}, "true": good | {"ciphertext": True},
        "false": good | {"ciphertext": False}, "null": good | {"ciphertext": None},
        "kdf-name": good | {"kdf": kdf | {"name": "argon2"}},
        "cipher-name": good | {"cipher": cipher | {"name": "aes"}},
        "salt": good | {"kdf": kdf | {"salt": "A*"}},
        "salt-long": good | {"kdf": kdf | {"salt": "A" * 200}},
        "nonce": good | {"cipher": cipher | {"nonce": "AAAA"}},
        "box-short": good | {"ciphertext": "AAAA"}, "box-base64": good | {"ciphertext": "A*"},
        "box-other": good | {"ciphertext": good["ciphertext"][:-4] + "AAAA"},
        "n-text": good | {"kdf": kdf | {"params": params | {"N": "16"}}},
        "n-fraction": good | {"kdf": kdf | {"params": params | {"N": 16.5}}},
        "n-negative": good | {"kdf": kdf | {"params": params | {"N": -16}}},
        "n-odd": good | {"kdf": kdf | {"params": params | {"N": 15}}},
        "r-zero": good | {"kdf": kdf | {"params": params | {"r": 0}}},
        "p-huge": good | {"kdf": kdf | {"params": {"N": 0, "r": 8, "p": 1 << 33}}},
        "r-huge": good | {"kdf": kdf | {"params": {"N": 0, "r": 1 << 33, "p": 1}}},
        "params-number": good | {"kdf": kdf | {"params": params | {"x": 1}}},
        "deep": good | {"kdf": kdf | {"params": params | {"x": {"y": {"z": 1}}}}},
        "name-long": good | {"a-name-that-is-long": "x"}, "number": 1, "string": "x",
        "array": [1], "empty": {},
    }
    for name, document in cases.items():
        yield name, pem(label, json.dumps(document).encode())
    yield "cut", pem(label, body_of("accept-p256-cosign-quick.key")[:-3])
    yield "not-json", pem(label, b"x")


def keys():
    yield "empty", b""
    yield "text", b"hello\n"
    yield "long", b"-----BEGIN PRIVATE KEY-----\n" + b"A" * 70000
    good, public, plain = (vector(f"accept-{n}") for n in (
        "p256.key", "p256.pub", "minisign-plain.key"))
    yield "pem-cut", good[:-20]
    yield "pem-begin-only", b"-----BEGIN PRIVATE KEY-----\n"
    yield "pem-begin-cut", b"-----BEGIN PRIVATE KEY\n"
    yield "pem-other-end", good.replace(b"END PRIVATE", b"END PUBLIC")
    yield "pem-empty", b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"
    yield "pem-base64", good.replace(b"MI", b"M*", 1)
    yield "pem-two-keys", good + good
    yield "pem-parameters-only", vector("accept-p256-params-sec1.key").split(b"\n-----BEGIN EC P")[
        0] + b"\n"
    yield "pem-label", pem("OTHER THING", b"x")
    yield "pem-public-empty", pem("PUBLIC KEY", b"0")
    yield "pem-public-base64", public.replace(b"MF", b"M*", 1)
    yield "pem-public-cut", public[:-20]
    yield "pem-public-utf8", public.replace(b"MF", b"\xc3\xa9", 1)
    yield "pkcs8-empty", pem("PRIVATE KEY", b"\x30\x00")
    yield "pkcs8-tail", pem("PRIVATE KEY", body_of("accept-p256.key") + b"\0")
    yield "pkcs8-unknown", replaced("accept-p256.key", "PRIVATE KEY",
                                    bytes.fromhex("2a8648ce3d0201"),
                                    bytes.fromhex("2a8648ce3d0202"))
    yield "sec1-tail", pem("EC PRIVATE KEY", body_of("accept-p384-sec1.key") + b"\0")
    yield "ed25519-short", pem("PRIVATE KEY", bytes.fromhex("302d020100300506032b65700421041f") +
                                bytes(31))
    locked, label = "accept-p256-quick.key", "ENCRYPTED PRIVATE KEY"
    yield "pkcs8-locked-tail", pem(label, body_of(locked) + b"\0")
    yield "pkcs8-locked-empty", pem(label, b"\x30\x00")
    yield "pkcs8-locked-cut", pem(label, body_of(locked)[:-9])
    scrypt = bytes.fromhex("2b06010401da47040b")
    body = body_of(locked)
    if scrypt in body:
        yield "pkcs8-locked-function", pem(label, body.replace(scrypt, scrypt[:-1] + b"\x0c"))
        at = body.index(scrypt) + len(scrypt)
        yield "pkcs8-locked-parameters", pem(label, body[:at] + b"\x04" + body[at + 1:])
    pbes2 = bytes.fromhex("2a864886f70d01050d")
    if pbes2 in body:
        at = body.index(pbes2) + len(pbes2)
        yield "pkcs8-locked-no-sequence", pem(label, body[:at] + b"\x04" + body[at + 1:])
        yield "pkcs8-locked-inner", pem(label, body[:at + 2] + b"\x04" + body[at + 3:])
    first, second = plain.split(b"\n")[:2]
    blob = base64.b64decode(second)
    for name, place, value in (("algorithm", 0, 0x58), ("kdf", 2, 0x58), ("sum", 4, 0x58),
                               ("key", 60, 0x58), ("check", 156, 0x58)):
        changed = bytearray(blob)
        changed[place] ^= value
        yield "minisign-" + name, first + b"\n" + base64.b64encode(changed) + b"\n"
    yield "minisign-one-line", first + b"\n"
    yield "minisign-no-line", first
    yield "minisign-short", first + b"\nAAAA\n"
    yield "minisign-third-line", plain + b"x\n"
    yield "minisign-comment", plain.replace(b"untrusted comment: ", b"untrusted comment: \x07", 1)
    yield "minisign-comment-long", plain.replace(b"untrusted comment: ",
                                                 b"untrusted comment: " + b"a" * 2000, 1)
    yield "minisign-public-short", vector("accept-minisign.pub").split(b"\n")[0] + b"\nAAAA\n"
    yield "minisign-public-one-line", vector("accept-minisign.pub").split(b"\n")[0] + b"\n"
    yield "minisign-public-no-comment", vector("accept-minisign.pub")[1:]
    for name, data in cosign():
        yield "cosign-" + name, data


PASSPHRASES = {
    "plain": b"correct horse", "lf": b"correct horse\n", "crlf": b"correct horse\r\n",
    "empty": b"", "lf-only": b"\n", "cr": b"a\r", "two-lines": b"a\nb\n", "nul": b"a\0b",
    "longest": b"a" * 1023, "too-long": b"a" * 1024, "much-too-long": b"a" * 2000,
}


def main():
    shutil.rmtree(SEEDS, ignore_errors=True)
    SEEDS.mkdir()
    for path in sorted(VECTORS.iterdir()):
        if path.suffix in (".pub", ".key", ".sec", ".sig", ".minisig"):
            shutil.copyfile(path, SEEDS / path.name)
    for name, data in signatures():
        (SEEDS / f"signed-{name}").write_bytes(data)
    for name, data in PASSPHRASES.items():
        (SEEDS / f"passphrase-{name}").write_bytes(b"\1" + data)
    (SEEDS / "passphrase-unreadable").write_bytes(b"\2correct horse")
    for name, data in keys():
        (SEEDS / f"file-{name}").write_bytes(data)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_keys: the key vectors (tests/vectors/keys) as they are;
behind a zero byte a key, a signature and what it is over; behind a one a passphrase."""

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


def keys():
    yield "empty", b""


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
    for name, data in keys():
        (SEEDS / f"file-{name}").write_bytes(data)


if __name__ == "__main__":
    main()

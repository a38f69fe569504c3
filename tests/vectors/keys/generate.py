#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the key files and signatures of this folder: generate.py [FOLDER].

By openssl, minisign, signify and PyNaCl, and by hand what those refuse to write.  Keys are
random: a second run writes other ones.  All of them are for tests; the passphrase
is "correct horse" everywhere.
"""

import base64
import hashlib
import json
import os
import pathlib
import pty
import subprocess
import sys

import nacl.secret

PASSPHRASE = "correct horse"
FOLDER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
MESSAGE = b"The quick brown fox\n"
CURVES = {"p256": ("P-256", "sha256"), "p384": ("P-384", "sha384"), "p521": ("P-521", "sha512")}


def run(*words, **more):
    return subprocess.run([str(w) for w in words], check=True, capture_output=True, **more).stdout


def put(name, content):
    (FOLDER / name).write_bytes(content)


def pem(label, der):
    text = base64.b64encode(der).decode()
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()


def typed(answers, *words):
    """Runs a program that asks its questions on the terminal."""
    pid, master = pty.fork()
    if pid == 0:
        os.execvp(words[0], [str(w) for w in words])
    for answer in answers:
        said = b""
        while not said.rstrip().endswith(b":"):
            said += os.read(master, 1024)
        os.write(master, answer.encode() + b"\n")
    try:
        while os.read(master, 1024):
            pass
    except OSError:
        pass
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
        sys.exit(f"{words[0]} failed")


def curves():
    for name, (curve, digest) in CURVES.items():
        key = FOLDER / f"accept-{name}.key"
        put(key.name, run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                          f"ec_paramgen_curve:{curve}"))
        put(f"accept-{name}.pub", run("openssl", "pkey", "-in", key, "-pubout"))
        put(f"accept-{name}-sec1.key", run("openssl", "ec", "-in", key))
        put(f"accept-{name}.sig", run("openssl", "dgst", f"-{digest}", "-sign", key,
                                      input=MESSAGE))
        put(f"accept-{name}-scrypt.key",
            run("openssl", "pkcs8", "-topk8", "-scrypt", "-scrypt_N", "4096", "-in", key,
                "-passout", f"pass:{PASSPHRASE}"))
    key = FOLDER / "accept-p256.key"
    put("accept-p256-params-sec1.key",
        run("openssl", "ecparam", "-name", "prime256v1", "-genkey"))
    put("reject-pbkdf2-work.key",
        run("openssl", "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-iter", "9000000", "-in", key,
            "-passout", f"pass:{PASSPHRASE}"))
    put("reject-scrypt-work.key",
        run("openssl", "pkcs8", "-topk8", "-scrypt", "-scrypt_N", "16384", "-scrypt_p", "65",
            "-in", key, "-passout", f"pass:{PASSPHRASE}"))
    sealed = run("openssl", "pkcs8", "-topk8", "-scrypt", "-scrypt_N", "16384", "-in", key,
                 "-passout", f"pass:{PASSPHRASE}", "-outform", "DER")
    put("reject-scrypt-memory.key",     # r 8 is made 40: 80 MiB
        pem("ENCRYPTED PRIVATE KEY", sealed.replace(bytes.fromhex("02024000020108020101"),
                                                    bytes.fromhex("02024000020128020101"))))
    put("reject-pbes1.key", run("openssl", "pkcs8", "-topk8", "-v1", "PBE-MD5-DES", "-provider",
                                "legacy", "-provider", "default", "-in", key, "-passout",
                                f"pass:{PASSPHRASE}"))
    der = run("openssl", "ec", "-in", key, "-outform", "DER")
    other = run("openssl", "ec", "-in", key, "-pubout", "-outform", "DER")[-64:]
    put("reject-other-half.key", pem("EC PRIVATE KEY", der.replace(
        other, run("openssl", "ec", "-in", FOLDER / "accept-p256-params-sec1.key", "-pubout",
                   "-outform", "DER")[-64:])))
    put("accept-p256-pbkdf2.key", run("openssl", "pkcs8", "-topk8", "-v2", "aes-256-cbc",
                                      "-in", key, "-passout", f"pass:{PASSPHRASE}"))
    put("accept-p256-compressed.pub",
        run("openssl", "ec", "-in", key, "-pubout", "-conv_form", "compressed"))
    put("accept-p256-crlf.pub", (FOLDER / "accept-p256.pub").read_bytes().replace(b"\n", b"\r\n"))
    put("accept-p256-text.pub", run("openssl", "ec", "-pubin", "-in", FOLDER / "accept-p256.pub", "-text"))
    der = run("openssl", "ec", "-in", key, "-pubout", "-outform", "DER")
    names = [hashlib.sha256((FOLDER / "accept-p256.pub").read_bytes()).hexdigest(),
             base64.b64encode(hashlib.sha256(der).digest()).decode()]
    put("accept-p256.id", "\n".join(names + [""]).encode())
    put("reject-bytes-after-key.pub", pem("PUBLIC KEY", der + b"\0"))
    put("reject-off-curve.pub", pem("PUBLIC KEY", der[:-1] + bytes([der[-1] ^ 1])))
    hybrid = der[:26] + bytes([6 | der[-1] & 1]) + der[27:]
    put("reject-hybrid-point.pub", pem("PUBLIC KEY", hybrid))
    put("reject-long-length.pub", pem("PUBLIC KEY", b"\x30\x81" + der[1:]))
    put("reject-explicit-curve.pub",
        run("openssl", "ec", "-in", key, "-pubout", "-param_enc", "explicit"))
    put("reject-two-keys.pub", 2 * (FOLDER / "accept-p256.pub").read_bytes())
    put("reject-secp256k1.key", run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                                    "ec_paramgen_curve:secp256k1"))
    put("reject-secp256k1.pub",
        run("openssl", "pkey", "-pubout", "-in", FOLDER / "reject-secp256k1.key"))
    put("reject-old-encryption.key",
        run("openssl", "ec", "-in", key, "-aes128", "-passout", f"pass:{PASSPHRASE}"))
    put("reject-certificate.pub",
        run("openssl", "req", "-x509", "-new", "-key", key, "-subj", "/CN=test"))


def ed25519():
    key = FOLDER / "accept-ed25519.key"
    put(key.name, run("openssl", "genpkey", "-algorithm", "ED25519"))
    put("accept-ed25519.pub", run("openssl", "pkey", "-in", key, "-pubout"))
    put("accept-ed25519-scrypt.key",
        run("openssl", "pkcs8", "-topk8", "-scrypt", "-scrypt_N", "4096", "-in", key,
            "-passout", f"pass:{PASSPHRASE}"))
    put("message", MESSAGE)
    put("accept-ed25519.sig", run("openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin",
                                  "-in", FOLDER / "message"))
    head = bytes.fromhex("302a300506032b6570032100")
    put("reject-small-order.pub", pem("PUBLIC KEY", head + bytes(32)))
    put("reject-not-a-point.pub", pem("PUBLIC KEY", head + b"\x02" + bytes(31)))


def der(tag, content):
    n = len(content)
    long = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag]) + (bytes([n]) if n < 128 else bytes([128 + len(long)]) + long) + content


def number(value):
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def rsa_spki(*numbers, algorithm="300d06092a864886f70d0101010500", tail=b""):
    point = der(0x30, b"".join(numbers) + tail)
    return der(0x30, bytes.fromhex(algorithm) + der(3, b"\0" + point))


def rsa():
    for bits in (2048, 3072, 4096, 8192):
        key = FOLDER / ("reject-rsa.key" if bits == 2048 else f"reject-rsa-{bits}.key")
        words = ("-3",) if bits == 3072 else ()
        put(key.name, run("openssl", "genrsa", *words, bits))
        put(f"accept-rsa-{bits}.pub", run("openssl", "pkey", "-in", key, "-pubout"))
        put(f"accept-rsa-{bits}.sig", run("openssl", "dgst", "-sha256", "-sign", key,
                                          input=MESSAGE))
        if bits == 2048:
            put("reject-rsa-pkcs1.key", run("openssl", "rsa", "-traditional", "-in", key))
            put("reject-rsa-pkcs1.pub", run("openssl", "rsa", "-RSAPublicKey_out", "-in", key))
            put("accept-rsa-2048-pss.sig",
                run("openssl", "dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt",
                    "rsa_pss_saltlen:32", "-sign", key, input=MESSAGE))
        else:
            key.unlink()
    key = FOLDER / "reject-rsa-pss.key"
    put(key.name, run("openssl", "genpkey", "-algorithm", "RSA-PSS"))
    put("reject-rsa-pss.pub", run("openssl", "pkey", "-in", key, "-pubout"))
    key.unlink()
    # Nobody has the other half of these.
    n = int.from_bytes(hashlib.shake_256(b"modulus").digest(256), "big") | 1 << 2047 | 1
    e = 65537
    top = (1 << 64) - 1
    refused = {
        "bits-1024": rsa_spki(number(n >> 1024 | 1), number(e)),
        "bits-2047": rsa_spki(number(n >> 1 | 1), number(e)),
        "bits-8193": rsa_spki(number(n << 6145 | 1), number(e)),
        "bits-8200": rsa_spki(number(n << 6152 | 1), number(e)),
        "exponent-0": rsa_spki(number(n), number(0)),
        "exponent-1": rsa_spki(number(n), number(1)),
        "exponent-even": rsa_spki(number(n), number(e + 1)),
        "exponent-65-bits": rsa_spki(number(n), number(top + 2)),
        "modulus-even": rsa_spki(number(n - 1), number(e)),
        "modulus-negative": rsa_spki(der(2, n.to_bytes(256, "big")), number(e)),
        "modulus-padded": rsa_spki(der(2, bytes(2) + n.to_bytes(256, "big")), number(e)),
        "exponent-padded": rsa_spki(number(n), der(2, b"\0\1\0\1")),
        "no-exponent": rsa_spki(number(n)),
        "third-number": rsa_spki(number(n), number(e), number(3)),
        "long-exponent-length": rsa_spki(number(n), b"\2\x81\3\1\0\1"),
        "no-null": rsa_spki(number(n), number(e), algorithm="300b06092a864886f70d010101"),
        "bytes-after": rsa_spki(number(n), number(e)) + b"\0",
    }
    spki = rsa_spki(number(n), number(e))
    refused["unused-bits"] = spki[:23] + b"\1" + spki[24:]
    refused["bytes-in-bits"] = der(0x30, spki[4:19] + der(3, spki[23:] + b"\0"))
    for name, spki in refused.items():
        put(f"reject-rsa-{name}.pub", pem("PUBLIC KEY", spki))
    put("accept-rsa-exponent-64-bits.pub", pem("PUBLIC KEY", rsa_spki(number(n), number(top))))


def quick():
    """Keys whose scrypt costs next to nothing, for tests that open them thousands of times."""
    key = FOLDER / "accept-p256.key"
    put("accept-p256-quick.key",
        run("openssl", "pkcs8", "-topk8", "-scrypt", "-scrypt_N", "16", "-scrypt_r", "1", "-in",
            key, "-passout", f"pass:{PASSPHRASE}"))
    pkcs8 = run("openssl", "pkcs8", "-topk8", "-nocrypt", "-in", key, "-outform", "DER")
    put("accept-p256-cosign-quick.key",
        pem("ENCRYPTED SIGSTORE PRIVATE KEY", json.dumps(cosign_box(16, pkcs8)).encode()))
    first, second = (FOLDER / "accept-minisign-plain.key").read_bytes().splitlines()
    blob = base64.b64decode(second)
    put("accept-minisign-quick.key", first + b"\n" +
        base64.b64encode(minisign_seal(blob, 32768, 1048576, 1024)) + b"\n")


def cosign_box(n, plain):
    """cosign's JSON around a private key, as a dictionary."""
    salt, nonce = os.urandom(32), os.urandom(24)
    unlock = hashlib.scrypt(PASSPHRASE.encode(), salt=salt, n=n, r=8, p=1, dklen=32,
                            maxmem=1 << 27)
    box = nacl.secret.SecretBox(unlock).encrypt(plain, nonce).ciphertext
    texts = [base64.b64encode(part).decode() for part in (salt, nonce, box)]
    return {"kdf": {"name": "scrypt", "params": {"N": n, "r": 8, "p": 1}, "salt": texts[0]},
            "cipher": {"name": "nacl/secretbox", "nonce": texts[1]}, "ciphertext": texts[2]}


def minisign_seal(blob, ops, memory, n):
    """minisign's encryption of an unencrypted blob; n is what ops and memory stand for."""
    salt = os.urandom(32)
    limits = ops.to_bytes(8, "little") + memory.to_bytes(8, "little")
    body = blob[54:54 + 72]
    body += hashlib.blake2b(b"Ed" + body, digest_size=32).digest()
    stream = hashlib.scrypt(PASSPHRASE.encode(), salt=salt, n=n, r=8, p=1, dklen=104,
                            maxmem=1 << 26)
    return b"EdScB2" + salt + limits + bytes(a ^ b for a, b in zip(body, stream))


def cosign():
    """As cosign writes them, by PyNaCl."""
    key = FOLDER / "accept-p256.key"
    pkcs8 = run("openssl", "pkcs8", "-topk8", "-nocrypt", "-in", key, "-outform", "DER")
    def text(document):
        return json.dumps(document, separators=(",", ":")).encode()

    label = "ENCRYPTED SIGSTORE PRIVATE KEY"
    document = cosign_box(4096, pkcs8)
    put("accept-p256-sigstore.key", pem(label, text(document)))
    put("accept-p256-cosign.key", pem("ENCRYPTED COSIGN PRIVATE KEY", text(document)))
    sec1 = run("openssl", "ec", "-in", key, "-outform", "DER")
    put("accept-p256-cosign-sec1.key", pem(label, text(cosign_box(4096, sec1))))
    put("reject-cosign-member.key", pem(label, text(document | {"more": "x"})))
    put("reject-cosign-duplicate.key",
        pem(label, text(document)[:-1] + b',"ciphertext":"AAAA"}'))
    document["kdf"]["params"]["N"] = 1 << 40
    put("reject-cosign-work.key", pem(label, text(document)))
    document["kdf"]["params"]["N"] = 4095
    put("reject-cosign-parameters.key", pem(label, text(document)))
    del document["kdf"]["params"]["N"]
    put("reject-cosign-missing.key", pem(label, text(document)))


def minisign():
    plain = FOLDER / "accept-minisign-plain.key"
    run("minisign", "-G", "-W", "-f", "-s", plain, "-p", FOLDER / "accept-minisign.pub")
    first, second = plain.read_bytes().splitlines()
    blob = base64.b64decode(second)
    # The same key encrypted as libsodium does for its "interactive" limits: N 2^14, r 8.
    sealed = minisign_seal(blob, 524288, 16777216, 1 << 14)
    put("accept-minisign.key", first + b"\n" + base64.b64encode(sealed) + b"\n")
    huge = sealed[:38] + (1 << 40).to_bytes(8, "little") + sealed[46:]
    put("reject-minisign-work.key", first + b"\n" + base64.b64encode(huge) + b"\n")
    flipped = blob[:62] + bytes([blob[62] ^ 1]) + blob[63:]
    put("reject-minisign-damaged.key", first + b"\n" + base64.b64encode(flipped) + b"\n")
    for name, words in {"hashed": (), "legacy": ("-l",)}.items():
        run("minisign", "-S", *words, "-s", plain, "-m", FOLDER / "message", "-t",
            "a comment, trusted", "-x", FOLDER / f"accept-{name}.minisig")
    public = (FOLDER / "accept-minisign.pub").read_bytes()
    put("accept-minisign-crlf.pub", public.replace(b"\n", b"\r\n"))
    put("reject-third-line.pub", public + b"more\n")
    put("reject-comment-control.pub", public.replace(b"minisign", b"mini\x1bsign", 1))
    one, two = public.splitlines()
    raw = base64.b64decode(two)
    put("reject-not-ed.pub", one + b"\n" + base64.b64encode(b"ED" + raw[2:]) + b"\n")
    put("reject-small-order-minisign.pub",
        one + b"\n" + base64.b64encode(raw[:10] + b"\1" + bytes(31)) + b"\n")


def signify():
    key, public = FOLDER / "accept-signify.sec", FOLDER / "accept-signify.pub"
    run("signify-openbsd", "-G", "-n", "-p", public, "-s", key, "-c", "test")
    run("signify-openbsd", "-S", "-s", key, "-m", FOLDER / "message", "-x",
        FOLDER / "accept-signify.sig")
    for path in (FOLDER / "reject-signify-bcrypt.sec", FOLDER / "reject-signify-bcrypt.pub"):
        path.unlink(missing_ok=True)
    typed([PASSPHRASE, PASSPHRASE], "signify-openbsd", "-G", "-p",
          FOLDER / "reject-signify-bcrypt.pub", "-s", FOLDER / "reject-signify-bcrypt.sec")
    (FOLDER / "reject-signify-bcrypt.pub").unlink()


if __name__ == "__main__":
    for path in FOLDER.glob("accept-*"):
        path.unlink()
    for path in FOLDER.glob("reject-*"):
        path.unlink()
    curves()
    ed25519()
    rsa()
    cosign()
    minisign()
    signify()
    quick()

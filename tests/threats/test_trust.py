# SPDX-License-Identifier: Apache-2.0
"""Threats 80 to 128: output and environment, signatures, life cycle, the cage."""

import base64
import hashlib
import json
import os
import resource
import shutil
import stat
import subprocess

import harness
import models
import forge
import threats
from harness import PROGRAM, environment, run
from forge import keys
from threats import absent, elsewhere, good, threat

ESCAPES = ("\x1b]52;c;aGk=\x07", "\x1b[2J", "a\nNothing found. Signed.", "a\u202egnp.exe",
           "%n%s%x", "=cmd|' /C calc'!A0", "\u2028", "]]>", "::error::x")


def bad_named(name):
    """A model whose tensor, key and file all bear the name."""
    return models.safetensors({name: models.f32(2)}, {name: name})[:-1]


def verify(test, model, bundle=None, key=None, *words):
    """(exit code, report) of verify with our key, or the one given."""
    more = ["--signature", test.write("threat.sig", bundle)] if bundle is not None else []
    return harness.report("verify", "--key", (key or keys()).public, *more, *words, model)


def refused(test, model, bundles, codes=(1,)):
    for i, bundle in enumerate(bundles):
        code, document = verify(test, model, bundle)
        test.assertIn(code, codes, (i, bundle[:300], document))
        if code == 1:
            test.assertEqual(document["verdict"], "flagged", i)


def genuine(model):
    """The bundle of a model as our signer writes it, parsed, and as it was written."""
    done = forge.sign(model)
    if done.returncode:
        raise AssertionError(done.stderr)
    text = (model / "model.sig").read_text()
    os.unlink(model / "model.sig")
    return json.loads(text), text


def edited(document, *path, to):
    """A copy in which the member at the path is something else."""
    copy = json.loads(json.dumps(document))
    inside = copy
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = to
    return json.dumps(copy)


# 2e. Output, configuration, environment.

def outputs(test, path):
    for words in (["check"], ["inspect"], ["check", "--color=always"],
                  ["check", "--report", "sarif=-"], ["check", "--json"], ["hash"]):
        done = run(*words, path)
        yield words, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")


@threat(80, "terminal sequences in names: no output has them")
def _(test):
    for i, name in enumerate(ESCAPES):
        path = test.write(f"{i}.safetensors", bad_named(name))
        for words, out, err in outputs(test, path):
            plain = out.replace("\x1b[", "\0[") if "--color=always" in words else out
            test.assertNotIn("\x1b]", plain + err, words)
            test.assertNotIn("\x1b[2J", out + err, words)
            test.assertNotIn("\x07", out + err, words)


@threat(81, "a line break in a name forges no line")
def _(test):
    folder = test.tmp / "m"
    test.write("m/a.safetensors", bad_named("a\nNothing found. Signed."))
    test.write("m/b\nNothing found.txt", b"text\n")
    for words, out, err in outputs(test, folder):
        lines = (out + err).splitlines()
        test.assertFalse([line for line in lines if line.startswith("Nothing found")], words)


@threat(82, "bidi overrides are spelled out")
def _(test):
    path = test.write("a\u202egnp.safetensors", bad_named("a\u202egnp.exe"))
    for words, out, err in outputs(test, path):
        # Names of files in JSON and lists of digests are data that programs compare.
        if words[0] == "check" and "--json" not in words and "sarif=-" not in words:
            test.assertNotIn("\u202e", out + err, words)


@threat(83, "conversions in names are text")
def _(test):
    path = test.write("%n%s%1000000d.safetensors", bad_named("%n%s%x"))
    for words, out, _ in outputs(test, path):
        test.assertIn("%n%s%", out, words)


@threat(84, "reports stay JSON whatever names hold")
def _(test):
    for i, name in enumerate((*ESCAPES, "\ud7ff\ue000", "\0", "\"\\", "\x7f\x9f")):
        path = test.write(f"{i}.safetensors", bad_named(name))
        for form in ("json", "sarif"):
            out = run("check", "--report", f"{form}=-", path).stdout.decode("utf-8")
            test.assertTrue(json.loads(out))
            test.assertFalse([c for c in out if ord(c) < 32 and c != "\n"])


elsewhere(85, "policies, keys and baselines that lie in the model", "tests/cli/test_policy.py",
          "test_not_from_inside")


@threat(86, "OPENSSL_CONF, SSL_CERT_FILE and the like change nothing")
def _(test):
    with test.model() as model:
        forge.sign(model)
        conf = test.write("evil.cnf", "openssl_conf = x\n[x]\nproviders = y\n[y]\n"
                          f"z = w\n[w]\nmodule = {test.tmp}/absent.so\nactivate = 1\n")
        plain = run("verify", "--json", "--key", keys().public, model)
        test.assertEqual(plain.returncode, 0, plain.stdout)
        odd = run("verify", "--json", "--key", keys().public, model, env=environment(
            OPENSSL_CONF=str(conf), OPENSSL_MODULES=str(test.tmp), HOME=str(test.tmp),
            SSL_CERT_FILE=str(conf), SSL_CERT_DIR=str(test.tmp), MALLOC_PERTURB_="165"))
        test.assertEqual((odd.returncode, odd.stdout), (0, plain.stdout))


@threat(87, "locales change no byte")
def _(test):
    test.write("m/I\u0131\u0130i.safetensors", good())
    test.write("m/config.json", '{"I": 1.5}')
    outs = {run("check", "--json", test.tmp / "m", env=environment(LC_ALL=name, LANG=name)).stdout
            for name in ("C", "C.UTF-8", "tr_TR.UTF-8", "de_DE.UTF-8", "no_SUCH")}
    test.assertEqual(len(outs), 1)


@threat(88, "words that begin with a dash, are empty, or are huge")
def _(test):
    path = test.write("-x.safetensors", good())
    test.assertEqual(run("check", "--", path.name, cwd=test.tmp).returncode, 0)
    test.assertEqual(run("check", path.name, cwd=test.tmp).returncode, 4)
    test.assertEqual(run("check", "").returncode, 4)
    test.assertEqual(run("check", "x" * 100_000).returncode, 2)
    test.assertEqual(run("x" * 100_000).returncode, 4)


@threat(89, "unknown and contradictory options")
def _(test):
    path = test.write("a.safetensors", good())
    for words in (["--no-such"], ["--fail-on", "some"], ["--jobs", "-1"], ["--limit", "x=1"],
                  ["--limit", "tensors=0"], ["--limit", "tensors"], ["--report", "json"],
                  ["--json", "--report", "sarif=-"], ["--loader", "x"], ["--color", "x"]):
        test.assertEqual(run("check", *words, path).returncode, 4, words)


@threat(90, "verify without anybody to trust")
def _(test):
    with test.model() as model:
        forge.sign(model)
        test.assertEqual(run("verify", model).returncode, 4)
        code, document = harness.report("check", model)
        test.assertEqual((code, document["answers"]["authentic"]), (0, "not-asked"))


@threat(91, "a private key where a public one belongs: refused, never printed")
def _(test):
    with test.model() as model:
        forge.sign(model)
        done = run("verify", "--key", keys().private, model)
        test.assertEqual(done.returncode, 4)
        secret = keys().private.read_text().splitlines()[1]
        test.assertNotIn(secret, (done.stdout + done.stderr).decode())


elsewhere(92, "memory of secrets is locked and wiped", "tests/keys/test_secret.c",
          "test_passphrase")

# 2f. Signatures and bundles.

elsewhere(93, "every bit of bundle, payload, signature and certificate turned",
          "tests/keys/test_oms_tamper.c", "test_by_chain")


@threat(94, "no signature in the list, or an empty one")
def _(test):
    with test.model() as model:
        document, _ = genuine(model)
        where = ("dsseEnvelope", "signatures")
        refused(test, model, [edited(document, *where, to=value) for value in (
            [], None, {}, "", [{}], [{"sig": "", "keyid": ""}], [{"keyid": ""}], [None])])
        del document["dsseEnvelope"]["signatures"]
        refused(test, model, [json.dumps(document)])
        refused(test, model, ["", "{}", "null", "[]"], (1, 2))     # of no kind that is known


@threat(95, "two signatures: OMS has exactly one")
def _(test):
    with test.model() as model:
        document, _ = genuine(model)
        fine = document["dsseEnvelope"]["signatures"][0]
        bad = {**fine, "sig": "AAAA"}
        refused(test, model, [edited(document, "dsseEnvelope", "signatures", to=both)
                              for both in ([fine, fine], [fine, bad], [bad, fine])])


@threat(96, "another payload type, also by one letter")
def _(test):
    with test.model() as model:
        document, _ = genuine(model)
        kind = forge.PAYLOAD_TYPE
        refused(test, model, [edited(document, "dsseEnvelope", "payloadType", to=to) for to in (
            kind.upper(), kind + " ", kind + ";x=y", "", "application/json", None, kind[:-1])])


@threat(97, "the payload signed instead of its encoding; a type signed as another")
def _(test):
    with test.model() as model:
        payload = json.dumps(forge.statement(
            [forge.resource(model / "model.safetensors")])).encode()
        signature = forge.openssl_sign(keys(), payload)
        other = forge.openssl_sign(keys(), forge.pae("text/plain", payload))
        refused(test, model, [forge.wrap(payload, s) for s in (signature, other)])
        code, document = verify(test, model, forge.bundle(None, payload=payload))
        test.assertEqual(code, 0, document)     # so all the others fail for their reason


@threat(98, "media types that are unknown, of another version, or empty")
def _(test):
    with test.model() as model:
        document, _ = genuine(model)
        refused(test, model, [edited(document, "mediaType", to=to) for to in (
            "", None, "text/html", "application/vnd.dev.sigstore.bundle.v9.9+json",
            "application/vnd.dev.sigstore.bundle.v0.3+JSON", 3)])


@threat(99, "an envelope and a message signature; a key and a certificate")
def _(test):
    with test.model() as model:
        document, _ = genuine(model)
        key = document["verificationMaterial"]
        refused(test, model, [
            json.dumps({**document, "messageSignature": {"signature": "AAAA"}}),
            edited(document, "verificationMaterial", to={**key, "certificate": {
                "rawBytes": "AAAA"}}),
            edited(document, "verificationMaterial", to={**key, "x509CertificateChain": {
                "certificates": []}})])


@threat(100, "a member twice: plain, escaped, by another case")
def _(test):
    with test.model() as model:
        _, text = genuine(model)
        at = text.index('"payload"')
        extra = ('"payload":"e30=",', '"\\u0070ayload":"e30=",', '"Payload":"e30=",')
        refused(test, model, [text[:at] + word + text[at:] for word in extra])
        end = text.rindex("}")
        refused(test, model, [text[:end] + ',"mediaType":"x"' + text[end:]])


@threat(101, "something signed that is no statement, or of another kind")
def _(test):
    with test.model() as model:
        entries = [forge.resource(model / "model.safetensors")]
        payloads = [b"", b"{}", b"null", b"[]", b"\xff", b'{"_type":"x"}']
        refused(test, model, [forge.bundle(None, payload=p) for p in payloads])
        refused(test, model, [forge.bundle(entries, **{name: value}) for name, value in (
            ("predicateType", "https://slsa.dev/provenance/v1"), ("_type", "x"),
            ("predicateType", ""), ("predicateType", None))])


@threat(102, "a subject that is not the list's digest; a list of nothing")
def _(test):
    with test.model() as model:
        entries = [forge.resource(model / "model.safetensors")]
        refused(test, model, [forge.bundle(entries, subject=value) for value in (
            [], None, [{"name": "m", "digest": {"sha256": "00" * 32}}], [{"name": "m"}])])
        refused(test, model, [forge.bundle([])])


@threat(103, "digests of other lengths, cases and algorithms")
def _(test):
    with test.model() as model:
        entry = forge.resource(model / "model.safetensors")
        digest = entry["digest"]
        refused(test, model, [forge.bundle([{**entry, "digest": value}]) for value in (
            digest[:40], digest * 2, digest.upper(), "", "00")])
        for name in ("md5", "sha1", "SHA256", "", "crc32"):
            refused(test, model, [forge.bundle([{**entry, "algorithm": name}])])


@threat(104, "shards of no size, overlapping, out of order, missing")
def _(test):
    with test.model() as model:
        content = (model / "model.safetensors").read_bytes()
        size = 64

        def shard(begin, end):
            return {**forge.resource(model / "model.safetensors"),
                    "name": f"model.safetensors:{begin}:{end}",
                    "digest": hashlib.sha256(content[begin:end]).hexdigest()}
        cuts = list(range(0, len(content), size))
        shards = [shard(b, min(b + size, len(content))) for b in cuts]
        test.assertGreater(len(shards), 2)

        def listed(entries, shard_size=size):
            return forge.bundle(entries, predicate={"serialization": {
                "allow_symlinks": False, "hash_type": "sha256", "ignore_paths": [],
                "method": "shards", "shard_size": shard_size}})
        code, document = verify(test, model, listed(shards))
        test.assertEqual(code, 0, document)
        refused(test, model, [listed(shards[:-1]), listed(shards[1:]), listed(shards, 0),
                              listed(shards, 1), listed([*shards, shards[0]]),
                              listed([*shards, shard(0, 32)]), listed([shard(0, 0), *shards])])


@threat(105, "the trusted key decides the algorithm, never the bundle")
def _(test):
    with test.model() as model:
        document, _ = genuine(model)
        code, _ = verify(test, model, json.dumps(document), keys("other"))
        test.assertEqual(code, 1)
        ed = keys("ed", "ed25519")
        code, _ = verify(test, model, json.dumps(document), ed)
        test.assertEqual(code, 1)
        refused(test, model, [edited(document, "dsseEnvelope", "signatures", 0, "sig",
                                     to=base64.b64encode(b"\1" * n).decode())
                              for n in (0, 1, 32, 63, 64, 65, 72, 96, 4096)])


@threat(106, "a strong key with a weaker hash")
def _(test):
    with test.model() as model:
        entries = [forge.resource(model / "model.safetensors")]
        strong = keys("strong", "ecdsa-p384")
        code, document = verify(test, model, forge.bundle(entries, strong,
                                                            hash_name="sha384"), strong)
        test.assertEqual(code, 0, document)
        code, _ = verify(test, model, forge.bundle(entries, strong, hash_name="sha1"), strong)
        test.assertEqual(code, 1)
        code, _ = verify(test, model, forge.bundle(entries, keys(), hash_name="sha1"))
        test.assertEqual(code, 1)


elsewhere(107, "ECDSA: zero, n, negative, BER, trailing bytes, raw r and s",
          "tests/keys/test_wycheproof.c", "main")
absent(108, "malleable ECDSA", "(r, n-s) verifies as the standard wants; no signature is ever "
       "used as a name")
elsewhere(109, "Ed25519: small orders, spellings, large S", "tests/keys/test_key.c",
          "test_small_order")
elsewhere(110, "RSA: forged padding and confused salts", "tests/keys/test_wycheproof.c", "main")
elsewhere(111, "certificates before and after their time", "tests/keys/test_chain.c",
          "test_moments")
elsewhere(112, "certificates that are no code signers", "tests/keys/test_chain.c",
          "test_vectors_as_named")
elsewhere(113, "a root that the bundle brings", "tests/keys/test_chain.c", "test_self_signed")
absent(114, "identities by prefix and pattern", "verify takes no identity yet; certificates "
       "are trusted by chain only")
absent(115, "bindings of transparency logs and time stamps", "bundles that need a log are not "
       "checked: undetermined when trust was configured, never clean")


@threat(116, "files that are missing, extra, renamed, swapped, or folders now")
def _(test):
    def tamper(change, codes=(1,)):
        model = test.tmp / change.__name__
        test.write(f"{model.name}/model.safetensors", good())
        test.write(f"{model.name}/a.txt", b"a\n")
        test.write(f"{model.name}/b.txt", b"b\n")
        test.assertEqual(forge.sign(model).returncode, 0)
        test.assertEqual(verify(test, model)[0], 0)
        change(model)
        test.assertIn(verify(test, model)[0], codes, change.__name__)

    def missing(model):
        (model / "a.txt").unlink()

    def extra(model):
        (model / "c.txt").write_bytes(b"")

    def renamed(model):
        (model / "a.txt").rename(model / "c.txt")

    def swapped(model):
        (model / "a.txt").write_bytes(b"b\n")
        (model / "b.txt").write_bytes(b"a\n")

    def folder(model):
        (model / "a.txt").unlink()
        (model / "a.txt").mkdir()

    def link(model):
        (model / "a.txt").unlink()
        (model / "a.txt").symlink_to("b.txt")

    def longer(model):
        (model / "a.txt").write_bytes(b"a\n\0")

    for change in (missing, extra, renamed, swapped, folder, longer):
        tamper(change)
    tamper(link, (1, 2))


@threat(117, "unsigned extras: refused, or allowed aloud and counted")
def _(test):
    with test.model() as model:
        forge.sign(model)
        test.write("m/extra.txt", b"text\n")
        test.expect(1, "verify", "--key", keys().public, model, rule="signature-file-unlisted")
        document = test.expect(0, "verify", "--key", keys().public, "--ignore-path",
                               model / "extra.txt", model)
        test.assertIn("extra.txt", json.dumps(document["notices"]) +
                      json.dumps(document["artifacts"]))


@threat(118, "the signature of another model")
def _(test):
    with test.model() as model:
        test.write("n/model.safetensors", models.safetensors({"v": models.f32(2)}))
        forge.sign(test.tmp / "n")
        os.rename(test.tmp / "n/model.sig", model / "model.sig")
        test.expect(1, "verify", "--key", keys().public, model)


elsewhere(119, "an older version that is signed as well: a policy says until when",
          "tests/cli/test_policy.py", "test_times")


@threat(120, "a stripped signature is not \"no signature needed\"")
def _(test):
    with test.model() as model:
        test.expect(1, "check", "--key", keys().public, model)
        code, document = verify(test, model)
        test.assertEqual((code, document["answers"]["authentic"]), (1, "no"))


@threat(121, "minisign: comments, algorithms, identities, lines changed")
def _(test):
    private = test.tmp / "mini.key"
    run("key", "generate", "--minisign", "--no-passphrase", private)
    path = test.write("model.safetensors", good())
    done = run("sign", "--format", "minisign", "--key", private, path)
    test.assertEqual(done.returncode, 0, done.stderr)
    signature = test.tmp / "model.safetensors.minisig"
    lines = signature.read_bytes().split(b"\n")
    words = ["verify", "--key", f"{private}.pub", path]
    test.assertEqual(run(*words).returncode, 0)
    raw = base64.b64decode(lines[1])

    def with_raw(changed):
        return b"\n".join([lines[0], base64.b64encode(changed), *lines[2:]])
    for content in (b"\n".join([*lines[:2], lines[2] + b"x", *lines[3:]]),
                    b"\n".join(lines[:3]) + b"\n", b"\n".join(lines[:2]) + b"\n",
                    with_raw((b"Ed" if raw[:2] == b"ED" else b"ED") + raw[2:]),
                    with_raw(raw[:2] + b"\0" * 8 + raw[10:]), with_raw(b"XX" + raw[2:]),
                    with_raw(raw[:-1] + bytes([raw[-1] ^ 1])), with_raw(raw[:-1]),
                    b"\n".join([lines[0] + b"\rx", *lines[1:]]),
                    b"untrusted comment: " + b"x" * (1 << 20) + b"\n" + b"\n".join(lines[1:]),
                    b"", b"\0" * 300):
        signature.write_bytes(content)
        # What is no longer a signature of any kind that we know is undetermined.
        codes = (1,) if content.startswith(b"untrusted comment: ") else (1, 2)
        test.assertIn(run(*words).returncode, codes, content[:60])


elsewhere(122, "clocks far off: seconds are 64 bits, the moment used is reported",
          "tests/keys/test_chain.c", "test_moments")

# 2g. Life cycle.


def sign_under(model, **kwargs):
    return run("sign", "--key", keys().private, model, **kwargs)


@threat(123, "a signer that is killed at any write leaves the old or the new signature")
def _(test):
    if not shutil.which("strace"):
        test.skipTest("strace is not installed")
    with test.model() as model:
        old = b"old"
        calls = ("openat2", "openat", "pwrite64", "write", "fsync", "rename", "renameat",
                 "renameat2", "linkat", "unlinkat", "fchmod", "ftruncate")
        n = 0
        for call in calls:
            for when in range(1, 13 if harness.TIER != "fast" else 4):
                (model / "model.sig").write_bytes(old)
                done = subprocess.run(
                    ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                     f"inject={call}:signal=KILL:when={when}", PROGRAM, "sign", "--key",
                     keys().private, model], check=False, env=environment(),
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                if b"ptrace" in done.stderr.lower():
                    test.skipTest("strace may not trace here")
                content = (model / "model.sig").read_bytes()
                if content != old:
                    (test.tmp / "new").mkdir(exist_ok=True)
                    code, _ = verify(test, model)
                    test.assertEqual(code if code != 1 else again(test, model), 0, call)
                n += 1
                clean_up(model)
                if done.returncode == 0:
                    break
        test.assertGreater(n, 10)


def again(test, model):
    """0 when the new signature fails for a left-over temporary file only."""
    clean_up(model)
    return verify(test, model)[0]


def clean_up(model):
    for path in model.iterdir():
        if path.name not in ("model.safetensors", "model.sig"):
            path.unlink()


@threat(124, "no room while signing: an error, the old signature whole, nothing left")
def _(test):
    with test.model() as model:
        test.write("m/model.sig", b"old")
        for n in (0, 1, 100, 1000):
            done = sign_under(model, preexec_fn=lambda n=n: resource.setrlimit(
                resource.RLIMIT_FSIZE, (n, n)))
            test.assertEqual(done.returncode, 2, (n, done.stderr))
            test.assertEqual((model / "model.sig").read_bytes(), b"old")
            test.assertEqual(sorted(os.listdir(model)), ["model.safetensors", "model.sig"])


@threat(125, "two signers at once: one whole signature")
def _(test):
    with test.model() as model:
        for _ in range(5):
            both = [subprocess.Popen([PROGRAM, "sign", "--key", k.private, model],
                                     env=environment(), stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
                    for k in (keys(), keys("other"))]
            codes = [p.wait(60) for p in both]
            test.assertIn(0, codes)
            test.assertEqual(sorted(os.listdir(model)), ["model.safetensors", "model.sig"])
            found = [verify(test, model, None, k)[0] for k in (keys(), keys("other"))]
            test.assertEqual(sorted(found), [0, 1])


@threat(126, "an output that is a link, a device or a FIFO")
def _(test):
    with test.model() as model:
        kept = test.write("kept", b"kept")
        (test.tmp / "link").symlink_to(kept)
        os.mkfifo(test.tmp / "fifo")
        for target in (test.tmp / "link", test.tmp / "fifo", "/dev/full", test.tmp):
            done = run("sign", "--key", keys().private, "--signature", target, model,
                       timeout=20)
            test.assertIn(done.returncode, (2, 4), target)
        test.assertEqual(kept.read_bytes(), b"kept")
        test.assertTrue(stat.S_ISFIFO(os.stat(test.tmp / "fifo").st_mode))


elsewhere(127, "every allocation failing in turn", "tests/faults/test_faults.c",
          "test_check_of_a_bad_model")
elsewhere(128, "a worker that was taken over tries to leave", "tests/engine/test_cage.c",
          "test_forbidden_calls")

Threats = threats.table(80, 128)

# SPDX-License-Identifier: Apache-2.0
"""Signs for the table of threats: properly, or lists that no honest signer would.

The second kind is put together here and signed by openssl's command line, so that what
the program says does not rest on its own signer.
"""

import base64
import collections
import functools
import hashlib
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import harness

PAYLOAD_TYPE = "application/vnd.in-toto+json"
Keys = collections.namedtuple("Keys", "private public")


@functools.cache
def folder():
    """Lives as long as the tests do."""
    return tempfile.TemporaryDirectory(prefix="steelyard-keys-")


@functools.cache
def keys(name="a", kind="ecdsa-p256"):
    private = pathlib.Path(folder().name) / f"{name}.key"
    done = harness.run("key", "generate", "--no-passphrase", "-t", kind, private)
    if done.returncode:
        raise AssertionError(done.stderr)
    return Keys(private, private.with_name(private.name + ".pub"))


def sign(model, *words, key=None):
    return harness.run("sign", "--key", (key or keys()).private, *words, model)


def resource(path, name=None):
    return {"algorithm": "sha256", "name": name or path.name,
            "digest": hashlib.sha256(path.read_bytes()).hexdigest()}


def statement(resources, **changes):
    """The statement over a list; changes replace members (of the predicate: "predicate")."""
    root = hashlib.sha256()
    for entry in resources:
        root.update(bytes.fromhex(entry["digest"]))
    inside = {"resources": resources, "serialization": {
        "allow_symlinks": False, "hash_type": "sha256", "ignore_paths": [],
        "method": "files"}, **changes.pop("predicate", {})}
    return {"_type": "https://in-toto.io/Statement/v1",
            "predicate": inside,
            "predicateType": "https://model_signing/signature/v1.0",
            "subject": [{"digest": {"sha256": root.hexdigest()}, "name": "m"}], **changes}


def pae(kind, payload):
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)


def openssl_sign(key, data, hash_name="sha256"):
    if not shutil.which("openssl"):
        raise unittest.SkipTest("openssl's command line is not installed")
    return subprocess.run(["openssl", "dgst", f"-{hash_name}", "-sign", key.private],
                          input=data, check=True, stdout=subprocess.PIPE).stdout


def hint(key):
    done = harness.run("key", "id", "--json", key.public)
    return json.loads(done.stdout)["id"]


def wrap(payload, signature, key=None, **changes):
    """The bundle of these bytes, in the layout that the format's tools write."""
    document = {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": hint(key or keys())},
                                 "tlogEntries": []},
        "dsseEnvelope": {"payload": base64.b64encode(payload).decode(),
                         "payloadType": PAYLOAD_TYPE,
                         "signatures": [{"sig": base64.b64encode(signature).decode(),
                                         "keyid": ""}]}}
    document.update(changes)
    return json.dumps(document)


def bundle(resources, key=None, payload=None, hash_name="sha256", **changes):
    """A signature that is right over a statement that may be anything."""
    key = key or keys()
    if payload is None:
        payload = json.dumps(statement(resources, **changes)).encode()
    return wrap(payload, openssl_sign(key, pae(PAYLOAD_TYPE, payload), hash_name), key)

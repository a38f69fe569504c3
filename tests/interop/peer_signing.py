# SPDX-License-Identifier: Apache-2.0
"""model_signing by its API: reads a JSON list of calls from stdin, answers each with null
or what it refused, as JSON.  Runs in build/venv-signing.

A call: {"do": "sign" or "verify", "model", "signature", "key" or "certificate" and
"chain", "allow_symlinks", "ignore", "unsigned", "algorithm", "shard_size"}.
"""

import json
import pathlib
import sys

from model_signing import hashing, signing, verifying


def hashing_config(call):
    config = hashing.Config()
    words = {"allow_symlinks": call.get("allow_symlinks", False)}
    if "algorithm" in call:
        words["hashing_algorithm"] = call["algorithm"]
    if "shard_size" in call:
        config.use_shard_serialization(shard_size=call["shard_size"], **words)
    else:
        config.use_file_serialization(**words)
    config.set_allow_symlinks(call.get("allow_symlinks", False))
    ignored = [pathlib.Path(p) for p in call.get("ignore", [])]
    return config.set_ignored_paths(paths=[*ignored, call["signature"]])


def sign(call):
    config = signing.Config()
    if "certificate" in call:
        config.use_certificate_signer(private_key=call["key"],
                                      signing_certificate=call["certificate"],
                                      certificate_chain=[pathlib.Path(p) for p in call["chain"]])
    else:
        config.use_elliptic_key_signer(private_key=call["key"])
    config.set_hashing_config(hashing_config(call)).sign(call["model"], call["signature"])


def verify(call):
    config = verifying.Config()
    if "chain" in call:
        config.use_certificate_verifier(certificate_chain=[pathlib.Path(p)
                                                           for p in call["chain"]])
    else:
        config.use_elliptic_key_verifier(public_key=call["key"])
    # Left to itself it reads this from the signature, but not blake2b and pieces.
    config.set_hashing_config(hashing_config(call))
    config.set_ignore_unsigned_files(call.get("unsigned", False))
    config.verify(call["model"], call["signature"])


def answer(call):
    for name in ("model", "signature", "key", "certificate"):
        if name in call:
            call[name] = pathlib.Path(call[name])
    try:
        {"sign": sign, "verify": verify}[call["do"]](call)
    except Exception as error:      # whatever it raises, it refused
        return f"{type(error).__name__}: {error}"
    return None


print(json.dumps([answer(call) for call in json.load(sys.stdin)]))

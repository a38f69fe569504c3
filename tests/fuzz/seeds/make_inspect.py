#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_inspect: vectors and the other seeds under the name they
have, with what fuzz_inspect.c asks for before them, and files of our own that only
show how content and name are weighed."""
import bz2
import gzip
import lzma
import pathlib
import zipfile
import zlib
import io

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parents[1] / "vectors"
ALL, FILES = 0xff, 0x07         # wants
# As in fuzz_inspect.c; a test of the harness is that these seeds still reach their limit.
LIMITS = """memory config decoded detail findings array-items gguf-keys header json-depth
    members name globals memo nested stack string tensors steps zip-entries""".split()
EVERY_FAULT = 0x7f


def seed(name, content, wants=ALL, limit=None, value=0, faults=0):
    head = bytes([wants, LIMITS.index(limit) if limit else 0, value, faults])
    return head + name.encode() + b"\n" + content


# Each is read again and again while one thing after the other fails.
FAILING = """
    compressed/accept-halves.a.pkl.bz2 compressed/accept-halves.a.pkl.gz
    compressed/accept-halves.a.pkl.lz4 compressed/accept-halves.a.pkl.lzma
    compressed/accept-halves.a.pkl.xz compressed/accept-halves.a.pkl.zst
    compressed/reject-hidden.a.json.z
    joblib/accept-types.joblib joblib/reject-pickle-array-beside.joblib
    joblib/reject-pickle-import-dangerous--in-objects.joblib
    npy/accept-fortran.npy npy/reject-pickle-import-dangerous--object.npy
    npy/warn-npy-dtype-unusual--nested.npy npz/accept-deflated.npz npz/reject-object.npz
    pickle/accept-containers.pkl pickle/accept-strings.pkl
    pickle/reject-pickle-import-dangerous--nested-base64.pkl
    pickle/reject-pickle-import-dangerous--data-hex.pkl
    pickle/reject-pickle-import-dangerous--rot13.pkl
    pickle/reject-pickle-stream-hidden.pkl
    pickle/reject-pickle-import-dangerous--memo-sparse.pkl
    pickle/reject-pickle-use-unsafe--key-hook.pkl
    pickle/reject-pickle-use-unsafe--state-tuple.pkl
    tar/accept-long-name.tar tar/warn-duplicate.tar tar/reject-evil-sparse-extended.tar
    tar/reject-evil-hidden.tar
    torch_legacy/accept-named.pt torch_legacy/reject-torch-storage-wrong--twice.pt
    torch_tar/reject-pickle-import-dangerous--count.pt
    torch_zip/accept-descriptors.pt torch_zip/accept-script.pt torch_zip/accept-tensor.pt
    torch_zip/accept-records.pt torch_zip/reject-torch-version-missing.pt
    torch_zip/warn-torch-entry-unexpected.pt torch_zip/reject-evil-crc.pt
    zfile/accept-suffix.a.pkl.z
    zip/accept-zip64.zip zip/accept-descriptor-wide.zip zip/reject-zip-entry-hidden.zip
    zip/reject-pickle-nested--deep.zip zip/reject-zip-prefix-found--picture.zip
    zip/reject-zip-headers-differ--path.zip zip/warn-zip-data-unlisted.zip
    zip/reject-zip-entry-duplicate--case.zip zip/reject-zip-end-ambiguous--two.zip
""".split()


def failing():
    for path in FAILING:
        file = VECTORS / path
        area = path.split("/")[0]
        name = file.name.split(".", 1)[1] if area in ("compressed", "zfile") else \
            f"model{file.suffix}"
        yield f"faults-{area}-{file.name}", seed(name, file.read_bytes(), faults=EVERY_FAULT)


if __name__ == "__main__":
    folder = HERE / "inspect"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for area in (failing,):
        for name, content in area():
            (folder / name).write_bytes(content)

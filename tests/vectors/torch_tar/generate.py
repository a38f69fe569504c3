#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes vectors of PyTorch's oldest format beside this script: VERDICT-REASON.pt, where
REASON is a rule, maybe followed by "--" and a variant.  Never unpickled; what the
harmful ones would run is `echo`.
"""
import io
import pathlib
import struct
import tarfile

HERE = pathlib.Path(__file__).parent
PROTO, STOP = b"\x80\x02", b"."
ECHO = b"cos\nsystem\nX\4\0\0\0echo\x85R"


def text(s):
    return b"X" + struct.pack("<I", len(s)) + s.encode()


def glob(module, name):
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n"


def tup(*items):
    return b"(" + b"".join(items) + b"t"


def archive(**members):
    """sys_info, pickle, storages, tensors, where not given otherwise."""
    parts = dict(PARTS, **members)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in parts.items():
            if content is not None:
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


STORAGES = (PROTO + b"K\1" + STOP
            + PROTO + tup(b"K\0", text("cpu"), glob("torch", "FloatStorage")) + STOP
            + struct.pack("<q", 2) + bytes(8) + PROTO + b"]" + STOP)
TENSORS = (PROTO + b"K\1" + STOP
           + PROTO + tup(b"K\1", b"K\0", glob("torch", "FloatTensor")) + STOP
           + struct.pack("<iiqqq", 1, 0, 2, 1, 0))
PARTS = {
    "sys_info": PROTO + b"}(" + text("protocol_version") + b"M\xe8\x03u" + STOP,
    "pickle": PROTO + b"}(" + text("w") + b"K\1Qu" + STOP,
    "storages": STORAGES,
    "tensors": TENSORS,
}

VECTORS = {
    "warn-torch-tar-found": archive(),
    "reject-pickle-import-dangerous--sys-info": archive(sys_info=PROTO + ECHO + STOP),
    "reject-pickle-import-dangerous--pickle": archive(pickle=PROTO + ECHO + STOP),
    "reject-pickle-import-dangerous--storages": archive(
        storages=STORAGES[:-4] + PROTO + ECHO + STOP),
    "reject-pickle-import-dangerous--tensors": archive(tensors=TENSORS + PROTO + ECHO + STOP),
    "reject-pickle-import-dangerous--count": archive(storages=PROTO + ECHO + STOP + STORAGES),
    "warn-pickle-data-trailing": archive(tensors=TENSORS + b"\1\2\3"),
}

if __name__ == "__main__":
    for old in HERE.glob("*.pt"):
        old.unlink()
    for key, content in VECTORS.items():
        (HERE / (key + ".pt")).write_bytes(content)

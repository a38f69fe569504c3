#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes vectors of PyTorch's old stream beside this script: VERDICT-REASON.pt, where
REASON is a rule, maybe followed by "--" and a variant; after "accept-" it is only a
word.  Opcode by opcode, never unpickled; what the harmful ones would run is `echo`.
"""
import pathlib
import struct

HERE = pathlib.Path(__file__).parent
PROTO, STOP = b"\x80\x02", b"."
MAGIC = PROTO + b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19" + STOP
VERSION = PROTO + b"M\xe9\x03" + STOP
NONE, TRUE, FALSE, EMPTY = b"N", b"\x88", b"\x89", b")"


def text(s):
    return b"X" + struct.pack("<I", len(s.encode())) + s.encode()


def number(n):
    if 0 <= n < 256:
        return b"K" + bytes([n])
    raw = n.to_bytes((n.bit_length() + 8) // 8, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def glob(module, name):
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n"


def tup(*items):
    return b"(" + b"".join(items) + b"t"


def call(module, name, *args):
    return glob(module, name) + tup(*args) + b"R"


def pairs(items):
    return b"(" + b"".join(text(k) + v if isinstance(k, str) else number(k) + v
                           for k, v in items.items()) + b"u"


def a_dict(**items):
    return b"}" + pairs(items)


def ordered(items):
    return call("collections", "OrderedDict") + pairs(items)


def a_list(*items):
    return b"](" + b"".join(items) + b"e"


def storage(key, numel=2, kind="FloatStorage", where="torch"):
    return tup(text("storage"), glob(where, kind), text(key), text("cpu"), number(numel)) + b"Q"


def tensor(key="0", numel=2, offset=0, size=(2,), stride=(1,), kind="FloatStorage", of=None):
    return call("torch._utils", "_rebuild_tensor_v2", of or storage(key, numel, kind),
                number(offset), tup(*map(number, size)), tup(*map(number, stride)), FALSE,
                call("collections", "OrderedDict"))


def typed(key, numel, size, dtype):
    return call("torch._utils", "_rebuild_tensor_v3", storage(key, numel, "UntypedStorage", "torch.storage"),
                number(0), tup(*map(number, size)), tup(number(1)), FALSE,
                call("collections", "OrderedDict"), glob("torch", dtype))


def parameter(of):
    return call("torch._utils", "_rebuild_parameter", of, TRUE,
                call("collections", "OrderedDict"))


def module(**attributes):
    return (glob("torch.nn.modules.linear", "Linear") + b")\x81" + a_dict(**attributes) + b"b")


def system(little=TRUE):
    return PROTO + a_dict(protocol_version=number(1001), little_endian=little) + STOP


def keys(*names):
    return PROTO + a_list(*map(text, names)) + STOP


def data(numel=2, item=4, fill=0x3f):
    return struct.pack("<q", numel) + bytes([fill]) * (max(numel, 0) * item)


def stream(obj, names=("0",), datas=(data(),), magic=MAGIC, version=VERSION, info=None):
    return (magic + version + (info or system()) + PROTO + obj + STOP + keys(*names)
            + b"".join(datas))


def load(raw):
    return stream(a_dict(w=tensor()), datas=(raw,))


ONE = a_dict(w=tensor())
ECHO = call("os", "system", text("echo"))
NAMES = a_dict(
    epoch=number(3),
    state_dict=ordered({"layer.0.weight": tensor("0"), "layer.0.bias": parameter(tensor("1"))}),
    optimizer=a_dict(state=b"}" + pairs({0: a_dict(exp_avg=tensor("2"))}),
                     groups=a_list(a_dict(params=a_list(number(0))))),
    list=a_list(tensor("3"), NONE, tensor("4")),
    pair=tup(tensor("5"), number(1)) + b"",
    net=module(training=FALSE, _parameters=ordered({"weight": parameter(tensor("6"))}),
               _modules=ordered({"inner": module(_buffers=ordered({"mean": tensor("7")}))})),
    turned=tensor("8", numel=6, size=(2, 3), stride=(1, 2)),
    spread=tensor("9", numel=2, size=(2, 3), stride=(1, 0)),
    half=typed("10", 4, (2,), "bfloat16"))
NAMED = stream(NAMES, tuple(map(str, range(11))),
               tuple(data() for _ in range(8)) + (data(6), data(2), data(4, 1)))

VECTORS = {
    "accept-plain": stream(ONE),
    "accept-named": NAMED,
    "accept-empty": stream(b"}", (), ()),
    "accept-no-elements": stream(a_dict(w=tensor(numel=0, size=(0,))), datas=(data(0),)),
    "accept-one-storage": stream(a_dict(a=tensor(numel=4), b=tensor(numel=4, offset=2)),
                                 datas=(data(4),)),
    "accept-many-storages": stream(
        b"}" + pairs({"t%d" % i: tensor(str(i)) for i in range(100)}),
        tuple(str(i) for i in range(100)), tuple(data() for _ in range(100))),
    "accept-another-order": stream(a_dict(a=tensor("0", 1, size=(1,)), b=tensor("1", 3, size=(3,))),
                                   ("1", "0"), (data(3), data(1))),
    "warn-torch-byteorder-ignored": stream(ONE, info=system(FALSE)),
    "warn-pickle-data-trailing": stream(ONE) + b"\0",
    "reject-pickle-import-dangerous--magic": stream(ONE, magic=PROTO + ECHO + b"0" + MAGIC[2:]),
    "reject-pickle-import-dangerous--version": stream(ONE, version=PROTO + ECHO + STOP),
    "reject-pickle-import-dangerous--system": stream(ONE, info=PROTO + ECHO + STOP),
    "reject-pickle-import-dangerous--object": stream(a_dict(w=tensor(), x=ECHO)),
    "reject-pickle-import-dangerous--keys":
        MAGIC + VERSION + system() + PROTO + ONE + STOP + PROTO + a_list(text("0"), ECHO)
        + STOP + data(),
    "reject-pickle-import-dangerous--behind": stream(ONE) + PROTO + ECHO + STOP,
    "reject-torch-version-invalid": stream(ONE, version=PROTO + b"M\xea\x03" + STOP),
    "reject-torch-version-invalid--text": stream(ONE, version=PROTO + text("1001") + STOP),
    "reject-torch-magic-wrong": stream(ONE, magic=PROTO + b"\x8a\x02\x34\x12" + STOP),
    "reject-pickle-stream-truncated--object": MAGIC + VERSION + system(),
    "reject-torch-storage-wrong--numel": load(data(3)),
    "reject-torch-storage-wrong--negative": load(data(-2)),
    "reject-torch-storage-wrong--cut": load(data()[:-1]),
    "reject-torch-storage-wrong--no-count": load(b"\2\0\0"),
    "reject-torch-storage-wrong--huge": stream(a_dict(w=tensor(numel=1 << 60)),
                                               datas=(struct.pack("<q", 1 << 60),)),
    "reject-torch-storage-wrong--twice": stream(ONE, ("0", "0"), (data(), data())),
    "reject-torch-storage-wrong--unnamed": stream(ONE, ("0", "1"), (data(), data())),
    "reject-torch-storage-wrong--two-counts": stream(a_dict(a=tensor(), b=tensor(numel=3))),
    "reject-torch-storage-wrong--two-types": stream(a_dict(
        a=tensor(), b=tensor(kind="LongStorage"))),
    "reject-torch-storage-wrong--no-number": stream(a_dict(w=tensor(of=tup(
        text("storage"), glob("torch", "FloatStorage"), text("0"), text("cpu"), text("2"))
        + b"Q"))),
    "reject-torch-storage-missing": stream(a_dict(a=tensor(), b=tensor("1"))),
    "reject-torch-view-outside": stream(a_dict(w=tensor(offset=1))),
    "reject-torch-view-outside--stride": stream(a_dict(w=tensor(stride=(2,)))),
    "reject-torch-view-outside--overflow": stream(a_dict(
        w=tensor(size=(1 << 40,), stride=(1 << 40,)))),
    "reject-torch-view-outside--negative": stream(a_dict(w=tensor(stride=(-1,)))),
    "reject-torch-view-outside--rank": stream(a_dict(w=tensor(size=(1, 2)))),
    "reject-torch-view-outside--typed": stream(a_dict(w=typed("0", 4, (2,), "float32")),
                                               datas=(data(4, 1),)),
}

if __name__ == "__main__":
    for old in HERE.glob("*.pt"):
        old.unlink()
    for key, content in VECTORS.items():
        (HERE / (key + ".pt")).write_bytes(content)

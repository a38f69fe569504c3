#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes vectors of joblib's arrays beside this script: VERDICT-REASON.joblib, where
REASON is a rule, maybe followed by "--" and a variant; after "accept-" it is only a
word.  Opcode by opcode, never unpickled; what the harmful ones would run is `echo`.
"""
import pathlib
import struct

HERE = pathlib.Path(__file__).parent
PROTO, STOP = b"\x80\x02", b"."
NONE, TRUE, FALSE = b"N", b"\x88", b"\x89"


def text(s):
    return b"X" + struct.pack("<I", len(s.encode())) + s.encode()


def number(n):
    return b"J" + struct.pack("<i", n)


def glob(module, name):
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n"


def tup(*items):
    return b"(" + b"".join(items) + b"t"


def a_dict(**items):
    return b"}(" + b"".join(text(k) + v for k, v in items.items()) + b"u"


def a_list(*items):
    return b"](" + b"".join(items) + b"e"


def dtype(kind="f8", order="<", names=NONE, fields=NONE, size=-1, flags=0, subarray=NONE):
    state = tup(number(3), text(order), subarray, names, fields, number(size), number(-1),
                number(flags))
    return glob("numpy", "dtype") + tup(text(kind), FALSE, TRUE) + b"R" + state + b"b"


def wrapper(raw, shape=(2,), of=None, align=True, module="joblib.numpy_pickle", state=None):
    """The description, BUILD, maybe the padding, and the data."""
    if isinstance(shape, tuple):
        shape = tup(*map(number, shape))
    more = {"numpy_array_alignment_bytes": number(16)} if align else {}
    described = state or a_dict(subclass=glob("numpy", "ndarray"), shape=shape, order=text("C"),
                                dtype=of or dtype(), allow_mmap=TRUE, **more)
    return (glob(module, "NumpyArrayWrapper") + b")\x81" + described + b"b"
            + (b"\x05\xff\xff\xff\xff\xff" if align else b"") + raw)


def beside(filename):
    return (glob("joblib.numpy_pickle", "NDArrayWrapper") + b")\x81"
            + a_dict(filename=filename, subclass=glob("numpy", "ndarray"), allow_mmap=TRUE) + b"b")


ECHO = glob("os", "system") + tup(text("echo")) + b"R"
EVIL = b"cos\nsystem\n(S'echo'\ntR."
MEMO = b"\x80\x040h\x01h\x02\x93(S'echo'\ntR."
# What would end the stream where the data is taken for opcodes.
DATA = b"..............N."
OBJECTS = PROTO + a_list(number(1)) + STOP
RECORD = dtype("V12", "|", tup(text("a"), text("b")), a_dict(
    a=tup(dtype(), number(0)), b=tup(dtype("f4"), number(8))), 12)


def stream(*items):
    return PROTO + a_list(*items) + STOP


# A type that is made once and used when much has been made since.
FAR = (PROTO + b"](" + dtype() + b"q\x01" + b"".join(tup(number(i), NONE, NONE, NONE, NONE, NONE)
                                                     for i in range(9000)))
ELSEWHERE = "reject-pickle-array-elsewhere"
UNKNOWN = "reject-pickle-array-unknown"
DANGEROUS = "reject-pickle-import-dangerous"

VECTORS = {
    "accept-plain": stream(wrapper(DATA)),
    "accept-unaligned": stream(wrapper(DATA, align=False)),
    "accept-empty": stream(wrapper(b"", (0, 3))),
    "accept-scalar": stream(wrapper(DATA[:8], ())),
    "accept-types": stream(
        wrapper(bytes(4), of=dtype("b1", "|"), shape=(4,)),
        wrapper(bytes(16), of=dtype("M8")), wrapper(bytes(24), of=dtype("U3", size=12)),
        wrapper(bytes(6), of=dtype("S3", "|", size=3)), wrapper(bytes(32), of=dtype("c16")),
        wrapper(OBJECTS, of=dtype("O8", "|", flags=63), align=False)),
    "accept-scikit-learn": stream(wrapper(DATA, module="sklearn.externals.joblib.numpy_pickle")),
    "accept-far": FAR + wrapper(DATA, of=b"h\x01") + b"e" + STOP,
    DANGEROUS + "--behind": stream(wrapper(DATA), ECHO),
    DANGEROUS + "--before": stream(ECHO, wrapper(DATA)),
    DANGEROUS + "--behind-unaligned": stream(wrapper(DATA, align=False), ECHO),
    DANGEROUS + "--behind-far": FAR + wrapper(DATA, of=b"h\x01") + ECHO + b"e" + STOP,
    DANGEROUS + "--in-objects": stream(wrapper(PROTO + ECHO + STOP, of=dtype(
        "O8", "|", flags=63), align=False)),
    DANGEROUS + "--behind-objects": stream(wrapper(OBJECTS, of=dtype(
        "O8", "|", flags=63), align=False), ECHO),
    DANGEROUS + "--behind-record": stream(wrapper(DATA + bytes(8), of=RECORD), ECHO),
    DANGEROUS + "--in-record-of-objects": stream(wrapper(PROTO + ECHO + STOP, of=dtype(
        "V16", "|", tup(text("o")), a_dict(o=tup(NONE, number(0))), 16, flags=63), align=False)),
    # The state says that an item is longer than its type's name.
    DANGEROUS + "--behind-longer-items": stream(wrapper(DATA + bytes(8), of=dtype(
        "S8", "|", size=12)), ECHO),
    DANGEROUS + "--data-for-plain-readers": stream(wrapper(EVIL, (len(EVIL),), dtype("u1", "|"),
                                                           align=False)),
    # The array is thrown away first, and padding is data like any.
    DANGEROUS + "--data-behind-pop": stream(wrapper(b"0N0" + EVIL, (len(EVIL) + 3,), dtype(
        "u1", "|"), align=False)),
    DANGEROUS + "--data-in-padding": stream(wrapper(b"", (0,))[:-6] + b"\x30" + b"0" * 20
                                            + EVIL + b"0" * 5),
    # Names that the stream keeps are known to what goes on in its data; so far behind, too.
    DANGEROUS + "--data-with-memo": PROTO + text("os") + b"q\x010" + text("system") + b"q\x020" + (
        wrapper(MEMO, (len(MEMO),), dtype("u1", "|"), align=False)) + STOP,
    DANGEROUS + "--data-far": stream(wrapper(b"0" + b"N0" * 3000 + EVIL, (len(EVIL) + 6001,),
                                             dtype("u1", "|"), align=False)),
    "reject-pickle-stream-truncated": stream(wrapper(b"", (1000,)))[:-2],
    UNKNOWN + "--negative": stream(wrapper(DATA, (-2,))),
    UNKNOWN + "--overflow": stream(wrapper(DATA, (1 << 30, 1 << 30, 1 << 30))),
    UNKNOWN + "--shape": stream(wrapper(DATA, NONE)),
    UNKNOWN + "--type": stream(wrapper(DATA, of=glob("numpy", "float64"))),
    UNKNOWN + "--kind": stream(wrapper(DATA, of=dtype("q"))),
    UNKNOWN + "--subarray": stream(wrapper(DATA, of=dtype(
        "V8", "|", size=8, subarray=tup(dtype(), number(2))))),
    UNKNOWN + "--state": stream(wrapper(DATA, state=NONE)),
    "reject-pickle-array-beside": stream(beside(text("model.pkl_01.npy"))),
    ELSEWHERE + "--above": stream(beside(text("../model.pkl_01.npy"))),
    ELSEWHERE + "--root": stream(beside(text("/tmp/model.pkl_01.npy"))),
    ELSEWHERE + "--unknown": stream(beside(NONE)),
}

if __name__ == "__main__":
    for old in HERE.glob("*.joblib"):
        old.unlink()
    for key, content in VECTORS.items():
        (HERE / (key + ".joblib")).write_bytes(content)

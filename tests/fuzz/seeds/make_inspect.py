#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_inspect: vectors and the other seeds under the name they
have, with what fuzz_inspect.c asks for before them, and files of our own that only
show how content and name are weighed."""
import gzip
import importlib.util
import json
import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parents[1] / "vectors"
ALL, FILES = 0xff, 0x07         # wants
# As in fuzz_inspect.c; a test of the harness is that these seeds still reach their limit.
LIMITS = """memory config decoded detail findings array-items gguf-keys header json-depth
    members name globals memo nested stack string tensors steps zip-entries""".split()
EVERY_FAULT, REFUSED, CALL = 0xff, 0x80, 0x04


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
        content = file.read_bytes()
        if len(content) > 2000:
            name, content = f"{name}.gz", packed(content)
        yield f"faults-{area}-{file.name}", seed(name, content, faults=EVERY_FAULT)


def load(area, folder=None):
    file = folder or VECTORS / area / "generate.py"
    spec = importlib.util.spec_from_file_location(area, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


P, Z, T, J, L, N = map(load, ("pickle", "zip", "tar", "joblib", "torch_legacy", "npy"))
SEEDS = load("make_pickle", HERE / "make_pickle.py")


def vector(path):
    return (VECTORS / path).read_bytes()


def packed(content):
    """Long, and of few bytes here: what is read again through a window."""
    return gzip.compress(content, 9, mtime=0)


# Numbers of the memo come in order unless they are said.
def kept(value, n):
    return (value + b"\x940") * n


def fetched(*numbers):
    return b"".join(b"j" + struct.pack("<I", n) + b"0" for n in numbers)


def stored(value, *numbers):
    return b"".join(value + b"r" + struct.pack("<I", n) + b"0" for n in numbers)


EVIL, END = P.EVIL, b"N."
A, AB = P.text("a"), P.text("ab")
FAR = (5000, 9000, 13000, 4096, 8191)
LONG = {
    "memo-of-one-kind": P.P4 + kept(AB, 14000) + fetched(*FAR) + stored(b"N", *FAR) +
    fetched(*FAR) + END,
    "memo-of-kinds": P.P4 + kept(AB + b"\x940" + P.ORDERED + b"\x940N", 6000) + fetched(*FAR) +
    stored(b"K\1", *FAR) + END,
    "memo-of-numbers": P.P4 + kept(b"K\xff\x940K\1", 7000) + fetched(*FAR) + END,
    "memo-of-numbers-apart": P.P4 + kept(b"J\0\0\0\x7f\x940J\0\0\0\x80\x940" + AB, 4500) +
    fetched(*FAR) + END,
    "memo-with-holes": P.P4 + b"".join(stored(AB, *range(i, i + 4096, 2))
                                       for i in range(0, 8192, 4096)) + fetched(0, 2, 4098) + END,
    "memo-scattered": P.P4 + stored(AB, *(i * 100003 for i in range(1, 200))) +
    fetched(100003, 7) + END,
    "memo-scattered-then-not": P.P4 + stored(AB, 3, 5000) + kept(AB, 5000) + fetched(3, 5000) + END,
    "text": P.P4 + b"X" + struct.pack("<I", 200001) + b"x" * 65535 + b"\xc3\xa9" * 67233 + b"." +
    END,
    "text-broken-late": P.P4 + b"X" + struct.pack("<I", 200000) + b"x" * 150000 + b"\xff" * 50000 +
    END,
    "text-cut-in-character": P.P4 + b"X" + struct.pack("<I", 100001) + b"x" * 100000 + b"\xc3" +
    END,
    "text-as-name": P.P4 + b"X" + struct.pack("<I", 70000) + b"o" * 70000 + b"\x94" + A +
    b"\x93" + b"0h\0h\0\x93" + P.call(P.STRING_JOIN, b"](" + b"h\0h\0e") + P.call(
        P.name("codecs", "decode"), b"h\0", P.text("rot13")) + P.call(P.call(
            P.GETATTR, b"h\0", P.text("upper"))) + b".",
    "line": b"V" + b"x" * 150000 + b"\n" + P.text("x") + b"\x930S'" + b"x" * 150000 + b"'\n0I" +
    b"1" * 150000 + b"\n.",
    "line-cut": b"V" + b"x" * 150000,
    "names": b"c" + b"x" * 100000 + b"\ny\n0c" + b"x" * 40000 + b"\n" + b"y" * 40000 +
    b"\n0cx\n" + b"y" * 100000 + b"\n0(i" + b"x" * 70000 + b"\ny\n.",
    "names-cut": b"c" + b"x" * 100000 + b"\n" + b"y" * 40000,
    "bytes": P.P4 + b"B" + struct.pack("<I", 150000) + P.P4 + P.RUN + b"." + bytes(
        149999 - len(P.P4 + P.RUN)) + b"0B" + struct.pack("<I", 150000) + bytes(150000) + END,
    "bytes-cut": P.P4 + b"B" + struct.pack("<I", 150000) + bytes(140000),
    "tuples": P.P4 + P.args(A) + b"\x94" + b"0(" + b"N" * 300 + b"t" + (b"(" + b"K\1" * 250 +
                                                                 b"t0") * 400 +
    b"h\0" + b"\x85" + b"0" + P.name("operator", "add") + b"h\0R.",
    "lists": P.P4 + b"]\x94" + b"]0" * 600 + b"h\0Nah\0(NNe}\x94" + b"}0" * 600 +
    b"h\1NNsh\1(NNuh\0h\1\x86.",
    "strings": P.P4 + P.text("x" * 200) + b"\x940" + P.call(
        P.name("operator", "add"), b"h\0", b"h\0") + b"\x940" + (P.call(
            P.name("operator", "add"), b"h\1", b"h\0") + b"0") * 3000 + b"h\1h\1\x93.",
    "number": P.P4 + b"\x8b" + struct.pack("<I", 65536) + bytes(65536) + b"0\x8b" + struct.pack(
        "<I", 9) + bytes(9) + b"0\x8a\x08" + b"\xff" * 8 + b"0\x8a\x08" + bytes(7) + b"\x7f.",
    "stack": P.P4 + b"N" * 70000 + b"(" * 3000 + b".",
    "behind": b"N." + b"cab " * 30000 + EVIL,
    "behind-frames": P.P4 + P.frame(b"N" * 100000 + b"0" * 99999 + b".") + bytes(100000) + EVIL,
    "names-many": P.P4 + b"".join(P.glob(f"m{i}", "x") + b"0" for i in range(1000)) + END,
}


def long():
    for what, content in LONG.items():
        yield f"long-{what}", seed("model.pkl.gz", packed(content), 0x3f,
                                   faults=REFUSED if what in ("number", "line", "names") else 0)


LIMITED = (
    ("memory", 1, "model.pkl", "pickle/accept-containers.pkl"),
    ("memory", 1, "model.zip", "zip/accept-deflated.zip"),
    ("memory", 2, "model.tar", "tar/accept-long-name.tar"),
    ("memory", 1, "model.npy", "npy/accept-plain.npy"),
    ("memory", 3, "model.pkl.gz", "compressed/accept-halves.a.pkl.gz"),
    ("memory", 20, "model.pkl.xz", "compressed/accept-halves.a.pkl.xz"),
    ("memory", 20, "model.pkl.zst", "compressed/accept-halves.a.pkl.zst"),
    ("memory", 20, "model.pkl.bz2", "compressed/accept-halves.a.pkl.bz2"),
    ("memory", 20, "model.pkl.lz4", "compressed/accept-halves.a.pkl.lz4"),
    ("memory", 20, "model.pkl.lzma", "compressed/accept-halves.a.pkl.lzma"),
    ("config", 4, "config.json", "hf_config/accept-auto-map.config.json"),
    ("decoded", 8, "model.pkl.gz", "compressed/reject-evil.a.pkl.gz"),
    ("decoded", 8, "model.zip", "zip/reject-pickle-deflated.zip"),
    ("decoded", 8, "model.pkl.z", "zfile/accept-suffix.a.pkl.z"),
    ("detail", 9, "model.pkl", "pickle/reject-pickle-import-dangerous--reduce.pkl"),
    ("detail", 3, "model.zip", "zip/reject-zip-entry-duplicate.zip"),
    ("findings", 1, "model.pkl", "pickle/reject-pickle-use-unsafe--state-slots.pkl"),
    ("findings", 1, "model.zip", "zip/reject-zip-entry-duplicate.zip"),
    ("json-depth", 1, "config.json", "hf_config/accept-auto-map.config.json"),
    ("members", 1, "model.zip", "zip/accept-deflated.zip"),
    ("members", 1, "model.tar", "tar/accept-plain.tar"),
    ("name", 3, "model.pt", "torch_legacy/accept-named.pt"),
    ("globals", 1, "model.pkl", "pickle/accept-factories.pkl"),
    ("memo", 1, "model.pkl", "pickle/accept-memo.pkl"),
    ("memo", 2, "model.pkl", "pickle/accept-containers.pkl"),
    ("nested", 1, "model.pkl", "pickle/reject-pickle-import-dangerous--data-in-data.pkl"),
    ("stack", 2, "model.pkl", "pickle/accept-strings.pkl"),
    ("stack", 2, "model.pkl", "pickle/accept-protocol-0.pkl"),
    ("tensors", 1, "model.pt", "torch_legacy/accept-plain.pt"),
    ("tensors", 1, "model.pt", "torch_legacy/accept-another-order.pt"),
    ("tensors", 1, "model.pt", "torch_zip/accept-records.pt"),
    ("tensors", 2, "model.pt", "torch_zip/accept-tensor.pt"),
    ("steps", 1, "model.pkl", "pickle/accept-strings.pkl"),
    ("steps", 3, "model.pkl", "pickle/reject-pickle-use-unsafe--state-slots.pkl"),
    ("zip-entries", 1, "model.zip", "zip/accept-deflated.zip"),
)



def far(*uses):
    """Texts, then more than is kept in memory, then what asks for the texts again."""
    texts = [P.text("os"), P.text("system"), P.data(EVIL), b"S'o\\x73'\n", b"Vsystem\n",
             P.text("__setstate__"), P.text("{}%s"), P.args(P.text("a"))]
    return (P.P4 + b"".join(t + b"\x940" for t in texts) + b"B" +
            struct.pack("<I", 700000) + bytes(700000) + b"0" + b"0".join(uses) + b".")


def h(i):
    return b"h" + bytes([i])


def read_again():
    fn, method = SEEDS.fn, SEEDS.method
    yield "far-names", far(h(0) + h(1) + b"\x93", h(3) + h(4) + b"\x93", h(1) + h(0) + b"\x93")
    yield "far-strings", far(
        fn("operator.add", h(0), h(1)), fn("operator.mod", h(6), h(0)), method(h(0), "join", h(1)),
        method(h(6), "format", h(0)), method(h(0), "replace", h(1), h(0)), method(h(0), "upper"),
        fn("codecs.decode", h(0), h(1)), fn("operator.getitem", h(0), b"K\0"),
        fn("builtins.reversed", h(0)), fn("binascii.unhexlify", h(2)), method(
            h(0), "join", b"](" + h(0) + h(1) + b"e"))
    yield "far-calls", far(
        fn("pickle.loads", h(2)), P.call(P.GETATTR, P.SYSTEM, h(0)), fn("pydoc.locate", h(0)),
        fn("importlib.import_module", h(0)), P.call(P.SYSTEM, h(0)), P.call(P.SYSTEM, h(3)),
        P.call(fn("operator.methodcaller", h(1)), h(0)), h(7) + b"Q", P.NAMESPACE + b"}" + h(5) +
        P.SYSTEM + b"sb", P.call(fn("operator.attrgetter", h(0)), P.SYSTEM),
        P.call(P.name("http", "HTTPStatus"), h(0)), P.call(P.GETATTR, P.name(
            "http", "HTTPStatus"), h(0)))


def refused():
    for what, content in read_again():
        yield what, seed("model.pkl.gz", packed(content), 0x3f, faults=CALL)
    for table in (SEEDS.COMPUTED, SEEDS.RESOLVED, SEEDS.USED, SEEDS.BROKEN):
        for what, content in table.items():
            yield f"refused-{what}", seed("model.pkl.gz", packed(content), 0x3f,
                                          faults=EVERY_FAULT)


def groups():
    """All short vectors, eight in an archive, none of whose records is taken."""
    for area in ("zip", "torch_zip", "npz", "npy", "tar", "torch_legacy", "joblib", "compressed",
                 "zfile"):
        paths = [p for p in sorted((VECTORS / area).iterdir())
                 if p.suffix != ".py" and p.stat().st_size <= 3072]
        for i in range(0, len(paths), 8):
            tar = b"".join(T.entry(p.name.split(".", 1)[1].encode() if area in (
                "compressed", "zfile") else b"%d%s" % (k, p.suffix.encode()), p.read_bytes())
                           for k, p in enumerate(paths[i:i + 8]))
            yield f"group-{area}-{i // 8}", seed("model.tar.gz", packed(tar + T.END), ALL,
                                                 faults=REFUSED)


# Types of arrays, states of types, and data that plain readers take for opcodes.
TYPES = ("f8", "a3", "m8", "M8[ns]", "q", "", "<", ">f4", "=f4", "|b1", "f8x", "U4294967296", "V8",
         "x" * 40, "O8x", "U", "i999999999999999999999")
STATES = (b"N", J.tup(), J.tup(J.text("3")), J.tup(J.number(2), *[b"N"] * 8),
          J.tup(J.number(3), *[b"N"] * 5), J.tup(J.number(3), *[b"N"] * 7),
          J.tup(J.number(3), *[b"N"] * 4, J.number(8), b"N", b"N"),
          J.tup(J.number(3), *[b"N"] * 4, J.number(-2), b"N", J.number(0)),
          J.tup(J.number(3), *[b"N"] * 4, J.number(2**31 - 1), b"N", J.number(1)))
PASSED = (b"K\1", b"q\0", b"h\0", b"\x80\2", b"M\1\1", b"J" + bytes(4), b"r" + bytes(4),
          b"j" + bytes(4), b"G" + bytes(8), b"\x95" + bytes(8), b"U\1x", b"C\0", b"\x8a\1\1",
          b"\x8c\1x", b"T\1\0\0\0x", b"X\0\0\0\0", b"B\1\0\0\0x", b"()]}N0")


def wrapped(data, of=J.dtype("u1", "|")):
    return J.wrapper(data, (len(data),), of, align=False)


def arrays():
    def stream(*parts):
        return J.PROTO + b"](" + b"".join(parts) + b"e."

    made = [J.glob("numpy", "dtype") + J.tup(J.text(t)) + b"R" for t in TYPES]
    yield "types", stream(*(t + b"N" for t in made))
    for i, of in enumerate(made):
        yield f"type-{i}", stream(J.wrapper(bytes(16), (2,), of, align=False))
    for i, state in enumerate(STATES):
        for kind in ("V8", "f8"):
            of = J.glob("numpy", "dtype") + J.tup(J.text(kind)) + b"R" + state + b"b"
            yield f"state-{kind}-{i}", stream(J.wrapper(bytes(16), (2,), of, align=False))
    yield "type-bytes", stream(J.wrapper(bytes(16), (2,), J.glob("numpy", "dtype") + J.tup(
        b"U\2f8") + b"R", align=False))
    yield "type-by-another", stream(J.glob("numpy", "dtype") + b"NQR", J.glob(
        "numpy", "dtype") + b")R")
    for i, data in enumerate((b"".join(PASSED) + EVIL, b"N0" * 80 + EVIL, b"U", b"U\xff", b"X\1\0",
                              b"", b"N", b"\xff")):
        yield f"data-{i}", stream(wrapped(data))
        yield f"data-cut-{i}", J.PROTO + wrapped(data)
    for i, data in enumerate(PASSED):
        yield f"passed-{i}", stream(wrapped(b"0" + data + b"00" + EVIL))
        yield f"passed-cut-{i}", J.PROTO + wrapped(b"0" + data)
    for i, shape in enumerate((J.tup(b"N"), J.tup(*[J.number(1)] * 300), J.tup(J.number(0), b"N"),
                               J.tup(J.number(0), J.number(5)), b"NQ", b"]")):
        yield f"shape-{i}", stream(J.wrapper(bytes(8), shape, align=False))
    yield "alignment-none", stream(J.wrapper(b"", (0,), align=False, state=J.a_dict(
        shape=J.tup(J.number(1)), dtype=J.dtype(), numpy_array_alignment_bytes=b"N")) + bytes(8))
    names = ("a\\b.npy", "c:b.npy", ".npy", "x" * 300, "")
    for i, name in enumerate(map(J.text, names)):
        yield f"beside-{i}", stream(J.beside(name))
    yield "beside-unnamed", stream(J.glob("joblib.numpy_pickle", "NDArrayWrapper") + b")\x81}b",
                                   J.glob("joblib.numpy_pickle", "ZNDArrayWrapper") + b")\x81Nb")


def array_groups():
    streams = list(arrays())
    for i in range(0, len(streams), 12):
        tar = b"".join(T.entry(what.encode() + b".joblib", content)
                       for what, content in streams[i:i + 12])
        yield f"arrays-{i // 12}", seed("model.tar.gz", packed(tar + T.END), ALL, faults=REFUSED)


def old():
    """Arguments, states and texts that are kept no more."""
    fn, h = SEEDS.fn, lambda i: b"h" + bytes([i])
    kept = [P.args(P.text("os")), P.args(P.name("http", "HTTPStatus"), b"N", P.args(P.text("x"))),
            b"](" + P.text("a") + b"e", b"}" + P.text("a") + b"Ns",
            fn("operator.add", P.text("o"), P.text("s")), b"NQ",
            P.name("acme", "Net") + P.args(b"N") + b"R", P.name("functools", "partial") + P.args(
                P.SYSTEM) + b"R"]
    names = ["operator.add", "pickle.loads", "builtins.getattr", "importlib.import_module",
             "functools.partial", "copyreg._reconstructor", "copyreg.__newobj_ex__",
             "builtins.type", "http.HTTPStatus", "pandas.core.indexes.base._new_Index",
             "collections.OrderedDict", "numpy.dtype",
             "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter",
             "torch.storage._load_from_bytes", "acme.Net", "operator.itemgetter"]
    uses = [P.name(*n.rsplit(".", 1)) + h(i) + b"R" for n in names for i in (0, 5, 6)]
    uses += [P.NAMESPACE + h(i) + b"b" for i in range(8)]
    uses += [fn("functools.partial", P.ORDERED) + h(0) + b"R", fn(
        "pandas.core.indexes.base._new_Index", P.name("pandas", "Index"), h(3))]
    uses += [h(i) + b"Q" for i in range(8)] + [h(i) + h(0) + b"R" for i in (6, 7)]
    uses += [h(2) + b"Na", h(3) + b"NNs", fn("operator.getitem", h(0), b"K\0"),
             fn("operator.getitem", h(2), b"K\0"), fn("builtins.bytes", h(0)),
             fn("builtins.bytes", h(2)), SEEDS.method(P.text(""), "join", h(0)),
             SEEDS.method(P.text(""), "join", h(2)), fn("operator.mod", P.text("%s"), h(0)),
             h(4) + P.text("x") + b"\x93", fn("torch._tensor._rebuild_from_type_v2", P.SYSTEM, b"N",
                                             h(0), b"N")]
    yield "old", P.P4 + b"".join(v + b"\x940" for v in kept) + (
        P.call(P.name("operator", "add"), P.text("x" * 250), P.text("y" * 250)) +
        b"0") * 2200 + P.MUCH * 2 + b"]0" * 600 + b"0".join(uses) + b"."


def olden():
    for what, content in old():
        yield what, seed("model.pkl.gz", packed(content), 0x3f)
        yield f"{what}-torch", seed("model.tar.gz", packed(T.entry(b"a.pt", L.MAGIC + L.VERSION + (
            L.PROTO + b"}." + content)) + T.END), 0xff)


def cut_directories():
    """ZIP archives whose directory ends inside an entry of it, at each byte."""
    whole = Z.plain(Z.Entry("b.txt", Z.TEXT, extra=b"\1\0\x10\0" + bytes(16)))
    at = whole.index(b"PK\1\2")
    first, second = whole.rindex(b"PK\1\2"), whole.index(b"PK\5\6")
    tar = b"".join(T.entry(b"%d.zip" % n, whole[:first + n] + Z.end(2, first + n - at, at))
                   for n in range(second - first))
    yield "cut-directories", seed("model.tar.gz", packed(tar + T.END))
    behind = [whole[:at] + Z.end(1, 999, at + 22, whole[at:at + n]) for n in range(4, 52)]
    yield from grouped("cut-directories-behind", b".zip", behind, 24)
    odd = []
    for n_fields in range(4):
        for size, length, off in ((2**32 - 1, 12, None), (12, 2**32 - 1, None), (12, 12, 2**32 - 1),
                                  (2**32 - 1, 2**32 - 1, 2**32 - 1)):
            extra = struct.pack("<HH", 1, 8 * n_fields) + struct.pack("<Q", 12) * n_fields
            said = {} if off is None else {"off": off}
            odd.append(Z.plain(Z.Entry("b.txt", Z.TEXT, extra=extra, size=size, len=length,
                                       local_size=12, local_len=12, **said)))
    odd.append(Z.plain(Z.Entry("b.txt", Z.TEXT, extra=b"\1\0\0\0" * 2)))
    odd.append(Z.plain(Z.Entry("b" * 60000, Z.TEXT)))
    odd.append(Z.plain(Z.Entry("b.txt", Z.TEXT, extra=b"\x99\x99\xf0\x7f" + bytes(0x7ff0))))
    for what in ((0, 0, 0), (2**64 - 1, 1, 1), (1, 2**63, 2**63)):
        odd.append(Z.build([Z.Entry("b.txt", Z.TEXT)], zip64=lambda *_, what=what: (
            what[0], what[0], what[1], what[2])))
    for text in (b"PK\5\6", b"PK\5\6" + bytes(18), b"PK\5\6" + bytes(8) + b"\xff" * 8 + bytes(2)):
        odd += [text, b"x" * 100 + text, text + b"x" * 10]
    for base in (EVIL, vector("npy/accept-plain.npy"), vector("gguf/accept-all-values.gguf")):
        for zip64 in (None, lambda n, length, off: (n, n, length, off)):
            archive = Z.build([Z.Entry("b" * 300, Z.TEXT)], prefix=base, zip64=zip64)
            odd += [archive, archive.replace(b"PK\5\6" + bytes(4), b"PK\5\6\0\0\0\0\xff\xff"[:8])]
        odd += [base + Z.end(0, 0, len(base)), base + Z.end(0, 0, 2**32 - 1),
                base + Z.end(65535, 2**32 - 1, 2**32 - 1), base + Z.end(1, 46, 0),
                base + Z.end(1, 10, 5, b"comment")]
    for i in range(0, len(odd), 12):
        tar = b"".join(T.entry(b"%d.%s" % (k, (b"zip", b"pkl", b"npy", b"gguf")[k % 4]), content)
                       for k, content in enumerate(odd[i:i + 12]))
        yield f"odd-archives-{i // 12}", seed("model.tar.gz", packed(tar + T.END), ALL,
                                              faults=REFUSED)


def grouped(what, suffix, files, n=16, **how):
    for i in range(0, len(files), n):
        tar = b"".join(T.entry(b"%d%s" % (k, suffix), content)
                       for k, content in enumerate(files[i:i + n]))
        yield f"{what}-{i // n}", seed("model.tar.gz", packed(tar + T.END), ALL, **how)


DTYPES = """|i1 <i2 <i4 <i8 <u1 <f2 <f4 <f8 <f12 <f16 <c8 <c16 <c24 <c32 |b1 |b2 |a3 |S0 <U0 <m8[s]
    <M8[generic] <m8[ <M8] m8 <M8[] object |object O O8 obj =i4 =i1 >i1 <c9 <f1 <i3""".split()
FIELDS = ["[('a', '<f4'),]", "[('a', '<f4', (2,),)]", "[('a', '<f4', (2,)]", "[('a', '<f4', 2)]",
          "[(('t', 'n'), '<f4')]", "[(('t' 'n'), '<f4')]", "[(('t', 'n', '<f4')]", "[((, 'n')]",
          "[('a', '<f4'), ('b', '<f8')]", "[('a', '<f4') ('b', '<f8')]", "['a', '<f4']", "[(1, 2)]",
          "[('a' '<f4')]", "[('a', [('b', '<f4')])]", "[('a', [('b', '<f4')], (3,))]", "[]", "[",
          "[('a', '<f8', (4294967296, 4294967296))]", "[('a', '<f4'", "[('a', '<f4',", "[('a',",
          "[('a', '|V2147483647', (2147483647,)), ('b', '|V2147483647', (4294967296,))]", "[('a'",
          "[("]


def headers():
    files = [N.array("{'descr': %s%s%s, 'fortran_order': True, 'shape': (2, 1), }" % (q, t, q),
                     bytes(64)) for t in DTYPES for q in "'\""]
    files += [N.fields(f, "(1,)", bytes(64)) for f in FIELDS]
    files += [N.raw(h) for h in (
        "{", "{'a", "{'descr'", "{'descr': ", "{1: 2}", "{'descr\1': '<f4'}",
        "{'fortran_order': 1}", "{'shape': (1 2)}", "{'shape': (1)}",
        "{'shape': (99999999999999999999,)}",
        "{'shape': (1L,)}", "{}", "{'descr': '<f4', 'fortran_order': False, 'shape': (), } x",
        "{'descr': '', 'fortran_order': False, 'shape': ()}")]
    files += [N.plain(shape="(0, 2)", order="True"), N.plain(shape="(2,)", order="True"),
              N.plain("<f4", "(2, 3)", "True", bytes(24)), N.plain(descr="|O"),
              N.plain(descr=">f4")]
    yield from grouped("headers", b".npy", files)
    for i, content in enumerate(files[-5:]):
        yield f"header-{i}", seed("model.npy.gz", packed(content), ALL, faults=EVERY_FAULT)


def tensors():
    size = L.call("torch", "Size", L.tup(L.number(2)))
    place = L.storage("0")
    one = L.tup(L.number(1))
    many = L.tup(*[L.number(1)] * 70)
    minus = L.tup(b"J" + struct.pack("<i", -1))
    end = [L.FALSE, L.ordered({})]
    args = [[], [place], [place, L.number(0)], [place, L.number(0), one, one, *end],
            [place, L.number(0), size, one, *end], [place, L.NONE, one, one, *end],
            [place, L.number(0), minus, one, *end], [place, L.number(0), many, many, *end],
            [place, L.number(0), one, L.tup(), *end], [L.NONE, L.number(0), one, one, *end],
            [place, L.number(0), L.tup(L.number(0)), one, *end],
            [place, L.number(0), L.tup(*[L.number(2**62)] * 2), L.tup(*[L.number(1)] * 2), *end],
            [place, L.number(1), L.NONE, one, *end],
            [L.glob("torch", "FloatStorage") + b")R", L.number(0), one, one, *end],
            [L.storage("9"), L.number(2**63 - 1), one, one, *end, L.glob("torch", "float32")],
            [place, L.number(0), one, one, *end, L.glob("torch", "bfloat16")],
            [place, L.number(0), one, one, *end, L.glob("torch", "unheard")], [L.tensor()]]
    roles = """_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_qtensor
        _rebuild_parameter _rebuild_parameter_with_state _rebuild_device_tensor_from_cpu_tensor
        _rebuild_meta_tensor_no_storage _unheard""".split()
    objects = [L.a_dict(**{r: L.call("torch._utils", r, *a) for r in roles}) for a in args]
    objects += [L.a_dict(a=L.call("torch._tensor", f, L.glob("torch._utils", r), L.glob(
        "torch", "Tensor"), L.tup(*a), b"N"))
                for f in ("_rebuild_from_type", "_rebuild_from_type_v2")
                for r in roles for a in (args[3], args[1], args[17])]
    objects += [L.a_dict(a=L.call("torch._tensor", "_rebuild_from_type_v2", L.glob(
        "torch._utils", "_rebuild_tensor_v2"), L.glob("torch", "Tensor"), b"N", b"N"))]
    ids = [[L.text("storage"), L.glob("torch", "FloatStorage"), key, L.text("cpu"), n]
           for key in (L.text("0"), L.number(0), L.NONE, L.text("k" * 300), b"U\1k")
           for n in (L.number(2), L.NONE, b"J" + struct.pack("<i", -1), L.number(3))]
    ids += [[L.text("storage"), k, L.text("0"), L.text("cpu"), L.number(2)] for k in (
        L.NONE, L.glob("torch", "Unheard"), L.glob("torch.storage", "UntypedStorage"))]
    ids += [[L.text("storage")], [L.text("module"), L.NONE, L.NONE, L.NONE], [L.NONE] * 5, []]
    objects += [b"](" + L.tup(*i) + b"Q" + L.tup(*i) + b"Qe" for i in ids]
    t = L.tensor()
    keys = [L.text("a"), b"U\1b", L.number(7), b"J" + struct.pack("<i", -1), L.NONE,
            L.text("k" * 2000), L.text("")]
    objects += [b"}(" + b"".join(k + t for k in keys) + b"u", L.a_list(L.tup(t, L.tup(t))),
                L.a_dict(a=L.tup(t, t), b=L.tup(L.a_list(t))), t,
                b"}q\0(" + L.text("me") + b"h\0" + L.text("t") + t + b"q\1" + L.text("u") +
                b"h\1u",
                b"}" + L.text("a") + (b"}" + L.text("k")) * 90 + t + b"s" * 91,
                b"}q\0" + L.text("a") + b"]q\1h\1h\0a" + t + b"as",
                L.module(weight=t, _modules=L.a_dict(a=L.module(weight=t), b=L.NONE),
                         _parameters=t),
                L.a_dict(a=L.call("acme", "x", t, L.a_list(t), *[t] * 20)),
                L.call("acme", "x") + t + b"b", L.call("acme", "x") + b"(" + L.text("k") + t + b"u",
                b"(" + t + b"l", b"(" + t + b"\x91", L.call("numpy", "object_", t)]
    files = [L.stream(o, datas=(L.data(),)) for o in objects]
    yield from grouped("tensors", b".pt", files, 24, faults=REFUSED)
    yield "tensors-not-wanted", seed("model.pt.gz", packed(L.stream(t)), 0x06)
    yield "tensors-refused", seed("model.pt.gz", packed(L.stream(objects[-8])), ALL,
                                  faults=EVERY_FAULT)
    zips = [Z.torch(L.PROTO + o + L.STOP) for o in objects]
    yield from grouped("tensor-zips", b".pt", zips, 24, faults=REFUSED)


def tars():
    text = b"Some words."
    entries = [
        T.entry(b"././@LongLink", b"link/" * 40 + b"\0", kind=b"K", magic=b"ustar  \0") + T.entry(
            b"a", kind=b"2", magic=b"ustar  \0"),
        T.pax(linkpath=b"b") + T.entry(b"a", kind=b"2"), T.pax(GNU_sparse_name=b"b") + T.entry(
            b"a", text), T.pax(size=b"11", comment=b"x") + T.entry(b"a", text),
        T.pax(size=b"99999999999") + T.entry(b"a", text, size=0), T.entry(b"a", text, kind=b"7"),
        T.entry(b"a", kind=b"4"), T.entry(b"a", kind=b"3"), T.entry(b"a", kind=b"6"),
        T.entry(b"./a", text), T.entry(b"a/", text, kind=b"\0"), T.entry(b"a", text, kind=b"\0"),
        T.entry(b"a", text, kind=b"S"), T.entry(b"a", text, kind=b"L", size=2**21),
        T.entry(b"a", text, size_field=b"       13\0 "),
        T.entry(b"a", text, size_field=b"1 3" + b" " * 9),
        T.entry(b"a", text, size_field=b"77777777777 "), T.entry(b"n" * 100, text),
        T.entry(b"a", text, size_field=b"\xff" * 12), T.entry(b"a\\..\\b", text),
        T.entry(b"", text), T.entry(b"\\a", text), T.entry(b"/a", text), T.entry(b"a:b", text),
        T.entry(b"a", text) + T.entry(b"a/b", text), T.entry(b"\xc3\xa9", text),
        T.entry(b"pax", b"5 a=b", kind=b"x"), T.entry(b"pax", b"x a=b\n", kind=b"x"),
        T.entry(b"pax", b"6 a=b\n6", kind=b"x"), T.entry(b"pax", b"6 ab\n\n", kind=b"x"),
        T.entry(b"pax", b"99 a=b\n", kind=b"x"), T.entry(b"pax", b"", kind=b"g"),
    ]
    files = [e + T.END for e in entries] + [e for e in entries[:4]]
    yield from grouped("entries", b".tar", files, 12, faults=REFUSED)
    count, class_ = P.P2 + b"K\1.", L.glob("torch", "FloatStorage")
    size = struct.pack("<Q", 2) + bytes(8)
    dims = struct.pack("<iiQQQ", 1, 0, 2, 1, 0)
    storages = [P.P2 + b"J" + struct.pack("<i", -1) + b".", P.P2 + b"N.", count,
                count + P.P2 + b"N.",
                count + P.P2 + L.tup(L.text("0"), L.text("cpu"), L.NONE) + b"." + size]
    storages += [count + P.P2 + L.tup(L.text("0"), L.text("cpu"), class_) + b"." + rest
                 for rest in (size, size[:5], b"", size[:12], b"\xff" * 8, b"\xff" * 7 + b"\x3f",
                              size + b"more")]
    view = L.tup(L.text("0"), L.text("0"), L.glob("torch", "FloatTensor"))
    views = [count] + [count + P.P2 + view + b"." + rest for rest in (
        dims, dims[:2], dims[:20], b"\x7f" + bytes(40), b"", dims + b"more")]
    files = [T.entry(b"sys_info", P.P2 + b"}.") + T.entry(b"pickle", P.P2 + b"}.") + T.entry(
        b"storages", s) + T.entry(b"tensors", v) + T.END for s in storages for v in views]
    for prefix in (b"./", b"../"):
        files.append(b"".join(T.entry(prefix + name, P.P2 + b"}.") for name in (
            b"pickle", b"storages", b"tensors")) + T.END)
    files.append(T.entry(b"sys_info", P.P2 + b"NQ.") + T.entry(b"pickle", P.P2 + b"NQ.") + T.entry(
        b"storages", P.P2 + b"NQ0K\1.") + T.entry(b"tensors", P.P2 + b"NQ0K\1.") + T.END)
    yield from grouped("torch-tars", b".pt", files, 24)


def limited():
    for limit, value, name, path in LIMITED:
        what = pathlib.Path(path)
        yield (f"limit-{limit}-{what.parent}-{what.stem}",
               seed(name, vector(path), ALL, limit, value))
    marks = P.P4 + b"(" * 9 + b"1" * 9 + END
    yield "limit-stack-marks", seed("model.pkl", marks, ALL, "stack", 2)
    yield "limit-nested-data", seed("model.pkl", P.P4 + P.call(P.name("pickle", "loads"), *[
        P.data(EVIL)] * 3) + b".", ALL, "nested", 1)


# What a file holds, and what it may be called.
CONTENTS = {
    "page": b"<!doctype html><title>Not here</title>", "program": b"\x7fELF\2\1\1" + bytes(57),
    "text": b"Some words, and some more of them.\n", "one-opcode": b"N.", "words": b"cat.\n",
    "nothing": b"", "zeros": bytes(64), "binary": bytes(range(128, 256)) * 2,
    "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d" * 32 +
    b"\nsize 12345\n",
    "json": b'{"a": [1, 2]}', "config": b'{"auto_map": {"AutoModel": "modeling_x.X"}}',
    "config-remote": b'{"auto_map": {"AutoModel": "org/name--modeling_x.X"}}',
    "pickle": EVIL, "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(40),
    "7z": b"7z\xbc\xaf\x27\x1c" + bytes(30),
    "code": b"#!/usr/bin/env python3\nimport os\n", "npy": None, "zip": None, "text-and-zip": None,
    "onnx": b"\x08\x07\x12\x07pytorch\x1a\x011" + bytes(20),
}
NAMES = """model.bin model.pkl model.safetensors model.gguf config.json model.pt notes.txt page.html
    model.npy tool.py archive.7z unknown model.h5 a.jinja model.zip model.joblib model.pth
    tokenizer_config.json""".split()


def contents():
    CONTENTS["npy"] = vector("npy/accept-plain.npy")
    CONTENTS["torch"] = Z.torch()
    CONTENTS["zip"] = Z.plain(Z.Entry("a.pkl", EVIL))
    CONTENTS["text-and-zip"] = CONTENTS["text"] + CONTENTS["zip"]
    return CONTENTS


def named():
    """Each content under each name: in one archive for each content, and as a file."""
    for what, content in contents().items():
        members = [Z.Entry(name, content) for name in NAMES]
        yield f"named-members-{what}", seed("all.zip.gz", packed(Z.build(members)), ALL,
                                                  faults=REFUSED)
        for name in NAMES[:6] if what in ("text", "binary", "one-opcode") else NAMES[:2]:
            yield f"named-{what}-{name}", seed(name, content, FILES)


def damaged():
    """Each codec, with a byte that is another, and windows that are too large."""
    for path in sorted(VECTORS.glob("compressed/reject-evil.a.pkl.*")):
        content = bytearray(path.read_bytes())
        content[len(content) * 2 // 3] ^= 0x55
        yield f"damaged{path.suffix}", seed(f"model.pkl{path.suffix}", bytes(content), FILES)
    window = b"\x28\xb5\x2f\xfd\0\xff" + b"\1\0\0"
    yield "damaged-window.zst", seed("model.pkl.zst", window, FILES)
    window = b"\x5d" + b"\0\0\0\x80" + b"\xff" * 8 + bytes(20)
    yield "damaged-window.lzma", seed("model.pkl.lzma", window, FILES)


def layouts():
    """Gaps, prefixes and tails longer than the window, with entries in them."""
    a, b = Z.Entry("a.txt", Z.TEXT), Z.Entry("b.pkl", EVIL)
    hidden = Z.Entry("h.pkl", EVIL).local()
    much, zeros = b"x" * 200000, bytes(200000)
    for i, how in enumerate((
            {"gap": zeros}, {"gap": much}, {"gap": much + hidden + much}, {"gap": hidden * 300},
            {"before_dir": zeros}, {"before_dir": hidden[:-2]}, {"before_dir": b"PK\7\x08" + much},
            {"before_end": much}, {"before_end": zeros + hidden}, {"prefix": zeros},
            {"prefix": b"PK00"}, {"prefix": b"PK\7\x08"}, {"prefix": hidden + zeros},
            {"suffix": much}, {"suffix": zeros}, {"suffix": Z.end(0, 0, 0)},
            {"comment": b"c" * 60000}, {"gap": b"PK\5\6" + bytes(30)}, {"gap": b"PK\5\6"},
            {"prefix": zeros, "adjusted": False})):
        yield f"layout-{i}", seed("model.zip.gz", packed(Z.build([a, b], **how)), ALL,
                                  faults=REFUSED)
    for i, (root, extra, order) in enumerate((
            ("archive/", ("bytecode.pkl", "constants.pkl"), b"big"),
            ("a/", (".data/version",), b"x"), ("a/", ("data/1", "data/2"), b"little\n"))):
        entries = [Z.Entry(root + "data.pkl", Z.STATE), Z.Entry(root + "byteorder", order),
                   Z.Entry(root + "data/0", bytes(8), 8)]
        entries += [Z.Entry(root + name, Z.GOOD, 8) for name in extra]
        yield f"torch-{i}", seed("model.pt.gz", packed(Z.build(entries)), ALL, faults=EVERY_FAULT)
    yield "torch-ratio", seed("model.pt.gz", packed(Z.build([
        Z.Entry("a/data.pkl", Z.STATE), Z.Entry("a/data/0", bytes(2000000), 8),
        Z.Entry("a/x.txt", b"x" * 2000000, 8), Z.Entry("a/version", b"3\n")])), ALL)
    much = Z.Entry("a.txt", b"x" * 30000000, 8)
    yield "ratio", seed("model.zip.gz", packed(Z.build([much])), ALL)
    yield "layout-no-end", seed("model.zip.gz", packed(hidden + zeros), ALL, faults=REFUSED)
    box = Z.torch(Z.STATE)
    for depth in range(9):
        box = Z.build([Z.Entry(f"b{depth}.zip", box)])
        yield f"nested-torch-{depth}", seed("model.zip.gz", packed(box), ALL)
    members = [(b"a.pkl.gz", packed(EVIL) + bytes(9000)),
               (b"b.pkl.gz", packed(EVIL) + bytes(70000)),
               (b"c.pkl.z", b"\x88\x1d"), (b"d.z", b"\x78\x20"), (b"e.z", b"\x78\x9d"),
               (b"f.z", b"\x78\xbb" + bytes(20)), (b"g.bz2", b"BZh0"), (b"h.bz2", b"BZh:1AY&SY"),
               (b"i.bz2", b"BZh"), (b"j.lzma", b"\x5d\1\0\x40\0" + b"\xff" * 8),
               (b"k.lzma", b"\x5d\xff\xff\xff\xff" + bytes(9)), (b"l.lzma", b"\x5d" + bytes(20)),
               (b"m.zst", b"\x50\x2a\x4d\x18\x64\0\0\0ab"), (b"n.zst", b"\x50\x2a\x4d\x18\1"),
               (b"o.zst", b"\x5f\x2a\x4d\x18\0\0\0\0"), (b"p.lz4", b"\x5f\x2a\x4d\x18\0\0\0\0")]
    tar = b"".join(T.entry(name, content) for name, content in members)
    yield "beginnings", seed("model.tar.gz", packed(tar + T.END), ALL, faults=REFUSED)


def nested():
    box = Z.plain(Z.Entry("a.pkl", EVIL))
    for depth in range(12):
        box = Z.build([Z.Entry(f"b{depth}.zip", box), Z.Entry("c.txt", b"x")])
    yield "nested-deep", seed("model.zip", box)
    box = vector("compressed/reject-evil.a.pkl.gz")
    for depth in range(12):
        box = packed(box)
    yield "nested-deep-gz", seed("model.pkl" + ".gz" * 13, box)
    tar = T.entry(b"a.pkl", EVIL) + T.END
    yield "nested-tar", seed("model.tar.gz", packed(T.entry(b"b.tar", tar) + T.END))
    wide = b"".join(T.entry(b"%d.bin" % i, bytes(40000)) for i in range(20)) + T.END
    yield "nested-in-file", seed("model.tar.gz", packed(wide), ALL)
    yield "nested-in-file-failing", seed("model.bin.gz", packed(bytes(600000)), FILES,
                                         faults=EVERY_FAULT)
    again = gzip.compress(packed(wide + bytes(600000)), 0, mtime=0)
    yield "nested-in-file-twice", seed("model.tar.gz.gz", again)
    bomb = Z.build([Z.Entry("a.bin", bytes(17 << 20), 8)])
    yield "nested-bomb", seed("model.zip.gz", packed(bomb))
    yield "nested-bomb-gz", seed("model.bin.gz.gz", packed(packed(bytes(17 << 20))))
    storages = tuple((str(i), head + bytes(16)) for i, head in enumerate(HEADS))
    yield "storages", seed("model.pt.gz", packed(Z.torch(Z.STATE, storages=storages)))
    shared = Z.build([Z.Entry("a.zip", bytes(0x8000))] + [
        Z.Entry(f"{i}.bin", bytes(0x8000), packed=b"", off=0, len=0x8000) for i in range(900)])
    yield "nested-shared", seed("model.pkl.gz", packed(shared))
    for kind in ("config", "config-remote"):
        yield f"nested-{kind}", seed("model.zip", Z.build([
            Z.Entry("config.json", contents()[kind])]))


# How tensors may begin that are none.
HEADS = [
    b"\x7fELF\2\1\1" + bytes(20), b"MZ\x90\0\3\0\0\0", b"MZ" + bytes(80), b"MZ" + b"x" * 80,
    b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0", b"MZ" + b"x" * 58 + b"\xff\xff\0\0" + b"x" * 20,
    b"\x1f\x8b\x08\0\0\0\0\0\2\3", b"\x1f\x8b\x08\0\0\0\0\0\1\xff", b"\x1f\x8b\x08\xff",
    b"\x1f\x8b\x08\0\0\0\0\0\4\x0e", b"\x1f\x8b\x08\0\0\0\0\0\0\xff",
    b"BZh91AY&SY", b"BZh01AY&SY", b"BZh9xxxxxx", b"070701" + b"0aF" * 40, b"070702",
    b"070701" + b"x" * 110, b"#!/bin/sh\n", b"#! /bin/sh\n", b"#!perl -w abcdef", b"#!\1",
    b"<!doctype html>", b"<HTML>", b"<script>", EVIL, b"PK\3\4" + bytes(30), b"", b"\0", b"GGUF",
    b"\xca\xfe\xba\xbe", b"\x89PNG\r\n\x1a\n", b"\xff" * 16,
    b"\x7fELF\0\1\1", b"\x7fELF\3\1\1", b"\x7fELF\2\0\1", b"\x7fELF\2\3\1",
    b"070701" + b"0" * 50 + b"\x20" * 60, b"BZh:1AY&SY", b"#!perl -w \x7f",
    b"a\r\n\tb", b"a\1", b"a\x7f",
]

def tensor_file(parts, size=1, dtype="U8", tail=b""):
    header, data = {}, b""
    for i, part in enumerate(parts):
        header[f"t{i}"] = {"dtype": dtype, "shape": [len(part) // size],
                           "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data + tail


def tar_too(width):
    """A tensor file whose first 512 bytes are a tar header as well."""
    block = bytearray(b'{"__metadata__":{"k":"' + b"x" * 700 + b'"}}')
    block = bytearray(struct.pack("<Q", len(block))) + block
    block[257:262] = b"ustar"
    block[148:156] = b" " * 8
    text = b"%06o" % sum(block[:512])
    block[148:156] = (b" " * width + text + b"xx")[:8]
    return bytes(block)


def payloads():
    for dtype, size in (("U8", 1), ("F32", 4)):
        parts = [head + bytes(-len(head) % 8) + bytes(56) for head in HEADS]
        yield f"payloads-{dtype}", seed("model.safetensors.gz", packed(tensor_file(
            parts, size, dtype)), faults=REFUSED)
    yield "payloads-short", seed("model.safetensors.gz", packed(tensor_file(
        [head for head in HEADS if head])), faults=REFUSED)
    tails = [tensor_file([bytes(8)], tail=head) for head in HEADS]
    yield from grouped("tails", b".safetensors", tails, 24)
    yield from grouped("tars-too", b".safetensors", [tar_too(w) for w in range(4)] + [
        tar_too(0).replace(b"ustar", b"ustaR")])


if __name__ == "__main__":
    folder = HERE / "inspect"
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    for group in (failing, refused, groups, array_groups, olden, cut_directories, headers,
                  tensors, tars, layouts, long, limited,
                  named, nested, payloads, damaged):
        for what, content in group():
            (folder / what).write_bytes(content)

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Copies the short pickle vectors as fuzz seeds, and writes others: one for each group
of things that the machine works out, or refuses, several in one pickle.  Nothing here
is ever unpickled; what would run is `echo`.
"""
import importlib.util
import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parents[1] / "vectors"
LARGEST = 2048


def load(area):
    spec = importlib.util.spec_from_file_location("generate", VECTORS / area / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


G = load("pickle")
P2, P4, GETATTR, SYSTEM, ECHO, EVIL, ORDERED = (G.P2, G.P4, G.GETATTR, G.SYSTEM, G.ECHO, G.EVIL,
                                                G.ORDERED)
args, call, data, glob, name, text = G.args, G.call, G.data, G.glob, G.name, G.text


def fn(dotted, *items):
    return call(name(*dotted.rsplit(".", 1)), *items)


def method(self, what, *items):
    return call(call(GETATTR, self, text(what)), *items)


def number(n):
    return b"J" + struct.pack("<i", n)


def listed(*items):
    return b"](" + b"".join(items) + b"e"


def many(*values):
    """One pickle that makes each of them and keeps the last."""
    return P4 + b"0".join(values) + b"."


def each(*streams, proto=P4):
    """One pickle with all of them inside, each run by itself: they may be broken."""
    return P4 + fn("pickle.loads", *(data(proto + s) for s in streams)) + b"."


E = "\u00e9"
CODECS = """ascii base64 base64_codec base_64 hex hex_codec iso-8859-1 latin-1 latin1 rot-13 rot13
    rot_13 us-ascii utf-8 utf8 utf_8 punycode""".split()

# Strings put together.
COMPUTED = {
    "joined": many(
        method(text("-"), "join", listed(text("a"), text("b"), b"K\1")),
        method(text("-"), "join", args(text("a"), text("b"))),
        method(text(""), "join", text("os")),
        method(text("-"), "join", text("os")),
        method(text(""), "join", b"K\1"),
        method(text(""), "join"),
        method(text(""), "join", listed(b"N")),
        method(text(""), "join", listed(text("a"), b"N")),
        method(data(b"-"), "join", listed(data(b"a"), data(b"b"))),
        method(text(""), "join", listed(*[b"K\1"] * 65)),
        method(text(""), "join", args(*[b"K\1"] * 257)),
        method(text(""), "join", b"}"),
        method(b"K\1", "join", listed()),
        fn("builtins.str.join", text("."), listed(text("os"))),
        fn("builtins.bytes.join", data(b"."), listed(data(b"os"))),
        fn("builtins.str.join"), fn("builtins.str.unheard", text("x"))),
    "added": many(
        fn("operator.add", text("o"), text("s")), fn("operator.concat", data(b"o"), data(b"s")),
        fn("operator.add", text("o"), data(b"s")), fn("operator.add", b"K\1", b"K\1"),
        fn("operator.add", text("o"), b"K\1"), fn("operator.add", listed(), listed()),
        fn("operator.add", text("o"), listed()), fn("operator.add"),
        method(text("o"), "__add__", text("s")),
        fn("_operator.add", fn("operator.add", text("o"), text("s")), text("x"))),
    "formatted": many(
        fn("operator.mod", text("%s%d%%"), args(text("o"), b"K\1")),
        fn("operator.mod", text("%s"), text("os")), fn("operator.mod", text("%s%s"), text("os")),
        fn("operator.mod", data(b"%s"), data(b"os")), fn("operator.mod", text("%x"), b"K\1"),
        fn("operator.mod", text("%"), b")"), fn("operator.mod", text("%s"), b"N"),
        fn("operator.mod", text("%s"), b")"), fn("operator.mod", text("x" * 1025), b")"),
        fn("operator.mod", b"K\1", b")"), fn("operator.mod", text(""), b")"),
        method(text("%s"), "__mod__", text("os")),
        method(text("{}{0}x"), "format", text("o")), method(text("{}{}"), "format", text("o")),
        method(text("{1}"), "format", text("o")), method(text("{x}"), "format", text("o")),
        method(text("{"), "format", text("o")), method(text("}"), "format"),
        method(text("{0"), "format", text("o")), method(text("{}"), "format", b"N"),
        method(text("x" * 1025), "format"), method(text(""), "format")),
    "replaced": many(
        method(text("oXsX"), "replace", text("X"), text("")),
        method(text("oXs"), "replace", text("X")), method(text("oXs"), "replace", b"N", b"N"),
        method(text("oXs"), "replace", text("X"), b"N"),
        method(text("oXs"), "replace", text(""), text("y")),
        method(text("oXs"), "replace", text("X" * 257), text("y")),
        method(text("oXs"), "replace", text("X"), text("y" * 257)),
        method(data(b"oXs"), "replace", data(b"X"), data(b"")),
        method(text("oS"), "lower"), method(text("os{"), "upper"), method(text(E), "upper"),
        method(data(b"OS"), "lower"), method(text("os"), "title"),
        fn("builtins.reversed", text("so")), fn("builtins.reversed", text(E)),
        fn("builtins.reversed", b"N"), fn("builtins.reversed")),
    "decoded": many(
        *[fn("codecs.decode", text("6f73"), text(c)) for c in CODECS],
        *[fn("_codecs.encode", text("os" + E), text(c)) for c in CODECS],
        fn("codecs.encode", text("\u0100"), text("latin1")),
        fn("codecs.encode", text("\u00ff"), text("latin1")),
        fn("codecs.decode", data(b"\xff\xc3"), text("latin1")),
        fn("codecs.encode", text("os"), b"N"), fn("codecs.encode", text("os")),
        fn("codecs.encode", b"N", text("rot13")), fn("codecs.encode", b"N", text("utf8")),
        fn("codecs.decode", text("NZnz09"), text("rot13")),
        method(data(b"os"), "decode"), method(text("os"), "encode", text("utf8")),
        method(data(b""), "fromhex", text("6f 73")), fn("builtins.bytes.fromhex", text("6f73")),
        fn("binascii.unhexlify", data(b"6F73")), fn("binascii.a2b_hex", data(b"6f7")),
        fn("binascii.a2b_hex", data(b"6g")), fn("binascii.a2b_hex", b"N"),
        fn("base64.b64decode", data(b"b3M=")), fn("base64.decodebytes", data(b"b 3\nM\0+/")),
        fn("binascii.a2b_base64", b"K\1"),
        fn("builtins.str", data(b"os"), text("utf8")), fn("builtins.str", text("os")),
        fn("builtins.str", b"K\1"), fn("builtins.str")),
    "picked": many(
        *[fn("operator.getitem", of, number(i))
          for of in (listed(text("a")), args(text("a")), text("a")) for i in (0, -1, 1, -2)],
        fn("operator.getitem", text("a" + E), b"K\0"), fn("operator.getitem", text("a"), b"N"),
        fn("operator.getitem", b"}", b"K\0"), fn("operator.getitem", b"N", b"K\0"),
        fn("operator.getitem", data(b"ab"), b"K\0"), fn("operator.getitem"),
        call(fn("operator.itemgetter", b"K\0"), text("os")),
        call(fn("operator.itemgetter", b"K\0", b"K\1"), text("os")),
        call(fn("operator.itemgetter", b"K\0")), call(fn("operator.itemgetter"), text("x")),
        fn("builtins.chr", b"K\x6f"), fn("builtins.chr", number(-1)),
        fn("builtins.chr", number(0x110000)), fn("builtins.chr", number(0x10ffff)),
        fn("builtins.chr", number(0x7ff)), fn("builtins.chr", number(0xffff)),
        fn("builtins.chr", text("x")), fn("builtins.chr"),
        fn("builtins.bytes", listed(b"K\x6f", b"K\x73")), fn("builtins.bytes", args(b"K\x6f")),
        fn("builtins.bytearray", listed(b"M\0\1")), fn("builtins.bytes", listed(number(-1))),
        fn("builtins.bytes", listed(b"N")), fn("builtins.bytes"), fn("builtins.bytes", data(b"x")),
        fn("builtins.bytes", data(b"x"), text("y")), fn("builtins.bytes", b"}"),
        fn("builtins.bytes", listed(*[b"K\1"] * 65)), fn("builtins.bytes", args(*[b"K\1"] * 257)),
        fn("builtins.bytes", b"N")),
    # doubled until it is more than is kept
    "doubled": P4 + text("x" * 255) + b"\x94" + b"".join(
        b"0" + fn("operator.add", bytes([0x68, i]), bytes([0x68, i])) + b"\x94"
        for i in range(0, 40)) + b".",
}

COMPUTED["formatted-more"] = many(
    method(text("}}"), "format"), method(text("{0x"), "format", text("o")),
    method(text("OS1{"), "upper"), call(name("builtins", "str.join"), text(""), listed(text("o"))),
    call(name("builtins", "bytes.join"), data(b""), listed(data(b"o"))),
    call(name("builtins", "str.upper")), call(name("builtins", "str.upper"), text("os")),
    fn("codecs.encode", data(b"\xc3"), text("latin1")))

# Names that calls give, and calls that stand for others.
RESOLVED = {
    "attributes": many(
        call(GETATTR, SYSTEM), call(GETATTR), call(GETATTR, b"N", text("x")),
        call(GETATTR, fn("importlib.import_module", text("os")), b"K\1"),
        call(GETATTR, ORDERED, text("fromkeys")), call(GETATTR, name("acme", "a"), text("x")),
        call(GETATTR, SYSTEM, text("x")),
        call(GETATTR, call(GETATTR, ORDERED, text("a")), text("b")),
        call(GETATTR, ORDERED, fn("builtins.chr", b"K\x61")),
        call(call(GETATTR, ORDERED, text("x"), b"N"), text("y")),
        call(call(GETATTR, text("x"), b"N"), text("y")),
        call(fn("operator.attrgetter", text("system")), fn("importlib.import_module", text("os"))),
        call(fn("operator.attrgetter", text("a"), text("b")), SYSTEM),
        call(fn("operator.attrgetter", text("a")), b"N"),
        call(fn("operator.attrgetter", b"N"), SYSTEM), call(fn("operator.attrgetter", text("a")))),
    "imported": many(
        fn("importlib.import_module", text("os")), fn("importlib.import_module"),
        fn("importlib.import_module", b"N"), fn("importlib.import_module", text("os.path")),
        fn("builtins.__import__", text("os.path")),
        fn("builtins.__import__", text("os.path"), b"N", b"N", listed(text("x"))),
        fn("importlib.__import__", text("")),
        fn("pydoc.locate", text("os.system")), fn("pydoc.locate", text("os")),
        fn("pkgutil.resolve_name", text("os:system")), fn("pydoc.locate", b"N"),
        fn("pydoc.locate"), fn("pydoc.locate", text(""))),
    "for-others": many(
        call(fn("functools.partial", SYSTEM), ECHO), call(fn("functools.partial"), ECHO),
        call(fn("functools.partial", SYSTEM, *[b"N"] * 200), *[b"N"] * 200),
        call(fn("operator.methodcaller", text("system"), ECHO), name("os", "x")),
        call(fn("operator.methodcaller"), name("os", "x")),
        call(fn("operator.methodcaller", text("upper")), text("os")),
        call(fn("operator.methodcaller", b"N"), text("os")),
        call(fn("operator.methodcaller", b"N"), name("os", "x")),
        call(fn("operator.methodcaller", text("x"))),
        fn("operator.call", SYSTEM, ECHO), fn("operator.call"),
        fn("copyreg.__newobj__"), fn("copyreg.__newobj__", b"N"),
        fn("copyreg.__newobj__", name("acme", "Net")),
        fn("copyreg.__newobj_ex__", name("acme", "Net"), b")", b"}"),
        fn("numpy.object_"), fn("torch._tensor._rebuild_from_type", SYSTEM, b"N", args(ECHO)),
        fn("torch._tensor._rebuild_from_type", SYSTEM, b"N", b"N"),
        call(name("acme", "made"), b"N") + b")R", fn("acme.made") + b")R" + b")R"),
    "partial-of-partial": P4 + b"".join(
        name("functools", "partial") + b"(" for _ in range(20)) + SYSTEM + b"tR" * 20 + b")R.",
    "arguments-by-another": many(
        GETATTR + b"K\1QR", SYSTEM + b"NQR", ORDERED + b"NQ\x81", ORDERED + b")NQ\x92",
        name("torch._tensor", "_rebuild_from_type") + b"NQR", ORDERED + b"NQR",
        name("torch.storage", "_load_from_bytes") + b"NQR",
        name("copyreg", "_reconstructor") + b"NQR", name("pickle", "loads") + b"NQR"),
}

BARE = name("ultralytics.nn.tasks", "DetectionModel")
DICTS = [fn(f"{f}", *a) for f in ("builtins.dict", "collections.Counter",
                                  "collections.OrderedDict", "collections.defaultdict")
         for a in ((), (b"N",), (b"N", b"N"))]
SPECIAL = b"}" + text("keys") + ORDERED + b"s"
PARTIAL = fn("functools.partial", ORDERED)

# How a name may be used.
USED = {
    "stored": many(
        args(BARE), BARE + b"\x85", BARE + b"N\x86", b"NN" + BARE + b"\x87", b"]" + BARE + b"a",
        b"](" + BARE + b"e", b"}N" + BARE + b"s", b"}(N" + BARE + b"u", b"(N" + BARE + b"d",
        b"(" + BARE + b"l", b"\x8f(" + BARE + b"\x90", b"(" + BARE + b"\x91",
        b"(" + ORDERED + BARE + b"o", G.NAMESPACE + BARE + b"b", BARE + b"Q"),
    "encoded": P4 + b"U\1\xe9U\1\xea" + b"I" + b"1" * 5000 + b"\nL" + b"1" * 5000 + b"L\n.",
    "calls-of-many": many(
        call(fn("functools.partial", ORDERED, *[b"N"] * 300)),
        call(fn("functools.partial", ORDERED), *[b"N"] * 300),
        fn("functools.partial", ORDERED) + b"NQR", fn("builtins.set", *[b"N"] * 300),
        fn("torch._tensor._rebuild_from_type", ORDERED, b"N"), fn("operator.call", ORDERED),
        fn("operator.call", ORDERED, *[b"N"] * 300)),
    "stored-at-the-end": P4 + BARE + b".",
    "stored-keys": many(*[b"(" + text(k) + v + b"d" for k in ("__setstate__", "keys", "__dict__",
                                                             "__doc__", "__orig_class__")
                          for v in (SYSTEM, b"N", ORDERED, b"K\1Q")]),
    "states": many(*[G.NAMESPACE + v + b"b" for v in DICTS],
                   *[G.NAMESPACE + b"N" + v + b"\x86b" for v in DICTS],
                   *[G.NAMESPACE + fn("acme.x", v) + b"b"
                     for v in (b"}", SPECIAL, DICTS[1], b"N")],
                   G.NAMESPACE + SPECIAL + b"N\x86b", G.NAMESPACE + b"N" + SPECIAL + b"\x86b",
                   *[PARTIAL + args(*a) + b"b"
                     for a in ((), (ORDERED,), (b"N",), (SYSTEM, b")"))],
                   PARTIAL + b"}b", PARTIAL + b"NQb",
                   fn("functools.partial") + args(ORDERED) + b"b"),
    "set-by-calls": many(*[fn(f, *a) for f in (
        "types.SimpleNamespace", "torch._utils._rebuild_parameter_with_state",
        "pandas._libs.arrays.__pyx_unpickle_NDArrayBacked")
                           for a in ((), (b"N",), (SPECIAL,), (args(SPECIAL),), (DICTS[1],),
                                     (args(DICTS[1]),), (args(BARE),), (args(b"N"),))]),
    "converted": many(*[fn(f, name(*c.rsplit(".", 1)) + b")\x81") for f in (
        "builtins.str", "collections.Counter", "numpy.float64", "builtins.ValueError")
                        for c in ("torch.nn.parameter.Parameter", "uuid.UUID",
                                  "collections.OrderedDict", "datetime.datetime", "acme.Net")],
                      fn("builtins.bytes", number(2**31 - 1)),
                      fn("builtins.bytes", b"G" + bytes(8)),
                      fn("builtins.bytearray", b"\x8a\x09" + bytes(8) + b"\1")),
    "named-again": P4 + text("os") + b"\x94" + text("system") + b"\x94" + b"00" + (
        b"h\0h\1\x930") * 3 + b"\x80\2" + b"h\0h\1\x930" * 2 + b"N.",
    "items-of-objects": many(*[G.BUNCH + i for i in (
        b"(" + text("a") + b"Nu", b"(Ne", b"(N\x90", b"Na", text("keys") + b"Ns")],
                             fn("acme.Net") + b"(NNu", fn("acme.Net") + b"(Ne"),
    "dangerous": many(
        SYSTEM + b"}b", SYSTEM + b"Na", call(SYSTEM, ECHO) + b"}b", call(SYSTEM, ECHO) + b"Na",
        call(call(SYSTEM, ECHO), ECHO), SYSTEM + b")}\x92", b"(" + SYSTEM + b"o",
        b"(i" + b"os\nsystem\n", fn("operator.call", SYSTEM)),
    "dangerous-often": many(*[call(SYSTEM, bytes([0x4b, i])) for i in range(30)]),
    "known": many(
        ORDERED + b"}b", ORDERED + b"Na", b"(" + ORDERED + b"o", b"(" + ORDERED + b"No",
        fn("builtins.type", b"N"), fn("builtins.type", name("builtins", "Ellipsis")),
        fn("builtins.type", name("builtins", "NotImplemented")), fn("builtins.type", ORDERED),
        fn("builtins.type", b"N", b"N"), fn("builtins.type", b"K\1"), fn("builtins.type"),
        fn("copyreg._reconstructor", b"N", b"N", b"N"), fn("copyreg._reconstructor"),
        fn("copyreg._reconstructor", ORDERED, name("builtins", "object"), b"N"),
        fn("copyreg.__newobj_ex__", ORDERED, b")", b"}" + text("a") + b"K\1s"),
        fn("torch.storage._load_from_bytes", fn("builtins.bytes", listed(b"N"))),
        fn("torch.storage._load_from_bytes", fn("builtins.bytes", listed(b"K\x80", b"K\4"))),
        fn("torch.storage._load_from_bytes"), fn("numpy.dtype") + b"Na",
        name("numpy", "dtype") + b")\x81", name("builtins", "print") + b")R",
        fn("acme.Net") + b"Na", fn("acme.Net") + b"}b", fn("acme.Net", b"K\1") + b")R",
        fn("numpy.core.multiarray._reconstruct", name("numpy", "ndarray"), b"K\0\x85", data(b"b")) +
        b"Na", G.BUNCH + text("a") + b"K\1s", G.BUNCH + b"K\1K\1s", G.NAMESPACE + b"Na",
        G.NAMESPACE + b"}b", G.NAMESPACE + b"}" + text("a") + SYSTEM + b"sb",
        G.NAMESPACE + b"}" + text("__dict__") + b"}sb",
        G.NAMESPACE + b"}" + text("__setstate__") + ORDERED + b"sb",
        G.NAMESPACE + b"}" + fn("acme.key") + b"Nsb", G.NAMESPACE + b"}b", G.NAMESPACE + b"Nb",
        G.NAMESPACE + b"}" + text("f") + fn("numpy.dtype", text("f8")) + b"sN\x86b",
        *[G.NAMESPACE + b"}" + text("get") + v + b"sb" for v in (
            fn("numpy.dtype", text("f8")), fn("acme.made"), b"NQ", ORDERED)],
        G.NAMESPACE + b"NN}\x87b", G.NAMESPACE + b"NQb"),
    "enumerations": many(*[call(GETATTR, name("http", "HTTPStatus"), text(n)) for n in (
        "OK", "", "__x", "a b", "_9", "x" * 129, "name\u00e9")],
                         call(GETATTR, name("http", "HTTPStatus"), b"N"),
                         call(GETATTR, name("http", "HTTPStatus")),
                         call(GETATTR, name("http", "HTTPStatus"), text("OK"), b"N"),
                         call(name("http", "HTTPStatus"), b"K\1"),
                         call(name("http", "HTTPStatus"), listed())),
    "unnamed": many(b"K\1Q)R", b"K\1Q)\x81", b"K\1Q}b", b"K\1QNa", b"\x82\1)R",
                    call(GETATTR, ORDERED, text("a")) + b")R",
                    call(GETATTR, ORDERED, text("a")) + b"Na",
                    fn("importlib.import_module", b"N") + b")R", b"K\1Q)R)R",
                    text("os") + b"NQ\x93", b"NQ" + text("os") + b"\x93",
                    text("os") + SYSTEM + b"\x93", args(text("module"), ORDERED) + b"Q)R",
                    args(text("module"), b"N") + b"Q", args(text("x"), ORDERED) + b"Q"),
    "factories": many(*[fn(f"numpy.random._pickle.{f}", *a) for f in (
        "__generator_ctor", "__randomstate_ctor", "__bit_generator_ctor") for a in (
            (), (text("x"),), (b"N", b"N"), (ORDERED, b"NQ"), (b"NQ", listed()),
            (fn("acme.a"), b"}"),
            (b"]", b"\x88"), (b"\x8f", b"G" + bytes(8)), (b")", data(b"x")))],
                      name("collections", "defaultdict") + b"NQR",
                      fn("collections.defaultdict", fn("operator.add", text("a"), text("b")))),
    "sizes": many(*[fn(f"builtins.{f}", *a) for f in ("set", "list", "bytearray", "range", "tuple")
                    for a in ((), (b"N",), (number(-1),), (number(2**31 - 1),),
                              (fn("builtins.range", number(2**31 - 1)),),
                              (fn("itertools.count"),), (listed(b"K\1"), b"K\1"))]),
}

# Streams that end where CPython raises; and near misses that do not.
VALUES = {"none": b"N", "bool": b"\x88", "int": b"K\1", "float": b"G" + bytes(8), "list": b"]",
          "dict": b"}", "set": b"\x8f", "tuple": b")", "bytes": data(b"x"), "text": text("x"),
          "string": fn("operator.add", text("a"), text("b")),
          "bytes-string": fn("operator.add", data(b"a"), data(b"b")), "global": ORDERED,
          "call": ORDERED + b")R", "persid": b"NQ", "long": b"\x8a\x09" + bytes(8) + b"\1",
          "extension": b"\x82\1", "zero": b"K\0", "false": b"\x89"}
EVERY = list(VALUES.values())
BROKEN = {
    "names": each(*(v + text("x") + b"\x93." for v in EVERY), *(text("x") + v + b"\x93."
                                                                for v in EVERY)),
    "calls": each(*(v + b")R." for v in EVERY), *(ORDERED + v + b"R." for v in EVERY)),
    "instances": each(*(v + b")\x81." for v in EVERY), *(ORDERED + v + b"\x81." for v in EVERY),
                      *(ORDERED + b")" + v + b"\x92." for v in EVERY), *(b"(" + v + b"o."
                                                                         for v in EVERY)),
    "states": each(*(v + b"}b." for v in EVERY), *(b"]" + v + b"b." for v in EVERY),
                   b"]}K\1K\1sb.", b"N\x8fb."),
    "items": each(*(v + b"Na." for v in EVERY), *(v + b"(Ne." for v in EVERY),
                  *(v + b"(e." for v in EVERY)),
    "entries": each(*(v + b"NNs." for v in EVERY), *(v + b"(NNu." for v in EVERY),
                    *(v + b"(u." for v in EVERY), *(v + b"(N\x90." for v in EVERY),
                    *(v + b"(\x90." for v in EVERY), *(b"}" + v + b"Ns." for v in EVERY)),
    "underflow": each(*(bytes([c]) + b"." for c in b".012QRabdeostu}\x81\x85\x86\x87\x90\x91\x92"
                        b"\x93\x94"),
                      *(b"N(" + bytes([c]) + b"." for c in b".02QRabdeost\x81\x85\x86\x87\x90\x91"
                        b"\x92\x93\x94"),
                      *(b"(N" + bytes([c]) + b"." for c in b"R12Qbso\x81\x86\x87\x92\x93\x98"),
                      b"NN(Nu.", b"(NNNd.", b"((.", b"(ios\nx\n.", b"ios\nx\n."),
    "names-in-lines": each(b"c\nx\n.", b"cx\n\n.", b"c\xff\nx\n.", b"cx\n\xff\n.", b"cx\ny",
                           b"cx", b"c", b"(i\xc3\xa9\nx\n.", b"(ix\n\xc3\xa9\n.",
                           b"c\xc3\xa9\nx\n.", b"(ix\n", b"\x82\0.", b"\x83\0\0.",
                           b"\x84\xff\xff\xff\xff.", b"\x83\1\1.", b"\x84\1\1\1\1.",
                           proto=P2),
    "numbers": each(*(b"I" + n + b"\n." for n in (
        b"0", b"00", b"01", b"1", b"-1", b"+1", b" 1", b"1 ", b"1\t", b"", b"-", b"x", b"08",
        b"0x", b"0X1f", b"0xg", b"0o17", b"0b2", b"0b1", b"1__0", b"1_", b"_1", b"0x_f", b"0_0",
        b"9" * 30, b"-" + b"9" * 30, b"1L", b"\0", b"-9223372036854775808")),
                    *(b"L" + n + b"\n." for n in (b"1L", b"1", b"L", b"", b"01L", b"00L",
                                                  b"9" * 30 + b"L", b"\0L", b"1\0L")),
                    *(b"g" + n + b"\n." for n in (b"0", b"1", b"-1", b"", b"x", b"0x1",
                                                  b"9" * 30)),
                    *(b"Np" + n + b"\n." for n in (b"0", b"1 ", b"-1", b"", b"x", b"9" * 30))),
    "floats": each(*(b"F" + n + b"\n." for n in (
        b"1", b"1.", b".5", b".", b"", b"inf", b"-Infinity", b"+nan", b"1e5", b"1E-5", b"1e+5",
        b"1e", b"1e+", b"1.5x", b"0x1", b" 1", b"1 ", b"1\0x", b"infx", b"e5"))),
    "strings": each(*(b"S" + n + b"\n." for n in (
        b"''", b'"a"', b"'", b"", b"'a", b"a'", b"'a\"", b"aa", b"'\\x41\\X'", b"'\\x4'",
        b"'\\xgg'",
        b"'\\1\\12\\1234\\8'", b"'\\\\\\'\\\"\\b\\f\\t\\n\\r\\v\\a'", b"'\\q'", b"'\\'", b"'\xe9'",
        b"'\\\n'")),
                    *(b"V" + n + b"\n." for n in (
        b"", b"a", b"\\u0041", b"\\U0001f600", b"\\U00110000", b"\\u00", b"\\u00gg", b"\\x41",
        b"\\", b"\xe9", b"\\ud800")),
                    # strings that are asked for, as names
                    *(b"S" + n + b"\n" + text("x") + b"\x93." for n in (
        b"'o\\x73'", b"'\\163\\q\\n'", b"'\\\\'")),
                    *(b"V" + n + b"\n" + text("x") + b"\x93." for n in (
        b"\\u006f\\U00000073\\q", b"\xe9\\", b"\\u00e9\\u20ac\\U0001f600"))),
    "lengths": each(*(bytes([c]) + b"\xff" * n + b"x." for c, n in (
        (0x54, 4), (0x42, 4), (0x58, 4), (0x8d, 8), (0x8e, 8), (0x96, 8), (0x8b, 4), (0x8a, 1),
        (0x55, 1), (0x43, 1), (0x8c, 1), (0x95, 8))),
                    *(bytes([c]) + b"\0" * n for c, n in (
        (0x54, 3), (0x42, 3), (0x58, 3), (0x8d, 7), (0x8e, 7), (0x96, 7), (0x8b, 3), (0x8a, 0),
        (0x55, 0), (0x43, 0), (0x8c, 0), (0x95, 7), (0x4b, 0), (0x4d, 1), (0x4a, 3), (0x47, 7),
        (0x71, 0), (0x72, 3), (0x68, 0), (0x6a, 3), (0x80, 0), (0x82, 0), (0x83, 1), (0x84, 3),
        (0x67, 0), (0x70, 0), (0x49, 0), (0x4c, 0), (0x46, 0), (0x53, 0), (0x56, 0), (0x50, 0))),
                    *(bytes([c]) + b"\1" + b"\0" * (n - 1) + b"x." for c, n in (
        (0x54, 4), (0x42, 4), (0x58, 4), (0x8d, 8), (0x8e, 8), (0x96, 8), (0x8b, 4), (0x8a, 1))),
                    b"\x8b\0\0\0\x80.", b"Pid\n.", b"\x8a\0.", b"\x8b\0\0\0\0.", b"\x97.",
                    b"N\x98."),
    "texts": each(*(text("x")[:1] + bytes([len(t)]) + t + b"." for t in (
        b"\xc3\xa9", b"\xc3", b"\xc3a", b"\x80", b"\xc1\x80", b"\xe0\x9f\x80", b"\xe0\xa0\x80",
        b"\xed\xa0\x80", b"\xf0\x8f\x80\x80", b"\xf0\x90\x80\x80", b"\xf4\x90\x80\x80",
        b"\xf4\x8f\x80\x80", b"\xf5", b"\xe2\x82", b"\xe2\x82a", b"abcdefgh\xc3\xa9",
        b"abcdefghij\xff"))),
    "unhashable": each(b"}]Ns.", b"}}Ns.", b"\x8f(]\x90.", b"(]\x91.", b"(}Nd.", b"}(\x8fNu."),
}


def all_seeds():
    for vector in sorted(VECTORS.glob("pickle/*.pkl")):
        if vector.stat().st_size <= LARGEST:
            yield vector.stem, vector.read_bytes()
    for vector in sorted(VECTORS.glob("joblib/*.joblib")):
        if vector.stat().st_size <= LARGEST:
            yield f"joblib-{vector.stem}", vector.read_bytes()
    for group, table in (("computed", COMPUTED), ("resolved", RESOLVED), ("used", USED),
                         ("broken", BROKEN)):
        for what, content in table.items():
            yield f"{group}-{what}", content


if __name__ == "__main__":
    folder = HERE / "pickle"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for what, content in all_seeds():
        (folder / what).write_bytes(content)

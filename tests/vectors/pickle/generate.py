#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the pickle vectors beside this script, opcode by opcode.

A vector is named VERDICT-REASON.pkl.  Where REASON is a rule id, optionally
followed by "--" and a variant, the tests ask for that very rule.  Nothing here is
ever unpickled; what the vectors would run is `echo`.
"""
import base64
import codecs
import pathlib
import struct

HERE = pathlib.Path(__file__).parent
P2, P4 = b"\x80\x02", b"\x80\x04"
STOP, MARK, REDUCE, BUILD, POP = b".", b"(", b"R", b"b", b"0"


def text(s):
    raw = s.encode("utf-8", "surrogatepass")
    return b"\x8c" + bytes([len(raw)]) + raw if len(raw) < 256 else \
        b"X" + struct.pack("<I", len(raw)) + raw


def data(b):
    return b"C" + bytes([len(b)]) + b if len(b) < 256 else b"B" + struct.pack("<I", len(b)) + b


def name(module, attr):
    return text(module) + text(attr) + b"\x93"


def glob(module, attr):
    return b"c" + module.encode() + b"\n" + attr.encode() + b"\n"


def args(*items):
    return MARK + b"".join(items) + b"t"


def call(func, *items):
    return func + args(*items) + REDUCE


def frame(body, length=None):
    return b"\x95" + struct.pack("<Q", len(body) if length is None else length) + body


SYSTEM = name("os", "system")
ECHO = text("echo steelyard")
RUN = call(SYSTEM, ECHO)
EVIL = P4 + RUN + STOP
GETATTR = name("builtins", "getattr")
ORDERED = name("collections", "OrderedDict")
NAMESPACE = name("types", "SimpleNamespace") + b")\x81"
BUNCH = name("sklearn.utils._bunch", "Bunch") + b")\x81"
# The argument of a dict that is made by a call.
HOOKS = b"](" + args(text("__setstate__"), name("builtins", "print")) + b"e"
# So many tuples that those before them are kept no more.
MUCH = b")" + b"\x85" * 22000 + b"0"
STRING_JOIN = call(GETATTR, text(""), text("join"))
MAGIC = P2 + b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."


def made(*items):
    return call(name("builtins", "tuple"), b"](" + b"".join(items) + b"e")


def laughs():
    body = b"]\x94"
    for i in range(40):
        body += b"](" + bytes([0x68, i]) * 10 + b"e\x94"
    return P4 + body + STOP


VECTORS = {
    # plain data in all its opcodes
    "accept-numpy-matrix": P4 + call(
        name("numpy._core.multiarray", "_reconstruct"), name("numpy", "matrix"), b"K\0\x85",
        data(b"b")) + b"(K\1K\1K\2\x86" + call(name("numpy", "dtype"), text("i8"), b"\x89\x88") +
        b"\x89" + data(bytes(16)) + b"tb.",
    "accept-numpy-generator": P4 + call(
        name("numpy.random._pickle", "__randomstate_ctor"), text("MT19937"),
        name("numpy.random._pickle", "__bit_generator_ctor")) + b".",
    "accept-pandas-blocks": P4 + call(
        name("pandas.core.internals.managers", "BlockManager"), b")", b"]") + b".",
    "accept-none": b"N.",
    "accept-protocol-0": b"(dp0\nS'a'\np1\nI1\nsS'b'\np2\n(lp3\nI01\naL5L\naF1.5\nas.",
    "accept-numbers": P4 + MARK + b"K\x01M\x01\x02J\xff\xff\xff\xffI0x10\nI010\nL-3L\nF-inf\n"
                      b"G?\xf8\0\0\0\0\0\0\x8a\x02\xff\x7f\x8b\1\0\0\0\5t.",
    "accept-strings": P4 + MARK + b"U\3abcT\2\0\0\0xyVa\\u00e9\nS'\\x41\\101\\n'\n" + text("\u00e9") +
                      data(b"\x00\xff") + b"\x96\1\0\0\0\0\0\0\0z" + b"t.",
    "accept-containers": P4 + b"]\x94(K\1K\2e}\x94(K\1h\0uh\1\x8f(K\3\x90(K\4\x91\x87.",
    "accept-memo": P4 + b"Np5\n0g5\n0h\5r\xff\xff\xff\x7f0j\xff\xff\xff\x7f0N\x94.",
    "accept-framed": P4 + frame(b"]\x94(K\1K\2e."),
    "accept-ordered-dict": P4 + ORDERED + b")R" + text("a") + b"K\1s.",
    "accept-words-only": P4 + MARK + text("os") + text("system") + text("eval(") + b"t.",
    "accept-two-streams": b"N.N.",
    # dangerous, one way after the other
    "reject-pickle-import-dangerous--reduce": EVIL,
    "reject-pickle-import-dangerous--protocol-0": glob("os", "system") + b"(S'echo x'\ntR.",
    "reject-pickle-import-dangerous--inst": b"(S'echo x'\nios\nsystem\n.",
    "reject-pickle-import-dangerous--obj": P2 + b"(" + glob("os", "system") + b"U\6echo xo.",
    "reject-pickle-import-dangerous--newobj": P2 + glob("subprocess", "Popen") + b"U\1x\x85\x81.",
    "reject-pickle-import-dangerous--newobj-ex": P4 + name("subprocess", "Popen") + b")}" +
                                                text("args") + ECHO + b"s\x92.",
    "reject-pickle-import-dangerous--python2": P2 + glob("__builtin__", "eval") + b"U\0011\x85R.",
    "reject-pickle-import-dangerous--python2-moved": P2 + glob("commands", "getoutput") +
                                                    b"U\6echo x\x85R.",
    "reject-pickle-import-dangerous--dotted": P4 + name("random", "_os.system") + b".",
    "reject-pickle-import-dangerous--import-only": P4 + SYSTEM + b"0N.",
    "reject-pickle-import-dangerous--popped": P4 + RUN + b"0N.",
    "reject-pickle-import-dangerous--broken-behind": P4 + RUN + b"\xff",
    "reject-pickle-import-dangerous--cut-behind": P4 + RUN,
    "reject-pickle-import-dangerous--second": b"N." + EVIL,
    "reject-pickle-import-dangerous--second-broken": b"N." + P4 + RUN + b"0000",
    "reject-pickle-import-dangerous--memo-sparse": P4 + text("os") + b"r\xfe\xff\xff\xff0" +
                                                  text("system") + b"\x94" + b"0j\xfe\xff\xff\xff"
                                                  b"h\1\x93.",
    "reject-pickle-import-dangerous--nops": P4 + text("os") + b"\x80\4\x95" + b"\0" * 8 + b"\x94" +
                                           text("system") + b"\x93.",
    "reject-pickle-import-dangerous--popmark": P4 + text("os") + MARK + text("math") + b"1" +
                                              text("system") + b"\x93.",
    "reject-pickle-import-dangerous--int-base-0": b"I0x10\n0I0b11\n0I1_0\n0" + RUN[:0] +
                                                 glob("os", "system") + b"(S'x'\ntR.",
    "reject-pickle-import-dangerous--joined": P4 + call(STRING_JOIN, b"](" + text("o") + text("s") +
                                                       b"e") + text("system") + b"\x93.",
    "reject-pickle-import-dangerous--rot13": P4 + call(
        name("codecs", "decode"), text(codecs.encode("os", "rot13")), text("rot13")) +
        text("system") + b"\x93.",
    "reject-pickle-import-dangerous--added": P4 + call(
        name("operator", "add"), text("o"), text("s")) + text("system") + b"\x93.",
    "reject-pickle-import-dangerous--getattr": P4 + call(call(
        GETATTR, call(name("importlib", "import_module"), text("os")), text("system")), ECHO) + b".",
    "reject-pickle-import-dangerous--partial": P4 + call(call(
        name("functools", "partial"), SYSTEM, ECHO)) + b".",
    "reject-pickle-import-dangerous--methodcaller": P4 + call(call(
        name("operator", "methodcaller"), text("system"), ECHO),
        call(name("builtins", "__import__"), text("os"))) + b".",
    "reject-pickle-import-dangerous--nested": P4 + call(name("pickle", "loads"), data(EVIL)) + b".",
    "reject-pickle-import-dangerous--nested-base64": P4 + call(
        name("pickle", "loads"), call(name("base64", "b64decode"),
                                      data(base64.b64encode(EVIL)))) + b".",
    "reject-pickle-import-dangerous--data": P4 + data(EVIL) + b".",
    "reject-pickle-import-dangerous--data-base64": P4 + text(
        base64.b64encode(EVIL).decode()) + b".",
    "reject-pickle-import-dangerous--data-hex": P4 + text(EVIL.hex()) + b".",
    "reject-pickle-import-dangerous--data-base64-line": b"V" + base64.b64encode(EVIL) + b"\n.",
    "reject-pickle-import-dangerous--data-in-data": P4 + data(P4 + data(EVIL) + b".") + b".",
    "reject-pickle-import-dangerous--behind-setstate": P4 + b"}" + text("__setstate__") + SYSTEM +
                                                      b"s0N.",
    "reject-pickle-import-dangerous--behind-no-state": P4 + b"]N}\x86b0" + RUN + b".",
    # known names put together: methods of known classes, called by known functions
    "reject-pickle-use-unsafe--getattr-method": P4 + call(GETATTR, name("pathlib", "Path"),
                                                          text("touch")) + b".",
    "reject-pickle-use-unsafe--factory": P4 + call(
        name("numpy.random._pickle", "__generator_ctor"), text("x"),
        name("transformers.training_args", "TrainingArguments")) + b".",
    "reject-pickle-use-unsafe--factory-class": P4 + call(
        name("numpy.random._pickle", "__bit_generator_ctor"),
        name("transformers.training_args", "TrainingArguments")) + b".",
    "reject-pickle-use-unsafe--factory-partial": P4 + call(
        name("collections", "defaultdict"), call(name("functools", "partial"), name(
            "torch.nn.modules.linear", "Linear"))) + b".",
    "reject-pickle-use-unsafe--rebuild": P4 + call(
        name("torch._tensor", "_rebuild_from_type_v2"), name("builtins", "print"),
        name("torch", "Tensor"), args(text("x")), b"N") + b".",
    "reject-pickle-use-unsafe--rebuild-nested": P4 + call(
        name("torch._tensor", "_rebuild_from_type_v2"), name("http", "HTTPStatus"),
        name("torch", "Tensor"), args(text("X"), text("A B")), b"N") + b".",
    "reject-pickle-use-unsafe--constructor-inst": b"(S'x'\nitransformers.training_args\n"
                                                  b"TrainingArguments\n.",
    "reject-pickle-use-unsafe--constructor-obj": P2 + MARK + glob(
        "ultralytics.nn.tasks", "DetectionModel") + b"}o.",
    "reject-pickle-use-unsafe--constructor-base": P2 + glob("copy_reg", "_reconstructor") + MARK +
    glob("types", "SimpleNamespace") + glob("transformers.training_args", "TrainingArguments") +
    b"U\1xtR.",
    "reject-pickle-use-unsafe--enumeration-made": P4 + call(
        name("http", "HTTPStatus"), text("X"), text("A B")) + b".",
    "reject-pickle-use-unsafe--state-slots": P4 + NAMESPACE + b"N}" + text("__dict__") + b"}" +
    text("__setstate__") + name("builtins", "print") + b"ss\x86b.",
    "reject-pickle-use-unsafe--state-tuple": P4 + NAMESPACE + call(
        name("builtins", "tuple"), b"](N}" + text("__setstate__") + name("builtins", "print") +
        b"se") + b"b.",
    "reject-pickle-use-unsafe--state-keys": P4 + call(
        name("builtins", "dict"), NAMESPACE + b"}" + text("keys") + name("builtins", "print") +
        b"sb") + b".",
    "reject-pickle-use-unsafe--state-hook": P4 + NAMESPACE + b"}" + text("__array__") + name(
        "builtins", "print") + b"sb.",
    "reject-pickle-use-unsafe--key-hook": P4 + BUNCH + text("__array__") + name(
        "builtins", "print") + b"s.",
    "reject-pickle-use-unsafe--key-append": P4 + BUNCH + text("append") + name(
        "builtins", "print") + b"sNa.",
    "reject-pickle-use-unsafe--class-kept": P4 + call(
        name("functools", "partial"), name("ultralytics.nn.tasks", "DetectionModel"), b"}") + b".",
    "reject-pickle-use-unsafe--partial-state": P4 + call(
        name("functools", "partial"), name("builtins", "list")) + args(
            name("builtins", "type"), b")", b"}", b"N") + b"b.",
    "reject-pickle-use-unsafe--class-stored": P4 + NAMESPACE + b"}" + text("run") + name(
        "ultralytics.nn.tasks", "DetectionModel") + b"sb.",
    "reject-pickle-use-unsafe--identity": P4 + call(name("numpy", "object_"), name(
        "argparse", "Namespace")) + b"N}" + text("x") + name("builtins", "print") + b"s\x86b.",
    "reject-pickle-use-unsafe--identity-called": P4 + call(call(
        name("torch.jit._pickle", "restore_type_tag"), name("builtins", "print"), b"N"),
        text("x")) + b".",
    "reject-pickle-use-unsafe--index-of-other": P4 + call(
        name("pandas.core.indexes.base", "_new_Index"), name("torch.nn.parameter", "Parameter"),
        b"}" + text("data") + NAMESPACE + b"s") + b".",
    "reject-pickle-use-unsafe--state-argument": P4 + call(
        name("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked"),
        name("pandas.core.arrays.datetimes", "DatetimeArray"), b"K\1", args(
            b"N", b"N", b"}" + text("__setstate__") + name("builtins", "print") + b"s")) + b".",
    "reject-pickle-use-unsafe--state-buffer": P4 + name("io", "BytesIO") + b")\x81" + args(
        data(b"x"), b"K\0", b"}" + text("keys") + name("builtins", "print") + b"s") + b"b.",
    "reject-pickle-use-unsafe--state-get": P4 + NAMESPACE + b"}" + text("get") + name(
        "builtins", "print") + b"sb.",
    "reject-pickle-use-unsafe--state-late": P4 + NAMESPACE + b"}\x94b0h\0" + text(
        "__setstate__") + name("builtins", "print") + b"s.",
    "reject-pickle-use-unsafe--keywords": P4 + name("torch", "Tensor") + b")}" + text("cdata") +
                                          b"K\1s\x92.",
    "reject-pickle-use-unsafe--keywords-called": P4 + call(
        name("copyreg", "__newobj_ex__"), name("torch", "Tensor"), b")", b"}" + text("cdata") +
        b"K\1s") + b".",
    "reject-pickle-use-unsafe--storage": P4 + name("torch.storage", "UntypedStorage") + b")\x81.",
    "reject-pickle-use-unsafe--endless": P4 + call(name("builtins", "list"), call(
        name("itertools", "count"))) + b".",
    "reject-pickle-use-unsafe--range": P4 + call(name("builtins", "set"), call(
        name("builtins", "range"), b"J\xff\xff\xff\x7f")) + b".",
    "reject-pickle-use-unsafe--size": P4 + call(name("builtins", "bytearray"),
                                                b"J\xff\xff\xff\x7f") + b".",
    "accept-keywords-empty": P4 + name("collections", "OrderedDict") + b")}\x92.",
    "reject-pickle-use-unsafe--class-kept-late": P4 + call(
        name("functools", "partial"), name("builtins", "list")) + args(
            name("ultralytics.nn.tasks", "DetectionModel"), b")", b"}", b"N") + b"b.",
    "reject-pickle-use-unsafe--converted": P4 + call(name("builtins", "str"), name(
        "sklearn.linear_model._logistic", "LogisticRegression") + b")\x81") + b".",
    "reject-pickle-use-unsafe--zone-file": P4 + call(
        name("pandas", "DatetimeTZDtype"), text("ns"), text("dateutil//etc/passwd")) + b".",
    "reject-pickle-use-unsafe--zone-file-named": P4 + call(
        name("pandas.core.indexes.datetimes", "_new_DatetimeIndex"), name(
            "pandas", "DatetimeIndex"), b"}" + text("tz") + text("dateutil//etc/passwd") +
        b"s") + b".",
    # a dict made by a call is a state like any other
    "reject-pickle-use-unsafe--state-called": P4 + NAMESPACE + call(ORDERED, HOOKS) + b"b.",
    "reject-pickle-use-unsafe--state-called-in-pair": P4 + NAMESPACE + b"N" + call(
        ORDERED, HOOKS) + b"\x86b.",
    "reject-pickle-use-unsafe--state-called-default": P4 + NAMESPACE + call(
        name("collections", "defaultdict"), name("builtins", "list"), HOOKS) + b"b.",
    "reject-pickle-use-unsafe--state-called-argument": P4 + call(
        name("torch._utils", "_rebuild_parameter_with_state"), b"N", b"\x88", b")",
        call(ORDERED, HOOKS)) + b".",
    "accept-state-called": P4 + NAMESPACE + call(ORDERED) + b"b" + NAMESPACE + call(
        name("collections", "defaultdict"), name("builtins", "list")) + b"b\x86.",
    "reject-pickle-use-unsafe--index-of-call": P4 + call(
        name("pandas.core.indexes.base", "_new_Index"), call(ORDERED), b"}") + b".",
    "reject-pickle-use-unsafe--size-just-above": P4 + call(
        name("builtins", "bytes"), b"J\1\0\x10\0") + b".",
    "accept-size": P4 + call(name("builtins", "bytes"), b"J\0\0\x10\0") + call(
        name("builtins", "range"), call(name("builtins", "range"), b"K\1")) + b"\x86.",
    "reject-pickle-use-unsafe--converted-deque": P4 + call(name("collections", "deque"), name(
        "sklearn.linear_model._logistic", "LogisticRegression") + b")\x81") + b".",
    "reject-pickle-use-unsafe--converted-number": P4 + call(name("numpy", "float64"), name(
        "sklearn.linear_model._logistic", "LogisticRegression") + b")\x81") + b".",
    "reject-pickle-use-unsafe--factory-state": P4 + call(
        name("numpy.random._pickle", "__randomstate_ctor"), text("MT19937"),
        name("transformers.training_args", "TrainingArguments")) + b".",
    "reject-pickle-use-unsafe--rebuild-first": P4 + call(
        name("torch._tensor", "_rebuild_from_type"), name("builtins", "print"),
        name("torch", "Tensor"), args(text("x")), b"N") + b".",
    # arguments that are not there to be seen: made by a call, or made long ago
    "reject-pickle-use-unsafe--made-enumeration": P4 + name("http", "HTTPStatus") + made(
        text("X"), text("A B")) + b"R.",
    "reject-pickle-use-unsafe--made-zone": P4 + name("pandas", "DatetimeTZDtype") + made(
        text("ns"), text("dateutil//etc/passwd")) + b"R.",
    "reject-pickle-use-unsafe--made-converted": P4 + name("builtins", "str") + made(
        name("sklearn.linear_model._logistic", "LogisticRegression") + b")\x81") + b"R.",
    "reject-pickle-use-unsafe--made-size": P4 + name("builtins", "bytearray") + made(
        b"J\xff\xff\xff\x7f") + b"R.",
    "reject-pickle-use-unsafe--made-factory": P4 + name("collections", "defaultdict") + made(call(
        name("functools", "partial"), name("torch.nn.modules.linear", "Linear"))) + b"R.",
    "reject-pickle-use-unsafe--made-rebuild": P4 + name(
        "torch._tensor", "_rebuild_from_type_v2") + made(
            name("builtins", "print"), name("torch", "Tensor"), args(text("x")), b"N") + b"R.",
    "reject-pickle-use-unsafe--made-rebuild-inside": P4 + call(
        name("torch._tensor", "_rebuild_from_type_v2"), name("http", "HTTPStatus"),
        name("torch", "Tensor"), made(text("X"), text("A B")), b"N") + b".",
    "reject-pickle-use-unsafe--made-zone-keywords": P4 + call(
        name("pandas.core.indexes.datetimes", "_new_DatetimeIndex"), name(
            "pandas", "DatetimeIndex"), call(name("builtins", "dict"), b"](" + args(
                text("tz"), text("dateutil//etc/passwd")) + b"e")) + b".",
    "reject-pickle-use-unsafe--many-zone-keywords": P4 + call(
        name("pandas.core.indexes.datetimes", "_new_DatetimeIndex"), name(
            "pandas", "DatetimeIndex"), b"}(" + b"".join(text(f"k{i}") + b"N" for i in range(40)) +
        text("tz") + text("dateutil//etc/passwd") + b"u") + b".",
    "reject-pickle-use-unsafe--old-kept": P4 + args(name(
        "ultralytics.nn.tasks", "DetectionModel"), b"}") + b"\x940" + MUCH + name(
            "functools", "partial") + b"h\0R.",
    "reject-pickle-use-unsafe--old-zone": P4 + args(
        text("ns"), text("dateutil//etc/passwd")) + b"\x940" + MUCH + name(
            "pandas", "DatetimeTZDtype") + b"h\0R.",
    "accept-type-of-constant": P4 + call(name("builtins", "type"), b"N") + call(
        name("builtins", "type"), name("builtins", "Ellipsis")) + b"\x86.",
    "reject-pickle-use-unsafe--type-of-class": P4 + call(name("builtins", "type"), ORDERED) + b".",
    "reject-pickle-use-unsafe--type-made": P4 + call(
        name("builtins", "type"), text("x"), b")", b"}") + b".",
    "accept-newobj-called": P4 + call(name("copyreg", "__newobj_ex__"), ORDERED, b")", b"}") +
    call(name("copyreg", "__newobj__"), ORDERED) + b"\x86.",
    "accept-converted": P4 + call(name("builtins", "set"), b"](K\1e") + call(
        name("collections", "OrderedDict"), b"](" + args(text("a"), b"K\1") + b"e") +
        b"\x86.",
    "accept-state-words": P4 + NAMESPACE + b"}" + text("get") + b"K\1s" + text("copy") + b"\x88s" +
                          text("items") + b"]sb.",
    "accept-class-argument": P2 + glob("copy_reg", "_reconstructor") + MARK + glob(
        "transformers.training_args", "TrainingArguments") + glob("__builtin__", "object") +
        b"NtR}X\2\0\0\0lrK\1sb.",
    "accept-partial": P4 + call(name("functools", "partial"), name(
        "torch.nn.modules.normalization", "LayerNorm")) + args(name(
            "torch.nn.modules.normalization", "LayerNorm"), b")", b"}" + text("eps") + b"K\1s",
                                                               b"N") + b"b.",
    "accept-tensor-class": P4 + call(
        name("torch._tensor", "_rebuild_from_type_v2"), name("torch._utils", "_rebuild_tensor"),
        name("torch.nn.parameter", "Parameter"), args(b"N", b"K\0", b")", b")"), b"}") + b".",
    "reject-pickle-import-dangerous--torch-bytes": P4 + call(
        name("torch.storage", "_load_from_bytes"),
        data(MAGIC + P2 + b"M\xe9\3." + P2 + b"}." + EVIL)) + b".",
    "accept-enumeration-member": P4 + call(GETATTR, name("http", "HTTPStatus"), text("OK")) + call(
        name("re", "RegexFlag"), b"K\2") + b"\x86.",
    "accept-bunch": P4 + BUNCH + text("data") + b"K\1s.",
    "accept-factories": P4 + call(name("collections", "defaultdict"), name("builtins", "list")) +
    call(name("numpy.random._pickle", "__generator_ctor"), call(
        name("numpy.random._pickle", "__bit_generator_ctor"),
        name("numpy.random._pcg64", "PCG64")),
         name("numpy.random._pickle", "__bit_generator_ctor")) + b"\x86.",
    # not known, or known otherwise
    "reject-pickle-import-unknown": P4 + name("acme_models", "Net") + b")\x81.",
    "reject-pickle-import-unknown--not-called": P4 + name("acme_models", "Net") + b".",
    "reject-pickle-import-dangerous--long": P4 + b"X\x10\x27\0\0" + b"a" * 10000 + text("b") + b"\x93.",
    "reject-pickle-use-unsafe--attribute": P4 + ORDERED + b"}" + text("x") + b"K\1sb.",
    "reject-pickle-use-unsafe--items": P4 + ORDERED + text("x") + b"K\1s.",
    "reject-pickle-use-unsafe--getattr-dunder": P4 + call(GETATTR, ORDERED,
                                                          text("__subclasses__")) + b".",
    "reject-pickle-use-unsafe--getattr-stored": P4 + b"]" + GETATTR + b"a.",
    "reject-pickle-use-unsafe--method": P4 + call(call(GETATTR, ORDERED, text("fromkeys")),
                                                  b"]") + b".",
    "reject-pickle-name-computed--constant-of-module": P4 + name("string", "digits") +
                                                       text("system") + b"\x93.",
    "reject-pickle-name-computed--persistent": P4 + b"K\1Q" + text("system") + b"\x93.",
    "reject-pickle-extension-used": P2 + b"\x82\1.",
    # damaged
    "reject-pickle-stream-truncated--empty": b"",
    "reject-pickle-stream-truncated--no-stop": P4 + b"N",
    "reject-pickle-stream-truncated--string": P4 + b"X\xff\0\0\0abc",
    "reject-pickle-stream-truncated--frame": P4 + frame(b"N.", 99),
    "reject-pickle-stream-truncated--line": b"S'abc",
    "reject-pickle-opcode-unknown": b"\xff\xff\xff\xff",
    "reject-pickle-stream-broken--underflow": P4 + b"0.",
    "reject-pickle-stream-broken--mark": P4 + b"N(.",
    "reject-pickle-stream-broken--no-mark": P4 + b"Nt.",
    "reject-pickle-stream-broken--memo": P4 + b"h\0.",
    "reject-pickle-stream-broken--memo-negative": b"Np-1\n.",
    "reject-pickle-stream-broken--protocol": b"\x80\6N.",
    "reject-pickle-stream-broken--utf8": P4 + b"\x8c\1\xff.",
    "reject-pickle-stream-broken--name-bytes": P4 + data(b"os") + data(b"system") + b"\x93.",
    "reject-pickle-stream-broken--name-empty": b"c\nsystem\n.",
    "reject-pickle-stream-broken--not-callable": P4 + text("x") + b")R.",
    "reject-pickle-stream-broken--arguments": P4 + ORDERED + b"]R.",
    "reject-pickle-stream-broken--odd-items": P4 + b"}(Nu.",
    "reject-pickle-stream-broken--octal": b"L010L\n.",
    "reject-pickle-stream-broken--float": b"F1_0\n.",
    "reject-pickle-stream-broken--quotes": b"Sabc\n.",
    "reject-pickle-stream-broken--extension-0": P2 + b"\x82\0.",
    "reject-pickle-frame-wrong--straddles": P4 + frame(b"C\4", 2) + b"N.N." + b".",
    "reject-pickle-frame-wrong--header-straddles":
        P4 + frame(b"N0" + frame(b"N.", 2), 4),
    # Read to its STOP, the text behind it swallows what a reader of frames loads next.
    "reject-pickle-import-dangerous--behind-frame": P4 + frame(b"N.X\x40\0\0\0", 7) + (
        EVIL + bytes(64))[:64] + b".",
    "reject-pickle-frame-wrong--ends-early": P4 + frame(b"N.abc", 5),
    "reject-pickle-import-dangerous--int-nul": b"I\0junk\n0" + glob("os", "system") + b"(S'x'\ntR.",
    "reject-pickle-frame-wrong--nested": P4 + frame(frame(b"N."), 11),
    "reject-pickle-stream-hidden": b"N." + b"\0" * 9 + EVIL,
    "reject-pickle-stream-hidden--behind-many": b"N." + b"cab " * 5000 + EVIL,
    "reject-pickle-stream-hidden--inst": b"N.zzz(S'true'\nios\nsystem\n.",
    "reject-pickle-import-dangerous--hidden-second": b"N." + b"\0" * 9 + P4 + data(
        b"plain data") + b"." + EVIL,
    # worth a word
    "warn-pickle-data-trailing": b"N." + b"\0" * 100,
    "warn-pickle-persistent-unusual": P4 + text("object 7") + b"Q.",
    "warn-pickle-buffer-missing": b"\x80\5\x97.",
    "warn-pickle-nested-found": P4 + data(P4 + b"](K\1K\2K\3K\4e.") + b".",
    "warn-pickle-nested-found--no-pickle": P4 + text(
        base64.b64encode(b"\x80\4 is how pickles begin, and this is none").decode()) + b".",
    "warn-pickle-string-encoded": b"U\1\xe9.",
    "warn-pickle-number-huge": P4 + b"\x8b\0\0\1\0" + b"\1" * 65536 + b".",
    "warn-pickle-structure-deep": P4 + b")" + b"\x85" * 2000 + b".",
    "warn-pickle-structure-expanding": laughs(),
    "warn-pickle-structure-expanding--dup": P4 + b"N" + b"2" * 2000 + b".",
}


def main():
    for old in HERE.glob("*.pkl"):
        old.unlink()
    for reason, content in VECTORS.items():
        (HERE / f"{reason}.pkl").write_bytes(content)


if __name__ == "__main__":
    main()

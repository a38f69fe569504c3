# SPDX-License-Identifier: Apache-2.0
"""Random pickles from a grammar over all opcodes: whole, half right, and mutated.

They name only modules that do not exist, and a few old names of the standard library.
They are never unpickled but by pickle_reference.py, whose find_class imports nothing.
"""

import random

NAMES = [(b"pkg.mod", b"Thing"), (b"pkg", b"make"), (b"a.b.c", b"D.e.F"), (b"x y", b"z"),
         (b"UserDict", b"UserDict"), (b"Queue", b"Queue"), (b"copy_reg", b"nothing"),
         ("päckchen".encode(), "Größe".encode()), (b"pkg\r", b"name\r"), (b"m", b""),
         (b"", b"n"), (b"\xff\xfe", b"n"), (b"m", b"\xed\xa0\x80")]
INTS = [b"0", b"00", b"01", b"1", b"-5", b"007", b"08", b"0x1f", b"0X", b"0o17", b"0b11",
        b"1_000", b"1__0", b"_1", b"1_", b" 12", b"12 ", b"+3", b"--3", b"", b"1L", b"0L",
        b"99999999999999999999", b"1\x00", b"\t4\x0b", b"1.5", b"0_7", b"-0", b"12\r",
        b"0x_f", b"-0x10", b"9223372036854775807", b"9223372036854775808"]
FLOATS = [b"1.5", b"inf", b"-inf", b"nan", b"1_0.5", b"1e5", b"1e", b".5", b"5.", b".", b"",
          b" 1.0", b"1.0 ", b"0x1p3", b"Infinity", b"-nan", b"1e999", b"1\x00", b"1.0\r"]
STRINGS = [b"'abc'", b'"abc"', b"'a\\n\\x41\\101'", b"'\\x4'", b"'\\'", b"'", b"", b"abc",
           b"'a\"", b"'\xff'", b"'\\q'", b"'\\u0041'", b"''", b"'a' ", b"'\\400'", b"'a'\r"]
UNICODES = [b"abc", b"\\u0041", b"\\U0001f600", b"\\u12", b"\\U00110000", b"\\\\u0041",
            b"\xe9", b"\\", b"", b"\\ud800", b"\\x41", b"a\r", b"\\U0000004", b"\\N{DASH}"]
UTF8 = [b"", b"abc", b"pkg.mod", b"Thing", b"append", b"__setstate__", b"\xc3\xa9",
        b"\xed\xa0\x80", b"\xff", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"k" * 300]
KEYS = [0, 1, 2, 3, 255]

PUSH = "N \x88 \x89 ) ] } \x8f".split()


def count(r, n, width, signed=False):
    """A length, now and then a wrong one."""
    if r.random() < 0.01:
        n = r.choice([n + 1, max(n - 1, 0), (1 << (8 * width)) - 1, 1 << (8 * width - 1)])
    return (n % (1 << (8 * width))).to_bytes(width, "little")


def counted(r, op, width, data):
    return op + count(r, len(data), width) + data


def number(r):
    return r.choice([
        lambda: b"K" + r.randbytes(1), lambda: b"M" + r.randbytes(2),
        lambda: b"J" + r.randbytes(4), lambda: b"G" + r.randbytes(8),
        lambda: counted(r, b"\x8a", 1, r.randbytes(r.randrange(10))),
        lambda: counted(r, b"\x8b", 4, r.randbytes(r.randrange(10))),
        lambda: b"I" + r.choice(INTS) + b"\n", lambda: b"L" + r.choice(INTS) + b"\n",
        lambda: b"F" + r.choice(FLOATS) + b"\n"])()


def text(r):
    data = r.choice(UTF8) if r.random() < 0.4 else b"pkg.mod"
    return r.choice([
        lambda: counted(r, b"X", 4, data), lambda: counted(r, b"\x8c", 1, data[:255]),
        lambda: counted(r, b"\x8d", 8, data), lambda: counted(r, b"T", 4, data),
        lambda: counted(r, b"U", 1, data[:255]), lambda: counted(r, b"B", 4, data),
        lambda: counted(r, b"C", 1, data[:255]), lambda: counted(r, b"\x8e", 8, data),
        lambda: counted(r, b"\x96", 8, data), lambda: b"S" + r.choice(STRINGS) + b"\n",
        lambda: b"V" + r.choice(UNICODES) + b"\n"])()


def name(r):
    module, attribute = NAMES[r.randrange(7)] if r.random() < 0.9 else r.choice(NAMES)
    if r.random() < 0.6:
        return b"c" + module + b"\n" + attribute + b"\n"
    return counted(r, b"X", 4, module) + counted(r, b"\x8c", 1, attribute) + b"\x93"


def value(r, depth=0):
    """Opcodes that leave one value more on the stack, if all goes well."""
    if depth > 3 or r.random() < 0.35:
        return r.choice([number, text, name, lambda r: r.choice(PUSH).encode("latin-1")])(r)
    some = [value(r, depth + 1) for _ in range(r.randrange(4))]
    items = b"".join(some)
    args = b"(" + items + b"t"
    return r.choice([
        lambda: args, lambda: b"(" + items + b"l", lambda: b"(" + items + b"d",
        lambda: b"(" + items + b"\x91", lambda: b"](" + items + b"e",
        lambda: b"}(" + items + b"u", lambda: b"\x8f(" + items + b"\x90",
        lambda: value(r, depth + 1) + b"\x85", lambda: b"NN\x86", lambda: b"NNN\x87",
        lambda: name(r) + args + b"R", lambda: name(r) + args + b"\x81",
        lambda: name(r) + args + b"}\x92", lambda: b"(" + name(r) + items + b"o",
        lambda: b"(" + items + b"i" + b"\n".join(NAMES[r.randrange(7)]) + b"\n",
        lambda: value(r, depth + 1) + r.choice([b"N", b"}", b"NN\x86", b"N}\x86"]) + b"b",
        lambda: name(r) + args + b"R" + value(r, depth + 1) + b"b",
        lambda: value(r, depth + 1) + value(r, depth + 1) + b"a",
        lambda: value(r, depth + 1) + b"NN" + b"s",
        lambda: value(r, depth + 1) + b"(" + items + r.choice([b"e", b"u", b"\x90"]),
        lambda: value(r, depth + 1) + b"Q", lambda: b"Pid-\n",
        lambda: value(r, depth + 1) + b"20", lambda: b"(" + items + b"1N",
        lambda: value(r, depth + 1) + memo(r), lambda: framed(r, value(r, depth + 1)),
        lambda: b"\x80" + bytes([r.randrange(7 if r.random() < .1 else 6)]) +
        value(r, depth + 1)])()


def memo(r):
    key = r.choice(KEYS)
    put = r.choice([b"\x94", b"q" + bytes([key]), b"r" + key.to_bytes(4, "little"),
                    b"p%d\n" % key, b"p" + r.choice(INTS) + b"\n"])
    get = r.choice([b"", b"0h" + bytes([key]), b"0j" + key.to_bytes(4, "little"),
                    b"0g%d\n" % key, b"0g" + r.choice(INTS) + b"\n"])
    return put + get


def framed(r, body):
    return counted(r, b"\x95", 8, body)


def mutated(r, data):
    data = bytearray(data)
    for _ in range(r.randrange(1, 4)):
        at = r.randrange(len(data))
        kind = r.randrange(4)
        if kind == 0:
            data[at] = r.randrange(256)
        elif kind == 1:
            data[at:at] = r.choice(b"(.0123RQabdeilostu\x81\x85\x90\x92\x93\x94\x97\x98")\
                .to_bytes(1, "little")
        elif kind == 2:
            del data[at:at + r.randrange(1, 4)]
        else:
            del data[at:]
        if not data:
            break
    return bytes(data)


def pickles(seed, n):
    """n of them: half as the grammar says, half mutated."""
    r = random.Random(seed)
    for i in range(n):
        head = b"\x80" + bytes([r.randrange(6)]) if r.random() < 0.7 else b""
        body = value(r)
        data = head + (framed(r, body + b".") if r.random() < 0.1 else body + b".")
        if i % 2:
            data = mutated(r, data)
        yield data + (r.randbytes(3) if r.random() < 0.2 else b"")

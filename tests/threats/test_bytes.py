# SPDX-License-Identifier: Apache-2.0
"""Threats 1 to 48: arithmetic and memory of parsers, and resources."""

import gzip
import io
import json
import os
import resource
import struct
import time
import zipfile
import zlib

import harness
import models
import threats
from threats import elsewhere, good, threat

U64 = 2 ** 64 - 1


def header(text, data=b"", pad=True):
    """A safetensors file with this header text."""
    raw = text.encode() if isinstance(text, str) else text
    raw += b" " * (-len(raw) % 8 if pad else 0)
    return struct.pack("<Q", len(raw)) + raw + data


def tensor(dtype="F32", shape="[2]", offsets="[0,8]", name="w"):
    return f'{{"{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}'


def gguf_key(name, kind, value):
    return (struct.pack("<Q", len(name)) + name + struct.pack("<I", kind) + value)


def gguf_raw(n_tensors=0, n_keys=0, rest=b"", version=3):
    return b"GGUF" + struct.pack("<IQQ", version, n_tensors, n_keys) + rest


def gguf_tensor(dims, kind=0, offset=0, n_dims=None, name=b"t"):
    return (struct.pack("<Q", len(name)) + name +
            struct.pack("<I", len(dims) if n_dims is None else n_dims) +
            b"".join(struct.pack("<Q", d) for d in dims) + struct.pack("<IQ", kind, offset))


def gguf_one(*args, **kwargs):
    body = gguf_raw(1, 0, gguf_tensor(*args, **kwargs))
    return body + b"\0" * (-len(body) % 32 + 32)


def gguf_file():
    return models.gguf({"t": ((8,), models.f32(8)[2])})


def packed(members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, content in members:
            file.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


# 2a. Memory safety and arithmetic.

@threat(1, "safetensors header length far beyond the file", 1, "safetensors-header-.*")
def _(test):
    body = b'{"__metadata__":{}}     '
    for n in (2 ** 63, U64, U64 - 7, len(body) + 1):
        yield "a.safetensors", struct.pack("<Q", n) + body


@threat(2, "safetensors header length just beyond the format's own cap", 1,
        "safetensors-header-(length|limit|large)")
def _(test):
    yield "a.safetensors", struct.pack("<Q", 100_000_001) + b"{}"


@threat(3, "a file of 0 to 7 bytes; a header of none", (1, 2))
def _(test):
    for n in range(8):
        yield "a.safetensors", b"\2\0\0\0\0\0\0"[:n]
    yield "a.safetensors", b"\0" * 8, 1


@threat(4, "shape times element size wraps around", 1, "safetensors-size-.*")
def _(test):
    for shape in (f"[{2 ** 32},{2 ** 32}]", f"[{2 ** 62 + 2}]", f"[{2 ** 63 - 1},{2 ** 63 - 1}]"):
        yield "a.safetensors", header(tensor(shape=shape), b"\0" * 8)


@threat(5, "numbers that are no exact, small, plain integers", 1)
def _(test):
    for word in ("-8", "8.0", "8e0", "+8", "08", str(2 ** 53 + 1), str(2 ** 64),
                 str(2 ** 64 + 8), "1e400", '"8"', "null", "NaN", "0x8", "true", "[]"):
        yield "a.safetensors", header(tensor(offsets=f"[0,{word}]"), b"\0" * 8)
        yield "a.safetensors", header(tensor(shape=f"[{word}]"), b"\0" * 8)


@threat(6, "GGUF counts that no file of this size can hold", 1, "gguf-.*")
def _(test):
    for n in (U64, 2 ** 60, 10 ** 9):
        yield "a.gguf", gguf_raw(n, 0)
        yield "a.gguf", gguf_raw(0, n)


@threat(7, "GGUF string lengths that wrap when one is added", 1, "gguf-.*")
def _(test):
    for n in (U64, 2 ** 63, 2 ** 63 - 1):
        yield "a.gguf", gguf_raw(0, 1, struct.pack("<Q", n) + b"x" * 64)
        yield "a.gguf", gguf_raw(0, 1, gguf_key(b"a.b", 8, struct.pack("<Q", n) + b"x" * 64))


@threat(8, "GGUF array count times element size wraps", 1, "gguf-.*")
def _(test):
    for kind in (0, 4, 8, 10, 12):
        for n in (2 ** 61 + 1, 2 ** 62 + 1, U64):
            yield "a.gguf", gguf_raw(0, 1, gguf_key(
                b"a.b", 9, struct.pack("<IQ", kind, n) + b"\0" * 64))


@threat(9, "two sizes whose padded sum wraps", 1, "gguf-.*")
def _(test):
    count = (2 ** 63 - 64) // 4
    body = gguf_raw(2, 0, gguf_tensor([count], name=b"a") +
                    gguf_tensor([count], name=b"b", offset=2 ** 63 - 64))
    yield "a.gguf", body + b"\0" * 96


@threat(10, "dimensions of 0 are defined and named, -1 and overflowing products refused", 1)
def _(test):
    for kind in (0, 2, 12):
        for dims in ([U64], [2 ** 63, 2], [2 ** 32, 2 ** 32, 2 ** 32]):
            yield "a.gguf", gguf_one(dims, kind=kind)
        for dims in ([0], [0, 0], [3, 0, 5]):
            yield "a.gguf", gguf_one(dims, kind=kind), (0, 1), "gguf-(dim-zero|block-partial)"


@threat(11, "alignment that is no power of two, too large, or of another type", 1, "gguf-.*")
def _(test):
    for kind, value in ((4, 0), (4, 1), (4, 3), (4, 13), (6, 32), (5, -1)):
        form = "<i" if kind == 5 else "<I"
        yield "a.gguf", gguf_raw(0, 1, gguf_key(b"general.alignment", kind,
                                                struct.pack(form, value))) + b"\0" * 64
    yield "a.gguf", gguf_raw(0, 1, gguf_key(b"general.alignment", 8,
                                            struct.pack("<Q", 2) + b"32")) + b"\0" * 64
    # A power of two that nobody uses, with no data to align: named, and harmless.
    yield "a.gguf", gguf_raw(0, 1, gguf_key(b"general.alignment", 4, struct.pack(
        "<I", 2 ** 31))) + b"\0" * 64, (0, 1), "gguf-alignment-large"


@threat(12, "ranks of 0, 5, 100 and 2^32-1", 1, "gguf-.*")
def _(test):
    for n in (5, 100, 2 ** 32 - 1):
        yield "a.gguf", gguf_one([1] * 5, n_dims=n)
    yield "a.gguf", gguf_one([], n_dims=0), (0, 1, 2), None


@threat(13, "unknown and removed types are never clean", (1, 2), "gguf-.*type.*")
def _(test):
    for kind in (13, 14, 255, U64 >> 32):
        yield "a.gguf", gguf_raw(0, 1, gguf_key(b"a.b", kind, b"\0" * 64))
    for kind in (4, 5, 31, 99, 1000, U64 >> 32):
        yield "a.gguf", gguf_one([8], kind=kind)


@threat(14, "every truncation of a valid file", (1, 2))
def _(test):
    whole = models.safetensors({"w": models.f32(2)}, {"format": "pt"})
    for n in range(1, len(whole)):
        yield "a.safetensors", whole[:n]
    whole = gguf_file()
    end = whole.rindex(models.f32(8)[2]) + 32       # padding behind it may be missing
    for n in range(4, end):
        yield "a.gguf", whole[:n]
    whole = packed([("archive/data.pkl", b"\x80\x02}."), ("archive/version", b"3\n")],
                   zipfile.ZIP_STORED)
    for n in range(4, len(whole)):
        yield "a.pt", whole[:n]
    whole = b"\x80\x04\x95\x0a\0\0\0\0\0\0\0}\x94\x8c\x01a\x94K\x01s."
    for n in range(2, len(whole)):
        yield "a.pkl", whole[:n]


@threat(15, "every byte of a header set to others: an answer each time", (0, 1, 2))
def _(test):
    values = range(256) if harness.TIER == "deep" else (0, 1, 0x7f, 0x80, 0xff)
    for name, whole in (("a.safetensors", header(tensor(), b"\0" * 8)),
                        ("a.gguf", gguf_file()[:-64])):
        for at in range(len(whole)):
            for value in values:
                yield name, whole[:at] + bytes([value]) + whole[at + 1:]


@threat(16, "a big-endian GGUF file is named as one", (0, 1, 2), "gguf-.*")
def _(test):
    yield "a.gguf", b"GGUF" + struct.pack(">IQQ", 3, 0, 0) + b"\0" * 64, (0, 1, 2), \
        "gguf-(byte-order-big|version-.*)"




elsewhere(17, "all inputs of up to two bytes, and of three, for every parser",
          "tests/fuzz/CMakeLists.txt", "--exhaustive")


def zip_end(count=1, size=46, offset=0, comment=b"", disk=0):
    return b"PK\5\6" + struct.pack("<HHHHIIH", disk, disk, count, count, size, offset,
                                   len(comment)) + comment


@threat(18, "ZIP ends that count, measure or point beyond the file", (1, 2))
def _(test):
    whole = packed([("archive/data.pkl", b"\x80\x02}.")])
    begin = whole[:whole.rindex(b"PK\5\6")]
    for end in (zip_end(65535), zip_end(offset=0xffffffff), zip_end(offset=len(begin) + 999),
                zip_end(size=0xffffffff), zip_end(disk=1)):
        yield "a.pt", begin + end
    yield "a.pt", zip_end(65535, 0, 0)


@threat(19, "ZIP64: an extra too short, offsets of 2^64-1, a broken locator", (1, 2))
def _(test):
    whole = packed([("archive/data.pkl", b"\x80\x02}.")])
    begin = whole[:whole.rindex(b"PK\5\6")]
    far = struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, U64, U64)
    for where in (len(begin), U64, 0):
        yield "a.pt", (begin + b"PK\6\6" + far + b"PK\6\7" + struct.pack("<IQI", 0, where, 1) +
                       zip_end(0xffff, 0xffffffff, 0xffffffff))
    central = begin.rindex(b"PK\1\2")
    entry = bytearray(begin[central:])
    entry[20:28] = b"\xff" * 8
    entry[30:32] = struct.pack("<H", 4)
    yield "a.pt", begin[:central] + bytes(entry) + b"\1\0\0\0" + zip_end(
        1, len(entry) + 4, central)


@threat(20, "pickle lengths that are not there are not allocated", (1, 2), "pickle-.*")
def _(test):
    for opcode, form in ((b"\x8e", "<Q"), (b"\x96", "<Q"), (b"\x8d", "<Q"), (b"\x95", "<Q"),
                         (b"\x8b", "<I"), (b"B", "<I"), (b"X", "<I"), (b"T", "<I")):
        most = 2 ** (8 * struct.calcsize(form))
        for n in (most - 1, most // 2, 0x7ffffff0):
            yield "a.pkl", b"\x80\x05" + opcode + struct.pack(form, n) + b"abc."


@threat(21, "stack underflow, missing marks and memo entries, negative PUT", (1, 2), "pickle-.*")
def _(test):
    for code in (b"0.", b"t.", b"\x85.", b"u.", b"h\x63.", b"g99\n.", b"p-1\n.", b"Np-1\n.",
                 b"(.", b"s.", b"R.", b"a.", b"\x86.", b"1.", b"."):
        yield "a.pkl", b"\x80\x02" + code


@threat(22, "zstd windows and contents of terabytes in a few bytes", (1, 2))
def _(test):
    magic = b"\x28\xb5\x2f\xfd"
    yield "a.zst", magic + b"\0\xf8" + b"\1\0\0"                    # window of 2 TiB and more
    yield "a.zst", magic + b"\xe0" + b"\xff" * 8 + b"\1\0\0"        # content of 2^64 - 1
    yield "a.zst", b"\x50\x2a\x4d\x18\xff\xff\xff\xff"


elsewhere(23, "DER: lengths, nesting, signs, curves spelled out", "tests/keys/test_key.c",
          "test_mutants")
elsewhere(24, "PEM: no end, endless lines, NULs, text around it", "tests/keys/test_pem.c",
          "test_blocks_broken")
elsewhere(25, "base64 that is not the one spelling", "tests/keys/test_bundle.c",
          "test_refused")


# 2b. Resources.

def zeros(n):
    """n zero bytes, deflated (raw), without ever holding them."""
    deflate, block, out = zlib.compressobj(9, zlib.DEFLATED, -15), b"\0" * (1 << 20), b""
    for _ in range(n >> 20):
        out += deflate.compress(block)
    return out + deflate.flush()


def zip_of_deflated(name, data, size):
    local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 8, 0, 0, 0, len(data), size,
                        len(name), 0) + name
    central = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 8, 0, 0, 0, len(data),
                          size, len(name), 0, 0, 0, 0, 0, 0) + name
    return local + data + central + zip_end(1, len(central), len(local) + len(data))


@threat(26, "a gibibyte in a megabyte ends at the ratio", (1, 2))
def _(test):
    size = 1 << (30 if harness.TIER == "deep" else 27)
    yield "a.pt", zip_of_deflated(b"archive/data.pkl", zeros(size), size)


@threat(27, "entries that overlap are seen before anything is unpacked", 1,
        "zip-(entry-overlap|.*)")
def _(test):
    whole = packed([("archive/data.pkl", b"\0" * 4096)])
    central = whole.rindex(b"PK\1\2")
    entry = whole[central:whole.rindex(b"PK\5\6")]
    many = b"".join(entry.replace(b"data.pkl", b"%04d.pkl" % i) for i in range(250))
    yield "a.pt", whole[:central] + many + zip_end(250, len(many), central)


@threat(28, "archives in archives in archives", (1, 2))
def _(test):
    inner = packed([("x.pkl", b"\x80\x02}.")])
    for _ in range(12):
        inner = packed([(f"{i}.zip", inner) for i in range(2)])
    yield "a.zip", inner


@threat(29, "66,000 entries; more than the limit", None)
def _(test):
    path = test.write("a.npz", packed([(f"{i}.txt", b"") for i in range(66000)],
                                      zipfile.ZIP_STORED))
    began = time.monotonic()
    test.expect((0, 1, 2), "scan", path)
    test.assertLess(time.monotonic() - began, 20)
    test.expect((1, 2), "scan", path, "--limit", "zip-entries=1000",
                rule="worker-limit-reached")


@threat(30, "a gzip bomb; 20,000 empty members; 50,000 empty frames", (1, 2, 0))
def _(test):
    raw = zeros(1 << 27)
    yield "a.pkl.gz", (b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + raw +
                       struct.pack("<II", 0, 1 << 27)), (1, 2), None
    yield "b.pkl.gz", gzip.compress(b"") * 20000
    yield "c.pkl.zst", b"\x50\x2a\x4d\x18\0\0\0\0" * 50000


@threat(31, "JSON nested a million deep", (1, 2))
def _(test):
    yield "a.safetensors", header("[" * 1_000_000)
    yield "a.safetensors", header('{"a":' * 200_000)
    yield "config.json", "[" * 1_000_000
    yield "model.safetensors.index.json", '{"a":' * 200_000


@threat(32, "GGUF arrays nested 20,000 deep", 1, "gguf-array-.*")
def _(test):
    yield "a.gguf", gguf_raw(0, 1, gguf_key(b"a.b", 9, struct.pack("<IQ", 9, 1) * 20000))


def cost_of(test, path, seconds=2):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = harness.run("scan", "--json", path)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    test.assertLess(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
                    seconds * (8 if "asan" in str(harness.BUILD) else 1), path)
    return done.returncode


@threat(33, "a million marks, lists, tuples and duplicates: bounded time")
def _(test):
    for i, code in enumerate((b"(" * 10 ** 6 + b".", b"]" * 500_000 + b"a" * 499_999 + b".",
                              b"N" + b"\x85" * 10 ** 6 + b".", b"N" + b"2" * 10 ** 6 + b".")):
        path = test.write(f"{i}.pkl", b"\x80\x02" + code)
        test.assertIn(cost_of(test, path), (0, 1, 2))


@threat(34, "graphs that are huge when written out")
def _(test):
    for i, code in enumerate((b"]" + b"2\x86" * 100_000 + b".",
                              b"]" + b"q\0(h\0h\0l" * 120 + b".")):
        test.assertIn(cost_of(test, test.write(f"{i}.pkl", b"\x80\x02" + code)), (0, 1, 2))


@threat(35, "a memo of far apart numbers costs what is in it")
def _(test):
    code = b"N" + b"".join(b"r" + struct.pack("<I", i * 16_000_000 % 2 ** 32)
                           for i in range(200)) + b"r\xff\xff\xff\xff."
    test.assertIn(cost_of(test, test.write("a.pkl", b"\x80\x02" + code)), (0, 1, 2))


@threat(36, "a million digits are never converted; a line of a mebibyte without an end",
        (0, 1, 2), "pickle-number-huge")
def _(test):
    yield "a.pkl", b"I" + b"9" * 10 ** 6 + b"\n."
    yield "a.pkl", b"\x80\x02L" + b"9" * 10 ** 6 + b"L\n."
    yield "a.pkl", b"\x80\x02c" + b"a" * (1 << 20), (1, 2), None


@threat(37, "60,000 tensors: none of any size, reversed, all overlapping")
def _(test):
    def write(name, entries):
        path = test.write(name, header(json.dumps(entries), b"\0" * 240_000))
        return cost_of(test, path, 3)

    def entry(begin, end, n):
        return {"dtype": "U8", "shape": [n], "data_offsets": [begin, end]}
    n = 60_000
    test.assertEqual(write("reverse.safetensors", {
        f"t{i}": entry((n - 1 - i) * 4, (n - i) * 4, 4) for i in range(n)}), 0)
    test.assertEqual(write("overlap.safetensors", {
        f"t{i}": entry(0, 240_000, 240_000) for i in range(n)}), 1)
    test.assertIn(write("zero.safetensors", {
        f"t{i}": entry(0, 0, 0) for i in range(n)} | {"w": entry(0, 240_000, 240_000)}), (0, 1))


@threat(38, "8,192 names that collide in common hash functions")
def _(test):
    # 31 * 'A' + 'a' == 31 * 'B' + 'B', and 33 * 'a' + 'B' == 33 * 'b' + '!'.
    for i, pair in enumerate((("Aa", "BB"), ("aB", "b!"))):
        names = ["".join(pair[n >> bit & 1] for bit in range(13)) for n in range(8192)]
        content = {name: {"dtype": "U8", "shape": [1], "data_offsets": [at, at + 1]}
                   for at, name in enumerate(names)}
        path = test.write(f"{i}.safetensors", header(json.dumps(content), b"\0" * 8192))
        test.assertEqual(cost_of(test, path), 0)


@threat(39, "100,000 dimensions are named; a name of a mebibyte is not kept", (1, 2))
def _(test):
    shape = "[" + ",".join(["1"] * 100_000) + "]"
    yield "a.safetensors", header(tensor(shape=shape, offsets="[0,4]"), b"\0" * 4), \
        (0, 1, 2), "tensor-rank-excess"
    yield "a.safetensors", header(tensor(name="n" * (1 << 20)), b"\0" * 8), (0, 1, 2), \
        "tensor-name-length"


elsewhere(40, "bundles with huge strings, 10^5 signatures, 10^4 certificates",
          "tests/keys/test_bundle.c", "test_large")
elsewhere(41, "certificates whose names and constraints multiply",
          "tests/keys/test_chain_corpus.c", "many-names")
elsewhere(42, "RSA keys of other sizes and exponents", "tests/keys/test_key.c", "test_refused")


@threat(43, "a sparse file of a tebibyte ends at the limit, and says so")
def _(test):
    with open(test.tmp / "huge.safetensors", "wb") as file:
        file.truncate(1 << 40)
    began = time.monotonic()
    test.expect((1, 2), "check", test.tmp, "--limit", "file-bytes=1000000000")
    test.assertLess(time.monotonic() - began, 20)


@threat(44, "directories beyond the limits; names of 255 bytes; paths beyond PATH_MAX")
def _(test):
    test.write("m/model.safetensors", good())
    test.write("m/" + "n" * 251 + ".txt", b"")
    test.expect(0, "check", test.tmp / "m")
    test.expect(2, "check", test.tmp / "m", "--limit", "dir-entries=1")
    fd = os.open(test.tmp / "m", os.O_RDONLY)
    try:
        for _ in range(24):
            os.mkdir("d" * 250, dir_fd=fd)
            deeper = os.open("d" * 250, os.O_RDONLY, dir_fd=fd)
            os.close(fd)
            fd = deeper
        with open(os.open("x.safetensors", os.O_CREAT | os.O_WRONLY, dir_fd=fd), "wb") as file:
            file.write(good()[:-1])
    finally:
        os.close(fd)
    test.expect(1, "check", test.tmp / "m", rule="safetensors-data-truncated")
    test.expect(2, "check", test.tmp / "m", "--limit", "dir-depth=4")


@threat(45, "links in a circle")
def _(test):
    test.write("m/model.safetensors", good())
    (test.tmp / "m/loop").symlink_to(".")
    (test.tmp / "m/a.safetensors").symlink_to("b.safetensors")
    (test.tmp / "m/b.safetensors").symlink_to("a.safetensors")
    for more in ([], ["--follow-links"]):
        test.expect(2, "check", test.tmp / "m", *more)


elsewhere(46, "a worker beyond processor time, memory or patience",
          "tests/engine/test_worker.c", "test_processor_time")


@threat(47, "a million findings in one file: counted, the verdict stays")
def _(test):
    n = 60_000
    content = {f"t{i}": {"dtype": "F32", "shape": [1], "data_offsets": [0, 1]}
               for i in range(n)}
    path = test.write("a.safetensors", header(json.dumps(content), b"\0"))
    done = harness.run("scan", "--json", path)
    test.assertEqual(done.returncode, 1)
    test.assertLess(len(done.stdout), 1 << 20)
    test.assertIn(b"more", done.stdout)


@threat(48, "few descriptors: an answer or a clean end")
def _(test):
    path = test.write("model.safetensors", good())
    for n in range(4, 18):
        done = harness.run("check", path, preexec_fn=lambda n=n: resource.setrlimit(
            resource.RLIMIT_NOFILE, (n, n)))
        test.assertIn(done.returncode, (0, 2), (n, done.stderr))
        test.assertEqual(done.returncode == 0, b"Nothing found" in done.stdout, n)


Threats = threats.table(1, 48)

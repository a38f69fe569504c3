# SPDX-License-Identifier: Apache-2.0
"""Threats 49 to 79: files and races, names in lists and archives."""

import io
import json
import os
import socket
import stat
import struct
import threading
import zipfile

import harness
import models
import forge
import threats
from threats import absent, elsewhere, good, threat

PICKLE = b"\x80\x02}."
HARM = b"\x80\x02cposix\nsystem\nX\x02\0\0\0id\x85R."

# Rounds of a race, each with many swaps.
ROUNDS = {"fast": 15, "default": 40}.get(harness.TIER, 100_000 // 20)


def archive(members, change=None, method=zipfile.ZIP_STORED):
    """A ZIP; change(info) may turn an entry into something odd."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            if change:
                change(info)
            file.writestr(info, content)
    return out.getvalue()


def with_name(name):
    """An archive whose one entry has these bytes as its name, in both headers."""
    raw = name if isinstance(name, bytes) else name.encode("utf-8", "surrogatepass")
    mark = b"N" * max(1, len(raw))
    data = archive([(mark.decode(), PICKLE)])
    return data.replace(mark, raw) if raw else data


def torch(*more, change=None):
    return archive([("archive/data.pkl", PICKLE), ("archive/version", b"3\n"), *more], change)


# 2c. The file system.

@threat(49, "FIFOs, sockets and devices: in the tree, as argument, as key and signature")
def _(test):
    with test.model() as model:
        os.mkfifo(model / "pipe.safetensors")
        test.expect(2, "check", model, rule="file-special-found")
        os.unlink(model / "pipe.safetensors")
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(str(model / "s"))
            test.expect(2, "check", model, rule="file-special-found")
        os.unlink(model / "s")
        fifo = test.tmp / "fifo"
        os.mkfifo(fifo)
        test.assertEqual(harness.run("check", fifo, timeout=20).returncode, 2)
        for words in (["verify", "--key", fifo], ["verify", "--key", "/dev/zero"],
                      ["check", "--policy", fifo], ["check", "--baseline", fifo],
                      ["sign", "--key", fifo]):
            done = harness.run(*words, model, timeout=20)
            test.assertIn(done.returncode, (2, 4), words)
        done = harness.run("verify", "--key", forge.keys().public, "--signature", fifo,
                           model, timeout=20)
        test.assertIn(done.returncode, (1, 2, 4))


@threat(50, "/dev/zero, /proc/kcore and /proc/self/mem as models")
def _(test):
    for path in ("/dev/zero", "/proc/kcore", "/proc/self/mem", "/proc/self/fd/0", "/dev/full"):
        if os.path.exists(path):
            done = harness.run("check", path, "--limit", "file-bytes=1000000", timeout=20)
            test.assertIn(done.returncode, (2, 3), path)


@threat(51, "links: to outside, dangling, of folders, a chain of 41; signed ones")
def _(test):
    outside = test.write("outside/x.safetensors", good())
    with test.model() as model:
        for target in (outside, "nowhere", outside.parent):
            (model / "link").symlink_to(target)
            test.expect(2, "check", model)
            test.assertNotEqual(forge.sign(model).returncode, 0)
            os.unlink(model / "link")
        (model / "link0.safetensors").symlink_to("model.safetensors")
        for i in range(1, 42):
            (model / f"link{i}.safetensors").symlink_to(f"link{i - 1}.safetensors")
        test.expect((0, 2), "check", model)


def raced(test, model, alter, rounds, judge, *words):
    """Runs the program again and again while a thread alters the model."""
    stop = threading.Event()

    def run():
        while not stop.is_set():
            alter()
    thread = threading.Thread(target=run)
    thread.start()
    try:
        for _ in range(rounds):
            done = harness.run("check", "--json", *words, model)
            judge(done.returncode, json.loads(done.stdout))
    finally:
        stop.set()
        thread.join()


@threat(52, "a file swapped for a link to outside, again and again: never read")
def _(test):
    outside = test.write("outside/x.safetensors", good()[:-1])
    with test.model() as model:
        fresh, target, turn = test.tmp / "fresh", model / "x.safetensors", [0]

        def swap():
            turn[0] += 1
            fresh.symlink_to(outside) if turn[0] % 2 else fresh.write_bytes(good())
            os.replace(fresh, target)

        def judge(code, document):
            test.assertIn(code, (0, 2), document)
            test.assertNotIn("safetensors-data-truncated", threats.rules_of(document))
        raced(test, model, swap, ROUNDS, judge)
        test.assertGreater(turn[0], 100_000 if harness.TIER == "deep" else ROUNDS)


@threat(53, "a folder renamed and replaced during the walk: another model is not mixed in")
def _(test):
    test.write("m/a/model.safetensors", good())
    test.write("m/a/notes.txt", b"text\n")
    test.write("other/model.safetensors", good()[:-1])
    inner, aside, other = test.tmp / "m/a", test.tmp / "aside", test.tmp / "other"

    def swap():
        os.rename(inner, aside)
        os.symlink(other, inner)
        os.unlink(inner)
        os.rename(aside, inner)

    def judge(code, document):
        test.assertIn(code, (0, 2, 3), document)
        test.assertNotIn("safetensors-data-truncated", threats.rules_of(document))
        if code == 0:
            test.assertEqual(document["counts"]["artifacts"], 2)
    raced(test, test.tmp / "m", swap, ROUNDS, judge)


@threat(54, "a file that grows, shrinks or is rewritten while it is read")
def _(test):
    content = models.safetensors({"w": ("U8", [1 << 22], b"\0" * (1 << 22))})
    path = test.write("m/model.safetensors", content)
    size, turn = len(content), [0]

    def alter():
        turn[0] += 1
        if turn[0] % 3 == 0:
            os.truncate(path, size - 4096)
            os.truncate(path, size)
        elif turn[0] % 3 == 1:
            os.truncate(path, size + 4096)
            os.truncate(path, size)
        else:
            with open(path, "r+b") as file:
                file.seek(size - 1)
                file.write(bytes([turn[0] & 0xff]))

    def judge(code, document):
        test.assertIn(code, (0, 1, 2), document)
        if code == 0:
            test.assertEqual(document["artifacts"][0]["size"], size)
    raced(test, test.tmp / "m", alter, ROUNDS, judge, "--jobs", "1")


absent(55, "between the check and the load", "docs/threats.md says what is not promised; "
       "no command runs another program or copies a model")


@threat(56, "a hard link: contents count")
def _(test):
    with test.model() as model:
        os.link(test.write("outside.safetensors", good()), model / "b.safetensors")
        test.expect(0, "check", model)


elsewhere(57, "files that cannot be read are named, never skipped",
          "tests/engine/test_hostile.py", "test_unreadable_for_somebody_else")
absent(58, "another file system mounted inside the tree", "mounting needs root, and what is "
       "mounted there is what a loader would read; no option asks to stay on one")


@threat(59, "names that are not UTF-8: escaped, listed, never signed in silence")
def _(test):
    with test.model() as model:
        with open(os.fsencode(model) + b"/\xff\xfe\x1b[2J.safetensors", "wb") as file:
            file.write(good())
        done = harness.run("check", "--json", model)
        document = json.loads(done.stdout.decode("utf-8"))
        test.assertEqual(sum("path_hex" in a for a in document["artifacts"]), 1)
        test.assertNotIn(b"\x1b", done.stdout + harness.run("check", model).stdout)
        test.assertNotEqual(forge.sign(model).returncode, 0)


@threat(60, "twins: names that differ in case or normal form only")
def _(test):
    for i, pair in enumerate((("a.txt", "A.txt"), ("caf\u00e9.txt", "cafe\u0301.txt"),
                              ("A\u030a.txt", "\u00c5.txt"), ("STRASSE.txt", "strasse.txt"))):
        for name in pair:
            test.write(f"{i}/{name}", b"text\n")
        test.write(f"{i}/model.safetensors", good())
        test.expect((0, 1), "check", test.tmp / f"{i}", rule="file-twin-name")


elsewhere(61, "standard streams closed at the start", "tests/engine/test_hostile.py",
          "test_streams_that_are_closed")


@threat(62, "stdout is full, or a pipe that nobody reads: never 0")
def _(test):
    path = test.write("model.safetensors", good())
    forge.sign(path)
    commands = (["check", path], ["scan", path], ["hash", path], ["inspect", path],
                ["rules"], ["check", "--json", path], ["trace", test.write("a.pkl", PICKLE)],
                ["verify", "--key", forge.keys().public, path], ["policy", "init"],
                ["key", "id", forge.keys().public], ["--version"], ["--help"])
    for words in commands:
        with open("/dev/full", "wb") as full:
            test.assertEqual(harness.run(*words, stdout=full).returncode, 2, words)
        read, write = os.pipe()
        os.close(read)
        try:
            done = harness.run(*words, stdout=write)
        finally:
            os.close(write)
        test.assertEqual(done.returncode, 2, words)


@threat(63, "bytes after the last tensor and between tensors", (1, 2))
def _(test):
    yield "a.safetensors", good() + b"\0", 1, "safetensors-data-trailing"
    entry = '"%s":{"dtype":"U8","shape":[4],"data_offsets":[%d,%d]}'
    text = "{%s,%s}" % (entry % ("a", 0, 4), entry % ("b", 8, 12))
    text += " " * (-len(text) % 8)
    yield "b.safetensors", struct.pack("<Q", len(text)) + text.encode() + b"\0" * 12, 1, \
        "safetensors-offset-hole"
    whole = models.gguf({"t": ((8,), models.f32(8)[2])})
    yield "c.gguf", whole + HARM * 99, (1, 2), "gguf-.*"


@threat(64, "a file that is two things at once", 1)
def _(test):
    tail = archive([("archive/data.pkl", HARM)])
    yield "a.safetensors", good() + tail
    yield "b.gguf", models.gguf({"t": ((8,), models.f32(8)[2])}) + tail
    yield "c.pt", b"\x7fELF\2\1\1" + b"\0" * 57 + tail
    yield "d.pt", b"#!/bin/sh\nexit\n" + tail


# 2d. Names in lists and archives.

# Names that a signed list may not have.  Shown escaped, so that none hides here.
REFUSED = ["..", "../x", "a/../b", "/abs", "//x", "./x", "a//b", "a/", "", ".", "a/.",
           "a\0b", "a\nb", "a\rb", "a\x1b[2J", "a\x7f", "a\x85b", "a\u2028b", "a\u202eb",
           "a\u200bb", "\ufeffa"]
PORTABLE = ["a\\b", "..\\x", "C:x", "C:/x", "\\\\?\\C:\\a", "CON", "nul.txt", "COM\u00b9", "a.",
            "a ", "a:b", "a::$DATA", "a*b", "a?b"]


def lists(test, names):
    """Codes of lists, properly signed, in which a name stands beside a fine one."""
    with test.model() as model:
        for name in names:
            entry = forge.resource(model / "model.safetensors")
            bundle = forge.bundle([entry, {**entry, "name": name}])
            path = test.write("b.sig", bundle)
            code, document = harness.report("verify", "--key", forge.keys().public,
                                            "--signature", path, model)
            yield name, code, document


@threat(65, "paths that climb, are absolute or not normal: the whole list is refused")
def _(test):
    for name, code, document in lists(test, REFUSED[:11]):
        test.assertEqual(code, 1, (name, document))
        test.assertEqual(document["answers"]["authentic"], "no", name)


@threat(66, "backslashes and drive letters: refused, or never matching a file")
def _(test):
    for name, code, document in lists(test, PORTABLE[:5]):
        test.assertEqual(code, 1, (name, document))


@threat(67, "control, bidi and invisible characters in names: refused, and escaped")
def _(test):
    for name, code, document in lists(test, REFUSED[11:]):
        test.assertEqual(code, 1, (name, document))
    for name in REFUSED[12:]:
        path = test.write("m.pt", with_name(name))
        done = harness.run("check", path)
        for hidden in ("\x1b", "\x85", "\u2028", "\u202e", "\u200b"):
            test.assertNotIn(hidden, done.stdout.decode())


@threat(68, "device names, trailing dots, streams, wildcards: never a match")
def _(test):
    for name, code, document in lists(test, PORTABLE[5:]):
        test.assertEqual(code, 1, (name, document))


@threat(69, "content that hides below git's folder or a signed ignore rule is named")
def _(test):
    with test.model() as model:
        test.write("m/.git/HEAD", b"ref: refs/heads/main\n")
        test.write("m/left/x.txt", b"text\n")
        done = forge.sign(model, "--ignore-path", model / "left")
        test.assertEqual(done.returncode, 0, done.stderr)
        document = test.expect(0, "verify", "--key", forge.keys().public, model)
        test.assertIn("left", json.dumps(document["notices"]))
        test.write("m/.GIT/HEAD", b"ref: x\n")
        test.expect(1, "verify", "--key", forge.keys().public, model,
                    rule="signature-file-unlisted")


@threat(70, "a name twice in a list, also when equal only after unescaping")
def _(test):
    with test.model() as model:
        entry = forge.resource(model / "model.safetensors")
        other = {**entry, "digest": "00" * 32}
        for entries in ([entry, entry], [entry, other], [other, entry]):
            path = test.write("b.sig", forge.bundle(entries))
            test.expect(1, "verify", "--key", forge.keys().public, "--signature", path,
                        model)


@threat(71, "a name that is a folder, or lies below another name")
def _(test):
    with test.model() as model:
        test.write("m/a/b", b"text\n")
        first = forge.resource(model / "a/b", "a/b")
        second = forge.resource(model / "model.safetensors")
        for name in ("a", "model.safetensors/x"):
            path = test.write("b.sig", forge.bundle(
                [first, second, {**first, "name": name}]))
            test.expect((1, 2), "verify", "--key", forge.keys().public, "--signature",
                        path, model)


@threat(72, "look-alikes of dots and slashes: taken as names, and named")
def _(test):
    with test.model() as model:
        for name in ("\uff0e\uff0e", "a\u2024txt", "a\u2215b"):
            test.write(f"m/{name}", b"text\n")
        document = test.expect((0, 1, 2), "check", model)
        test.assertEqual(document["counts"]["artifacts"], 4)


@threat(73, "an entry whose two headers differ", 1, "zip-.*")
def _(test):
    whole = torch()
    central = whole.index(b"PK\1\2")
    for at, value in ((8, 1), (10, 8), (16, 0x1234), (24, 1)):
        changed = bytearray(whole)
        changed[central + at:central + at + 2] = struct.pack("<H", value)
        yield "a.pt", bytes(changed)
    yield "b.pt", whole.replace(b"archive/data.pkl", b"archive/dat4.pkl", 1)


@threat(74, "an entry's name twice; a twin of another case", (1, 2), "zip-.*")
def _(test):
    yield "a.pt", torch(("archive/data.pkX", HARM)).replace(b"data.pkX", b"data.pkl")
    yield "b.pt", torch(("archive/DATA.PKL", HARM)), 1, None


def special(mode):
    def change(info):
        info.create_system, info.external_attr = 3, (mode | 0o644) << 16
    return change


@threat(75, "entries that are links, FIFOs or folders with data", (1, 2), "zip-.*")
def _(test):
    for mode in (stat.S_IFLNK, stat.S_IFIFO, stat.S_IFBLK):
        yield "a.pt", torch(change=special(mode))
    yield "b.pt", torch(("archive/dirX", b"data")).replace(b"archive/dirX", b"archive/dir/")


@threat(76, "encrypted and masked entries, methods that nobody knows", (1, 2), "zip-.*")
def _(test):
    whole = torch()
    central = whole.index(b"PK\1\2")
    for flag in (1, 0x41, 0x2001):
        changed = bytearray(whole)
        changed[6:8] = changed[central + 8:central + 10] = struct.pack("<H", flag)
        yield "a.pt", bytes(changed)
    for method in (6, 14, 97, 98, 99, 65535):
        changed = bytearray(whole)
        changed[8:10] = changed[central + 10:central + 12] = struct.pack("<H", method)
        yield "b.pt", bytes(changed)


@threat(77, "a checksum that is wrong does not hide the pickle", 1)
def _(test):
    whole = archive([("archive/data.pkl", HARM)])
    crc = struct.pack("<I", zipfile.crc32(HARM))
    yield "a.pt", whole.replace(crc, b"\1\2\3\4"), 1, "member-checksum-wrong"
    yield "b.pt", whole.replace(crc, b"\1\2\3\4"), 1, "pickle-import-dangerous"


@threat(78, "two ends, an end in a comment, two archives in a row", 1)
def _(test):
    one, two = torch(), archive([("archive/data.pkl", HARM)])
    yield "a.pt", one + two
    yield "b.pt", two + one
    end = one.rindex(b"PK\5\6")
    yield "c.pt", one[:end + 20] + struct.pack("<H", 22) + b"PK\5\6" + b"\0" * 18
    yield "d.pt", one + one[end:]


@threat(79, "a pickle under any other name, and without one", 1, "pickle-import-dangerous")
def _(test):
    for name in ("model.safetensors", "model.gguf", "noext", "model.onnx", "config.json",
                 "README.md", "a.png", "x.index.json", ".hidden"):
        yield name, HARM


Threats = threats.table(49, 79)

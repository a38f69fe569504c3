# SPDX-License-Identifier: Apache-2.0
"""`inspect` lists what archives hold as Python's zipfile and tarfile do.

Compared on archives that are written here: names, sizes, packed sizes, offsets, codecs;
the bytes at the offsets; members of members; what does not fit on a line or a screen.
"""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import unittest
import zipfile
import zlib

import harness
from harness import TestCase, run

GOOD = b"\x80\x04}\x94\x8c\x01a\x94K\x01s."
FILES = {"a.pkl": GOOD, "docs/readme.md": b"# words\n" * 50, "zeros.txt": b"0" * 70000,
         "one.txt": b"x", "empty.txt": b"", "\u540d\u524d/\u00e9.txt": b"text\n"}
CODECS = {zipfile.ZIP_STORED: "stored", zipfile.ZIP_DEFLATED: "deflate",
          zipfile.ZIP_BZIP2: "bzip2", zipfile.ZIP_LZMA: "method 14"}
ZIP_HEADER, NAME_LENGTHS = 30, 26


def zipped(files, method=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.mkdir("folder")
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(files, form=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for name, kind in (("folder/", tarfile.DIRTYPE), ("link", tarfile.SYMTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "a.pkl" if kind == tarfile.SYMTYPE else ""
            archive.addfile(info)
    return out.getvalue()


class Members(TestCase):
    def inspect(self, name, content, *options):
        """The artifact of a file with this content."""
        _, document = harness.report("inspect", self.write(name, content), *options)
        return document["artifacts"][0]

    def members(self, name, content):
        return self.inspect(name, content)["members"]

    def test_zip(self):
        for method, codec in CODECS.items():
            content = zipped(FILES, method)
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                theirs = []
                for i in archive.infolist():
                    at = i.header_offset + NAME_LENGTHS
                    skip = sum(int.from_bytes(content[at + n:at + n + 2], "little")
                               for n in (0, 2))
                    theirs.append((i.filename, CODECS[i.compress_type], i.file_size,
                                   i.compress_size, i.header_offset + ZIP_HEADER + skip))
            ours = self.members(f"{codec}.zip", content)
            self.assertEqual([(m["name"], m["codec"], m["size"], m["length"], m["offset"])
                              for m in ours], theirs)
            self.assertTrue(all(m["file_offset"] == m["offset"] for m in ours))
            self.assertFalse(any("member" in m for m in ours))

    def test_zip_formats(self):
        found = {m["name"]: m["format"] for m in self.members("a.zip", zipped(FILES))}
        self.assertEqual(found["a.pkl"], "pickle")
        self.assertEqual(found["folder/"], "folder")
        self.assertEqual(found["empty.txt"], "empty")
        self.assertEqual(found["one.txt"], "text")
        found = self.members("b.zip", zipped(FILES, zipfile.ZIP_LZMA))
        self.assertEqual({m["format"] for m in found}, {"folder", "unknown"})

    def test_tar(self):
        for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
            content = tarred({**FILES, "long/" * 40 + "n.txt": b"y"}
                             if form != tarfile.USTAR_FORMAT else FILES, form)
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                theirs = [(i.name, i.size, i.offset_data) for i in archive.getmembers()]
            ours = self.members(f"{form}.tar", content)
            self.assertEqual([(m["name"].rstrip("/"), m["size"], m["offset"]) for m in ours],
                             theirs)
            self.assertEqual({m["codec"] for m in ours}, {"stored"})
            kinds = {m["name"].rstrip("/"): m["format"] for m in ours}
            self.assertEqual((kinds["folder"], kinds["link"], kinds["a.pkl"], kinds["empty.txt"]),
                             ("folder", "link", "pickle", "empty"))

    def test_compressed(self):
        for suffix, codec, pack in (("gz", "gzip", gzip.compress), ("bz2", "bzip2", bz2.compress),
                                    ("xz", "xz", lzma.compress), ("z", "zlib", zlib.compress)):
            packed = pack(GOOD)
            self.assertEqual(self.members(f"m.pkl.{suffix}", packed), [
                {"name": "m.pkl", "format": "pickle", "codec": codec, "offset": 0,
                 "length": len(packed), "size": len(GOOD), "file_offset": 0}])

    def test_nested(self):
        """Depth first by path; a place in the file where nothing on the way is packed."""
        inner = zipped({"x/a.pkl": GOOD}, zipfile.ZIP_DEFLATED)
        middle = tarred({"in.zip": inner})
        content = zipped({"m.tar": middle, "m.tar.gz": gzip.compress(middle)})
        rows = self.members("outer.zip", content)
        found = {(*m.get("member", ()), m["name"]): m for m in rows}
        self.assertEqual(set(found), {
            ("folder/",), ("m.tar",), ("m.tar.gz",),
            ("m.tar", "in.zip"), ("m.tar", "folder/"), ("m.tar", "link"),
            ("m.tar", "in.zip", "folder/"), ("m.tar", "in.zip", "x/a.pkl"),
            ("m.tar.gz", "m.tar"), ("m.tar.gz", "m.tar", "in.zip"),
            ("m.tar.gz", "m.tar", "folder/"), ("m.tar.gz", "m.tar", "link"),
            ("m.tar.gz", "m.tar", "in.zip", "folder/"),
            ("m.tar.gz", "m.tar", "in.zip", "x/a.pkl")})
        one = found["m.tar", "in.zip", "x/a.pkl"]
        packed = content[one["file_offset"]:one["file_offset"] + one["length"]]
        self.assertEqual(zlib.decompress(packed, -15), GOOD)
        packed = inner[one["offset"]:one["offset"] + one["length"]]
        self.assertEqual(zlib.decompress(packed, -15), GOOD)
        self.assertNotIn("file_offset", found["m.tar.gz", "m.tar", "in.zip"])
        self.assertEqual(found["m.tar.gz", "m.tar"]["format"], "tar")
        keys = [(m.get("member", []), m["offset"]) for m in rows]
        self.assertEqual(keys, sorted(keys))

    def test_too_deep(self):
        """What lies too deep to be opened is a row all the same."""
        content = GOOD
        for i in range(10):
            content = zipped({f"{i}.pkl" if i == 0 else f"{i}.zip": content})
        rows = self.members("deep.zip", content)
        self.assertEqual([(m["name"], m["format"]) for m in rows if m["name"] != "folder/"],
                         [(f"{i}.zip", "zip") for i in range(9, 1, -1)] + [("1.zip", "unknown")])
        self.assertEqual(len(rows[-1]["member"]), 8)

    def test_unlisted_bytes(self):
        content = zipped({"a.txt": b"words"}) + b"something behind"
        rows = self.members("a.zip", content)
        self.assertEqual([m["name"] for m in rows][:2], ["folder/", "a.txt"])
        self.assertRegex(rows[2]["name"], r"^\(behind the archive, bytes \d+-\d+\)$")
        self.assertEqual(content[rows[2]["offset"]:], b"something behind")

    def test_text(self):
        bad = "a\x1b[31m\n::error::.txt"
        path = self.write("t.tar", tarred({bad: b"x", "z.zip": zipped({bad: b"y"})}))
        text = run("inspect", path).stdout.decode()
        self.assertNotIn("\x1b", text)
        self.assertRegex(text, r"(?m)^ +offset +packed +bytes +codec +format +member$")
        self.assertRegex(text, r"(?m)^ +512 +1 +1 +stored +text +a\\x1b\[31m\\x0a:")
        self.assertRegex(text, r"(?m)^ .* text +z\.zip > a\\x1b\[31m")
        self.assertNotRegex(text, r"(?m)^::")

    def test_names_that_are_not_utf8(self):
        content = zipped({"nXme.txt": b"x"}).replace(b"nXme", b"n\xffme")
        member = self.members("a.zip", content)[1]
        self.assertEqual(bytes.fromhex(member["name_hex"]), b"n\xffme.txt")

    def test_many(self):
        content = zipped({f"m{i:03}.txt": b"x" for i in range(99)})
        path = self.write("many.zip", content)
        self.assertIn(b"... and 60 more (--tensors shows all)", run("inspect", path).stdout)
        self.assertEqual(run("inspect", "--tensors", path).stdout.count(b" text "), 99)
        cut = self.inspect("cut.zip", content, "--limit", "members=10")
        self.assertEqual((len(cut["members"]), cut["n_members"]), (10, 100))

    def test_others_have_none(self):
        path = self.write("a.zip", zipped(FILES))
        for command in ("check", "scan", "trace"):
            artifact = harness.report(command, path)[1]["artifacts"][0]
            self.assertNotIn("members", artifact, command)
        artifact = json.loads(run("inspect", "--json", self.write("p.pkl", GOOD)).stdout)
        self.assertNotIn("members", artifact["artifacts"][0])


if __name__ == "__main__":
    unittest.main()

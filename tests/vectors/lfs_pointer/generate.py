#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the Git-LFS pointer vectors: <verdict>-<reason>.txt beside this file.

undetermined: a pointer that Git-LFS reads; the content is missing.
warn:         the same, in a form that nothing writes any more.
reject:       not a pointer that Git-LFS accepts, or not as strictly as we read.
"""
import hashlib
import pathlib

HERE = pathlib.Path(__file__).parent
OID = hashlib.sha256(b"steelyard").hexdigest()
VERSION = "version https://git-lfs.github.com/spec/v1\n"
LINE = f"oid sha256:{OID}\n"
SIZE = "size 9\n"
EXT = f"ext-0-case sha256:{OID}\n"

CASES = {
    "undetermined-plain": VERSION + LINE + SIZE,
    "undetermined-extension": VERSION + EXT + LINE + SIZE,
    "undetermined-extensions": VERSION + EXT + EXT.replace("0-case", "3-b") + LINE + SIZE,
    "undetermined-largest": VERSION + LINE + "size 9223372036854775807\n",
    "undetermined-empty-file": VERSION + LINE + "size 0\n",
    "warn-hawser": VERSION.replace("git-lfs", "hawser") + LINE + SIZE,
    "warn-alpha": "version http://git-media.io/v/2\n" + LINE + SIZE,
    "warn-no-newline": VERSION + LINE + SIZE.strip(),
    "warn-crlf": (VERSION + LINE + SIZE).replace("\n", "\r\n"),
    "warn-empty-line": VERSION + "\n" + LINE + SIZE,
    "reject-version": VERSION.replace("v1", "v9") + LINE + SIZE,
    "reject-md5": VERSION + LINE.replace("sha256", "md5") + SIZE,
    "reject-upper-case": VERSION + f"oid sha256:{OID.upper()}\n" + SIZE,
    "reject-short-oid": VERSION + LINE.replace(OID, OID[:63]) + SIZE,
    "reject-two-oids": VERSION + LINE + LINE + SIZE,
    "reject-two-sizes": VERSION + LINE + SIZE + SIZE,
    "reject-order": VERSION + SIZE + LINE,
    "reject-no-size": VERSION + LINE,
    "reject-no-oid": VERSION + SIZE,
    "reject-version-only": VERSION,
    "reject-size-negative": VERSION + LINE + "size -1\n",
    "reject-size-plus": VERSION + LINE + "size +1\n",
    "reject-size-leading-zero": VERSION + LINE + "size 09\n",
    "reject-size-2-63": VERSION + LINE + "size 9223372036854775808\n",
    "reject-size-2-64": VERSION + LINE + "size 18446744073709551616\n",
    "reject-size-text": VERSION + LINE + "size many\n",
    "reject-size-empty": VERSION + LINE + "size \n",
    "reject-trailing": VERSION + LINE + SIZE + "x\n",
    "reject-unknown-key": VERSION + "mode 644\n" + LINE + SIZE,
    "reject-extension-twice": VERSION + EXT + EXT + LINE + SIZE,
    "reject-extension-order": VERSION + EXT.replace("0-case", "3-b") + EXT + LINE + SIZE,
    "reject-extension-name": VERSION + "ext-x sha256:" + OID + "\n" + LINE + SIZE,
    "reject-extension-digest": VERSION + "ext-0-x md5:00\n" + LINE + SIZE,
    "reject-over-1024": VERSION + LINE + SIZE + " " * 1024,
}


def main():
    for name, text in CASES.items():
        (HERE / f"{name}.txt").write_bytes(text.encode())


if __name__ == "__main__":
    main()

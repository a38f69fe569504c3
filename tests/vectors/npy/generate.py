#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the NumPy vectors beside this script: VERDICT-REASON.npy, where REASON is a
rule, maybe followed by "--" and a variant; after "accept-" it is only a word.
Nothing here is ever loaded.  Standard library only.
"""
import io
import pathlib
import struct
import zipfile

HERE = pathlib.Path(__file__).parent


def array(header, data=b"", version=(1, 0), align=64, length=None):
    """Magic, version, length, header with its padding, data."""
    if isinstance(header, str):
        header = header.encode("utf-8" if version[0] > 2 else "latin-1")
    n_prefix = 10 if version[0] == 1 else 12
    header += b" " * (-(n_prefix + len(header) + 1) % align) + b"\n"
    size = len(header) if length is None else length
    return (b"\x93NUMPY" + bytes(version) + struct.pack("<H" if n_prefix == 10 else "<I", size)
            + header + data)


def plain(descr="<f4", shape="(2,)", order="False", data=bytes(8), **more):
    """What numpy.save writes."""
    return array("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }" % (descr, order, shape),
                 data, **more)


def fields(descr, shape="(2,)", data=b""):
    return array("{'descr': %s, 'fortran_order': False, 'shape': %s, }" % (descr, shape), data)


def raw(text, data=bytes(8), **more):
    return array(text, data, **more)


def name(module, attr):
    return b"c" + module.encode() + b"\n" + attr.encode() + b"\n"


HARMLESS = (b"\x80\x03" + name("numpy.core.multiarray", "_reconstruct")
            + name("numpy", "ndarray") + b"K\x00\x85C\x01b\x87R(K\x01K\x01\x85"
            + name("numpy", "dtype") + b"X\x02\x00\x00\x00O8\x89\x88\x87R"
            + b"(K\x03X\x01\x00\x00\x00|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb\x89]K\x01atb.")
HARMFUL = b"\x80\x03" + name("os", "system") + b"X\x04\x00\x00\x00echo\x85R."
HEAD = "{'descr': '<f4', 'fortran_order': False, 'shape': "


def zip_file():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("hidden.txt"), b"hidden")
    return out.getvalue()




VECTORS = {
    "accept-plain": plain(),
    "accept-version-2": plain(version=(2, 0)),
    "accept-version-3": plain(version=(3, 0)),
    "accept-align-16": plain(align=16),
    "accept-scalar": plain(shape="()", data=bytes(4)),
    "accept-empty": plain(shape="(0, 3)", data=b""),
    "accept-empty-and-huge": plain(shape="(0, 4611686018427387904, 4611686018427387904)",
                                   data=b""),
    "accept-fortran": plain(shape="(1, 2)", order="True"),
    "accept-big-endian": plain(">f4"),
    "accept-bool": plain("|b1", data=b"\0\1"),
    "accept-bytes": plain("|u1", data=b"\0\1"),
    "accept-complex": plain("<c16", data=bytes(32)),
    "accept-key-order": raw("{'shape': (2,), 'fortran_order': False, 'descr': '<f4'}"),
    "accept-no-spaces": raw("{'descr':'<f4','fortran_order':False,'shape':(2,)}"),
    "accept-64-dimensions": plain(shape="(2, " + "1, " * 62 + "1)"),
    "warn-npy-byteorder-unstated": plain("f4"),
    "warn-npy-byteorder-unstated--native": plain("=f4"),
    "warn-npy-data-trailing": plain(data=bytes(9)),
    "warn-npy-data-trailing--array": plain() + plain(),
    "warn-npy-dtype-object": plain("|O", data=HARMLESS),
    "warn-npy-dtype-unusual--date": plain("<M8[ns]", data=bytes(16)),
    "warn-npy-dtype-unusual--text": plain("<U3", data=bytes(24)),
    "warn-npy-dtype-unusual--raw": plain("|V2", data=bytes(4)),
    "warn-npy-dtype-unusual--fields": fields("[('a', '<f4'), ('b', '|u1', (2, 2))]",
                                             data=bytes(16)),
    "warn-npy-dtype-unusual--nested": fields(
        "[('a', [('x', '<f4'), ('y', [('z', '<u2')])]), (('title', 'b'), '|S3')]",
        data=bytes(18)),
    "warn-npy-header-old": plain(shape="(2L,)"),
    "reject-npy-dtype-unknown--word": plain("float32"),
    "reject-npy-data-truncated": plain(data=bytes(7)),
    "reject-npy-data-truncated--huge": plain(shape="(4611686018427387903,)", descr="|u1"),
    "reject-npy-dtype-unknown": plain("<f5", data=bytes(10)),
    "reject-npy-dtype-unknown--empty": plain(""),
    "reject-npy-dtype-unknown--deep": fields("[('a', " * 40 + "'<f4'" + ")]" * 40),
    "reject-npy-shape-invalid--call": raw("{'descr': '<f4', 'fortran_order': False, "
                                           "'shape': tuple([2]), }"),
    "reject-npy-header-invalid--comment": raw(HEAD + "(2,), }  # comment"),
    "reject-npy-header-invalid--duplicate": raw(HEAD + "(2,), 'descr': '<f8', }"),
    "reject-npy-header-invalid--escape": raw("{'descr': '\\x3cf4', 'fortran_order': False, "
                                             "'shape': (2,), }"),
    "reject-npy-header-invalid--joined": raw("{'descr': '<f4' '', 'fortran_order': False, "
                                             "'shape': (2,), }"),
    "reject-npy-header-invalid--extra": raw(HEAD + "(2,), 'more': 1, }"),
    "reject-npy-header-invalid--missing": raw("{'descr': '<f4', 'shape': (2,), }"),
    "reject-npy-header-invalid--nul": raw(HEAD + "(2,), }\0"),
    "reject-npy-header-invalid--code": raw("__import__('os').getcwd()"),
    "reject-npy-header-invalid--empty": raw(""),
    "reject-npy-header-invalid--number": raw("{'descr': '<f4', 'fortran_order': 0, "
                                             "'shape': (2,), }"),
    "reject-npy-dtype-unknown--triple": raw("{'descr': '''<f4''', 'fortran_order': False, "
                                             "'shape': (2,), }"),
    "reject-npy-header-invalid--utf8": raw(b"{'descr': [('\xff', '<f4')], 'fortran_order': "
                                           b"False, 'shape': (2,), }", version=(3, 0)),
    "reject-npy-header-invalid--field": fields("[('a' '<f4')]"),
    "reject-npy-header-large": raw(HEAD + "(2,), }" + " " * 10000),
    "reject-npy-header-large--beyond": plain(length=0xfff0),
    "reject-npy-header-large--cut": b"\x93NUMPY\x01\x00\x10",
    "reject-npy-magic-wrong": b"\x93NUMPX" + plain()[6:],
    "reject-npy-magic-wrong--empty": b"",
    "reject-npy-shape-invalid--bool": plain(shape="(True,)"),
    "reject-npy-shape-invalid--int": plain(shape="2"),
    "reject-npy-shape-invalid--parentheses": plain(shape="(2)"),
    "reject-npy-shape-invalid--list": plain(shape="[2]"),
    "reject-npy-shape-invalid--negative": plain(shape="(-2,)"),
    "reject-npy-shape-invalid--plus": plain(shape="(+2,)"),
    "reject-npy-shape-invalid--underscore": plain(shape="(1_0,)", data=bytes(40)),
    "reject-npy-shape-invalid--hex": plain(shape="(0x2,)"),
    "reject-npy-shape-invalid--zeros": plain(shape="(02,)"),
    "reject-npy-shape-invalid--overflow": plain(shape="(4611686018427387904, 4)", descr="|u1"),
    "reject-npy-shape-invalid--item": plain(shape="(4611686018427387904,)", descr="<f8"),
    "reject-npy-shape-invalid--dimensions": plain(shape="(" + "1, " * 65 + ")"),
    "reject-npy-shape-invalid--old-in-3": plain(shape="(2L,)", version=(3, 0)),
    "reject-npy-version-unknown--0": plain(version=(0, 0)),
    "reject-npy-version-unknown--4": plain(version=(4, 0)),
    "reject-npy-version-unknown--minor": plain(version=(1, 1)),
    "reject-pickle-import-dangerous--object": plain("|O", data=HARMFUL),
    "reject-pickle-import-dangerous--field": fields("[('a', '<f4'), ('o', '|O')]", data=HARMFUL),
    "reject-pickle-import-dangerous--behind": plain("|O", data=HARMLESS + HARMFUL),
    "reject-pickle-import-dangerous--behind-numbers": plain() + HARMFUL,
    "reject-pickle-import-dangerous--second": plain() + plain("|O", data=HARMFUL),
    "reject-pickle-stream-truncated": plain("|O", data=HARMLESS[:-3]),
    "reject-content-polyglot-found--zip": plain() + zip_file(),
}

if __name__ == "__main__":
    for old in HERE.glob("*.npy"):
        old.unlink()
    for key, content in VECTORS.items():
        (HERE / (key + ".npy")).write_bytes(content)

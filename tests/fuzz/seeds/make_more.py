#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_archives, fuzz_baseline, fuzz_lists and fuzz_template."""
import hashlib
import json
import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parents[1] / "vectors"
# The first byte of a seed of fuzz_archives is the number of its kind, as there.
ARCHIVES = {"npz": 2, "torch_zip": 3}
N_EACH = 12
LARGEST = 4096


def vectors(area):
    """Small ones, spread over the names, which begin with what they show."""
    paths = sorted(p for p in (VECTORS / area).iterdir()
                   if p.suffix not in (".py", ".md") and p.stat().st_size <= LARGEST)
    return paths[::max(1, len(paths) // N_EACH)]


def archives():
    for area, number in ARCHIVES.items():
        for path in vectors(area):
            yield f"{area}-{path.stem}", bytes([number]) + path.read_bytes()
    for number, name in enumerate(("dduf", "keras")):
        path = VECTORS / "zip" / "accept-plain.zip"
        content = path.read_bytes() if path.exists() else vectors("zip")[0].read_bytes()
        yield name, bytes([number]) + content


def fingerprint(kind, symbol):
    """As verifier/report/fingerprint.c makes it, of the report in fuzz_baseline.c."""
    parts = (b"steelyard-finding/1", kind, b"pickle-import-dangerous", b"sha256", bytes(32),
             symbol)
    whole = b"".join(struct.pack("<Q", len(part)) + part for part in parts)
    return "v1:" + hashlib.sha256(whole).hexdigest()


def baselines():
    def report(**changes):
        finding = {"rule": "pickle-import-dangerous", "severity": "critical", "title": "t",
                   "detail": "d", "fingerprint": fingerprint(b"finding", b"posix.system")}
        more = {"rule": "pickle-import-dangerous", "fingerprint": fingerprint(b"more", b"1+7")}
        artifact = {"path": "a", "findings": [finding], "suppressed": [finding], "more": [more],
                    "a key that is longer than ours": 1}
        whole = {"schema": "steelyard-report/1", "complete": True, "artifacts": [
            {**artifact, **changes}, {"path": "b", "findings": [], "suppressed": []}]}
        return json.dumps(whole)

    def prints(print_):
        return report(findings=[{"fingerprint": print_}])

    whole = report()
    yield "whole", whole.encode()
    yield "empty", b'{"schema":"steelyard-report/1","artifacts":[]}'
    yield "other", b'{"schema":"steelyard-report/2","artifacts":[]}'
    yield "schema-number", b'{"schema":1,"artifacts":[]}'
    yield "no-schema", b'{"artifacts":[]}'
    yield "no-artifacts", b'{"schema":"steelyard-report/1"}'
    yield "null", b'{"schema":"steelyard-report/1","artifacts":null}'
    yield "list", b"[]"
    yield "artifact-number", b'{"schema":"steelyard-report/1","artifacts":[1]}'
    yield "findings-number", report(findings=3).encode()
    yield "fingerprint-other", prints("v1:" + "0f" * 32).encode()
    yield "fingerprint-short", prints("v1:" + "0f" * 16).encode()
    yield "fingerprint-upper", prints("v1:" + "0F" * 32).encode()
    yield "fingerprint-version", prints("v2:" + "0f" * 32).encode()
    yield "fingerprint-mark", prints("v1:" + "0f" * 31 + "0-").encode()
    yield "fingerprint-null", prints(None).encode()
    yield "escaped", whole.replace("v1:", "\\u00761:").encode()
    yield "trailing", whole.encode() + b" x"
    yield "broken-value", b'{"schema":"steelyard-report/1","x":[1,,2],"artifacts":[]}'
    yield "deep", b'{"schema":"steelyard-report/1","x":' + b"[" * 200
    yield "cut", whole.encode()[:-9]


def lists():
    sha256, sha512 = "5a" * 32, "0f" * 64
    yield "plain", f"{sha256}  a/b.bin".encode()
    yield "binary", f"{sha256} *a b".encode()
    yield "escaped", f"\\{sha256}  a\\nb\\\\c\\rd".encode()
    yield "long", f"{sha512}  x".encode()
    yield "tagged", f"SHA256 (a (b) = c) = {sha256}".encode()
    yield "openssl", f"SHA2-512(x)= {sha512}".encode()
    yield "blake2b", f"BLAKE2b (x) = {sha512}".encode()
    yield "blake3", f"BLAKE3 (x) = {sha256}".encode()
    yield "upper", f"{sha256.upper()}  x".encode()
    yield "no-name", f"{sha256}  ".encode()
    yield "blank", b" \t "
    yield "blank-before", f" \t{sha256}  x".encode()
    yield "one-blank", f"{sha256} x".encode()
    yield "no-blank", f"{sha256}".encode()
    yield "tab", f"{sha256}\t x".encode()
    yield "no-hex", f"{sha256[1:]}g  x".encode()
    yield "escaped-end", f"\\{sha256}  a\\".encode()
    yield "escaped-tagged", f"\\SHA256 (a\\n) = {sha256}".encode()
    yield "tagged-no-end", f"SHA256 (a = {sha256}".encode()
    yield "tagged-no-hex", f"SHA256 (a) = {sha256[1:]}x".encode()
    yield "tagged-unknown", f"MD5 (a) = {sha256}".encode()
    yield "tagged-openssl-link", f"SHA256(a) = {sha256}".encode()
    yield "tagged-empty", f"SHA256 () = {sha256}".encode()


def templates():
    for path in sorted((VECTORS / "template").glob("*.jinja")):
        yield path.stem, path.read_bytes()
    # Escapes that are none, or stand for less than they seem to.
    yield "escapes-odd", rb"""{{ x['\x5'] }}{{ x['\x5g'] }}{{ x['\N{LOW'] }}{{ x['\N'] }}
        {{ x['\N{LATIN SMALL LETTER C}\N{LATIN CAPITAL LETTER A}\N{DIGIT ONE}'] }}{{
        x['\q\n\r\a\8\0'] }}{{ x["\'"] }}{{ x['\12\1234'] }}{{ x['\'] }}"""
    yield "nested-deep", b"{{ " + b"(" * 300 + b" }}"
    yield "frame", b"{{ x['gi_frame'] }}{{ x['f_globals'] }}{{ x['tb_frame'] }}"
    yield "attribute-computed", b"{{ x|attr(a ~ b) }}{{ x|attr('a' ~ 'b') }}{{ x|attr('a'|lower) }}"
    yield "raw-unclosed-broken", b"{{ 'abc }} {% raw %}{{ x }}"
    yield "no-value", b"{{ }}{% %}{{- -}}{{+ x }}{#- c -#}{% endraw %}{{ 1_0.5 }}{{ x[1:2] }}"
    yield "spaces", ("{{\u1680x\u2003.\u2028y\u2029|\u202fz\u205f(\u3000)\x85\xa0\x1c\x0b}}"
                     "\u20ac{{\u200bx}}").encode()
    yield "marks", (b"{%+ if a +%}{%- endif +%}{{+ a +}}{%+ raw +%}{{ x }}{%+ endraw +%}"
                    b"{{ 1_a 2._ 3.x }}")
    yield "fields", (b"{{ '{0[a]!r._x}'.format(m) }}{{ '{a b._x}'.format(m) }}"
                     b"{{ '{a.b}'|format(m) }}")
    yield "literals-changed", b"""{{ x['_' + a] }}{{ x['a' * 2] }}{{ x['a'.b] }}{{ x['a'['b']] }}
        {{ '__class__'.x }}{{ '__class__'['x'] }}{{ '__class__'|x }}{{ x['%c' % 9] }}
        {{ '%c' + 1 }}"""
    yield "empty-values", (b"{{ ()[a] }}{{ [][a] }}{{ {}[a] }}{{ ''[a] }}{{ x()[a] }}"
                           b"{{ '_' * 2 }}{{ '___' * 2 }}")
    yield "maps", (b"{{ x|map('attr', '_a') }}{{ map('a') }}{{ x|map(a) }}{{ y.map('attr') }}"
                   b"{{ x|attr('_a') }}")
    yield "names-hidden", (b"{{ _TemplateReference__context }}{{ __x__ }}{{ x|attr|map }}"
                           b"{{ 'SSALC__'|lower }}")
    yield "suspicious", (b"{{ '" + b"QUJD+/-_" * 40 + b"' }}{{ x|format }}{{ cycler | x }}"
                         b"{{ (cycler) }}{{ 5 'a' }}{{ ) 'a' }}{{ ] 'a' }}{{ ('a')('b') }}")
    yield "not-utf8", b"{{ '\xff' }}\xff"


if __name__ == "__main__":
    for target, seeds in (("archives", archives), ("baseline", baselines), ("lists", lists),
                          ("template", templates)):
        folder = HERE / target
        folder.mkdir(exist_ok=True)
        for name, content in seeds():
            (folder / name).write_bytes(content)

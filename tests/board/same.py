# SPDX-License-Identifier: Apache-2.0
"""Rows of what has to come out the same: reports, builds."""

import collections
import filecmp
import pathlib
import tempfile

from rows import NOT_MEASURED, OUT, row

import harness
import models


def deterministic():
    n, outs = 0, collections.defaultdict(set)
    with tempfile.TemporaryDirectory() as folder:
        models.llama(pathlib.Path(folder) / "m")
        (pathlib.Path(folder) / "m/bad.safetensors").write_bytes(b"\1\0\0\0\0\0\0\0{")
        for form in ("json", "text", "sarif"):
            for jobs in ("1", "2", "8"):
                for locale in ("C", "de_DE.UTF-8", "tr_TR.UTF-8"):
                    done = harness.run("check", "--jobs", jobs, "--report", f"{form}=-",
                                       pathlib.Path(folder) / "m",
                                       env=harness.environment(LC_ALL=locale, LANG=locale))
                    outs[form].add(done.stdout)
                    n += 1
    differing = [form for form, texts in outs.items() if len(texts) != 1]
    return [row("determinism: reports over jobs and locales", "byte for byte the same",
                f"{n} runs, " + ("the same" if not differing else f"differing: {differing}"),
                not differing)]


def reproducible():
    one, another = OUT / "one/build", OUT / "another-folder/below/build"
    names = ["steelyard", "steelyard-worker",
             *sorted(str(p.relative_to(one)) for p in one.rglob("*.a"))]
    if not all((folder / name).exists() for folder in (one, another) for name in names):
        return [row("reproducible build", "byte for byte", NOT_MEASURED, False)]
    differing = [n for n in names if not filecmp.cmp(one / n, another / n, shallow=False)]
    return [row("reproducible build (folder, mask, time zone, locale, jobs)", "byte for byte",
                f"the same: 2 programs, {len(names) - 2} libraries" if not differing else
                "differing: " + " ".join(differing), not differing)]

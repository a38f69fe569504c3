# SPDX-License-Identifier: Apache-2.0
"""Runs fickling's own scan of files and of archives, the one behind `--huggingface`.

Its `--check-safety` knows no archives; so this is the kinder reading.  A file that is a
pickle and an archive at once is read as both; what `--huggingface` skips is not scanned.
"""

import zipfile

import loop
from fickling.loader import scan_file, scan_zip_archive


def scan(path):
    if loop.is_other_container(path):
        return {"files": 0, "severities": [], "errors": []}
    results = []
    with open(path, "rb") as file:
        starts_as_zip = file.read(2) == b"PK"
    if not starts_as_zip:
        results.append(scan_file(path, graceful=True))
    if zipfile.is_zipfile(path):
        results.extend(scan_zip_archive(path, graceful=True).values())
    elif starts_as_zip:
        results.append(scan_file(path, graceful=True))
    found = [analysis.severity.name for result in results for analysis in result.results]
    errors = [error for result in results for error in result.errors]
    return {"files": len(results), "severities": sorted(set(found)), "errors": errors[:3]}


if __name__ == "__main__":
    loop.run(scan)

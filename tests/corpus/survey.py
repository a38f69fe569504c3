#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many real files deny-by-default would flag: survey.py PROGRAM TABLE.

TABLE is tab-separated with the columns module, name and hf_survey_files: in how many of the
3,073 pickle files of a survey of Hugging Face (PickleBall, CCS 2025) the name occurs.  Only
frequencies of names are known, not which names occur together; so the share of files lies
between the commonest flagged name and the sum of all of them.
"""

import csv
import json
import pathlib
import subprocess
import sys
import tempfile

FILES = 3073
RULES = ("pickle-import-dangerous", "pickle-import-unknown")


def word(text):
    return b"\x8c" + bytes([len(text)]) + text


def main():
    program, table = sys.argv[1:]
    with open(table, newline="") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t")
                if int(row["hf_survey_files"] or 0)]
    with tempfile.TemporaryDirectory() as folder:
        for i, row in enumerate(rows):
            pickled = (b"\x80\4" + word(row["module"].encode()) + word(row["name"].encode()) +
                       b"\x93.")
            (pathlib.Path(folder) / f"{i}.pkl").write_bytes(pickled)
        done = subprocess.run([program, "scan", "--json", folder], stdout=subprocess.PIPE,
                              check=False)
    flagged = [rows[int(pathlib.Path(a["path"]).stem)] for a in json.loads(done.stdout)["artifacts"]
               if any(f["rule"] in RULES for f in a["findings"])]
    counts = sorted((int(row["hf_survey_files"]) for row in flagged), reverse=True)
    for row in flagged:
        print(f"{row['hf_survey_files']:>5}  {row['module']}.{row['name']}")
    print(f"{len(flagged)} of {len(rows)} names flagged: between {max(counts, default=0)} and "
          f"{sum(counts)} of {FILES} files, at most {100 * sum(counts) / FILES:.1f} %")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Runs modelscan as its command line does for one file (`modelscan -p FILE`)."""

import logging

import loop
from modelscan.modelscan import ModelScan

logging.disable(logging.CRITICAL)
loop.preload("h5py", "numpy")


def scan(path):
    scanner = ModelScan()
    found = scanner.scan(path)
    return {"files": len(scanner.scanned),
            "severities": {k: n for k, n in
                           found["summary"]["total_issues_by_severity"].items() if n},
            "errors": [str(error)[:200] for error in found["errors"]][:3]}


if __name__ == "__main__":
    loop.run(scan)

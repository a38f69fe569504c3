# SPDX-License-Identifier: Apache-2.0
"""Runs picklescan as its command line does for one file (`picklescan --path FILE`)."""

import logging

import loop
from picklescan.scanner import scan_file_path

logging.disable(logging.CRITICAL)
loop.preload("numpy", "py7zr")


def scan(path):
    result = scan_file_path(path)
    return {"files": result.scanned_files, "dangerous": result.issues_count,
            "suspicious": result.suspicious_count, "error": result.scan_err}


if __name__ == "__main__":
    loop.run(scan)

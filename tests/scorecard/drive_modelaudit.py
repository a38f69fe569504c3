# SPDX-License-Identifier: Apache-2.0
"""Runs modelaudit as its command line does for one file (`modelaudit scan FILE`), uncached."""

import collections
import logging

import loop
from modelaudit.core import determine_exit_code, scan_model_directory_or_file
from modelaudit_picklescan import shared_source_sensitive_caches

logging.disable(logging.CRITICAL)
loop.preload("dill", "h5py", "msgpack", "numpy", "onnx", "py7zr", "safetensors", "tflite")


def scan(path):
    result = scan_model_directory_or_file(path, cache_enabled=False)
    found = collections.Counter(str(getattr(issue.severity, "value", issue.severity))
                                for issue in result.issues)
    return {"files": result.files_scanned, "severities": dict(found),
            "exit": determine_exit_code(result), "scanners": list(result.scanner_names)}


if __name__ == "__main__":
    loop.run(scan, shared_source_sensitive_caches)

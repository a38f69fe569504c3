# SPDX-License-Identifier: Apache-2.0
"""Runs modelaudit-picklescan's scan_file(), the call its description recommends: pickles
and PyTorch's zip archives.  Other containers are not handed to it.
"""

import loop
from modelaudit_picklescan import scan_file, shared_source_sensitive_caches


def scan(path):
    if loop.is_other_container(path):
        return {"status": "not-scanned", "verdict": "unknown", "rules": []}
    report = scan_file(path)
    return {"status": report.status.value, "verdict": report.verdict.value,
            "rules": sorted({str(finding.rule_code) for finding in report.findings})}


if __name__ == "__main__":
    loop.run(scan, shared_source_sensitive_caches)

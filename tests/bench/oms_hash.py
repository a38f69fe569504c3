# SPDX-License-Identifier: Apache-2.0
"""A peer of hashing.py: oms_hash.py METHOD PATH hashes as Python's model_signing does,
and prints the seconds of hashing alone, without the imports of the package."""

import sys
import time

from model_signing import hashing


def main():
    method, path = sys.argv[1:]
    started = time.monotonic()
    config = hashing.Config().use_file_serialization(hashing_algorithm=method)
    config.hash(path)
    print(time.monotonic() - started)


if __name__ == "__main__":
    main()

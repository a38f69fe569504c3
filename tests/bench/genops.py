# SPDX-License-Identifier: Apache-2.0
"""Bytes a second, of the processor, at which pickletools.genops reads a pickle.

  genops.py FILE BYTES      of the first BYTES of it
"""

import pickletools
import sys
import time


def main():
    with open(sys.argv[1], "rb") as file:
        data = file.read(int(sys.argv[2]))
    at, started = 0, time.process_time()
    try:
        for _, _, at in pickletools.genops(data):
            pass
    except ValueError:
        pass                    # the slice ends within the pickle
    print(at / (time.process_time() - started))


if __name__ == "__main__":
    main()

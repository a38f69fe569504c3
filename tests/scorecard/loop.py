# SPDX-License-Identifier: Apache-2.0
"""What the drivers of other scanners share: a loop over files, in processes that may die.

A driver runs inside its scanner's own environment: drive_X.py LIST RESULTS.  LIST has one
path a line; each file becomes one JSON line appended to RESULTS: its digest and name, what
the scanner said (`raw`), the seconds it took and the largest memory of the process so far.
Files are only read by the scanner: an audit hook ends any file whose scan looks up a name
for an unpickler, starts a program or opens a connection.
"""

import contextlib
import hashlib
import importlib
import json
import os
import platform
import resource
import select
import signal
import sys
import time

# Of the processor: on a busy machine the clock would blame the scanner for the others.
CPU_SECONDS_A_FILE = 60
SECONDS_A_FILE = 600
FILES_A_PROCESS = 200
MEMORY = 8 << 30

FORBIDDEN = {"os.exec", "os.fork", "os.posix_spawn", "os.system", "pickle.find_class",
             "socket.connect", "subprocess.Popen"}


def preload(*modules):
    """Imports what a scanner imports when it first meets a format.

    Such imports ask the system what it is (`file`, `uname`), which the guard would refuse."""
    for module in modules:
        try:
            importlib.import_module(module)
        except ImportError:
            pass
    platform.uname().processor


class Forbidden(BaseException):
    """The scanner did what a scanner must not; no handler of its own may swallow it."""


class Guard:
    """Says which event of a scan was refused."""

    def __init__(self):
        self.is_armed = False
        self.refused = []
        sys.addaudithook(self.hook)

    def hook(self, event, _arguments):
        if self.is_armed and event in FORBIDDEN:
            self.refused.append(event)
            raise Forbidden(event)


def is_other_container(path):
    """NumPy arrays, 7z and tar: not input of a scanner that documents pickles and zips only."""
    with open(path, "rb") as file:
        head = file.read(262)
    return head.startswith((b"\x93NUMPY", b"7z\xbc\xaf\x27\x1c")) or head[257:262] == b"ustar"


def line_of(path, raw, seconds, peak_kib):
    """The JSON line of one file.  Scanners go by names too, so the key has both."""
    with open(path, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    line = {"sha256": digest, "name": os.path.basename(path), "raw": raw,
            "seconds": round(seconds, 5), "peak_kib": peak_kib}
    return json.dumps(line).encode() + b"\n"


def scan_one(scan, path, guard):
    """(what the scanner said, seconds) of one file."""
    guard.refused.clear()
    guard.is_armed = True
    start = time.monotonic()
    try:
        raw = scan(path)
    except RecursionError:
        raw = {"failed": "RecursionError"}
    except Exception as error:
        raw = {"failed": f"{type(error).__name__}: {error}"[:300]}
    except BaseException as error:       # SystemExit of a scanner, or ours
        raw = {"failed": f"{type(error).__name__}: {error}"[:300]}
    seconds = time.monotonic() - start
    guard.is_armed = False
    if guard.refused:
        raw["refused"] = sorted(set(guard.refused))
    return raw, seconds


def work(scan, paths, pipe, around):
    """The life of one process: a JSON line for each path."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    guard = Guard()
    with around():
        for path in paths:
            raw, seconds = scan_one(scan, path, guard)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            os.write(pipe, line_of(path, raw, seconds, peak))


def start(scan, paths, around):
    """(pid, pipe) of a process that scans the paths."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    try:
        os.close(reading)
        work(scan, paths, writing, around)
    finally:
        os._exit(0)


def cpu_seconds(pid):
    """What a process has used so far (proc(5): utime and stime follow the name)."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def waits_in_vain(pid, pipe):
    """Whether the process used up its time for one file before it wrote anything."""
    clock, used = time.monotonic(), cpu_seconds(pid)
    while not select.select([pipe], [], [], 1)[0]:
        if (cpu_seconds(pid) - used > CPU_SECONDS_A_FILE or
                time.monotonic() - clock > SECONDS_A_FILE):
            return True
    return False


def lines_of(pid, pipe):
    """Lines as they come, until the process ends; None when it used up its time."""
    rest = b""
    while not waits_in_vain(pid, pipe):
        got = os.read(pipe, 65536)
        if not got:
            return
        *whole, rest = (rest + got).split(b"\n")
        yield from whole
    yield None


def run_batch(scan, paths, results, around):
    """How many of the paths have a line now; at least one."""
    pid, pipe = start(scan, paths, around)
    n, how = 0, "died"
    for line in lines_of(pid, pipe):
        if line is None:
            how = f"over {CPU_SECONDS_A_FILE} s"
            break
        results.write(line + b"\n")
        results.flush()
        n += 1
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(pipe)
    if n < len(paths):
        seconds = CPU_SECONDS_A_FILE if how != "died" else 0
        results.write(line_of(paths[n], {"failed": how}, seconds, 0))
        n += 1
    results.flush()
    return n


def run(scan, around=contextlib.nullcontext):
    """The main function of a driver; `around` is what its scanner wants held over a batch."""
    listing, name = sys.argv[1:]
    with open(listing) as file:
        paths = file.read().splitlines()
    with open(name, "ab") as results:
        while paths:
            n = run_batch(scan, paths[:FILES_A_PROCESS], results, around)
            paths = paths[n:]
            print(f"\r{len(paths)} files left ", end="", file=sys.stderr, flush=True)

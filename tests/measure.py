# SPDX-License-Identifier: Apache-2.0
"""What a command costs: time, processor time, and the memory of all its processes.

Two separate kinds of run, so that looking does not slow down what is timed:

cost()    times a run.  Seconds are the wall's; processor seconds are the whole tree's,
          and the better measure on a busy machine; max_rss is the kernel's own maximum
          of the largest single process, which no short peak escapes.
memory()  samples a run, as fast as it can, for the peak of the *sum* over the process
          tree of PSS (/proc/PID/smaps_rollup: memory shared between n processes counts
          1/n in each, so a sum over forks counts every page once).  A sample can miss
          a short peak, max_rss cannot, so the larger of both is returned.
"""

import os
import pathlib
import subprocess
import tempfile
import time
import typing

import harness

MIB = 1 << 20


class Cost(typing.NamedTuple):
    status: int         # of the exit; negative: a signal
    seconds: float
    cpu_seconds: float
    max_rss: int        # bytes
    output: bytes       # stdout


def _start(args, output, **kwargs):
    return subprocess.Popen([os.fspath(a) for a in args], stdout=output,
                            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                            env=harness.environment(), **kwargs)


def _finish(process, started, output):
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    output.seek(0)
    return Cost(process.returncode, seconds, used.ru_utime + used.ru_stime,
                used.ru_maxrss * 1024, output.read())


def cost(*args, **kwargs):
    with tempfile.TemporaryFile() as output:
        started = time.monotonic()
        return _finish(_start(args, output, **kwargs), started, output)


def best(n, *args, **kwargs):
    """The least of n runs in each respect; one process disturbs, none speeds up."""
    runs = [cost(*args, **kwargs) for _ in range(n)]
    return Cost(runs[0].status, min(r.seconds for r in runs),
                min(r.cpu_seconds for r in runs), min(r.max_rss for r in runs),
                runs[0].output)


def _children(pid):
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            yield from map(int, task.read_text().split())
        except OSError:         # it ended while we looked
            continue


def _tree(pid):
    waiting, found = [pid], []
    while waiting:
        found.append(waiting.pop())
        waiting += _children(found[-1])
    return found


def _field(path, name):
    for line in path.read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return 0


def _pss(pid):
    """Bytes; its resident size, which is no less, where PSS may not be read."""
    folder = pathlib.Path(f"/proc/{pid}")
    for path, name in ((folder / "smaps_rollup", "Pss:"), (folder / "status", "VmRSS:")):
        try:
            return _field(path, name)
        except OSError:
            continue
    return 0


def memory(*args, **kwargs):
    """(peak bytes of the process tree, exit status)."""
    with tempfile.TemporaryFile() as output:
        started = time.monotonic()
        process = _start(args, output, **kwargs)
        peak = 0
        while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            peak = max(peak, sum(_pss(pid) for pid in _tree(process.pid)))
            time.sleep(0.0005)
        done = _finish(process, started, output)
        return max(peak, done.max_rss), done.status

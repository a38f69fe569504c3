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

Both start the command from a small process of its own (this file as a script), since
the kernel's maximum of a process begins with the size of the one that started it: no
less than about 10 MiB can be measured.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import typing

MIB = 1 << 20


class Cost(typing.NamedTuple):
    status: int         # of the exit; negative: a signal
    seconds: float
    cpu_seconds: float
    max_rss: int        # bytes
    output: bytes       # stdout


class _Run:
    """A command below its launcher; done() waits for it."""

    def __init__(self, args, timeout):
        import harness      # not wanted in the launcher
        self.timeout = timeout
        self.output = tempfile.TemporaryFile()
        self.result, write_end = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, str(write_end), *map(os.fspath, args)],
            stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.DEVNULL,
            env=harness.environment(), pass_fds=[write_end], start_new_session=True)
        os.close(write_end)

    def done(self):
        try:
            self.process.wait(self.timeout)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise
        with os.fdopen(self.result) as pipe, self.output as output:
            output.seek(0)
            return Cost(*json.load(pipe), output.read())


def _launch(result, args):
    """Runs in the launcher: [exit status, seconds, processor seconds, max_rss]."""
    os.set_inheritable(result, False)
    started = time.monotonic()
    pid = os.posix_spawn(args[0], args, os.environ)
    _, status, used = os.wait4(pid, 0)
    seconds = time.monotonic() - started
    os.write(result, json.dumps([os.waitstatus_to_exitcode(status), seconds,
                                 used.ru_utime + used.ru_stime,
                                 used.ru_maxrss * 1024]).encode())


def cost(*args, timeout=300):
    """args[0]: the path of the program."""
    return _Run(args, timeout).done()


def best(n, *args):
    """The least of n runs in each respect: others may disturb, none speeds up."""
    runs = [cost(*args) for _ in range(n)]
    return Cost(runs[0].status, min(r.seconds for r in runs),
                min(r.cpu_seconds for r in runs), min(r.max_rss for r in runs),
                runs[0].output)


def _children(pid):
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            text = pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text()
            yield from map(int, text.split())
    except OSError:         # it ended while we looked
        return


def _below(pid):
    """Every process below that one."""
    waiting, found = [pid], []
    while waiting:
        new = list(_children(waiting.pop()))
        waiting += new
        found += new
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


def memory(*args, timeout=300):
    """(peak bytes of the process tree, exit status)."""
    run = _Run(args, timeout)
    ends = time.monotonic() + timeout
    peak = 0
    while run.process.poll() is None and time.monotonic() < ends:
        peak = max(peak, sum(map(_pss, _below(run.process.pid))))
        time.sleep(0.0005)
    done = run.done()
    return max(peak, done.max_rss), done.status


if __name__ == "__main__":
    _launch(int(sys.argv[1]), sys.argv[2:])

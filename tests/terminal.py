# SPDX-License-Identifier: Apache-2.0
"""A program on a terminal of its own that answers questions, as a person would."""

import os
import pty
import select
import time


def answer(words, answers, env=None, cwd=None, seconds=120, to_group=False):
    """(exit status, everything shown).  Each answer is typed when a new question, which
    ends in a colon, has been shown.  A number instead of a text is a signal to send, to the
    program or (to_group) to all that runs on the terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        try:
            os.chdir(cwd or ".")
            os.execvpe(os.fspath(words[0]), [os.fspath(w) for w in words], env or os.environ)
        finally:
            os._exit(127)
    shown, asked, left = b"", 0, list(answers)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            piece = os.read(terminal, 4096)
        except OSError:     # the other side is closed
            break
        if not piece:
            break
        shown += piece
        if left and shown[asked:].rstrip(b" ").endswith(b":"):
            asked = len(shown)
            reply = left.pop(0)
            if isinstance(reply, int):
                (os.killpg if to_group else os.kill)(pid, reply)
            else:
                os.write(terminal, reply.encode() + b"\n")
    else:
        os.kill(pid, 9)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown

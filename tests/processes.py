"""Child processes that hear Ctrl-C, also where the tests themselves run in the background."""

from __future__ import annotations

import signal


def hear_ctrl_c() -> None:
    """For `Popen(preexec_fn=…)`: a shell's background jobs inherit "ignore SIGINT", and pass it on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)

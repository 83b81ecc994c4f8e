"""What the Python processes beside a worker and a coordinator have in common."""

from __future__ import annotations

import ctypes
import signal

_SET_PARENT_DEATH_SIGNAL = 1
_MAY_BE_KILLED_FIRST = "1000"


def end_with_parent() -> None:
    """The kernel ends this process with the one that started it; where memory runs out it ends this one first."""
    ctypes.CDLL(None, use_errno=True).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write(_MAY_BE_KILLED_FIRST)
    except OSError:
        pass

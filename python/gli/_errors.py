"""The exceptions and warnings of GLI that Python has no type of its own for."""


import re

_RESIDUAL = re.compile(r"the last changed the \w+ by (\S+)")  # as kernels/power_iteration.h and algorithms/pagerank.h say it


class GliError(Exception):
    """Whatever goes wrong inside GLI and is not a KeyError, ValueError, TypeError or OSError."""


class CorruptError(GliError):
    """Stored or received bytes fail their checks."""


class ClusterError(GliError):
    """The cluster is not ready, or has ended."""


class WorkerLostError(ClusterError):
    """A worker died, froze or was cut off while it was needed."""


class ProtocolError(GliError):
    """The peer speaks another version, or sent what is no message."""


class CancelledError(GliError):
    """The question was given up before its answer came."""


class ConvergenceError(GliError):
    """An iteration did not reach its tolerance.

    >>> error = ConvergenceError("hits did not converge to tol = 1e-08 in 2 rounds: the last changed the values by 0.25 in all")
    >>> error.residual
    0.25
    """

    @property
    def residual(self) -> float | None:
        """By how much its last round changed the values, as tol counts it; None where they grew without end."""
        found = _RESIDUAL.search(str(self))
        return float(found[1]) if found else None


class ProgramError(GliError):
    """A program of the user's raised, or its process ended: the message has the traceback, or how it ended."""


class JobError(GliError):
    """A job failed or was lost: the message has its traceback, or how it ended."""


class ConflictError(GliError):
    """Another writer moved the branch first."""


class MergeConflict(GliError):
    """Both sides of a merge changed the same, and not to the same: `conflicts` lists what is to be decided. Nothing was changed."""

    def __init__(self, conflicts: list, message: str):
        super().__init__(message)
        self.conflicts = conflicts


class DuplicateWarning(UserWarning):
    """A node or edge was added again with other attributes: those of the first were kept."""

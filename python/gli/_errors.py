"""The exceptions and warnings of GLI that Python has no type of its own for."""


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
    """An iteration did not reach its tolerance."""


class ConflictError(GliError):
    """Another writer moved the branch first."""


class MergeConflict(GliError):
    """Both sides of a merge changed the same, and not to the same: `conflicts` lists what is to be decided. Nothing was changed."""

    def __init__(self, conflicts: list, message: str):
        super().__init__(message)
        self.conflicts = conflicts


class DuplicateWarning(UserWarning):
    """A node or edge was added again with other attributes: those of the first were kept."""

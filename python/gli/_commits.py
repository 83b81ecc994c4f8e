"""What stores check and fill in of a commit, embedded or on a cluster."""

from __future__ import annotations

import getpass
from collections.abc import Iterable

from ._history import Commit
from ._node_values import NodeValues

NO_LIMIT = 2**32 - 1


def author_or_user(author: str | None) -> str:
    """The author given, or the user's name."""
    if author is not None:
        return author
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def check_message(message) -> None:
    """TypeError for what is no message, which is most often the graph."""
    if not isinstance(message, str):
        raise TypeError(f"a commit begins with its message, commit('Monday', graph=...), not with {message!r}")


def list_of_results(results) -> list:
    """One result or several as a list."""
    if isinstance(results, NodeValues):
        return [results]
    if isinstance(results, (str, bytes)) or not isinstance(results, Iterable):
        raise TypeError(f"results are NodeValues or a list of them, not {results!r}")
    return list(results)


def revision_text(revision: str | Commit) -> str:
    """A revision as the native store takes it."""
    return revision.id if isinstance(revision, Commit) else str(revision)

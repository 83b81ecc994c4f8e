"""Bundles: a store's history as one file, to carry to another store."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

from . import _core
from ._commits import revision_text
from ._history import Commit
from ._store_space import size
from ._table import counted

Revisions = str | Commit | Iterable[str | Commit]


@dataclass(frozen=True)
class BundleReport:
    """What a bundle holds. refs: names of branches and tags and the ids of their commits; bytes: of pages."""

    refs: dict[str, str]
    commits: int
    patches: int
    pages: int
    bytes: int

    def __str__(self):
        names = "\n".join(f"{id[:8]} {name}" for name, id in self.refs.items())
        return f"{names}\n{counted(self.commits, 'commit')} and {counted(self.pages, 'page')} of {size(self.bytes)}"


@dataclass(frozen=True)
class BundledRef:
    """What unbundle did to a branch or tag: "created", "fast-forward", "forced", "unchanged", or "ahead", when the store has more."""

    name: str
    is_tag: bool
    commit: str
    change: str

    def __str__(self):
        return f"{self.commit[:8]} {self.name} ({self.change})"


@dataclass(frozen=True)
class UnbundleReport:
    """What unbundle brought that was not there before; bytes: of pages."""

    refs: tuple[BundledRef, ...]
    commits: int
    pages: int
    bytes: int

    def __str__(self):
        names = "\n".join(str(r) for r in self.refs)
        return f"{names}\n{counted(self.commits, 'new commit')} and {counted(self.pages, 'page')} of {size(self.bytes)}"


class Bundles:
    """The part of gli.GraphStore that carries history between stores."""

    _core: _core.Store
    _seen: dict[str, str | None]  # heads as this object knows them

    def bundle(self, path: str | os.PathLike, revisions: Revisions | None = None, since: Revisions | None = None) -> BundleReport:
        """Writes branches and tags (default: all) with their history to a file, which appears when it is whole.

        since: what the other side has, which is left out with all before it: revisions, or what its bundle_haves() says; ids of commits
        that this store lacks are no matter. KeyError for a name that is not there.

        >>> import gli, tempfile
        >>> store, other = gli.GraphStore(), gli.GraphStore()
        >>> _ = store.commit("first", graph=gli.Graph().add_node("ann"))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     first = store.bundle(f"{folder}/first")
        ...     _ = other.unbundle(f"{folder}/first")
        ...     _ = store.commit("second", graph=store.get_current_graph().add_node("bob"))
        ...     second = store.bundle(f"{folder}/second", since=other.bundle_haves())
        ...     _ = other.unbundle(f"{folder}/second")
        >>> list(other.get_current_graph()), second.commits
        (['ann', 'bob'], 1)
        """
        names = [revision_text(r) for r in _listed(revisions)]
        have = [self._commit_of(r) for r in _listed(since)]
        found = self._core.bundle(os.path.abspath(os.fspath(path)), names, have)
        return BundleReport(**{**found, "refs": {name: commit for name, _, commit in found["refs"]}})

    def unbundle(self, path: str | os.PathLike, force: bool = False, prefix: str = "") -> UnbundleReport:
        """Takes over a bundle's history. Branches only move forward: ConflictError, and nothing changed, when one went another way here.

        prefix="remote/" puts the bundle's names beside one's own, and merge_branch("remote/main") goes on from there; force=True moves
        branches and tags wherever the bundle has them. ValueError when the store lacks the commits that the bundle stands on; CorruptError
        naming file and byte when it is damaged, cut off, or no bundle.
        """
        found = self._core.unbundle(os.path.abspath(os.fspath(path)), bool(force), str(prefix))
        refs = tuple(BundledRef(*r) for r in found["refs"])
        for ref in refs:
            if not ref.is_tag and ref.change not in ("unchanged", "ahead") and not self._uncommitted(ref.name):
                self._settle(ref.name, ref.commit)
        return UnbundleReport(**{**found, "refs": refs})

    def bundle_haves(self) -> list[str]:
        """The commits that branches and tags are at: what another store's bundle(since=...) may leave out for this one."""
        return sorted({id for id in (*self.branches.values(), *self.tags.values()) if id is not None})

    def _commit_of(self, revision: str | Commit) -> str:
        text = revision_text(revision)
        return text if re.fullmatch("[0-9a-f]{32}", text) else self.resolve(text).id


def _listed(revisions: Revisions | None) -> list[str | Commit]:
    if revisions is None:
        return []
    return [revisions] if isinstance(revisions, (str, Commit)) else list(revisions)

"""What a store holds, how much room that takes, and how to get rid of what nothing needs."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import pyarrow as pa

from . import _core
from ._checks import flag, number
from ._table import Table, counted


@dataclass(frozen=True)
class GcReport:
    """What garbage collection removed, or with dry_run would remove, and what stays; bytes are those of pages.

    file_bytes: by how much compact=True made the files smaller, and what they are now; zeros without it, and in memory.
    """

    dry_run: bool
    commits_removed: int
    commits_kept: int
    reflog_removed: int
    reflog_kept: int
    pages_removed: int
    pages_kept: int
    bytes_removed: int
    bytes_kept: int
    file_bytes_removed: int
    file_bytes_kept: int

    def __str__(self):
        verb = "would remove" if self.dry_run else "removed"
        reflog = f", {entries(self.reflog_removed)} of the reflog" if self.reflog_removed else ""
        gone = f"{verb} {counted(self.commits_removed, 'commit')}{reflog} and {counted(self.pages_removed, 'page')}"
        kept = f"kept {counted(self.commits_kept, 'commit')} and {counted(self.pages_kept, 'page')}"
        files = f"\nfiles of {size(self.file_bytes_kept)}, {size(self.file_bytes_removed)} smaller" if self.file_bytes_kept else ""
        return f"{gone} of {size(self.bytes_removed)}\n{kept} of {size(self.bytes_kept)}{files}"


@dataclass(frozen=True)
class StorageStats:
    """A store in numbers. Pages are what graphs are stored in; `bytes` is what they hold, equal ones once.

    shared_ratio: how many times as much the pages of all commits would take were each commit stored by itself; commits that are patches
    have none. file_bytes: of the files on disk, of which free_bytes are used again by later commits; zeros in memory. `environments` has a
    row for the manifest and one for each partition.
    """

    commits: int
    branches: int
    tags: int
    reflog_entries: int
    pages: int
    bytes: int
    shared_ratio: float
    file_bytes: int
    free_bytes: int
    environments: Table

    def __str__(self):
        refs = f"{counted(self.commits, 'commit')}, {branches(self.branches)}, {counted(self.tags, 'tag')}"
        refs += f", {entries(self.reflog_entries)} of the reflog"
        pages = f"{counted(self.pages, 'page')} of {size(self.bytes)}, {self.shared_ratio:.1f} times as much without sharing"
        return f"{refs}\n{pages}\n{size(self.file_bytes)} of files, {size(self.free_bytes)} of them free\n{self.environments}"


class Space:
    """The part of gli.GraphStore that is about room: garbage and statistics."""

    _core: _core.Store
    _states: OrderedDict[str, object]  # what was read last, by commit
    _seen: dict[str, str | None]  # heads as this object knows them

    def gc(self, keep_reflog: float | None = None, dry_run: bool = False, compact: bool = False) -> GcReport:
        """Removes commits that no branch, tag or reflog entry reaches, and what only they needed. Others may read and commit meanwhile.

        keep_reflog: days; older entries of the reflog go too, and the commits that only they reach (default: all entries stay, and with
        them all that ever was on a branch). What this object read or committed last also stays. dry_run=True only says what would go.
        CorruptError, and nothing removed, when something that stays is damaged.

        Files keep their size, and later commits use the room. compact=True rewrites them, one after the other, to what is in use,
        compressed: as small as they can be, at the price of some time now and at each later reading of what is there. Each is replaced
        at once when its copy is synced, for which there must be room beside it. Versions of gli that cannot read it say so.
        ConflictError when somebody else has the store open, another process or another object of this one: then the files that are left
        stay as they are, and the garbage is removed.

        >>> import gli
        >>> store = gli.GraphStore()
        >>> first = store.commit("first", graph=gli.Graph().add_node(1))
        >>> second = store.commit("second", graph=gli.Graph().add_node(2))
        >>> _ = store.undo()
        >>> store.gc().commits_removed, store.gc(keep_reflog=0).commits_removed
        (0, 1)
        """
        if flag(compact, "compact") and flag(dry_run, "dry_run"):
            raise ValueError("how much smaller files become is known when they were rewritten: dry_run and compact do not go together")
        days = None if keep_reflog is None else number(keep_reflog, "keep_reflog")
        if days is not None and not 0 <= days < 100_000:
            raise ValueError(f"keep_reflog is a number of days from 0 on, not {keep_reflog!r}")
        at_hand = [*self._states, *(id for id in self._seen.values() if id is not None)]
        found = self._core.gc(days, at_hand, flag(dry_run, "dry_run"), compact)
        counts = {f"{what}_{end}": n for what, pair in found.items() for end, n in zip(("kept", "removed"), pair)}
        return GcReport(dry_run=dry_run, **counts)

    def get_storage_stats(self) -> StorageStats:
        """What the store holds, and how much room that takes.

        >>> import gli
        >>> store = gli.GraphStore()
        >>> _ = store.commit("first", graph=gli.Graph().add_node(1))
        >>> stats = store.get_storage_stats()
        >>> stats.commits, stats.branches, stats.tags, stats.shared_ratio
        (1, 1, 0, 1.0)
        """
        found = self._core.space()
        rows = list(zip(*found.pop("environments")))
        names, pages, stored, named, files, free = rows
        table = {"environment": names, "pages": pages, "bytes": stored, "file_bytes": files, "free_bytes": free}
        ratio = sum(named) / sum(stored) if sum(stored) else 1.0
        totals = {"pages": sum(pages), "bytes": sum(stored), "file_bytes": sum(files), "free_bytes": sum(free)}
        return StorageStats(**found, **totals, shared_ratio=ratio, environments=Table(pa.table({n: list(c) for n, c in table.items()})))


def size(count: float) -> str:
    """Bytes as people say them.

    >>> size(1), size(2500), size(7_340_032)
    ('1 byte', '2.5 kB', '7.3 MB')
    """
    if count < 1000:
        return counted(int(count), "byte")
    for unit in ("kB", "MB", "GB", "TB"):
        count /= 1000
        if count < 1000 or unit == "TB":
            break
    return f"{count:.1f} {unit}"


def entries(count: int) -> str:
    """Rows of the reflog, as a number of them."""
    return f"{count:,} {'entry' if count == 1 else 'entries'}"


def branches(count: int) -> str:
    """Branches, as a number of them."""
    return f"{count:,} {'branch' if count == 1 else 'branches'}"

"""The stores of a Slurm job, as bundles on the path that the nodes share: what node-local disks lose with the job is there."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from ._errors import GliError
from ._store import GraphStore


class Bundles:
    """Writes NAME-LIFE.bundle for every store NAME.gli that the cluster committed to, or that is in `given`.

    `listed` is the coordinator's list of stores (coordinator_options::stores); `life` names the job.
    """

    def __init__(self, folder: Path, life: str, listed: Path, given: Iterable[str]):
        self._folder, self._life, self._listed, self._given = folder, life, listed, list(given)
        self._names: dict[str, Path] = {}  # by store
        self._written: dict[str, list[str]] = {}  # by store, what it had
        self.failed: dict[str, str] = {}
        """By store, why what it has is in no bundle."""

    def write(self) -> None:
        """Every store that has something which its last bundle lacks. What cannot be written is said, and tried again by the next call."""
        for path in dict.fromkeys((*map(str, map(Path.absolute, map(Path, self._given))), *self._committed())):
            try:
                self._write(path)
                self.failed.pop(path, None)
            except (GliError, OSError, ValueError, KeyError) as error:
                if self.failed.get(path) != str(error):
                    _say(f"{path} could not be bundled: {error}")
                self.failed[path] = str(error)

    def _committed(self) -> list[str]:
        try:
            return [p for p in self._listed.read_text(errors="surrogateescape").split("\0") if p]
        except FileNotFoundError:
            return []

    def _write(self, path: str) -> None:
        store = GraphStore(path, create=False)
        has = store.bundle_haves()
        if not has or self._written.get(path) == has:
            return
        target = self._names.setdefault(path, self._name_for(path))
        report = store.bundle(target)
        self._written[path] = has
        _say(f"bundled {path} to {target}: {str(report).splitlines()[-1]}")

    def _name_for(self, path: str) -> Path:
        """No other store of this job has it."""
        stem = Path(path).name.removesuffix(".gli") or "store"
        names = (self._folder / f"{stem}{again}-{self._life}.bundle" for again in ("", *(f"-{i}" for i in range(2, 1 << 16))))
        return next(n for n in names if n not in self._names.values())


def _say(text: str) -> None:
    print(f"gli: {text}", file=sys.stderr, flush=True)

"""The names of a store's commits: branches, tags, and where they were."""

from __future__ import annotations

from ._checks import whole
from ._commits import revision_text
from ._history import Commit, Move, Reflog


class References:
    """The part of gli.GraphStore that is about branches and tags."""

    # --- branches -------------------------------------------------------------------------------------------------------------

    @property
    def current_branch(self) -> str:
        """The branch that commits go to."""
        return self._core.current_branch

    @property
    def branches(self) -> dict[str, str | None]:
        """Branches and the ids of their last commits."""
        return self._core.branches()

    def create_branch(self, name: str, from_revision: str | Commit | None = None) -> None:
        """A branch that begins at a revision, or where the current one is."""
        self._core.create_branch(name, "" if from_revision is None else revision_text(from_revision))
        self._seen[name] = self.branches[name]
        self._tell("branch_created", name)

    def switch_branch(self, name: str) -> None:
        """Makes commits go to this branch. What was not committed on the other one stays there, current again when that one is."""
        self._core.switch_branch(name)
        self._enter(name)
        self._tell("branch_switched", name)

    def list_branches(self) -> list[str]:
        """The branches' names."""
        return list(self.branches)

    def delete_branch(self, name: str, force: bool = False) -> None:
        """Removes a branch's name. ValueError for the current one, and without force for one whose commits no other branch or tag has.

        Where it was stays in the reflog: create_branch(name, f"{name}@{{1}}") brings it back.
        """
        self._core.delete_branch(name, bool(force))
        self._forget(name)

    # --- tags and the reflog --------------------------------------------------------------------------------------------------

    @property
    def tags(self) -> dict[str, str]:
        """Tags and the ids of their commits."""
        return self._core.tags()

    def tag(self, name: str, revision: str | Commit | None = None) -> None:
        """Names a commit (default: the current branch's last), wherever the branches go. ValueError when the tag is there already."""
        self._core.create_tag(name, "" if revision is None else revision_text(revision))

    def delete_tag(self, name: str) -> None:
        """Removes a tag; its commit stays as long as something else has it. KeyError where there is none."""
        self._core.delete_tag(name)

    def reflog(self, limit: int | None = None) -> Reflog:
        """Every move of a branch, newest first, at most `limit`."""
        return Reflog(Move(*m) for m in self._core.reflog(0 if limit is None else whole(limit, "limit", 1)))

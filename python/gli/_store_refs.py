"""The names of a store's commits: branches, tags, and where they were."""

from __future__ import annotations

from ._checks import whole
from ._commits import revision_text
from ._history import Commit, Move, Reflog
from ._methods import Filter, GraphMethods


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

    def create_branch(
        self,
        name: str,
        from_revision: str | Commit | None = None,
        description: str = "",
        from_subgraph: GraphMethods | Filter | None = None,
    ) -> None:
        """A branch that begins at a revision, or where the current one is.

        from_subgraph: its first commit holds this part of the revision's graph, given as a graph or as a filter of nodes. What is missing
        was left out, not removed: merging the branch into one of the whole graph brings what changed in the part, and the rest stays.

        >>> import gli
        >>> store = gli.GraphStore()
        >>> _ = store.commit("all", graph=gli.Graph.from_edge_list([("ann", "bob"), ("bob", "eve")], {"ann": {"age": 41}}))
        >>> store.create_branch("adults", description="with ages", from_subgraph=gli.node("age") >= 18)
        >>> store.switch_branch("adults")
        >>> _ = store.commit("birthday", graph=store.get_current_graph().update_node("ann", age=42))
        >>> _ = store.merge_branch("adults", "main")
        >>> store.at("main").nodes["ann"], len(store.at("adults")), len(store.at("main"))
        ({'age': 42}, 1, 3)
        """
        if not isinstance(description, str):
            raise TypeError(f"a description is text, not {description!r}")
        start = "" if from_revision is None else revision_text(from_revision)
        part = None if from_subgraph is None else self._part(start, from_subgraph)
        self._core.create_branch(name, start, description)
        self._seen[name] = head = self.branches[name]
        if part is not None:
            message = f"a part of {revision_text(from_revision or self.current_branch)!r}"
            try:
                self._commit(name, part, [], message, None, head, begins_part=True)
            except BaseException:
                self._core.delete_branch(name, True)
                self._forget(name)
                raise
        self._tell("branch_created", name)

    def _part(self, start: str, chosen: GraphMethods | Filter) -> GraphMethods:
        """The subgraph of the revision's graph. ValueError when the graph given has what that one lacks."""
        whole = self.at(start or self.current_branch)
        if not isinstance(chosen, GraphMethods):
            return whole.filter(nodes=chosen)
        self._check_kept(chosen)
        more = chosen.diff(whole).summary()
        if any(more[f"{what}_{how}"] for what in ("nodes", "edges") for how in ("added", "changed")):
            raise ValueError(f"from_subgraph is no part of {start or self.current_branch!r}: it has nodes, edges or attributes of its own")
        return chosen

    def description(self, branch: str) -> str:
        """What create_branch was told the branch is for; "" where nothing was. KeyError where there is no such branch."""
        return self._core.description(branch)

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

    def _names_by_commit(self) -> dict[str, list[str]]:
        """The branches, then the tags, at each commit; the current branch with a star."""
        current, names = self.current_branch, {}
        for name, id in self.branches.items():
            names.setdefault(id, []).append(f"*{name}" if name == current else name)
        for name, id in self.tags.items():
            names.setdefault(id, []).append(name)
        return names

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

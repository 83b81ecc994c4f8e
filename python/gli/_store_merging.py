"""Merges, cherry picks and reverts: three-way merges that become commits of a store."""

from __future__ import annotations

from ._checks import whole
from ._commits import check_message, revision_text
from ._errors import ConflictError
from ._graph import Graph
from ._history import Commit
from ._merging import Strategy, checked_strategy, older
from ._table import counted

_BEGINS_PART = 1
_ANCESTOR_LEVELS = 8  # of criss-cross merges behind one another that a merge looks through


class Merging:
    """The part of gli.GraphStore that brings changes from one branch to another."""

    def merge_branch(
        self, source: str | Commit, target: str | None = None, strategy: Strategy = "auto", message: str = "", author: str | None = None
    ) -> Commit:
        """Brings what `source` changed since both parted into `target` (default: the current branch), as a commit with both as parents.

        strategy as in Graph.merge: MergeConflict, and nothing changed, when "auto" or a dict leaves conflicts open. A target that has
        nothing of its own just moves to the source, unless a message is given; a source that the target has already changes nothing.

        >>> import gli
        >>> store = gli.GraphStore()
        >>> _ = store.commit("first", graph=gli.Graph().add_node("ann"))
        >>> store.create_branch("side")
        >>> _ = store.commit("bob", graph=store.get_current_graph().add_node("bob"))
        >>> store.switch_branch("side")
        >>> _ = store.commit("eve", graph=store.get_current_graph().add_node("eve"))
        >>> store.switch_branch("main")
        >>> store.merge_branch("side").message, list(store.get_current_graph())
        ("merge 'side' into 'main'", ['ann', 'bob', 'eve'])
        """
        strategy = checked_strategy(strategy)
        check_message(message)
        target = self._branch_as_seen() if target is None else target
        theirs = self.resolve(source)
        head = self._committed_head(target)
        if head is None:
            raise ValueError(f"branch {target!r} has no commits to merge into")
        ours = self.resolve(head)
        bases = self._core.merge_bases(ours.id, theirs.id)
        if theirs.id in bases:
            return ours
        part = self._part_of(theirs, ours, bases)
        if ours.id in bases and not message and not part:
            self._move(target, ours.id, theirs.id, f"merge: fast-forward to {revision_text(source)}")
            made = theirs
        else:
            base = self._ancestor([part] if part else bases, ours)
            graph = self._graph(ours).merge(self._graph(theirs), base, strategy)
            message = message or f"merge {revision_text(source)!r} into {target!r}"
            made = self._commit(target, graph, [], message, author, ours.id, [theirs.id])
        self._tell("branch_merged", target, revision_text(source))
        return made

    def _part_of(self, theirs: Commit, ours: Commit, bases: list[str]) -> str | None:
        """Where theirs became a part of ours, if it did since the bases. ValueError when ours is a part that theirs does not belong in."""
        base = bases[0] if bases else ""
        part = self._core.part_began(theirs.id, base or theirs.id)
        ours_part = self._core.part_began(ours.id, base or ours.id)
        if ours_part or (self._core.extent(ours.id) and not self._core.extent(theirs.id)):
            raise ValueError("a branch of a subgraph takes nothing in from elsewhere: merge it into the branch of the whole graph")
        return part

    def cherry_pick(
        self,
        revision: str | Commit,
        strategy: Strategy = "auto",
        message: str | None = None,
        author: str | None = None,
        mainline: int | None = None,
    ) -> Commit:
        """Commits on the current branch what one commit changed since its parent, with its message and author unless others are given.

        strategy as in Graph.merge. Of a merge, mainline=1 means what it changed since its first parent, 2 its second. ValueError when the
        branch has it all already.

        >>> import gli
        >>> store = gli.GraphStore()
        >>> _ = store.commit("first", graph=gli.Graph().add_node("ann"))
        >>> store.create_branch("side")
        >>> store.switch_branch("side")
        >>> _ = store.commit("eve", graph=store.get_current_graph().add_node("eve"))
        >>> _ = store.commit("bob", graph=store.get_current_graph().add_node("bob"))
        >>> store.switch_branch("main")
        >>> store.cherry_pick("side").message, list(store.get_current_graph())
        ('bob', ['ann', 'bob'])
        """
        picked = self._changing(revision)
        author = picked.author if author is None else author
        return self._commit_change(self._parent(picked, mainline), picked, strategy, picked.message if message is None else message, author)

    def revert(
        self,
        revision: str | Commit,
        strategy: Strategy = "auto",
        message: str | None = None,
        author: str | None = None,
        mainline: int | None = None,
    ) -> Commit:
        """Commits on the current branch the opposite of what one commit changed since its parent. Arguments as in cherry_pick.

        >>> import gli
        >>> store = gli.GraphStore()
        >>> _ = store.commit("first", graph=gli.Graph().add_node("ann"))
        >>> _ = store.commit("bob", graph=store.get_current_graph().add_node("bob"))
        >>> _ = store.commit("eve", graph=store.get_current_graph().add_node("eve"))
        >>> store.revert("main~1").message.splitlines()[0], list(store.get_current_graph())
        ('Revert "bob"', ['ann', 'eve'])
        """
        taken = self._changing(revision)
        if message is None:
            message = f'Revert "{taken.title}"\n\nThis reverts commit {taken.id}.'
        return self._commit_change(taken, self._parent(taken, mainline), strategy, message, author)

    def _changing(self, revision: str | Commit) -> Commit:
        """ValueError for the first commit of a branch of a subgraph, which changes nothing and leaves something out."""
        commit = self.resolve(revision)
        if self._core.extent(commit.id) == _BEGINS_PART:
            raise ValueError(f"commit {commit.id[:12]} begins a branch of a subgraph: it changed nothing")
        return commit

    @staticmethod
    def _parent(commit: Commit, mainline: int | None) -> str | None:
        """The parent that a commit's changes count from; None: the empty graph."""
        count = len(commit.parents)
        if mainline is not None and not 1 <= whole(mainline, "mainline", 1) <= count:
            raise ValueError(f"commit {commit.id[:12]} has {counted(count, 'parent')}: there is no mainline {mainline}")
        if mainline is None and count > 1:
            raise ValueError(f"commit {commit.id[:12]} is a merge: say mainline=1 for what it changed since its first parent")
        return commit.parents[(mainline or 1) - 1] if count else None

    def _commit_change(self, before: str | Commit | None, after: str | Commit | None, strategy, message, author) -> Commit:
        """Commits the current branch's head with what leads from one graph to another."""
        strategy = checked_strategy(strategy)
        check_message(message)
        branch = self._branch_as_seen()
        head = self._committed_head(branch)
        if head is None:
            raise ValueError(f"branch {branch!r} has no commits to change")
        ours = self.resolve(head)
        base, theirs = (self._empty(ours) if c is None else self._graph(c) for c in (before, after))
        graph = self._graph(ours).merge(theirs, base, strategy)
        if graph.graph_id == ours.graph_id:
            raise ValueError(f"that changes nothing on branch {branch!r}")
        return self._commit(branch, graph, [], message, author, ours.id)

    def _empty(self, like: Commit):
        graph = self._graph(like)
        return Graph(graph.directed, graph.multi)

    def _ancestor(self, bases: list[str], like: Commit, levels: int = _ANCESTOR_LEVELS):
        """The graph that a merge begins from: of several best ancestors their own merge, whose ancestor is found likewise."""
        if not bases:
            return self._empty(like)
        graph = self._graph(bases[0])
        if levels == 0:
            return graph
        for known, other in zip(bases, bases[1:]):
            before = self._ancestor(self._core.merge_bases(known, other), like, levels - 1)
            graph = graph.merge(self._graph(other), before, older)
        return graph

    def _committed_head(self, branch: str) -> str | None:
        """The branch's head. KeyError where there is none of that name.

        ValueError when the branch's current graph has something that is not committed. Of the current branch, ConflictError when another
        writer moved it since this object looked.
        """
        branches = self.branches
        if branch not in branches:
            raise KeyError(f"no branch {branch!r}")
        head = branches[branch]
        if branch == self.current_branch:
            self._branch_as_seen()
            if head != self._seen.get(branch):
                raise ConflictError(f"another writer has moved branch {branch!r}: call get_current_graph() and look at what it has now")
        if self._uncommitted(branch):
            raise ValueError(f"the current graph of branch {branch!r} has changes that are not committed: commit or undo() them first")
        return head

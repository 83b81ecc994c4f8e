"""The command line: gli."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence

from . import __version__, _cli_cluster, _cli_credentials, _cli_jobs, _cli_run, _cli_submit


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; 0, or 1 after one line on standard error, or 2 for wrong usage; of a job its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    words, behind = _split(words)
    pairs = [w for w in words if _cli_run.is_argument(w)] if words[:1] == ["run"] else []  # these may stand anywhere after run
    parser = _parser()
    options, more = parser.parse_known_args([w for w in words if w not in pairs])
    if unknown := _cli_submit.take_arguments(options, more, behind):
        hint = f": {_cli_submit.OWN_OPTIONS}" if words[:1] == ["submit"] else ""
        parser.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
    if pairs:
        options.argument = [*options.argument, *pairs]
    try:
        status = options.run(options)
        sys.stdout.flush()
        return status or 0
    except KeyboardInterrupt:
        print("gli: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        print(f"gli: error: {_message(error)}", file=sys.stderr)
        return 1


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """What stands before the first -- and behind it, of a command that runs a script."""
    if words[:1] != ["submit"] or "--" not in words:
        return words, []
    at = words.index("--")
    return words[:at], words[at + 1 :]


_AS_OPTIONS = {"force=True": "--delete --force", "strategy= decides": "--strategy decides", "mainline=1": "--mainline 1"}


def _message(error: Exception) -> str:
    """What the library says of its arguments, as the command line has them."""
    text = _plain(error)
    for argument, option in _AS_OPTIONS.items():
        text = text.replace(argument, option)
    return text


def _plain(error: Exception) -> str:
    if isinstance(error, KeyError) and error.args:
        return str(error.args[0])
    return str(error) or type(error).__name__


# --- commands -----------------------------------------------------------------------------------------------------------------------


def _demo(o) -> None:
    from . import demo

    demo.run(o.workers, o.store)


def _opened(o):
    from ._store import GraphStore

    return GraphStore(o.path, create=False)


def _show_all(rows) -> None:
    """A row a line, all of them; in a terminal no wider than it is."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    print(rows.to_table().text(width))


def _log(o) -> None:
    _show_all(_opened(o).log(o.revision, o.limit))


def _show(o) -> None:
    store = _opened(o)
    commit = store.resolve(o.revision or store.current_branch)
    for name, value in _about(store, commit).items():
        print(f"{name + ':':<9} {value}")
    print("\n" + "\n".join(f"    {line}".rstrip() for line in commit.message.splitlines()))
    for parent in commit.parents:
        print(f"\n{store.diff(parent, commit)}")


def _about(store, commit) -> dict[str, str]:
    from ._table import counted

    refs = store.log(commit.id, 1).refs.get(commit.id)
    about = {"commit": commit.id + (f" ({', '.join(refs)})" if refs else "")}
    if len(commit.parents) > 1:
        about["merge"] = " ".join(p[:8] for p in commit.parents)
    about |= {"author": commit.author, "time": f"{commit.time:%Y-%m-%d %H:%M:%S} UTC"}
    about["graph"] = f"{commit.graph_id}, {counted(commit.nodes, 'node')}, {counted(commit.edges, 'edge')}"
    return about | ({"results": ", ".join(map(str, commit.results))} if commit.results else {})


def _reflog(o) -> None:
    _show_all(_opened(o).reflog(o.limit))


def _branch(o) -> None:
    if (o.delete and (o.name is None or o.revision is not None)) or (o.force and not o.delete):
        raise ValueError("deleting takes one branch: gli branch PATH NAME --delete [--force]")
    store = _opened(o)
    if o.name is None:
        _list_names(store, store.branches, store.current_branch)
    elif o.delete:
        store.delete_branch(o.name, o.force)
        print(f"deleted branch {o.name}; gli branch {o.path} {o.name} '{o.name}@{{1}}' brings it back")
    else:
        store.create_branch(o.name, o.revision, o.description)
        print(f"branch {o.name} is at {_short(store, o.name)}")


def _switch(o) -> None:
    store = _opened(o)
    store.switch_branch(o.name)
    print(f"on branch {o.name} at {_short(store, o.name)}")


def _tag(o) -> None:
    if o.delete and (o.name is None or o.revision is not None):
        raise ValueError("deleting takes one tag: gli tag PATH NAME --delete")
    store = _opened(o)
    if o.name is None:
        _list_names(store, store.tags)
    elif o.delete:
        store.delete_tag(o.name)
        print(f"deleted tag {o.name}")
    else:
        store.tag(o.name, o.revision)
        print(f"tag {o.name} is at {_short(store, o.name)}")


def _merge(o) -> None:
    store = _opened(o)
    target = o.into or store.current_branch
    before = store.branches.get(target)
    commit = store.merge_branch(o.source, target, o.strategy, o.message)
    if commit.id == before:
        print(f"{target} has everything of {o.source} already")
    else:
        print(f"{target} is at {_short(store, target)}\n{store.diff(before, commit)}")


def _pick(o) -> None:
    store = _opened(o)
    before = store.branches[store.current_branch]
    commit = getattr(store, o.call)(o.commit, o.strategy, o.message, mainline=o.mainline)
    print(f"{store.current_branch} is at {_short(store, commit.id)}\n{store.diff(before, commit)}")


def _undo(o) -> None:
    store = _opened(o)
    branch = store.current_branch
    store.undo()
    print(f"{branch} is at {_short(store, branch)}; '{branch}@{{1}}' is where it was")


def _list_names(store, names, current=None) -> None:
    """As git does: a star at the current one, commits by their first digits, messages by their first lines."""
    width = max((len(n) for n in names), default=0)
    for name, id in names.items():
        commit = "no commits" if id is None else f"{id[:8]} {store.resolve(id).title}"
        description = f"  [{store.description(name)}]" if current and store.description(name) else ""
        print(f"{'*' if name == current else ' '} {name:<{width}} {commit}{description}")


def _short(store, revision: str) -> str:
    if store.branches.get(revision, "") is None:
        return "no commit"
    commit = store.resolve(revision)
    return f"{commit.id[:8]} ({commit.title})"


def _diff(o) -> None:
    diff = _opened(o).diff(o.older, o.newer)
    print(diff)
    if o.rows:
        print(diff.rows(o.rows))


def _verify(o) -> None:
    _opened(o).verify()
    print(f"{o.path}: everything is as it was written")


def _gc(o) -> None:
    print(_opened(o).gc(o.keep_reflog, o.dry_run, o.compact))


def _stats(o) -> None:
    print(_opened(o).get_storage_stats())


def _bundle(o) -> None:
    print(_opened(o).bundle(o.file, o.revision or None, o.since))


def _unbundle(o) -> None:
    from ._store import GraphStore

    print(GraphStore(o.path).unbundle(o.file, o.force, o.prefix))


def _bench(o) -> None:
    from . import _bench

    _bench.run(o)


# --- usage --------------------------------------------------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gli", description="Version control and analytics for property graphs.")
    parser.add_argument("--version", action="version", version=f"gli {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="a cluster, this machine's packages, questions, two commits")
    demo.add_argument("--workers", type=_at_least_one, default=4, metavar="N")
    demo.add_argument("--store", metavar="PATH", help="where to commit (default: begun anew in the cache directory)")
    demo.set_defaults(run=_demo)

    log = commands.add_parser("log", help="the commits of a store")
    log.add_argument("path")
    log.add_argument("revision", nargs="?")
    log.add_argument("--limit", type=_at_least_one, metavar="N")
    log.set_defaults(run=_log)

    diff = commands.add_parser("diff", help="what changed from one commit to another")
    for name in ("path", "older", "newer"):
        diff.add_argument(name)
    diff.add_argument("--rows", type=_at_least_one, metavar="N", help="also the first N changes")
    diff.set_defaults(run=_diff)

    show = commands.add_parser("show", help="one commit: who, when, what its graph is, what it changed")
    show.add_argument("path")
    show.add_argument("revision", nargs="?")
    show.set_defaults(run=_show)

    reflog = commands.add_parser("reflog", help="every move of a branch in a store")
    reflog.add_argument("path")
    reflog.add_argument("--limit", type=_at_least_one, metavar="N")
    reflog.set_defaults(run=_reflog)

    branch = commands.add_parser("branch", help="list, make or delete branches")
    branch.add_argument("path")
    branch.add_argument("name", nargs="?")
    branch.add_argument("revision", nargs="?", help="where it begins (default: the current branch)")
    branch.add_argument("--description", default="", metavar="TEXT", help="what a new one is for")
    branch.add_argument("--delete", action="store_true", help="when another branch or a tag has its commits")
    branch.add_argument("--force", action="store_true", help="with --delete: whatever it has")
    branch.set_defaults(run=_branch)

    switch = commands.add_parser("switch", help="make commits go to another branch")
    switch.add_argument("path")
    switch.add_argument("name")
    switch.set_defaults(run=_switch)

    tag = commands.add_parser("tag", help="list, make or delete tags")
    tag.add_argument("path")
    tag.add_argument("name", nargs="?")
    tag.add_argument("revision", nargs="?", help="the commit (default: the current branch's last)")
    tag.add_argument("--delete", action="store_true")
    tag.set_defaults(run=_tag)

    merge = commands.add_parser("merge", help="bring one branch's changes into another")
    merge.add_argument("path")
    merge.add_argument("source", help="a branch, a tag or a commit")
    merge.add_argument("--into", metavar="BRANCH", help="default: the current branch")
    sides = ("auto", "ours", "theirs")
    merge.add_argument("--strategy", choices=sides, default="auto", help="whose side a conflict takes; auto: list them and stop")
    merge.add_argument("-m", "--message", default="")
    merge.set_defaults(run=_merge)

    for name, call, what in (
        ("cherry-pick", "cherry_pick", "commit here what another commit changed"),
        ("revert", "revert", "commit the opposite of what a commit changed"),
    ):
        pick = commands.add_parser(name, help=what)
        pick.add_argument("path")
        pick.add_argument("commit", help="a commit, or a branch or tag that is at it")
        pick.add_argument("--strategy", choices=sides, default="auto", help="whose side a conflict takes; auto: list them and stop")
        pick.add_argument("--mainline", type=_at_least_one, metavar="N", help="of a merge: the parent that its changes count from")
        pick.add_argument("-m", "--message", help="default: its own")
        pick.set_defaults(run=_pick, call=call)

    undo = commands.add_parser("undo", help="take the current branch's last commit back")
    undo.add_argument("path")
    undo.set_defaults(run=_undo)

    verify = commands.add_parser("verify", help="reread and rehash everything in a store")
    verify.add_argument("path")
    verify.set_defaults(run=_verify)

    gc = commands.add_parser("gc", help="remove what nothing reaches")
    gc.add_argument("path")
    gc.add_argument("--dry-run", action="store_true", help="only say what would go")
    gc.add_argument("--compact", action="store_true", help="then compress what stays, in small files (nobody else has the store open)")
    gc.add_argument("--keep-reflog", type=float, metavar="DAYS", help="forget older moves of branches too (default: none)")
    gc.set_defaults(run=_gc)

    stats = commands.add_parser("stats", help="what a store holds, and how much room that takes")
    stats.add_argument("path")
    stats.set_defaults(run=_stats)

    bundle = commands.add_parser("bundle", help="write history to a file for another store")
    bundle.add_argument("path")
    bundle.add_argument("file")
    bundle.add_argument("revision", nargs="*", help="branches and tags (default: all)")
    bundle.add_argument("--since", action="append", metavar="REVISION", help="that the other store has; may be given several times")
    bundle.set_defaults(run=_bundle)

    unbundle = commands.add_parser("unbundle", help="take history over from a file; makes the store where there is none")
    unbundle.add_argument("path")
    unbundle.add_argument("file")
    unbundle.add_argument("--force", action="store_true", help="move branches that went another way")
    unbundle.add_argument("--prefix", default="", metavar="remote/", help="before each name, to merge from there")
    unbundle.set_defaults(run=_unbundle)

    _cli_run.add_command(commands, _at_least_one)
    _cli_cluster.add_commands(commands, _at_least_one)
    _cli_credentials.add_command(commands)
    _cli_submit.add_command(commands, _at_least_one, _cli_cluster.address_help())
    _cli_jobs.add_commands(commands, _at_least_one, _cli_cluster.address_help())

    from ._bench import add_arguments

    bench = commands.add_parser("bench", help="time a kernel beside the GAP Benchmark Suite's")
    add_arguments(bench)
    bench.set_defaults(run=_bench)
    return parser


def _at_least_one(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1 on, not {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())

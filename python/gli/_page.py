"""The web page of a coordinator (docs/seeing.md): what glid is told to serve it, and where it is."""

from __future__ import annotations

from pathlib import Path

DEFAULT = "127.0.0.1:8787"
_FILES = Path(__file__).parent / "page"


def words(at: str | None) -> list[str]:
    """What glid is told.

    >>> words(None), words(DEFAULT)[:2]
    ([], ['--page', '127.0.0.1:8787'])
    """
    return [] if at is None else ["--page", at, "--page-files", str(_FILES)]


def link(directory: Path) -> str:
    """The page's address with the token that lets its reader in: for whoever may read the coordinator's directory."""
    url, token = ((directory / name).read_text().strip() for name in ("page", "token"))
    return f"{url}/#token={token}"

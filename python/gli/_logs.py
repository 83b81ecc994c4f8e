"""How a cluster's processes write their logs (docs/seeing.md)."""

from __future__ import annotations

LEVELS = ("trace", "debug", "info", "warning", "error", "critical", "off")
FORMATS = ("text", "json")


def words(level: str, format: str) -> list[str]:
    """What glid is told; ValueError for a level or format that there is not.

    >>> words("info", "json")
    ['--log-level', 'info', '--log-format', 'json']
    """
    for name, value, known in (("log_level", level, LEVELS), ("log_format", format, FORMATS)):
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(map(repr, known))}, not {value!r}")
    return ["--log-level", level, "--log-format", format]

"""Values between Python and the native part, where it asks for help."""

import json
from datetime import date, datetime, timedelta, UTC

_EPOCH = datetime(1970, 1, 1)


def microseconds(when: datetime) -> int:
    """Microseconds since 1970 UTC; a datetime without time zone is taken as UTC."""
    if when.tzinfo is not None:
        when = when.astimezone(UTC).replace(tzinfo=None)
    return (when - _EPOCH) // timedelta(microseconds=1)


def to_datetime(us: int) -> datetime:
    """The datetime (UTC, without time zone) of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=us)


def plain(scalar):
    """A NumPy scalar as a Python value."""
    value = scalar.item()
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    if type(value).__module__ == "numpy":
        raise TypeError(f"attributes cannot be of type {scalar.dtype}")
    return value


def _named(value):
    """The value as JSON has it: times and bytes as objects of one field, one more $ before names of a user's own that begin with one."""
    if isinstance(value, dict):
        for name in value:
            if not isinstance(name, str):
                raise TypeError(f"names in a dictionary that is an attribute are str, not {name!r}")
        return {f"${name}" if name.startswith("$") else name: _named(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_named(inner) for inner in value]
    if isinstance(value, datetime):
        return {"$timestamp": microseconds(value)}
    if isinstance(value, bytes):
        return {"$binary": value.hex()}
    if hasattr(value, "item") and hasattr(value, "dtype"):
        return _named(plain(value))
    return value


def _unnamed(value):
    if isinstance(value, list):
        return [_unnamed(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, inner),) = value.items()
        if name == "$timestamp" and type(inner) is int:
            return to_datetime(inner)
        if name == "$binary" and type(inner) is str:
            return bytes.fromhex(inner)
    return {name[1:] if name.startswith("$") else name: _unnamed(inner) for name, inner in value.items()}


def _refuse(value):
    raise TypeError(f"attributes cannot hold {value!r}")


def to_json(value) -> str:
    """Canonical JSON: sorted keys, no spaces. Names that begin with $ get one more.

    >>> to_json({"b": [1, None], "a": "é"}), to_json({"$timestamp": 5})
    ('{"a":"é","b":[1,null]}', '{"$$timestamp":5}')
    """
    return json.dumps(_named(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_refuse)


def from_json(text: str):
    """The value that a text of a JSON column stands for; times and bytes among values of other types come back as what they were.

    >>> from_json('[1,null]'), from_json('{"$timestamp":0}'), from_json('{"$binary":"00ff"}')
    ([1, None], datetime.datetime(1970, 1, 1, 0, 0), b'\\x00\\xff')
    """
    value = json.loads(text)
    return _unnamed(value) if '"$' in text else value

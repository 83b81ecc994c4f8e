"""XML files as a stream of events. Entities are refused: nothing is fetched, nothing expands."""

from __future__ import annotations

import re
from typing import Any
from xml.parsers import expat

from .files import PlainBytes

_LONGEST_TEXT = 64 << 20
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


class Stop(Exception):
    """Raised by a handler that has read enough."""


class Handler:
    """What a form makes of its elements; errors are ValueErrors, which get the place."""

    def start(self, name: str, attributes: dict[str, str]) -> bool:
        """An element begins; true when its text is wanted."""
        return False

    def end(self, name: str, text: str | None) -> None:
        """An element ends; its own text, if that was wanted."""

    def instruction(self, values: dict[str, str]) -> None:
        """What <?gli name="value" …?> says."""


def _refuse_entities(*_) -> Any:
    raise ValueError("the file declares entities, which are refused")


class _Parser:
    def __init__(self, handler: Handler):
        self._handler = handler
        self._open: list[list[str] | None] = []
        self._size = 0
        self.expat = expat.ParserCreate()
        self.expat.buffer_text = True
        self.expat.StartElementHandler = self._start
        self.expat.EndElementHandler = self._end
        self.expat.CharacterDataHandler = self._text
        self.expat.ProcessingInstructionHandler = self._instruction
        self.expat.EntityDeclHandler = _refuse_entities
        self.expat.ExternalEntityRefHandler = _refuse_entities

    def _start(self, name, attributes):
        self._open.append([] if self._handler.start(name.rpartition(":")[2], attributes) else None)
        self._size = 0

    def _end(self, name):
        text = self._open.pop()
        self._handler.end(name.rpartition(":")[2], None if text is None else "".join(text))

    def _text(self, text):
        if self._open and self._open[-1] is not None:
            self._size += len(text)
            if self._size > _LONGEST_TEXT:
                raise ValueError("a text of over 64 MiB")
            self._open[-1].append(text)

    def _instruction(self, target, data):
        if target == "gli":
            self._handler.instruction(dict(re.findall(r'([\w-]+)="([^"]*)"', data)))


def parse(path, handler: Handler, progress=None) -> None:
    """Feeds a file to the handler, until its end or Stop."""
    parser = _Parser(handler)
    with PlainBytes(path) as file:
        try:
            while chunk := file.read(1 << 18):
                parser.expat.Parse(chunk, False)
                if progress is not None:
                    progress("read", file.done(), file.size)
            parser.expat.Parse(b"", True)
        except Stop:
            return
        except expat.ExpatError as error:
            if error.code == expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS] and file.size == 0:
                raise ValueError(f"{file.path}: empty file") from None
            raise ValueError(f"{file.path}:{error.lineno}: {expat.ErrorString(error.code)}") from None
        except (ValueError, LookupError) as error:  # LookupError: an encoding that nobody knows
            if str(error).startswith(file.path + ":"):
                raise
            raise ValueError(f"{file.path}:{parser.expat.CurrentLineNumber}: {error}") from None


def escaped(text: str, what: str) -> str:
    """Text as XML, so that it comes back as it is; ValueError for letters that XML has no way to write.

    >>> escaped('a<"b">\\n', "x")
    'a&lt;&quot;b&quot;&gt;&#10;'
    """
    if _FORBIDDEN.search(text):
        raise ValueError(f"XML cannot hold the text of {what}, {text[:40]!r}: write JSON (.json) or Parquet")
    for plain, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\r", "&#13;"), ("\n", "&#10;"), ("\t", "&#9;")):
        if plain in text:
            text = text.replace(plain, entity)
    return text

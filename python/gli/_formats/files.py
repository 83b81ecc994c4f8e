"""Files as streams of plain bytes: gzip and zstd unpacked by their magic bytes, packed by the ending; written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pyarrow as pa

from .._progress import Progress

_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_PACKED_ENDINGS = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}
_CHUNK = 16 << 20


def packing(path) -> str | None:
    """How a file of this name is packed.

    >>> packing("a.csv.gz"), packing("a.csv.zst"), packing("a.csv")
    ('gzip', 'zstd', None)
    """
    return _PACKED_ENDINGS.get(os.path.splitext(os.fspath(path))[1].lower())


def ending(path) -> str:
    """A name's ending without that of the packing, in lower case.

    >>> ending("a/b.GraphML.gz"), ending("notes")
    ('.graphml', '')
    """
    name = os.fspath(path)
    if packing(name):
        name = os.path.splitext(name)[0]
    return os.path.splitext(name)[1].lower()


class PlainBytes:
    """The unpacked bytes of a file, read in order; a damaged or truncated packing is a ValueError that names the file."""

    def __init__(self, path):
        self.path = os.fspath(path)
        if os.path.isdir(self.path):
            raise IsADirectoryError(f"{self.path}: is a directory")
        if not os.path.exists(self.path):
            raise FileNotFoundError(f"{self.path}: no such file")
        self.size = os.path.getsize(self.path)
        with open(self.path, "rb") as file:
            magic = file.read(4)
        self.packed = next((name for mark, name in _MAGIC.items() if magic.startswith(mark)), None)
        self._file = pa.OSFile(self.path)
        self._stream = pa.CompressedInputStream(self._file, self.packed) if self.packed else self._file
        self.closed = False

    def read(self, n: int = -1) -> bytes:
        """Up to n bytes, b"" at the end; without n all that are left."""
        if n is None or n < 0:
            return b"".join(iter(lambda: self.read(_CHUNK), b""))
        if n > _CHUNK:  # memory follows what is there, not what was asked for
            parts = [self.read(_CHUNK)]
            while parts[-1] and (missing := n - sum(map(len, parts))):
                parts.append(self.read(min(missing, _CHUNK)))
            return b"".join(parts)
        try:
            return self._stream.read(n)
        except (OSError, pa.ArrowInvalid) as error:
            if self.packed is None:
                raise
            how = "truncated" if "runcated" in str(error) else "damaged"
            raise ValueError(f"{self.path}: {how} {self.packed} data") from None

    def read_exactly(self, n: int) -> bytes:
        """Exactly n bytes, or a ValueError; memory follows what is there, not what was asked for."""
        parts, missing = [], n
        while missing:
            part = self.read(min(missing, _CHUNK))
            if not part:
                raise ValueError(f"{self.path}: ends {missing:,} bytes too early")
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def holds(self, n: int) -> bool:
        """Whether n bytes are still to come. What is packed is unpacked to see, and then gone."""
        if self.packed is None:
            return self.size - self.done() >= n
        while n > 0:
            part = self.read(min(n, _CHUNK))
            if not part:
                return False
            n -= len(part)
        return True

    def done(self) -> int:
        """How many bytes of the file were read, as it lies on disk."""
        return self._file.tell()

    def readable(self) -> bool:
        """Yes: pyarrow asks."""
        return True

    def writable(self) -> bool:
        """No."""
        return False

    def seekable(self) -> bool:
        """No."""
        return False

    def close(self) -> None:
        """Closes the file."""
        self.closed = True
        self._stream.close()
        self._file.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class _Counted:
    """A file that tells how many bytes it has. Written to from native code too: Ctrl-C is seen at the next piece."""

    def __init__(self, file, title: str, progress):
        self._file, self._title, self._progress = file, title, progress
        self._done = 0
        self.closed = False

    def write(self, data) -> int:
        """Writes all of it."""
        rest = memoryview(data).cast("B")
        size = len(rest)
        while rest:
            self._done += self._file.write(rest[:_CHUNK])
            rest = rest[_CHUNK:]
            if self._progress is not None:
                self._progress(self._title, self._done, 0)
        return size

    def tell(self) -> int:
        """How many bytes there are."""
        return self._done

    def flush(self) -> None:
        """To the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Nothing: writing() closes the file."""

    def readable(self) -> bool:
        """No: pyarrow asks."""
        return False

    def writable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """No."""
        return False


@contextmanager
def writing(path) -> Iterator[_Counted | pa.NativeFile]:
    """A stream that packs as the ending says. The file appears under its name when the block ends; when it raises, what was there stays."""
    final = os.fspath(path)
    special = os.path.exists(final) and not os.path.isfile(final)  # a pipe or a device is written as it is
    if os.path.isdir(final):
        raise IsADirectoryError(f"{final}: is a directory")
    folder, name = os.path.split(os.path.realpath(final))
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"{final}: there is no folder {folder}")
    temporary = final if special else os.path.join(folder, f".{name[:80]}.{secrets.token_hex(6)}")
    try:
        with open(temporary, "wb") as file, Progress("write") as progress:
            counted, packed = _Counted(file, name, progress), packing(final)
            if packed is None:
                yield counted
            else:
                with pa.CompressedOutputStream(counted, packed) as stream:
                    yield stream
        if not special:
            os.replace(temporary, os.path.join(folder, name))
    except BaseException:
        if not special:
            with suppress(OSError):
                os.unlink(temporary)
        raise


class TextWriter:
    """Collects text and writes it in large pieces."""

    def __init__(self, stream):
        self._stream = stream
        self._parts: list[str] = []
        self._size = 0

    def write(self, text: str) -> None:
        """Adds text."""
        self._parts.append(text)
        self._size += len(text)
        if self._size > 1 << 20:
            self.flush()

    def flush(self) -> None:
        """Writes what was collected."""
        self._stream.write("".join(self._parts).encode())
        self._parts.clear()
        self._size = 0

"""The process of a job: `python -m gli._job KIND DIRECTORY PROGRAM IMPORTS NAME [ARGUMENTS…]`. docs/jobs.md.

KIND is "script" or "function", whose NAME is the version of Python that pickled it.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from types import ModuleType, TracebackType

from ._child import end_with_parent

_LARGEST_RESULT = 256 << 20


def main(kind: str, directory: str, program: str, imports: str, name: str, *arguments: str) -> None:
    """Runs it; what it raises is written down, and printed as Python does."""
    end_with_parent()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    own = Path(directory)
    try:
        if kind == "script":
            _run_script(program, imports, arguments)
        else:
            _write(own / "result", _run_function(program, imports, name))
    except SystemExit:
        raise
    except BaseException as error:
        text = "".join(traceback.format_exception(type(error), error, _of_the_user(error.__traceback__)))
        print(text, end="", file=sys.stderr)
        (own / "error").write_text(text, errors="backslashreplace")
        if isinstance(error, Exception):
            _try_to_write(own / "result", error)
        sys.exit(1)


def _run_script(program: str, imports: str, arguments: tuple[str, ...]) -> None:
    """As Python runs it; its names stay for its threads and for what it registered with atexit."""
    sys.argv = [program, *arguments]
    sys.path.insert(0, imports or os.path.dirname(program))
    module = ModuleType("__main__")
    module.__file__ = program
    module.__dict__["__builtins__"] = __builtins__
    sys.modules["__main__"] = module
    exec(compile(Path(program).read_bytes(), program, "exec", dont_inherit=True), module.__dict__)


def _run_function(program: str, imports: str, version: str):
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    if version != own:
        raise RuntimeError(f"the job was sent by Python {version}, and this cluster runs jobs in Python {own}: they must be the same")
    import cloudpickle

    sys.path.insert(0, imports or os.getcwd())
    function, arguments, options = cloudpickle.loads(Path(program).read_bytes())
    return function(*arguments, **options)


class _Limited:
    """A file that takes a result and no more than is kept of one."""

    def __init__(self, file):
        self._file = file
        self._bytes = 0

    def write(self, data) -> int:
        self._bytes += memoryview(data).nbytes
        if self._bytes > _LARGEST_RESULT:
            raise ValueError(
                f"the result takes more than {_LARGEST_RESULT >> 20} MiB: write what is large to a file or store, and return where it is"
            )
        return self._file.write(data)


def _write(path: Path, value) -> None:
    """Whole or not at all."""
    import cloudpickle

    unfinished = path.with_suffix(".next")
    try:
        with open(unfinished, "wb") as file:
            try:
                cloudpickle.dump(value, _Limited(file))
            except (TypeError, AttributeError) as error:
                raise TypeError(f"the result of the job, a {type(value).__name__}, cannot be sent: {error}") from None
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _try_to_write(path: Path, error: Exception) -> None:
    try:
        _write(path, error)
    except Exception:  # whoever asks gets its text
        pass


def _of_the_user(frames: TracebackType | None) -> TracebackType | None:
    """A traceback without what stands before the user's own frames."""
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    return frames


if __name__ == "__main__":
    main(*sys.argv[1:])

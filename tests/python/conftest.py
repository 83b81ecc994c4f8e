"""Shared by the Python tests. GLI_TEST_DATA names the folder with published graphs and their known answers."""

import os
import signal
from pathlib import Path

import pytest

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever starts the tests in the background has them ignore Ctrl-C


@pytest.fixture(scope="session")
def p2p31() -> Path:
    folder = Path(os.environ.get("GLI_TEST_DATA", "")) / "p2p-31"
    if not os.environ.get("GLI_TEST_DATA") or not folder.is_dir():
        pytest.skip("GLI_TEST_DATA names no folder with p2p-31")
    return folder


@pytest.fixture
def write(tmp_path):
    """write(name, text or bytes) makes a file and gives its path."""

    def make(name: str, content) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make

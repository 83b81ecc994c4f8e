"""Tools that some tests need and not every machine has."""

import os
import shutil

import pytest


def needs(*tools):
    """Skips a test where one of these programs is missing; fails it there when GLI_EVERYTHING is set, as in CI."""
    missing = [t for t in tools if shutil.which(t) is None]
    if missing and os.environ.get("GLI_EVERYTHING"):
        pytest.fail(f"GLI_EVERYTHING is set and {', '.join(missing)} is not installed")
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed")

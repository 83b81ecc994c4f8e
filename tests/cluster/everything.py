"""What tests do where a tool is missing: they skip, but fail where all is promised to be there (GLI_EVERYTHING, as CI sets it)."""

import os
import shutil

import pytest


def needs(*tools):
    missing = [t for t in tools if shutil.which(t) is None]
    if missing and os.environ.get("GLI_EVERYTHING"):
        pytest.fail(f"GLI_EVERYTHING is set, and these are not installed: {', '.join(missing)}")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")

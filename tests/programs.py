"""Programs of others that tests drive."""

import os
import shutil

import pytest


def program(name: str) -> str:
    """The path of a program of others that a test drives. CI always has them (tools/programs.sh); elsewhere the test is skipped."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is missing (see tools/programs.sh).")
        pytest.skip(f"{name} is missing (see tools/programs.sh).")
    return found

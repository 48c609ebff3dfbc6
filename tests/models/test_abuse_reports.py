"""ABUSE_CASES.md 29, where nobody even asked: libraries that tell their makers how they are used, unless they are told not to."""

import os
import subprocess
import sys
from pathlib import Path

from models.process import _environment
from tests.conftest import ROOT

READ = """
import numpy as np
from models.reading import RapidOcr
RapidOcr(1).read(np.zeros((64, 64, 3), np.uint8))
import onnxruntime
"""


def test_29_reading_text_leaves_no_trace_of_a_report(tmp_path: Path) -> None:
    """onnxruntime keeps a number for the machine and what it is going to send in the home folder."""
    homes = {name: str(tmp_path) for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "TMPDIR")}
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **homes}
    subprocess.run([sys.executable, "-c", READ], env=environ, check=True, cwd=tmp_path, timeout=100)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_29_the_process_of_the_models_is_told_to_report_to_nobody() -> None:
    told = _environment(1)
    assert {told[name] for name in ("ORT_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK")} == {"1"}

"""The unit for systemd that docs/security.md gives."""

import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.programs import program


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    """Every directive is one it knows, and the service is hardly exposed."""
    analyze = program("systemd-analyze")
    [unit] = re.findall(
        r"^```ini\n(.*?)^```", (ROOT / "docs" / "security.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    command = "/opt/photolib/.venv/bin/photolib"
    assert command in unit
    file = tmp_path / "photolib.service"
    file.write_text(unit.replace(command, sys.executable))
    found = subprocess.run([analyze, "verify", "--man=no", str(file)], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")
    judged = subprocess.run(
        [analyze, "security", "--offline=yes", "--threshold=45", "--no-pager", str(file)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert judged.returncode == 0, judged.stdout[-300:]

"""Writes a wheel named dlib that only asks for dlib-bin, so that nobody has to compile dlib.

face-recognition requires `dlib`, which PyPI offers as source only: several minutes and a C++ compiler. `dlib-bin` is the
same library as a ready wheel, under a name pip cannot match. This wheel of under a kilobyte carries the name and the
requirement and nothing else; pip finds it with `--find-links`.

Wheel format: https://packaging.python.org/en/latest/specifications/binary-distribution-format/

usage: python tools/dlib_wheel.py FOLDER
"""

import base64
import hashlib
import sys
import zipfile
from pathlib import Path

VERSION = "20.0.1"
REQUIRES = "dlib-bin==20.0.1.post1"


def write_wheel(folder: Path) -> Path:
    """Write the wheel into folder and return its path."""
    info = f"dlib-{VERSION}+bin.dist-info"
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: dlib\nVersion: {VERSION}+bin\nRequires-Dist: {REQUIRES}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: photolib\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},{len(text)}"
        for name, text in files.items()
    ]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,"]) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"dlib-{VERSION}+bin-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return wheel


if __name__ == "__main__":
    print(write_wheel(Path(sys.argv[1])))

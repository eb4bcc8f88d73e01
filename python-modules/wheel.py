"""Make the wheel of terrarium.bridge, for the IDE and the tests of who writes a framework.

    python3 wheel.py VERSION FOLDER [COPY]

VERSION is Maven's; a SNAPSHOT becomes a development release. The path of the wheel is printed; COPY is a file beside
it, whose name has no version. The bytes of the wheel
depend on the sources and the version alone. The stand-ins beside the bridge (orjson, rpds) are not in it, since on
CPython there are the packages themselves.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "bridge" / "src" / "main" / "python"
LICENSE = HERE.parent / "LICENSE"
NAME = "terrarium_bridge"
NO_TIME = (1980, 1, 1, 0, 0, 0)

METADATA = """\
Metadata-Version: 2.4
Name: terrarium-bridge
Version: {version}
Summary: The contract between Terrarium and the Python code that it runs: for type checkers, and for tests on CPython.
License-Expression: Apache-2.0
License-File: LICENSE
Requires-Python: >=3.11
"""
WHEEL = """\
Wheel-Version: 1.0
Generator: terrarium
Root-Is-Purelib: true
Tag: py3-none-any
"""


def make(version: str, folder: Path) -> Path:
    """Write the wheel into a folder and return its path."""
    public = version.replace("-SNAPSHOT", ".dev0")
    info = f"{NAME}-{public}.dist-info"
    bridge = SOURCES / "terrarium" / "bridge"
    files = {
        path.relative_to(SOURCES).as_posix(): path.read_bytes()
        for path in sorted(bridge.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    files[f"{info}/licenses/LICENSE"] = LICENSE.read_bytes()
    files[f"{info}/METADATA"] = METADATA.format(version=public).encode()
    files[f"{info}/WHEEL"] = WHEEL.encode()
    lines = [f"{name},sha256={digest(content)},{len(content)}\n" for name, content in files.items()]
    files[f"{info}/RECORD"] = f"{''.join(lines)}{info}/RECORD,,\n".encode()
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{NAME}-{public}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            wheel.writestr(entry, content)
    return target


def digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    made = make(sys.argv[1], Path(sys.argv[2]))
    for copy in sys.argv[3:]:
        shutil.copyfile(made, copy)
    print(made)

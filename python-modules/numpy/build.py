"""Build numpy for GraalPy by CPython, its source distribution's own Meson, ninja and the machine's C and C++ compilers.

    python3 build.py SOURCE SITE TOOLS HEADERS SUFFIX GRAALPY

SOURCE is the unpacked source distribution and may be changed. SITE gets the package. TOOLS is a folder with Cython and
ninja. HEADERS is the folder of GraalPy's ``Python.h``, SUFFIX is how its extension modules end, and GRAALPY is the
folder of GraalPy that has ``patches`` and ``modules/autopatch_capi.py``. The compilers are those of ``CC`` and ``CXX``.

GraalPy does not run. What Meson would ask it, a wrapper of this Python answers.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# Optimizing more, for more processors, takes several times as long to compile, while most of numpy's time on GraalPy is
# spent at the border between Python and C. Without BLAS numpy uses its own code for all of linalg.
_SETUP = (
    "--prefix=/",
    "--buildtype=plain",
    "-Dc_args=-O1 -g0",
    "-Dcpp_args=-O1 -g0",
    "-Dc_link_args=-s",
    "-Dcpp_link_args=-s",
    "-Dblas=none",
    "-Dlapack=none",
    "-Dallow-noblas=true",
    "-Dcpu-baseline=none",
    "-Dcpu-dispatch=none",
    "-Ddisable-optimization=true",
    "-Ddisable-highway=true",
    "-Ddisable-svml=true",
    "-Ddisable-intel-sort=true",
    "-Dpython.install_env=prefix",
    "-Dpython.bytecompile=-1",
)
_SITE = "site"


def patch(source: Path, diff: str) -> None:
    """Change the sources as a unified diff says; each hunk has to fit one place, wherever in the file that is."""
    file = Path()
    for part in re.split(r"^(?=\+\+\+ |@@ )", diff, flags=re.MULTILINE):
        head, _, body = part.partition("\n")
        if head.startswith("+++ b/"):
            file = source / head.removeprefix("+++ b/")
        elif head.startswith("@@ "):
            lines = re.findall(r"^[ +-].*\n", body.partition("\ndiff --git ")[0] + "\n", flags=re.MULTILINE)
            before = "".join(line[1:] for line in lines if line[0] != "+")
            text = file.read_text()
            if text.count(before) != 1:
                raise SystemExit(f"error: GraalPy's patch does not fit {file.relative_to(source)} at {head}")
            file.write_text(text.replace(before, "".join(line[1:] for line in lines if line[0] != "-")))


def adapt(source: Path, graalpy: Path) -> None:
    """Change what of CPython's own structures C code uses, as GraalPy's pip would, in its order."""
    run([sys.executable, str(graalpy / "modules/autopatch_capi.py"), str(source / "numpy")])
    patch(source, (graalpy / "patches/numpy-2.0.0.patch").read_text())


def python_wrapper(folder: Path, headers: Path, suffix: str) -> Path:
    """Make a Python that tells Meson about GraalPy, and runs all else on CPython."""
    site = {"platlib": f"/{_SITE}", "purelib": f"/{_SITE}"}
    info = {
        "variables": {"INCLUDEPY": str(headers), "EXT_SUFFIX": suffix, "base_prefix": "/"},
        "paths": {**site, "include": str(headers), "platinclude": str(headers)},
        "sysconfig_paths": site,
        "install_paths": site,
        "version": "3.12",
        "platform": "linux-x86_64",
        "is_pypy": False,
        "is_venv": False,
        "link_libpython": False,
        "suffix": suffix,
        "limited_api_suffix": suffix,
        "is_freethreaded": False,
    }
    answer = folder / "python_info.json"
    answer.write_text(json.dumps(info))
    wrapper = folder / "python"
    wrapper.write_text(
        f'#!/bin/sh\ncase "$1" in\n*/python_info.py) exec cat "{answer}" ;;\nesac\nexec "{sys.executable}" "$@"\n'
    )
    wrapper.chmod(0o755)
    return wrapper


def build(source: Path, site: Path, tools: Path, python: Path) -> None:
    """Configure, compile and install numpy."""
    ninja = next(tools.glob("ninja-*.data/scripts/ninja"))
    ninja.chmod(0o755)
    native = source / "native.ini"
    native.write_text(
        f"[binaries]\npython = '{python}'\ncython = ['{sys.executable}', '-m', 'cython']\nninja = '{ninja}'\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tools), "NINJA": str(ninja), "DESTDIR": str(source / "installed")}
    for name in ("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS"):
        environment.pop(name, None)
    meson = [str(python), str(source / "vendored-meson/meson/meson.py")]
    target = str(source / "build")
    run([*meson, "setup", target, f"--native-file={native}", *_SETUP], source, environment)
    run([str(ninja), "-C", target], source, environment)
    run([*meson, "install", "-C", target, "--no-rebuild", "--tags=runtime,python-runtime"], source, environment)
    built = source / "installed" / _SITE / "numpy"
    config = built / "__config__.py"
    config.write_text(config.read_text().replace(str(python), "python3").replace(sys.executable, "python3"))
    shutil.copytree(built, site / "numpy")


def run(command: list[str], folder: Path | None = None, environment: dict[str, str] | None = None) -> None:
    """Run a command, whose output says what went wrong."""
    if subprocess.run(command, cwd=folder, env=environment, check=False).returncode:
        raise SystemExit(f"error: {Path(command[0]).name} failed while numpy was built")


def main() -> None:
    """Build what the command line names."""
    source, site, tools, headers, graalpy = (Path(sys.argv[i]).resolve() for i in (1, 2, 3, 4, 6))
    adapt(source, graalpy)
    build(source, site, tools, python_wrapper(source, headers, sys.argv[5]))


if __name__ == "__main__":
    main()

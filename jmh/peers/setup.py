"""Make the Python side of the benchmarks' peers: CPython with DSPy, LangChain, grpcio, Py4J, xllamacpp, Jep, by locks.

    python3 jmh/peers/setup.py [--where] [--cache DIR]

The environment lies in Terrarium's cache folder, made once for the lock files and an interpreter; its folder is
printed. ``--where`` makes nothing, and ends with status 1 when it is not there. Jep has no wheels: it is built with the
machine's C compiler and the JDK of JAVA_HOME; where that fails the log stays as ``jep.log`` in the folder, and the
benchmarks do without it.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULES = HERE.parent.parent / "python-modules"
sys.path.insert(0, str(MODULES))

from check import SetupError, cache_folder, exclusive, runs  # noqa: E402 - the tool that sets up the other environment

FRAMEWORKS = MODULES / "requirements-dev.lock"
PEERS = HERE / "requirements.lock"
JEP = HERE / "jep.lock"


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the Python side of the benchmarks' peers.")
    parser.add_argument("--where", action="store_true", help="make nothing, only print the folder")
    parser.add_argument("--cache", type=Path, help="the cache folder, in place of Terrarium's usual one")
    arguments = parser.parse_args()
    locks = [lock.read_bytes() for lock in (FRAMEWORKS, PEERS, JEP)]
    key = hashlib.sha256(b"\0".join([*locks, sys.version.encode(), sys.base_prefix.encode()])).hexdigest()[:16]
    home = (arguments.cache or cache_folder()) / "peers" / key
    complete = home / "complete"
    if not arguments.where:
        home.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(home.with_suffix(".lock")):
            if not (complete.exists() and runs(home)):
                shutil.rmtree(home, ignore_errors=True)
                try:
                    install(home)
                except SetupError as error:
                    print(f"setup.py: {error}", file=sys.stderr)
                    return 2
                complete.touch()
    elif not complete.exists():
        print(f"setup.py: nothing in {home}: run python3 {Path(__file__).resolve()}", file=sys.stderr)
        return 1
    print(home)
    return 0


def install(home: Path) -> None:
    print(f"setup.py: setting up the benchmarks' peers in {home}", file=sys.stderr)
    venv.create(home, with_pip=True, symlinks=True)
    for lock in (FRAMEWORKS, PEERS):
        if pip(home, "--only-binary=:all:", "-r", str(lock)).returncode:
            raise SetupError(f"pip could not install {lock.name}; is the package index reachable?")
    built = pip(home, "--no-build-isolation", "-r", str(JEP), capture_output=True)
    if built.returncode:
        (home / "jep.log").write_bytes(built.stdout + built.stderr)
        print(f"setup.py: without Jep, which could not be built: {home / 'jep.log'}", file=sys.stderr)


def pip(home: Path, *arguments: str, capture_output: bool = False) -> subprocess.CompletedProcess[bytes]:
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-deps", "--require-hashes"]
    command = [str(home / "bin" / "python"), "-m", "pip", "install", *options, *arguments]
    return subprocess.run(command, check=False, capture_output=capture_output)


if __name__ == "__main__":
    sys.exit(main())

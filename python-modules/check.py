"""Check all Python sources, those of the benchmarks too: ruff, mypy and pytest, as in requirements-dev.lock.

    python3 check.py [--fix] [--cache DIR] [ruff] [format] [mypy] [pytest]

Without names all four run, each to its end; the exit status is 1 when one of them failed, 2 when they could not be
set up. The tools live in a virtual environment in Terrarium's cache folder, made once for a lock file and an
interpreter, and shared by all checkouts. `--fix` lets ruff change the sources.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = HERE.parent / "jmh" / "peers"
LOCK = HERE / "requirements-dev.lock"
CONFIG = HERE / "pyproject.toml"
STEPS = ("ruff", "format", "mypy", "pytest")
OLDEST = (3, 11)


class SetupError(Exception):
    """The tools cannot be set up."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Check all Python sources.")
    parser.add_argument("steps", nargs="*", metavar="step", help=f"some of {', '.join(STEPS)}; all when left out")
    parser.add_argument("--fix", action="store_true", help="let ruff change the sources")
    parser.add_argument("--cache", type=Path, help="the cache folder, in place of Terrarium's usual one")
    arguments = parser.parse_args()
    for step in arguments.steps:
        if step not in STEPS:
            parser.error(f"unknown step {step!r}; there are {', '.join(STEPS)}")
    try:
        check_locks()
        home = environment(arguments.cache or cache_folder())
    except SetupError as error:
        print(f"check.py: {error}", file=sys.stderr)
        return 2
    outcomes = {step: run(home, step, arguments.fix) for step in arguments.steps or STEPS}
    for step, (status, last_line) in outcomes.items():
        print(f"{step:8} {'ok' if status == 0 else f'FAILED ({status})'}  {last_line}")
    return 1 if any(status for status, _ in outcomes.values()) else 0


def cache_folder() -> Path:
    """Terrarium's cache folder, by the rule that its Java side has too."""
    if folder := os.environ.get("TERRARIUM_CACHE"):
        return Path(folder)
    if folder := os.environ.get("XDG_CACHE_HOME"):
        return Path(folder) / "terrarium"
    return Path.home() / ".cache" / "terrarium"


def check_locks() -> None:
    """Refuse a lock that tests other versions than the modules carry."""
    ours = pins(LOCK)
    faults = []
    for lock in sorted(HERE.glob("*/requirements.lock")):
        for name, version in pins(lock).items():
            if ours.get(name) != version:
                faults.append(f"{name} is {version} in {lock.relative_to(HERE)} and {ours.get(name)} in {LOCK.name}")
    if faults:
        raise SetupError("; ".join(faults))


def pins(lock: Path) -> dict[str, str]:
    """The versions of a lock file by normalized name, without its section of build tools."""
    found = {}
    section = ""
    for line in lock.read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"# \[(\w+)]", line):
            section = heading[1]
        pin = re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", line)
        if pin and section != "tools":
            found[re.sub(r"[-_.]+", "-", pin[1]).lower()] = pin[2]
    return found


def environment(cache: Path) -> Path:
    """The virtual environment of the lock file and this interpreter; made when it is not there or does not run."""
    if sys.version_info < OLDEST:
        raise SetupError(f"needs Python {'.'.join(map(str, OLDEST))} or later, this is {platform.python_version()}")
    lock = LOCK.read_bytes()
    key = hashlib.sha256(b"\0".join([lock, sys.version.encode(), sys.base_prefix.encode()])).hexdigest()[:16]
    home = cache / "python-dev" / key
    complete = home / "complete"
    home.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(home.with_suffix(".lock")) as held:
        if not (complete.exists() and runs(home)):
            shutil.rmtree(home, ignore_errors=True)  # an attempt that was cut off, or an interpreter that is gone
            install(home, held)
            complete.touch()
    return home


@contextmanager
def exclusive(path: Path) -> Iterator[int]:
    """Hold a lock that other processes respect; freed when the last process that has its descriptor ends in any way."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("check.py: waiting for another process that sets up the tools", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def runs(home: Path) -> bool:
    try:
        return subprocess.run([home / "bin" / "python", "-c", ""], check=False).returncode == 0
    except OSError:
        return False


def install(home: Path, held: int) -> None:
    print(f"check.py: setting up the tools of {LOCK.name} in {home}", file=sys.stderr)
    started = time.monotonic()
    try:
        venv.create(home, with_pip=True, symlinks=True)
    except subprocess.CalledProcessError as error:
        raise SetupError("cannot make a virtual environment; Debian and Ubuntu need python3-venv") from error
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-deps", "--only-binary=:all:"]
    pip = [str(home / "bin" / "python"), "-m", "pip"]
    command = [*pip, "install", *options, "--require-hashes", "-r", str(LOCK)]
    # pip holds the lock too: should this process be killed, the next one waits until pip has ended
    if status := subprocess.run(command, check=False, pass_fds=[held]).returncode:
        raise SetupError(f"pip could not install {LOCK.name} (status {status}); is the package index reachable?")
    print(f"check.py: set up in {time.monotonic() - started:.0f} s", file=sys.stderr)


def run(home: Path, step: str, fix: bool) -> tuple[int, str]:
    """Run one of the tools, pass on what it prints, and return its status and the last line that it printed."""
    print(f"--- {step}", flush=True)
    variables = {
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "1",  # nothing beside the sources, which are packaged
        "RUFF_CACHE_DIR": str(home / "ruff"),
    }
    variables.pop("PYTHONPATH", None)
    last_line = ""
    for folder, command in commands(home, step, fix):
        with subprocess.Popen(command, cwd=folder, env=variables, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout or ():
                print(line, end="", flush=True)
                last_line = line.strip() or last_line
        if process.returncode:
            return process.returncode, last_line
    return 0, last_line


def commands(home: Path, step: str, fix: bool) -> list[tuple[Path, list[str]]]:
    """The commands of a step, each with the folder to start it in."""
    this = str(HERE / "check.py")
    sources = [str(path) for path in sorted(HERE.glob("*/src/*/python"))]
    everywhere = [*sources, this, str(PEERS)]
    ruff = str(home / "bin" / "ruff")
    python = [str(home / "bin" / "python"), "-P", "-m"]
    if step == "ruff":
        return [(HERE, [ruff, "check", "--config", str(CONFIG), *(["--fix"] if fix else []), *everywhere])]
    if step == "format":
        return [(HERE, [ruff, "format", "--config", str(CONFIG), *([] if fix else ["--check"]), *everywhere])]
    if step == "mypy":
        # Neither started in this folder nor told of it together with the rest: mypy would take dspy/ for the package.
        mypy = [*python, "mypy", "--config-file", str(CONFIG), "--cache-dir", str(home / "mypy")]
        return [(home, [*mypy, this]), (home, [*mypy, *sources, str(PEERS)])]
    return [(HERE, [*python, "pytest", "--config-file", str(CONFIG), "--rootdir", str(HERE), "-q"])]


if __name__ == "__main__":
    sys.exit(main())

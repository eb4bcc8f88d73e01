"""Check all Python sources, those of the benchmarks too: ruff, mypy and pytest, as in requirements-dev.lock.

    python3 check.py [--fix] [--cache DIR] [--reports DIR] [ruff] [format] [mypy] [prose] [pytest] [upstream] [wheel]

Without names all run, as many at a time as there are cores, each to its end; the exit status is 1 when one of them
failed, 2 when they could not be set up. The tools live in a virtual environment in Terrarium's cache folder, made once
for a lock file and an interpreter, and shared by all checkouts. `--fix` lets ruff change the sources. `--reports` is
where pytest writes what it counted.

`prose` looks at Markdown and Javadoc (prose.py).

`upstream` runs the frameworks' own tests, from the releases that upstream/sdists.lock names, with what Terrarium
changes in the frameworks (upstream/src/test/python/terrarium_upstream.py).

`wheel` makes the wheel of terrarium.bridge (wheel.py), and checks and tests a user's framework where nothing is
installed but the wheel, pytest and mypy.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import time
import venv
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
PEERS = HERE.parent / "jmh" / "peers"
EXAMPLES = HERE.parent / "docs" / "examples"
LOCK = HERE / "requirements-dev.lock"
CONFIG = HERE / "pyproject.toml"
SDISTS = HERE / "upstream" / "sdists.lock"
TESTS = HERE / "upstream" / "tests.lock"
DEFERRING = HERE / "packaging" / "src" / "main" / "resources" / "dev" / "terrarium" / "packaging" / "lazy_imports.py"
# The packages whose modules defer their imports, as the modules' poms name them.
DEFERRED = tuple(
    package
    for pom in sorted(HERE.glob("*/pom.xml"))
    for packages in re.findall(r"--lazy ([\w,]+)", pom.read_text())
    for package in packages.split(",")
)
SUITES = {"langchain-core": "tests/unit_tests", "dspy": "tests"}
PLUGINS = ("pytest_asyncio.plugin", "pytest_mock", "syrupy", "terrarium_upstream")
STEPS = ("ruff", "format", "mypy", "prose", "pytest", "upstream", "wheel")
# A framework as a user writes it, its test, and what a user installs, with what that needs.
SAMPLE = HERE.parent / "adapters" / "cli" / "src" / "test" / "resources" / "phrases"
SAMPLE_TESTS = HERE / "bridge" / "src" / "test" / "wheel"
USERS_TOOLS = {
    "pytest": ("iniconfig", "packaging", "pluggy", "pygments"),
    "mypy": ("ast-serialize", "librt", "mypy-extensions", "pathspec", "typing-extensions"),
}
WHEEL = HERE / "wheel.py"
OLDEST = (3, 11)
KEPT = 3  # of the folders that change with the sources


class SetupError(Exception):
    """The tools cannot be set up."""


class Outcome(NamedTuple):
    """What the commands of a step printed, and the first status that is not 0."""

    status: int
    last_line: str
    output: str


def main() -> int:
    parser = argparse.ArgumentParser(description="Check all Python sources.")
    parser.add_argument("steps", nargs="*", metavar="step", help=f"some of {', '.join(STEPS)}; all when left out")
    parser.add_argument("--fix", action="store_true", help="let ruff change the sources")
    parser.add_argument("--cache", type=Path, help="the cache folder, in place of Terrarium's usual one")
    parser.add_argument("--reports", type=Path, help="the folder for pytest's reports, TEST-NAME.xml")
    arguments = parser.parse_args()
    for step in arguments.steps:
        if step not in STEPS:
            parser.error(f"unknown step {step!r}; there are {', '.join(STEPS)}")
    try:
        check_locks()
        home = environment(arguments.cache or cache_folder())
        if "upstream" in (arguments.steps or STEPS):
            prepare_upstream(home)
        if "wheel" in (arguments.steps or STEPS):
            make_once(home, "wheel", made_of_wheel(), lambda folder, held: install_wheel(folder, held))
    except SetupError as error:
        print(f"check.py: {error}", file=sys.stderr)
        return 2
    steps = arguments.steps or list(STEPS)
    # With --fix one after the other: some of them change what the others read.
    with ThreadPoolExecutor(1 if arguments.fix else os.cpu_count()) as pool:
        runs = [pool.submit(run, home, step, arguments.fix, arguments.reports) for step in steps]
        outcomes = {step: show(step, each.result()) for step, each in zip(steps, runs, strict=True)}
    for step, outcome in outcomes.items():
        print(f"{step:8} {'ok' if outcome.status == 0 else f'FAILED ({outcome.status})'}  {outcome.last_line}")
    return 1 if any(outcome.status for outcome in outcomes.values()) else 0


def cache_folder() -> Path:
    """Terrarium's cache folder, by the rule that its Java side has too."""
    if folder := os.environ.get("TERRARIUM_CACHE"):
        return Path(folder)
    if folder := os.environ.get("XDG_CACHE_HOME"):
        return Path(folder) / "terrarium"
    return Path.home() / ".cache" / "terrarium"


def check_locks() -> None:
    """Refuse a lock that tests other versions than the modules carry that have Python of ours."""
    ours = pins(LOCK)
    faults = []
    tested = (sources.parents[2] / "requirements.lock" for sources in sorted(HERE.glob("*/src/main/python")))
    for lock in [*tested, SDISTS]:
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


def prepare_upstream(home: Path) -> None:
    """Have the frameworks' tests, and their modules rewritten as the build of the jars does it."""
    make_once(home, "upstream", made_of_locks(), lambda folder, held: unpack_tests(home, folder, held))
    make_once(home, "deferring", DEFERRING.read_bytes(), lambda folder, _: compile_deferring(home, folder))


def made_of_locks() -> bytes:
    return SDISTS.read_bytes() + TESTS.read_bytes()


def made_of_wheel() -> bytes:
    files = [LOCK, WHEEL, Path(__file__), *SAMPLE.rglob("*"), *SAMPLE_TESTS.rglob("*.py")]
    files += (HERE / "bridge" / "src" / "main" / "python" / "terrarium").rglob("*")
    read = [bytes(path) + b"\0" + path.read_bytes() for path in sorted(files) if path.is_file()]
    return b"\0".join([*read, sys.version.encode(), sys.base_prefix.encode()])


def install_wheel(folder: Path, held: int) -> None:
    """Make an environment with the wheel, pytest and mypy alone, and copy the framework and its test beside it."""
    print(f"check.py: installing the wheel of terrarium.bridge in {folder}", file=sys.stderr)
    venv.create(folder / "venv", with_pip=True, symlinks=True)
    names = [*USERS_TOOLS, *(name for names in USERS_TOOLS.values() for name in names)]
    entries = re.findall(r"^[^\s#].*?(?=^[^\s]|\Z)", LOCK.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    wanted = [entry for entry in entries if re.split(r"[\s=;]", entry)[0] in names]
    (folder / "tools.lock").write_text("".join(wanted), encoding="utf-8")
    made = subprocess.run(
        [sys.executable, WHEEL, "0.0.1-SNAPSHOT", folder], check=True, stdout=subprocess.PIPE, text=True
    )
    pip = [str(folder / "venv" / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    options = ["install", "--quiet", "--no-deps", "--only-binary=:all:"]
    for command in (
        [*pip, *options, "--require-hashes", "-r", str(folder / "tools.lock")],
        [*pip, *options, "--no-index", made.stdout.strip()],
        [*pip, "--quiet", "check"],
    ):
        if status := subprocess.run(command, check=False, pass_fds=[held]).returncode:
            raise SetupError(f"pip {' '.join(command[5:7])} failed (status {status}) for the wheel of terrarium.bridge")
    shutil.copytree(SAMPLE, folder / "sample" / SAMPLE.name)
    for test in SAMPLE_TESTS.glob("*.py"):
        shutil.copy(test, folder / "sample")


def make_once(home: Path, name: str, made_of: bytes, make: Callable[[Path, int], None]) -> Path:
    """The folder of that name for what it is made of; `make` fills it when it is not whole. Older ones are removed."""
    folder = made_folder(home, name, made_of)
    complete = folder / "complete"
    with exclusive(home / f"{name}.lock") as held:
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder, held)
            complete.touch()
        complete.touch()
        made = sorted(home.glob(f"{name}-*"), key=lambda each: each.stat().st_mtime, reverse=True)
        for old in made[KEPT:]:
            shutil.rmtree(old, ignore_errors=True)
    return folder


def made_folder(home: Path, name: str, made_of: bytes) -> Path:
    return home / f"{name}-{hashlib.sha256(made_of).hexdigest()[:16]}"


def unpack_tests(home: Path, folder: Path, held: int) -> None:
    print(f"check.py: fetching what {SDISTS.name} and {TESTS.name} name", file=sys.stderr)
    pip = [str(home / "bin" / "python"), "-m", "pip"]
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-deps", "--require-hashes"]
    library = str(folder / "lib")
    # pip asks each source distribution for its metadata, for which it runs what builds it: that is in our lock.
    for command in (
        [*pip, "install", *options, "--only-binary=:all:", "--target", library, "-r", str(TESTS)],
        [*pip, "download", *options, "--no-binary=:all:", "--no-build-isolation", "-d", str(folder), "-r", str(SDISTS)],
    ):
        environment = {**os.environ, "PYTHONPATH": library}
        if status := subprocess.run(command, check=False, pass_fds=[held], env=environment).returncode:
            raise SetupError(f"pip could not fetch {command[-1]} (status {status}); is the package index reachable?")
    for name in SUITES:
        with tarfile.open(next(folder.glob(f"{name.replace('-', '_')}-*.tar.gz"))) as archive:
            for member in archive.getmembers():
                # Without the framework itself, which would be found before the installed one.
                member.name = member.name.partition("/")[2]
                if member.name.startswith("tests/") or member.name == "pyproject.toml":
                    archive.extract(member, folder / name, filter="data")


def compile_deferring(home: Path, folder: Path) -> None:
    print("check.py: compiling modules that defer their imports", file=sys.stderr)
    site = next(home.glob("lib/python*/site-packages"))
    names = [path.relative_to(site) for package in DEFERRED for path in sorted((site / package).rglob("*.py"))]
    spec = importlib.util.spec_from_file_location("lazy_imports", DEFERRING)
    assert spec is not None  # noqa: S101
    assert spec.loader is not None  # noqa: S101
    tool = importlib.util.module_from_spec(spec)
    before = sys.pycache_prefix, sys.dont_write_bytecode
    sys.pycache_prefix, sys.dont_write_bytecode = str(folder), True
    try:
        spec.loader.exec_module(tool)
        tool.compile_lazily(str(site), "\n".join(map(str, names)))
    finally:
        sys.pycache_prefix, sys.dont_write_bytecode = before


def run(home: Path, step: str, fix: bool, reports: Path | None) -> Outcome:
    """Run the commands of one step, one after the other, each of them also when an earlier one failed."""
    variables = {
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "1",  # nothing beside the sources, which are packaged
        "RUFF_CACHE_DIR": str(home / "ruff"),
    }
    variables.pop("PYTHONPATH", None)
    done = [
        subprocess.run(
            command,
            cwd=folder,
            env={**variables, **more},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        for folder, command, more in commands(home, step, fix, reports)
    ]
    failed = (each.returncode for each in done if each.returncode)
    last_lines = ((each.stdout.strip().splitlines() or [""])[-1] for each in done)
    return Outcome(next(failed, 0), "; ".join(last_lines), "".join(each.stdout for each in done))


def show(step: str, outcome: Outcome) -> Outcome:
    print(f"--- {step}\n{outcome.output}", end="", flush=True)
    return outcome


def commands(home: Path, step: str, fix: bool, reports: Path | None) -> list[tuple[Path, list[str], dict[str, str]]]:
    """The commands of a step, each with the folder to start it in and further variables."""
    scripts = [str(HERE / "check.py"), str(WHEEL), str(HERE / "prose.py"), *map(str, sorted(HERE.glob("*/*.py")))]
    sources = [str(path) for path in sorted(HERE.glob("*/src/*/python"))]
    outside = [*map(str, sorted(EXAMPLES.rglob("*.py"))), str(PEERS)]
    everywhere = [*sources, *scripts, *outside]
    ruff = str(home / "bin" / "ruff")
    python = [str(home / "bin" / "python"), "-P", "-m"]
    pytest = [*python, "pytest", "-q"]
    if step == "ruff":
        return [(HERE, [ruff, "check", "--config", str(CONFIG), *(["--fix"] if fix else []), *everywhere], {})]
    if step == "format":
        return [(HERE, [ruff, "format", "--config", str(CONFIG), *([] if fix else ["--check"]), *everywhere], {})]
    if step == "mypy":
        # Neither started in this folder nor told of it together with the rest: mypy would take dspy/ for the package.
        mypy = [*python, "mypy", "--config-file", str(CONFIG), "--cache-dir", str(home / "mypy")]
        return [
            (home, [*mypy, *scripts], {}),
            (home, [*mypy, *sources, *outside], {"MYPYPATH": os.pathsep.join(sources)}),
        ]
    if step == "prose":
        return [(HERE, [str(home / "bin" / "python"), str(HERE / "prose.py")], {})]
    if step == "pytest":
        imported = ["-o", f"pythonpath={' '.join(map(str, [*HERE.glob('*/src/main/python'), DEFERRING.parent]))}"]
        configured = ["--config-file", str(CONFIG), "--rootdir", str(HERE)]
        return [(HERE, [*pytest, *configured, *imported, *report(reports, "pytest")], {})]
    if step == "wheel":
        folder = made_folder(home, "wheel", made_of_wheel())
        users = [str(folder / "venv" / "bin" / "python"), "-m"]
        tools: list[tuple[list[str], dict[str, str]]] = [
            ([*users, "mypy", "--strict", "--no-incremental", "."], {}),
            ([*users, "pytest", "-q", "-p", "no:cacheprovider", *report(reports, "wheel")], {"PYTEST_ADDOPTS": ""}),
        ]
        return [(folder / "sample", command, variables) for command, variables in tools]
    tests = made_folder(home, "upstream", made_of_locks())
    paths = [*HERE.glob("*/src/main/python"), SDISTS.parent / "src" / "test" / "python", tests / "lib"]
    variables = {
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "PYTHONPYCACHEPREFIX": str(made_folder(home, "deferring", DEFERRING.read_bytes())),
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    plugins = [f"-p{name}" for name in ("no:cacheprovider", *PLUGINS)]
    # Our plugin first: pytest imports what the filters of warnings in pyproject.toml name, before any plugin.
    pytest = [*python[:-1], "-c", f"import {PLUGINS[-1]}, pytest; raise SystemExit(pytest.main())", "-q"]
    return [
        (
            tests / name,
            [*pytest, *plugins, folder, *report(reports, f"upstream-{name}")],
            {**variables, "TERRARIUM_SUITE": name},
        )
        for name, folder in SUITES.items()
    ]


def report(reports: Path | None, name: str) -> list[str]:
    return [] if reports is None else [f"--junitxml={reports.resolve() / f'TEST-{name}.xml'}"]


if __name__ == "__main__":
    sys.exit(main())

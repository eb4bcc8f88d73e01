"""Run the tests that packages ship in their source distributions, on GraalPy, and write docs/compatibility.md's counts.

    python3 packages.py [--classpath PATH] [NAME]...

docs/compatibility.md has the command that builds what this needs. Each suite gets a JVM of its own, of the JDK 25 in
JAVA_HOME. What the tests import beside the packages comes from requirements-dev.lock and tests.lock.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
LOCK = HERE / "packages.lock"
RESOLVE = HERE.parent / "packaging" / "src" / "main" / "resources" / "dev" / "terrarium" / "resolver" / "resolve.py"
TOOLS = (
    "pytest", "pluggy", "iniconfig", "packaging", "pygments", "pytest-mock", "freezegun",
    "python-dateutil", "six", "attrs",
    "typing-extensions",
)  # fmt: skip
JAVA = ("-Xss64m", "-Xmx3g", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED")
SECONDS = 150  # for each suite
ROOT = HERE.parents[1]
CLASSPATH = os.pathsep.join(
    str(ROOT / each)
    for each in ("jmh/target/lib/*", "adapters/consumer/target/classes", "python-modules/numpy/target/classes")
)
FRAMEWORK = HERE / "src" / "test" / "python" / "package_suite.py"
TABLE = ROOT / "docs" / "compatibility.md"
BEGIN = "<!-- tests of packages -->\n"
END = "<!-- end -->"


class Suite(NamedTuple):
    """Which files of a release are run, of which set of packages, with which options of pytest, and why some fail."""

    files: tuple[str, ...]
    note: str = ""
    options: str = ""
    packages: str = "tried"


SUITES = {
    "humanize": Suite(("tests/test_filesize.py", "tests/test_lists.py", "tests/test_number.py")),
    "tenacity": Suite(("tests",), "no tornado (1); 6 ms where 1.1 ms are allowed (1)"),
    "pyyaml": Suite(("tests",), "`legacy_tests` are not imported (1); no `CLoader` (1)"),
    "markdown-it-py": Suite(("tests",), "`sys.argv`, which `argparse` reads, is empty (17); no pytest-regressions (7)"),
    "msgpack": Suite(("test",), "empty `tracemalloc` (4); no reference counts (1); no recursion limit (1)"),
    "xxhash": Suite(("tests/test_xxh32.py", "tests/test_xxh64.py", "tests/test_xxh3_64.py", "tests/test_xxh3_128.py")),
    "beautifulsoup4": Suite(("bs4/tests",), "runtime protocols of typing_extensions (28)"),
    "jinja2": Suite(("tests/test_core_tags.py", "tests/test_inheritance.py")),
    "python-dateutil": Suite(
        ("tests/test_easter.py", "tests/test_parser.py", "tests/test_relativedelta.py"),
        "tests that change the variable `TZ` (2)",
    ),
    "httpx": Suite(("tests/models",), note="no chardet (1)", options="--noconftest -panyio.pytest_plugin"),
    "pydantic-settings": Suite(("tests/test_source_json.py", "tests/test_source_toml.py", "tests/test_utils.py")),
    "rapidfuzz": Suite(
        ("tests/test_fuzz.py", "tests/test_utils.py", "tests/distance"),
        "they import its part in C++, which is not packed (13); no hypothesis (1)",
    ),
    "networkx": Suite(
        ("networkx/classes/tests/test_graph.py", "networkx/algorithms/shortest_paths/tests/test_weighted.py")
    ),
    "sympy": Suite(("sympy/core/tests/test_basic.py",)),
    "numpy": Suite(
        (
            "numpy/_core/tests/test_shape_base.py",
            "numpy/lib/tests/test_arraysetops.py",
        ),
        packages="numpy",
    ),
}


def pins(lock: Path) -> dict[str, tuple[str, str]]:
    """Return versions and hashes of a lock of one file for each release."""
    found = re.findall(r"^(\S+)==(\S+) \\\n    --hash=sha256:(\w+)", lock.read_text(), re.MULTILINE)
    return {name: (version, sha256) for name, version, sha256 in found}


def fetch(name: str, folder: Path) -> Path:
    """Download a release without running anything of it, and check its hash."""
    version, sha256 = pins(LOCK)[name]
    request = folder / "request.json"
    request.write_text(
        json.dumps({"abi": "none", "platforms": [], "folder": str(folder), "sources": [[name, version]]})
    )
    run([sys.executable, str(RESOLVE), "fetch", str(request), str(folder / "answer.txt")])
    file = next(folder.glob("*.tar.gz"))
    if hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
        raise SystemExit(f"what was fetched for {name} is not the file that {LOCK.name} names")
    return file


def unpack(file: Path, folder: Path) -> None:
    """Lay out the tests alone, and what configures pytest: the package comes from its jar."""
    with tarfile.open(file) as archive:
        for member in archive.getmembers():
            member.name = member.name.partition("/")[2]
            inside = re.search(r"(^|/)tests?/", member.name) or "/" not in member.name
            if member.name and inside and not member.name.endswith(("setup.py", "setup.cfg")):
                archive.extract(member, folder, filter="data")


def install(folder: Path) -> None:
    """Install pytest and what tests import, by the hashes of our locks."""
    text = "\n".join((HERE.parent / "requirements-dev.lock", HERE / "tests.lock")[i].read_text() for i in (0, 1))
    entries = re.findall(r"^[^\s#].*?(?=^[^\s]|\Z)", text, re.DOTALL | re.MULTILINE)
    chosen = {re.split(r"==", entry)[0]: entry for entry in entries}
    lock = folder / "tools.lock"
    lock.write_text("".join(chosen[name] for name in TOOLS if name in chosen))
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    run([sys.executable, "-m", "pip", "install", *options, "--target", str(folder / "lib"), "-r", str(lock)])


def run(command: list[str]) -> None:
    """Run a command that has to succeed."""
    if status := subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode:
        raise SystemExit(f"{Path(command[0]).name} {command[1]} failed (status {status})")


def java() -> str:
    """Return the command of the JDK."""
    home = os.environ.get("JAVA_HOME")
    return str(Path(home, "bin", "java")) if home else "java"


def outcome(name: str, classpath: str, tools: Path) -> dict[str, Any] | None:
    """Run a suite in a JVM, and return what it counted; None when it failed, or did not come to an end."""
    suite = SUITES[name]
    with tempfile.TemporaryDirectory() as made:
        downloads, tests = Path(made, "downloads"), Path(made, "tests")
        downloads.mkdir()
        tests.mkdir()
        unpack(fetch(name, downloads), tests)
        command = [java(), *JAVA, "-cp", classpath, str(HERE / "PackagesOnGraalPy.java"), str(FRAMEWORK)]
        command += [suite.packages, str(tests), str(tools), suite.options, *suite.files]
        try:
            done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return None
    last = done.stdout.strip().rpartition("\n")[2]
    return json.loads(last) if last.startswith("{") else None


def write(name: str, counts: dict[str, int]) -> None:
    """Write a row of the table."""
    suite = SUITES[name]
    figures = [str(counts.get(each, 0)) for each in ("passed", "failed", "error", "skipped")]
    row = f"| {name} | {', '.join(f'`{each}`' for each in suite.files)} | {' | '.join(figures)} | {suite.note} |"
    text = TABLE.read_text(encoding="utf-8")
    start = text.index(BEGIN) + len(BEGIN)
    end = text.index(END, start)
    lines = text[start:end].splitlines()
    kept = [each for each in lines[2:] if not each.startswith(f"| {name} |")]
    table = "\n".join([*lines[:2], *sorted([*kept, row])])
    TABLE.write_text(f"{text[:start]}{table}\n{text[end:]}", encoding="utf-8")


def main() -> None:
    """Run the suites that the command line names, or all."""
    parser = argparse.ArgumentParser(description="Run the tests that packages ship, on GraalPy.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(SUITES)}; all when left out")
    parser.add_argument("--classpath", default=CLASSPATH, help="Terrarium with the sets of packages, if not as built")
    arguments = parser.parse_args()
    if unknown := sorted({*arguments.names} - {*SUITES}):
        parser.error(f"no suite of {', '.join(unknown)}; there are {', '.join(SUITES)}")
    with tempfile.TemporaryDirectory() as made:
        install(Path(made))
        for name in arguments.names or SUITES:
            found = outcome(name, arguments.classpath, Path(made, "lib"))
            if found is None:
                print(f"{name}: no counts within {SECONDS} s", flush=True)
                continue
            print(f"{name}: {found['counts']}", *found["failures"], sep="\n  ", flush=True)
            write(name, found["counts"])


if __name__ == "__main__":
    main()

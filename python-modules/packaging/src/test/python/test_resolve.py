"""The script that resolves for GraalPy, with the pip of this Python and a registry of wheels made here."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "main" / "resources" / "dev" / "terrarium" / "resolver" / "resolve.py"
PURE = "py3-none-any"
GRAALPY = "graalpy312-graalpy250_312_native-manylinux2014_x86_64"
CPYTHON = "cp312-cp312-manylinux_2_17_x86_64"


class Registry:
    """A folder of distributions, from which pip resolves in place of a registry."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "registry"
        self.folder.mkdir()
        self.work = folder / "work"
        self.work.mkdir()
        self.output = ""

    def wheel(self, name: str, version: str, tag: str, *requires: str) -> None:
        info = f"{name}-{version}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        metadata += "".join(f"Requires-Dist: {each}\n" for each in requires)
        with zipfile.ZipFile(self.folder / f"{name}-{version}-{tag}.whl", "w") as wheel:
            wheel.writestr(f"{info}/METADATA", metadata)
            wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
            wheel.writestr(f"{info}/RECORD", "")

    def source(self, name: str, version: str, *files: str, **texts: str) -> None:
        contents = dict.fromkeys(files, "") | {"PKG-INFO": f"Name: {name}\nVersion: {version}\n"}
        contents |= {each.replace("__", "."): text for each, text in texts.items()}
        with tarfile.open(self.folder / f"{name}-{version}.tar.gz", "w:gz") as archive:
            for file, text in contents.items():
                member = tarfile.TarInfo(f"{name}-{version}/{file}")
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text.encode()))

    def run(self, work: str, **request: object) -> list[list[str]] | None:
        """Return the records, or None for a failure."""
        asked = self.work / "request.json"
        asked.write_text(json.dumps({"abi": "graalpy250_312_native", "platforms": ["manylinux2014_x86_64"], **request}))
        answer = self.work / "answer.txt"
        environment = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.folder), "PIP_CONFIG_FILE": os.devnull}
        done = subprocess.run(  # noqa: S603
            [sys.executable, str(SCRIPT), work, str(asked), str(answer)],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        self.output = done.stdout + done.stderr
        return None if done.returncode else [line.split("\t") for line in answer.read_text().splitlines()]

    def lock(self, *requirements: str) -> list[list[str]]:
        records = self.run("lock", requirements=requirements)
        assert records is not None, self.output
        return records


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path)


def test_wheels_are_locked_with_what_requires_them(registry: Registry) -> None:
    registry.wheel("snake", "1.0", PURE, "egg>=1", "nest; extra == 'all'")
    registry.wheel("egg", "1.0", PURE)
    registry.wheel("egg", "1.1", GRAALPY)

    egg, snake = registry.lock("snake")

    assert egg[:3] == ["wheel", "egg", "1.1"]
    assert egg[4] == "snake"
    assert len(egg[3]) == 64
    assert snake[:3] == ["wheel", "snake", "1.0"]
    assert snake[4] == ""


def test_version_with_a_wheel_that_runs_is_preferred_over_newer_ones(registry: Registry) -> None:
    registry.wheel("snake", "1.0", GRAALPY)
    registry.wheel("snake", "2.0", CPYTHON)
    registry.source("snake", "3.0", "setup.py")

    assert registry.lock("snake")[0][:3] == ["wheel", "snake", "1.0"]


def test_markers_are_those_of_graalpy(registry: Registry) -> None:
    registry.wheel(
        "snake",
        "1.0",
        PURE,
        "egg; platform_python_implementation == 'GraalVM' and python_version == '3.12'",
        "stone; platform_python_implementation == 'CPython'",
        "dust; python_version < '3.12'",
    )
    registry.wheel("egg", "1.0", PURE)

    assert [each[1] for each in registry.lock("snake")] == ["egg", "snake"]


def test_compiled_package_is_described_by_its_source(registry: Registry) -> None:
    registry.wheel("fast", "1.0", CPYTHON)
    registry.source("fast", "1.0", "src/fast/__init__.py", "src/fast/_fast.c", "tests/__init__.py")

    record = registry.lock("fast")[0]

    assert record[0] == "source"
    assert record[5:] == ["yes", "", "src/fast"]


def test_rust_is_recognized(registry: Registry) -> None:
    registry.wheel("rusty", "1.0", CPYTHON)
    registry.source("rusty", "1.0", "Cargo.toml", "src/lib.rs")

    assert registry.lock("rusty")[0][5:] == ["yes", "Rust", ""]


def test_build_by_cmake_is_recognized(registry: Registry) -> None:
    registry.wheel("heavy", "1.0", CPYTHON)
    registry.source("heavy", "1.0", "heavy.py", pyproject__toml='[build-system]\nrequires = ["scikit-build-core>=1"]')

    assert registry.lock("heavy")[0][5:] == ["yes", "CMake", "heavy.py"]


def test_package_without_sources_is_named(registry: Registry) -> None:
    registry.wheel("closed", "1.0", CPYTHON)
    registry.wheel("snake", "1.0", PURE, "closed")

    assert registry.lock("snake")[0] == ["none", "closed", "1.0", "snake"]


def test_two_versions_of_one_package_are_a_conflict(registry: Registry) -> None:
    registry.wheel("egg", "1.0", PURE)
    registry.wheel("egg", "2.0", PURE)
    registry.wheel("snake", "1.0", PURE, "egg<2")

    assert registry.run("lock", requirements=["snake", "egg==2.0"]) is None
    assert "The conflict is caused by:" in registry.output
    assert "depends on egg<2" in registry.output


def test_unknown_package_is_named(registry: Registry) -> None:
    assert registry.run("lock", requirements=["unicorn"]) is None
    assert "No matching distribution found for unicorn" in registry.output


def test_sources_are_fetched_and_not_run(registry: Registry) -> None:
    registry.source("trap", "1.0", setup__py="raise SystemExit('was run')")
    folder = registry.work / "downloads"
    folder.mkdir()

    assert registry.run("fetch", folder=str(folder), sources=[["trap", "1.0"]]) == [], registry.output
    assert [each.name for each in folder.iterdir()] == ["trap-1.0.tar.gz"]
    assert registry.run("fetch", folder=str(folder), sources=[["trap", "2.0"]]) is None
    assert "No matching distribution found for trap==2.0" in registry.output

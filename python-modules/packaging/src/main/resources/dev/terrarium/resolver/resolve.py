"""Find the files of Python packages that run on GraalPy, by this Python's pip and its configuration.

    python3 resolve.py lock REQUEST ANSWER
    python3 resolve.py fetch REQUEST ANSWER

`lock` resolves requirements as pip would on GraalPy: with GraalPy's environment markers, and by wheels for GraalPy or
pure ones before all others. Nothing is installed, and only packages without any wheel are asked for their metadata,
which may run their build. `fetch` downloads source distributions and runs nothing of them.

REQUEST is JSON. Each line of ANSWER is a record of texts between tabs:

    wheel NAME VERSION SHA256 REQUIRED-BY
    source NAME VERSION SHA256 REQUIRED-BY COMPILED LANGUAGE PATHS
    none NAME VERSION REQUIRED-BY

COMPILED is `yes` for what has compiled code; LANGUAGE is what its build needs; PATHS are its Python packages and
modules within the source distribution. The exit status is pip's, whose output says why.

pip has no option for resolving on behalf of another interpreter with source distributions allowed, so functions of pip
are replaced here. They have been the same since pip 23.2; pip 23.2.1 and 26.3 were tried.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tarfile
import tomllib
import zipfile
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

_MARKERS = {
    "implementation_name": "graalpy",
    "implementation_version": "3.12.8",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "GraalVM",
    "platform_system": "Linux",
    "python_full_version": "3.12.8",
    "python_version": "3.12",
    "sys_platform": "linux",
}
_CPYTHON = (3, 12)
_CPYTHON_PLATFORMS = [
    *[f"manylinux_2_{minor}_x86_64" for minor in range(40, 4, -1)],
    "manylinux2014_x86_64",
    "manylinux2010_x86_64",
    "manylinux1_x86_64",
    "linux_x86_64",
]
_COMPILED = {".c", ".cc", ".cpp", ".cxx", ".pyx", ".rs", ".f", ".f90", ".go"}
_ASIDE = {"bench", "benches", "benchmarks", "doc", "docs", "example", "examples", "test", "tests", "testing"}
_BUILDERS = {
    "maturin": "Rust",
    "setuptools-rust": "Rust",
    "setuptools_rust": "Rust",
    "meson-python": "Meson",
    "scikit-build": "CMake",
    "scikit-build-core": "CMake",
    "scikit_build_core": "CMake",
}


class Pip:
    """The running pip, which resolves for GraalPy."""

    def __init__(self) -> None:
        self._finder: Any = None
        self._session: Any = None
        self._ours: set[Any] = set()
        self._command: Any = import_module("pip._internal.commands.install").InstallCommand
        self._replace_markers()
        self._replace_tags()
        self._replace_order()
        import_module("pip._internal.cli.cmdoptions").check_dist_restriction = lambda *_, **__: None

    @staticmethod
    def _replace_markers() -> None:
        markers: Any = import_module("pip._vendor.packaging.markers")
        original = markers.default_environment
        markers.default_environment = lambda: {**original(), **_MARKERS}

    def _replace_tags(self) -> None:
        """Have wheels of CPython be found, too: they say what their packages require."""
        target: Any = import_module("pip._internal.models.target_python").TargetPython
        tags: Any = import_module("pip._vendor.packaging.tags")
        name = "get_sorted_tags" if hasattr(target, "get_sorted_tags") else "get_tags"  # up to pip 23.2
        original = getattr(target, name)
        foreign = [*tags.cpython_tags(_CPYTHON, platforms=_CPYTHON_PLATFORMS)]

        def tags_of(python: Any) -> list[Any]:
            own = original(python)
            self._ours = {*own}
            return [*own, *foreign]

        setattr(target, name, tags_of)

    def _replace_order(self) -> None:
        """Have a version with a wheel for GraalPy be preferred over newer ones without."""
        evaluator: Any = import_module("pip._internal.index.package_finder").CandidateEvaluator
        original = evaluator._sort_key

        def sort_key(self_: Any, candidate: Any) -> Any:
            return (self.rank(candidate.link), *original(self_, candidate))

        evaluator._sort_key = sort_key

    def rank(self, link: Any) -> int:
        """Return 2 for a wheel that GraalPy takes, 1 for another wheel, 0 for sources."""
        if not link.is_wheel:
            return 0
        utils: Any = import_module("pip._vendor.packaging.utils")
        try:
            tags = utils.parse_wheel_filename(link.filename)[3]
        except utils.InvalidWheelFilename:
            return 0
        return 2 if self._ours & tags else 1

    def run(self, arguments: list[str], request: dict[str, Any], work: Any, resolves: bool) -> int:
        """Run `pip install` with these arguments, and then the work with this pip's session open.

        Without resolving, all that pip does is to make its session.
        """
        original = self._command.run
        build_finder = self._command._build_package_finder

        def building(command: Any, *args: Any, **options: Any) -> Any:
            self._finder = build_finder(command, *args, **options)
            return self._finder

        def running(command: Any, options: Any, args: Any) -> Any:
            self._session = command.get_default_session(options)
            status = 0
            if resolves:
                status = original(command, options, args)
            else:
                target: Any = import_module("pip._internal.cli.cmdoptions").make_target_python(options)
                building(command, options=options, session=self._session, target_python=target)
            if status == 0:
                work()
            return status

        self._command._build_package_finder = building
        self._command.run = running
        platform = [
            "--implementation=graalpy",
            "--abi=" + request["abi"],
            "--abi=none",
            "--python-version=3.12",
            *[f"--platform={each}" for each in request["platforms"]],
        ]
        main: Any = import_module("pip._internal.cli.main").main
        return int(
            main(
                [
                    "install",
                    "--dry-run",
                    "--ignore-installed",
                    "--no-input",
                    "--disable-pip-version-check",
                    "--progress-bar=off",
                    *platform,
                    *arguments,
                ]
            )
        )

    def source(self, name: str, version: str) -> Any:
        """Return the link of a source distribution, or None."""
        for candidate in self._finder.find_all_candidates(name):
            if not candidate.link.is_wheel and str(candidate.version) == version:
                return candidate.link
        return None

    def download(self, link: Any, folder: Path) -> Path:
        """Download a file whose link has no hash, or this hash."""
        file = folder / link.filename
        response = self._session.get(link.url_without_fragment, headers={"Accept-Encoding": "identity"}, stream=True)
        response.raise_for_status()
        with file.open("wb") as out:
            for chunk in response.iter_content(1 << 16):
                out.write(chunk)
        return file


def lock(pip: Pip, request: dict[str, Any], folder: Path) -> tuple[int, list[list[str]]]:
    """Resolve the requirements of the request, and describe what they come to."""
    requirements = folder / "requirements.txt"
    requirements.write_text("\n".join(request["requirements"]) + "\n")
    report_file = folder / "report.json"
    answer: list[list[str]] = []

    def describe() -> None:
        report = json.loads(report_file.read_text())
        links: Any = import_module("pip._internal.models.link")
        parents = _parents(report)
        for item in sorted(report["install"], key=lambda each: _normalized(each["metadata"]["name"])):
            name, version = item["metadata"]["name"], item["metadata"]["version"]
            required_by = ", ".join(sorted(parents.get(_normalized(name), ())))
            link = links.Link(item["download_info"]["url"])
            rank = pip.rank(link)
            if rank == 2:
                answer.append(["wheel", name, version, _sha256_of(pip, item, link, folder), required_by])
                continue
            source = link if rank == 0 else pip.source(name, version)
            if source is None:
                answer.append(["none", name, version, required_by])
                continue
            file = pip.download(source, folder)
            compiled, language, paths = inspect(file, name)
            answer.append(
                [
                    "source",
                    name,
                    version,
                    _sha256(file),
                    required_by,
                    "yes" if compiled or rank == 1 else "no",
                    language,
                    ",".join(paths),
                ]
            )

    arguments = ["--report", str(report_file), "--requirement", str(requirements)]
    return pip.run(arguments, request, describe, resolves=True), answer


def fetch(pip: Pip, request: dict[str, Any], folder: Path) -> tuple[int, list[list[str]]]:
    """Download the source distributions of the request."""

    def download() -> None:
        for name, version in request["sources"]:
            link = pip.source(name, version)
            if link is None:
                missing: Any = import_module("pip._internal.exceptions").DistributionNotFound
                raise missing(f"No matching distribution found for {name}=={version}")
            pip.download(link, folder)

    return pip.run(["pip"], request, download, resolves=False), []


def inspect(file: Path, name: str) -> tuple[bool, str, list[str]]:
    """Return whether a source distribution has compiled code, what its build needs, and where its Python files are."""
    files = _contents(file)
    names = [PurePosixPath(each) for each in files]
    inner = [each for each in names if not _ASIDE & {part.lower() for part in each.parts[:-1]}]
    language = ""
    if any(each.name == "Cargo.toml" for each in inner):
        language = "Rust"
    elif "pyproject.toml" in files:
        project = tomllib.loads(files["pyproject.toml"].decode("utf-8", "replace"))
        for requirement in project.get("build-system", {}).get("requires", []):
            match = re.match(r"[\w.-]+", requirement)
            language = language or _BUILDERS.get(match.group().lower() if match else "", "")
    compiled = bool(language) or any(each.suffix in _COMPILED for each in inner)
    tops = [_normalized(name).replace("-", "_")]
    for each in files:
        if each.endswith(".egg-info/top_level.txt"):
            tops = [line.strip() for line in files[each].decode("utf-8", "replace").splitlines() if line.strip()]
    return compiled, language, _python_paths(names, tops)


def _python_paths(names: list[PurePosixPath], tops: list[str]) -> list[str]:
    modules = {str(each) for each in names if each.suffix == ".py"}
    paths = []
    for top in sorted(tops):
        for root in ("src/", "lib/", "", "python/"):
            folder = root + top
            if any(each.startswith(folder + "/") for each in modules):
                paths.append(folder)
                break
            if folder + ".py" in modules:
                paths.append(folder + ".py")
                break
    return paths


def _contents(file: Path) -> dict[str, bytes]:
    """Return the paths below the one folder of an archive; with contents where these are looked at."""
    contents: dict[str, bytes] = {}

    def add(path: str, read: Any) -> None:
        inner = path.partition("/")[2]
        if inner:
            wanted = inner == "pyproject.toml" or inner.endswith(".egg-info/top_level.txt")
            contents[inner] = read() if wanted else b""

    if file.name.endswith(".zip"):
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                if not name.endswith("/"):
                    add(name, lambda name=name: archive.read(name))
    else:
        with tarfile.open(file) as archive:
            for member in archive:
                if member.isfile():
                    add(member.name, lambda member=member: archive.extractfile(member).read())
    return contents


def _parents(report: dict[str, Any]) -> dict[str, set[str]]:
    """Return who requires what, by the names of distributions."""
    parents: dict[str, set[str]] = {}
    for item in report["install"]:
        metadata = item["metadata"]
        for requirement in metadata.get("requires_dist", []):
            match = re.match(r"[\w.-]+", requirement)
            if match and "extra ==" not in requirement:
                parents.setdefault(_normalized(match.group()), set()).add(metadata["name"])
    return parents


def _sha256_of(pip: Pip, item: dict[str, Any], link: Any, folder: Path) -> str:
    hashes = item["download_info"].get("archive_info", {}).get("hashes", {})
    return str(hashes.get("sha256")) if "sha256" in hashes else _sha256(pip.download(link, folder))


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> int:
    """Do the work that the command line names."""
    work, request_file, answer_file = sys.argv[1:]
    request = json.loads(Path(request_file).read_text())
    if work == "lock":
        status, answer = lock(Pip(), request, Path(answer_file).parent)
    else:
        status, answer = fetch(Pip(), request, Path(request["folder"]))
    Path(answer_file).write_text("".join("\t".join(record) + "\n" for record in answer))
    return status


if __name__ == "__main__":
    sys.exit(main())

"""The Python code of users that specs of programs carry."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from terrarium.bridge import embed, sources
from terrarium.bridge.errors import SpecError
from terrarium.bridge.failures import PACKAGES, SOURCE_MODULE
from terrarium.bridge.programs import content_id

_INIT = "__init__.py"
#: How many sources of a framework a context keeps; a program that was made of one keeps its code for itself.
_KEPT = 64


class UserCode:
    """The sources of users that one framework has loaded in this context. Not thread-safe."""

    def __init__(self) -> None:
        """Begin with none."""
        self._loaded: list[str] = []

    def load(self, package: sources.SourcePackage, path: str) -> ModuleType:
        """Import a package and return its module; raises SpecError with file and line where the code failed."""
        loaded = package.name in PACKAGES
        try:
            module = sources.load(package)
        except BaseException as error:
            embed.drop_package(package.name)
            if not isinstance(error, Exception):  # the call was stopped
                raise
            raise failed(path, "importing it", package, error) from error
        if not loaded:
            self._loaded.append(package.name)
            if len(self._loaded) > _KEPT:
                embed.drop_package(self._loaded.pop(0))
        return module

    def forget(self) -> None:
        """Drop the sources from this context."""
        for name in self._loaded:
            if name in PACKAGES:
                embed.drop_package(name)
        self._loaded.clear()
        if not PACKAGES:
            sources.forget()


def failed(path: str, what: str, package: sources.SourcePackage, error: Exception) -> SpecError:
    """Return the error for code of a package that failed, with file and line."""
    return SpecError(path, f"{what} failed at {sources.faulty_line(error, package)}: {type(error).__name__}: {error}")


def package_of(source: Any, path: str = "spec.source") -> sources.SourcePackage:
    """Return the package of a spec's source, whose syntax is checked; nothing is run.

    A source is ``{"name": N, "files": {path: text}}``: one file ``N.py``, or those of the package ``N``. Its modules
    import each other by relative imports. Raises SpecError with file and line.
    """
    if not isinstance(source, dict) or source.keys() != {"name", "files"}:
        raise SpecError(path, f"must be a dict of 'name' and 'files', got {source!r}")
    name, files = source["name"], source["files"]
    if not (isinstance(name, str) and name.isidentifier()):
        raise SpecError(f"{path}.name", f"must be an identifier, got {name!r}")
    texts = files if isinstance(files, dict) else {}
    if not texts or not all(isinstance(file, str) and isinstance(text, str) for file, text in texts.items()):
        raise SpecError(f"{path}.files", f"must be a dict of texts by their paths, got {files!r}")
    package = _package(name, texts)
    if package is None or any(not _is_below(name, file) for file in texts if package.shown):
        raise SpecError(
            f"{path}.files", f"must be the one file {name}.py, or the files of a folder {name} with {_INIT}"
        )
    for file, text in texts.items():
        try:
            sources.compiled(text, file)
        except (SyntaxError, ValueError) as error:
            raise SpecError(path, f"{sources.faulty_line(error, package)}: {type(error).__name__}: {error}") from error
    return package


def _package(name: str, files: dict[str, str]) -> sources.SourcePackage | None:
    module = f"{SOURCE_MODULE}{name}_{content_id(files)}"  # so that two versions of one source are two modules
    if files.keys() == {f"{name}.py"}:
        return sources.SourceFile(module, f"{name}.py", {"": files[f"{name}.py"]})
    if f"{name}/{_INIT}" in files:
        return sources.SourcePackage(module, name, {file[len(name) + 1 :]: text for file, text in files.items()}, name)
    return None


def _is_below(name: str, file: str) -> bool:
    return file.startswith(name + "/") and file.endswith(".py")

"""Packages of users: modules whose texts the host has read, with the files beside them on disk.

A package has its own name, so that its modules import each other by relative and by absolute imports, as on CPython.
So a name that other modules have is refused, whichever of the two comes first.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module, util
from importlib.machinery import ModuleSpec, SourceFileLoader
from typing import TYPE_CHECKING, Any, NamedTuple

from terrarium.bridge.failures import PACKAGES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType, ModuleType

_INIT = "__init__.py"


class SourcePackage(NamedTuple):
    """A package: its name, its folder, and the texts of its modules by their path below the folder.

    ``shown`` is what tracebacks call it, where that is not its name.
    """

    name: str
    folder: str
    texts: dict[str, str]
    shown: str = ""

    def spec(self, module: str) -> ModuleSpec | None:
        """Return how a module of the package is loaded, None when it has no such module."""
        inside = module[len(self.name) + 1 :].replace(".", "/")
        for file in (f"{inside}/{_INIT}", f"{inside}.py") if inside else (_INIT,):
            text = self.texts.get(file)
            if text is not None:
                path = f"{self.folder}/{file}"
                folders = [path.removesuffix("/" + _INIT)] if file.endswith(_INIT) else None
                return _spec(module, path, text, folders)
        return None


class SourceFile(SourcePackage):
    """A module of one file, whose name in tracebacks is the folder; its only text has the path ``""``."""

    def spec(self, module: str) -> ModuleSpec | None:
        """Return how the module is loaded, None for another module."""
        return _spec(module, self.folder, self.texts[""], None) if module == self.name else None


class SetAside(NamedTuple):
    """What was loaded of one module or package of a user's."""

    name: str
    package: SourcePackage | None
    modules: dict[str, Any]


class _Loader(SourceFileLoader):
    """Loads a module from its text, and its package's resources from the folder on disk."""

    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self._text = text

    def get_source(self, _fullname: str) -> str:
        return self._text

    def get_code(self, _fullname: str) -> CodeType:
        return compiled(self._text, self.path)


def _spec(module: str, path: str, text: str, folders: list[str] | None) -> ModuleSpec | None:
    loader = _Loader(module, path, text)
    return util.spec_from_file_location(module, path, loader=loader, submodule_search_locations=folders)


class _Finder:
    """Finds the modules of users' packages."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package = PACKAGES.get(name.partition(".")[0])
        return None if package is None else package.spec(name)


_finder = _Finder()


def compiled(text: str, filename: str) -> CodeType:
    """Compile a source; a SyntaxError shows the line, too."""
    try:
        return compile(text, filename, "exec", dont_inherit=True)
    except SyntaxError as error:
        show_line(error, text)
        raise


def show_line(error: SyntaxError, text: str) -> None:
    """Have the error's message show the line of the text that it names."""
    lines = text.splitlines()
    if error.lineno and error.lineno <= len(lines):  # which GraalPy may count otherwise than CPython
        error.msg = f"{error.msg}: {lines[error.lineno - 1].strip()!r}"


def load(package: SourcePackage) -> ModuleType:
    """Import a package, whose name no other module has."""
    PACKAGES[package.name] = package
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    return import_module(package.name)


def faulty_line(error: BaseException, package: SourcePackage) -> str:
    """Return file and line of the innermost code of a package that an exception comes from, else its folder.

    A SyntaxError has the place by itself.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}"
    place = package.folder
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_globals.get("__name__", "").partition(".")[0] == package.name:
            place = f"{traceback.tb_frame.f_code.co_filename}, line {traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place


def set_aside(name: str) -> SetAside:
    """Take a user's module, or package with its modules, out of this context."""
    names = [each for each in sys.modules if each == name or each.startswith(name + ".")]
    return SetAside(name, PACKAGES.pop(name, None), {each: sys.modules.pop(each) for each in names})


def put_back(aside: SetAside) -> None:
    """Put a module or package back in place of what was loaded under its name since."""
    set_aside(aside.name)
    if aside.package is not None:
        PACKAGES[aside.name] = aside.package
    sys.modules.update(aside.modules)


def forget() -> list[str]:
    """Drop all packages; return the names of their modules, which the caller drops."""
    names = [each for each in sys.modules if each.partition(".")[0] in PACKAGES]
    PACKAGES.clear()
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    return names


def refuse_clash(folder: str) -> None:
    """Raise ImportError when a folder that is put on the path has a module of a user's package's name."""
    for name in PACKAGES:
        if os.path.isdir(f"{folder}/{name}") or os.path.isfile(f"{folder}/{name}.py"):
            raise _clash(name, folder)


def refuse_known(name: str) -> None:
    """Raise ImportError when other modules have the name of a package."""
    if name in sys.stdlib_module_names:
        raise _clash(name, "Python's standard library")
    if name in PACKAGES:
        raise _clash(name, f"another framework of your own ({PACKAGES[name].folder})")
    spec = None if name in sys.modules else util.find_spec(name)
    if name in sys.modules or spec is not None:
        raise _clash(name, f"this context ({getattr(spec, 'origin', None) or 'loaded already'})")


def _clash(name: str, owner: str) -> ImportError:
    return ImportError(f"the package {name!r} of your own has the name of a module of {owner}: rename its folder")

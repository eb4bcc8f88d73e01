"""Imports that wait for the first use of what they bind, in packages whose modules were compiled for that.

The build rewrites the modules of some packages and keeps the outcome beside the ordinary ``.pyc`` files, under the tag
``lazy``; the sources are upstream's. What is deferred is told by `lazy_imports.py` of the packaging tool.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_SUFFIX = ".opt-lazy.pyc"

#: Of a deferred name: the module, the attribute of it or an empty text, and modules to import before.
_Target = tuple[str, str, tuple[str, ...]]

_eager = False


def set_eager(eager: bool) -> None:
    """Have what is loaded from now on make its imports at once, as upstream wrote them."""
    global _eager
    _eager = eager


def are_eager() -> bool:
    """Tell whether what is loaded now makes its imports at once."""
    return _eager


def defer_in(package: str) -> None:
    """Let the modules of a package defer their imports, unless that is switched off or it was imported already."""
    if not _eager and package not in sys.modules and _Finder(package) not in sys.meta_path:
        sys.meta_path.insert(0, _Finder(package))


class _Finder:
    """Finds the modules of one package where they are, for a loader that prefers the rewritten ones."""

    def __init__(self, package: str) -> None:
        self._package = package

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Finder) and other._package == self._package

    def __hash__(self) -> int:
        return hash(self._package)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if _eager or name.partition(".")[0] != self._package:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and type(spec.loader) is SourceFileLoader:
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    def get_data(self, path: str) -> bytes:
        if path.endswith(".pyc"):
            with suppress(OSError):
                return super().get_data(path.removesuffix(".pyc") + _SUFFIX)
        return super().get_data(path)


def defer(name: str, targets: dict[str, _Target], submodules: Sequence[str]) -> ModuleType:
    """Make the imports of a rewritten module when their names are looked up in it; called by that module, first."""
    module = sys.modules[name]
    names = module.__dict__

    def look_up(attribute: str) -> Any:
        target = targets.get(attribute)
        if target is not None:
            return names.setdefault(attribute, _imported(name, *target))
        if attribute == "__all__":  # what `*` would bind, were all of it there
            return [each for each in (*names, *targets) if not each.startswith("_")]
        own = names.get("__terrarium_getattr__")
        if own is not None:
            try:
                return own(attribute)
            except AttributeError:
                if attribute not in submodules:
                    raise
        if attribute in submodules:  # imported by a module that is not yet, and so bound
            return import_module(f"{name}.{attribute}")
        raise AttributeError(f"module {name!r} has no attribute {attribute!r}")

    def listed() -> list[str]:
        return sorted({*names, *targets})

    names["__getattr__"] = look_up
    names["__dir__"] = listed
    return module


def _imported(importer: str, module: str, attribute: str, before: tuple[str, ...]) -> Any:
    """What the import statement would bind: the module, or what it has under that name, or its submodule."""
    for each in before:
        import_module(each)
    if module == importer:
        return import_module(f"{module}.{attribute}")
    found = import_module(module)
    if not attribute:
        return found
    try:
        return getattr(found, attribute)
    except AttributeError:
        with suppress(ModuleNotFoundError):
            return import_module(f"{module}.{attribute}")
        raise ImportError(f"cannot import name {attribute!r} from {module!r}", name=module) from None

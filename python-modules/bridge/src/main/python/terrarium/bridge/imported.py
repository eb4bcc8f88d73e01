"""Which modules a context has, and what each held when its import had ended.

What the next call must find again is a module as its import made it, and not as the call left it that imported it
first. So each is looked at when the outermost import of a call ends, and what it held then counts; bodies of modules
may still complete each other before. An entry of ``sys.modules`` that no import made counts from the end of the first
good call that had it.

As in :mod:`terrarium.bridge.health`, no builtin is looked up when a function runs.
"""

from __future__ import annotations

import _imp
import sys
import threading
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from terrarium.bridge.builtin import keep

if TYPE_CHECKING:
    from collections.abc import Callable

keep(globals())

_object_attribute = object.__getattribute__
_get_ident = threading.get_ident
_lock_held = _imp.lock_held
_release_lock = _imp.release_lock

_modules: dict[Any, Any] = sys.modules
_bootstrap = import_module("_frozen_importlib").__dict__
_BUILT_IN = {*sys.builtin_module_names}
_SOURCES = (".py", ".pyc")

#: A module's name, the module, and what it held.
Imported = tuple[str, Any, tuple[tuple[Any, Any], ...]]


class ImportedModules:
    """The modules that are sound, and those that were imported since, each with what it held when its import ended.

    Not thread-safe, but that imports may be made by any thread.
    """

    def __init__(self) -> None:
        self.size = -1
        """How many entries ``sys.modules`` had when all of them were sound."""
        self._known: dict[Any, Any] = {}
        self._fresh: dict[str, Imported] = {}
        self._current: set[str] = {*()}
        self._strangers: set[Any] = {*()}
        self._seen = 0
        self._importing: dict[int, int] = {}

    def watch(self, load: Callable[[Any], Any], mends: dict[str, Callable[[Any], None]]) -> Callable[[Any], Any]:
        """Return the function for ``load``, which loads a module by its spec, with the look at what it loaded.

        ``mends`` are run on the modules of these names when they are loaded.
        """
        importing = self._importing

        def watched(spec: Any) -> Any:
            thread = _get_ident()
            depth = importing.get(thread, 0)
            if not importing and len(_modules) != self._seen:
                self._strangers |= self._unknown()
            importing[thread] = depth + 1
            try:
                module = load(spec)
                self._loaded(spec.name, module)
                if spec.name in mends:
                    mends[spec.name](module)
                return module
            finally:
                if depth:
                    importing[thread] = depth
                else:
                    importing.pop(thread, None)
                    if not importing:
                        self._look()

        return watched

    def accept(self) -> None:
        """Take all that is there for sound."""
        self._known = {**_modules}
        self._fresh = {}
        self._settled()

    def accept_one(self, name: str) -> None:
        """Take one module for sound, as it is."""
        self._known[name] = _modules[name]

    def take(self) -> list[Imported]:
        """Return the modules that were imported since, which are sound from now on.

        Not those of a package whose own import failed or was cut off: they hold on to the half-made package.
        """
        taken = [each for each in self._fresh.values() if self._has_packages(each[0])]
        self._fresh = {}
        for name, module, _ in taken:
            self._known[name] = module
        return taken

    def take_all(self) -> list[Imported]:
        """As ``take``, with the entries that no import made; without what was left of failed imports, and Nones."""
        taken = self.take()
        self._forget([name for name, module in (*_modules.items(),) if module is None and not self._is_known(name)])
        self._forget_orphans()
        for name, module in (*_modules.items(),):
            if type(name) is str and not self._is_known(name):
                taken.append((name, module, _content(module)))
                self._known[name] = module
        self._settled()
        return taken

    def forget_rest(self) -> None:
        """Drop the entries that were not taken, but for extension modules: those stay for good."""
        self._forget([name for name in (*_modules,) if not self._is_known(name) and _may_go(name)])
        self._forget_orphans()
        self._known.update(_modules)
        self._settled()
        self._free_locks()

    def forget(self, names: list[str]) -> None:
        """Drop modules on purpose."""
        for name in names:
            self._known.pop(name, None)
            self._fresh.pop(name, None)
        self._forget(names)
        self._settled()

    def _settled(self) -> None:
        self._strangers.clear()
        self._current.clear()
        self._importing.clear()  # a thread that was stopped could not sign off
        self.size = self._seen = len(_modules)

    def _is_known(self, name: Any) -> bool:
        return type(name) is str and (name in self._known or name in self._fresh)

    def _unknown(self) -> set[Any]:
        return _modules.keys() - self._known.keys() - self._fresh.keys()

    def _has_packages(self, name: str) -> bool:
        parent = name.rpartition(".")[0]
        return not parent or (self._is_known(parent) and parent in _modules and self._has_packages(parent))

    def _loaded(self, name: str, module: Any) -> None:
        """Remember a module, since what imports it may be cut off; it is looked at again when that has ended."""
        if not self._is_known(name):
            self._fresh[name] = (name, module, _content(module))
            self._current.add(name)

    def _look(self) -> None:
        """Remember what an import has brought, with entries that bodies of modules have made for others."""
        for name in self._current | self._unknown():
            module = _modules.get(name)
            if type(name) is str and module is not None and name not in self._strangers:
                self._fresh[name] = (name, module, _content(module))
        self._current.clear()
        self._seen = len(_modules)

    def _forget_orphans(self) -> None:
        """Drop what is left of packages whose import failed or was cut off, so that it can be made from the start."""
        orphans = [""]
        while orphans:
            orphans = [
                name
                for name in (*_modules,)
                if type(name) is str and _is_orphan(name) and not self._is_known(name) and _has_source(name)
            ]
            self._forget(orphans)

    @staticmethod
    def _forget(names: list[Any]) -> None:
        for name in names:
            _modules.pop(name, None)

    def _free_locks(self) -> None:
        """Let go of the locks of imports that were cut off, since nobody imports now."""
        _bootstrap["_module_locks"].clear()
        _bootstrap["_blocking_on"].clear()
        try:
            while _lock_held():
                _release_lock()
        except RuntimeError:
            return  # a thread has it that no call left


def _content(module: Any) -> tuple[tuple[Any, Any], ...]:
    # Of a copy, since each step through a module's own namespace counts all of it on GraalPy.
    return (*dict(module.__dict__).items(),) if type(module) is ModuleType else ()


def _is_orphan(name: str) -> bool:
    parent = name.rpartition(".")[0]
    return parent != "" and parent not in _modules


def _file(name: Any) -> Any:
    module = _modules.get(name)
    return _object_attribute(module, "__dict__").get("__file__") if issubclass(type(module), ModuleType) else None


def _has_source(name: Any) -> bool:
    file = _file(name)
    return type(file) is str and file.endswith(_SOURCES)


def _may_go(name: Any) -> bool:
    if type(name) is not str or _modules[name] is None or _has_source(name):
        return True
    return _file(name) is None and name not in _BUILT_IN

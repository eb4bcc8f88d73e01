"""Packages of upstream whose ``__init__`` runs only when something in it is looked up."""

from __future__ import annotations

import importlib.util
import sys
import threading
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_lock = threading.RLock()


def defer(package: str) -> None:
    """Let ``import package.submodule`` pass by ``package/__init__.py`` until an attribute of that is wanted.

    For a package whose ``__init__`` imports hundreds of submodules, where its users import single ones. The first
    look-up of anything else in it runs the ``__init__`` as it is, once. Imports what `package` lies in. Does nothing
    when the package is imported already, is not there or is no package. Thread-safe.
    """
    with _lock:
        if package in sys.modules:
            return
        spec = importlib.util.find_spec(package)
        if spec is None or spec.loader is None or spec.submodule_search_locations is None or package in sys.modules:
            return
        module = _DeferredPackage(spec)
        sys.modules[package] = module
        parent, _, name = package.rpartition(".")
        if parent:
            setattr(sys.modules[parent], name, module)


class _DeferredPackage(ModuleType):
    """A package in ``sys.modules`` that has a path, but has not run yet."""

    def __init__(self, spec: ModuleSpec) -> None:
        super().__init__(spec.name)
        self.__spec__ = spec
        self.__loader__ = spec.loader
        self.__file__ = spec.origin
        self.__package__ = spec.name
        self.__path__ = spec.submodule_search_locations or []
        self.__dict__["_terrarium_state"] = "deferred"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__") and name != "__all__":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        with _lock:
            if self.__dict__["_terrarium_state"] == "deferred":
                self._run()
            try:
                return self.__dict__[name]
            except KeyError:
                raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}") from None

    def _run(self) -> None:
        self.__dict__["_terrarium_state"] = "running"
        try:
            self.__spec__.loader.exec_module(self)  # type: ignore[union-attr]
        except BaseException:
            self.__dict__["_terrarium_state"] = "deferred"
            raise
        self.__dict__["_terrarium_state"] = "run"

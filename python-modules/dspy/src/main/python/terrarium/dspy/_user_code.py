"""Modules of users: ``dspy.Module`` classes of Python code that a program's spec carries."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import dspy

from terrarium.bridge import SpecError, sources
from terrarium.bridge.errors import nearest
from terrarium.bridge.user_code import UserCode, failed

_code = UserCode()


def made(package: sources.SourcePackage, cls: Any, arguments: Any, path: str = "spec") -> dspy.Module:
    """Return the module that a class of the package, or a function of it, makes of arguments by name.

    Raises SpecError, with file and line where the user's code failed.
    """
    module: dspy.Module = instance(package, cls, arguments, dspy.Module, path)
    return module


def instance(package: sources.SourcePackage, cls: Any, arguments: Any, kind: type, path: str) -> Any:
    """Return an instance of that kind, as :func:`made` returns a module."""
    if not isinstance(arguments, dict) or not all(isinstance(name, str) for name in arguments):
        raise SpecError(f"{path}.arguments", f"must be a dict of values by the constructor's names, got {arguments!r}")
    make = _named(_code.load(package, f"{path}.source"), package, cls, kind, f"{path}.class")
    try:
        value = make(**arguments)
    except Exception as error:
        raise failed(f"{path}.class", f"{cls}({', '.join(arguments)})", package, error) from error
    if not isinstance(value, kind):
        raise SpecError(f"{path}.class", f"{cls} must make a {_shown(kind)}, it made a {type(value).__name__}")
    return value


def _shown(kind: type) -> str:
    return "dspy.Module" if kind is dspy.Module else kind.__name__


def _named(module: ModuleType, package: sources.SourcePackage, name: Any, kind: type, path: str) -> Callable[..., Any]:
    found: Any = getattr(module, name, None) if isinstance(name, str) else None
    if callable(found):
        make: Callable[..., Any] = found
        return make
    known = [
        each
        for each, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, kind) and value.__module__.startswith(package.name)
    ]
    own = "Its modules" if kind is dspy.Module else f"Its classes of {kind.__name__}"
    close = nearest(name, known) if isinstance(name, str) else None
    hint = f"; did you mean {close!r}?" if close else "."
    raise SpecError(path, f"{package.folder} has no class {name!r}{hint} {own}: {', '.join(known) or 'none'}")


def forget() -> None:
    """Drop the code of users from this context."""
    _code.forget()

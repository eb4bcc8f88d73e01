"""Exceptions as the Java engine reports them; it finds the functions in :mod:`terrarium.bridge.embed`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terrarium.bridge.builtin import keep
from terrarium.bridge.errors import HostCallError, TruncatedAnswerError
from terrarium.bridge.values import type_name

if TYPE_CHECKING:
    from terrarium.bridge.sources import SourcePackage

keep(globals())

#: How the names of modules begin that are made from sources of users.
SOURCE_MODULE = "terrarium_user_"
#: The packages of users that this context has, by name.
PACKAGES: dict[str, SourcePackage] = {}
_NO_PACKAGES = (
    ". A framework of your own has Python's standard library, terrarium.bridge, and the packages that it names in"
    " Framework.withPackages, which terrarium-maven-plugin packs"
)


def describe(exception: BaseException) -> list[object]:
    """`[type, message, cause, frames, truncated]`.

    The cause is `__cause__`, else the context unless suppressed, else None. The frames are flat, `[file, line,
    function, ...]`, innermost first. `truncated` is `[text, max_tokens]` of a `TruncatedAnswerError`, else None.
    """
    cause = exception.__cause__
    if cause is None and not exception.__suppress_context__:
        cause = exception.__context__
    try:
        message = str(exception)
    except Exception as failure:  # a broken __str__ must not hide the exception itself
        message = f"<no message: {type(failure).__name__}>"
    frames: list[object] = []
    traceback = exception.__traceback__
    of_source = False
    package = None
    while traceback is not None:
        code = traceback.tb_frame.f_code
        module = str(traceback.tb_frame.f_globals.get("__name__"))
        package = PACKAGES.get(module.partition(".")[0], package)
        of_source |= package is not None or module.startswith(SOURCE_MODULE)
        frames[:0] = [_shown_file(code.co_filename, package), traceback.tb_lineno, code.co_qualname]
        traceback = traceback.tb_next
    if of_source and isinstance(exception, ModuleNotFoundError):
        message += _sibling(exception.name, package) or _NO_PACKAGES
    truncated = [exception.text, exception.max_tokens] if isinstance(exception, TruncatedAnswerError) else None
    return [type_name(exception), message, cause, frames, truncated]


def _shown_file(file: str, package: SourcePackage | None) -> str:
    """A file of a user's package by its path from the package on, from which the host makes the module's name."""
    if package is not None and file.startswith(package.folder + "/"):
        return (package.shown or package.name) + file[len(package.folder) :]
    return file


def _sibling(missing: str | None, package: SourcePackage | None) -> str:
    """How to import a module that was imported without its package, empty when it is none of the package."""
    name = (missing or "").partition(".")[0]
    if package is None or not (f"{name}.py" in package.texts or f"{name}/__init__.py" in package.texts):
        return ""
    return f". It is a module of the package {package.shown or package.name}: import it by 'from . import {name}'"


def host_failure(exception: BaseException) -> BaseException | None:
    """The Java exception that `exception` was raised from, by explicit `raise ... from` at each step; else None."""
    each: BaseException | None = exception
    seen: set[int] = set()  # `raise e from e` is allowed
    while each is not None and id(each) not in seen:
        if isinstance(each, HostCallError):
            return each.__cause__
        seen.add(id(each))
        each = each.__cause__
    return None

"""Exceptions as the Java engine reports them; it finds the functions in :mod:`terrarium.bridge.embed`."""

from __future__ import annotations

from terrarium.bridge.builtin import keep
from terrarium.bridge.errors import HostCallError, TruncatedAnswerError
from terrarium.bridge.values import type_name

keep(globals())

#: How the names of modules begin that are made from sources of users.
SOURCE_MODULE = "terrarium_user_"
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
    while traceback is not None:
        code = traceback.tb_frame.f_code
        of_source |= str(traceback.tb_frame.f_globals.get("__name__")).startswith(SOURCE_MODULE)
        frames[:0] = [code.co_filename, traceback.tb_lineno, code.co_qualname]
        traceback = traceback.tb_next
    if of_source and isinstance(exception, ModuleNotFoundError):
        message += _NO_PACKAGES
    truncated = [exception.text, exception.max_tokens] if isinstance(exception, TruncatedAnswerError) else None
    return [type_name(exception), message, cause, frames, truncated]


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

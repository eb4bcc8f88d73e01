"""What GraalPy needs for langchain-core to be imported, kept out of upstream's files."""

from __future__ import annotations

import re
import sys
from typing import Any

_UNDEFINED = re.compile(r"name '([^']+)' is not defined|variable '([^']+)'")


def patch() -> None:
    """Do all of that, on GraalPy only; calling it again changes nothing."""
    if sys.implementation.name == "graalpy":
        _find_names()
        _count_no_references()


def _count_no_references() -> None:
    """Remove ``sys.getrefcount``, which GraalPy 25.0 answers with -1 for nearly everything.

    The thread that sends langsmith's traces asks it whether anybody but itself holds the client, and would end at once.
    Without, as on PyPy, it goes on until the client is closed.
    """
    count = getattr(sys, "getrefcount", None)
    if count is not None and count(object()) < 0:
        del sys.getrefcount


def _find_names() -> None:
    """Make pydantic find the name in a ``NameError``.

    GraalPy 25.0 raises NameError without the attribute ``name``. Pydantic reads it where a model refers to a class
    that is not defined yet, which is how langsmith's schemas begin, and fails with an AttributeError in place of
    deferring the model. With the patch ``PydanticUndefinedAnnotation.from_name_error`` takes the name from the message.
    """
    if hasattr(NameError(), "name"):
        return
    from pydantic.errors import PydanticUndefinedAnnotation

    PydanticUndefinedAnnotation.from_name_error = classmethod(from_name_error)  # type: ignore[method-assign,assignment]


def from_name_error(cls: Any, name_error: NameError) -> Any:
    """Return a ``PydanticUndefinedAnnotation`` for a NameError that may lack the attribute ``name``."""
    message = str(name_error)
    name = getattr(name_error, "name", None)
    if name is None:
        found = _UNDEFINED.search(message)
        name = (found[1] or found[2]) if found else ""
    return cls(name=name, message=message)

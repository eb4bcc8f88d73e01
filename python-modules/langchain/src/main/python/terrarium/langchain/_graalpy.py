"""What GraalPy needs for langchain-core to be imported, kept out of upstream's files."""

from __future__ import annotations

import re
import sys
from typing import Any

_UNDEFINED = re.compile(r"name '([^']+)' is not defined|variable '([^']+)'")


def patch() -> None:
    """Make pydantic find the name in a ``NameError``, on GraalPy only; calling it again changes nothing.

    GraalPy 25.0 raises NameError without the attribute ``name``. Pydantic reads it where a model refers to a class
    that is not defined yet, which is how langsmith's schemas begin, and fails with an AttributeError in place of
    deferring the model. With the patch ``PydanticUndefinedAnnotation.from_name_error`` takes the name from the message.
    """
    if sys.implementation.name != "graalpy" or hasattr(NameError(), "name"):
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

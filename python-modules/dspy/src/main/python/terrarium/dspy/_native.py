"""DSPy's own types in the type language: ``{"type": "native", "name": "Image"}``, whose values cross as records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import dspy

from terrarium.bridge import SpecError
from terrarium.bridge.errors import nearest

_TEXT = {"type": "string"}


class _Native(NamedTuple):
    """What makes a value of the plain one, and what a model has to write, None where it cannot."""

    read: Callable[[dict[str, Any]], Any]
    schema: dict[str, Any] | None = None


#: By the names that DSPy has for the types.
_NATIVES: dict[str, _Native] = {
    "Image": _Native(lambda plain: dspy.Image(plain["url"])),
    "Audio": _Native(lambda plain: dspy.Audio(plain["url"])),
    # Without a name, which DSPy 3.4.1 refuses to send.
    "File": _Native(lambda plain: dspy.File(file_data=plain["url"])),
    "History": _Native(lambda plain: dspy.History(messages=plain["messages"])),
    "Code": _Native(lambda plain: dspy.Code(code=plain["code"]), _TEXT),
    "Reasoning": _Native(lambda plain: dspy.Reasoning(content=plain["content"]), _TEXT),
}
#: Types of DSPy's that programs of the host cannot have, and why.
_REFUSED = {
    "Tool": "tools are functions; make the program by react, which has them",
    "ToolCalls": "tools are called within the program; make it by react, and read the steps",
    "Document": "its form is that of one service's citations, which the host's language models do not pass on",
    "Citations": "the host's language models do not pass citations on",
}


def type_of(name: str, path: str) -> Any:
    """Return the type of DSPy's; raises SpecError with the names there are, or with the reason why it is none."""
    _known(name, path)
    return getattr(dspy, name)


def read(name: str, plain: Any) -> Any:
    """Return the value of plain data, which a record of the host's has written; other data are left as they are."""
    return _NATIVES[name].read(plain) if isinstance(plain, dict) else plain


def schema(name: str, path: str = "type") -> dict[str, Any]:
    """Return the JSON schema of what a language model writes; raises SpecError for a type that it cannot write."""
    own = _known(name, path).schema
    if own is None:
        raise SpecError(path, f"a language model of the host cannot write a dspy.{name}; it can be an input only")
    return dict(own)


def _known(name: str, path: str) -> _Native:
    if name in _REFUSED:
        raise SpecError(path, f"dspy.{name} is refused: {_REFUSED[name]}")
    native = _NATIVES.get(name)
    if native is None:
        close = nearest(name, _NATIVES)
        hint = f"; did you mean {close!r}?" if close else "."
        raise SpecError(path, f"DSPy has no type {name!r}{hint} Its types here: {', '.join(_NATIVES)}")
    return native

"""Options of a program or a call, checked where they are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from terrarium.bridge import SpecError
from terrarium.bridge.errors import nearest


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "model": (lambda v: isinstance(v, str) and bool(v), "the name of a language model"),
    "temperature": (lambda v: _is_number(v) and 0 <= v <= 2, "a number from 0 to 2"),
    "max_tokens": (_is_count, "an integer above 0"),
    "seed": (lambda v: isinstance(v, int) and not isinstance(v, bool), "an integer"),
    "stop": (_is_texts, "a list of texts that are not empty"),
}

NAMES = tuple(_CHECKS)


def checked(options: Any, path: str = "options") -> dict[str, Any]:
    """Return the options that are set; one that is None counts as not set.

    Raises SpecError for an option that does not exist or has a value out of range.
    """
    if options is None:
        return {}
    if not isinstance(options, dict):
        raise SpecError(path, f"must be a dict, not {type(options).__name__}")
    for name, value in options.items():
        check = _CHECKS.get(name)
        if check is None:
            close = nearest(str(name), NAMES)
            hint = f"; did you mean {close!r}?" if close else "."
            raise SpecError(path, f"unknown option {name!r}{hint} Known options: {', '.join(NAMES)}")
        if value is not None and not check[0](value):
            raise SpecError(f"{path}.{name}", f"must be {check[1]}, got {value!r}")
    return {name: value for name, value in options.items() if value is not None}

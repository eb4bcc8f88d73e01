"""Options of a program or a call, checked where they are given, and the defaults that all contexts share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from . import host
from .errors import SpecError, nearest

#: What a value must satisfy, and that in words.
Check = tuple[Callable[[Any], bool], str]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_integer(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


#: How a language model is asked.
MODEL_OPTIONS: dict[str, Check] = {
    "model": (lambda v: isinstance(v, str) and bool(v), "the name of a language model"),
    "temperature": (lambda v: _is_number(v) and 0 <= v <= 2, "a number from 0 to 2"),
    "max_tokens": (lambda v: _is_integer(v, 1, 2**31 - 1), "an integer above 0 and below 2**31"),
    "seed": (lambda v: _is_integer(v, -(2**63), 2**63 - 1), "an integer of 64 bits"),
    "stop": (_is_texts, "a list of texts that are not empty"),
}


def checked(options: Any, path: str = "options", checks: Mapping[str, Check] = MODEL_OPTIONS) -> dict[str, Any]:
    """Return the options that are set; one that is None counts as not set.

    Raises SpecError for an option that does not exist or has a value out of range.
    """
    if options is None:
        return {}
    if not isinstance(options, dict):
        raise SpecError(path, f"must be a dict, not {type(options).__name__}")
    for name, value in options.items():
        check = checks.get(name)
        if check is None:
            close = nearest(str(name), checks)
            hint = f"; did you mean {close!r}?" if close else "."
            raise SpecError(path, f"unknown option {name!r}{hint} Known options: {', '.join(checks)}")
        if value is not None and not check[0](value):
            raise SpecError(f"{path}.{name}", f"must be {check[1]}, got {value!r}")
    return {name: value for name, value in options.items() if value is not None}


class SharedDefaults:
    """The defaults that a framework's ``configure`` sets, for all contexts of the host at their next call.

    They lie with the host as the program ``@defaults``; without a host that keeps programs they are this bridge's own.
    Thread-safe.
    """

    _ID = "@defaults"

    def __init__(self, framework: str, **initial: Any) -> None:
        self._framework = framework
        self._lock = threading.Lock()
        self._seen: tuple[Any, dict[str, Any]] = (None, initial)

    def set(self, values: dict[str, Any]) -> None:
        """Replace all of them."""
        with self._lock:
            self._seen = (None, dict(values))
        if host.available("program.put"):
            host.call("program.put", self._framework, self._ID, dict(values))

    def get(self) -> dict[str, Any]:
        """Return the present ones; not to be changed."""
        if host.available("program.version"):
            version = host.call("program.version", self._framework, self._ID)
            with self._lock:
                if version is not None and version != self._seen[0]:
                    stored = host.call("program.get", self._framework, self._ID)
                    self._seen = (stored["version"], stored["spec"])
        return self._seen[1]

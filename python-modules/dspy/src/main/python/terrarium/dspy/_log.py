"""DSPy's warnings, in its log and by Python's ``warnings``: one that is repeated with each call is written once.

Python itself shows a warning of one line of code once, but forgets that with each ``warnings.catch_warnings``.
"""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Any

from terrarium.bridge.lru import Lru

_HANDLER = "dspy_handler"  # as DSPy names its own

#: The warnings that were written last; beyond that many they differ with each call.
_seen: Lru[tuple[str, str], bool] = Lru(256)


def _is_new(source: str, message: str) -> bool:
    """Return whether the warning was not written yet; it is from now on."""
    known = _seen.get((source, message)) is not None
    if not known:
        _seen.put((source, message), True)
    return not known


class _Once(logging.Filter):
    """Lets each warning pass once, and all records of other levels."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is written."""
        return record.levelno != logging.WARNING or _is_new(record.name, record.getMessage())


_once = _Once()
_show: Any = None


def _show_once(message: Any, category: type[Warning], *where: Any, **more: Any) -> None:
    """Show a warning, as ``warnings.showwarning`` does; one that DSPy's code gives, the first time only."""
    if not _is_of_dspy() or _is_new(category.__name__, str(message)):
        _show(message, category, *where, **more)


def _is_of_dspy() -> bool:
    """Return whether DSPy's code called ``warnings.warn``; the place that a warning names may be that code's caller."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__") in (__name__, "warnings", "_warnings"):
        frame = frame.f_back
    return str(frame.f_globals.get("__name__")).partition(".")[0] == "dspy"


def install() -> None:
    """Have DSPy's handler, and Python, write each warning of DSPy once from now on."""
    global _show
    for handler in _handlers():
        handler.addFilter(_once)
    if warnings.showwarning is not _show_once:
        _show = warnings.showwarning
        warnings.showwarning = _show_once


def remove() -> None:
    """Leave DSPy's handler, and Python, as they were."""
    for handler in _handlers():
        handler.removeFilter(_once)
    if warnings.showwarning is _show_once:
        warnings.showwarning = _show
    _seen.clear()


def _handlers() -> list[logging.Handler]:
    return [handler for handler in logging.getLogger("dspy").handlers if handler.name == _HANDLER]

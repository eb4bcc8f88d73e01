"""DSPy's log, in which a warning that is repeated with each call stands once."""

from __future__ import annotations

import logging

_HANDLER = "dspy_handler"  # as DSPy names its own
_MOST = 256


class _Once(logging.Filter):
    """Lets each warning pass once, and all records of other levels."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[tuple[str, str]] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is written."""
        if record.levelno != logging.WARNING:
            return True
        warning = (record.name, record.getMessage())
        if warning in self.seen:
            return False
        if len(self.seen) < _MOST:  # beyond that they differ with each call
            self.seen.add(warning)
        return True


_once = _Once()


def install() -> None:
    """Have DSPy's handler write each warning once from now on."""
    for handler in _handlers():
        handler.addFilter(_once)


def remove() -> None:
    """Leave DSPy's handler as it was."""
    for handler in _handlers():
        handler.removeFilter(_once)
    _once.seen.clear()


def _handlers() -> list[logging.Handler]:
    return [handler for handler in logging.getLogger("dspy").handlers if handler.name == _HANDLER]

"""A ``time.sleep`` that can be stopped.

GraalPy 25.0.3 catches the interruption of a sleeping thread inside the sleep of a float and goes on with it, on a core
of its own from then on. The sleep of an int stops, but spins for up to a second beyond its end. Waiting for a lock
stops at once, so that is what this one does, but for the last milliseconds, which a lock does not count.
"""

from __future__ import annotations

import sys
import time
from _thread import allocate_lock
from math import ceil
from operator import index
from types import ModuleType
from typing import Any, SupportsFloat, SupportsIndex

_builtin_sleep = time.sleep
_builtin_process_time_ns = time.process_time_ns
_monotonic_ns = time.monotonic_ns

_NANOS = 1_000_000_000
_LIMIT = 1 << 63  # of CPython's nanoseconds
_BRIEF = 5_000_000  # what GraalPy's own sleep may do: too short to matter that nothing stops it
_LONGEST_WAIT = 86_400 * _NANOS  # of one lock, whose time-out is bounded, too

_waited = 0  # of all sleeps


class _Sleep:
    """Not a function, which would become a method where a class has it as an attribute."""

    __slots__ = ()
    __name__ = "sleep"
    __module__ = "time"

    def __call__(self, seconds: SupportsIndex | SupportsFloat, /) -> None:
        """Delay execution for a number of seconds, which may be a float."""
        nanos = _nanoseconds(seconds)
        if nanos > _BRIEF:
            nanos = _wait(nanos)
        _builtin_sleep(nanos / _NANOS)

    def __repr__(self) -> str:
        return "<built-in function sleep>"

    def __reduce__(self) -> str:
        return "sleep"


sleep = _Sleep()


def process_time_ns() -> int:
    """Process time as nanoseconds: sum of the kernel and user-space CPU time."""
    return _builtin_process_time_ns() - _waited  # GraalPy leaves out what its own sleep has slept


def process_time() -> float:
    """Process time: sum of the kernel and user-space CPU time."""
    return process_time_ns() / _NANOS


def install() -> None:
    """Put these in the place of the built-in ones, in all modules that have them already."""
    replaced = {id(vars(time)[each.__name__]): each for each in (sleep, process_time, process_time_ns)}
    for module in [each for each in sys.modules.values() if isinstance(each, ModuleType) and each.__name__ != __name__]:
        names = vars(module)
        for name, value in [*names.items()]:
            if id(value) in replaced:
                names[name] = replaced[id(value)]


def _wait(nanos: int) -> int:
    """Wait for about as long; return what is left."""
    global _waited
    begin = _monotonic_ns()
    left = nanos
    lock = allocate_lock()
    lock.acquire()
    while left > _BRIEF:
        lock.acquire(True, min(left, _LONGEST_WAIT) / _NANOS)
        left = nanos - (_monotonic_ns() - begin)
    _waited += nanos - left
    return max(left, 0)


def _nanoseconds(seconds: Any) -> int:
    """As CPython converts them, with its errors."""
    if isinstance(seconds, float):
        if seconds != seconds:
            raise ValueError("Invalid value NaN (not a number)")
        if abs(seconds) * _NANOS >= _LIMIT:
            raise OverflowError("timestamp out of range for platform time_t")
        nanos = ceil(seconds * _NANOS) if seconds >= 0 else -1
    else:
        nanos = index(seconds) * _NANOS
        if abs(nanos) >= _LIMIT:
            raise OverflowError("timestamp too large to convert to C _PyTime_t")
    if nanos < 0:
        raise ValueError("sleep length must be non-negative")
    return nanos

"""Times with an offset among DSPy's outputs, read so that they can be written again: see ``terrarium.bridge.times``.

Unlike what ``_kept`` binds anew this is no matter of speed, and nothing switches it off.
"""

from __future__ import annotations

import functools
from typing import Any

import pydantic
from dspy.adapters import utils

from terrarium.bridge import times


def install() -> None:
    """Have DSPy read its outputs by :func:`adapter_of`."""
    utils.TypeAdapter = adapter_of


def remove() -> None:
    """Leave DSPy as it was."""
    utils.TypeAdapter = pydantic.TypeAdapter
    _reads_times.cache_clear()


def adapter_of(annotation: Any) -> Any:
    """Return what DSPy asks of pydantic's adapter of the annotation: that one itself where no times are read."""
    adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(annotation)
    try:
        read = _reads_times(annotation)
    except TypeError:  # cannot be hashed
        read = times.reads_times(adapter)
    return _Adapter(adapter) if read else adapter


@functools.lru_cache(maxsize=256)
def _reads_times(annotation: Any) -> bool:
    """Tell it once of each annotation; equal ones are alike in this, if not in all that an adapter does."""
    return times.reads_times(pydantic.TypeAdapter(annotation))


class _Adapter:
    def __init__(self, adapter: pydantic.TypeAdapter[Any]) -> None:
        self.validate_python = times.standardized(adapter.validate_python)
        self.dump_python = adapter.dump_python

"""What DSPy asks of pydantic's type adapters, when it writes inputs and reads outputs.

Times with an offset are read so that they can be written again: see ``terrarium.bridge.times``. A value that cannot be
written is written as Python prints it, whatever the reason was; on GraalPy a call of native code has failed in the
midst of ones that succeeded, which changed a prompt without a word. So it counts only when it fails twice.

Unlike what ``_kept`` binds anew this is no matter of speed, and nothing switches it off.
"""

from __future__ import annotations

import functools
import logging
from typing import Any

import pydantic
from dspy.adapters import utils

from terrarium.bridge import times

logger = logging.getLogger(__name__)


def install() -> None:
    """Have DSPy read its outputs and write its inputs by :func:`adapter_of`."""
    utils.TypeAdapter = adapter_of


def remove() -> None:
    """Leave DSPy as it was."""
    utils.TypeAdapter = pydantic.TypeAdapter
    _reads_times.cache_clear()


def adapter_of(annotation: Any) -> _Adapter:
    """Return what DSPy asks of pydantic's adapter of the annotation."""
    adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(annotation)
    try:
        read = _reads_times(annotation)
    except TypeError:  # cannot be hashed
        read = times.reads_times(adapter)
    return _Adapter(adapter, read)


@functools.lru_cache(maxsize=256)
def _reads_times(annotation: Any) -> bool:
    """Tell it once of each annotation; equal ones are alike in this, if not in all that an adapter does."""
    return times.reads_times(pydantic.TypeAdapter(annotation))


class _Adapter:
    def __init__(self, adapter: pydantic.TypeAdapter[Any], reads_times: bool) -> None:
        self.validate_python = times.standardized(adapter.validate_python) if reads_times else adapter.validate_python
        self._dump = adapter.dump_python

    def dump_python(self, value: Any, **options: Any) -> Any:
        try:
            return self._dump(value, **options)
        except Exception as first:
            written = self._dump(value, **options)
            logger.warning("writing a %s failed once and then succeeded: %r", type(value).__name__, first)
            return written

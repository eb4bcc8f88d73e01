"""Decimals that a language model writes as JSON numbers, with all of their digits.

Pydantic and DSPy read such a number as a float first, which has some 17 digits: ``1234567890123456.78`` becomes
``1234567890123456.8``.
"""

from __future__ import annotations

import decimal
import functools
import json
from collections.abc import Callable
from typing import Any

import pydantic
from dspy.adapters.utils import parse_value as _parse_value

from terrarium.bridge import times

_DECODER = json.JSONDecoder(parse_float=decimal.Decimal)


def forget() -> None:
    """Drop what is kept for types."""
    _holds_decimals.cache_clear()


def parse_value(value: Any, annotation: Any) -> Any:
    """Do what DSPy's function of that name does, and read a text that is JSON to its exact decimals."""
    if isinstance(value, str) and _holds_decimals(annotation):
        try:
            return times.reader(pydantic.TypeAdapter(annotation))(_DECODER.decode(value))
        except ValueError:  # no JSON, or not of that type
            pass
    return _parse_value(value, annotation)


def json_reader(
    adapter: pydantic.TypeAdapter[Any], lenient: Callable[[], pydantic.TypeAdapter[Any]]
) -> Callable[[str], Any]:
    """Return :func:`times.json_reader`, whose results have exact decimals where it reads decimals.

    What ``adapter`` accepts is read a second time for that, by the adapter that ``lenient`` makes. Then it also reads
    JSON in a code fence, of which DSPy's lenient reading would make floats.
    """
    read = times.json_reader(adapter)
    if not _reads_decimals(adapter):
        return read
    read_plain = times.reader(lenient())

    def read_exactly(text: str) -> Any:
        try:
            value = read(text)
        except pydantic.ValidationError:
            text = text[text.find("{") : text.rfind("}") + 1]
            value = read(text)
        try:
            return read_plain(_DECODER.decode(text))
        except ValueError:  # what pydantic reads in JSON alone
            return value

    return read_exactly


@functools.lru_cache(maxsize=256)
def _holds_decimals(annotation: Any) -> bool:
    return annotation is not str and _reads_decimals(pydantic.TypeAdapter(annotation))


def _reads_decimals(adapter: pydantic.TypeAdapter[Any]) -> bool:
    return adapter.pydantic_complete and "'decimal'" in repr(adapter.core_schema)

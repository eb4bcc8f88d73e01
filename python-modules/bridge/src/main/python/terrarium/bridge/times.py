"""Times with an offset as pydantic reads them, made safe to write.

pydantic-core gives what it parses a time zone of a type of its own, ``TzInfo``. On GraalPy 25.0.3 the process ends,
with no Python error, when pydantic-core writes a time with such a zone as JSON (``docs/upstream/graalpy_tzinfo.py``).
The standard library's zone of the same offset is written without harm, and to the same text.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pydantic
from pydantic_core import TzInfo


def reader(adapter: pydantic.TypeAdapter[Any]) -> Callable[[Any], Any]:
    """Return the adapter's ``validate_python``, whose results have :func:`standard` times where it reads times."""
    return standardized(adapter.validate_python) if reads_times(adapter) else adapter.validate_python


def json_reader(adapter: pydantic.TypeAdapter[Any]) -> Callable[[str], Any]:
    """Return the adapter's ``validate_json`` likewise."""
    return standardized(adapter.validate_json) if reads_times(adapter) else adapter.validate_json


def standardized(validate: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function whose results are those of ``validate`` with :func:`standard` times."""
    return lambda value: standard(validate(value))


def reads_times(adapter: pydantic.TypeAdapter[Any]) -> bool:
    """Return whether values of the adapter's type may hold a time with an offset."""
    if not adapter.pydantic_complete:  # it is built at its first use: nobody can know yet
        return True
    schema = repr(adapter.core_schema)
    return "'datetime'" in schema or "'time'" in schema


def standard(value: Any) -> Any:
    """Return the value with the standard library's time zones in place of pydantic's; itself if it has none.

    Lists, tuples, sets and dicts are looked through, and models, of which a copy is made then.
    """
    if isinstance(value, (datetime.datetime, datetime.time)):
        offset = value.utcoffset() if isinstance(value.tzinfo, TzInfo) else None
        return value if offset is None else value.replace(tzinfo=datetime.timezone(offset))
    if isinstance(value, pydantic.BaseModel):
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        changed = {name: new for name, old in fields.items() if (new := standard(old)) is not old}
        return value.model_copy(update=changed) if changed else value
    if type(value) is dict:
        pairs = [(standard(key), standard(item)) for key, item in value.items()]
        same = all(key is old and item is value[old] for (key, item), old in zip(pairs, value, strict=True))
        return value if same else dict(pairs)
    if type(value) in (list, tuple, set, frozenset):
        items = [standard(item) for item in value]
        same = all(new is old for new, old in zip(items, value, strict=True))
        return value if same else type(value)(items)
    return value

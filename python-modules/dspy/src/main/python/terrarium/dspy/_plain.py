"""Values of DSPy as plain data."""

from __future__ import annotations

import datetime
import decimal
import enum
from typing import Any

import pydantic
import pydantic_core

_PLAIN = (decimal.Decimal, datetime.date, datetime.time, datetime.timedelta)


def plain_inputs(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the inputs of a module as plain data, for a function of the host's."""
    return {name: plain_value(value) for name, value in inputs.items()}


def plain_value(value: Any, local_times: bool = True) -> Any:
    """Return a value as plain data; with ``local_times`` no time has an offset."""
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return value.value if isinstance(value, enum.Enum) else value
    if isinstance(value, pydantic.BaseModel):
        return {name: plain_value(getattr(value, name), local_times) for name in type(value).model_fields}
    if isinstance(value, dict):
        return {str(key): plain_value(item, local_times) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain_value(item, local_times) for item in value]
    if isinstance(value, enum.Enum):
        return plain_value(value.value, local_times)
    if isinstance(value, datetime.datetime) and local_times:
        return value.replace(tzinfo=None)
    if isinstance(value, _PLAIN):
        return value
    return pydantic_core.to_jsonable_python(value)

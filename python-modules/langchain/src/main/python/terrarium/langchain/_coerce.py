"""From parsed JSON to plain data of a declared type."""

from __future__ import annotations

import datetime
import decimal
import math
from collections.abc import Callable
from typing import Any

#: Digits of an integer at most: Python's own bound on the text of one.
_MOST_DIGITS = 4_300


class MismatchError(ValueError):
    """A value is not of its declared type; the message begins with the path to it."""

    def __init__(self, path: str, expected: str, value: Any) -> None:
        super().__init__(f"{path}: expected {expected}, got {value!r}")


def coerce(value: Any, spec: dict[str, Any], path: str) -> Any:
    """Return ``value`` as plain data of the type ``spec``, which has been checked before.

    What means the same is turned into it: ``3.0`` and ``"3"`` into the integer 3, ``"TRUE"`` into True. A record
    comes back with its declared fields in their order: what is missing is None where it is optional, what is more is
    dropped. Dates, datetimes (without an offset: the type language knows local times only) and decimals are Python's
    own. Raises MismatchError with the path of the value.
    """
    kind = spec["type"]
    if kind == "optional":
        return None if value is None else coerce(value, spec["of"], path)
    if kind == "list":
        if not isinstance(value, list):
            raise MismatchError(path, "a list", value)
        return [coerce(item, spec["items"], f"{path}[{index}]") for index, item in enumerate(value)]
    if kind == "map":
        if not isinstance(value, dict):
            raise MismatchError(path, "an object", value)
        return {key: coerce(item, spec["values"], f"{path}.{key}") for key, item in value.items()}
    if kind == "record":
        return _record(value, spec, path)
    if kind == "enum":
        return _choice(value, spec["values"], path)
    return _SCALARS[kind](value, path)


def declared_part(value: Any, spec: dict[str, Any]) -> Any:
    """Return a value that is not whole yet without what its type ``spec`` does not declare, else as it is."""
    kind = spec["type"]
    if kind == "optional":
        return declared_part(value, spec["of"])
    if kind == "list" and isinstance(value, list):
        return [declared_part(item, spec["items"]) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {key: declared_part(item, spec["values"]) for key, item in value.items()}
    if kind == "record" and isinstance(value, dict):
        fields = [(field["name"], field["type"]) for field in spec["fields"]]
        return {name: declared_part(value[name], declared) for name, declared in fields if name in value}
    return value


def _record(value: Any, spec: dict[str, Any], path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MismatchError(path, f"an object ({spec['name']})", value)
    made = {}
    for field in spec["fields"]:
        name, declared = field["name"], field["type"]
        if name not in value and declared["type"] != "optional":
            raise MismatchError(path, f"an object with {name!r}", value)
        made[name] = coerce(value.get(name), declared, f"{path}.{name}")
    return made


def _choice(value: Any, values: list[str], path: str) -> str:
    if value in values:
        return str(value)
    alike = [each for each in values if isinstance(value, str) and each.casefold() == value.strip().casefold()]
    if len(alike) != 1:
        raise MismatchError(path, f"one of {', '.join(values)}", value)
    return alike[0]


def _string(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise MismatchError(path, "a string", value)
    return value


def _boolean(value: Any, path: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().casefold() in ("true", "false"):
        return value.strip().casefold() == "true"
    raise MismatchError(path, "a boolean", value)


def _integer(value: Any, path: str) -> int:
    number = _decimal(value, path, "an integer")
    if number.adjusted() >= _MOST_DIGITS or number != number.to_integral_value():
        raise MismatchError(path, "an integer", value)
    return int(number)


def _number(value: Any, path: str) -> float:
    number = float(_decimal(value, path, "a number"))
    if math.isinf(number):
        raise MismatchError(path, "a number", value)
    return number


def _decimal(value: Any, path: str, expected: str = "a decimal") -> decimal.Decimal:
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            number = decimal.Decimal(value.strip() if isinstance(value, str) else str(value))
        except decimal.InvalidOperation:
            raise MismatchError(path, expected, value) from None
        if number.is_finite():
            return number
    raise MismatchError(path, expected, value)


def _date(value: Any, path: str) -> datetime.date:
    if isinstance(value, str):
        try:
            return datetime.date.fromisoformat(value.strip())
        except ValueError:
            pass
    raise MismatchError(path, "a date (YYYY-MM-DD)", value)


def _datetime(value: Any, path: str) -> datetime.datetime:
    if isinstance(value, str):
        try:
            return datetime.datetime.fromisoformat(value.strip()).replace(tzinfo=None)
        except ValueError:
            pass
    raise MismatchError(path, "a datetime (ISO 8601)", value)


_SCALARS: dict[str, Callable[[Any, str], Any]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "decimal": _decimal,
}

"""Python objects as the plain data that has a JSON form, by the rules of orjson."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import math
import uuid
from collections.abc import Callable
from typing import Any

#: As upstream, one and the same.
JSONEncodeError = TypeError

OPT_INDENT_2 = 1 << 0
OPT_NAIVE_UTC = 1 << 1
OPT_NON_STR_KEYS = 1 << 2
OPT_OMIT_MICROSECONDS = 1 << 3
OPT_SERIALIZE_NUMPY = 1 << 4
OPT_SORT_KEYS = 1 << 5
OPT_STRICT_INTEGER = 1 << 6
OPT_UTC_Z = 1 << 7
OPT_PASSTHROUGH_SUBCLASS = 1 << 8
OPT_PASSTHROUGH_DATETIME = 1 << 9
OPT_APPEND_NEWLINE = 1 << 10
OPT_PASSTHROUGH_DATACLASS = 1 << 11
ALL_OPTIONS = (1 << 12) - 1
OPT_SERIALIZE_DATACLASS = 0
OPT_SERIALIZE_UUID = 0

_MAX_DEPTH = 254
_MAX_DEFAULT_CALLS = 255
_MAX_STRICT_INTEGER = 2**53 - 1


def is_unicode(text: str) -> bool:
    """Tell whether text has no lone surrogates, so that it has a UTF-8 form."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class Flattener:
    """Turns one value into plain data; not to be shared between calls."""

    def __init__(self, default: Callable[[Any], Any] | None, option: int) -> None:
        """Use ``default`` for objects that have no JSON form, and the flags of ``option``."""
        self._default = default
        self._option = option

    def flatten(self, obj: Any) -> Any:
        """Return the value as plain data; raises JSONEncodeError for what has no JSON form."""
        try:
            return self._value(obj, 0)
        except RecursionError as error:
            raise JSONEncodeError("Recursion limit reached") from error

    def _value(self, obj: Any, depth: int, defaults: int = 0) -> Any:
        cls = type(obj)
        if cls is str:
            return _checked(obj)
        if obj is None or cls is bool:
            return obj
        if cls is int:
            return self._integer(obj)
        if cls is float:
            return obj if math.isfinite(obj) else None
        if cls is dict:
            return self._dict(obj, depth, defaults)
        if cls is list or cls is tuple:
            return self._list(obj, depth, defaults)
        return self._object(obj, cls, depth, defaults)

    def _object(self, obj: Any, cls: type, depth: int, defaults: int) -> Any:
        option = self._option
        if type(cls) is enum.EnumMeta:
            return self._value(obj.value, depth, defaults)
        if not option & OPT_PASSTHROUGH_SUBCLASS:
            if isinstance(obj, str):
                return _checked(str.__str__(obj))
            if isinstance(obj, int):
                return self._integer(int.__int__(obj))
            if isinstance(obj, list):
                return self._list(obj, depth, defaults)
            if isinstance(obj, dict):
                return self._dict(obj, depth, defaults)
        if cls is uuid.UUID:
            return str(obj)
        if not option & OPT_PASSTHROUGH_DATETIME and cls in _TEMPORAL:
            return self._temporal(obj)
        if "__dataclass_fields__" in cls.__dict__ and not option & OPT_PASSTHROUGH_DATACLASS:
            return self._dataclass(obj, depth, defaults)
        if cls.__module__ == "numpy" and option & OPT_SERIALIZE_NUMPY:
            raise JSONEncodeError("Terrarium's stand-in of orjson has no OPT_SERIALIZE_NUMPY")
        return self._by_default(obj, depth, defaults)

    def _by_default(self, obj: Any, depth: int, defaults: int) -> Any:
        if self._default is None:
            raise JSONEncodeError(f"Type is not JSON serializable: {type(obj).__name__}")
        if defaults == _MAX_DEFAULT_CALLS:
            raise JSONEncodeError("default serializer exceeds recursion limit")
        try:
            replacement = self._default(obj)
        except Exception as error:
            raise JSONEncodeError(f"Type is not JSON serializable: {type(obj).__name__}") from error
        return self._value(replacement, depth, defaults + 1)

    def _integer(self, obj: int) -> int:
        _in_64_bits(obj)
        if self._option & OPT_STRICT_INTEGER and not -_MAX_STRICT_INTEGER <= obj <= _MAX_STRICT_INTEGER:
            raise JSONEncodeError("Integer exceeds 53-bit range")
        return obj

    def _list(self, obj: Any, depth: int, defaults: int) -> list[Any]:
        _check_depth(depth)
        values = []
        for item in obj:  # no comprehension: it would be one more frame a level
            values.append(self._value(item, depth + 1, defaults))
        return values

    def _dict(self, obj: dict[Any, Any], depth: int, defaults: int) -> dict[str, Any]:
        _check_depth(depth)
        items: dict[str, Any] = {}
        for key, value in obj.items():
            name = _checked(key) if type(key) is str else self._key(key)
            if name in items:
                raise JSONEncodeError(f"Terrarium's stand-in of orjson cannot write two keys of one text, {name!r}")
            items[name] = self._value(value, depth + 1, defaults)
        if self._option & OPT_SORT_KEYS:
            return dict(sorted(items.items(), key=_first))
        return items

    def _key(self, key: Any) -> str:
        if not self._option & OPT_NON_STR_KEYS:
            raise JSONEncodeError("Dict key must be str")
        while type(type(key)) is enum.EnumMeta:
            key = key.value
        if isinstance(key, str):
            return _checked(str.__str__(key))
        if key is None:
            return "null"
        if isinstance(key, bool):
            return "true" if key else "false"
        if isinstance(key, int):
            return str(_in_64_bits(int.__int__(key)))
        if type(key) is float:
            return _float_text(key) if math.isfinite(key) else "null"
        if type(key) is uuid.UUID:
            return str(key)
        if type(key) in _TEMPORAL:
            return self._temporal(key)
        raise JSONEncodeError("Dict key must a type serializable with OPT_NON_STR_KEYS")

    def _dataclass(self, obj: Any, depth: int, defaults: int) -> dict[str, Any]:
        _check_depth(depth)
        if "__slots__" in type(obj).__dict__:
            attributes = {field.name: getattr(obj, field.name) for field in dataclasses.fields(obj)}
        else:
            attributes = obj.__dict__
        values: dict[str, Any] = {}
        for name, value in attributes.items():
            if not name.startswith("_"):
                values[name] = self._value(value, depth + 1, defaults)
        return values

    def _temporal(self, obj: Any) -> str:
        option = self._option
        if option & OPT_OMIT_MICROSECONDS and type(obj) is not datetime.date:
            obj = obj.replace(microsecond=0)
        if type(obj) is datetime.time:
            if obj.tzinfo is not None:
                raise JSONEncodeError("datetime.time must not have tzinfo set")
            return str(obj.isoformat())
        if type(obj) is datetime.date:
            return str(obj.isoformat())
        text: str = obj.replace(tzinfo=None).isoformat()
        # pytz gives the right offset only after normalizing; the others have no such method
        offset = (obj.tzinfo.normalize(obj) if hasattr(obj.tzinfo, "normalize") else obj).utcoffset()
        if offset is None:
            if not option & OPT_NAIVE_UTC:
                return text
            offset = datetime.timedelta(0)
        return text + _offset_text(offset, bool(option & OPT_UTC_Z))


_TEMPORAL = (datetime.datetime, datetime.date, datetime.time)


def _first(item: tuple[str, Any]) -> str:
    return item[0]


def _in_64_bits(value: int) -> int:
    if not -(2**63) <= value < 2**64:
        raise JSONEncodeError("Integer exceeds 64-bit range")
    return value


def _checked(text: str) -> str:
    if not is_unicode(text):
        raise JSONEncodeError("str is not valid UTF-8: surrogates not allowed")
    return text


def _check_depth(depth: int) -> None:
    if depth >= _MAX_DEPTH:
        raise JSONEncodeError("Recursion limit reached")


def _offset_text(offset: datetime.timedelta, utc_z: bool) -> str:
    """Return ``+HH:MM``; seconds, which RFC 3339 has no place for, are rounded to the minute."""
    seconds = round(offset.total_seconds())
    if seconds == 0 and utc_z:
        return "Z"
    sign = "-" if seconds < 0 else "+"
    hours, rest = divmod(abs(seconds), 3600)
    return f"{sign}{hours:02d}:{rest // 60 + (1 if rest % 60 >= 30 else 0):02d}"


def _float_text(value: float) -> str:
    """Return the shortest text that reads back, plain from 0.00001 up to 1e+16."""
    text = repr(value)
    mantissa, separator, exponent = text.partition("e")
    if not separator:
        return text
    if exponent == "-05":  # the one exponent that Python writes and orjson does not
        sign = "-" if mantissa.startswith("-") else ""
        return f"{sign}0.0000{mantissa.lstrip('-').replace('.', '')}"
    return f"{mantissa}e{exponent[0]}{exponent[1:].lstrip('0')}"

"""A stand-in for ormsgpack, which has no wheel for GraalPy: what LangGraph's serializer uses of it, by msgpack.

Its bytes are those of ormsgpack, and either reads what the other wrote. Dates, enums, dataclasses and UUIDs go to
``default``, as with the options ``OPT_PASSTHROUGH_*``, also as keys of a dict, where ormsgpack writes texts and loses
their types. Other options are refused, and so are bytes behind the value.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import msgpack

__all__ = ["Ext", "MsgpackDecodeError", "MsgpackEncodeError", "packb", "unpackb"]

OPT_NON_STR_KEYS = 1 << 1
OPT_PASSTHROUGH_DATACLASS = 1 << 4
OPT_PASSTHROUGH_DATETIME = 1 << 5
OPT_PASSTHROUGH_SUBCLASS = 1 << 6
OPT_PASSTHROUGH_ENUM = 1 << 13
OPT_PASSTHROUGH_UUID = 1 << 12
OPT_REPLACE_SURROGATES = 1 << 15

_PASSING = OPT_PASSTHROUGH_DATACLASS | OPT_PASSTHROUGH_DATETIME | OPT_PASSTHROUGH_ENUM | OPT_PASSTHROUGH_UUID
_KNOWN = OPT_NON_STR_KEYS | _PASSING | OPT_PASSTHROUGH_SUBCLASS | OPT_REPLACE_SURROGATES
_NATIVE: tuple[Any, ...] = (dict, list, str, int)
_MOST_DEFAULTS = 254

#: Of an extension: its code and its bytes.
Ext = msgpack.ExtType


class MsgpackEncodeError(TypeError):
    """A value cannot be packed."""


class MsgpackDecodeError(ValueError):
    """Bytes are not one packed value."""


def packb(obj: Any, /, default: Callable[[Any], Any] | None = None, option: int | None = None) -> bytes:
    """Pack a value; ``default`` gives another one for what has no form. Raises MsgpackEncodeError."""
    options = _checked(option)

    def convert(value: Any) -> Any:
        for _ in range(_MOST_DEFAULTS):
            if type(value) is tuple:
                return list(value)
            if not (options & OPT_PASSTHROUGH_SUBCLASS or isinstance(value, Enum)):
                for native in _NATIVE:
                    if isinstance(value, native) and type(value) is not native:
                        return native(value)
            if type(value) is int:
                raise MsgpackEncodeError("Integer exceeds 64-bit range")
            if default is None:
                break
            value = default(value)
            if type(value) in (*_NATIVE, Ext, bytes, float, bool, type(None)):
                return value
        raise MsgpackEncodeError(f"Type is not msgpack serializable: {type(value).__name__}")

    errors = "replace" if options & OPT_REPLACE_SURROGATES else "strict"
    try:
        return bytes(msgpack.packb(obj, default=convert, strict_types=True, unicode_errors=errors))
    except MsgpackEncodeError:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        raise MsgpackEncodeError(str(error)) from error


def unpackb(
    obj: bytes | bytearray | memoryview,
    /,
    ext_hook: Callable[[int, bytes], Any] | None = None,
    option: int | None = None,
) -> Any:
    """Unpack a value; ``ext_hook`` is given code and bytes of an extension. Raises MsgpackDecodeError."""
    options = _checked(option)

    def refuse(code: int, _data: bytes) -> Any:
        raise MsgpackDecodeError(f"there is an extension of code {code}, and no ext_hook")

    try:
        return msgpack.unpackb(
            obj,
            ext_hook=ext_hook or refuse,
            strict_map_key=not options & OPT_NON_STR_KEYS,
            object_pairs_hook=_dict,
        )
    except MsgpackDecodeError:
        raise
    except (ValueError, TypeError, msgpack.UnpackException) as error:  # TypeError: a key that is a dict
        raise MsgpackDecodeError(str(error) or type(error).__name__) from error


def _dict(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    return {_key(key): value for key, value in pairs}


def _key(key: Any) -> Any:
    return tuple(_key(each) for each in key) if isinstance(key, list) else key


def _checked(option: int | None) -> int:
    options = option or 0
    if options & ~_KNOWN:
        raise NotImplementedError(f"options {options & ~_KNOWN:#x} of ormsgpack are not supported here")
    return options

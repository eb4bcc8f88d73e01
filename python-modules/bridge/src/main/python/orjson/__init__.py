r"""JSON: a stand-in for ``orjson``, which has no build for GraalPy; the host parses and writes.

What Python objects mean is decided here; the host's services see plain data. They are

``orjson.dumps(data, flags: int) -> str``
    Write ``None``, ``bool``, ``int`` (64 bits, signed or unsigned), finite ``float``, ``str``,
    ``list`` and ``dict`` with ``str`` keys, in the order given. ``flags`` is 0 or ``OPT_INDENT_2``,
    which writes two blanks a level, ``": "`` after keys, and ``[]`` and ``{}`` when empty; else there
    are no blanks. Text is written as it is but for ``"``, ``\`` and controls below U+0020. Numbers are
    the shortest that read back, floats always with a fraction or an exponent (``1.0``, ``1e+16``);
    how an exponent looks is the host's affair.
``orjson.loads(text: str) -> data``
    Read one document of strict JSON. The last of several equal keys counts; integers beyond 64 bits
    become floats; anything else is refused by an exception, whose message may end in ``(char N)``,
    the place in the text counted in characters from 0.

Lacking: ``Fragment``, which raises NotImplementedError; numpy, and dicts with two keys of one text, which raise
JSONEncodeError, so that callers who can do without it go on. Depth is limited as upstream, to 254
levels for ``dumps``; the host may limit ``loads``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NoReturn

from terrarium.bridge import HostCallError, HostServiceError, host

from ._plain import (
    ALL_OPTIONS,
    OPT_APPEND_NEWLINE,
    OPT_INDENT_2,
    OPT_NAIVE_UTC,
    OPT_NON_STR_KEYS,
    OPT_OMIT_MICROSECONDS,
    OPT_PASSTHROUGH_DATACLASS,
    OPT_PASSTHROUGH_DATETIME,
    OPT_PASSTHROUGH_SUBCLASS,
    OPT_SERIALIZE_DATACLASS,
    OPT_SERIALIZE_NUMPY,
    OPT_SERIALIZE_UUID,
    OPT_SORT_KEYS,
    OPT_STRICT_INTEGER,
    OPT_UTC_Z,
    Flattener,
    JSONEncodeError,
    is_unicode,
)

__version__ = "3.11.8"

__all__ = [
    "OPT_APPEND_NEWLINE",
    "OPT_INDENT_2",
    "OPT_NAIVE_UTC",
    "OPT_NON_STR_KEYS",
    "OPT_OMIT_MICROSECONDS",
    "OPT_PASSTHROUGH_DATACLASS",
    "OPT_PASSTHROUGH_DATETIME",
    "OPT_PASSTHROUGH_SUBCLASS",
    "OPT_SERIALIZE_DATACLASS",
    "OPT_SERIALIZE_NUMPY",
    "OPT_SERIALIZE_UUID",
    "OPT_SORT_KEYS",
    "OPT_STRICT_INTEGER",
    "OPT_UTC_Z",
    "Fragment",
    "JSONDecodeError",
    "JSONEncodeError",
    "dumps",
    "loads",
]


class JSONDecodeError(json.JSONDecodeError):
    """A document is no valid JSON; ``doc`` and ``pos`` say where."""


class Fragment:
    """Lacking: JSON text to be written as it is."""

    def __init__(self, *args: object, **kwargs: object) -> NoReturn:
        raise NotImplementedError("Terrarium's stand-in of orjson has no Fragment")


def dumps(
    obj: Any,
    /,
    default: Callable[[Any], Any] | None = None,
    option: int | None = None,
) -> bytes:
    """Return a value as JSON in UTF-8.

    Raises JSONEncodeError (a TypeError) for what cannot be written, and HostServiceError when the
    host offers no ``orjson.dumps``.
    """
    if option is None:
        option = 0
    elif not isinstance(option, int) or isinstance(option, bool) or option & ~ALL_OPTIONS:
        raise JSONEncodeError("Invalid opts")
    text: str = host.call("orjson.dumps", Flattener(default, option).flatten(obj), option & OPT_INDENT_2)
    if option & OPT_APPEND_NEWLINE:
        text += "\n"
    return text.encode()


def loads(obj: bytes | bytearray | memoryview | str, /) -> Any:
    """Return the value of a JSON document, given as text or as UTF-8.

    Raises JSONDecodeError (a ValueError) for what is no JSON, and HostServiceError when the host
    offers no ``orjson.loads``.
    """
    text = _text(obj)
    if not text:
        raise JSONDecodeError("Input is a zero-length, empty document", text, 0)
    if text[0] == "\ufeff":
        raise JSONDecodeError("UTF-8 byte order mark (BOM) is not supported", text, 0)
    try:
        return host.call("orjson.loads", text)
    except HostServiceError:
        raise
    except Exception as error:
        raise JSONDecodeError(*_fault(error, text)) from error


def _text(obj: Any) -> str:
    if isinstance(obj, str):
        if is_unicode(obj):
            return obj
    elif isinstance(obj, (bytes, bytearray, memoryview)):
        try:
            return bytes(obj).decode()
        except UnicodeDecodeError:
            pass
    else:
        raise JSONDecodeError("Input must be bytes, bytearray, memoryview, or str", "", 0)
    raise JSONDecodeError("str is not valid UTF-8: surrogates not allowed", "", 0)


def _fault(error: BaseException, text: str) -> tuple[str, str, int]:
    """Return message, document and position of what the host refused."""
    message = error.reason if isinstance(error, HostCallError) else str(error)
    place = re.search(r"(: line \d+ column \d+)? ?\(char (-?\d+)\)$", message)
    if place is None:
        return message, text, 0
    return message[: place.start()], text, min(max(int(place[2]), 0), len(text))

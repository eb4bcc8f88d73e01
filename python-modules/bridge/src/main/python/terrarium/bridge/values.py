"""Plain values as the Java engine makes them in a context and reads them from it.

Each function takes what crosses the border by itself (numbers, strings, booleans, and objects of this context), so
that no Java object is ever part of a value that a handler sees. The engine finds them in
:mod:`terrarium.bridge.embed`.
"""

from __future__ import annotations

import sys
from array import array
from os import read as _read
from typing import TYPE_CHECKING, Any

from terrarium.bridge.builtin import keep
from terrarium.bridge.errors import HostCallError

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable

keep(globals())


# ---------------------------------------------------------------- Java to Python


def none() -> None:
    return None


def make_list(*items: object) -> list[object]:
    return list(items)


def make_dict(*keys_and_values: object) -> dict[object, object]:
    """`make_dict(k1, v1, k2, v2, ...)`."""
    made = {}
    for i in range(0, len(keys_and_values), 2):  # on GraalPy less than half the time of slices and zip
        made[keys_and_values[i]] = keys_and_values[i + 1]
    return made


def make_int(hexadecimal: str) -> int:
    """An int beyond 64 bits. Base 16, because decimal text has a limit of digits."""
    return int(hexadecimal, 16)


def make_bytes(handed: str | bytes) -> bytes:
    """Bytes from what :func:`read_bytes` returned, or a text of as many characters below 256."""
    return handed.encode("latin-1") if isinstance(handed, str) else handed


def read_bytes(size: int) -> bytes | None:
    """As many bytes from the standard input, by which the host hands them over; None when they do not come that way."""
    parts = []
    left = size
    try:
        while left:
            part = _read(0, left)
            if not part:
                return None
            parts.append(part)
            left -= len(part)
    except OSError:  # Python code has closed it
        return None
    return parts[0] if len(parts) == 1 else b"".join(parts)


def make_array(typecode: str, handed: str | bytes) -> array[Any]:
    """An array of numbers from the bytes of its items, which are as in :func:`make_bytes`."""
    return array(typecode, make_bytes(handed))


def make_decimal(text: str) -> object:
    from decimal import Decimal

    return Decimal(text)


def make_date(text: str) -> object:
    import datetime

    return datetime.date.fromisoformat(text)


def make_time(text: str) -> object:
    import datetime

    return datetime.time.fromisoformat(text)


def make_datetime(text: str) -> object:
    import datetime

    return datetime.datetime.fromisoformat(text)


def make_zoned(text: str) -> object:
    """A datetime with the name of its region in brackets, or with an offset only."""
    import datetime

    if not text.endswith("]"):
        return datetime.datetime.fromisoformat(text)
    moment, _, region = text[:-1].partition("[")
    return _in_region(datetime.datetime.fromisoformat(moment), region)


def make_timedelta(text: str) -> object:
    """A timedelta of whole microseconds."""
    import datetime

    return datetime.timedelta(microseconds=int(text))


def _in_region(moment: datetime.datetime, region: str) -> datetime.datetime:
    """The same moment by the clocks of a region; as it is when there is no data on that region."""
    from zoneinfo import ZoneInfo

    try:
        return moment.astimezone(ZoneInfo(region))
    except (KeyError, ValueError, OverflowError):
        return moment


def make_uuid(text: str) -> object:
    from uuid import UUID

    return UUID(text)


#: What makes a value of each kind of a text; `Scalar` has the same kinds in Java, and :func:`kind` tells them.
MAKERS: dict[str, Callable[[str], object]] = {
    "int": make_int,
    "decimal": make_decimal,
    "date": make_date,
    "time": make_time,
    "datetime": make_datetime,
    "zoned": make_zoned,
    "timedelta": make_timedelta,
    "uuid": make_uuid,
}


def make_callback(function: Callable[..., object], name: str) -> Callable[..., object]:
    """A function of the host's that raises what Python code can catch; `name` is what an error calls it."""

    def callback(*args: object) -> object:
        try:
            return function(*args)
        except (Exception, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            raise HostCallError(name, error) from error

    return callback


# ---------------------------------------------------------------- Python to Java


def kind(value: object) -> str:
    """What `value` is, for what the polyglot API cannot tell by itself; empty when it is not plain data.

    `int`, `float`, `str`, `decimal:TEXT`, `date:TEXT`, `time:TEXT`, `datetime:TEXT`, `zoned:TEXT[REGION]`,
    `timedelta:MICROSECONDS`, `uuid:TEXT`, `enum:NAME`.
    """
    if isinstance(value, int):
        return "int"
    if isinstance(value, float):
        return "float"
    if isinstance(value, str):
        return "str"
    module = sys.modules.get("decimal")
    if module is not None and isinstance(value, module.Decimal):
        return "decimal:" + str(value)
    module = sys.modules.get("datetime")
    if module is not None:
        if isinstance(value, module.datetime):
            zones = sys.modules.get("zoneinfo")
            if zones is not None and isinstance(value.tzinfo, zones.ZoneInfo) and value.tzinfo.key:
                return f"zoned:{value.isoformat()}[{value.tzinfo.key}]"
            return f"datetime:{value.isoformat()}"
        if isinstance(value, module.date):
            return f"date:{value.isoformat()}"
        if isinstance(value, module.time):
            return f"time:{value.isoformat()}"
        if isinstance(value, module.timedelta):
            return "timedelta:" + str(value // module.timedelta(microseconds=1))
    module = sys.modules.get("uuid")
    if module is not None and isinstance(value, module.UUID):
        return f"uuid:{value}"
    module = sys.modules.get("enum")
    if module is not None and isinstance(value, module.Enum) and isinstance(value.name, str):  # some flags have none
        return f"enum:{value.name}"
    return ""


def container(value: object) -> str | list[object]:
    """A dict's keys and then its values, so that one array is read and not an iterator of pairs; else a name.

    `list` (and tuple), `set` (whose :func:`members` are a list), `bytes` (and what is like them), an array's typecode,
    or empty for anything else.

    A memoryview with gaps is `strided`: GraalPy lets the host read it as if it had none.
    """
    if isinstance(value, dict):
        return [*value, *value.values()]
    if isinstance(value, (list, tuple)):
        return "list"
    if isinstance(value, (bytes, bytearray)):
        return "bytes"
    if isinstance(value, memoryview):
        return "bytes" if value.c_contiguous else "strided"
    if isinstance(value, (set, frozenset)):
        return "set"
    if isinstance(value, array):
        return "bytes" if value.typecode in "bB" else value.typecode
    return ""


def members(value: set[object] | frozenset[object]) -> list[object]:
    return list(value)


def plain(value: float | str | bytes) -> float | str | bytes:
    """The same number, text or bytes without the subclass that it is of."""
    if isinstance(value, bytes):
        return b"".join([value])
    return str(value) if isinstance(value, str) else float(value)


def has_lone_surrogate(value: str) -> bool:
    """Whether the text cannot be written as UTF-8, which is what a lone surrogate prevents."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def type_name(value: object) -> str:
    cls = type(value)
    return cls.__qualname__ if cls.__module__ == "builtins" else cls.__module__ + "." + cls.__qualname__

"""The stand-in of ormsgpack: the bytes are those that ormsgpack 1.13.1 gave."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections import OrderedDict, defaultdict, namedtuple
from typing import Any

import pytest

import ormsgpack

OPTION = (
    ormsgpack.OPT_NON_STR_KEYS
    | ormsgpack.OPT_PASSTHROUGH_DATACLASS
    | ormsgpack.OPT_PASSTHROUGH_DATETIME
    | ormsgpack.OPT_PASSTHROUGH_ENUM
    | ormsgpack.OPT_PASSTHROUGH_UUID
    | ormsgpack.OPT_REPLACE_SURROGATES
)

PACKED: list[tuple[Any, str]] = [
    (None, "c0"),
    (True, "c3"),
    (127, "7f"),
    (128, "cc80"),
    (-33, "d0df"),
    (65535, "cdffff"),
    (65536, "ce00010000"),
    (2**32, "cf0000000100000000"),
    (2**63, "cf8000000000000000"),
    (2**64 - 1, "cfffffffffffffffff"),
    (-(2**63), "d38000000000000000"),
    (1.5, "cb3ff8000000000000"),
    ("a", "a161"),
    ("é" * 16, "d920" + "c3a9" * 16),
    (b"ab", "c4026162"),
    (bytearray(b"ab"), "c4026162"),
    (memoryview(b"ab"), "c4026162"),
    ([1, (2, [3])], "920192029103"),
    ({"a": 1, 2: 3, None: 4, True: 5, (1, 2): 6, b"k": 7}, "86a161010203c004c30592010206c4016b07"),
    ("\ud800", "a13f"),
    (OrderedDict(a=1), "81a16101"),
    (defaultdict(list, {"a": [1]}), "81a1619101"),
]


@pytest.mark.parametrize(("value", "packed"), PACKED, ids=str)
def test_bytes(value: Any, packed: str) -> None:
    assert ormsgpack.packb(value, option=OPTION).hex() == packed


def test_values_come_back() -> None:
    values: list[Any] = [
        [1, -1, 2**63, 1.5, None, True, "é", b"x", {"a": []}],
        {1: 2, (1, (2,)): 3, None: 4},
        list(range(99)),
    ]
    for value in values:
        assert ormsgpack.unpackb(ormsgpack.packb(value, option=OPTION), option=OPTION) == value


class Colour(enum.IntEnum):
    RED = 1


class Name(enum.StrEnum):
    A = "a"


@dataclasses.dataclass
class Point:
    x: int


Pair = namedtuple("Pair", "left right")


@pytest.mark.parametrize("value", [Colour.RED, Name.A, Point(1), Pair(1, 2), datetime.date(2026, 12, 1), {1}], ids=repr)
def test_what_has_no_form_goes_to_default(value: Any) -> None:
    given: list[Any] = []

    def default(each: Any) -> Any:
        given.append(each)
        return ormsgpack.Ext(5, ormsgpack.packb(("x",)))

    packed = ormsgpack.packb([value], default=default, option=OPTION)
    assert given == [value]
    assert type(given[0]) is type(value)
    assert ormsgpack.unpackb(packed, ext_hook=lambda code, data: (code, ormsgpack.unpackb(data))) == [(5, ["x"])]
    with pytest.raises(ormsgpack.MsgpackEncodeError, match=type(value).__name__):
        ormsgpack.packb([value], option=OPTION)


def test_default_is_asked_until_there_is_a_form() -> None:
    assert (
        ormsgpack.packb({1}, default=lambda each: frozenset(each) if type(each) is set else sorted(each)) == b"\x91\x01"
    )
    with pytest.raises(ormsgpack.MsgpackEncodeError):
        ormsgpack.packb({1}, default=lambda each: each)


def test_integers_beyond_64_bits_are_refused() -> None:
    for value in (2**64, -(2**63) - 1):
        with pytest.raises(ormsgpack.MsgpackEncodeError, match="exceeds 64-bit range"):
            ormsgpack.packb([value], default=str)


@pytest.mark.parametrize(
    "data", [b"", b"\xc1", b"\x01\x02", b"\xa1\xff", b"\xa2a", b"\x91" * 3000, b"\xd4\x05\x00", b"\xdd\xff\xff\xff\xff"]
)
def test_what_is_no_value_is_refused(data: bytes) -> None:
    with pytest.raises(ormsgpack.MsgpackDecodeError):
        ormsgpack.unpackb(data)


def test_other_options_are_refused() -> None:
    with pytest.raises(NotImplementedError, match="0x1"):
        ormsgpack.packb([], option=1)

"""The stand-ins beside the packages they stand in for, on CPython, where those have builds."""

import datetime
import enum
import importlib.machinery
import importlib.util
import json
import sys
import sysconfig
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest

import orjson
import rpds
from terrarium.bridge import host


def upstream(name: str) -> ModuleType:
    """Import the package of that name that is installed, and leave the stand-in where it is."""
    spec = importlib.machinery.PathFinder.find_spec(name, [sysconfig.get_path("platlib")])
    if spec is None or spec.loader is None:
        pytest.skip(f"{name} is not installed")
    ours = {each: sys.modules.pop(each) for each in list(sys.modules) if each == name or each.startswith(f"{name}.")}
    try:
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        for each in [each for each in sys.modules if each == name or each.startswith(f"{name}.")]:
            del sys.modules[each]
        sys.modules.update(ours)


@pytest.fixture(scope="module")
def real_orjson() -> ModuleType:
    return upstream("orjson")


@pytest.fixture(scope="module")
def real_rpds() -> ModuleType:
    return upstream("rpds")


@contextmanager
def json_services() -> Iterator[None]:
    def dumps(data: Any, flags: int) -> str:
        layout: dict[str, Any] = {"indent": 2, "separators": (",", ": ")} if flags else {"separators": (",", ":")}
        return json.dumps(data, ensure_ascii=False, **layout)

    services: dict[str, Callable[..., Any]] = {"orjson.dumps": dumps, "orjson.loads": json.loads}
    host.install(services)
    try:
        yield
    finally:
        host.uninstall(*services)


class Level(enum.IntEnum):
    LOW = 1


class Name(str):
    __slots__ = ()


MOMENT = datetime.datetime(1937, 1, 1, 12, 0, 27, 87)

VALUES: list[Any] = [
    None,
    [True, 0, -1.25, 'é\u2028"\\\x1f', {}, [], ()],
    {"b": {"d": 1, "c": [None]}, "a": 1e16},
    [MOMENT, MOMENT.replace(tzinfo=datetime.UTC), MOMENT.date(), MOMENT.time()],
    MOMENT.replace(tzinfo=datetime.timezone(datetime.timedelta(minutes=19, seconds=32))),
    MOMENT.replace(tzinfo=datetime.timezone(-datetime.timedelta(hours=9, minutes=30, seconds=5))),
    datetime.date(1, 1, 1),
    [uuid.UUID(int=7), Level.LOW, Name("n"), Name("n").upper()],
    {2: 1, None: 2, False: 3, 1.5: 4, Level.LOW: 5, MOMENT: 6, uuid.UUID(int=7): 7, -1e-05: 8},
    {Name("key"): 1},
    2**64,
    2**53,
    -(2**63) - 1,
    float("nan"),
    {1, 2},
    object,
    b"bytes",
    "\ud800",
    {(1, 2): 3},
    datetime.timedelta(1),
]

OPTIONS = [
    "OPT_INDENT_2",
    "OPT_SORT_KEYS",
    "OPT_NON_STR_KEYS",
    "OPT_NAIVE_UTC",
    "OPT_UTC_Z",
    "OPT_OMIT_MICROSECONDS",
    "OPT_STRICT_INTEGER",
    "OPT_PASSTHROUGH_SUBCLASS",
    "OPT_PASSTHROUGH_DATETIME",
    "OPT_APPEND_NEWLINE",
]


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except TypeError as error:
        return f"TypeError: {str(error).replace('datetime.', '')}"  # upstream names the modules of C types


@pytest.mark.parametrize("option", ["", *OPTIONS])
def test_orjson_dumps_as_upstream(real_orjson: ModuleType, option: str) -> None:
    ours = getattr(orjson, option) if option else None
    theirs = getattr(real_orjson, option) if option else None
    assert ours == theirs
    with json_services():
        for value in VALUES:
            for default in (None, repr):
                written = outcome(lambda v=value, d=default: orjson.dumps(v, d, ours))  # type: ignore[misc]
                expected = outcome(lambda v=value, d=default: real_orjson.dumps(v, d, theirs))  # type: ignore[misc]
                assert written == expected, repr(value)


def test_orjson_offers_what_upstream_does(real_orjson: ModuleType) -> None:
    assert set(real_orjson.__all__) - {"__version__"} <= set(orjson.__all__)
    assert issubclass(real_orjson.JSONDecodeError, json.JSONDecodeError)
    assert real_orjson.JSONEncodeError is orjson.JSONEncodeError


def test_rpds_as_upstream(real_rpds: ModuleType) -> None:
    for name in ("HashTrieMap", "HashTrieSet", "List"):
        theirs = {each for each in dir(getattr(real_rpds, name)) if not each.startswith("_")}
        assert theirs <= set(dir(getattr(rpds, name)))
    for module in (rpds, real_rpds):
        assert repr(module.HashTrieMap({"a": 1}).insert("b", 2).remove("a")) == "HashTrieMap({'b': 2})"
        assert repr(module.HashTrieSet([1]).insert(2).discard(1)) == "HashTrieSet({2})"
        assert repr(module.List([1, 2]).push_front(0).rest) == "List([1, 2])"
        assert module.HashTrieMap({1: 2}).keys() & [1] == {1}
        assert module.HashTrieMap(a=1) != {"a": 1}
        assert module.HashTrieSet([1]) == {1}
        with pytest.raises(IndexError):
            module.List().drop_first()

"""The stand-in of orjson: the claimed behaviour. Upstream's own tests of it pass too."""

import dataclasses
import datetime
import enum
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from terrarium.bridge import HostServiceError, host

UTC = datetime.timezone.utc  # noqa: UP017 - as it is written in much code


def raised(kind: type[BaseException], call: Callable[[], Any]) -> Any:
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


def _dumps(data: Any, flags: int) -> str:
    indented = bool(flags & orjson.OPT_INDENT_2)
    return json.dumps(
        data, ensure_ascii=False, indent=2 if indented else None, separators=(",", ": ") if indented else (",", ":")
    )


@contextmanager
def json_services() -> Iterator[None]:
    """The host's services, unless there are some already, as on GraalPy."""
    services: dict[str, Callable[..., Any]] = {"orjson.dumps": _dumps, "orjson.loads": json.loads}
    offered = {name: service for name, service in services.items() if not host.available(name)}
    host.install(offered)
    try:
        yield
    finally:
        host.uninstall(*offered)


def dumped(value: Any, option: int | None = None, default: Callable[[Any], Any] | None = None) -> bytes:
    with json_services():
        return orjson.dumps(value, default, option)


def refused(value: Any, option: int | None = None, default: Callable[[Any], Any] | None = None) -> Any:
    return raised(orjson.JSONEncodeError, lambda: dumped(value, option, default))


class Colour(enum.Enum):
    RED = "red"
    UNKNOWN = None


class Text(str):
    __slots__ = ()


class Number(int):
    pass


@dataclasses.dataclass
class Point:
    x: int
    y: int = 2
    _hidden: int = 3


@dataclasses.dataclass
class Slotted:
    __slots__ = ("b", "a")  # noqa: RUF023 - the order is what is tested
    b: int
    a: int


def test_plain_values() -> None:
    assert dumped(None) == b"null"
    assert dumped([True, False, 1, -1.5, "a"]) == b'[true,false,1,-1.5,"a"]'
    assert dumped((1, {"b": [], "a": {}})) == b'[1,{"b":[],"a":{}}]'
    assert dumped({"k": 'é\u2028"\\\n\x00'}) == '{"k":"é\u2028\\"\\\\\\n\\u0000"}'.encode()
    assert dumped([float("nan"), float("inf")]) == b"[null,null]"


def test_integers_have_64_bits() -> None:
    assert dumped([2**64 - 1, -(2**63)]) == b"[18446744073709551615,-9223372036854775808]"
    assert "64-bit" in str(refused(2**64))
    assert "64-bit" in str(refused(-(2**63) - 1))
    assert dumped(2**53 - 1, orjson.OPT_STRICT_INTEGER) == b"9007199254740991"
    assert "53-bit" in str(refused(2**53, orjson.OPT_STRICT_INTEGER))


def test_subclasses() -> None:
    assert dumped([Text("a"), Number(1)]) == b'["a",1]'
    refused(Text("a"), orjson.OPT_PASSTHROUGH_SUBCLASS)
    assert dumped(Number(1), orjson.OPT_PASSTHROUGH_SUBCLASS, default=lambda value: f"<{value}>") == b'"<1>"'


def test_dates_and_times() -> None:
    moment = datetime.datetime(2024, 2, 29, 10, 30, 0, 5)
    assert dumped(moment) == b'"2024-02-29T10:30:00.000005"'
    assert dumped(moment, orjson.OPT_NAIVE_UTC | orjson.OPT_OMIT_MICROSECONDS) == b'"2024-02-29T10:30:00+00:00"'
    assert dumped(moment.replace(tzinfo=UTC), orjson.OPT_UTC_Z) == b'"2024-02-29T10:30:00.000005Z"'
    west = datetime.timezone(-datetime.timedelta(hours=3, minutes=30))
    assert dumped(moment.replace(tzinfo=west, microsecond=0)) == b'"2024-02-29T10:30:00-03:30"'
    assert dumped(datetime.date(1, 2, 3)) == b'"0001-02-03"'
    assert dumped(datetime.time(1, 2, 3)) == b'"01:02:03"'
    assert "tzinfo" in str(refused(datetime.time(1, 2, 3, tzinfo=UTC)))
    assert dumped(moment, orjson.OPT_PASSTHROUGH_DATETIME, default=lambda value: value.year) == b"2024"


def test_uuids_enums_and_dataclasses() -> None:
    assert dumped(uuid.UUID(int=1)) == b'"00000000-0000-0000-0000-000000000001"'
    assert dumped([Colour.RED, Colour.UNKNOWN]) == b'["red",null]'
    assert dumped(Point(1)) == b'{"x":1,"y":2}'
    assert dumped(Slotted(1, 2)) == b'{"b":1,"a":2}'
    refused(Point(1), orjson.OPT_PASSTHROUGH_DATACLASS)


def test_what_is_a_dataclass_or_an_enum_only_by_its_base_is_made_by_default() -> None:
    class Masked(Point):
        pass

    class Meta(enum.EnumMeta):
        pass

    class Own(enum.Enum, metaclass=Meta):
        A = 1

    for value in (Masked(1), Own.A):
        refused(value)
        assert dumped(value, default=lambda _: "made") == b'"made"'


def test_default_makes_what_is_left() -> None:
    assert dumped({1, 2}, default=sorted) == b"[1,2]"
    assert "not JSON serializable: set" in str(refused({1}))

    def fail(value: Any) -> Any:
        raise LookupError("no")

    assert isinstance(refused({1}, default=fail).__cause__, LookupError)
    assert "recursion limit" in str(refused({1}, default=lambda value: value))


def test_keys() -> None:
    assert "Dict key must be str" in str(refused({1: 2}))
    keys = {1: 0, 1.5: 0, None: 0, False: 0, Colour.RED: 0, datetime.date(2024, 1, 2): 0, uuid.UUID(int=1): 0}
    assert list(json.loads(dumped(keys, orjson.OPT_NON_STR_KEYS))) == [
        *("1", "1.5", "null", "false", "red", "2024-01-02"),
        "00000000-0000-0000-0000-000000000001",
    ]
    for number, text in ((1e16, "1e+16"), (1e-7, "1e-7"), (1.5e-05, "0.000015"), (-1e-05, "-0.00001"), (1.0, "1.0")):
        assert list(json.loads(dumped({number: 0}, orjson.OPT_NON_STR_KEYS))) == [text]
    refused({(1,): 2}, orjson.OPT_NON_STR_KEYS)
    assert dumped({"b": 1, "a": {"d": 1, "c": 1}}, orjson.OPT_SORT_KEYS) == b'{"a":{"c":1,"d":1},"b":1}'


def test_layout() -> None:
    value = {"a": [], "b": [1, {"c": {}}]}
    assert dumped(value, orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE) == (
        b'{\n  "a": [],\n  "b": [\n    1,\n    {\n      "c": {}\n    }\n  ]\n}\n'
    )


def test_what_has_no_end_and_what_is_no_text() -> None:
    circle: list[Any] = []
    circle.append(circle)
    assert "Recursion limit" in str(refused(circle))
    nested: list[Any] = [1]
    for _ in range(253):
        nested = [nested]
    assert dumped(nested) == b"[" * 254 + b"1" + b"]" * 254
    assert "Recursion limit" in str(refused([nested]))
    assert "surrogates" in str(refused("\ud800"))
    assert "surrogates" in str(refused({"\ud800": 1}))


def test_options_are_checked() -> None:
    for option in (-1, 1 << 12, "1", True):
        assert "Invalid opts" in str(refused(1, option))  # type: ignore[arg-type]


def test_loads() -> None:
    with json_services():
        for document in ('{"a": [1, -2.5, "é", true, null]}', b'{"a": [1, -2.5, "\xc3\xa9", true, null]}'):
            assert orjson.loads(document) == {"a": [1, -2.5, "é", True, None]}
        assert orjson.loads(memoryview(b"[]")) == orjson.loads(bytearray(b"[]")) == []


def test_what_is_no_json_is_refused_with_its_place() -> None:
    def refusal(document: Any) -> orjson.JSONDecodeError:
        with json_services():
            error = raised(orjson.JSONDecodeError, lambda: orjson.loads(document))
        assert isinstance(error, json.JSONDecodeError)
        assert isinstance(error, orjson.JSONDecodeError)
        return error

    error = refusal('{"a":\n nul}')
    assert (error.doc, error.lineno) == ('{"a":\n nul}', 2)
    assert 7 <= error.pos <= 10  # where exactly depends on the parser
    assert str(error).count("line 2") == 1
    assert "empty" in refusal("").msg
    assert "BOM" in refusal("\ufeff1").msg
    assert "UTF-8" in refusal(b"\xff").msg
    assert "UTF-8" in refusal("\ud800").msg
    assert "bytes, bytearray, memoryview, or str" in refusal(1).msg


def test_without_the_host_nothing_is_made_up() -> None:
    kept = {name: host._services[name] for name in ("orjson.dumps", "orjson.loads") if host.available(name)}
    host.uninstall(*kept)
    try:
        assert raised(HostServiceError, lambda: orjson.dumps(1)).service == "orjson.dumps"
        assert raised(HostServiceError, lambda: orjson.loads("1")).service == "orjson.loads"
    finally:
        host.install(kept)


def test_what_is_lacking_is_named() -> None:
    assert "Fragment" in str(raised(NotImplementedError, lambda: orjson.Fragment(b"1")))
    assert "two keys" in str(refused({1: 0, "1": 0}, orjson.OPT_NON_STR_KEYS))  # so that who can does without

"""What annotations of handlers do. Plain functions and asserts only, so that any Python runs them."""

from __future__ import annotations

import datetime
import enum
import uuid
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, NewType, Optional, TypedDict, Union

from terrarium.bridge import ArgumentError, BaseBridge, FrameworkLoadError, handler

if TYPE_CHECKING:
    from nowhere import Unknown  # type: ignore[import-not-found]


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Point:
    x: int
    y: float = 0.0
    tags: set[str] = field(default_factory=set)
    inner: Point | None = None


@dataclass
class Even:
    number: int

    def __post_init__(self) -> None:
        if self.number % 2:
            raise ValueError("odd")


class Pair(NamedTuple):
    left: int
    right: str = "r"


class Options(TypedDict, total=False):
    depth: int


Identifier = NewType("Identifier", int)


class Typed(BaseBridge):
    framework = "typed"

    def __init__(self) -> None:
        super().__init__()
        self.broken = False

    def _load_framework(self) -> None:
        if self.broken:
            raise ImportError("not there")

    class Own(enum.Enum):
        ONE = 1

    @handler
    def whole(self, v: int) -> Any:
        return v

    @handler
    def real(self, v: float) -> Any:
        return v

    @handler
    def text(self, v: str) -> Any:
        return v

    @handler
    def flag(self, v: bool) -> Any:
        return v

    @handler
    def raw(self, v: bytes) -> Any:
        return v

    @handler
    def anything(self, v: object, w=None) -> Any:  # type: ignore[no-untyped-def]
        return [v, w]

    @handler
    def texts(self, v: list[str]) -> Any:
        return v

    @handler
    def reals(self, v: list[float]) -> Any:
        return v

    @handler
    def sequence(self, v: Sequence[float]) -> Any:
        return v

    @handler
    def walked(self, v: Iterable[int]) -> Any:
        return v

    @handler
    def counts(self, v: dict[str, int]) -> Any:
        return v

    @handler
    def mapping(self, v: Mapping[Colour, list[Point]]) -> Any:
        return v

    @handler
    def members(self, v: set[str]) -> Any:
        return v

    @handler
    def frozen(self, v: frozenset[Colour]) -> Any:
        return v

    @handler
    def pair(self, v: tuple[int, str]) -> Any:
        return v

    @handler
    def row(self, v: tuple[int, ...]) -> Any:
        return v

    @handler
    def bare(self, v: list, w: dict, x: tuple) -> Any:  # type: ignore[type-arg]
        return [v, w, x]

    @handler
    def maybe(self, v: Optional[int], w: str = None, x: list[int] | None = None) -> Any:  # type: ignore[assignment] # noqa: UP045, RUF013
        return [v, w, x]

    @handler
    def either(self, v: Union[float, int, str, list[int]]) -> Any:  # noqa: UP007
        return v

    @handler
    def choice(self, v: Literal["a", 1]) -> Any:
        return v

    @handler
    def colour(self, v: Colour) -> Any:
        return v

    @handler
    def level(self, v: Level) -> Any:
        return v

    @handler
    def own(self, v: Own) -> Any:
        return v

    @handler
    def point(self, v: Point) -> Any:
        return v

    @handler
    def points(self, v: dict[str, list[Point]]) -> Any:
        return v

    @handler
    def even(self, v: Even) -> Any:
        return v

    @handler
    def named(self, v: Pair) -> Any:
        return v

    @handler
    def options(self, v: Options) -> Any:
        return v

    @handler
    def decimal(self, v: Decimal) -> Any:
        return v

    @handler
    def identifier(self, v: uuid.UUID) -> Any:
        return v

    @handler
    def times(
        self,
        date: datetime.date | None = None,
        time: datetime.time | None = None,
        moment: datetime.datetime | None = None,
        span: datetime.timedelta | None = None,
    ) -> Any:
        return [date, time, moment, span]

    @handler
    def numbers(self, v: array) -> Any:  # type: ignore[type-arg]
        return v

    @handler
    def function(self, v: Callable[[str], float]) -> Any:
        return v

    @handler
    def unknown(self, v: Unknown) -> Any:
        return v

    @handler
    def new(self, v: Identifier, w: Annotated[int, "of what"] = 0) -> Any:
        return [v, w]

    @handler
    def others(self, first: int = 0, **rest: int) -> Any:
        return rest


TYPED = Typed()


def given(command: str, value: object) -> Any:
    return TYPED.dispatch(command, {"v": value})


def refused(command: str, value: object, message: str) -> ArgumentError:
    try:
        made = given(command, value)
    except ArgumentError as error:
        assert message in str(error), str(error)
        assert str(error).startswith(f"{command}: argument 'v'"), str(error)
        return error
    raise AssertionError(f"{command} took {value!r} as {made!r}")


def all_refused(command: str, message: str, *values: object) -> None:
    for value in values:
        refused(command, value, message)


def same(made: object, expected: object) -> None:
    assert made == expected, (made, expected)
    assert type(made) is type(expected), (type(made), type(expected))


def test_scalars_are_taken_as_they_are_or_converted_where_that_is_exact() -> None:
    same(given("whole", 5), 5)
    same(given("whole", 2**70), 2**70)
    same(given("whole", 5.0), 5)
    same(given("whole", Decimal("5.00")), 5)
    same(given("real", 0.5), 0.5)
    same(given("real", 2), 2.0)
    same(given("real", Decimal("0.25")), 0.25)
    same(given("text", "x"), "x")
    same(given("flag", True), True)
    same(given("raw", b"x"), b"x")
    same(given("raw", bytearray(b"x")), b"x")


def test_scalars_of_other_types_are_refused() -> None:
    all_refused(
        "whole", "expected int, found ", "5", None, [5], True, 5.5, float("nan"), float("inf"), Decimal("0.1"), b"5", {}
    )
    all_refused("real", "expected float, found ", "0.5", None, True, 2**53 + 1, 10**400, Decimal("0.1"))
    all_refused("text", "expected str, found ", 5, None, b"x", ["x"], True)
    all_refused("flag", "expected bool, found ", 0, 1, "true", None)
    all_refused("raw", "expected bytes, found ", "x", None, [1])
    refused("text", 10**5000, "expected str, found int of 16610 bits")
    refused("whole", Decimal("1E+999999999"), "expected int, found Decimal")
    assert str(refused("whole", "5", "")) == "whole: argument 'v': expected int, found str '5'"
    assert "found str 'xxx" in str(refused("whole", "x" * 1000, "..."))


def test_without_an_annotation_or_with_object_anything_is_taken() -> None:
    value = object()
    assert TYPED.dispatch("anything", {"v": value, "w": None}) == [value, None]
    assert TYPED.dispatch("anything", {"v": None, "w": value}) == [None, value]
    assert given("unknown", value) is value


def test_items_of_containers_are_checked_with_their_place() -> None:
    texts = ["a", "b"]
    assert given("texts", texts) is texts
    same(given("texts", ("a",)), ["a"])
    same(given("reals", [1, 0.5]), [1.0, 0.5])
    same(given("reals", array("d", [1, 0.5])), [1.0, 0.5])
    numbers = array("d", [1])
    assert given("sequence", numbers) is numbers
    assert given("numbers", numbers) is numbers
    same(given("counts", {"a": 1.0}), {"a": 1})
    assert refused("texts", ["a", 5], "argument 'v' at v[1]: expected str, found int 5").path == "v[1]"
    assert refused("counts", {"a": 1, "b": "x"}, "at v.b: expected int, found str 'x'").path == "v.b"
    refused("counts", {1: 1}, "at v.1: expected str, found int 1")
    refused("texts", "ab", "expected list[str], found str 'ab'")
    refused("walked", "12", "expected ")
    refused("sequence", {"a": 1}, "expected ")
    refused("numbers", [1.0], "expected array.array, found list")
    refused("points", {"a": [{"x": 1}, {"x": "1"}]}, "at v.a[1].x: expected int, found str '1'")


def test_arguments_are_not_changed() -> None:
    arguments = {"v": [1, 0.5]}
    TYPED.dispatch("reals", arguments)
    assert arguments == {"v": [1, 0.5]}
    assert type(arguments["v"][0]) is int


def test_lists_become_sets_and_tuples() -> None:
    same(given("members", ["a", "b"]), {"a", "b"})
    same(given("members", {"a"}), {"a"})
    same(given("frozen", ["RED", "green"]), frozenset(Colour))
    same(given("pair", [1, "a"]), (1, "a"))
    same(given("row", [1, 2.0]), (1, 2))
    same(given("row", []), ())
    refused("members", ["a", "b", "a"], "at v[2]: expected set[str], found str 'a' twice")
    refused("frozen", ["RED", "red"], "at v[1]: ")
    refused("members", "a", "expected set[str], found str 'a'")
    refused("members", ["a", 1], "at v[1]: expected str, found int 1")
    refused("pair", [1], "expected tuple[int, str], found 1 items")
    refused("pair", [1, 2], "at v[1]: expected str, found int 2")
    refused("row", [1, "2"], "at v[1]: expected int")


def test_containers_without_arguments_are_checked_by_themselves() -> None:
    assert TYPED.dispatch("bare", {"v": [1], "w": {1: 2}, "x": [3]}) == [[1], {1: 2}, (3,)]
    refusal = None
    try:
        TYPED.dispatch("bare", {"v": [1], "w": [], "x": []})
    except ArgumentError as error:
        refusal = error
    assert str(refusal) == "bare: argument 'w': expected dict, found list"


def test_optional_values_may_be_none() -> None:
    assert TYPED.dispatch("maybe", {"v": None}) == [None, None, None]
    assert TYPED.dispatch("maybe", {"v": 1, "w": None, "x": None}) == [1, None, None]
    assert TYPED.dispatch("maybe", {"v": 1.0, "w": "w", "x": [2.0]}) == [1, "w", [2]]
    refused("maybe", "1", "expected int or None, found str '1'")
    try:
        TYPED.dispatch("maybe", {"v": 1, "x": "1"})
    except ArgumentError as error:
        assert str(error) == "maybe: argument 'x': expected list[int] or None, found str '1'"
    else:
        raise AssertionError
    try:
        TYPED.dispatch("maybe", {"v": 1, "x": ["1"]})
    except ArgumentError as error:
        assert "argument 'x' at x[0]: expected int" in str(error), error
    else:
        raise AssertionError


def test_a_union_takes_what_one_of_its_types_takes_as_it_is() -> None:
    same(given("either", 5), 5)
    same(given("either", 5.0), 5.0)
    same(given("either", "5"), "5")
    same(given("either", [1.0]), [1])
    refused("either", None, "expected float or int or str or list[int], found None")
    refused("either", [1, "2"], "at v[1]: expected int, found str '2'")


def test_literals_are_of_their_very_type() -> None:
    same(given("choice", "a"), "a")
    same(given("choice", 1), 1)
    all_refused("choice", "expected 'a' or 1, found ", "b", True, 1.0, None, [])


def test_enums_come_by_name_or_value() -> None:
    assert given("colour", "RED") is Colour.RED
    assert given("colour", "green") is Colour.GREEN
    assert given("colour", Colour.RED) is Colour.RED
    assert given("level", 2) is Level.HIGH
    assert given("level", "LOW") is Level.LOW
    assert given("own", "ONE") is Typed.Own.ONE
    refused("colour", "REDD", "expected Colour (RED, GREEN), found str 'REDD'; did you mean 'RED'?")
    all_refused("colour", "expected Colour", None, 1, [], "Red")
    all_refused("level", "expected Level", 3, True, 1.0)


def test_dicts_become_dataclasses_named_tuples_and_typed_dicts() -> None:
    assert given("point", {"x": 1}) == Point(1)
    made = given("point", {"x": 1.0, "y": 2, "tags": ["a"], "inner": {"x": 3}})
    assert made == Point(1, 2.0, {"a"}, Point(3))
    assert type(made.tags) is set
    assert given("mapping", {"RED": [{"x": 1}]}) == {Colour.RED: [Point(1)]}
    same(given("named", {"left": 1}), Pair(1))
    same(given("options", {"depth": 2.0}), {"depth": 2})
    same(given("options", {}), {})
    point = Point(1)
    assert given("point", point) is point
    refused("point", [1], "expected Point, found list")
    refused("point", {"y": 1.0}, "Point needs 'x', found only: y")
    refused("point", {"x": 1, "tag": []}, "Point has no field 'tag'; did you mean 'tags'?")
    refused("point", {"x": 1, "inner": {"x": 2, "inner": {"x": None}}}, "at v.inner.inner.x: expected int, found None")
    refused("mapping", {"BLUE": []}, "at v.BLUE: expected Colour")
    refused("mapping", {"RED": 1}, "at v.RED: expected list[Point], found int 1")
    refused("points", [], "expected dict[str, list[Point]], found list")
    refused("mapping", {"RED": [], "red": []}, "at v.red: ")
    refused("even", {"number": 1}, "Even refused the values: odd")
    refused("options", {"depth": "2"}, "at v.depth: expected int")


def test_numbers_times_and_identifiers_come_from_texts() -> None:
    same(given("decimal", "1.50"), Decimal("1.50"))
    same(given("decimal", 2), Decimal(2))
    same(given("identifier", str(uuid.UUID(int=7))), uuid.UUID(int=7))
    all_refused("decimal", "expected Decimal, found ", 0.5, "x", None, True)
    refused("identifier", "x", "expected UUID, found str 'x': ")
    refused("identifier", 7, "expected UUID, found int 7")
    made = TYPED.dispatch("times", {"date": "2024-02-29", "time": "01:02", "moment": "2024-02-29T01:02:03.000004"})
    moment = datetime.datetime(2024, 2, 29, 1, 2, 3, 4)
    assert made == [datetime.date(2024, 2, 29), datetime.time(1, 2), moment, None]
    wrong: list[tuple[str, object]] = [("date", moment), ("date", "2024-02-30"), ("time", "25:00"), ("span", 5)]
    for name, value in wrong:
        try:
            TYPED.dispatch("times", {name: value})
        except ArgumentError as error:
            assert f"argument '{name}': expected " in str(error), error
        else:
            raise AssertionError(name)


def test_functions_are_called_and_nothing_else() -> None:
    assert given("function", len) is len
    refused("function", "len", "expected a function, found str 'len'")


def test_other_ways_to_write_a_type_are_that_type() -> None:
    assert TYPED.dispatch("new", {"v": 1.0, "w": 2.0}) == [1, 2]
    refused("new", "1", "expected int, found str '1'")


def test_others_are_checked_too() -> None:
    assert TYPED.dispatch("others", {"first": 1, "a": 2.0}) == {"a": 2}
    try:
        TYPED.dispatch("others", {"a": "2"})
    except ArgumentError as error:
        assert "argument 'a': expected int, found str '2'" in str(error), error
    else:
        raise AssertionError


def test_nothing_is_loaded_for_a_value_that_does_not_fit() -> None:
    typed = Typed()
    typed.broken = True
    for value, kind in (("5", ArgumentError), (5, FrameworkLoadError)):
        try:
            typed.dispatch("whole", {"v": value})
        except kind:
            continue
        raise AssertionError(kind)
    assert typed._loaded is False


def test_async_handlers_are_refused_where_they_are_defined() -> None:
    async def coroutine(self: Any) -> None: ...

    async def generator(self: Any) -> Any:
        yield 1

    for function in (coroutine, generator):
        try:
            handler(function)
        except TypeError as error:
            assert "is async" in str(error)
            assert "asyncio.run" in str(error)
        else:
            raise AssertionError(function)

    class Overriding(Typed):
        async def whole(self, v: int) -> Any:
            return v

    try:
        Overriding()
    except TypeError as error:
        assert "handler whole is async" in str(error)
    else:
        raise AssertionError

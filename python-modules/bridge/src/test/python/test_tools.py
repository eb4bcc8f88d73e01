"""Tools of the host's caller, and commands as tools. Plain functions and asserts only, so that any Python runs them."""

import datetime
import enum
import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

from terrarium.bridge import ArgumentError, BaseBridge, HostCallError, SpecError, handler, tools


def raised(kind: type[BaseException], call: Callable[[], Any]) -> Any:
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


class Mood(enum.Enum):
    GOOD = 1
    BAD = 2


@dataclass
class Item:
    product: str
    count: Annotated[int, "at least 1"] = 1


class Place(TypedDict, total=False):
    city: str


class Point(NamedTuple):
    x: float
    y: float = 0.0


@dataclass
class Node:
    next: "Node | None" = None


class Shop(BaseBridge):
    framework = "shop"

    @handler
    def order(
        self,
        items: list[Item],
        mood: Mood,
        place: Place | None = None,
        points: dict[str, Point] | None = None,
        kind: Literal["a", "b"] = "a",
    ) -> int:
        """Place an order."""
        return len(items)

    @handler
    def pay(self, amount: Decimal, day: datetime.date, anything: Any, plain=None) -> None:  # type: ignore[no-untyped-def]
        """Pay."""

    @handler
    def walk(self, node: Node) -> None:
        """Walk."""

    @handler
    def read(self, raw: bytes) -> None:
        """Read."""


def described(*commands: str) -> Any:
    return Shop().dispatch("describe_tools", {"commands": list(commands)})


def test_a_commands_annotations_are_a_schema() -> None:
    (order,) = described("order")
    assert order["name"] == "order"
    assert order["description"] == "Place an order."
    assert json.loads(order["parameters"]) == {
        "type": "object",
        "properties": {
            "items": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "product": {"type": "string"},
                        "count": {"type": "integer", "description": "at least 1"},
                    },
                    "required": ["product"],
                    "additionalProperties": False,
                },
            },
            "mood": {"type": "string", "enum": ["GOOD", "BAD"]},
            "place": {
                "anyOf": [
                    {
                        "type": "object",
                        "properties": {"city": {"type": "string"}},
                        "required": [],
                        "additionalProperties": False,
                    },
                    {"type": "null"},
                ]
            },
            "points": {
                "anyOf": [
                    {
                        "type": "object",
                        "additionalProperties": {
                            "type": "object",
                            "properties": {"x": {"type": "number"}, "y": {"type": "number"}},
                            "required": ["x"],
                            "additionalProperties": False,
                        },
                    },
                    {"type": "null"},
                ]
            },
            "kind": {"enum": ["a", "b"]},
        },
        "required": ["items", "mood"],
        "additionalProperties": False,
    }
    pay = json.loads(described("pay")[0]["parameters"])["properties"]
    assert pay["anything"] == pay["plain"] == {}
    assert "pattern" in pay["amount"]
    assert "pattern" in pay["day"]


def test_commands_that_are_no_tools_are_refused() -> None:
    assert "unknown command 'ordr'; did you mean 'order'?" in str(raised(ArgumentError, lambda: described("ordr")))
    assert "Node contains itself" in str(raised(ArgumentError, lambda: described("walk")))
    assert "'raw' of 'read'" in str(raised(ArgumentError, lambda: described("read")))


def spec(name: str = "add", parameters: str = '{"type": "object"}') -> dict[str, str]:
    return {"name": name, "description": "", "parameters": parameters}


def test_tools_are_those_of_the_call() -> None:
    defined = tools.definitions([spec()])
    assert "outside of the call" in str(raised(RuntimeError, lambda: tools.call("add", {})))
    with tools.given("act", defined, {"add": lambda arguments: {"value": arguments["a"]}}):
        assert tools.call("add", {"a": 1}) == tools.Answer(1, failed=False)
        with tools.given("act", defined, {"add": lambda _: {"error": "no"}}):
            assert tools.call("add", {}) == tools.Answer("no", failed=True)
        assert tools.call("add", {"a": 2}) == tools.Answer(2, failed=False)


def test_a_tool_that_raises_passes_what_catches_exceptions() -> None:
    failure = HostCallError("args.tools.add", KeyError("broken"))

    def broken(_: dict[str, Any]) -> Any:
        raise failure

    def run() -> None:
        with tools.given("act", tools.definitions([spec()]), {"add": broken}):
            try:
                tools.call("add", {})
            except Exception as error:
                raise AssertionError("read as an observation") from error

    error = raised(HostCallError, run)
    assert error is failure


def test_references_are_resolved_in_place() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/A", "description": "first"}, "b": {"$ref": "#/definitions/B"}},
        "$defs": {"A": {"type": "array", "items": {"$ref": "#/$defs/A"}}},
        "definitions": {"B": {"type": "string"}},
    }
    assert tools.in_place(schema) == {
        "type": "object",
        "properties": {"a": {"type": "array", "items": {}, "description": "first"}, "b": {"type": "string"}},
    }


def test_definitions_that_are_wrong_name_the_place() -> None:
    for specs, words in (
        (None, "spec.tools: must be a list"),
        ([spec(), spec()], "spec.tools[1].name: tool 'add' is there twice"),
        ([spec(parameters="[]")], "spec.tools[0].parameters"),
        ([spec(parameters="{")], "spec.tools[0].parameters"),
        ([{**spec(), "more": "x"}], "spec.tools[0]: must be a dict of the texts"),
    ):

        def define(specs: Any = specs) -> Any:
            return tools.definitions(specs)

        assert words in str(raised(SpecError, define)), words

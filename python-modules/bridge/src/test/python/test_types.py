"""The type language, as JSON schema."""

import re
from collections.abc import Callable
from typing import Any

from terrarium.bridge import SpecError
from terrarium.bridge.types import json_schema, object_schema


def raised(kind: type[BaseException], call: Callable[[], Any]) -> Any:
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


STRING = {"type": "string"}


def test_simple_types() -> None:
    for kind in ("string", "integer", "number", "boolean"):
        assert json_schema({"type": kind}) == {"type": kind}


def test_integers_and_numbers_may_have_bounds() -> None:
    byte = {"type": "integer", "minimum": -128, "maximum": 127}
    single = {"type": "number", "minimum": -3.4028234663852886e38}
    assert json_schema(byte) == byte
    assert json_schema(single) == single
    assert json_schema({"type": "list", "items": byte})["items"] == byte
    assert json_schema({"type": "map", "values": byte})["additionalProperties"] == byte
    assert json_schema({"type": "optional", "of": byte})["anyOf"][0] == byte


def test_texts_of_dates_times_and_decimals() -> None:
    for kind, good, bad in (
        ("date", ["2024-02-29", "0001-01-01"], ["2024-13-01", "2024-1-1", "2024-01-32", "2024-01-01T00:00:00"]),
        ("datetime", ["2024-02-29T23:59:59"], ["2024-02-29", "2024-02-29T24:00:00", "2024-02-29T10:00:00Z"]),
        ("decimal", ["0", "-1.50", "12345678901234567890.1"], ["", ".5", "1.", "1e5", "+1", "NaN"]),
    ):
        schema = json_schema({"type": kind})
        assert schema["type"] == "string"
        assert all(re.search(schema["pattern"], text) for text in good)
        assert not any(re.search(schema["pattern"], text) for text in bad)


def test_types_that_hold_types() -> None:
    assert json_schema({"type": "enum", "values": ["A", "B"]}) == {"type": "string", "enum": ["A", "B"]}
    assert json_schema({"type": "list", "items": STRING}) == {"type": "array", "items": STRING}
    assert json_schema({"type": "map", "values": STRING}) == {"type": "object", "additionalProperties": STRING}
    assert json_schema({"type": "optional", "of": STRING}) == {"anyOf": [STRING, {"type": "null"}]}


def test_records_are_closed_in_order_and_described() -> None:
    inner = {"type": "record", "name": "Inner", "fields": [{"name": "z", "type": {"type": "integer"}}]}
    schema = json_schema(
        {
            "type": "record",
            "name": "Outer",
            "description": "The outer one.",
            "fields": [
                {"name": "b", "type": {"type": "list", "items": inner}, "description": "the b"},
                {"name": "a", "type": {"type": "optional", "of": STRING}, "description": None},
            ],
        }
    )
    assert schema == {
        "type": "object",
        "description": "The outer one.",
        "properties": {
            "b": {
                "type": "array",
                "description": "the b",
                "items": {
                    "type": "object",
                    "properties": {"z": {"type": "integer"}},
                    "required": ["z"],
                    "additionalProperties": False,
                },
            },
            "a": {"anyOf": [STRING, {"type": "null"}]},
        },
        "required": ["b", "a"],
        "additionalProperties": False,
    }
    assert list(schema["properties"]) == ["b", "a"]


def test_schemas_do_not_share_what_can_be_changed() -> None:
    fields = [{"name": "a", "type": STRING, "description": "the a"}]
    object_schema(fields)["properties"]["a"]["type"] = "changed"
    assert json_schema(STRING) == {"type": "string"}


def test_what_is_malformed_is_told_with_its_place() -> None:
    cases: list[tuple[Any, str, str]] = [
        ("string", "type", "a type must be a dict"),
        ({"type": "strnig"}, "type", "did you mean 'string'?"),
        ({"type": 5}, "type", "unknown type 5"),
        ({"type": "list"}, "type", "list needs 'items'"),
        ({"type": "list", "items": {"type": "map"}}, "type.items", "map needs 'values'"),
        ({"type": "optional"}, "type", "optional needs 'of'"),
        ({"type": "string", "minimum": 1}, "type", "string can have no 'minimum'"),
        ({"type": "integer", "minimum": 1.5}, "type.minimum", "of the type integer, got 1.5"),
        ({"type": "integer", "maximum": True}, "type.maximum", "got True"),
        ({"type": "number", "maximum": float("inf")}, "type.maximum", "must be a finite number"),
        ({"type": "integer", "minimum": 2, "maximum": 1}, "type", "a minimum of 2 above its maximum of 1"),
        ({"type": "enum", "values": []}, "type", "enum needs 'values'"),
        ({"type": "enum", "values": ["A", "A"]}, "type", "distinct"),
        ({"type": "enum", "values": [1]}, "type", "strings"),
        ({"type": "record", "fields": []}, "type", "record needs 'name'"),
        ({"type": "record", "name": "R", "fields": []}, "type.fields", "at least one field"),
        ({"type": "record", "name": "R", "fields": ["a"]}, "type.fields[0]", "must be a dict"),
        ({"type": "record", "name": "R", "fields": [{"name": "a b"}]}, "type.fields[0].name", "identifier"),
        ({"type": "record", "name": "R", "fields": [{"name": "a"}]}, "type.fields[0]", "has no 'type'"),
        (
            {"type": "record", "name": "R", "fields": [{"name": "a", "type": STRING}, {"name": "a", "type": STRING}]},
            "type.fields[1].name",
            "twice",
        ),
        (
            {"type": "record", "name": "R", "fields": [{"name": "a", "type": STRING, "description": 1}]},
            "type.fields[0].description",
            "must be a string",
        ),
        (
            {"type": "record", "name": "R", "fields": [{"name": "a", "type": {"type": "lst"}}]},
            "type.fields[0].type",
            "did you mean 'list'?",
        ),
    ]
    for spec, path, words in cases:

        def call(spec: Any = spec) -> Any:
            return json_schema(spec)

        error = raised(SpecError, call)
        assert (error.path, words in str(error)) == (path, True), str(error)

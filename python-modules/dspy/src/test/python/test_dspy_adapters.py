"""How the JSON adapter reads answers, beside DSPy's own."""

from decimal import Decimal
from typing import Any

import dspy
import pytest

from terrarium.bridge.types import SIMPLE
from terrarium.dspy import _adapters, _freeze, _schema, _signatures


def signature(**outputs: Any) -> Any:
    return dspy.Signature(
        {"question": (str, dspy.InputField()), **{n: (t, dspy.OutputField()) for n, t in outputs.items()}}
    )


@pytest.mark.parametrize(
    ("annotation", "written", "expected"),
    [
        (int | float, '"5.0"', 5.0),
        (int | float, "5.0", 5.0),
        (int | float, "5", 5),
        (float | int, '"5"', 5),
        (float | None, '"5"', 5.0),
        (int, '"5"', 5),
        (int, "5.0", 5),
        (float, "5", 5.0),
        (bool, '"yes"', True),
        (list[int], '"[1, 2]"', [1, 2]),
        (list[int], '["1"]', [1]),
        (str, '"12.50"', "12.50"),
        (str, "5", "5"),
    ],
)
def test_answers_are_read_as_dspy_reads_them(annotation: Any, written: str, expected: Any) -> None:
    asked = signature(answer=annotation)
    text = f'{{"answer": {written}}}'
    found = _adapters.SchemaJsonAdapter().parse(asked, text)["answer"]
    assert (type(found), found) == (type(expected), expected)
    upstream = dspy.JSONAdapter().parse(asked, text)["answer"]
    assert (type(upstream), upstream) == (type(expected), expected)


def test_what_is_valid_keeps_its_reading_beside_what_is_not() -> None:
    asked = signature(price=Decimal, code=int | str, count=int | float)
    found = _adapters.SchemaJsonAdapter().parse(asked, '{"price": "12.50", "code": "7", "count": "5.0"}')
    assert (str(found["price"]), found["code"], found["count"]) == ("12.50", "7", 5.0)


def test_each_simple_type_of_the_type_language_is_known() -> None:
    assert _signatures._SIMPLE.keys() == SIMPLE.keys()
    assert [kind for kind, annotation in _signatures._SIMPLE.items() if annotation not in _schema._LEAVES] == []
    assert {*_freeze._SIMPLE.values(), "decimal"} == SIMPLE.keys()  # plans leave decimals to DSPy

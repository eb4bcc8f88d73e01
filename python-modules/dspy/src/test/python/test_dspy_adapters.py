"""How the JSON adapter reads answers, beside DSPy's own."""

from decimal import Decimal
from typing import Any

import dspy
import pytest

from terrarium.dspy import _adapters


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

"""The Python half of code contexts. What a code context cannot reach is tested on GraalPy."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from terrarium.bridge.code_context import CodeSession


def _unasked(name: str, arguments: str) -> str:
    raise AssertionError(f"{name}{arguments}")


def session(call: Callable[[str, str], str] = _unasked, output: int = 1000, message: int = 100_000) -> CodeSession:
    return CodeSession(call, output, message)


def run(code: str, made: CodeSession | None = None, *names: str) -> dict[str, Any]:
    outcome: dict[str, Any] = json.loads((made or session()).run(code, json.dumps(names)))
    return outcome


def test_the_outcome_has_the_last_value_and_what_was_printed() -> None:
    assert run("x = 2\nprint('seen')\nx + 1") == {"kind": "result", "value": 3, "output": "seen\n"}
    assert run("print('seen')") == {"kind": "result", "value": None, "output": "seen\n"}
    assert run("") == {"kind": "result", "value": None, "output": ""}


def test_state_is_kept() -> None:
    made = session()
    run("import math\ndef area(r):\n    return math.floor(r * math.pi)", made)
    assert run("area(2)", made)["value"] == 6


def test_values_that_are_no_json_are_shown() -> None:
    assert run("{3, 1, 2}")["value"] == [1, 2, 3]
    assert run("{'a': (1, 2)}.values()")["value"] == [[1, 2]]
    assert run("1j")["value"] == "1j"
    assert run("a = []\na.append(a)\na")["value"] == "[[...]]"


def test_variables_are_bound_anew() -> None:
    made = session()
    made.put("text", "long", is_json=False)
    made.put("items", "[1]", is_json=True)
    run("text = 'changed'\nitems.append(2)", made, "text", "items")
    assert run("text, items", made, "text", "items")["value"] == ["long", [1]]
    assert run("text = 'kept'", made)["kind"] == "result"
    assert run("text", made)["value"] == "kept"


def test_functions_of_the_host_get_and_return_json() -> None:
    asked = []

    def call(name: str, arguments: str) -> str:
        asked.append((name, json.loads(arguments)))
        return '{"error": "ValueError: no"}' if name == "refuse" else '{"value": [1, "é"]}'

    made = session(call)
    made.declare('["query", "refuse"]', "null")
    assert run("query('a', by={2, 1})", made)["value"] == [1, "é"]
    assert run("refuse()", made) == {
        "kind": "error",
        "message": "RuntimeError: ValueError: no (line 1: refuse())",
    }
    assert asked == [("query", {"args": ["a"], "kwargs": {"by": [1, 2]}}), ("refuse", {"args": [], "kwargs": {}})]
    made.declare("[]", "null")
    assert run("query", made)["message"].startswith("NameError")


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("SUBMIT(1, 'two')", {"kind": "final", "value": {"number": 1, "text": "two"}}),
        ("SUBMIT(text='two', number=1)", {"kind": "final", "value": {"number": 1, "text": "two"}}),
        ("try:\n    SUBMIT(1, 2)\nexcept Exception:\n    pass", {"kind": "final", "value": {"number": 1, "text": 2}}),
    ],
)
def test_submitting_ends_the_code(code: str, outcome: dict[str, Any]) -> None:
    made = session()
    made.declare("[]", '["number", "text"]')
    assert run(code, made) == outcome


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("SUBMIT(1)", "TypeError: SUBMIT needs text, too. Use SUBMIT(number, text)"),
        ("SUBMIT(1, 2, 3)", "TypeError: SUBMIT takes 2 values, got 3"),
        ("SUBMIT(1, number=2)", "TypeError: SUBMIT got 'number' twice"),
        ("SUBMIT(1, texts=2)", "TypeError: SUBMIT has no value 'texts'"),
        ("SUBMIT(1, object())", "TypeError: SUBMIT: a value of type object cannot leave the code"),
        ("x = 1\ny = x / 0", "ZeroDivisionError: division by zero (line 2: y = x / 0)"),
        ("raise SystemExit(3)", "SystemExit: 3"),
    ],
)
def test_errors_say_what_was_wrong(code: str, message: str) -> None:
    made = session()
    made.declare("[]", '["number", "text"]')
    outcome = run(code, made)
    assert outcome["kind"] == "error"
    assert outcome["message"].startswith(message)


def test_code_that_is_no_python_is_a_syntax_error() -> None:
    outcome = run("x = (")
    assert outcome["kind"] == "syntax"
    assert "line 1" in outcome["message"]


def test_output_and_texts_that_leave_are_limited() -> None:
    assert run("print('x' * 20)", session(output=10))["output"] == "xxxxxxxxxx\n... (11 more characters were dropped)"
    assert run("'x' * 200", session(message=100, output=10))["value"].endswith("(192 more characters were dropped)")
    made = session(message=100)
    made.declare('["query"]', "null")
    for code in ("query('x' * 200)", "SUBMIT('x' * 200)"):
        assert "above the limit of 100" in run(code, made)["message"]
    assert "above the limit of 100" in run("print('x' * 200)", session(message=100))["message"]


def test_the_streams_are_those_of_before() -> None:
    import sys

    before = sys.stdout, sys.stderr
    run("import sys\nsys.stdout = None\nraise ValueError")
    assert (sys.stdout, sys.stderr) == before


def test_code_does_not_inherit_how_this_module_is_compiled() -> None:
    assert run("def f(x: int):\n    pass\nf.__annotations__['x'] is int")["value"] is True

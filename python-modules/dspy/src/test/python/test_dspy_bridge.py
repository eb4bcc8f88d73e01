"""DSPy on a fake model of the host. Plain functions and asserts only, so that any Python runs them."""

import datetime
import json
import os
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import Any

from terrarium.bridge import ArgumentError, SpecError, UnknownProgramError, host
from terrarium.bridge.testing import InMemoryRegistry, python_calls
from terrarium.dspy import DspyBridge

STRING = {"type": "string"}
PERSON = {
    "type": "record",
    "name": "Person",
    "description": "Someone in the text.",
    "fields": [
        {"name": "name", "type": STRING, "description": "the full name"},
        {"name": "age", "type": {"type": "optional", "of": {"type": "integer"}}},
        {"name": "mood", "type": {"type": "enum", "values": ["GOOD", "BAD"]}},
    ],
}
ASK = {"kind": "predict", "signature": "question -> answer"}

CALLS_OF_A_WARM_CALL = 417
"""Python functions called for one answer; lower it when it has become less, and think twice before raising it."""


def raised(kind: type[BaseException], call: Callable[[], Any]) -> Any:
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


def example(schema: dict[str, Any]) -> Any:
    """A value that conforms to a schema of the kind that the bridge sends."""
    if "enum" in schema:
        return schema["enum"][-1]
    if "anyOf" in schema:
        return example(schema["anyOf"][0])
    if "pattern" in schema:
        texts = ("2024-02-29T10:30:00", "2024-02-29", "12.50")
        return next(text for text in texts if re.search(schema["pattern"], text))
    if schema["type"] == "object" and "properties" in schema:
        return {name: example(each) for name, each in schema["properties"].items()}
    if schema["type"] == "object":
        return {"key": example(schema["additionalProperties"])}
    if schema["type"] == "array":
        return [example(schema["items"])]
    return {"string": "text", "integer": 7, "number": 2.5, "boolean": True}[schema["type"]]


class FakeHost(InMemoryRegistry):
    """The host's services: a registry, and a model that answers what the schema asks for, or what it is told."""

    def __init__(self, *answers: Any, capacity: int = 256) -> None:
        super().__init__(capacity)
        self.answers = list(answers)
        self.requests: list[dict[str, Any]] = []
        self.finish_reason = "stop"
        self.closed = 0
        self.pieces_of: Callable[[str], list[str]] = lambda text: [text[i : i + 3] for i in range(0, len(text), 3)]

    def generate(self, request: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            answer = json.dumps(example(request["schema"]))
        return {
            "text": answer,
            "finish_reason": self.finish_reason,
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "model": request["model"] or "fake",
            "seconds": 0.25,
        }

    def stream(self, request: dict[str, Any]) -> dict[str, Callable[[], Any]]:
        """As `generate`, in `pieces_of` the answer, by three characters; `closed` counts the streams that were."""
        response = self.generate(request)
        pieces: Iterator[Any] = iter([*self.pieces_of(response["text"]), response])

        def close() -> None:
            self.closed += 1

        return {"next": lambda: next(pieces), "close": close}


@contextmanager
def hosted(*answers: Any, capacity: int = 256) -> Iterator[FakeHost]:
    """A fake host in place of what is installed, for as long as the block runs."""
    fake = FakeHost(*answers, capacity=capacity)
    services: dict[str, Callable[..., Any]] = {
        **fake.services(),
        "model.generate": fake.generate,
        "model.stream": fake.stream,
    }
    kept = {name: host._services[name] for name in services if host.available(name)}
    host.install(services)
    try:
        yield fake
    finally:
        host.uninstall(*services)
        host.install(kept)


def one_field(part: str, type_spec: dict[str, Any], name: str = "value") -> dict[str, Any]:
    """A spec whose only interesting field is of one type, among the `inputs` or the `outputs`."""
    other = "outputs" if part == "inputs" else "inputs"
    signature = {part: [{"name": name, "type": type_spec}], other: [{"name": "other", "type": STRING}]}
    return {"kind": "predict", "signature": signature}


def test_predict_of_a_short_signature() -> None:
    with hosted('{"answer": "Paris"}') as fake:
        result = DspyBridge().dispatch(
            "predict", {"signature": "question -> answer", "inputs": {"question": "Capital?"}}
        )
    assert result == {"outputs": {"answer": "Paris"}}
    (request,) = fake.requests
    assert [message["role"] for message in request["messages"]] == ["system", "user"]
    system, user = (message["content"] for message in request["messages"])
    assert "1. `question` (str)" in system
    assert "1. `answer` (str)" in system
    assert "Given the fields `question`, produce the fields `answer`." in system
    assert "[[ ## question ## ]]\nCapital?" in user
    assert "Respond with a JSON object in the following order of fields: `answer`." in user
    assert {name: value for name, value in request.items() if name != "messages"} == {
        "model": None,
        "temperature": None,
        "max_tokens": None,
        "stop": [],
        "seed": None,
        "schema": {
            "type": "object",
            "properties": {"answer": {"type": "string"}},
            "required": ["answer"],
            "additionalProperties": False,
        },
    }


def test_types_in_a_short_signature() -> None:
    signature = (
        "text: str, day: date -> count: int, tags: list[str], at: datetime, price: Decimal, sure: Optional[bool]"
    )
    with hosted() as fake:
        inputs = {"text": "a", "day": "2024-01-01"}
        outputs = DspyBridge().dispatch("predict", {"signature": signature, "inputs": inputs})["outputs"]
    assert outputs == {
        "count": 7,
        "tags": ["text"],
        "at": datetime.datetime(2024, 2, 29, 10, 30),
        "price": Decimal("12.50"),
        "sure": True,
    }
    assert fake.requests[0]["schema"]["properties"]["tags"] == {"type": "array", "items": {"type": "string"}}


def test_a_chain_of_thought_reasons_first() -> None:
    spec = {
        "kind": "chain_of_thought",
        "signature": {
            "name": "Add",
            "instructions": "Add the numbers.",
            "inputs": [{"name": "numbers", "type": {"type": "list", "items": {"type": "integer"}}}],
            "outputs": [{"name": "total", "type": {"type": "integer"}, "description": "the sum"}],
        },
    }
    with hosted('{"reasoning": "2 and 3 make 5", "total": 5}') as fake:
        bridge = DspyBridge()
        program = bridge.dispatch("create_program", {"spec": spec})["program"]
        result = bridge.dispatch("call", {"program": program, "inputs": {"numbers": [2, 3]}})
    assert result == {"outputs": {"reasoning": "2 and 3 make 5", "total": 5}}
    system, user = (message["content"] for message in fake.requests[0]["messages"])
    assert "1. `reasoning` (str)" in system
    assert "2. `total` (int): the sum" in system
    assert "Add the numbers." in system
    assert "[2, 3]" in user
    assert list(fake.requests[0]["schema"]["properties"]) == ["reasoning", "total"]
    assert fake.requests[0]["schema"]["properties"]["total"] == {"type": "integer", "description": "the sum"}


def test_every_type_as_an_output() -> None:
    moment = datetime.datetime(2024, 2, 29, 10, 30)
    person = {"name": "text", "age": 7, "mood": "BAD"}
    cases: list[tuple[dict[str, Any], Any]] = [
        (STRING, "text"),
        ({"type": "integer"}, 7),
        ({"type": "number"}, 2.5),
        ({"type": "boolean"}, True),
        ({"type": "enum", "values": ["GOOD", "TRUE", "NONE"]}, "NONE"),
        ({"type": "date"}, datetime.date(2024, 2, 29)),
        ({"type": "datetime"}, moment),
        ({"type": "decimal"}, Decimal("12.50")),
        ({"type": "optional", "of": {"type": "enum", "values": ["TRUE"]}}, "TRUE"),
        ({"type": "list", "items": {"type": "datetime"}}, [moment]),
        ({"type": "map", "values": {"type": "decimal"}}, {"key": Decimal("12.50")}),
        ({"type": "map", "values": {"type": "list", "items": PERSON}}, {"key": [person]}),
        (PERSON, person),
    ]
    for type_spec, expected in cases:
        with hosted():
            bridge = DspyBridge()
            program = bridge.dispatch("create_program", {"spec": one_field("outputs", type_spec)})["program"]
            value = bridge.dispatch("call", {"program": program, "inputs": {"other": "x"}})["outputs"]["value"]
        assert (value, type(value)) == (expected, type(expected))


def test_what_the_schema_says_of_records() -> None:
    with hosted() as fake:
        bridge = DspyBridge()
        program = bridge.dispatch("create_program", {"spec": one_field("outputs", PERSON)})["program"]
        bridge.dispatch("call", {"program": program, "inputs": {"other": "x"}})
    assert fake.requests[0]["schema"]["properties"]["value"] == {
        "type": "object",
        "description": "Someone in the text.",
        "properties": {
            "name": {"type": "string", "description": "the full name"},
            "age": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "mood": {"type": "string", "enum": ["GOOD", "BAD"]},
        },
        "required": ["name", "age", "mood"],
        "additionalProperties": False,
    }


def test_the_schema_has_the_bounds_of_integers_and_numbers() -> None:
    byte = {"type": "integer", "minimum": -128, "maximum": 127}
    single = {"type": "number", "minimum": -3.4e38, "maximum": 3.4e38}
    record = {"type": "record", "name": "Pair", "fields": [{"name": "a", "type": byte}, {"name": "b", "type": single}]}
    cases: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (byte, byte),
        ({"type": "list", "items": byte}, {"type": "array", "items": byte}),
        ({"type": "map", "values": single}, {"type": "object", "additionalProperties": single}),
        ({"type": "optional", "of": byte}, {"anyOf": [byte, {"type": "null"}]}),
    ]
    for type_spec, expected in cases:
        with hosted() as fake:
            bridge = DspyBridge()
            program = bridge.dispatch("create_program", {"spec": one_field("outputs", type_spec)})["program"]
            bridge.dispatch("call", {"program": program, "inputs": {"other": "x"}})
        assert fake.requests[0]["schema"]["properties"]["value"] == expected
        assert "127" not in str(fake.requests[0]["messages"])
    with hosted() as fake:
        bridge = DspyBridge()
        spec = one_field("outputs", {"type": "list", "items": record})
        spec["kind"] = "chain_of_thought"
        program = bridge.dispatch("create_program", {"spec": spec})["program"]
        bridge.dispatch("call", {"program": program, "inputs": {"other": "x"}})
    assert fake.requests[0]["schema"]["properties"]["value"]["items"]["properties"] == {"a": byte, "b": single}


def test_a_decimal_written_as_a_number_keeps_its_digits() -> None:
    price = Decimal("1234567890123456.78")
    decimal = {"type": "decimal"}
    record = {
        "type": "record",
        "name": "Bill",
        "fields": [{"name": "sum", "type": decimal}, {"name": "rate", "type": {"type": "number"}}],
    }
    cases: list[tuple[str, dict[str, Any], str, Any]] = [
        ("json", decimal, "1234567890123456.78", price),
        ("json", decimal, '"1234567890123456.78"', price),
        ("json", {"type": "list", "items": decimal}, "[1234567890123456.78, 1.50, 7]", [price, Decimal("1.50"), 7]),
        ("json", {"type": "map", "values": decimal}, '{"k": 1234567890123456.78}', {"k": price}),
        ("json", {"type": "optional", "of": decimal}, "null", None),
        ("json", record, '{"sum": 1234567890123456.78, "rate": 0.1}', {"sum": price, "rate": 0.1}),
        ("chat", decimal, "1234567890123456.78", price),
        ("chat", {"type": "optional", "of": decimal}, "None", None),
        ("chat", record, '{"sum": 1234567890123456.78, "rate": 0.1}', {"sum": price, "rate": 0.1}),
    ]
    for adapter, type_spec, written, expected in cases:
        whole = f'{{"value": {written}}}'
        answers = [f"[[ ## value ## ]]\n{written}"] if adapter == "chat" else [whole, f"Here:\n```json\n{whole}\n```"]
        for answer in answers:
            with hosted(answer):
                bridge = DspyBridge()
                program = bridge.dispatch("create_program", {"spec": one_field("outputs", type_spec)})["program"]
                call = {"program": program, "inputs": {"other": "x"}, "options": {"adapter": adapter}}
                value = bridge.dispatch("call", call)["outputs"]["value"]
            assert value == expected
            if isinstance(value, dict) and "rate" in value:
                assert type(value["rate"]) is float


def test_every_type_as_an_input() -> None:
    person = {"name": "Ann", "age": None, "mood": "GOOD"}
    cases: list[tuple[dict[str, Any], Any, str]] = [
        (STRING, "text", "text"),
        ({"type": "integer"}, 2**70, str(2**70)),
        ({"type": "number"}, 2, "2.0"),
        ({"type": "boolean"}, False, "False"),
        ({"type": "enum", "values": ["GOOD", "BAD"]}, "BAD", "BAD"),
        ({"type": "date"}, "2024-02-29", "2024-02-29"),
        ({"type": "date"}, datetime.date(2024, 2, 29), "2024-02-29"),
        ({"type": "datetime"}, "2024-02-29T10:30:00", "2024-02-29T10:30:00"),
        ({"type": "decimal"}, Decimal("1.50"), "1.50"),
        ({"type": "decimal"}, "1.50", "1.50"),
        ({"type": "optional", "of": STRING}, None, "None"),
        ({"type": "list", "items": STRING}, ["a", "b"], '["a", "b"]'),
        ({"type": "map", "values": {"type": "integer"}}, {"k": 1}, '{"k": 1}'),
        (PERSON, person, '{"name": "Ann", "age": null, "mood": "GOOD"}'),
    ]
    for type_spec, value, written in cases:
        with hosted() as fake:
            bridge = DspyBridge()
            program = bridge.dispatch("create_program", {"spec": one_field("inputs", type_spec)})["program"]
            bridge.dispatch("call", {"program": program, "inputs": {"value": value}})
        user = fake.requests[0]["messages"][-1]["content"]
        assert user.startswith(f"[[ ## value ## ]]\n{written}\n"), user


def test_an_optional_input_may_be_left_out() -> None:
    with hosted() as fake:
        bridge = DspyBridge()
        spec = one_field("inputs", {"type": "optional", "of": STRING})
        program = bridge.dispatch("create_program", {"spec": spec})["program"]
        bridge.dispatch("call", {"program": program, "inputs": {}})
    assert len(fake.requests) == 1


def test_an_input_without_a_type_takes_anything() -> None:
    with hosted() as fake:
        DspyBridge().dispatch("predict", {"signature": "context -> answer", "inputs": {"context": ["a", "b"]}})
    assert "«a»" in fake.requests[0]["messages"][-1]["content"]


def test_wrong_inputs_are_named_with_the_right_ones() -> None:
    with hosted() as fake:
        bridge = DspyBridge()
        program = bridge.dispatch("create_program", {"spec": {**ASK, "signature": "question, context -> answer"}})
        error = raised(
            ArgumentError, lambda: bridge.dispatch("call", {**program, "inputs": {"qestion": "?", "context": ""}})
        )
        assert (error.missing, error.unknown, error.accepted) == (["question"], ["qestion"], ["question", "context"])
        assert "call: unknown input 'qestion'; did you mean 'question'?" in str(error)
        assert "missing input 'question'" in str(error)
        assert "Accepted inputs: question, context" in str(error)
        error = raised(ArgumentError, lambda: bridge.dispatch("call", {**program, "inputs": "?"}))
        assert "argument 'inputs': expected dict[str, Any], found str '?'" in str(error)
    assert fake.requests == []


def test_a_wrong_value_is_told_with_its_place() -> None:
    with hosted() as fake:
        bridge = DspyBridge()
        spec = one_field("inputs", {"type": "list", "items": PERSON})
        program = bridge.dispatch("create_program", {"spec": spec})["program"]
        people = [{"name": "Ann", "mood": "GOOD"}, {"name": "Bob", "mood": "SAD"}]
        error = raised(
            ArgumentError, lambda: bridge.dispatch("call", {"program": program, "inputs": {"value": people}})
        )
    assert "input 'value[1].mood'" in str(error)
    assert "'SAD'" in str(error)
    assert fake.requests == []


def test_an_unknown_program_is_named() -> None:
    with hosted():
        error = raised(UnknownProgramError, lambda: DspyBridge().dispatch("call", {"program": "nil", "inputs": {}}))
    assert (error.framework, error.program) == ("dspy", "nil")


def test_programs_live_with_the_host_and_are_built_where_they_are_called() -> None:
    with hosted() as fake:
        identity = DspyBridge().dispatch("create_program", {"spec": ASK})["program"]
        assert fake.specs["dspy", identity] == ASK
        other = DspyBridge()
        for _ in range(2):
            other.dispatch("call", {"program": identity, "inputs": {"question": "?"}})
        assert fake.asked["get"] == 1
        assert other.dispatch("get_stats")["programs"] == 1
        assert other.dispatch("create_program", {"spec": ASK, "program": "mine"}) == {"program": "mine"}
        assert fake.specs["dspy", "mine"] == ASK


def test_equal_specs_are_one_program() -> None:
    with hosted():
        bridge = DspyBridge()
        first, second = (bridge.dispatch("create_program", {"spec": dict(ASK)}) for _ in range(2))
        assert first == second
        assert bridge.dispatch("get_stats")["programs"] == 1


def test_a_program_that_was_dropped_is_built_again() -> None:
    with hosted(capacity=2) as fake:
        bridge = DspyBridge()
        names = [
            bridge.dispatch("create_program", {"spec": {**ASK, "signature": f"question -> answer{index}"}})["program"]
            for index in range(3)
        ]
        for index, name in enumerate(names):
            outputs = bridge.dispatch("call", {"program": name, "inputs": {"question": "?"}})["outputs"]
            assert outputs == {f"answer{index}": "text"}
        assert fake.asked["get"] == len(names)  # each call dropped what the next one needed


def test_cleanup_drops_programs_and_the_next_call_builds_them_again() -> None:
    with hosted() as fake:
        bridge = DspyBridge()
        call = {**bridge.dispatch("create_program", {"spec": ASK}), "inputs": {"question": "?"}}
        bridge.dispatch("call", call)
        assert bridge.dispatch("cleanup_framework")["cleaned"] is True
        assert bridge.dispatch("ping")["loaded"] is False
        assert bridge.dispatch("call", call)["outputs"] == {"answer": "text"}
        assert fake.asked["get"] == 1


def test_equal_signatures_are_one_class_whatever_the_programs() -> None:
    from terrarium.dspy import _signatures

    _signatures.forget()
    made = []
    make = _signatures._made
    _signatures._made = lambda *args: made.append(args) or make(*args)  # type: ignore[func-returns-value]
    try:
        with hosted(capacity=8):
            bridge = DspyBridge()
            for index in range(10_000):
                spec = one_field("outputs", {"type": "list", "items": STRING}, name=f"value{index % 10}")
                spec["options"] = {"seed": index}
                bridge.dispatch("create_program", {"spec": spec, "program": f"p{index}"})
            assert len(made) == 10
            assert bridge.dispatch("get_stats")["programs"] == 8
            outputs = bridge.dispatch("call", {"program": "p3", "inputs": {"other": "x"}})["outputs"]
            assert outputs == {"value3": ["text"]}
            assert len(made) == 10
            bridge.dispatch("cleanup_framework")
            bridge.dispatch("call", {"program": "p3", "inputs": {"other": "x"}})
            assert len(made) == 11
    finally:
        _signatures._made = make


def test_a_wrong_signature_is_told_with_its_own_place_each_time() -> None:
    with hosted():
        bridge = DspyBridge()
        for _ in range(2):
            error = raised(SpecError, lambda: bridge.dispatch("predict", {"signature": "config -> a", "inputs": {}}))
            assert error.path == "spec.signature"


def test_a_compiled_state_reaches_every_context() -> None:
    for kind, place in (("predict", ()), ("chain_of_thought", ("predict",))):
        with hosted() as fake:
            bridge, other = DspyBridge(), DspyBridge()
            program = bridge.dispatch("create_program", {"spec": {**ASK, "kind": kind}})
            call = {**program, "inputs": {"question": "3+3"}}
            other.dispatch("call", call)
            state = part = bridge.dispatch("get_program_state", program)
            for name in place:
                part = part[name]
            part["demos"] = [{"question": "2+2", "reasoning": "plain", "answer": "four"}]
            part["signature"]["instructions"] = "Answer in words."
            bridge.dispatch("set_program_state", {**program, "state": state})
            assert other.dispatch("get_program_state", program) == state
            other.dispatch("call", call)
            other.dispatch("set_program_state", {**program, "state": None})
            bridge.dispatch("call", call)
        texts = [json.dumps(request["messages"]) for request in fake.requests]
        assert ["Answer in words." in text for text in texts] == [False, True, False]
        assert ["four" in text for text in texts] == [False, True, False]


def test_a_state_that_dspy_saved_is_taken_as_it_stands() -> None:
    for kind in ("predict", "chain_of_thought"):
        with hosted():
            bridge = DspyBridge()
            program = bridge.dispatch("create_program", {"spec": {**ASK, "kind": kind}})
            state = bridge.dispatch("get_program_state", program)
            saved = {**state, "metadata": {"dependency_versions": {"dspy": "3.4.1"}}}
            bridge.dispatch("set_program_state", {**program, "state": saved})
            assert bridge.dispatch("get_program_state", program) == state


def test_a_state_of_one_program_leaves_the_others_of_its_signature_alone() -> None:
    with hosted():
        bridge = DspyBridge()
        one, other = (
            bridge.dispatch("create_program", {"spec": ASK, "program": program}) for program in ("one", "other")
        )
        before = bridge.dispatch("get_program_state", other)
        state = bridge.dispatch("get_program_state", one)
        state["signature"]["instructions"] = "Answer in words."
        state["signature"]["fields"][0]["prefix"] = "Q:"
        bridge.dispatch("set_program_state", {**one, "state": state})
        assert bridge.dispatch("get_program_state", other) == before
        assert DspyBridge().dispatch("get_program_state", other) == before


def test_a_state_that_does_not_fit_is_told_with_its_place() -> None:
    def without(name: str) -> dict[str, Any]:
        return {key: value for key, value in own.items() if key != name}

    with hosted():
        bridge = DspyBridge()
        program = bridge.dispatch("create_program", {"spec": ASK})
        thinking = bridge.dispatch("create_program", {"spec": {**ASK, "kind": "chain_of_thought"}})
        own = bridge.dispatch("get_program_state", program)
        fields = own["signature"]["fields"]
        cases: list[tuple[Any, str, str]] = [
            ({}, "state", "is missing"),
            (without("demos"), "state", "'demos' is missing"),
            ({**own, "dems": []}, "state", "unknown key 'dems'"),
            ({**own, "demos": {}}, "state.demos", "must be a list"),
            ({**own, "demos": [{}, "a"]}, "state.demos[1]", "must be a dict"),
            ({**own, "lm": {"model": "x"}}, "state.lm", "must be None"),
            ({**own, "signature": None}, "state.signature", "must be a dict"),
            ({**own, "signature": {**own["signature"], "fields": fields * 2}}, "state.signature.fields", "2 fields"),
            (
                {**own, "signature": {**own["signature"], "fields": [fields[0], {"prefix": 1, "description": ""}]}},
                "state.signature.fields[1].prefix",
                "must be a text, got 1",
            ),
            (bridge.dispatch("get_program_state", thinking), "state", "unknown key 'predict'"),
        ]
        info = bridge.dispatch("get_program_info", program)
        for state, path, words in cases:

            def load(state: Any = state) -> Any:
                return bridge.dispatch("set_program_state", {**program, "state": state})

            error = raised(SpecError, load)
            assert (error.path, words in str(error)) == (path, True), str(error)
        assert bridge.dispatch("get_program_info", program) == info
        assert bridge.dispatch("call", {**program, "inputs": {"question": "?"}})["outputs"] == {"answer": "text"}


def test_a_failing_model_is_the_cause() -> None:
    failure = RuntimeError("no such model")
    with hosted(failure) as fake:
        error = raised(
            Exception, lambda: DspyBridge().dispatch("predict", {"signature": "q -> a", "inputs": {"q": "?"}})
        )
    assert type(error).__name__ == "LMUnexpectedError"
    assert "no such model" in str(error)
    assert error.__cause__ is failure
    assert len(fake.requests) == 1  # the host retries, not DSPy


def test_a_model_of_the_host_that_is_not_there() -> None:
    kept = {name: host._services[name] for name in ("model.generate",) if host.available(name)}
    host.uninstall(*kept)
    try:
        error = raised(
            Exception, lambda: DspyBridge().dispatch("predict", {"signature": "q -> a", "inputs": {"q": "?"}})
        )
    finally:
        host.install(kept)
    assert type(error.__cause__).__name__ == "HostServiceError"


def test_an_answer_that_cannot_be_read() -> None:
    with hosted("I do not know.") as fake:
        error = raised(
            Exception, lambda: DspyBridge().dispatch("predict", {"signature": "q -> a: int", "inputs": {"q": "?"}})
        )
    assert type(error).__name__ == "AdapterParseError"
    assert "I do not know." in str(error)
    assert len(fake.requests) == 1


def test_an_answer_that_is_nearly_right_is_read() -> None:
    for answer in ('```json\n{"a": "5", "b": "x"}\n```', '{"a": 5, "b": "x", "more": 1}', '{"a": 5, "b": "x"'):
        with hosted(answer):
            outputs = DspyBridge().dispatch("predict", {"signature": "q -> a: int, b", "inputs": {"q": "?"}})["outputs"]
        assert outputs == {"a": 5, "b": "x"}


def test_bare_collections_inside_a_type_are_read_and_not_frozen() -> None:
    for kind in ("list[Dict]", "List[Dict]", "Optional[list[dict]]"):
        with hosted('{"rows": [{"a": 1}]}'):
            bridge = DspyBridge()
            spec = {"kind": "predict", "signature": f"q -> rows: {kind}"}
            program = bridge.dispatch("create_program", {"spec": spec})["program"]
            called = bridge.dispatch("call", {"program": program, "inputs": {"q": "?"}})
            assert called["outputs"] == {"rows": [{"a": 1}]}
            refusal = outcome(partial(bridge.dispatch, "freeze_program", {"program": program}))
            assert refusal[0] == "ArgumentError"
            assert "'rows'" in refusal[1]


def test_the_second_request_s_system_message_is_written_once() -> None:
    from terrarium.dspy import _adapters

    with hosted("no form", '{"a": "x"}', "no form", '{"a": "x"}') as fake:
        bridge = DspyBridge()
        spec = {"kind": "predict", "signature": "q -> a", "options": {"adapter": "auto"}}
        program = bridge.dispatch("create_program", {"spec": spec})["program"]
        bridge.dispatch("call", {"program": program, "inputs": {"q": "1"}})
        before = _adapters._system_message.cache_info().misses
        bridge.dispatch("call", {"program": program, "inputs": {"q": "2"}})
        assert len(fake.requests) == 4
        assert _adapters._system_message.cache_info().misses == before


def test_calls_of_programs_may_be_made_again() -> None:
    handlers = DspyBridge()._handlers
    again = {name for name, handler in handlers.items() if handler.idempotent}
    assert again == {
        *("call", "continue_program", "describe_tools", "get_stats", "nearest", "ping", "predict"),
        *("score_prediction", "stream"),
    }


def test_texts_stay_as_they_are() -> None:
    for text in ("12.50", "true", "null", '{"a": 1}', "", " x ", "é\u2028\U0001f600"):
        with hosted(json.dumps({"a": text, "b": text})):
            signature = "q -> a, b: Optional[str]"
            outputs = DspyBridge().dispatch("predict", {"signature": signature, "inputs": {"q": text}})["outputs"]
        assert outputs == {"a": text, "b": text}


def test_declared_datetimes_are_local() -> None:
    with hosted('{"value": "2024-02-29T10:30:00+02:00"}'):
        bridge = DspyBridge()
        program = bridge.dispatch("create_program", {"spec": one_field("outputs", {"type": "datetime"})})["program"]
        outputs = bridge.dispatch("call", {"program": program, "inputs": {"other": "x"}})["outputs"]
    assert outputs == {"value": datetime.datetime(2024, 2, 29, 10, 30)}


def test_times_with_an_offset_have_the_standard_library_s_zone() -> None:
    text = "2024-02-29T10:30:00+02:00"

    def asked(adapter: str, kind: str, answer: str) -> Any:
        program = {"signature": f"q -> at: {kind}", "options": {"adapter": adapter}}
        with hosted(answer):
            return DspyBridge().dispatch("predict", {**program, "inputs": {"q": "?"}})["outputs"]["at"]

    for kind, written in (("datetime", text), ("list[datetime]", [text])):
        for adapter, answer in (
            ("json", json.dumps({"at": written})),
            ("chat", f"[[ ## at ## ]]\n{written if kind == 'datetime' else json.dumps(written)}\n"),
        ):
            for at in both_ways(partial(asked, adapter, kind, answer)):
                found = at if kind == "datetime" else at[0]
                assert found == datetime.datetime.fromisoformat(text)
                assert type(found.tzinfo) is datetime.timezone  # with pydantic's, writing it as JSON ends the process


def test_a_trace_tells_what_was_sent() -> None:
    with hosted('{"a": "x"}') as fake:
        result = DspyBridge().dispatch("predict", {"signature": "q -> a", "inputs": {"q": "?"}, "trace": True})
    assert result["messages"] == fake.requests[0]["messages"]
    assert result["response"] == '{"a": "x"}'
    assert result["usage"] == {"calls": 1, "prompt_tokens": 10, "completion_tokens": 5, "seconds": 0.25}
    assert (result["finish_reason"], result["model"]) == ("stop", "fake")


def test_options_of_the_call_before_the_program_s_before_the_defaults() -> None:
    with hosted() as fake:
        bridge = DspyBridge()
        defaults = bridge.dispatch("configure", {"model": "small", "temperature": 0.1, "max_tokens": 10, "seed": 1})
        assert defaults == {
            "model": "small",
            "adapter": "json",
            "temperature": 0.1,
            "max_tokens": 10,
            "seed": 1,
            "extraction_model": None,
            "cache": False,
        }
        spec = {**ASK, "options": {"temperature": 0.2, "max_tokens": 20, "stop": ["END"]}}
        call = {**bridge.dispatch("create_program", {"spec": spec}), "inputs": {"question": "?"}}
        bridge.dispatch("call", {**call, "options": {"max_tokens": 30, "model": "large", "seed": None}})
        bridge.dispatch("configure")
        bridge.dispatch("call", call)
    first, second = (
        {key: request[key] for key in ("model", "temperature", "max_tokens", "stop", "seed")}
        for request in fake.requests
    )
    assert first == {"model": "large", "temperature": 0.2, "max_tokens": 30, "stop": ["END"], "seed": 1}
    assert second == {"model": None, "temperature": 0.2, "max_tokens": 20, "stop": ["END"], "seed": None}


def test_wrong_options_are_told_with_their_place() -> None:
    bridge = DspyBridge()
    cases: list[tuple[dict[str, Any], str]] = [
        ({"temprature": 1}, "did you mean 'temperature'?"),
        ({"temperature": 3}, "temperature: must be a number from 0 to 2, got 3"),
        ({"temperature": True}, "temperature"),
        ({"max_tokens": 0}, "max_tokens: must be an integer above 0"),
        ({"seed": 1.5}, "seed: must be an integer"),
        ({"adapter": "yaml"}, "adapter: must be one of json, chat, auto, xml, two_step, baml"),
        ({"model": ""}, "model"),
        ({"stop": "END"}, "stop: must be a list of texts"),
    ]
    with hosted() as fake:
        for options, words in cases:

            def create(options: dict[str, Any] = options) -> Any:
                return bridge.dispatch("create_program", {"spec": {**ASK, "options": options}})

            assert words in str(raised(SpecError, create))
        raised(SpecError, lambda: bridge.dispatch("configure", {"temperature": -1}))
        raised(ArgumentError, lambda: bridge.dispatch("configure", {"cache": 1}))
        raised(ArgumentError, lambda: bridge.dispatch("create_program", {"spec": "q -> a"}))
        raised(ArgumentError, lambda: bridge.dispatch("set_program_state", {"program": "p", "state": []}))
        wrong = {"signature": "q -> a", "inputs": {"q": ""}, "options": []}
        raised(ArgumentError, lambda: bridge.dispatch("predict", wrong))
    assert (fake.specs, fake.requests) == ({}, [])


def test_the_chat_adapter_asks_for_sections() -> None:
    sections = "[[ ## a ## ]]\n5\n\n[[ ## completed ## ]]"
    call = {"signature": "q -> a: int", "inputs": {"q": "?"}, "options": {"adapter": "chat"}}
    with hosted(sections) as fake:
        assert DspyBridge().dispatch("predict", call)["outputs"] == {"a": 5}
        assert fake.requests[0]["schema"] is None
        assert "[[ ## completed ## ]]" in fake.requests[0]["messages"][0]["content"]
    with hosted("nonsense") as fake:
        assert type(raised(Exception, lambda: DspyBridge().dispatch("predict", call))).__name__ == "AdapterParseError"
        assert len(fake.requests) == 1


def test_the_auto_adapter_falls_back_to_json() -> None:
    call = {"signature": "q -> a: int", "inputs": {"q": "?"}, "options": {"adapter": "auto"}, "trace": True}
    with hosted("nonsense") as fake:
        result = DspyBridge().dispatch("predict", call)
    assert result["outputs"] == {"a": 7}
    assert [request["schema"] is None for request in fake.requests] == [True, False]
    assert result["usage"]["calls"] == 2
    assert result["messages"] == fake.requests[1]["messages"]


def test_nothing_is_cached_unless_asked_for() -> None:
    call = {"signature": "q -> a", "inputs": {"q": "again?"}, "trace": True}
    with hosted() as fake:
        bridge = DspyBridge()
        bridge.dispatch("predict", call)
        bridge.dispatch("predict", call)
        assert len(fake.requests) == 2


def test_malformed_specs_are_told_with_their_place() -> None:
    fields = {"inputs": [{"name": "q", "type": STRING}], "outputs": [{"name": "a", "type": STRING}]}
    cases: list[tuple[Any, str]] = [
        ({"kind": "agent", "signature": "q -> a"}, "spec.kind: must be one of predict, chain_of_thought"),
        ({"kind": "react", "signature": "q -> a"}, "spec.tools: must be a list of at least one tool"),
        ({**ASK, "kid": 1}, "spec: unknown key 'kid'"),
        ({"kind": "predict"}, "spec.signature: must be a string or a dict"),
        ({"kind": "predict", "signature": "question"}, "spec.signature: 'question' is no signature"),
        ({"kind": "predict", "signature": "q -> a: Nothing"}, "spec.signature"),
        ({"kind": "predict", "signature": "config -> a"}, "spec.signature: DSPy has the name 'config' for itself"),
        ({"kind": "predict", "signature": "completions -> a"}, "DSPy has the name 'completions' for itself"),
        (
            {"kind": "chain_of_thought", "signature": "reasoning, q -> a"},
            "a chain of thought writes 'reasoning' itself",
        ),
        ({"kind": "predict", "signature": {**fields, "output": []}}, "spec.signature: unknown key 'output'"),
        ({"kind": "predict", "signature": {**fields, "outputs": []}}, "spec.signature.outputs: must be a list"),
        ({"kind": "predict", "signature": {**fields, "name": "a b"}}, "spec.signature.name"),
        ({"kind": "predict", "signature": {**fields, "instructions": 1}}, "spec.signature.instructions"),
        ({"kind": "predict", "signature": {**fields, "outputs": fields["inputs"]}}, "'q' is an input and an output"),
        (
            {"kind": "predict", "signature": {**fields, "inputs": [{"name": "_q", "type": STRING}]}},
            "spec.signature.inputs[0].name: must not start with an underscore",
        ),
        (
            {"kind": "predict", "signature": {**fields, "outputs": [{"name": "instructions", "type": STRING}]}},
            "spec.signature.outputs[0].name: DSPy has the name 'instructions' for itself",
        ),
        (
            {"kind": "predict", "signature": {**fields, "inputs": [{"name": "model_config", "type": STRING}]}},
            "spec.signature: DSPy refuses these fields",
        ),
        (
            {"kind": "predict", "signature": {**fields, "outputs": [{"name": "a", "type": {"type": "lst"}}]}},
            "spec.signature.outputs[0].type: unknown type 'lst'; did you mean 'list'?",
        ),
    ]
    with hosted() as fake:
        bridge = DspyBridge()
        for spec, words in cases:

            def create(spec: Any = spec) -> Any:
                return bridge.dispatch("create_program", {"spec": spec})

            assert words in str(raised(SpecError, create)), words
    assert fake.specs == {}


def test_names_that_are_taken_elsewhere_only() -> None:
    inputs = {"reasoning": "since it is round", "q": "?"}
    with hosted('{"completions": "x"}') as fake:
        result = DspyBridge().dispatch("predict", {"signature": "reasoning, q -> completions", "inputs": inputs})
    assert result == {"outputs": {"completions": "x"}}
    assert "since it is round" in fake.requests[0]["messages"][1]["content"]


def test_names_that_python_or_pydantic_use_too() -> None:
    names = [
        *("args", "kwargs", "cls", "fn", "name", "from", "class", "in", "None", "json", "copy", "schema", "dict"),
        *("model", "model_name", "messages", "prompt", "items", "keys", "prediction", "description", "trace", "cache"),
    ]
    type_spec = {"type": "record", "name": "Odd", "fields": [{"name": name, "type": STRING} for name in names]}
    signature = {
        "inputs": [{"name": name, "type": STRING} for name in names],
        "outputs": [{"name": f"{name}_", "type": STRING} for name in names] + [{"name": "odd", "type": type_spec}],
    }
    with hosted():
        outputs = DspyBridge().dispatch("predict", {"signature": signature, "inputs": dict.fromkeys(names, "x")})[
            "outputs"
        ]
    assert outputs == {**{f"{name}_": "text" for name in names}, "odd": dict.fromkeys(names, "text")}
    signature = {
        "inputs": [{"name": "question", "type": STRING}],
        "outputs": [{"name": name, "type": STRING} for name in names],
    }
    with hosted():
        outputs = DspyBridge().dispatch("predict", {"signature": signature, "inputs": {"question": "x"}})["outputs"]
    assert outputs == dict.fromkeys(names, "text")


def test_threads_do_not_see_each_other_s_calls() -> None:
    with hosted():
        bridge = DspyBridge()
        program = bridge.dispatch("create_program", {"spec": ASK})
        results: dict[int, Any] = {}

        def call(index: int) -> None:
            results[index] = bridge.dispatch(
                "call",
                {
                    **program,
                    "inputs": {"question": f"number {index}?"},
                    "options": {"model": f"model{index}"},
                    "trace": True,
                },
            )

        threads = [threading.Thread(target=call, args=(index,)) for index in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
    for index in range(4):
        assert results[index]["model"] == f"model{index}"
        assert f"number {index}?" in results[index]["messages"][-1]["content"]
        assert results[index]["usage"]["calls"] == 1


def test_a_batch_of_calls() -> None:
    with hosted('{"answer": "x"}', RuntimeError("broken"), '{"answer": "z"}'):
        bridge = DspyBridge()
        program = bridge.dispatch("create_program", {"spec": ASK})
        command = {"command": "call", "args": {**program, "inputs": {"question": "?"}}}
        results = bridge.dispatch("batch", {"commands": [command] * 3})
    assert [result["ok"] for result in results] == [True, False, True]
    assert results[2]["value"] == {"outputs": {"answer": "z"}}
    assert "broken" in results[1]["error"]["message"]


def test_commands_and_their_parameters() -> None:
    handlers = DspyBridge()._handlers
    assert {name for name, entry in handlers.items() if not entry.loads} == {
        *("ping", "get_stats", "describe_tools", "cleanup_framework", "configure"),
        *("define_program", "delete_program", "list_programs", "get_program_info"),
    }
    assert [entry["name"] for entry in handlers["call"].parameters] == [
        *("program", "inputs", "options", "trace", "predictor"),
    ]


def streamed(bridge: DspyBridge, spec: dict[str, Any], **args: Any) -> list[Any]:
    pieces: list[Any] = []
    program = bridge.dispatch("create_program", {"spec": spec})["program"]
    bridge.dispatch("stream", {"program": program, "inputs": {"question": "Why?"}, **args}).run(pieces.append)
    return pieces


def texts(pieces: list[Any], field: str) -> list[str]:
    return [piece["text"] for piece in pieces if piece.get("field") == field and piece["text"]]


def test_texts_are_pushed_while_they_are_written() -> None:
    spec = {"kind": "chain_of_thought", "signature": "question -> answer, count: int"}
    answer = '{"reasoning": "so \\"it\\" is\\n\\u00e9", "answer": "forty two", "count": 42}'
    with hosted(answer, answer) as fake:
        pieces = streamed(DspyBridge(), spec, trace=True)
        whole = streamed(DspyBridge(), spec)[-1]
    outputs = {"reasoning": 'so "it" is\né', "answer": "forty two", "count": 42}
    assert "".join(texts(pieces, "reasoning")) == outputs["reasoning"]
    assert "".join(texts(pieces, "answer")) == outputs["answer"]
    assert len(texts(pieces, "answer")) >= 3
    assert texts(pieces, "count") == []
    assert pieces[-1]["outputs"] == outputs
    assert pieces[-1]["response"] == answer
    assert pieces[-1]["usage"]["completion_tokens"] == 5
    assert whole == {"outputs": outputs}
    assert fake.closed == 2
    assert fake.requests[0]["schema"]["required"] == ["reasoning", "answer", "count"]


def test_sections_are_pushed_while_they_are_written() -> None:
    spec = {**ASK, "kind": "chain_of_thought", "options": {"adapter": "chat"}}
    answer = "[[ ## reasoning ## ]]\nbecause of it\n\n[[ ## answer ## ]]\nforty two\n\n[[ ## completed ## ]]\n"
    with hosted(answer):
        pieces = streamed(DspyBridge(), spec)
    assert pieces[-1] == {"outputs": {"reasoning": "because of it", "answer": "forty two"}}
    assert "".join(texts(pieces, "reasoning")).strip() == "because of it"
    assert "".join(texts(pieces, "answer")).strip() == "forty two"
    assert len(texts(pieces, "reasoning")) >= 2


def test_an_answer_in_another_form_has_no_pieces() -> None:
    with hosted('```json\n{"answer": "Paris"}\n```'):
        assert streamed(DspyBridge(), ASK) == [{"outputs": {"answer": "Paris"}}]


def test_a_stream_of_the_auto_adapter_falls_back_when_nothing_was_pushed() -> None:
    with hosted("just text", '{"answer": "yes"}'):
        pieces = streamed(DspyBridge(), {**ASK, "options": {"adapter": "auto"}})
    assert "".join(texts(pieces, "answer")) == "yes"
    assert pieces[-1] == {"outputs": {"answer": "yes"}}


def test_an_answer_that_was_shown_is_not_asked_for_again() -> None:
    spec = {**ASK, "signature": "question -> answer, count: int", "options": {"adapter": "auto"}}
    pieces: list[Any] = []
    with hosted("[[ ## answer ## ]]\nforty two, as everybody knows\n\n[[ ## count ## ]]\nmany\n\n") as fake:
        bridge = DspyBridge()
        program = bridge.dispatch("create_program", {"spec": spec})["program"]
        pushed = bridge.dispatch("stream", {"program": program, "inputs": {"question": "Why?"}})
        error = raised(Exception, lambda: pushed.run(pieces.append))
    assert type(error).__name__ == "AdapterParseError"
    assert "".join(texts(pieces, "answer")).strip() == "forty two, as everybody knows"
    assert len(fake.requests) == 1


def test_a_reader_that_has_gone_stops_the_model() -> None:
    class GoneError(Exception):
        pass

    def gone(piece: object) -> None:
        raise GoneError

    with hosted('{"answer": "one two three"}') as fake:
        bridge = DspyBridge()
        program = bridge.dispatch("create_program", {"spec": ASK})["program"]
        pushed = bridge.dispatch("stream", {"program": program, "inputs": {"question": "Why?"}})
        error: BaseException | None = raised(Exception, lambda: pushed.run(gone))
    while error is not None and not isinstance(error, GoneError):
        error = error.__cause__
    assert error is not None
    assert fake.closed == 1


def test_a_warm_call_makes_no_more_python_calls_than_it_did() -> None:
    with hosted():
        bridge = DspyBridge()
        bridge.dispatch("create_program", {"spec": ASK, "program": "ask"})

        def ask() -> None:
            bridge.dispatch("call", {"program": "ask", "inputs": {"question": "Capital?"}})

        for _ in range(3):
            ask()
        calls = python_calls(ask)
    assert CALLS_OF_A_WARM_CALL * 0.7 < calls < CALLS_OF_A_WARM_CALL * 1.1, calls


def frozen(bridge: DspyBridge, spec: dict[str, Any]) -> dict[str, Any]:
    program = bridge.dispatch("create_program", {"spec": spec})["program"]
    plan: dict[str, Any] = bridge.dispatch("freeze_program", {"program": program})
    return plan


def test_a_plan_has_the_places_of_the_inputs_in_what_dspy_prints() -> None:
    with hosted() as fake:
        bridge = DspyBridge()
        for adapter, form in (("json", "json"), ("chat", "chat"), ("auto", "chat"), ("xml", "xml")):
            plan = frozen(bridge, {**ASK, "signature": "question, n: int -> answer", "options": {"adapter": adapter}})
            parts = plan["request"]["messages"][-1]["content"]
            assert [part for part in parts if isinstance(part, int)] == [0, 1]
            assert plan["form"] == form
            assert (plan["request"]["schema"] is not None) == (form == "json")
            assert plan.get("schemas") == ({"answer": {"type": "string"}} if form == "xml" else None)
            proof = plan["proofs"][0]
            texts = (proof["inputs"]["question"], str(proof["inputs"]["n"]))
            printed = "".join(texts[part] if isinstance(part, int) else part for part in parts)
            assert printed == proof["messages"][-1]["content"]
        assert fake.requests == []


def test_dates_and_times_are_among_the_types_of_a_plan() -> None:
    kinds = ("date", "datetime")
    with hosted():
        bridge = DspyBridge()
        for adapter in ("json", "chat"):
            for kind in kinds:
                values = {"type": "list", "items": {"type": "optional", "of": {"type": kind}}}
                for spec in (one_field("outputs", values), one_field("inputs", {"type": kind})):
                    plan = frozen(bridge, {**spec, "options": {"adapter": adapter}})
                    assert kind in str(plan["inputs"] + plan["outputs"])
                    assert any(proof["outputs"] is not None for proof in plan["proofs"])


def test_what_cannot_be_frozen_exactly_is_refused_by_name() -> None:
    refused = {
        "input 'value', since it is of the type Decimal": one_field("inputs", {"type": "decimal"}),
        "output 'value', since it is of the type dict[int": {**ASK, "signature": "question -> value: dict[int, str]"},
        "output 'value', since it is of the type typing.Literal[1": {
            **ASK,
            "signature": "question -> value: Literal[1, 2]",
        },
        "input 'value', since it is of the type Image": {**ASK, "signature": "value: dspy.Image -> answer"},
        "input 'value', since it is of the type History": {**ASK, "signature": "value: dspy.History -> answer"},
        "output 'value', since it is of the type set[str]": {**ASK, "signature": "question -> value: set[str]"},
        "input 'prediction', which": {**ASK, "signature": "prediction -> answer"},
    }
    with hosted():
        bridge = DspyBridge()
        for reason, spec in refused.items():
            error = raised(ArgumentError, partial(frozen, bridge, spec))
            assert str(error).startswith(f"freeze_program: cannot be frozen exactly: {reason}"), error
        bridge.dispatch("configure", {"cache": True})
        assert "exactly: cache" in str(raised(ArgumentError, lambda: frozen(bridge, ASK)))
        bridge.dispatch("configure", {})
        raised(UnknownProgramError, lambda: bridge.dispatch("freeze_program", {"program": "gone"}))


def test_callbacks_and_another_dspy_are_refused() -> None:
    import dspy

    with hosted():
        bridge = DspyBridge()
        frozen(bridge, ASK)
        with dspy.context(callbacks=[object()]):
            assert "exactly: callbacks" in str(raised(ArgumentError, lambda: frozen(bridge, ASK)))
        version, dspy.__version__ = dspy.__version__, "9.9"
        try:
            assert "exactly: DSPy 9.9" in str(raised(ArgumentError, lambda: frozen(bridge, ASK)))
        finally:
            dspy.__version__ = version


def test_a_program_goes_on_with_an_answer_that_is_there() -> None:
    with hosted() as fake:
        bridge = DspyBridge()
        program = bridge.dispatch("create_program", {"spec": ASK})["program"]
        bridge.dispatch("call", {"program": program, "inputs": {"question": "Why?"}})
        request = fake.requests.pop()
        there = {"program": program, "inputs": {"question": "Why?"}, "answer": {"text": '{"answer": "so"}'}}
        assert bridge.dispatch("continue_program", {**there, "request": request}) == {"outputs": {"answer": "so"}}
        assert fake.requests == []
        other = bridge.dispatch("continue_program", {**there, "request": {**request, "seed": 9}})
        assert other == {"outputs": {"answer": "text"}}
        assert fake.requests == [request]


def outcome(call: Callable[[], Any]) -> Any:
    """What a call returns, or the type and the text of what it raises."""
    try:
        return call()
    except Exception as error:
        return type(error).__name__, str(error)


def both_ways(call: Callable[[], Any]) -> tuple[Any, Any]:
    """What a call returns with what is kept, and with DSPy as it is."""
    from terrarium.dspy import _kept

    kept_allowed = os.environ.pop("TERRARIUM_KEEP", None)
    _kept.install()
    try:
        with_kept = call()
        _kept.remove()
        os.environ["TERRARIUM_KEEP"] = "off"
        return with_kept, call()
    finally:
        os.environ.pop("TERRARIUM_KEEP", None)
        if kept_allowed is not None:
            os.environ["TERRARIUM_KEEP"] = kept_allowed
        _kept.install()


def test_what_is_kept_changes_neither_requests_nor_outcomes() -> None:
    signatures = (
        "question -> answer",
        "question: str, n: int -> answer: bool, why: str",
        "question: list[str] -> answer: dict[str, int] | None",
        {"inputs": [{"name": "question", "type": STRING}], "outputs": [{"name": "who", "type": PERSON}]},
    )
    inputs = (
        {"question": "Capital?", "n": 3},
        {"question": "für \ud800?", "n": 10**40},
        {"question": ["a", "b"], "n": True},
        {"question": None, "n": "no"},
    )
    answers = ('{"answer": true, "why": "so"}', "[[ ## answer ## ]]\nTrue\n\n[[ ## completed ## ]]", "no", None)

    def all_of_them() -> list[Any]:
        found: list[Any] = []
        bridge = DspyBridge()
        for adapter in ("json", "chat", "auto"):
            for kind in ("predict", "chain_of_thought"):
                for signature in signatures:
                    spec = {"kind": kind, "signature": signature, "options": {"adapter": adapter, "temperature": 1}}
                    for given in inputs:
                        for answer in answers:
                            with hosted(answer, "{}") as fake:
                                bridge.dispatch("create_program", {"spec": spec, "program": "it"})
                                names = bridge._programs.get("it").inputs
                                asked = {name: given[name] for name in names}
                                call = {"program": "it", "inputs": asked, "trace": True}
                                found.append((outcome(partial(bridge.dispatch, "call", call)), fake.requests))
        return found

    kept, plain = both_ways(all_of_them)
    assert kept == plain
    assert len({str(each) for each in plain}) > 30  # there was something to compare


def test_fields_are_those_of_a_signature_that_was_rebuilt() -> None:
    import dspy
    import pydantic

    def annotation() -> Any:
        signature: Any = type(
            "Grown",
            (dspy.Signature,),
            {"__annotations__": {"q": str, "tree": "Tree"}, "q": dspy.InputField(), "tree": dspy.OutputField()},
        )
        tree = pydantic.create_model("Tree", height=(int, ...))
        signature.model_rebuild(_types_namespace={"Tree": tree})
        return signature.output_fields["tree"].annotation is tree

    with hosted():
        DspyBridge().dispatch("predict", {"signature": "q -> a", "inputs": {"q": "?"}})
    assert both_ways(annotation) == (True, True)


def test_the_stand_ins_give_what_dspy_gives() -> None:
    import dspy
    from dspy.adapters import utils
    from dspy.adapters.types.decision import Noul
    from dspy.clients import execution
    from dspy.predict import predict

    with hosted():
        DspyBridge().dispatch("predict", {"signature": "q -> a", "inputs": {"q": "?"}})
    signatures = [
        dspy.Signature("q -> a"),
        dspy.Signature("q -> a: bool"),
        dspy.Signature("q -> a: Noul", custom_types={"Noul": Noul}),
        dspy.Signature("q -> a: list[Noul]", custom_types={"Noul": Noul}),
    ]
    texts = [
        {"role": "user", "content": "bad \ud800"},
        {"role": "bad \udfff", "content": [{"text": "\ud800"}, 1]},
        "\ud800",
    ]
    bodies: list[Any] = [
        {"model": "m", "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]},
        {"model": "m", "messages": [{"role": "user", "content": "u"}], "seed": 1.0, "reasoning_effort": "low"},
        {"model": "m", "messages": [{"role": "user", "content": "u"}], "enable_thinking": False},
        {"model": "", "messages": []},
        {"model": "m", "messages": [], "unknown": 1},
        [],
    ]
    values: list[Any] = ["a", "\ud800", 1, 10**40, True, None, 1.5, float("nan"), [1, "a"], {"a": {1}}, b"b", object]

    def settings() -> list[Any]:
        found: list[Any] = [dspy.settings.get("max_errors"), dspy.settings.get("none"), dspy.settings.get("none", 3)]
        with dspy.settings.context(max_errors=1, mine=2) as entered:
            found += [entered, dspy.settings.get("max_errors"), dspy.settings.mine, sorted(dspy.settings.config)]
            with dspy.settings.context(mine=3):
                found.append(dspy.settings.mine)
            found.append(dspy.settings.mine)
        found.append(dspy.settings.get("mine"))

        @dspy.settings.context(mine=4)  # type: ignore[untyped-decorator]
        def decorated() -> Any:
            return dspy.settings.mine

        used = dspy.settings.context(mine=5)
        with used:
            pass
        return [*found, decorated(), decorated(), outcome(lambda: used.__enter__())[0]]

    def all_of_them() -> list[Any]:
        adapter = dspy.ChatAdapter()
        return [
            settings(),
            [str(utils.serialize_for_json(value)) for value in values],
            [outcome(partial(execution._check_encodable, [text, *texts], "messages")) for text in texts],
            [
                outcome(partial(execution._check_encodable, text, "prompt"))
                for text in (*texts, "a", ["a"], [{1: None}])
            ],
            [outcome(partial(execution.request_from_openai_chat, body)) for body in bodies],
            [outcome(partial(execution.request_from_openai_chat, body, compat="qwen")) for body in bodies],
            [type(predict.resolve_adapter(None, adapter, each, {}, each)).__name__ for each in signatures],
            outcome(partial(predict.resolve_adapter, None, adapter, signatures[0], {"a": {}})),
            outcome(partial(predict.resolve_adapter, None, adapter, signatures[0], None)),
            [(list(each.input_fields), list(each.output_fields), each.signature) for each in signatures],
        ]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kept, plain = both_ways(all_of_them)
    assert kept == plain
    assert kept[6] == ["ChatAdapter", "ChatAdapter", "DecisionAdapter", "ChatAdapter"]

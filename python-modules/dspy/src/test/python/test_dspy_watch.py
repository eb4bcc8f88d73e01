"""Spans, status messages, pieces of texts and usage of DSPy's programs. Any Python runs these functions."""

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import FunctionType
from typing import Any, NamedTuple

import dspy

from terrarium.bridge import SpecError, host, spans
from terrarium.bridge.testing import python_calls
from terrarium.dspy import DspyBridge, _log, _user_code
from terrarium.dspy._names import Names
from terrarium.dspy._watch import SpanReporter
from test_dspy_bridge import ASK, STRING, hosted, raised
from test_dspy_modules import ANSWER, json_by_the_host, source
from test_dspy_react import END, SPEC, step, tools

NESTED = """
import dspy
from dspy.utils.callback import BaseCallback


class Counting(BaseCallback):
    started = []

    def on_module_start(self, call_id, instance, inputs):
        Counting.started.append(type(instance).__name__)


dspy.configure(callbacks=[Counting()])


class Inner(dspy.Module):
    def __init__(self):
        super().__init__()
        self.first = dspy.Predict("question -> note")
        self.second = dspy.ChainOfThought("question, note -> answer")

    def forward(self, question):
        note = self.first(question=question).note
        return self.second(question=question, note=note)


class Outer(dspy.Module):
    def __init__(self):
        super().__init__()
        self.inner = Inner()
        self.last = dspy.Predict("draft -> verdict: Optional[str], checked")

    def forward(self, question):
        draft = self.inner(question=question).answer
        return self.last(draft=draft)


def counted():
    return Counting.started
"""
NESTED_ANSWERS = ('{"note": "n"}', '{"reasoning": "r", "answer": "draft"}', '{"verdict": "text", "checked": "yes"}')
OUTER = {
    "kind": "module",
    "signature": {
        "inputs": [{"name": "question", "type": STRING}],
        "outputs": [
            {"name": "verdict", "type": {"type": "optional", "of": STRING}},
            {"name": "checked", "type": STRING},
        ],
    },
    "class": "Outer",
}


class Span(NamedTuple):
    kind: str
    name: str
    type: str
    parent: str | None
    inputs: Any
    failure: str | None
    outputs: Any


@contextmanager
def observed(detail: str) -> Iterator[list[Span]]:
    """Collect the spans that end inside the block, the parent by its name."""
    made: list[Span] = []
    begun: dict[str, tuple[Any, ...]] = {}

    def started(span: str, *rest: Any) -> None:
        begun[span] = rest

    def ended(span: str, failure: str | None, outputs: Any) -> None:
        parent, kind, name, type_, inputs = begun[span]
        made.append(Span(kind, name, type_, parent and begun[parent][2], inputs, failure, outputs))

    host.install({"span.started": started, "span.ended": ended})
    spans.detail = detail
    try:
        yield made
    finally:
        spans.detail = spans.OFF
        host.uninstall("span.started", "span.ended")


def run(spec: dict[str, Any], command: str = "call", bridge: DspyBridge | None = None, **more: Any) -> Any:
    bridge = bridge or DspyBridge()
    program = bridge.dispatch("define_program", {"spec": spec})["program"]
    given = {"program": program, "inputs": {"question": "Where?"}, **more}
    if not command.startswith("stream"):
        return bridge.dispatch(command, given)
    pieces: list[Any] = []
    bridge.dispatch(command, given).run(pieces.append)
    return pieces


@contextmanager
def nested(*answers: str) -> Iterator[dict[str, Any]]:
    """A host with answers, and the spec of the module in modules, whose code is dropped in the end."""
    callbacks = dspy.settings.callbacks
    with hosted(*answers or NESTED_ANSWERS):
        try:
            yield {**OUTER, "source": source(NESTED, "nested")}
        finally:
            dspy.configure(callbacks=callbacks)
            _user_code.forget()


def test_spans_of_modules_in_modules_have_names_parents_and_the_order_of_their_ends() -> None:
    with nested() as spec, observed(spans.TIMES) as made:
        run(spec)
    assert [(each.kind, each.name, each.type, each.parent) for each in made if not each.kind.startswith("adapter")] == [
        ("lm", "default", "LM", "inner.first"),
        ("module", "inner.first", "Predict", "inner"),
        ("lm", "default", "LM", "inner.second.predict"),
        ("module", "inner.second.predict", "Predict", "inner.second"),
        ("module", "inner.second", "ChainOfThought", "inner"),
        ("module", "inner", "Inner", "self"),
        ("lm", "default", "LM", "last"),
        ("module", "last", "Predict", "self"),
        ("module", "self", "Outer", None),
    ]
    assert {(each.kind, each.type) for each in made if each.kind.startswith("adapter")} == {
        ("adapter_format", "JSONAdapter"),
        ("adapter_parse", "JSONAdapter"),
    }
    assert {each.failure for each in made} == {None}
    assert all(each.inputs is None and each.outputs is None for each in made)


def test_spans_of_the_content_have_inputs_and_outputs_as_plain_data() -> None:
    with hosted('{"answer": "Paris"}'), observed(spans.CONTENT) as made:
        run(ASK, options={"model": "big"})
    by_kind = {each.kind: each for each in made}
    assert by_kind["module"].inputs == {"question": "Where?", "config": {}}
    assert by_kind["module"].outputs == {"answer": "Paris"}
    assert by_kind["lm"].name == "big"
    assert "Where?" in json.dumps(by_kind["lm"].inputs)
    assert by_kind["adapter_parse"].outputs == {"answer": "Paris"}
    json.dumps([each.inputs for each in made] + [each.outputs for each in made])


def test_spans_tell_of_tools_and_of_failures() -> None:
    with hosted(step("add", a=2, b=3), step("add", a=2), *END), observed(spans.TIMES) as made:
        run(SPEC, "act", tools=tools(add=lambda arguments: arguments["a"] + arguments["b"]))
    assert [(each.name, each.type, each.parent, each.failure) for each in made if each.kind == "tool"] == [
        ("add", "Tool", "self", None),
        ("add", "Tool", "self", "KeyError"),
        ("finish", "Tool", "self", None),
    ]
    with hosted("no answer", "no answer"), observed(spans.TIMES) as made:
        raised(dspy.AdapterParseError, lambda: run(ASK))
    assert made[-1][:4] == ("module", "self", "Predict", None)
    assert made[-1].failure == "AdapterParseError"


def test_callbacks_of_the_user_s_own_file_run_beside_the_spans() -> None:
    with nested() as spec, observed(spans.TIMES) as made:
        bridge = DspyBridge()
        run(spec, bridge=bridge)
        (callback,) = [each for each in dspy.settings.callbacks if type(each).__name__ == "Counting"]
        assert callback.started == ["Outer", "Inner", "Predict", "ChainOfThought", "Predict", "Predict"]
    assert len([each for each in made if each.kind == "module"]) == 6


def test_copies_that_best_of_n_runs_have_the_names_of_what_they_copy() -> None:
    spec = {"kind": "best_of_n", "of": {**ASK, "kind": "chain_of_thought"}, "n": 2, "threshold": 1.0}
    answer = '{"reasoning": "r", "answer": "x"}'
    with hosted(answer, answer), observed(spans.TIMES) as made:
        result = run(spec, "act", tools={"@reward": lambda *_: 0.5}, trace=True)
    assert [each["asker"] for each in result["requests"]] == ["module.predict", "module.predict"]
    modules = [(each.name, each.parent) for each in made if each.kind == "module"]
    assert modules == [("module.predict", "module"), ("module", "self")] * 2 + [("self", None)]


def test_the_predictor_that_advises_refine_has_the_name_of_its_signature() -> None:
    spec = {"kind": "refine", "of": ASK, "n": 2, "threshold": 1.0, "reward": "Be short."}
    answers = ('{"answer": "x"}', '{"discussion": "d", "advice": {"module": "Be short."}}', '{"answer": "y"}')
    with hosted(*answers), json_by_the_host():
        result = run(spec, "act", tools={"@reward": lambda *_: 0.5}, trace=True)
    assert [each["asker"] for each in result["requests"]] == ["module", "OfferFeedback", "module"]


def test_a_call_that_nobody_observes_calls_no_function_more() -> None:
    with hosted():
        bridge = DspyBridge()
        program = bridge.dispatch("create_program", {"spec": ASK})["program"]
        arguments = {"program": program, "inputs": {"question": "?"}}
        for _ in range(2):
            bridge.dispatch("call", arguments)
        plain = python_calls(lambda: bridge.dispatch("call", arguments))
        with observed(spans.TIMES):
            bridge.dispatch("call", arguments)
            watched = python_calls(lambda: bridge.dispatch("call", arguments))
        again = python_calls(lambda: bridge.dispatch("call", arguments))
    assert again == plain
    assert watched > plain + 30


def test_a_program_can_be_frozen_while_its_spans_are_reported() -> None:
    with hosted(), dspy.context(callbacks=[SpanReporter(Names(dspy.Predict("question -> answer")))]):
        bridge = DspyBridge()
        program = bridge.dispatch("define_program", {"spec": ASK})["program"]
        assert bridge.dispatch("freeze_program", {"program": program})["proofs"]


def test_a_span_of_a_framework_of_one_s_own_is_within_the_block_around_it() -> None:
    with observed(spans.CONTENT) as made:
        with spans.span("chain", "outer", inputs={"a": 1}), spans.span("retriever", "wiki", "Wiki") as outcome:
            outcome.outputs = ["b"]
        raised(ZeroDivisionError, _failing)
    assert made == [
        Span("retriever", "wiki", "Wiki", "outer", None, None, ["b"]),
        Span("chain", "outer", "chain", None, {"a": 1}, None, None),
        Span("chain", "bad", "chain", None, None, "ZeroDivisionError", None),
    ]
    with spans.span("chain", "unseen"):
        pass  # there is no service that it could call


def _failing() -> None:
    with spans.span("chain", "bad"):
        raise ZeroDivisionError


def _cut(size: int, text: str) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]


def test_pieces_tell_who_wrote_them_and_which_is_the_last() -> None:
    for adapter, answer in {
        "json": '{"reasoning": "why", "answer": "a \\"b\\""}',
        "chat": '[[ ## reasoning ## ]]\nwhy\n\n[[ ## answer ## ]]\na "b"\n\n[[ ## completed ## ]]',
    }.items():
        for size in (1, 3, 7, 100):
            with hosted(answer) as fake:
                fake.pieces_of = partial(_cut, size)
                pieces = run({**ASK, "kind": "chain_of_thought", "options": {"adapter": adapter}}, "stream")
            for field, text in {"reasoning": "why", "answer": 'a "b"'}.items():
                own = [piece for piece in pieces[:-1] if piece["field"] == field]
                assert "".join(piece["text"] for piece in own) == text
                assert [piece["last"] for piece in own] == [False] * (len(own) - 1) + [True], (adapter, size)
                assert {piece["predictor"] for piece in own} == {"predict"}


def test_a_text_that_is_empty_or_missing_has_no_piece_and_a_repaired_one_a_last() -> None:
    with hosted('{"reasoning": "", "answer": "x"}'):
        pieces = run({**ASK, "kind": "chain_of_thought"}, "stream")
    assert [piece["field"] for piece in pieces[:-1] if piece["last"]] == ["answer"]
    with hosted('{"answer": "x"'):
        pieces = run(ASK, "stream")
    assert [(piece["text"], piece["last"]) for piece in pieces[:-1]][-1][1] is True
    assert "".join(piece["text"] for piece in pieces[:-1]) == "x"


def test_a_missing_text_of_a_module_is_not_shown_as_the_word_none() -> None:
    head = "[[ ## reasoning ## ]]\nr\n\n[[ ## note ## ]]\nn\n\n[[ ## answer ## ]]\nx\n\n"
    for word, shown in (("None", ""), ("null", ""), ("No", "No"), ("None at all", "None at all")):
        end = f"[[ ## verdict ## ]]\n{word}\n\n[[ ## checked ## ]]\nyes\n\n[[ ## completed ## ]]"
        with nested(*[head + "[[ ## completed ## ]]"] * 2, end) as spec:
            pieces = run({**spec, "options": {"adapter": "chat"}}, "stream")
        own = [piece for piece in pieces[:-1] if piece["predictor"] == "last"]
        verdict = [piece for piece in own if piece["field"] == "verdict"]
        assert "".join(piece["text"] for piece in verdict) == shown, word
        assert [piece["last"] for piece in verdict][-1:] == ([True] if shown else [])
        assert "".join(piece["text"] for piece in own if piece["field"] == "checked") == "yes"
        assert pieces[-1]["outputs"]["verdict"] == (shown or None)


def test_status_messages_of_tools_are_those_of_dspy() -> None:
    with hosted(step("add", a=2, b=3), *END):
        pieces = run(SPEC, "stream_act", tools=tools(), status=True)
        assert [piece["status"] for piece in pieces if "status" in piece] == [
            "Calling tool add...",
            "Tool calling finished! Querying the LLM with tool calling results...",
        ]
    texts = [piece for piece in pieces if "field" in piece]
    assert "".join(piece["text"] for piece in texts) == "It is the sum."
    assert {piece["predictor"] for piece in texts} == {"extract.predict"}
    assert pieces[-1]["outputs"]["answer"] == 5
    with hosted('{"answer": "x"}'):
        assert not [piece for piece in run(ASK, "stream", status=True) if "status" in piece]
    with hosted('{"answer": "x"}'):
        assert not [piece for piece in run(ASK, "stream") if "status" in piece]


def test_a_function_of_the_host_makes_status_messages() -> None:
    asked: list[tuple[str, str, Any]] = []

    def message(kind: str, name: str, content: Any) -> str | None:
        asked.append((kind, name, content))
        return f"{kind} {name}" if kind.startswith("lm") else None

    with hosted('{"answer": "x"}'):
        pieces = run(ASK, "stream", status=message)
    assert [piece["status"] for piece in pieces if "status" in piece] == ["lm_start default", "lm_end default"]
    assert [(kind, name) for kind, name, _ in asked] == [
        ("module_start", "self"),
        ("lm_start", "default"),
        ("lm_end", "default"),
        ("module_end", "self"),
    ]
    assert asked[0][2] == {"question": "Where?", "config": {}}
    assert asked[-1][2] == {"answer": "x"}


PROVIDER = """
import dspy


class Chatty(dspy.streaming.StatusMessageProvider):
    def module_start_status_message(self, instance, inputs):
        return f"asking {inputs['kwargs']['question']}"

    def module_end_status_message(self, outputs):
        raise ValueError("no words")
"""


def test_a_provider_in_python_makes_status_messages_and_its_failure_leaves_one_out() -> None:
    status = {"source": source(PROVIDER, "chatty"), "class": "Chatty"}
    try:
        with hosted('{"answer": "x"}'):
            pieces = run(ASK, "stream", status=status)
        assert [piece["status"] for piece in pieces if "status" in piece] == ["asking Where?"]
        assert pieces[-1]["outputs"] == {"answer": "x"}
        with hosted():
            wrong = {**status, "class": "Chaty"}
            error = raised(SpecError, lambda: run(ASK, "stream", status=wrong))
        assert "status.class" in str(error)
        assert "did you mean 'Chatty'" in str(error)
        with hosted():
            assert "must be true" in str(raised(SpecError, lambda: run(ASK, "stream", status="yes")))
    finally:
        _user_code.forget()


def test_usage_of_predictors_adds_up_to_that_of_the_program() -> None:
    with nested() as spec:
        result = run(spec, trace=True)
    assert [each["asker"] for each in result["requests"]] == ["inner.first", "inner.second.predict", "last"]
    assert result["usage"]["prompt_tokens"] == 30 == sum(e["usage"]["prompt_tokens"] for e in result["requests"])
    assert result["usage"]["completion_tokens"] == 15


def test_usage_of_a_call_within_a_call_counts_once() -> None:
    spec = {"kind": "composed", "signature": ANSWER, "predictors": {"ask": ASK}}
    of = {"kind": "best_of_n", "of": spec, "n": 1, "threshold": 1.0}
    with hosted('{"answer": "x"}', '{"answer": "y"}'):
        bridge = DspyBridge()
        within: list[Any] = []

        def forward(inputs: dict[str, Any], number: int) -> Any:
            within.append(run(ASK, bridge=bridge, trace=True)["usage"])
            given = {"run": number, "predictor": "ask", "inputs": inputs}
            return bridge.dispatch("call_predictor", given)["outputs"]

        functions = {"@forward": forward, "@reward": lambda *_: 1.0}
        usage = run(of, "act", bridge, tools=functions, trace=True)["usage"]
    assert within[0] == {"calls": 1, "prompt_tokens": 10, "completion_tokens": 5, "seconds": 0.25}
    assert usage == within[0]


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=2)


def test_a_python_warning_of_dspy_is_shown_once_though_filters_change() -> None:
    of_dspy = FunctionType(_warn.__code__, {"__name__": "dspy.made", "warnings": warnings})
    of_others = FunctionType(_warn.__code__, {"__name__": "others", "warnings": warnings})
    shown: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_, **__: shown.append(str(message))
        _log.remove()
        _log.install()
        for _ in range(3):
            of_dspy("old")
            of_others("new")
            with warnings.catch_warnings():
                pass  # by which Python forgets what it has shown
        assert shown == ["old", "new", "new", "new"]
        for number in range(300):
            of_dspy(f"{number}")
        of_dspy("299")
        assert len(shown) == 304
        _log.remove()
        of_dspy("299")
        assert len(shown) == 305

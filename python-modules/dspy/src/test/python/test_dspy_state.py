"""State files of DSPy. Plain functions and asserts only, so that any Python runs them."""

import datetime
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import Any

import dspy

from terrarium.bridge import SpecError, UnknownProgramError, host
from terrarium.dspy import DspyBridge, _state
from test_dspy_bridge import ASK, hosted, raised


@contextmanager
def program(
    signature: str = "question -> answer", kind: str = "predict"
) -> Iterator[tuple[DspyBridge, dict[str, str]]]:
    """A bridge and the id of its program, on a host that reads and writes JSON."""
    services: dict[str, Callable[..., Any]] = {
        "orjson.dumps": lambda value, _: json.dumps(value),
        "orjson.loads": json.loads,
    }
    kept = {name: host._services[name] for name in services if host.available(name)}
    host.install(services)
    try:
        with hosted():
            bridge = DspyBridge()
            yield bridge, bridge.dispatch("create_program", {"spec": {**ASK, "kind": kind}})
    finally:
        host.uninstall(*services)
        host.install(kept)


def with_demo(bridge: DspyBridge, ask: dict[str, str], **values: Any) -> None:
    state = bridge.dispatch("get_program_state", ask)
    state["demos"] = [values]
    bridge.dispatch("set_program_state", {**ask, "state": state})


def test_a_state_comes_back_from_its_file() -> None:
    for kind in ("predict", "chain_of_thought"):
        with program(kind=kind) as (bridge, ask):
            own = bridge.dispatch("get_program_state", ask)
            text = bridge.dispatch("export_program_state", ask)["text"]
            saved = json.loads(text)
            assert saved.pop("metadata")["dependency_versions"]["dspy"] == dspy.__version__
            assert saved == own
            (own if kind == "predict" else own["predict"])["demos"] = [{"question": "q", "answer": "é “a”"}]
            changed = {**own, "metadata": {"dependency_versions": {"dspy": dspy.__version__}}}
            assert bridge.dispatch("import_program_state", {**ask, "text": json.dumps(changed)}) == ask
            assert bridge.dispatch("get_program_state", ask) == own
            assert bridge.dispatch("get_program_info", ask)["compiled"]


def test_values_without_a_form_in_json_are_written_as_prompts_show_them() -> None:
    values = {
        "price": Decimal("1.10"),
        "day": datetime.date(2024, 2, 29),
        "at": datetime.datetime(2024, 2, 29, 10, 30, tzinfo=datetime.UTC),
        "part": [(1, Decimal("2.50")), {1: None}, {3}],
    }
    with program() as (bridge, ask):
        with_demo(bridge, ask, question="q", **values)
        text = bridge.dispatch("export_program_state", ask)["text"]
    demo = json.loads(text)["demos"][0]
    assert demo == {
        "question": "q",
        "price": "1.10",
        "day": "2024-02-29",
        "at": "2024-02-29T10:30:00Z",
        "part": [[1, "2.50"], {"1": None}, [3]],
    }


def test_a_value_that_would_not_come_back_is_refused_with_its_place() -> None:
    cases: list[tuple[Any, str]] = [
        (float("nan"), "state.demos[0].x"),
        ([1.5, float("inf")], "state.demos[0].x[1]"),
        ({"a": 2**64}, "state.demos[0].x.a"),
        ("\ud800", "state.demos[0].x"),
    ]
    for value, path in cases:
        with program() as (bridge, ask):
            with_demo(bridge, ask, x=value)
            assert raised(SpecError, partial(bridge.dispatch, "export_program_state", ask)).path == path


def test_a_text_that_is_no_state_is_refused_with_the_place() -> None:
    with program() as (bridge, ask):
        own = json.loads(bridge.dispatch("export_program_state", ask)["text"])
        versions = own["metadata"]
        before = bridge.dispatch("get_program_info", ask)
        cases = {
            "": "state",
            json.dumps(own)[:-1]: "state",
            "7": "state",
            json.dumps({**own, "metadata": None}): "state.metadata.dependency_versions.dspy",
            json.dumps({**own, "metadata": {"dependency_versions": {}}}): "state.metadata.dependency_versions.dspy",
            json.dumps({"metadata": versions}): "state",
            json.dumps({**own, "demos": {}}): "state.demos",
        }
        for text, path in cases.items():
            error = raised(SpecError, partial(bridge.dispatch, "import_program_state", {**ask, "text": text}))
            assert error.path == path, (text, error)
        raised(UnknownProgramError, partial(bridge.dispatch, "export_program_state", {"program": "none"}))
        assert bridge.dispatch("get_program_info", ask) == before


def test_a_state_of_another_signature_is_refused() -> None:
    described = dspy.Signature("first, second -> third").with_updated_fields("first", desc="the one")

    def load(**of_second: str) -> None:
        module = dspy.Predict(described)
        state = module.dump_state()
        state["signature"]["fields"][1].update(of_second)
        _state.load(module, state)

    load()
    load(prefix="Third:", description="what an optimizer wrote")
    load(description="${first} of all")
    assert raised(SpecError, partial(load, description="${third}")).path == "state.signature.fields[1]"
    other = dspy.Predict(dspy.Signature("second, first -> third").with_updated_fields("second", desc="a"))
    for name in ("first", "third"):
        other.signature = other.signature.with_updated_fields(name, desc="b")
    error = raised(SpecError, lambda: _state.load(dspy.Predict(described), other.dump_state()))
    assert error.path == "state.signature.fields[0]"
    assert "first, second, third" in str(error)
    chain = dspy.ChainOfThought("question -> answer")
    state = chain.dump_state()
    state["predict"]["signature"]["fields"].reverse()
    assert raised(SpecError, lambda: _state.load(chain, state)).path == "state.predict.signature.fields[0]"


def test_another_version_of_dspy_is_a_warning() -> None:
    logged: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: logged.append(record.getMessage())  # type: ignore[method-assign]
    _state.logger.addHandler(handler)
    try:
        for version in (dspy.__version__, "2.6.0"):
            with program() as (bridge, ask):
                text = bridge.dispatch("export_program_state", ask)["text"].replace(dspy.__version__, version)
                bridge.dispatch("import_program_state", {**ask, "text": text})
    finally:
        _state.logger.removeHandler(handler)
    assert len(logged) == 1
    assert "dspy==2.6.0" in logged[0]

"""Plans of programs of several requests. Plain functions and asserts only, so that any Python runs them."""

import json
from functools import partial
from typing import Any

from terrarium.bridge import ArgumentError
from terrarium.dspy import DspyBridge
from test_dspy_bridge import hosted, raised
from test_dspy_modules import json_by_the_host
from test_dspy_react import SPEC as REACT

ASK = {"kind": "predict", "signature": "question -> answer"}
BEST: dict[str, Any] = {"kind": "best_of_n", "of": ASK, "n": 3, "threshold": 1.0}
REFINE: dict[str, Any] = {**BEST, "kind": "refine", "reward": "It is short."}
COMPARE = {"kind": "multi_chain_comparison", "signature": "question -> answer", "attempts": 2}
ADAPTERS = ("json", "chat", "auto", "xml")


def flow_of(bridge: DspyBridge, spec: dict[str, Any]) -> Any:
    program = bridge.dispatch("create_program", {"spec": spec})["program"]
    return bridge.dispatch("freeze_program", {"program": program})


def places(plan: dict[str, Any]) -> list[str]:
    """Return the names of the inputs that a request has, in their order."""
    names = [each["name"] for each in plan["inputs"]]
    return [names[part] for part in plan["request"]["messages"][-1]["content"] if isinstance(part, int)]


def test_a_flow_has_plans_of_its_predictors_and_runs_of_dspy() -> None:
    with hosted() as fake, json_by_the_host():
        bridge = DspyBridge()
        for adapter in ADAPTERS:
            options = {"options": {"adapter": adapter}}
            react = flow_of(bridge, {**REACT, **options})
            assert places(react["react"]) == ["question", "trajectory"]
            assert places(react["extract"]) == ["question", "trajectory"]
            assert list(react["tools"]) == ["add", "look_up"]
            assert places(flow_of(bridge, {**COMPARE, **options})["plan"])[1:] == [
                "reasoning_attempt_1",
                "reasoning_attempt_2",
            ]
            for spec in (BEST, REFINE):
                tried = flow_of(bridge, {**spec, "of": {**ASK, **options}})
                assert places(tried["plan"]) == ["question"]
                assert tried["plan"]["request"]["rollout"] == "0"
                assert tried["plan"]["request"]["temperature"] == 1.0
                assert any(proof["outputs"] for proof in tried["proofs"]), adapter
            assert places(tried["hinted"]) == ["question", "hint_"]
            assert places(tried["advice"])[3:6] == ["program_trajectory", "program_outputs", "reward_code"]
            assert "rollout" not in tried["advice"]["request"]
            asked = [event for proof in react["proofs"] for event in proof["events"] if "request" in event]
            assert {event["asker"] for event in asked} == {"react", "extract.predict"}
    assert fake.requests == []


def test_a_run_of_one_attempt_asks_for_no_advice() -> None:
    with hosted():
        assert flow_of(DspyBridge(), {**REFINE, "n": 1})["kind"] == "best_of_n"


def test_what_is_known_is_not_asked_again() -> None:
    answers = iter([{"text": '{"answer": "long"}'}, None])
    with hosted('{"answer": "short"}') as fake:
        bridge = DspyBridge()
        program = bridge.dispatch("create_program", {"spec": BEST})["program"]
        result = bridge.dispatch(
            "act",
            {
                "program": program,
                "inputs": {"question": "?"},
                "tools": {"@reward": lambda _, outputs: float(outputs["answer"] == "short")},
                "answered": lambda _: next(answers),
            },
        )
    assert result["outputs"] == {"answer": "short"}
    assert [request["rollout"] for request in fake.requests] == ["1"]


def test_what_cannot_be_frozen_exactly_is_refused_by_name() -> None:
    dated = {**ASK, "signature": "question -> answer: date"}
    tools = {**REACT, "signature": "question -> answer: set[str]"}
    refused: dict[str, dict[str, Any]] = {
        "the module ReAct within BestOfN": {**BEST, "of": REACT},
        "the field 'answer' in dspy.Refine, since it is of the type date": {**REFINE, "of": dated},
        "output 'answer', since it is of the type set[str]": tools,
        "the module HostModule within BestOfN": {
            **BEST,
            "of": {"kind": "composed", "signature": "question -> answer", "predictors": {"ask": ASK}},
        },
    }
    with hosted():
        bridge = DspyBridge()
        for reason, spec in refused.items():
            error = raised(ArgumentError, partial(flow_of, bridge, spec))
            assert str(error).startswith(f"freeze_program: cannot be frozen exactly: {reason}"), error
        bridge.dispatch("configure", {"cache": True})
        assert "exactly: cache" in str(raised(ArgumentError, partial(flow_of, bridge, BEST)))


def test_a_flow_is_plain_data() -> None:
    with hosted(), json_by_the_host():
        flow = flow_of(DspyBridge(), REFINE)
    assert json.loads(json.dumps(flow["constants"])) == flow["constants"]
    assert "class Predict" in flow["constants"]["program_code"]

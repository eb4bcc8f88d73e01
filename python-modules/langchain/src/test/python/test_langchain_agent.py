"""Programs with tools, on a fake host: what the language model is told, and what its calls lead to."""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Any

import pytest

from terrarium.bridge import ArgumentError, HostCallError, SpecError

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import FakeHost
    from terrarium.langchain import LangchainBridge

    Functions = dict[str, Callable[[dict[str, Any]], dict[str, Any]]]

PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "its name"}, "days": {"type": "integer"}},
    "required": ["city"],
    "additionalProperties": False,
}
WEATHER = {"name": "weather", "description": "Tells the weather.", "parameters": json.dumps(PARAMETERS)}
CLOCK = {"name": "clock", "description": "Tells the time.", "parameters": '{"type": "object", "properties": {}}'}
SPEC = {"prompt": "{question}", "tools": [WEATHER, CLOCK]}
FORM = {"type": "record", "name": "Form", "fields": [{"name": "warm", "type": {"type": "boolean"}}]}


class JavaError(BaseException):
    """As a Java exception, which is no Exception to Python."""


def calls(*named: tuple[str, Any], text: str = "") -> dict[str, Any]:
    made = [
        {"id": f"call-{index}", "name": name, "arguments": each if isinstance(each, str) else json.dumps(each)}
        for index, (name, each) in enumerate(named)
    ]
    return {"text": text, "tool_calls": made, "finish_reason": "tool_calls"}


def functions(**more: Any) -> Functions:
    usual: Functions = {
        "weather": lambda arguments: {"value": f"Rain in {arguments['city']}."},
        "clock": lambda _: {"value": datetime.time(12, 30)},
    }
    return {**usual, **more}


def act(bridge: LangchainBridge, spec: dict[str, Any] = SPEC, tools: Any = None, **more: Any) -> dict[str, Any]:
    program = bridge.dispatch("define_program", {"spec": spec})["program"]
    given = functions() if tools is None else tools
    arguments = {"program": program, "inputs": {"question": "Umbrella?"}, "tools": given, **more}
    result: dict[str, Any] = bridge.dispatch("act", arguments)
    return result


def test_tools_are_called_until_the_model_answers(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.answers = [calls(("weather", {"city": "Paris"}), ("clock", {})), "Take one."]
    result = act(bridge)
    assert result == {
        "output": "Take one.",
        "steps": [
            {"tool": "weather", "arguments": {"city": "Paris"}, "result": "Rain in Paris.", "failed": False},
            {"tool": "clock", "arguments": {}, "result": datetime.time(12, 30), "failed": False},
        ],
        "finished": True,
        "usage": {"calls": 2, "prompt_tokens": 14, "completion_tokens": 6, "seconds": 1.0},
    }
    first, second = fake.requests
    assert [tool["name"] for tool in first["tools"]] == ["weather", "clock"]
    assert first["tools"][0]["description"] == "Tells the weather."
    assert first["tools"][0]["parameters"]["properties"]["city"] == PARAMETERS["properties"]["city"]  # type: ignore[index]
    assert [message["role"] for message in second["messages"]] == ["user", "assistant", "tool", "tool"]
    assert [call["id"] for call in second["messages"][1]["tool_calls"]] == ["call-0", "call-1"]
    assert [(each["tool_call_id"], each["content"]) for each in second["messages"][2:]] == [
        ("call-0", "Rain in Paris."),
        ("call-1", '"12:30:00"'),
    ]


def test_failures_are_read_by_the_model(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.answers = [calls(("weather", {"city": "Atlantis"})), calls(("tides", {})), calls(("weather", "{city")), "No."]
    tools = functions(weather=lambda _: {"error": "no such city"})
    result = act(bridge, tools=tools)
    assert [(step["tool"], step["failed"]) for step in result["steps"]] == [
        ("weather", True),
        ("tides", True),
        ("weather", True),
    ]
    told = [message["content"] for message in fake.requests[-1]["messages"] if message["role"] == "tool"]
    assert told[0] == "no such city"
    assert told[1] == "tides is no tool. The tools are weather, clock"
    assert told[2].startswith("The arguments of weather are no JSON object")


def test_a_tool_that_raises_ends_the_call_with_what_the_host_raised(bridge: LangchainBridge, fake: FakeHost) -> None:
    failure = HostCallError("args.tools.weather", JavaError("dev.example.Broken: no more"))

    def broken(_: dict[str, Any]) -> Any:
        raise failure

    fake.answers = [calls(("weather", {"city": "Paris"}))]
    with pytest.raises(HostCallError) as raised:
        act(bridge, tools=functions(weather=broken))
    assert raised.value is failure


def test_the_steps_are_limited(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.answers = [calls(("clock", {})), calls(("clock", {})), calls(("clock", {}))]
    result = act(bridge, max_steps=2)
    assert (result["output"], result["finished"], len(result["steps"])) == (None, False, 2)
    assert len(fake.requests) == 3
    fake.answers = [calls(("clock", {})), "Half past twelve."]
    assert act(bridge, max_steps=1)["output"] == "Half past twelve."


def test_an_answer_of_a_type_is_asked_for_in_the_end(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.answers = [calls(("weather", {"city": "Paris"})), "It rains.", '{"warm": false}']
    result = act(bridge, {**SPEC, "output": FORM})
    assert result["output"] == {"warm": False}
    last = fake.requests[-1]
    assert last["schema"]["properties"] == {"warm": {"type": "boolean"}}
    assert last["tool_choice"] == "none"
    assert [message["role"] for message in last["messages"]] == ["user", "assistant", "tool"]


def test_a_session_keeps_what_was_said(bridge: LangchainBridge, fake: FakeHost) -> None:
    prompt = [{"role": "system", "template": "Be brief."}, {"role": "history", "last": 4}]
    spec = {**SPEC, "prompt": [*prompt, {"role": "human", "template": "{question}"}]}
    fake.session = {}
    fake.answers = [calls(("clock", {})), "Noon.", "Noon, still."]
    act(bridge, spec)
    assert fake.session["history"] == [
        {"role": "user", "content": "Umbrella?"},
        {"role": "assistant", "content": "Noon."},
    ]
    act(bridge, spec)
    assert [message["content"] for message in fake.requests[-1]["messages"]] == [
        *("Be brief.", "Umbrella?", "Noon.", "Umbrella?")
    ]


def test_calls_without_the_right_tools_are_refused(bridge: LangchainBridge, fake: FakeHost) -> None:
    program = bridge.dispatch("define_program", {"spec": SPEC})["program"]
    plain = bridge.dispatch("define_program", {"spec": {"prompt": "?"}})["program"]
    inputs = {"inputs": {"question": "?"}}
    with pytest.raises(ArgumentError, match="missing tool 'clock'"):
        act(bridge, tools={"weather": len})
    for command in ("invoke", "stream"):
        with pytest.raises(ArgumentError, match="run it by 'act'"):
            bridge.dispatch(command, {"program": program, **inputs})
    with pytest.raises(ArgumentError, match="has no tools"):
        bridge.dispatch("act", {"program": plain, "inputs": {}, "tools": {}})
    with pytest.raises(ArgumentError, match="max_steps"):
        act(bridge, max_steps=0)
    with pytest.raises(ArgumentError, match="unknown prompt variable"):
        act(bridge, inputs={"question": "?", "more": 1})
    assert not fake.requests


@pytest.mark.usefixtures("fake")
def test_specs_that_are_wrong_name_the_place(bridge: LangchainBridge) -> None:
    odd = {**CLOCK, "parameters": '{"type": "object", "properties": {"config": {}}}'}
    for tools, place in (([], "spec.tools"), ([CLOCK, CLOCK], r"spec\.tools\[1\]\.name"), ([odd], "'config'")):
        with pytest.raises(SpecError, match=place):
            act(bridge, {**SPEC, "tools": tools})

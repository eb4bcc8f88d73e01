"""What DSPy's requests say to the host: tools, media, reasoning. Plain functions and asserts only."""

import json
from functools import partial
from typing import Any

import dspy
from dspy.lm15 import (
    Config,
    DocumentPart,
    FunctionTool,
    ImagePart,
    Message,
    Reasoning,
    Request,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolChoice,
    ToolResultPart,
    UnsupportedFeatureError,
)

from terrarium.bridge import host
from terrarium.dspy._messages import answered, asked
from terrarium.dspy._model import HostEngine
from test_dspy_bridge import raised

PARAMETERS = {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]}
WEATHER = FunctionTool(name="weather", description="Tells the weather.", parameters=PARAMETERS)
CALL = {"id": "1", "name": "weather", "arguments": '{"place": "Rome"}'}


def request(*messages: Message, **rest: Any) -> Request:
    return Request(model="m", messages=messages or (Message.user("x"),), **rest)


def test_tools_and_their_results() -> None:
    question = request(
        Message.user("How is Rome?"),
        Message.assistant(
            [ThinkingPart(text="Hm."), ToolCallPart(id="1", name="weather", input={"place": "Rome"})],
        ),
        Message(role="tool", parts=(ToolResultPart(id="1", content=(TextPart(text="sunny"),)),)),
        tools=(WEATHER,),
        config=Config(tool_choice=ToolChoice(mode="required", parallel=False)),
    )
    sent = asked(question, None)
    assert sent["messages"][1:] == [
        {"role": "assistant", "content": "", "tool_calls": [CALL]},
        {"role": "tool", "content": "sunny", "tool_call_id": "1"},
    ]
    assert sent["tools"] == [{"name": "weather", "description": "Tells the weather.", "parameters": PARAMETERS}]
    assert sent["tool_choice"] == "required"
    assert sent["parallel_tool_calls"] is False


def test_a_choice_of_one_tool_leaves_out_the_others() -> None:
    other = FunctionTool(name="other")
    choice = Config(tool_choice=ToolChoice(mode="required", allowed=("other",)))
    sent = asked(request(tools=(WEATHER, other), config=choice), None)
    assert [tool["name"] for tool in sent["tools"]] == ["other"]


def test_images_and_documents() -> None:
    sent = asked(
        request(
            Message.user(
                [
                    TextPart(text="what is this?"),
                    ImagePart(data="AQID"),
                    DocumentPart(url="https://example.org/x.pdf"),
                ]
            )
        ),
        None,
    )
    assert sent["messages"] == [
        {
            "role": "user",
            "content": "what is this?",
            "media": [
                {"mime_type": "image/png", "data": "AQID"},
                {"mime_type": "application/pdf", "url": "https://example.org/x.pdf"},
            ],
        }
    ]


def test_sampling_and_effort() -> None:
    sent = asked(request(config=Config(top_p=0.5, reasoning=Reasoning(effort="off"))), None)
    assert sent["top_p"] == 0.5
    assert sent["reasoning_effort"] == "none"
    assert "top_p" not in asked(request(), None)


def test_what_the_host_has_no_form_for_is_named() -> None:
    for question, feature in (
        (request(Message.user([ImagePart(file_id="7")])), "files by id"),
        (request(config=Config(reasoning=Reasoning(effort="low", thinking_budget=7))), "budgets of reasoning"),
        (request(Message(role="developer", parts=(TextPart(text="x"),))), "messages of role 'developer'"),
    ):
        assert raised(UnsupportedFeatureError, partial(asked, question, None)).feature == feature


def test_an_answer_with_tool_calls_and_reasoning() -> None:
    response = answered(
        request(),
        {
            "text": "",
            "tool_calls": [CALL],
            "reasoning": "Hm.",
            "finish_reason": "tool_calls",
            "prompt_tokens": 7,
            "completion_tokens": 3,
            "cached_tokens": 5,
            "reasoning_tokens": 2,
        },
    )
    assert [part.type for part in response.message.parts] == ["thinking", "tool_call"]
    assert response.tool_calls[0].input == {"place": "Rome"}
    assert response.finish_reason == "tool_call"
    assert (response.usage.cache_read_tokens, response.usage.reasoning_tokens) == (5, 2)


def weather(place: str) -> str:
    """Tells the weather."""
    return f"{place}: sunny"


CALLING = dspy.Signature(
    {
        "question": (str, dspy.InputField()),
        "tools": (list[dspy.Tool], dspy.InputField()),
        "calls": (dspy.ToolCalls, dspy.OutputField()),
    },
    "Answer with tools.",
)


def test_a_signature_with_tools_calls_them_natively() -> None:
    requests: list[dict[str, Any]] = []

    def generate(sent: dict[str, Any]) -> dict[str, Any]:
        requests.append(sent)
        return {"text": "", "tool_calls": [CALL], "finish_reason": "tool_calls", "model": "fake"}

    host.install({"model.generate": generate})
    try:
        with dspy.context(lm=dspy.LM("host/fake", engine=HostEngine(), cache=False), adapter=dspy.JSONAdapter()):
            prediction = dspy.Predict(CALLING)(question="How is Rome?", tools=[dspy.Tool(weather)])
    finally:
        host.uninstall("model.generate")
    call = prediction.calls.tool_calls[0]
    assert (call.name, call.args) == ("weather", {"place": "Rome"})
    assert [tool["name"] for tool in requests[0]["tools"]] == ["weather"]
    assert json.dumps(requests[0]["messages"]).count("weather") == 0

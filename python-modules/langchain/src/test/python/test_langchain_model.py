"""The host's language model as a chat model of LangChain."""

from __future__ import annotations

import asyncio
import datetime
from typing import TYPE_CHECKING, Any, TypedDict

import pytest
from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage, AIMessageChunk, ChatMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from pydantic import BaseModel, Field

import terrarium.langchain
from terrarium.bridge import host
from terrarium.langchain import HostChatModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import FakeHost


class Person(BaseModel):
    """Somebody."""

    name: str = Field(description="in full")
    age: int


def test_messages_of_all_roles(fake: FakeHost) -> None:
    fake.answers = ["yes"]
    parts: list[str | dict[Any, Any]] = ["a", {"type": "text", "text": "b"}]
    HostChatModel().invoke(
        [
            SystemMessage("s"),
            HumanMessage(parts),
            AIMessage("c"),
            ChatMessage(role="user", content="d"),
            ("human", "e"),
        ]
    )
    assert fake.requests[0]["messages"] == [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "ab"},
        {"role": "assistant", "content": "c"},
        {"role": "user", "content": "d"},
        {"role": "user", "content": "e"},
    ]


@pytest.mark.parametrize(
    ("message", "lack"),
    [
        (ChatMessage(role="critic", content="x"), "messages of type 'chat'"),
        (HumanMessage([{"type": "image", "file_id": "7"}]), "'image' content by id"),
        (HumanMessage([{"type": "sound"}]), "'sound' content"),
        (HumanMessage([{"type": "image_url", "image_url": "data:image/svg+xml,<svg/>"}]), "not in base 64"),
        (
            SystemMessage([{"type": "image", "base64": "AQID", "mime_type": "image/png"}]),
            "media in messages of role 'system'",
        ),
    ],
)
def test_refuses_by_name(fake: FakeHost, message: Any, lack: str) -> None:
    with pytest.raises(NotImplementedError, match=lack):
        HostChatModel().invoke([message])
    assert fake.requests == []


@pytest.mark.parametrize(
    ("part", "medium"),
    [
        (
            {"type": "image_url", "image_url": {"url": "https://example.org/x.png"}},
            {"mime_type": "image/*", "url": "https://example.org/x.png"},
        ),
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AQID"}},
            {"mime_type": "image/png", "data": "AQID"},
        ),
        (
            {"type": "image", "base64": "AQID", "mime_type": "image/png"},
            {"mime_type": "image/png", "data": "AQID"},
        ),
        (
            {"type": "file", "source_type": "base64", "data": "AQID", "mime_type": "application/pdf"},
            {"mime_type": "application/pdf", "data": "AQID"},
        ),
        (
            {"type": "audio", "url": "https://example.org/x.wav"},
            {"mime_type": "audio/wav", "url": "https://example.org/x.wav"},
        ),
    ],
)
def test_media_of_a_message(fake: FakeHost, part: dict[Any, Any], medium: dict[str, str]) -> None:
    fake.answers = ["a cat"]
    HostChatModel().invoke([HumanMessage([{"type": "text", "text": "what is this?"}, part])])
    assert fake.requests[0]["messages"] == [{"role": "user", "content": "what is this?", "media": [medium]}]


def weather(place: str, days: int = 1) -> str:
    """Tell the weather of a place."""
    return f"{place}: sunny for {days} days"


WEATHER = {
    "name": "weather",
    "description": "Tell the weather of a place.",
    "parameters": {
        "type": "object",
        "properties": {"place": {"type": "string"}, "days": {"type": "integer", "default": 1}},
        "required": ["place"],
    },
}
CALL = {"id": "1", "name": "weather", "arguments": '{"place": "Rome"}'}


def test_a_tool_is_called_and_its_result_goes_back(fake: FakeHost) -> None:
    fake.answers = [
        {"text": "", "tool_calls": [CALL], "finish_reason": "tool_calls", "reasoning": "Hm."},
        "It is sunny.",
    ]
    model = HostChatModel().bind_tools([weather], parallel_tool_calls=False)
    question = HumanMessage("How is Rome?")
    answer = model.invoke([question])
    assert answer.tool_calls == [{"name": "weather", "args": {"place": "Rome"}, "id": "1", "type": "tool_call"}]
    assert answer.response_metadata["finish_reason"] == "tool_calls"
    assert answer.additional_kwargs == {"reasoning_content": "Hm."}
    result = ToolMessage("sunny", tool_call_id="1")
    assert model.invoke([question, answer, result]).content == "It is sunny."
    request = fake.requests[1]
    assert request["tools"] == [WEATHER]
    assert request["tool_choice"] == "auto"
    assert request["parallel_tool_calls"] is False
    assert request["messages"][1:] == [
        {"role": "assistant", "content": "", "tool_calls": [CALL]},
        {"role": "tool", "content": "sunny", "tool_call_id": "1"},
    ]


@pytest.mark.parametrize(
    ("choice", "mode", "names"),
    [
        (None, "auto", ["weather", "other"]),
        ("auto", "auto", ["weather", "other"]),
        ("none", "none", ["weather", "other"]),
        ("any", "required", ["weather", "other"]),
        (True, "required", ["weather", "other"]),
        ("other", "required", ["other"]),
        ({"type": "function", "function": {"name": "other"}}, "required", ["other"]),
    ],
)
def test_choice_of_a_tool(fake: FakeHost, choice: Any, mode: str, names: list[str]) -> None:
    fake.answers = ["x"]
    other = {**WEATHER, "name": "other"}
    HostChatModel().bind_tools([weather, other], tool_choice=choice).invoke("x")
    assert fake.requests[0]["tool_choice"] == mode
    assert [tool["name"] for tool in fake.requests[0]["tools"]] == names


def test_a_tool_that_is_not_there_cannot_be_chosen(fake: FakeHost) -> None:
    with pytest.raises(ValueError, match="no tool 'rain'"):
        HostChatModel().bind_tools([weather], tool_choice="rain").invoke("x")
    assert fake.requests == []


def test_arguments_that_are_no_object_are_an_invalid_call(fake: FakeHost) -> None:
    fake.answers = [{"text": "", "tool_calls": [{**CALL, "arguments": "{"}, {**CALL, "id": "2", "arguments": "5"}]}]
    answer = HostChatModel().bind_tools([weather]).invoke("x")
    assert isinstance(answer, AIMessage)
    assert answer.tool_calls == []
    assert [call["id"] for call in answer.invalid_tool_calls] == ["1", "2"]
    assert "no JSON object" in str(answer.invalid_tool_calls[0]["error"])


def test_pieces_of_tool_calls_join(fake: FakeHost) -> None:
    pieces: list[dict[str, Any]] = [{"reasoning": "H"}, {"reasoning": "m."}]
    pieces += [{"tool_call": {**CALL, "index": 0, "arguments": part}} for part in ('{"place"', ': "Rome"}')]
    pieces += [{"tool_call": {**CALL, "id": "2", "index": 1}}]
    fake.answers = [{"text": "", "tool_calls": [CALL, {**CALL, "id": "2"}], "pieces": pieces}]
    chunks = list(HostChatModel().bind_tools([weather]).stream("x"))
    whole = sum(chunks[1:], start=chunks[0])
    assert isinstance(whole, AIMessageChunk)
    call = {"name": "weather", "args": {"place": "Rome"}, "type": "tool_call"}
    assert whole.tool_calls == [{**call, "id": "1"}, {**call, "id": "2"}]
    assert whole.additional_kwargs["reasoning_content"] == "Hm."
    assert fake.closed == 1


def test_tokens_that_were_cached_or_reasoned(fake: FakeHost) -> None:
    fake.answers = [{"text": "x", "cached_tokens": 5, "reasoning_tokens": 2}]
    answer = HostChatModel().invoke("x")
    assert isinstance(answer, AIMessage)
    assert answer.usage_metadata == {
        "input_tokens": 7,
        "output_tokens": 3,
        "total_tokens": 10,
        "input_token_details": {"cache_read": 5},
        "output_token_details": {"reasoning": 2},
    }


def test_top_p_and_effort(fake: FakeHost) -> None:
    fake.answers = ["x", "x"]
    HostChatModel(top_p=1, reasoning_effort="low").invoke("x")
    HostChatModel(top_p=1).invoke("x", top_p=0.5, reasoning_effort="high")
    assert [(asked["top_p"], asked["reasoning_effort"]) for asked in fake.requests] == [(1.0, "low"), (0.5, "high")]


def test_answer(fake: FakeHost) -> None:
    fake.answers = [{"text": "Par", "finish_reason": "length"}]
    answer = HostChatModel(max_tokens=5).invoke("x")
    assert isinstance(answer, AIMessage)
    assert answer.content == "Par"
    assert answer.usage_metadata == {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}
    metadata = answer.response_metadata
    assert {name: metadata[name] for name in ("finish_reason", "max_tokens", "model_name", "seconds")} == {
        "finish_reason": "length",
        "max_tokens": 5,
        "model_name": "fake",
        "seconds": 0.5,
    }


def test_options_of_the_model_of_bind_and_of_a_call(fake: FakeHost) -> None:
    fake.answers = ["", "", ""]
    model = HostChatModel(model="small", temperature=1, max_tokens=5, seed=3, stop=["a"])
    model.invoke("x")
    model.bind(temperature=0, stop=["b"], schema={"type": "object"}).invoke("x")
    model.invoke("x", model="large", max_tokens=6, seed=None, stop=["c"])
    names = ("model", "temperature", "max_tokens", "seed", "stop", "schema")
    assert [tuple(request[name] for name in names) for request in fake.requests] == [
        ("small", 1.0, 5, 3, ["a"], None),
        ("small", 0.0, 5, 3, ["b"], {"type": "object"}),
        ("large", 1.0, 6, None, ["c"], None),
    ]
    with pytest.raises(TypeError, match="unknown options top_k of HostChatModel"):
        model.invoke("x", top_k=1)


def test_in_a_chain_in_a_batch_and_as_a_stream(fake: FakeHost) -> None:
    fake.answers = ["one", "two"]
    chain = ChatPromptTemplate.from_messages([("human", "{n}")]) | HostChatModel() | StrOutputParser()
    assert chain.batch([{"n": 1}, {"n": 2}], {"max_concurrency": 1}) == ["one", "two"]
    fake.answers = ["three four"]
    assert [piece for piece in chain.stream({"n": 3}) if piece] == ["three ", "four"]
    assert [request["messages"][0]["content"] for request in fake.requests] == ["1", "2", "3"]


def test_a_stream_of_chunks_adds_up_to_the_answer(fake: FakeHost) -> None:
    fake.answers = [{"text": "one two", "finish_reason": "length"}, {"text": "one two", "finish_reason": "length"}]
    whole = HostChatModel().invoke("?")
    chunks = list(HostChatModel().stream("?"))
    assert [chunk.content for chunk in chunks] == ["one ", "two", ""]
    added = chunks[0] + chunks[1] + chunks[2]
    assert isinstance(added, AIMessageChunk)
    assert isinstance(whole, AIMessage)
    assert added.content == whole.content
    assert added.usage_metadata == whole.usage_metadata
    assert added.response_metadata == whole.response_metadata
    assert added.chunk_position == "last"


def test_structured_output_of_a_class(fake: FakeHost) -> None:
    fake.answers = ['{"name": "Ada", "age": 36}']
    assert HostChatModel().with_structured_output(Person).invoke("Who?") == Person(name="Ada", age=36)
    schema = fake.requests[0]["schema"]
    assert schema["properties"] == {
        "name": {"type": "string", "description": "in full"},
        "age": {"type": "integer"},
    }
    assert schema["required"] == ["name", "age"]


def test_structured_output_has_times_that_can_be_written(fake: FakeHost) -> None:
    class Meeting(BaseModel):
        at: datetime.datetime

    fake.answers = ['{"at": "2024-02-29T01:02:03+05:30"}']
    meeting = HostChatModel().with_structured_output(Meeting).invoke("When?")
    assert isinstance(meeting, Meeting)
    assert isinstance(meeting.at.tzinfo, datetime.timezone)
    assert meeting.model_dump_json() == '{"at":"2024-02-29T01:02:03+05:30"}'  # ends the process with pydantic's zone


def test_structured_output_of_a_schema_and_of_a_typed_dict(fake: FakeHost) -> None:
    class Point(TypedDict):
        """A point."""

        x: int

    schema = {"title": "Point", "type": "object", "properties": {"x": {"type": "integer"}}}
    fake.answers = ['{"x": 1}', '{"x": 2}']
    assert HostChatModel().with_structured_output(schema).invoke("?") == {"x": 1}
    assert HostChatModel().with_structured_output(Point, strict=True).invoke("?") == {"x": 2}
    assert fake.requests[0]["schema"] == schema
    assert fake.requests[1]["schema"]["properties"] == {"x": {"type": "integer"}}


def test_structured_output_with_the_raw_answer(fake: FakeHost) -> None:
    structured = HostChatModel().with_structured_output(Person, include_raw=True)
    fake.answers = ['{"name": "Ada", "age": 36}', "nobody"]
    good, bad = structured.invoke("?"), structured.invoke("?")
    assert isinstance(good, dict)
    assert isinstance(bad, dict)
    assert (good["raw"].content, good["parsed"], good["parsing_error"]) == (
        '{"name": "Ada", "age": 36}',
        Person(name="Ada", age=36),
        None,
    )
    assert (bad["raw"].content, bad["parsed"]) == ("nobody", None)
    assert isinstance(bad["parsing_error"], OutputParserException)


@pytest.mark.parametrize("schema", [Person, {"title": "P", "type": "object", "properties": {}}])
def test_structured_output_that_was_cut_off(fake: FakeHost, schema: Any) -> None:
    fake.answers = [{"text": '{"name": "Ada", "age": 3', "finish_reason": "length"}]
    with pytest.raises(OutputParserException, match="cut off by its limit of tokens"):
        HostChatModel().with_structured_output(schema).invoke("?")


@pytest.mark.parametrize("schema", [Person, {"title": "P", "type": "object", "properties": {}}])
def test_structured_output_that_was_cut_off_in_a_stream(fake: FakeHost, schema: Any) -> None:
    async def collected() -> list[Any]:
        return [piece async for piece in HostChatModel().with_structured_output(schema).astream("?")]

    cut_off = {"text": '{"name": "Ada", "age": 3', "finish_reason": "length"}
    fake.answers = [cut_off, cut_off, '{"name": "Ada", "age": 36}']
    with pytest.raises(OutputParserException, match="cut off by its limit of tokens"):
        list(HostChatModel().with_structured_output(schema).stream("?"))
    with pytest.raises(OutputParserException, match="cut off by its limit of tokens"):
        asyncio.run(collected())
    last = asyncio.run(collected())[-1]
    assert last == (Person(name="Ada", age=36) if schema is Person else {"name": "Ada", "age": 36})


@pytest.mark.parametrize("schema", [Person, {"title": "P", "type": "object", "properties": {}}])
def test_structured_output_that_is_broken(fake: FakeHost, schema: Any) -> None:
    fake.answers = ['{"name": "Ada" the first", "age": 36}']
    with pytest.raises(OutputParserException, match="Invalid json output"):
        HostChatModel().with_structured_output(schema).invoke("?")


def test_fallbacks_and_retries_see_an_answer_that_was_cut_off(fake: FakeHost) -> None:
    cut_off = {"text": '{"name": "Ada", "age": 3', "finish_reason": "length"}
    fake.answers = [cut_off, '{"name": "Ada", "age": 36}', cut_off, '{"name": "Ada", "age": 37}']
    structured = HostChatModel(max_tokens=9).with_structured_output(Person)
    more = HostChatModel(max_tokens=20).with_structured_output(Person)
    falling_back = structured.with_fallbacks([more], exceptions_to_handle=(OutputParserException,))
    assert falling_back.invoke("?") == Person(name="Ada", age=36)
    retried = structured.with_retry(retry_if_exception_type=(OutputParserException,), wait_exponential_jitter=False)
    assert retried.invoke("?") == Person(name="Ada", age=37)
    assert [request["max_tokens"] for request in fake.requests] == [9, 20, 9, 9]


def test_upstream_s_option_whether_to_stream(fake: FakeHost) -> None:
    fake.answers = ["yes", "no"]
    assert HostChatModel().invoke("?", stream=True).content == "yes"
    assert fake.closed == 1
    assert HostChatModel().bind(stream=False).invoke("?").content == "no"
    assert fake.closed == 1


def test_structured_output_knows_one_method() -> None:
    with pytest.raises(ValueError, match="knows method 'json_schema' only, got 'function_calling'"):
        HostChatModel().with_structured_output(Person, method="function_calling")


def test_the_package_has_two_names() -> None:
    assert terrarium.langchain.HostChatModel is HostChatModel
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = terrarium.langchain.Nothing


def test_tokens_are_counted_by_the_hosts_model() -> None:
    asked = []

    def encode(model: str | None, text: str) -> list[int]:
        asked.append(model)
        return [len(word) for word in text.split()]

    services: dict[str, Callable[..., Any]] = {
        "tokenizer.encode": encode,
        "tokenizer.count": lambda model, text: len(encode(model, text)),
    }
    host.install(services)
    try:
        assert HostChatModel().get_num_tokens("to be or not") == 4
        assert HostChatModel(model="mine").get_token_ids("to be or") == [2, 2, 2]
        assert HostChatModel().get_num_tokens_from_messages([HumanMessage("to be"), AIMessage("or not")]) == 6
        custom = HostChatModel(custom_get_token_ids=lambda text: [7] * len(text))
        assert custom.get_num_tokens("abc") == 3
        assert custom.get_token_ids("a") == [7]
    finally:
        host.uninstall(*services)
    assert asked == [None, "mine", None, None]

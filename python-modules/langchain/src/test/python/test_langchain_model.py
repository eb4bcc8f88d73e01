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
        (ToolMessage("x", tool_call_id="1"), "messages of type 'tool'"),
        (ChatMessage(role="critic", content="x"), "messages of type 'chat'"),
        (AIMessage("", tool_calls=[{"name": "f", "args": {}, "id": "1"}]), "tool calls"),
        (
            HumanMessage([{"type": "image_url", "image_url": {"url": "https://example.org/x.png"}}]),
            "'image_url' content",
        ),
    ],
)
def test_refuses_by_name(fake: FakeHost, message: Any, lack: str) -> None:
    with pytest.raises(NotImplementedError, match=lack):
        HostChatModel().invoke([message])
    with pytest.raises(NotImplementedError):
        HostChatModel().bind_tools([])
    with pytest.raises(NotImplementedError, match="no tools"):
        HostChatModel().invoke("x", tools=[])
    assert fake.requests == []


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
    with pytest.raises(TypeError, match="unknown options top_p of HostChatModel"):
        model.invoke("x", top_p=1)


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

"""The host's language model as a chat model of LangChain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from contextvars import ContextVar
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from langchain_core.exceptions import ContextOverflowError
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableMap, RunnablePassthrough
from pydantic import BaseModel

from terrarium.bridge import HostCallError, host
from terrarium.bridge.exchanges import Exchange

from ._messages import answered, asked, tools
from ._parsers import CompleteJsonOutputParser, CompletePydanticOutputParser

if TYPE_CHECKING:
    import builtins

    from langchain_core.callbacks import CallbackManagerForLLMRun
    from langchain_core.language_models import LanguageModelInput
    from langchain_core.tools import BaseTool

_CALL_OPTIONS = (
    "model",
    "temperature",
    "top_p",
    "max_tokens",
    "seed",
    "reasoning_effort",
    "schema",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
)


_recording: ContextVar[list[Exchange] | None] = ContextVar("terrarium_langchain_recording", default=None)


class Recording:
    """Collect the exchanges that happen inside the block, in this thread or task and those it starts."""

    def __enter__(self) -> list[Exchange]:
        exchanges: list[Exchange] = []
        self._token = _recording.set(exchanges)
        return exchanges

    def __exit__(self, *_: object) -> None:
        _recording.reset(self._token)


def _record(request: dict[str, Any], response: dict[str, Any]) -> None:
    exchanges = _recording.get()
    if exchanges is not None:
        exchanges.append(Exchange(request, response))


class HostChatModel(BaseChatModel):
    """A chat model that asks the host: ``model.generate``, or ``model.stream`` when it is streamed.

    One attempt, the host retries. Thread-safe. The fields are its defaults; the same names, and ``stop`` and ``schema``
    (a JSON schema that the answer must conform to), can be given to a call or to ``bind``. An answer is an AIMessage
    whose ``usage_metadata`` counts tokens and whose ``response_metadata`` has ``finish_reason`` (``stop``, ``length``
    or ``tool_calls``), ``max_tokens`` (the limit that was asked for, or None), ``model_name`` and ``seconds``; of a
    stream, the last chunk has them. What the model reasoned is in ``additional_kwargs["reasoning_content"]``.

    For content and messages that the host has no form for it raises NotImplementedError with their name. An unknown
    option is a TypeError. A prompt that is too long for the model is a ContextOverflowError; what else the host raises
    passes through.
    """

    model: str | None = None
    """One of the host's language models, None for its default one."""

    temperature: float | None = None
    """From 0 to 2; None for the model's own."""

    top_p: float | None = None
    """The share of the likeliest tokens, above 0 and at most 1; None for the model's own."""

    max_tokens: int | None = None
    """The longest answer, in tokens; None for the model's own limit."""

    seed: int | None = None
    """For the same answer to the same question, where the model can."""

    reasoning_effort: str | None = None
    """How much the model reasons before its answer, in its service's words; None for the model's own."""

    host_cache: bool = True
    """Whether the host may answer from its cache of answers; ``cache`` is upstream's own."""

    stop: list[str] | None = None
    """Texts that end the answer; they are not part of it."""

    @property
    def _llm_type(self) -> str:
        return "terrarium-host"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        names = ("model", "temperature", "top_p", "max_tokens", "seed", "reasoning_effort", "stop")
        return {name: getattr(self, name) for name in names}

    def _dict_for_compat(self) -> builtins.dict[str, Any]:
        # Upstream changes the filters of warnings meanwhile, all of the process, for classes that define `dict` anew.
        if type(self).dict is BaseChatModel.dict:
            return self.asdict()
        return super()._dict_for_compat()

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002 - upstream's signature
        **kwargs: Any,
    ) -> ChatResult:
        request = self._request(messages, stop, kwargs)
        try:
            response = host.call("model.generate", request)
        except HostCallError as error:
            _raise_own(error)
            raise
        _record(request, response)
        return _result(request, response)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002 - upstream tells it of the chunks itself
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        request = self._request(messages, stop, kwargs)
        try:
            with closing(host.stream_model(request)) as pieces:
                begun: set[int] = set()
                for piece in pieces:
                    if isinstance(piece, str):
                        yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
                    elif "text" not in piece:
                        yield ChatGenerationChunk(message=_chunk(piece, begun))
                    else:
                        _record(request, piece)
                        yield ChatGenerationChunk(
                            message=AIMessageChunk(content="", chunk_position="last", **_metadata(request, piece)),
                            generation_info={"finish_reason": _finish_reason(piece)},
                        )
        except HostCallError as error:
            _raise_own(error)
            raise

    def _request(self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]) -> dict[str, Any]:
        options = {name: value for name, value in options.items() if name != "stream"}  # upstream's, which obeyed it
        if unknown := [name for name in options if name not in _CALL_OPTIONS]:
            known = ", ".join(("stop", *_CALL_OPTIONS))
            raise TypeError(f"unknown options {', '.join(unknown)} of HostChatModel. Known options: {known}")
        temperature = options.get("temperature", self.temperature)
        request = {
            "model": options.get("model", self.model),
            "messages": [asked(message) for message in messages],
            "temperature": None if temperature is None else float(temperature),
            "max_tokens": options.get("max_tokens", self.max_tokens),
            "stop": list(stop if stop is not None else self.stop or ()),
            "seed": options.get("seed", self.seed),
            "schema": options.get("schema"),
        }
        if not self.host_cache:
            request["cache"] = False
        top_p = options.get("top_p", self.top_p)
        if top_p is not None:
            request["top_p"] = float(top_p)
        effort = options.get("reasoning_effort", self.reasoning_effort)
        if effort is not None:
            request["reasoning_effort"] = effort
        if options.get("tools"):
            request |= tools(options["tools"], options.get("tool_choice"), options.get("parallel_tool_calls"))
        return request

    def bind_tools(
        self,
        tools: Sequence[builtins.dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: builtins.dict[str, Any] | str | bool | None = None,
        parallel_tool_calls: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Return the model with tools that it may call; the answers' ``tool_calls`` say what it wants to call.

        ``tool_choice`` is ``"auto"`` (the default), ``"none"``, ``"any"`` or True for at least one, or the name of the
        tool that must be called. ``parallel_tool_calls`` tells whether one answer may have several calls. A model that
        has no tool calls of its own gets the tools as instructions, and a schema of its answer.
        """
        from langchain_core.utils.function_calling import convert_to_openai_tool

        kwargs.pop("strict", None)  # a wish that OpenAI's models alone know
        options: dict[str, Any] = {"tools": [convert_to_openai_tool(tool) for tool in tools]}
        if tool_choice is not None:
            options["tool_choice"] = tool_choice
        if parallel_tool_calls is not None:
            options["parallel_tool_calls"] = parallel_tool_calls
        return self.bind(**options, **kwargs)

    def get_token_ids(self, text: str) -> list[int]:
        """Return the text's tokens, as the host's model numbers them."""
        custom = self.custom_get_token_ids
        return host.encode_tokens(text, self.model) if custom is None else custom(text)

    def get_num_tokens(self, text: str) -> int:
        """Return how many tokens the text has for the host's model."""
        custom = self.custom_get_token_ids
        return host.count_tokens(text, self.model) if custom is None else len(custom(text))

    def with_structured_output(
        self,
        schema: builtins.dict[str, Any] | type,
        *,
        include_raw: bool = False,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, builtins.dict[str, Any] | BaseModel]:
        """Return a runnable that answers with the schema's structure; the model is held to it while it writes.

        A pydantic class gives its instances, a JSON schema or a TypedDict gives dicts. With ``include_raw`` the result
        is ``{"raw", "parsed", "parsing_error"}``. Raises ValueError for other options.
        """
        method = kwargs.pop("method", "json_schema")
        kwargs.pop("strict", None)  # it always is
        if method != "json_schema" or kwargs:
            raise ValueError(f"HostChatModel knows method 'json_schema' only, got {method!r} and {sorted(kwargs)}")
        from langchain_core.utils.function_calling import convert_to_json_schema

        json_schema = convert_to_json_schema(schema)
        parser: Runnable[Any, Any] = CompleteJsonOutputParser()
        if isinstance(schema, type) and issubclass(schema, BaseModel):
            parser = CompletePydanticOutputParser(pydantic_object=schema)
        bound = self.bind(
            schema=json_schema,
            ls_structured_output_format={"kwargs": {"method": "json_schema"}, "schema": json_schema},
        )
        if not include_raw:
            return bound | parser
        parsed = RunnablePassthrough.assign(parsed=itemgetter("raw") | parser, parsing_error=lambda _: None)
        failed = RunnablePassthrough.assign(parsed=lambda _: None)
        return RunnableMap(raw=bound) | parsed.with_fallbacks([failed], exception_key="parsing_error")


def _raise_own(error: HostCallError) -> None:
    """Raise LangChain's own exception if the prompt is too long for the model."""
    if error.kind == "CONTEXT_LENGTH_EXCEEDED":
        raise ContextOverflowError(error.reason) from error


def _result(request: dict[str, Any], response: dict[str, Any]) -> ChatResult:
    message = AIMessage(**answered(response), **_metadata(request, response))
    generation = ChatGeneration(message=message, generation_info={"finish_reason": _finish_reason(response)})
    return ChatResult(generations=[generation])


def _chunk(piece: dict[str, Any], begun: set[int]) -> AIMessageChunk:
    """Return a piece of the reasoning or of a tool call; LangChain joins the names of pieces, as all their texts."""
    call = piece.get("tool_call")
    if call is None:
        return AIMessageChunk(content="", additional_kwargs={"reasoning_content": piece["reasoning"]})
    first = call["index"] not in begun
    begun.add(call["index"])
    chunk = tool_call_chunk(
        name=call["name"] if first else None,
        args=call["arguments"],
        id=call["id"] if first else None,
        index=call["index"],
    )
    return AIMessageChunk(content="", tool_call_chunks=[chunk])


def _finish_reason(response: dict[str, Any]) -> str:
    return response.get("finish_reason") or "stop"


def _metadata(request: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    prompt_tokens, completion_tokens = response.get("prompt_tokens") or 0, response.get("completion_tokens") or 0
    usage: dict[str, Any] = {
        "input_tokens": prompt_tokens,
        "output_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }
    if response.get("cached_tokens"):
        usage["input_token_details"] = {"cache_read": response["cached_tokens"]}
    if response.get("reasoning_tokens"):
        usage["output_token_details"] = {"reasoning": response["reasoning_tokens"]}
    return {
        "usage_metadata": usage,
        "response_metadata": {
            "finish_reason": _finish_reason(response),
            "max_tokens": request["max_tokens"],
            "model_name": response.get("model"),
            "model_provider": "terrarium",
            "seconds": response.get("seconds"),
        },
    }

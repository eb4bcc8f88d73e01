"""The host's language model as an engine of ``dspy.LM``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeAlias

from dspy.lm15 import ContextLengthError, Message, Request, Response, UnsupportedFeatureError, Usage

from terrarium.bridge import HostCallError, host
from terrarium.bridge.exchanges import Exchange

Watch: TypeAlias = Callable[[dict[str, Any]], Callable[[str | dict[str, Any]], None]]
Known: TypeAlias = Callable[[dict[str, Any]], dict[str, Any] | None]


class _Recording(NamedTuple):
    exchanges: list[Exchange]
    watch: Watch | None
    known: Known | None


cache_use: ContextVar[dict[str, Any] | None] = ContextVar("terrarium_dspy_cache_use", default=None)
"""What the request that an engine is asked says of the host's cache of answers: ``cache`` and ``rollout``."""

_recording: ContextVar[_Recording | None] = ContextVar("terrarium_dspy_recording", default=None)


@contextmanager
def recording(watch: Watch | None = None, known: Known | None = None) -> Iterator[list[Exchange]]:
    """Collect the exchanges that happen inside the block, in this thread or task.

    With ``watch``, answers are streamed: it is given each request, and what it returns gets the pieces of the answer
    and, last, the whole. With ``known``, the host is asked only for what that does not answer.
    """
    made = _Recording([], watch, known)
    token = _recording.set(made)
    try:
        yield made.exchanges
    finally:
        _recording.reset(token)


def cut_off(answer: str | None = None) -> Exchange | None:
    """Return the last exchange if its answer ended at the limit of tokens and, where given, equals ``answer``.

    Answers from DSPy's cache have no exchange; that cache keeps none that was cut off.
    """
    current = _recording.get()
    if current is None or not current.exchanges:
        return None
    exchange = current.exchanges[-1]
    if exchange.response.get("finish_reason") != "length" or answer not in (None, exchange.response["text"]):
        return None
    return exchange


def mark_whole(cut: Exchange) -> None:
    """Record that the answer of the last exchange is whole, although it ended at the limit of tokens."""
    current = _recording.get()
    if current is not None and current.exchanges[-1] is cut:
        current.exchanges[-1] = Exchange(cut.request, {**cut.response, "finish_reason": "stop"})


class HostEngine:
    """A DSPy engine that asks the host: ``model.generate``, or ``model.stream`` inside :func:`recording` with a watch.

    One attempt, the host retries. Stateless and thread-safe. Text only: what the host has no form for (tools, images)
    is refused with ``dspy.lm15.UnsupportedFeatureError``. A prompt that is too long for the model is a
    ``dspy.ContextWindowExceededError``; what else the host raises becomes the cause of a ``dspy.LMUnexpectedError``.
    """

    # What DSPy's adapters ask before they write a request.
    supports_function_calling = False
    supports_reasoning = False
    supports_response_schema = True
    supported_params = frozenset({"temperature", "max_tokens", "stop", "seed", "response_format"})

    def __init__(self, model: str | None = None) -> None:
        """Use the host's model of that name, or its default."""
        self.model = model

    def complete(self, request: Request) -> Response:
        """Ask the host once."""
        asked = self._request(request)
        current = _recording.get()
        answer = None if current is None or current.known is None else current.known(asked)
        if answer is None:
            answer = _answer(asked, None if current is None else current.watch)
        if current is not None:
            current.exchanges.append(Exchange(asked, answer))
        return Response(
            id=None,
            model=answer.get("model") or request.model,
            message=Message.assistant(answer["text"]),
            finish_reason=answer.get("finish_reason") or "stop",
            usage=Usage(
                input_tokens=answer.get("prompt_tokens"),
                output_tokens=answer.get("completion_tokens"),
            ),
        )

    def dump_state(self) -> dict[str, Any]:
        """Return what DSPy saves of this engine."""
        return {"model": self.model}

    @classmethod
    def load_state(cls, state: dict[str, Any]) -> HostEngine:
        """Make the engine that was saved."""
        return cls(state.get("model"))

    def _request(self, request: Request) -> dict[str, Any]:
        if request.tools:
            raise _unsupported("tools")
        config = request.config
        messages = [] if request.system is None else [{"role": "system", "content": _system(request.system)}]
        messages.extend(_message(message) for message in request.messages)
        return {
            "model": self.model,
            "messages": messages,
            "temperature": None if config.temperature is None else float(config.temperature),
            "max_tokens": config.max_tokens,
            "stop": list(config.stop),
            "seed": config.seed,
            "schema": _schema(config.response_format),
            **(cache_use.get() or {}),
        }


def _answer(asked: dict[str, Any], watch: Watch | None) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = host.call("model.generate", asked) if watch is None else _streamed(asked, watch(asked))
    except HostCallError as error:
        if error.kind == "CONTEXT_LENGTH_EXCEEDED":
            raise ContextLengthError(error.reason) from error
        raise
    return answer


def _streamed(asked: dict[str, Any], see: Callable[[str | dict[str, Any]], None]) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    with closing(host.stream_model(asked)) as pieces:
        for piece in pieces:
            see(piece)
            if not isinstance(piece, str):
                answer = piece
    return answer


def _schema(response_format: Any) -> dict[str, Any] | None:
    if response_format is None or response_format["type"] == "text":
        return None
    if response_format["type"] == "json_object":
        return {"type": "object"}
    schema: dict[str, Any] = response_format.get("json_schema", response_format)["schema"]
    return schema


def _message(message: Message) -> dict[str, str]:
    if message.role not in ("user", "assistant"):
        raise _unsupported(f"messages of role {message.role!r}")
    return {"role": message.role, "content": _text(message.parts)}


def _system(system: Any) -> str:
    return system if isinstance(system, str) else _text(system)


def _text(parts: Any) -> str:
    for part in parts:
        if part.type != "text":
            raise _unsupported(f"{part.type} parts of messages")
    return "".join(part.text for part in parts)


def _unsupported(feature: str) -> UnsupportedFeatureError:
    return UnsupportedFeatureError(f"the host's language model takes text only, no {feature}", feature=feature)

"""The host's language model as an engine of ``dspy.LM``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeAlias

from dspy.lm15 import ContextLengthError, Request, Response

from terrarium.bridge import HostCallError, host
from terrarium.bridge.exchanges import Exchange

from ._messages import answered, asked

Watch: TypeAlias = Callable[[dict[str, Any]], Callable[[str | dict[str, Any]], None]]
Asker: TypeAlias = Callable[[], str | None]
Known: TypeAlias = Callable[[dict[str, Any]], dict[str, Any] | None]


class _Recording(NamedTuple):
    exchanges: list[Exchange]
    watch: Watch | None
    known: Known | None
    asker: Asker | None


cache_use: ContextVar[dict[str, Any] | None] = ContextVar("terrarium_dspy_cache_use", default=None)
"""What the request that an engine is asked says of the host's cache of answers: ``cache`` and ``rollout``."""

_recording: ContextVar[_Recording | None] = ContextVar("terrarium_dspy_recording", default=None)


@contextmanager
def recording(
    watch: Watch | None = None, known: Known | None = None, asker: Asker | None = None
) -> Iterator[list[Exchange]]:
    """Collect the exchanges that happen inside the block, in this thread or task.

    With ``watch``, answers are streamed: it is given each request, and what it returns gets the pieces of the answer
    and, last, the whole. With ``known``, the host is asked only for what that does not answer. ``asker`` names the part
    of the program that makes the present request.
    """
    made = _Recording([], watch, known, asker)
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
        current.exchanges[-1] = cut._replace(response={**cut.response, "finish_reason": "stop"})


class HostEngine:
    """A DSPy engine that asks the host: ``model.generate``, or ``model.stream`` inside :func:`recording` with a watch.

    One attempt, the host retries. Stateless and thread-safe. What the host has no form for, such as files by id, is
    refused with ``dspy.lm15.UnsupportedFeatureError``. A prompt that is too long for the model is a
    ``dspy.ContextWindowExceededError``; what else the host raises becomes the cause of a ``dspy.LMUnexpectedError``.
    """

    # What DSPy's adapters ask before they write a request. Whether a model reasons, only its service knows.
    supports_function_calling = True
    supports_reasoning = False
    supports_response_schema = True
    supported_params = frozenset(
        {
            "temperature",
            "top_p",
            "max_tokens",
            "stop",
            "seed",
            "response_format",
            "reasoning_effort",
            "tools",
            "tool_choice",
            "parallel_tool_calls",
        }
    )

    def __init__(self, model: str | None = None) -> None:
        """Use the host's model of that name, or its default."""
        self.model = model

    def complete(self, request: Request) -> Response:
        """Ask the host once."""
        question = asked(request, self.model) | (cache_use.get() or {})
        current = _recording.get()
        answer = ask(question) if current is None else ask(question, watch=current.watch, known=current.known)
        if current is not None:
            current.exchanges.append(Exchange(question, answer, current.asker() if current.asker else None))
        return answered(request, answer)

    def dump_state(self) -> dict[str, Any]:
        """Return what DSPy saves of this engine."""
        return {"model": self.model}

    @classmethod
    def load_state(cls, state: dict[str, Any]) -> HostEngine:
        """Make the engine that was saved."""
        return cls(state.get("model"))


def ask(question: dict[str, Any], watch: Watch | None = None, known: Known | None = None) -> dict[str, Any]:
    """Ask the host for what is not known; raises ContextLengthError for a prompt that is too long."""
    try:
        answer = None if known is None else known(question)
        if answer is None:
            answer = host.call("model.generate", question) if watch is None else _streamed(question, watch(question))
    except HostCallError as error:
        if error.kind == "CONTEXT_LENGTH_EXCEEDED":
            raise ContextLengthError(error.reason) from error
        raise
    return answer


def _streamed(question: dict[str, Any], see: Callable[[str | dict[str, Any]], None]) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    with closing(host.stream_model(question)) as pieces:
        for piece in pieces:
            if isinstance(piece, str) or "text" in piece:
                see(piece)
            if not isinstance(piece, str):
                answer = piece
    return answer

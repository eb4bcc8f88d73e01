"""A host whose language model is a list of answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from terrarium.bridge import host
from terrarium.bridge.testing import InMemoryRegistry
from terrarium.langchain import LangchainBridge, _setup

_setup.prepare()  # the tests import langchain-core by themselves


class FakeHost(InMemoryRegistry):
    """Answers ``model.generate`` from ``answers``, in order, and keeps what it was asked and the specs put into it.

    An answer is a text, a dict of what differs from the usual response, or an exception to raise.
    """

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[str | dict[str, Any] | Exception] = []
        self.requests: list[dict[str, Any]] = []
        self.session: dict[str, Any] | None = None
        self.closed = 0

    def generate(self, request: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        given = answer if isinstance(answer, dict) else {"text": answer}
        usual = {"finish_reason": "stop", "prompt_tokens": 7, "completion_tokens": 3, "model": "fake", "seconds": 0.5}
        return {**usual, **given}

    def put_session(self, state: dict[str, Any]) -> None:
        self.session = state

    def stream(self, request: dict[str, Any]) -> dict[str, Callable[[], Any]]:
        """As `generate`, word by word, after the answer's ``pieces``; `closed` counts the streams that were."""
        response = self.generate(request)
        before = response.pop("pieces", ())
        pieces: Iterator[Any] = iter([*before, *re.findall(r"\S+\s*", response["text"]), response])

        def close() -> None:
            self.closed += 1

        return {"next": lambda: next(pieces), "close": close}


@pytest.fixture
def fake() -> Iterator[FakeHost]:
    """Install a fake host for one test."""
    made = FakeHost()
    services: dict[str, Callable[..., Any]] = {
        **made.services(),
        "model.generate": made.generate,
        "session.get": lambda: made.session,
        "session.put": made.put_session,
        "model.stream": made.stream,
    }
    host.install(services)
    yield made
    host.uninstall(*services)


@pytest.fixture
def bridge() -> LangchainBridge:
    """Return a bridge as a new context would have it."""
    return LangchainBridge()

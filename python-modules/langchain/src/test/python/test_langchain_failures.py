"""The failure that LangChain has an exception of its own for, and a model's own word on the host's cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from langchain_core.exceptions import ContextOverflowError

from terrarium.bridge import HostCallError
from terrarium.langchain import HostChatModel

if TYPE_CHECKING:
    from conftest import FakeHost


class Foreign(BaseException):
    """A Java exception, as Python sees it."""


TOO_LONG = Foreign("dev.terrarium.error.ModelException[CONTEXT_LENGTH_EXCEEDED]: 9000 of 8192 tokens")
SLOW_DOWN = Foreign("dev.terrarium.error.ModelException[RATE_LIMITED]: slow down")


def test_a_prompt_that_is_too_long_is_langchain_s_own_exception(fake: FakeHost) -> None:
    fake.answers = [HostCallError("model.generate", TOO_LONG)] * 2
    with pytest.raises(ContextOverflowError, match="9000 of 8192 tokens") as raised:
        HostChatModel().invoke("?")
    assert isinstance(raised.value.__cause__, HostCallError)
    with pytest.raises(ContextOverflowError):
        list(HostChatModel().stream("?"))


def test_other_failures_pass_through(fake: FakeHost) -> None:
    failure = HostCallError("model.generate", SLOW_DOWN)
    fake.answers = [failure, failure]
    for ask in (HostChatModel().invoke, lambda text: list(HostChatModel().stream(text))):
        with pytest.raises(HostCallError) as raised:
            ask("?")
        assert raised.value is failure
        assert failure.__cause__ is None


def test_a_model_without_a_cache_says_so_to_the_host(fake: FakeHost) -> None:
    fake.answers = ["yes", "yes"]
    HostChatModel().invoke("?")
    HostChatModel(host_cache=False).invoke("?")
    assert "cache" not in fake.requests[0]
    assert fake.requests[1]["cache"] is False

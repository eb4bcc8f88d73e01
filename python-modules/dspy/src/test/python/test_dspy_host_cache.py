"""What the host is told of its cache of answers, and the failure that DSPy has an exception of its own for."""

from typing import Any

import dspy
import pytest

from terrarium.bridge import HostCallError
from terrarium.dspy import DspyBridge
from terrarium.dspy._model import HostEngine
from test_dspy_bridge import hosted, raised


class Foreign(BaseException):
    """A Java exception, as Python sees it."""


CALL = {"signature": "q -> a", "inputs": {"q": "?"}}
TOO_LONG = Foreign("dev.terrarium.error.ModelException[CONTEXT_LENGTH_EXCEEDED]: 9000 of 8192 tokens")


def use(request: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in request.items() if name in ("cache", "rollout")}


@pytest.fixture
def bridge() -> DspyBridge:
    """A bridge that has loaded DSPy."""
    bridge = DspyBridge()
    with hosted():
        bridge.dispatch("predict", CALL)
    return bridge


def test_the_host_decides_on_its_cache_for_programs(bridge: DspyBridge) -> None:
    with hosted() as fake:
        bridge.dispatch("predict", CALL)
        bridge.dispatch("predict", CALL)
    assert [use(request) for request in fake.requests] == [{}, {}]


@pytest.mark.usefixtures("bridge")
def test_cache_and_rollout_id_reach_the_host() -> None:
    lm = dspy.LM("terrarium/test", engine=HostEngine(), temperature=1.0)
    with hosted(*["yes"] * 9) as fake:
        lm("?")
        lm("?", cache=False)
        lm("?", rollout_id=1)
        lm.copy(rollout_id=2)("?")
        lm.copy(cache=False)("?", rollout_id=3)
        lm("?", n=2)
        lm("?", n=2, rollout_id=4)
    assert [use(request) for request in fake.requests] == [
        {},
        {"cache": False},
        {"rollout": "1"},
        {"rollout": "2"},
        {"cache": False, "rollout": "3"},
        {},
        {"rollout": "None/1"},
        {"rollout": "4"},
        {"rollout": "4/1"},
    ]


@pytest.mark.usefixtures("bridge")
def test_rollout_ids_of_a_module_s_configuration_reach_the_host() -> None:
    lm = dspy.LM("terrarium/test", engine=HostEngine())
    with hosted() as fake, dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
        dspy.Predict("q -> a")(q="?", config={"rollout_id": 5, "temperature": 1.0})
    assert [use(request) for request in fake.requests] == [{"rollout": "5"}]


@pytest.mark.usefixtures("bridge")
def test_a_prompt_that_is_too_long_is_dspy_s_own_exception() -> None:
    lm = dspy.LM("terrarium/test", engine=HostEngine(), num_retries=0)
    with hosted(HostCallError("model.generate", TOO_LONG)):
        error = raised(dspy.ContextWindowExceededError, lambda: lm("?"))
    assert "9000 of 8192 tokens" in str(error)
    assert isinstance(error.__cause__, dspy.lm15.ContextLengthError)
    assert isinstance(error.__cause__.__cause__, HostCallError)


def test_an_answer_is_not_asked_for_again_in_json_when_the_prompt_is_too_long(bridge: DspyBridge) -> None:
    call = {**CALL, "options": {"adapter": "auto"}}
    with hosted(HostCallError("model.generate", TOO_LONG)) as fake:
        raised(dspy.ContextWindowExceededError, lambda: bridge.dispatch("predict", call))
    assert len(fake.requests) == 1


@pytest.mark.usefixtures("bridge")
def test_other_failures_are_unexpected_ones() -> None:
    lm = dspy.LM("terrarium/test", engine=HostEngine(), num_retries=0)
    with hosted(HostCallError("model.generate", Foreign("a.b.ModelException[RATE_LIMITED]: slow down"))):
        error = raised(dspy.LMUnexpectedError, lambda: lm("?"))
    assert isinstance(error.__cause__, HostCallError)

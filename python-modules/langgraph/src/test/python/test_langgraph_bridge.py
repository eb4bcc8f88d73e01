"""Graphs of users' code: their runs, interrupts, streams and states."""

from __future__ import annotations

from typing import Any

import pytest

from langgraph_host import Checkpoints, graph
from terrarium.bridge import ArgumentError, SpecError

COUNTING = """
from typing import Annotated, TypedDict
import operator
from langgraph.graph import END, START, StateGraph

class State(TypedDict, total=False):
    count: int
    log: Annotated[list[str], operator.add]

def one(state):
    return {"count": state["count"] + 1, "log": ["one"]}

def two(state):
    return {"count": state["count"] * 2, "log": ["two"]}

builder = StateGraph(State).add_node(one).add_node(two)
builder.add_edge(START, "one").add_edge("one", "two")

def made():
    return builder

compiled = builder.compile()
looping = StateGraph(State).add_node(one).add_edge(START, "one").add_edge("one", "one")
"""

ASKING = """
from typing import Annotated, Any, TypedDict
import operator
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt

class State(TypedDict, total=False):
    got: Annotated[list[Any], operator.add]

def ask(state):
    return {"got": [interrupt({"question": "sure?"})]}

def other(state):
    return {"got": [interrupt("and you?")]}

def quiet(state):
    interrupt("anything?")

builder = StateGraph(State).add_node(ask).add_edge(START, "ask")
both = StateGraph(State).add_node(ask).add_node(other).add_edge(START, "ask").add_edge(START, "other")
silent = StateGraph(State).add_node(quiet).add_node(ask).add_edge(START, "quiet").add_edge(START, "ask")
"""


def run(text: str, action: dict[str, Any], name: str = "builder", **arguments: Any) -> Any:
    with graph(text, name) as (bridge, program):
        return bridge.dispatch("run", {"program": program, "action": action, **arguments})


@pytest.mark.parametrize("name", ["builder", "made", "compiled"])
def test_graph_runs(name: str) -> None:
    outcome = run(COUNTING, {"input": {"count": 3}}, name)

    assert outcome["values"] == {"count": 8, "log": ["one", "two"]}
    assert outcome["interrupts"] == outcome["next"] == []
    assert outcome["checkpoint"] is None


def test_thread_keeps_its_state() -> None:
    kept = Checkpoints()
    with graph(COUNTING) as (bridge, program):

        def call(action: dict[str, Any]) -> Any:
            return bridge.dispatch("run", {"program": program, "action": action, "thread": kept.thread()})

        first = call({"input": {"count": 1}})
        assert call({})["values"] == first["values"]
        assert call({"input": {"count": 2}})["values"] == {"count": 6, "log": ["one", "two", "one", "two"]}
        states = bridge.dispatch("get_history", {"program": program, "thread": kept.thread()})["states"]
        assert [state["next"] for state in states] == [[], ["two"], ["one"], ["__start__"]] * 2
        assert states[4]["checkpoint"] == first["checkpoint"]
        assert states[0]["parent"] == states[1]["checkpoint"]
        two = bridge.dispatch("get_history", {"program": program, "thread": kept.thread(), "limit": 2})["states"]
        assert two == states[:2]


def test_run_begins_again_at_an_earlier_checkpoint() -> None:
    kept = Checkpoints()
    with graph(COUNTING) as (bridge, program):

        def call(command: str, checkpoint: str | None = None, **arguments: Any) -> Any:
            return bridge.dispatch(command, {"program": program, "thread": kept.thread("t", checkpoint), **arguments})

        call("run", action={"input": {"count": 1}})
        before_two = call("get_history")["states"][1]
        changed = call("update_state", before_two["checkpoint"], values={"count": 10})["checkpoint"]
        assert call("get_state", changed)["state"]["source"] == "update"
        assert call("run", changed, action={})["values"] == {"count": 20, "log": ["one", "two"]}
        assert call("get_state")["state"]["values"]["count"] == 20
        assert call("run", before_two["checkpoint"], action={})["values"]["count"] == 4
        with pytest.raises(ArgumentError, match="'t' has no checkpoint 'none'"):
            call("run", "none", action={})
        with pytest.raises(ArgumentError, match="'t' has no checkpoint 'none'"):
            call("update_state", "none", values={"count": 1})


def test_answers_reach_their_interrupt_whatever_they_are() -> None:
    for answer in ({}, None, False, {"a": 1}, "yes"):
        kept = Checkpoints()
        with graph(ASKING) as (bridge, program):

            def call(action: dict[str, Any]) -> Any:
                arguments = {"program": program, "action": action, "thread": kept.thread()}  # noqa: B023
                return bridge.dispatch("run", arguments)

            (interrupt,) = call({"input": {"got": []}})["interrupts"]
            assert interrupt["value"] == {"question": "sure?"}
            assert call({})["interrupts"] == [interrupt]
            outcome = call({"resume": answer})
            assert outcome["values"] == {"got": [answer]}
            assert outcome["interrupts"] == []
            with pytest.raises(ArgumentError, match="'t' waits for no answer"):
                call({"resume": answer})


@pytest.mark.parametrize("name", ["both", "silent"])
def test_several_interrupts_are_answered_by_id(name: str) -> None:
    kept = Checkpoints()
    with graph(ASKING, name) as (bridge, program):

        def call(action: dict[str, Any]) -> Any:
            return bridge.dispatch("run", {"program": program, "action": action, "thread": kept.thread()})

        first, second = sorted(call({"input": {"got": []}})["interrupts"], key=lambda each: str(each["value"]))
        with pytest.raises(ArgumentError, match="waits for 2 answers") as failure:
            call({"resume": 1})
        assert first["id"] in str(failure.value)
        with pytest.raises(ArgumentError, match="unknown interrupt 'x'"):
            call({"answers": {"x": 1}})
        with pytest.raises(ArgumentError, match="answers: must have some of"):
            call({"answers": {}})
        outcome = call({"answers": {first["id"]: "a"}})
        assert outcome["interrupts"] == [second]
        assert call({"resume": "b"})["interrupts"] == []


def test_interrupt_without_checkpoints_is_refused() -> None:
    with pytest.raises(ArgumentError, match="without checkpoints it cannot go on"):
        run(ASKING, {"input": {"got": []}})


def test_limit_of_steps_is_a_failure_of_its_own() -> None:
    outcome = run(COUNTING, {"input": {"count": 1}}, "looping", recursion_limit=3)
    assert outcome["failure"] == "recursion_limit"
    assert "Recursion limit of 3" in outcome["message"]
    with pytest.raises(ArgumentError, match="at least 1"):
        run(COUNTING, {"input": {"count": 1}}, recursion_limit=0)


GOING = """
from typing import TypedDict
from langgraph.graph import START, StateGraph
from langgraph.types import Command, Send

class State(TypedDict, total=False):
    count: int

def one(state):
    return {"count": 1}

command = StateGraph(State).add_node("one", lambda state: Command(goto="tow")).add_edge(START, "one")
sent = StateGraph(State).add_node("one", lambda state: Command(goto=Send("tow", {}))).add_edge(START, "one")
branch = StateGraph(State).add_node(one).add_edge(START, "one").add_conditional_edges("one", lambda state: "tow")
branch_sent = StateGraph(State).add_node(one).add_edge(START, "one")
branch_sent.add_conditional_edges("one", lambda state: [Send("tow", {})])
start = StateGraph(State).add_node(one).add_conditional_edges(START, lambda state: "tow")
inner = StateGraph(State).add_node("inner", command.compile()).add_edge(START, "inner")
fine = StateGraph(State).add_node("one", lambda state: Command(goto="two")).add_node("two", one).add_edge(START, "one")
ends = StateGraph(State).add_node("one", lambda state: Command(goto="__end__")).add_edge(START, "one")
"""


@pytest.mark.parametrize("name", ["command", "sent", "branch", "branch_sent", "start", "inner"])
def test_node_that_is_not_there_is_named(name: str) -> None:
    kept = Checkpoints()
    with pytest.raises(SpecError, match="'tow', which is no node"):
        run(GOING, {"input": {"count": 0}}, name, thread=kept.thread())
    if name not in ("start", "inner"):
        with graph(GOING, name) as (bridge, program):
            state = bridge.dispatch("get_state", {"program": program, "thread": kept.thread()})["state"]
        assert state["next"] == ["one"]  # which runs again


def test_known_nodes_are_gone_to() -> None:
    assert run(GOING, {"input": {"count": 0}}, "fine")["values"] == {"count": 1}
    assert run(GOING, {"input": {"count": 0}}, "ends")["values"] == {"count": 0}


def test_unknown_keys_are_named() -> None:
    with pytest.raises(ArgumentError, match="unknown key of the input 'cuont'; did you mean 'count'"):
        run(COUNTING, {"input": {"cuont": 1, "log": []}})
    with pytest.raises(ArgumentError, match="some of count, log"):
        run(COUNTING, {"input": {}})
    with graph(COUNTING) as (bridge, program):
        arguments = {"program": program, "thread": Checkpoints().thread(), "values": {"cuont": 1}}
        with pytest.raises(ArgumentError, match="unknown key of the state 'cuont'"):
            bridge.dispatch("update_state", arguments)


def test_thread_without_checkpoints_cannot_go_on() -> None:
    for action, message in (({}, "has no checkpoint to go on from"), ({"resume": 1}, "waits for no answer")):
        with pytest.raises(ArgumentError, match=message):
            run(COUNTING, action, thread=Checkpoints().thread())
        with pytest.raises(ArgumentError, match="only go on in a thread"):
            run(COUNTING, action)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("biulder", "did you mean 'builder'"),
        ("State", "must be a StateGraph"),
        ("checkpointed", "a checkpointer, store or cache of its own"),
        ("failing", r"failing\(\) failed at orders.py, line \d+: ValueError: no"),
        ("unconnected", "compile.* failed"),
        ("flow", "functional API"),
    ],
)
def test_what_is_no_graph_is_refused(name: str, message: str) -> None:
    text = (
        COUNTING
        + """
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.func import entrypoint
checkpointed = builder.compile(checkpointer=InMemorySaver())
unconnected = StateGraph(State).add_node(one)

def failing():
    raise ValueError("no")

@entrypoint()
def flow(count: int) -> int:
    return count
"""
    )
    with pytest.raises(SpecError, match=message):
        run(text, {"input": {"count": 1}}, name)


STREAMING = """
from typing import TypedDict
from langgraph.config import get_stream_writer
from langgraph.graph import START, StateGraph

class State(TypedDict, total=False):
    count: int

def one(state):
    write = get_stream_writer()
    write("begin")
    write({"half": 0.5})
    return {"count": state["count"] + 1}

inner = StateGraph(State).add_node("two", one).add_edge(START, "two").compile()
builder = StateGraph(State).add_node(one).add_node("nested", lambda state: inner.invoke(state))
builder.add_edge(START, "one").add_edge("one", "nested")
"""


def test_pieces_are_streamed_when_they_are_written() -> None:
    pieces: list[Any] = []
    with graph(STREAMING) as (bridge, program):
        arguments = {"program": program, "action": {"input": {"count": 1}}, "modes": ["values", "updates", "custom"]}
        bridge.dispatch("stream", arguments).run(pieces.append)

    assert [(piece.get("mode"), piece.get("data")) for piece in pieces[:-1]] == [
        ("values", {"count": 1}),
        ("custom", "begin"),
        ("custom", {"half": 0.5}),
        ("updates", {"count": 2}),
        ("values", {"count": 2}),
        ("updates", {"count": 3}),  # a graph within a node streams nothing, as upstream
        ("values", {"count": 3}),
    ]
    assert [piece["node"] for piece in pieces if piece.get("mode") == "updates"] == ["one", "nested"]
    assert pieces[-1]["values"] == {"count": 3}


def test_unknown_mode_is_refused() -> None:
    with graph(STREAMING) as (bridge, program):
        arguments = {"program": program, "action": {"input": {"count": 1}}, "modes": ["value"]}
        pushed = bridge.dispatch("stream", arguments)
        with pytest.raises(ArgumentError, match="unknown mode 'value'"):
            pushed.run(lambda _: None)


def test_nodes_of_a_step_run_on_the_thread_of_the_call() -> None:
    text = """
import threading, operator
from typing import Annotated, TypedDict
from langgraph.graph import START, StateGraph

class State(TypedDict, total=False):
    threads: Annotated[list[int], operator.add]

def node(state):
    return {"threads": [threading.get_ident()]}

builder = StateGraph(State).add_node("a", node).add_node("b", node).add_edge(START, "a").add_edge(START, "b")
"""
    import threading

    threads = run(text, {"input": {"threads": []}}, thread=Checkpoints().thread())["values"]["threads"]
    assert threads == [threading.get_ident()] * 2


FAILING = """
import operator
from typing import Annotated, TypedDict
from langgraph.graph import START, StateGraph

class State(TypedDict, total=False):
    log: Annotated[list[str], operator.add]

def first(state):
    return {"log": ["first"]}

def beside(state):
    return {"log": ["beside"]}

def failing(state):
    raise RuntimeError("not yet")

builder = StateGraph(State).add_node(first).add_node(beside).add_node(failing).add_edge(START, "first")
builder.add_edge("first", "beside").add_edge("first", "failing")
"""


def test_only_the_node_that_failed_runs_again() -> None:
    kept = Checkpoints()
    with pytest.raises(RuntimeError, match="not yet"):
        run(FAILING, {"input": {"log": []}}, thread=kept.thread())
    repaired = FAILING.replace('raise RuntimeError("not yet")', 'return {"log": ["failing"]}')
    for name in ("first", "beside"):  # which would tell
        repaired = repaired.replace(f'["{name}"]', f'["{name} again"]')
    assert run(repaired, {}, thread=kept.thread())["values"] == {"log": ["first", "beside", "failing"]}


def test_breakpoints_of_a_compiled_graph_stop_it() -> None:
    text = COUNTING + 'stopping = builder.compile(interrupt_before=["two"])'
    kept = Checkpoints()
    first = run(text, {"input": {"count": 1}}, "stopping", thread=kept.thread())
    assert (first["next"], first["interrupts"]) == (["two"], [])
    assert run(text, {}, "stopping", thread=kept.thread())["values"]["count"] == 4
    with pytest.raises(ArgumentError, match="stopped at a breakpoint"):
        run(text, {"input": {"count": 1}}, "stopping")


CONTEXTUAL = """
import dataclasses
from collections.abc import Callable
from typing import TypedDict
from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

class State(TypedDict, total=False):
    item: str
    price: int

@dataclasses.dataclass
class Shop:
    currency: str
    look_up: Callable[[str], int]

def price(state: State, runtime: Runtime[Shop]) -> State:
    return {"item": state["item"] + " in " + runtime.context.currency, "price": runtime.context.look_up(state["item"])}

builder = StateGraph(State, context_schema=Shop).add_node(price).add_edge(START, "price")
"""


def test_nodes_have_the_context_of_the_call() -> None:
    context = {"currency": "EUR", "look_up": len}
    assert run(CONTEXTUAL, {"input": {"item": "tea"}}, context=context)["values"] == {"item": "tea in EUR", "price": 3}


NESTED = """
import operator
from typing import Annotated, Any, TypedDict
from langgraph.graph import START, StateGraph
from langgraph.types import Command, Send, interrupt

class State(TypedDict, total=False):
    log: Annotated[list[Any], operator.add]

class Inner(TypedDict, total=False):
    log: Annotated[list[Any], operator.add]
    own: int

def before(state):
    return {"own": 1, "log": ["before"]}

def ask(state):
    return {"log": [interrupt("one?"), interrupt("two?"), state["own"]]}

inner = StateGraph(Inner).add_node(before).add_node(ask).add_edge(START, "before").add_edge("before", "ask").compile()

def called(state):
    return {"log": inner.invoke({"log": []})["log"]}

as_node = StateGraph(State).add_node("inner", inner).add_edge(START, "inner")
by_call = StateGraph(State).add_node(called).add_edge(START, "called")

def split(state):
    return [Send("part", {"log": [number]}) for number in (1, 2)]

def part(state):
    return {"log": [(state["log"][0], interrupt(state["log"][0]))]}

parts = StateGraph(State).add_node("part", part).add_conditional_edges(START, split)
"""


@pytest.mark.parametrize("name", ["as_node", "by_call"])
def test_interrupts_of_graphs_within_graphs_are_answered(name: str) -> None:
    kept = Checkpoints()
    with graph(NESTED, name) as (bridge, program):

        def call(action: dict[str, Any]) -> Any:
            return bridge.dispatch("run", {"program": program, "action": action, "thread": kept.thread()})

        assert [each["value"] for each in call({"input": {"log": []}})["interrupts"]] == ["one?"]
        assert [each["value"] for each in call({"resume": {}})["interrupts"]] == ["two?"]
        assert call({"resume": None})["values"] == {"log": ["before", {}, None, 1]}
        assert len({namespace for _, namespace, _ in kept.saved}) == 2


def test_interrupts_of_parts_that_were_sent_are_answered() -> None:
    kept = Checkpoints()
    with graph(NESTED, "parts") as (bridge, program):

        def call(action: dict[str, Any]) -> Any:
            return bridge.dispatch("run", {"program": program, "action": action, "thread": kept.thread()})

        one, two = call({"input": {"log": []}})["interrupts"]
        assert call({"answers": {two["id"]: "b"}})["interrupts"] == [one]
        assert call({"resume": "a"})["values"] == {"log": [[1, "a"], [2, "b"]]}

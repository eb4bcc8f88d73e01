"""What checkpoints hold, and what is refused of them."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

import ormsgpack
from langgraph_host import Checkpoints, graph
from terrarium.langgraph._errors import CheckpointError
from terrarium.langgraph._serializer import Serializer

HOLDING = """
import dataclasses, enum
from collections import namedtuple
from typing import Any, TypedDict
from langgraph.graph import START, StateGraph
from pydantic import BaseModel

class State(TypedDict, total=False):
    data: Any
    seen: list[str]

@dataclasses.dataclass
class Point:
    x: int

class Shape(BaseModel):
    points: list[Point]

class Mood(enum.Enum):
    GOOD = "good"

Pair = namedtuple("Pair", "left right")

class Plain:
    pass

def make(state):
    return {"data": [Shape(points=[Point(1)]), Mood.GOOD, Pair(1, Point(2)), {Mood.GOOD: {1}}]}

def look(state):
    shape, mood, pair, moods = state["data"]
    assert shape == Shape(points=[Point(1)]) and type(shape.points[0]) is Point
    assert mood is Mood.GOOD and pair == Pair(1, Point(2)) and moods == {Mood.GOOD: {1}}
    return {"seen": ["all"]}

def builder():
    return StateGraph(State).add_node(make).add_node(look).add_edge(START, "make").add_edge("make", "look")

def alien():
    from fractions import Fraction
    return StateGraph(State).add_node("make", lambda state: {"data": Fraction(1, 2)}).add_edge(START, "make")

def unregistered():
    import email.policy
    from langsmith.schemas import Example
    import uuid
    example = Example(id=uuid.UUID(int=1), inputs={}, dataset_id=uuid.UUID(int=2))
    return StateGraph(State).add_node("make", lambda state: {"data": example}).add_edge(START, "make")
"""


def run(kept: Checkpoints, text: str = HOLDING, name: str = "builder", **thread: Any) -> Any:
    with graph(text, name) as (bridge, program):
        action: dict[str, Any] = {"input": {"seen": []}} if "checkpoint" not in thread else {}
        return bridge.dispatch("run", {"program": program, "action": action, "thread": kept.thread(**thread)})


def before_look(kept: Checkpoints) -> str:
    return sorted(key[2] for key in kept.saved)[-2]


def test_classes_of_the_code_are_kept_by_its_own_name() -> None:
    kept = Checkpoints()
    assert run(kept)["values"]["seen"] == ["all"]
    everything = b"".join(each["checkpoint"] for each in kept.saved.values())
    assert b"terrarium_user_" not in everything
    assert everything.count(b"\xa6orders\xa5Point") > 1

    changed = HOLDING.replace('["all"]', '["all of it"]')  # another version, which is another module here
    assert run(kept, changed, checkpoint=before_look(kept))["values"]["seen"] == ["all of it"]


def test_class_that_is_no_more_is_named() -> None:
    kept = Checkpoints()
    run(kept)
    outcome = run(kept, HOLDING.replace("Point", "Place"), checkpoint=before_look(kept))
    assert outcome["failure"] == "checkpoint"
    assert (
        "of thread 't' cannot be read: it holds a value of orders.Point, which is not, or no longer, a class"
        in (outcome["message"])
    )


@pytest.mark.parametrize(
    ("name", "message"), [("alien", "Fraction"), ("unregistered", "it holds a value of langsmith.schemas.Example")]
)
def test_value_that_could_not_be_read_is_not_written(name: str, message: str) -> None:
    outcome = run(Checkpoints(), name=name)
    assert outcome["failure"] == "checkpoint"
    assert message in outcome["message"]


def damaged(change: Any) -> Any:
    kept = Checkpoints()
    run(kept)
    latest = kept.saved[max(kept.saved, key=lambda key: key[2])]
    latest["checkpoint"] = change(latest["checkpoint"])
    with graph(HOLDING) as (bridge, program):
        outcomes = [
            bridge.dispatch("run", {"program": program, "action": {}, "thread": kept.thread()}),
            bridge.dispatch("get_state", {"program": program, "thread": kept.thread()}),
            bridge.dispatch("get_history", {"program": program, "thread": kept.thread()}),
            bridge.dispatch("update_state", {"program": program, "thread": kept.thread(), "values": {"seen": []}}),
        ]
    assert len({str(each) for each in outcomes}) == 1
    assert outcomes[0]["failure"] == "checkpoint"
    assert f"the checkpoint {latest['id']} of thread 't' cannot be read" in outcomes[0]["message"]
    return outcomes[0]["message"]


def test_bad_bytes_are_named() -> None:
    for cut in (0, 1, 50):
        assert "its bytes are damaged" in damaged(lambda data, cut=cut: data[:cut])
    assert "its bytes are damaged" in damaged(lambda data: data + b"\x00")
    assert "are no checkpoint of LangGraph" in damaged(lambda _: ormsgpack.packb({"v": "1"}))
    assert "are no checkpoint of LangGraph" in damaged(lambda _: ormsgpack.packb([]))

    def newer(data: bytes) -> bytes:
        return data.replace(b"\xa1v\x04", b"\xa1v\x63")

    assert "version 99 of LangGraph's format, and this LangGraph knows those up to 4" in damaged(newer)


def call(module: str, name: str, *rest: Any, code: int = 0) -> bytes:
    inner = ormsgpack.packb([module, name, *rest])
    return ormsgpack.packb({"v": ormsgpack.Ext(code, inner)})


def test_bytes_call_no_other_code() -> None:
    with graph(HOLDING) as (bridge, program):
        serializer: Any = bridge._programs.get(program)._serializer
        for data, message in (
            (call("os", "getcwd", ()), "it holds a value of os.getcwd, which checkpoints of this graph may not"),
            (call("orders", "make", {}), "it holds a value of orders.make, which is neither"),
            (call("orders", "Plain", 1), "it holds a value of orders.Plain, which is neither"),
            (call("orders", "BaseModel", {}), "it holds a value of orders.BaseModel, which is neither"),
            (call("orders.other", "Point", 1), "no longer, a class"),
            (call("builtins", "eval", "1"), "it holds a value of builtins.eval"),
            (call("datetime", "datetime", "1", "strptime", code=3), "it calls datetime.datetime.strptime"),
            (ormsgpack.packb(ormsgpack.Ext(99, b"")), "unknown kind (99)"),
            (ormsgpack.packb(ormsgpack.Ext(0, b"\x01")), "no class where one should be"),
            (ormsgpack.packb(ormsgpack.Ext(0, call("os", "getcwd", ()))), "it holds a value of os.getcwd"),
        ):
            with pytest.raises(CheckpointError) as failure:
                serializer.loads_typed(("msgpack", data))
            assert message in str(failure.value)
        for form in ("pickle", "json", "other"):
            with pytest.raises(CheckpointError, match=f"its format is '{form}'"):
                serializer.loads_typed((form, b""))


class Colour(enum.Enum):
    RED = 1


def serializer() -> Serializer:
    from terrarium.bridge.sources import SourceFile

    return Serializer(SourceFile(__name__, "x.py", {"": ""}), "mine", set())


@dataclasses.dataclass
class Own:
    value: Any


VALUES = [
    None,
    b"bytes",
    {"a": [1, 2.5, None, True, "é"], 3: "three", (1, 2): "pair"},
    {1, 2},
    frozenset({3}),
    datetime.datetime(2026, 12, 1, 12, tzinfo=datetime.UTC),
    datetime.date(2026, 12, 1),
    datetime.timedelta(seconds=3),
    decimal.Decimal("1.50"),
    [HumanMessage("hello"), AIMessage("there", id="1")],
    Own(Own([Colour.RED, {Colour.RED: 1}])),
    2**64 - 1,
    -(2**63),
]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_value_comes_back_as_it_was(value: Any) -> None:
    made = serializer()
    form, data = made.dumps_typed(value)
    back = made.loads_typed((form, data))
    assert back == value
    assert type(back) is type(value)


def test_classes_are_kept_by_the_modules_that_programs_import() -> None:
    """GraalPy's dates are of the module ``_pydatetime``."""
    made = serializer()
    for module in ("datetime", "_pydatetime"):
        data = ormsgpack.packb(ormsgpack.Ext(1, ormsgpack.packb([module, "date", [2026, 12, 1]])))
        assert made.loads_typed(("msgpack", data)) == datetime.date(2026, 12, 1)
    with pytest.raises(CheckpointError, match=r"holds a value of _pyio\.FileIO"):
        made.loads_typed(("msgpack", ormsgpack.packb(ormsgpack.Ext(0, ormsgpack.packb(["_pyio", "FileIO", "x"])))))


def test_integer_beyond_64_bits_is_refused() -> None:
    with pytest.raises(CheckpointError, match="exceeds 64-bit"):
        serializer().dumps_typed([2**64])


def test_bytes_are_those_of_langgraph() -> None:
    for value in ({"a": [1, {2}]}, [HumanMessage("hello")], datetime.date(2026, 12, 1)):
        assert serializer().dumps_typed(value) == JsonPlusSerializer().dumps_typed(value)


def test_saver_does_what_langgraphs_own_does() -> None:
    """The states of a thread, and of its branches, are those that an InMemorySaver gives."""

    def states(saver: Any) -> list[Any]:
        from typing import TypedDict

        from langgraph.graph import START, StateGraph
        from langgraph.types import Command, interrupt

        class State(TypedDict, total=False):
            n: int
            got: Any

        builder = StateGraph(State).add_node("one", lambda state: {"n": state["n"] + 1}).add_edge(START, "one")
        builder.add_node("two", lambda _: {"got": interrupt("?")}).add_edge("one", "two")
        compiled = builder.compile(checkpointer=saver)
        config: Any = {"configurable": {"thread_id": "t"}}
        compiled.invoke({"n": 1}, config)
        compiled.invoke(Command(resume=5), config)
        first = list(compiled.get_state_history(config))[1]
        compiled.update_state(first.config, {"n": 10})
        compiled.invoke(None, config)
        history = list(compiled.get_state_history(config))
        filtered = list(compiled.get_state_history(config, filter={"source": "loop"}, limit=2))
        before = list(compiled.get_state_history(config, before=history[1].config))
        return [(each.values, each.next, each.metadata) for each in [*history, *filtered, *before]]

    from terrarium.langgraph._saver import HostSaver

    assert states(HostSaver(serializer(), Checkpoints().functions())) == states(InMemorySaver())

#!/usr/bin/env bash
# langgraph-checkpoint 4.3.2: in the strict mode, a value whose class is not allowed comes back from its checkpoint as a
# dict, and the graph goes on with that.
#
# Guess: with allowed_msgpack_modules given, a checkpoint with a class that is not among them cannot be written, or raises
# when it is read.
# Seen: it is written in full. After an interrupt, the next node gets {'item': 'tea'} in place of Order(item='tea'), with
# a line in the log. Without an interrupt, the same graph gives the node the object.
#
# It matters to whoever sets LANGGRAPH_STRICT_MSGPACK or a list of classes for safety: nodes get other types in runs that
# were interrupted or killed than in those that were not, and fail there, or do not and go wrong.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check langgraph==1.2.22 langgraph-checkpoint==4.3.2
cd "$folder"
HOME=$folder "$folder/venv/bin/python" - <<'PYTHON'
import dataclasses
from importlib.metadata import version
from typing import Any, TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.graph import START, StateGraph


@dataclasses.dataclass
class Order:
    item: str


class State(TypedDict):
    order: Any
    seen: str


def make(_state):
    return {"order": Order("tea")}


def look(state):
    return {"seen": type(state["order"]).__name__}


def seen(interrupted):
    builder = StateGraph(State).add_node(make).add_node(look).add_edge(START, "make").add_edge("make", "look")
    saver = InMemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=None))
    graph = builder.compile(checkpointer=saver, interrupt_before=["look"] if interrupted else None)
    config = {"configurable": {"thread_id": "1"}}
    state = graph.invoke({"order": None}, config)
    return (graph.invoke(None, config) if interrupted else state)["seen"]


found = {"through": seen(False), "interrupted": seen(True)}
print(f"langgraph-checkpoint {version('langgraph-checkpoint')}: the type that the node gets: {found}")
assert found == {"through": "Order", "interrupted": "dict"}, "changed: this finding is out of date"
PYTHON

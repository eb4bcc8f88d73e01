#!/usr/bin/env bash
# LangGraph 1.2.22: a run that goes on from a checkpoint may take two steps more than its recursion_limit.
#
# Guess: recursion_limit=3 stops each run of an endless graph after three steps, a new one and one that goes on.
# Seen: the run that begins the thread takes three steps before GraphRecursionError, each run that goes on with None
# takes five, and a run with a new input takes three again.
#
# It matters to whoever bounds what an agent may spend by recursion_limit, and goes on with runs that reached it: each
# continuation costs more than the first run. Count the calls of models and tools where they are made.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check langgraph==1.2.22 langgraph-checkpoint==4.3.2
cd "$folder"
HOME=$folder "$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version
from typing import TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import GraphRecursionError
from langgraph.graph import START, StateGraph


class State(TypedDict):
    count: int


steps = 0


def again(state):
    global steps
    steps += 1
    return {"count": state["count"] + 1}


builder = StateGraph(State).add_node(again).add_edge(START, "again").add_edge("again", "again")
graph = builder.compile(checkpointer=InMemorySaver())
config = {"configurable": {"thread_id": "1"}, "recursion_limit": 3}
seen = []
for given in ({"count": 0}, None, None, {"count": 0}):
    steps = 0
    try:
        graph.invoke(given, config)
    except GraphRecursionError:
        seen.append(steps)
print(f"LangGraph {version('langgraph')}: steps of runs with a limit of 3: {seen}")
assert seen == [3, 5, 5, 3], "changed: this finding is out of date"
PYTHON

"""Graphs of the tests beside that of the guide."""

import dataclasses
import datetime
import enum
import operator
import pathlib
import uuid
from collections.abc import Callable
from typing import Annotated, Any, TypedDict

from langgraph.graph import START, MessagesState, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt
from pydantic import BaseModel

from terrarium.langchain import HostChatModel


class Steps(TypedDict, total=False):
    effects: str
    log: Annotated[list[str], operator.add]


def step(name):
    def run(state):
        with pathlib.Path(state["effects"]).open("a") as file:
            file.write(name + "\n")
        return {"log": [name]}

    return run


steps = StateGraph(Steps)
for before, name in ((START, "a"), ("a", "b"), ("b", "c"), ("c", "d")):
    steps.add_node(name, step(name))
    steps.add_edge(before, name)


class Answers(TypedDict, total=False):
    got: Annotated[list[Any], operator.add]


def ask(question, key="got"):
    return lambda state: {key: [interrupt(question)]}


two_questions = StateGraph(Answers)
two_questions.add_node("first", ask("one?")).add_edge(START, "first")
two_questions.add_node("second", ask("two?")).add_edge(START, "second")

lost = StateGraph(Answers).add_node("go", lambda state: Command(goto="nowhere")).add_edge(START, "go")
endless = StateGraph(Answers).add_node("go", lambda state: {"got": [1]}).add_edge(START, "go").add_edge("go", "go")


class Mood(enum.Enum):
    GOOD = "good"


@dataclasses.dataclass
class Point:
    x: int


class Shape(BaseModel):
    points: list[Point]


class Rich(TypedDict, total=False):
    data: Any
    seen: list[str]


def make(state):
    return {"data": {"shape": Shape(points=[Point(1)]), "mood": Mood.GOOD, "on": datetime.date(2026, 12, 1), 3: {4}}}


def look(state):
    data = state["data"]
    seen = [data["shape"], data["shape"].points[0], data["mood"], data["on"], data[3]]
    return {"seen": [type(each).__name__ for each in seen]}


rich = StateGraph(Rich).add_node(make).add_node(look).add_edge(START, "make").add_edge("make", "look")


def hidden(state):
    return {"data": Exception}


unkept = StateGraph(Rich).add_node(hidden).add_edge(START, "hidden")


# guide: langgraph_chat
def chat(state: MessagesState) -> dict[str, Any]:
    return {"messages": [HostChatModel().invoke(state["messages"])]}


chats = StateGraph(MessagesState).add_node(chat).add_edge(START, "chat")
# end


# guide: langgraph_context
@dataclasses.dataclass
class Shop:
    currency: str
    price_of: Callable[[str], int]


class Offer(TypedDict, total=False):
    item: str
    text: str


def offer(state: Offer, runtime: Runtime[Shop]) -> Offer:
    shop = runtime.context
    return {"text": f"{state['item']} for {shop.price_of(state['item'])} {shop.currency}"}


offers = StateGraph(Offer, context_schema=Shop)
offers.add_node(offer)
offers.add_edge(START, "offer")
# end


def work(state, runtime: Runtime):
    while not runtime.context["may_go_on"]():
        pass
    return {"log": ["worked"]}


def broken(state):
    raise ValueError("no stock")


slow = StateGraph(Steps).add_node("a", lambda state: {"log": ["a"]}).add_node(work)
slow.add_edge(START, "a").add_edge("a", "work")
failing = StateGraph(Steps).add_node(broken).add_edge(START, "broken")


#: Which context this is.
HERE = uuid.uuid4().hex


def here(state):
    return {"log": [HERE]}


places = StateGraph(Steps).add_node("first", here).add_node("wait", ask("on?", "log")).add_node("last", here)
places.add_edge(START, "first").add_edge("first", "wait").add_edge("wait", "last")


def hold(state, runtime: Runtime):
    runtime.context["hold"](HERE)
    return {"log": []}


holding = StateGraph(Steps).add_node(hold).add_edge(START, "hold")

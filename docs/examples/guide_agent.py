"""The graph of GuideAgent.java: search, judge what was found, search once more if nothing helps, answer."""

import dataclasses
from collections.abc import Callable
from typing import Literal, TypedDict

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

from terrarium.langchain import HostChatModel

MOST_SEARCHES = 2
MODEL = HostChatModel(temperature=0, max_tokens=120)


class Passage(TypedDict):
    """A paragraph of a guide."""

    source: str
    text: str


@dataclasses.dataclass
class Java:
    """The functions of Java that nodes call."""

    search: Callable[[str], list[Passage]]
    helps: Callable[[str, str], bool]


class State(TypedDict, total=False):
    """What nodes read and write; Java gives the question and gets the answer with its sources."""

    question: str
    query: str
    searches: int
    found: list[Passage]
    helpful: list[Passage]
    answer: str
    sources: list[str]


def search(state: State, runtime: Runtime[Java]) -> State:
    query = state.get("query", state["question"])
    return {"found": runtime.context.search(query), "searches": state.get("searches", 0) + 1}


def judge(state: State, runtime: Runtime[Java]) -> State:
    helps = runtime.context.helps
    return {"helpful": [each for each in state["found"] if helps(state["question"], each["text"])]}


def after_judge(state: State) -> Literal["rewrite", "respond"]:
    return "respond" if state["helpful"] or state["searches"] == MOST_SEARCHES else "rewrite"


def rewrite(state: State) -> State:
    prompt = f"Write a search query of a few words, which finds the answer to this question: {state['question']}"
    return {"query": str(MODEL.invoke(prompt).content)}


def respond(state: State) -> State:
    passages = state["helpful"] or state["found"]
    text = "\n\n".join(each["text"] for each in passages)
    prompt = f"{text}\n\nBy this text, answer in one or two sentences: {state['question']}"
    sources = list(dict.fromkeys(each["source"] for each in passages))
    return {"answer": str(MODEL.invoke(prompt).content), "sources": sources}


agent = StateGraph(State, context_schema=Java)
agent.add_node(search)
agent.add_node(judge)
agent.add_node(rewrite)
agent.add_node(respond)
agent.add_edge(START, "search")
agent.add_edge("search", "judge")
agent.add_conditional_edges("judge", after_judge)
agent.add_edge("rewrite", "search")

"""A graph of one node, which asks the language model of the host."""

from typing import TypedDict

from langgraph.graph import START, StateGraph

from terrarium.langchain import HostChatModel


class State(TypedDict, total=False):
    question: str
    answer: str


def ask(state: State) -> State:
    return {"answer": str(HostChatModel().invoke(state["question"]).content)}


graph = StateGraph(State).add_node(ask).add_edge(START, "ask")

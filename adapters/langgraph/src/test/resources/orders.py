# guide: langgraph_orders
import operator
from typing import Annotated, TypedDict

from langgraph.config import get_stream_writer
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt


class State(TypedDict, total=False):
    item: str
    amount: int
    total: int
    approved: bool
    log: Annotated[list[str], operator.add]


def price(state: State) -> State:
    get_stream_writer()({"looked_up": state["item"]})
    return {"total": 7 * state["amount"], "log": ["priced"]}


def approve(state: State) -> State:
    if state["total"] < 100:
        return {"approved": True, "log": ["approved by itself"]}
    answer = interrupt({"question": "Approve?", "total": state["total"]})
    return {"approved": answer, "log": ["approved" if answer else "refused"]}


builder = StateGraph(State)
builder.add_node(price)
builder.add_node(approve)
builder.add_edge(START, "price")
builder.add_edge("price", "approve")
# end

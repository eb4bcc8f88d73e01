"""Graphs of users' code: compiled once in a context, and run with a checkpointer of the call's own."""

from __future__ import annotations

import copy
from types import ModuleType
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph._internal._constants import CONF, CONFIG_KEY_SEND, TASKS
from langgraph._internal._runnable import RunnableCallable
from langgraph._internal._serde import build_serde_allowlist
from langgraph.graph.state import CompiledStateGraph, StateGraph
from langgraph.pregel import Pregel

from terrarium.bridge import SpecError
from terrarium.bridge.errors import nearest
from terrarium.bridge.user_code import UserCode, failed

from ._saver import Functions, HostSaver
from ._serializer import Serializer
from ._specs import Spec

#: How LangGraph calls the channel that starts a node.
_START_OF = "branch:to:"
#: How LangGraph calls the one channel of a state that is not a dict.
_ROOT = "__root__"

Compiled = CompiledStateGraph[Any, Any, Any, Any]


class Graph:
    """A graph of a user's code; ``inputs`` are the keys of its input, and ``keys`` those of its state."""

    def __init__(self, spec: Spec, code: UserCode) -> None:
        """Load the code and compile the graph; raises SpecError, with file and line where the code failed."""
        self._spec = spec
        self._compiled = self._guarded(self._compile(code.load(spec.package, "spec.source")))
        builder = self._compiled.builder
        self.inputs = set(builder.schemas[builder.input_schema])
        self.keys = set(builder.schemas[builder.state_schema])
        if _ROOT in self.inputs | self.keys:
            raise SpecError("spec.graph", f"the state of {spec.graph} has no keys: make it a TypedDict or a dataclass")
        self._serializer = Serializer(
            spec.package, spec.name, build_serde_allowlist(schemas=[*builder.schemas], channels=self._compiled.channels)
        )

    def with_checkpoints(self, functions: Functions | None) -> Compiled:
        """Return the compiled graph on checkpoints that these functions keep, or on none."""
        compiled = copy.copy(self._compiled)
        compiled.checkpointer = None if functions is None else HostSaver(self._serializer, functions)
        return compiled

    def _compile(self, module: ModuleType) -> Compiled:
        path, (package, _, name) = "spec.graph", self._spec
        found = getattr(module, name, None)
        if callable(found) and not isinstance(found, (StateGraph, Pregel)):
            try:
                found = found()
            except Exception as error:
                raise failed(path, f"{name}()", package, error) from error
        if isinstance(found, StateGraph):
            try:
                return found.compile()
            except Exception as error:
                raise failed(path, f"{name}.compile()", package, error) from error
        if isinstance(found, CompiledStateGraph):
            if found.checkpointer is not None or found.store is not None or found.cache is not None:
                raise SpecError(
                    path,
                    f"{name} is compiled with a checkpointer, store or cache of its own, which would stay in one"
                    " context: give the StateGraph itself, or compile() it without, and let Java keep its checkpoints",
                )
            return found
        if isinstance(found, Pregel):
            raise SpecError(path, f"{name} is an entrypoint of LangGraph's functional API: give a StateGraph")
        known = [each for each, value in vars(module).items() if isinstance(value, (StateGraph, CompiledStateGraph))]
        close = nearest(name, known)
        hint = f"; did you mean {close!r}?" if close else "."
        got = "there is none of that name" if found is None else f"it is a {type(found).__name__}"
        raise SpecError(
            path,
            f"{name} in {package.folder} must be a StateGraph or a function that returns one, and {got}{hint}"
            f" Its graphs: {', '.join(known) or 'none'}",
        )

    def _guarded(self, compiled: Compiled) -> Compiled:
        """Have the nodes of a graph and of its subgraphs refuse to go on to a node that there is not."""
        compiled = copy.copy(compiled)
        nodes = set(compiled.nodes)
        compiled.nodes = {
            name: node.copy({"writers": [*node.writers, _refusing_unknown(name, nodes)]})
            for name, node in compiled.nodes.items()
        }
        for _, subgraph in compiled.get_subgraphs():
            if isinstance(subgraph, CompiledStateGraph):
                subgraph.nodes = self._guarded(subgraph).nodes
        return compiled


def _refusing_unknown(name: str, nodes: set[str]) -> RunnableCallable:
    """Return the last writer of a node, which fails it where LangGraph would end the graph without a word."""

    def check(value: Any, config: RunnableConfig) -> Any:
        writes = config[CONF][CONFIG_KEY_SEND].__self__  # the method `extend` of the node's writes
        for channel, written in writes:
            if channel == TASKS:
                target = getattr(written, "node", None)
            elif channel.startswith(_START_OF):
                target = channel.removeprefix(_START_OF)
            else:
                continue
            if target not in nodes:
                known = sorted(each for each in nodes if not each.startswith("__"))
                close = nearest(str(target), known)
                hint = f"; did you mean {close!r}?" if close else "."
                writes.clear()  # or LangGraph would keep them with the failure
                raise SpecError(
                    "spec.graph",
                    f"the node {name!r} goes to {target!r}, which is no node{hint} The nodes: {', '.join(known)}",
                )
        return value

    return RunnableCallable(check, name="refuse_unknown_nodes", trace=False, recurse=False)

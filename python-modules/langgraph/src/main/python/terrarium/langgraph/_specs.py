"""Specs of graphs, read and checked without LangGraph, which takes seconds to import."""

from __future__ import annotations

from typing import Any, NamedTuple

from terrarium.bridge import SpecError, user_code
from terrarium.bridge.sources import SourcePackage

_KEYS = {"source", "graph"}


class Spec(NamedTuple):
    """What a spec says: the user's code, its name in the user's words, and its attribute that is the graph."""

    package: SourcePackage
    name: str
    graph: str


def read(spec: Any) -> Spec:
    """Return what a spec says; raises SpecError with the place inside it. None of the code is run."""
    if not isinstance(spec, dict) or spec.keys() != _KEYS:
        raise SpecError("spec", f"must be a dict of 'source' and 'graph', got {spec!r}")
    graph = spec["graph"]
    if not (isinstance(graph, str) and graph.isidentifier()):
        raise SpecError("spec.graph", f"must be the name of a StateGraph or of a function, got {graph!r}")
    return Spec(user_code.package_of(spec["source"]), spec["source"]["name"], graph)

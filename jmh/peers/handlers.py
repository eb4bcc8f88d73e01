"""What all peers on CPython run: an echo, and the very bridges of DSPy and LangChain that Terrarium runs.

The bridges come from this checkout, upstream's packages from the environment that setup.py made. Their language model
answers at once with the least that its schema allows, as the one of the Java side does, unless ``use`` gave another.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

_MODULES = Path(__file__).resolve().parents[2] / "python-modules"
_EXAMPLES = {"string": "text", "integer": 0, "number": 0.0, "boolean": False, "array": [], "object": {}}
_bridges: dict[str, Any] = {}
T = TypeVar("T")


def echo(v: T) -> T:
    return v


_BENCH: dict[str, Callable[..., Any]] = {"echo": echo, "nothing": lambda: None}


def use(generate: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Have a language model answer; before the first call of a framework."""
    _services["model.generate"] = generate


def call(framework: str, command: str, arguments: dict[str, Any]) -> Any:
    """Run a command of a framework."""
    if framework == "bench":
        return _BENCH[command](**arguments)
    bridge = _bridges.get(framework)
    if bridge is None:
        bridge = _bridges[framework] = _load(framework)
    return bridge.dispatch(command, arguments)


def _load(framework: str) -> Any:
    # At the end: the stand-ins for packages without a GraalPy build lie there too, and CPython has the real ones.
    sys.path.extend(str(_MODULES / name / "src/main/python") for name in ("bridge", "dspy", "langchain"))
    from terrarium.bridge import host
    from terrarium.bridge.testing import InMemoryRegistry

    host.install({**InMemoryRegistry().services(), **_services})
    if framework == "dspy":
        from terrarium.dspy import DspyBridge

        return DspyBridge()
    from terrarium.langchain import LangchainBridge

    return LangchainBridge()


def _generate(request: dict[str, Any]) -> dict[str, Any]:
    schema = request["schema"]
    text = "text" if schema is None else json.dumps(_example(schema))
    return {
        "text": text,
        "finish_reason": "stop",
        "prompt_tokens": 1,
        "completion_tokens": 1,
        "model": "fake",
        "seconds": 0.0,
    }


def _example(schema: dict[str, Any]) -> Any:
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        return {name: _example(properties[name]) for name in schema.get("required", ())}
    return _EXAMPLES[schema["type"]]


_services: dict[str, Callable[..., Any]] = {"model.generate": _generate}

"""What happens before langchain-core is imported: in processes of their own, as it can be seen only once."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from pydantic import create_model
from pydantic.errors import PydanticUndefinedAnnotation

from terrarium.bridge.types import SIMPLE
from terrarium.langchain import _coerce, _graalpy

STARTS = sys.implementation.name == "cpython"


def run(code: str, **environment: str) -> str:
    """Run code in a new interpreter with this one's path, warnings as errors; return what it prints."""
    if not STARTS:
        pytest.skip("an embedded interpreter cannot start another one")
    path = os.pathsep.join(each for each in sys.path if each)
    # without what the bridge has set in this process already, when other tests came first
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LANGCHAIN_", "LANGSMITH_"))}
    result = subprocess.run(  # noqa: S603
        [sys.executable, "-W", "error", "-c", code],
        env={**inherited, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_importing_the_bridge_loads_no_framework() -> None:
    code = """
import sys
from terrarium.langchain import LangchainBridge
LangchainBridge().dispatch("configure", {"temperature": 1})
print(sorted(name for name in ("langchain_core", "langsmith", "pydantic") if name in sys.modules))
"""
    assert run(code) == "[]"


INVOKE = """
import json
from terrarium.bridge import host
from terrarium.bridge.testing import InMemoryRegistry
from terrarium.langchain import LangchainBridge
host.install(InMemoryRegistry().services())
host.install({"model.generate": lambda request: {"text": "ok"}, "orjson.loads": json.loads})
host.install({"orjson.dumps": lambda data, flags: json.dumps(data)})
bridge = LangchainBridge()
program = bridge.dispatch("create_program", {"spec": {"prompt": "to be traced"}})["program"]
print(bridge.dispatch("invoke", {"program": program, "inputs": {}})["output"])
"""


def test_nothing_is_traced_and_nothing_touches_the_network() -> None:
    code = f"""
import socket, threading
def refuse(*args, **kwargs):
    raise AssertionError(f"network: {{args}}")
socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
{INVOKE}
from langsmith import run_trees, utils
print(utils.tracing_is_enabled(), run_trees._CLIENT, threading.active_count())
"""
    for said in ({}, {"LANGSMITH_TRACING": "false"}, {"LANGSMITH_TRACING_V2": "false", "LANGSMITH_TRACING": "true"}):
        assert run(code, LANGSMITH_API_KEY="none", **said).splitlines() == ["ok", "False None 1"]


@pytest.mark.parametrize("name", ["LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"])
def test_the_environment_switches_tracing_on(name: str) -> None:
    code = f"""
import http.server, threading, os
received = []
class Service(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(b"{{}}")
    def do_POST(self):
        received.append((self.path, self.headers["x-api-key"], self.rfile.read(int(self.headers["content-length"]))))
        self.answer(b"{{}}")
    def answer(self, body):
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["LANGSMITH_ENDPOINT"] = f"http://127.0.0.1:{{server.server_port}}"
{INVOKE}
bridge.dispatch("cleanup_framework")
bodies = [body for path, key, body in received if key == "mine" and path.startswith("/runs")]
print(any(b"to be traced" in body for body in bodies), any(b"HostChatModel" in body for body in bodies))
"""
    assert run(code, **{name: "true", "LANGSMITH_API_KEY": "mine"}).splitlines() == ["ok", "True True"]


def test_what_the_environment_says_is_read_again() -> None:
    code = """
import os
from langsmith import utils
print(utils.tracing_is_enabled())
os.environ["LANGSMITH_TRACING"] = "true"
from terrarium.langchain import HostChatModel
print(utils.tracing_is_enabled())
"""
    assert run(code).splitlines() == ["False", "True"]


def test_tracing_that_was_stopped_goes_on() -> None:
    code = """
import threading, weakref
from terrarium.langchain import HostChatModel, _setup
_setup.continue_tracing(False)  # there is none
from langsmith import Client, run_trees
def sending():
    return [each for each in threading.enumerate() if "tracing_control" in str(getattr(each, "_target", ""))]
run_trees._CLIENT = client = Client(api_url="http://127.0.0.1:1", api_key="none", info={})
_setup.continue_tracing(False)
[thread] = sending()
client._manual_cleanup = True  # ends the thread, as an interruption does
thread.join()
client._manual_cleanup = False
ended = client.tracing_queue
ended.mutex.acquire()  # which nobody releases any more
_setup.continue_tracing(False)
print(len(sending()))
print(client.tracing_queue.qsize(), client.tracing_queue is ended)
_setup.continue_tracing(False)
print(len(sending()))
_setup.continue_tracing(True)  # one that was stopped says for a while that it is alive
print(len(sending()))
_setup.end_tracing()
print(run_trees._CLIENT)
"""
    assert run(code).splitlines() == ["1", "0 False", "1", "2", "None"]


def named(name: str, message: str) -> NameError:
    error = NameError(message)
    error.name = name
    return error


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (NameError("name 'Person' is not defined"), "Person"),
        (NameError("name 'Person' is not defined. Did you mean: 'Parson'?"), "Person"),
        (NameError("cannot access free variable 'Person' where it is not associated with a value"), "Person"),
        (NameError("something else"), ""),
        (named("B", "name 'A' is not defined"), "B"),
    ],
)
def test_name_of_a_name_error(error: NameError, name: str) -> None:
    made = _graalpy.from_name_error(PydanticUndefinedAnnotation, error)
    assert isinstance(made, PydanticUndefinedAnnotation)
    assert (made.name, made.message) == (name, str(error))


def test_a_model_may_name_a_class_that_comes_later() -> None:
    fields: dict[str, Any] = {"late": ("Late", None)}
    Early: Any = create_model("Early", **fields)  # noqa: N806 - it is a class
    assert Early.__pydantic_complete__ is False
    with pytest.raises(PydanticUndefinedAnnotation) as caught:
        Early.model_rebuild()
    assert caught.value.name == "Late"
    Early.model_rebuild(_types_namespace={"Late": int})
    assert Early(late="3").late == 3


def test_a_function_that_counts_no_references_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "getrefcount", lambda _: 2, raising=False)
    _graalpy._count_no_references()
    assert hasattr(sys, "getrefcount")
    monkeypatch.setattr(sys, "getrefcount", lambda _: -1)
    _graalpy._count_no_references()
    assert not hasattr(sys, "getrefcount")


@pytest.mark.skipif(not STARTS, reason="it is patched on GraalPy")
def test_pydantic_is_left_alone_on_cpython() -> None:
    before = PydanticUndefinedAnnotation.__dict__["from_name_error"]
    _graalpy.patch()
    assert PydanticUndefinedAnnotation.__dict__["from_name_error"] is before


def test_each_simple_type_of_the_type_language_is_coerced() -> None:
    assert _coerce._SCALARS.keys() == SIMPLE.keys()


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("integer", 3.0, 3),
        ("integer", " 3 ", 3),
        ("integer", 10**30, 10**30),
        ("number", "1e3", 1000.0),
        ("boolean", "TRUE", True),
        ("boolean", False, False),
        ("string", "", ""),
    ],
)
def test_coerces_what_means_the_same(kind: str, value: object, expected: object) -> None:
    made = _coerce.coerce(value, {"type": kind}, "output")
    assert made == expected
    assert type(made) is type(expected)


@pytest.mark.parametrize(
    ("spec", "value"),
    [
        ({"type": "integer"}, True),
        ({"type": "integer"}, "three"),
        ({"type": "integer"}, None),
        ({"type": "integer"}, float("nan")),
        ({"type": "number"}, float("inf")),
        ({"type": "number"}, "1e999"),
        ({"type": "decimal"}, [1]),
        ({"type": "integer"}, "1e999999999"),
        ({"type": "boolean"}, 1),
        ({"type": "boolean"}, "yes"),
        ({"type": "string"}, 1),
        ({"type": "date"}, "28.2.2026"),
        ({"type": "date"}, 20260228),
        ({"type": "datetime"}, "noon"),
        ({"type": "enum", "values": ["a", "A"]}, "b"),
        ({"type": "list", "items": {"type": "string"}}, "a"),
        ({"type": "map", "values": {"type": "string"}}, []),
        ({"type": "map", "values": {"type": "string"}}, {"k": 1}),
        ({"type": "optional", "of": {"type": "string"}}, 1),
    ],
)
def test_coerces_nothing_else(spec: dict[str, object], value: object) -> None:
    with pytest.raises(_coerce.MismatchError, match=r"^output(\.k)?: expected "):
        _coerce.coerce(value, spec, "output")

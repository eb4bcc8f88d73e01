"""To test bridges without a host: its programs and code contexts in Python, and how much work a call is."""

from __future__ import annotations

import copy
import datetime
import queue
import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from .code_context import CodeSession
from .programs import CAPACITY


def python_calls(run: Callable[[], object]) -> int:
    """Run it and return how many Python functions this thread called meanwhile: a count of work that no clock blurs."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(None)
    return calls


class InMemoryRegistry:
    """Does what the host's services ``program.*`` do. Thread-safe.

    ``host.install(registry.services())`` puts it in place. ``asked`` counts the calls of each service.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        """Make an empty registry that has each context keep ``capacity`` built programs."""
        self.asked: Counter[str] = Counter()
        self._capacity = capacity
        self._lock = threading.Lock()
        self._versions = 0
        self._programs: dict[tuple[str, str], dict[str, Any]] = {}

    @property
    def specs(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The specs by framework and id."""
        with self._lock:
            return {key: stored["spec"] for key, stored in self._programs.items()}

    def services(self) -> dict[str, Callable[..., Any]]:
        """Return the services by name."""
        functions: list[Callable[..., Any]] = [
            *(self._put, self._put_state, self._get, self._version, self._info, self._delete, self._list),
        ]
        services = {f"program.{function.__name__[1:]}": self._service(function) for function in functions}
        return {**services, "program.capacity": lambda: self._capacity}

    def _service(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def service(*args: Any) -> Any:
            with self._lock:
                self.asked[function.__name__[1:]] += 1
                return function(*args)

        return service

    def _put(self, framework: str, program: str, spec: dict[str, Any]) -> int | None:
        old = self._programs.get((framework, program))
        if old is not None and old["spec"] == spec:
            return None
        now = _now()
        return self._store((framework, program), spec, None, now if old is None else old["created"], now)

    def _put_state(self, framework: str, program: str, state: dict[str, Any] | None, version: int) -> int | None:
        old = self._programs.get((framework, program))
        if old is None or old["version"] != version:
            return None
        return self._store((framework, program), old["spec"], state, old["created"], _now())

    def _store(self, key: tuple[str, str], spec: Any, state: Any, created: Any, updated: Any) -> int:
        self._versions += 1
        self._programs[key] = {
            "version": self._versions,
            "spec": copy.deepcopy(spec),  # as what crosses to the host, and back
            "state": copy.deepcopy(state),
            "created": created,
            "updated": updated,
        }
        return self._versions

    def _get(self, framework: str, program: str) -> dict[str, Any] | None:
        stored = self._programs.get((framework, program))
        shown = ("version", "spec", "state")
        return None if stored is None else {name: copy.deepcopy(stored[name]) for name in shown}

    def _version(self, framework: str, program: str) -> int | None:
        stored = self._programs.get((framework, program))
        return None if stored is None else stored["version"]

    def _info(self, framework: str, program: str) -> dict[str, Any] | None:
        stored = self._programs.get((framework, program))
        if stored is None:
            return None
        shown = {name: copy.deepcopy(stored[name]) for name in ("version", "created", "updated", "spec")}
        return {"program": program, **shown, "compiled": stored["state"] is not None}

    def _delete(self, framework: str, program: str) -> bool:
        return self._programs.pop((framework, program), None) is not None

    def _list(self, framework: str) -> list[str]:
        return sorted(program for owner, program in self._programs if owner == framework and program[0] != "@")


class CodeHost:
    """Does what the host's services ``code.*`` do, in this interpreter: its code is trusted, and nothing is limited.

    ``executed`` are the requests of ``code.execute``. ``open`` are the ids of the sessions that are not closed.
    """

    def __init__(self) -> None:
        """Make a host without sessions."""
        self.executed: list[dict[str, Any]] = []
        self.open: set[str] = set()
        self._sessions: dict[str, _Running] = {}

    def services(self) -> dict[str, Callable[..., Any]]:
        """Return the services by name."""
        return {
            "code.start": self._start,
            "code.execute": self._execute,
            "code.answer": lambda session, json: self._sessions[session].answer(json),
            "code.close": self.open.discard,
        }

    def _start(self) -> str:
        name = f"session-{len(self._sessions)}"
        self._sessions[name] = _Running()
        self.open.add(name)
        return name

    def _execute(self, session: str, code: dict[str, Any]) -> dict[str, str]:
        self.executed.append(code)
        return self._sessions[session].execute(code)


class _Running:
    """A session whose code runs in a thread, while the caller's runs the functions of the code."""

    def __init__(self) -> None:
        self._steps: queue.Queue[dict[str, str]] = queue.Queue()
        self._answers: queue.Queue[str] = queue.Queue()
        self._session = CodeSession(self._call, 1_000_000, 1 << 26)

    def execute(self, code: dict[str, Any]) -> dict[str, str]:
        for key, is_json in (("texts", False), ("values", True)):
            for name, text in code[key].items():
                self._session.put(name, text, is_json)
        if code["functions"] is not None:
            self._session.declare(code["functions"], code["outputs"])
        threading.Thread(target=self._run, args=(code,), daemon=True).start()
        return self._steps.get(timeout=60)

    def answer(self, json: str) -> dict[str, str]:
        self._answers.put(json)
        return self._steps.get(timeout=60)

    def _run(self, code: dict[str, Any]) -> None:
        self._steps.put({"outcome": self._session.run(code["code"], code["variables"])})

    def _call(self, name: str, arguments: str) -> str:
        self._steps.put({"call": name, "arguments": arguments})
        return self._answers.get(timeout=60)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)

"""Programs that are built from specs, in any context, on first use.

The host keeps the specs; a context keeps what it built from them, the most recently used ones.
So every context can run every program, and one that was dropped is built again when needed.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from . import host
from .errors import ArgumentError, UnknownProgramError

P = TypeVar("P")

CAPACITY = 256


class ProgramCache(Generic[P]):
    """The programs of one framework in this context: a least-recently-used cache over the host.

    Thread-safe. Building runs outside the lock, so two threads that ask for one program for the
    first time may both build it.

    A program that is put again under its id with another spec is built anew in this context at
    once. Other contexts notice where the host offers ``program.version(framework, id) -> int``,
    which is then asked at each use; otherwise they do when they next build it.
    """

    def __init__(self, framework: str, build: Callable[[dict[str, Any]], P], capacity: int = CAPACITY) -> None:
        """Make a cache of at most ``capacity`` programs that ``build`` makes from their specs."""
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1, not {capacity}")
        self._framework = framework
        self._build = build
        self._capacity = capacity
        self._lock = threading.Lock()
        self._programs: OrderedDict[str, tuple[Any, P]] = OrderedDict()

    def __len__(self) -> int:
        with self._lock:
            return len(self._programs)

    def put(self, spec: dict[str, Any], program: str | None = None) -> str:
        """Build a program, store its spec with the host, and return its id.

        The id is the given one, or comes from the spec's content. Raises what building raises,
        and then stores nothing.
        """
        if program is not None and not (isinstance(program, str) and program):
            raise ArgumentError("create_program", f"program must be a text that is not empty, got {program!r}")
        identity = program or content_id(spec)
        built = self._build(spec)
        if host.available("program.put"):
            host.call("program.put", self._framework, identity, spec)
        self._keep(identity, built, self._version(identity))
        return identity

    def get(self, program: str) -> P:
        """Return a program, built from the host's spec if this context does not hold it.

        Raises UnknownProgramError when the host does not know it either.
        """
        version = self._version(program)
        with self._lock:
            entry = self._programs.get(program)
            if entry is not None and entry[0] == version:
                self._programs.move_to_end(program)
                return entry[1]
        spec = host.call("program.get", self._framework, program) if host.available("program.get") else None
        if spec is None:
            raise UnknownProgramError(self._framework, program)
        built = self._build(spec)
        self._keep(program, built, version)
        return built

    def of(self, spec: dict[str, Any]) -> P:
        """Return a program that has no id: built from the spec, kept here only."""
        key = f"={content_id(spec)}"
        with self._lock:
            entry = self._programs.get(key)
            if entry is not None:
                self._programs.move_to_end(key)
                return entry[1]
        built = self._build(spec)
        self._keep(key, built, None)
        return built

    def clear(self) -> None:
        """Drop what was built; the host's specs stay."""
        with self._lock:
            self._programs.clear()

    def _version(self, program: str) -> Any:
        if host.available("program.version"):
            return host.call("program.version", self._framework, program)
        return None

    def _keep(self, program: str, built: P, version: Any) -> None:
        entry = (version, built)
        with self._lock:
            self._programs[program] = entry
            self._programs.move_to_end(program)
            while len(self._programs) > self._capacity:
                self._programs.popitem(last=False)


def content_id(spec: dict[str, Any]) -> str:
    """Return an id for a spec that is the same for equal specs: 16 hexadecimal digits."""
    import hashlib
    import json

    text = json.dumps(spec, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]

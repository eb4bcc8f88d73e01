"""Programs that are built from specs, in any context, on first use.

The host keeps the specs, and the compiled states that belong to them; a context keeps what it built, the most recently
used ones. So every context can run every program, and one that was dropped is built again when needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from . import host
from .errors import ArgumentError, SpecError, UnknownProgramError
from .lru import Lru

P = TypeVar("P")

CAPACITY = 256


class ProgramCache(Generic[P]):
    """The programs of one framework: the host's registry, and what this context built of them.

    Thread-safe. Building runs outside of any lock, so two threads that ask for one program for the first time may both
    build it. The host is asked for the version at each use, so whatever is changed or deleted in any context is seen
    at the next one. A program that cannot be built fails the caller who needs it, and nobody else.
    """

    def __init__(
        self,
        framework: str,
        build: Callable[[dict[str, Any], dict[str, Any] | None], P],
        capacity: int | None = None,
    ) -> None:
        """Keep at most ``capacity`` programs, by default as many as the host says, that ``build`` makes.

        ``build`` is given a spec and its compiled state or None, and raises SpecError for what it cannot use.
        """
        if capacity is None:
            capacity = host.call("program.capacity") if host.available("program.capacity") else CAPACITY
        self._framework = framework
        self._build = build
        self._built: Lru[str, tuple[int | None, P]] = Lru(capacity)

    def __len__(self) -> int:
        return len(self._built)

    def put(self, spec: dict[str, Any], program: str | None = None) -> str:
        """Build a program, store its spec with the host, and return its id.

        The id is the given one, or comes from the spec's content. An equal spec that is there already stays, with its
        state. Raises what building raises, and then stores nothing.
        """
        identity = _identity(spec, program)
        built = self._build(spec, None)
        version = self._ask("put", identity, spec)
        if version is not None:
            self._built.put(identity, (version, built))
        return identity

    def define(self, spec: dict[str, Any], program: str | None = None) -> str:
        """Store a program's spec with the host unbuilt, and return its id, which is as that of :meth:`put`."""
        identity = _identity(spec, program)
        self._ask("put", identity, spec)
        return identity

    def put_state(self, program: str, state: dict[str, Any] | None) -> None:
        """Build a program with another compiled state, or with none, and store that with the host.

        Raises UnknownProgramError, and what building raises, and then stores nothing.
        """
        version = None
        while version is None:  # once, unless somebody changes the program meanwhile
            stored = self._stored(program)
            built = self._build(stored["spec"], state)
            version = self._ask("put_state", program, state, stored["version"])
        self._built.put(program, (version, built))

    def get(self, program: str) -> P:
        """Return a program, built of what the host has if this context does not hold it in its present version.

        Raises UnknownProgramError when the host does not know it.
        """
        _check(program)
        version = self._ask("version", program)
        entry = self._built.get(program)
        if entry is not None and version is not None and entry[0] == version:
            return entry[1]
        self._built.remove(program)
        stored = self._stored(program)
        built = self._build(stored["spec"], stored["state"])
        self._built.put(program, (stored["version"], built))
        return built

    def of(self, spec: dict[str, Any]) -> P:
        """Return a program that has no id: built from the spec, kept here only."""
        return self._without_id(spec, spec, None)

    def candidate(self, program: str, state: dict[str, Any]) -> P:
        """Return a program as it would be with another compiled state, kept here only.

        Raises UnknownProgramError, and what building raises.
        """
        stored = self._stored(program)
        return self._without_id([stored["spec"], state], stored["spec"], state)

    def delete(self, program: str) -> None:
        """Delete a program from the host; raises UnknownProgramError when it does not know it."""
        _check(program)
        self._built.remove(program)
        if not self._ask("delete", program):
            raise UnknownProgramError(self._framework, program)

    def info(self, program: str) -> dict[str, Any]:
        """Return what the host knows of a program; raises UnknownProgramError when it does not know it."""
        _check(program)
        return self._known(program, self._ask("info", program))

    def ids(self) -> list[str]:
        """Return the ids of all programs that the host has of this framework, sorted."""
        ids: list[str] = host.call("program.list", self._framework)
        return ids

    def clear(self) -> None:
        """Drop what was built; what the host has stays."""
        self._built.clear()

    def _without_id(self, content: Any, spec: dict[str, Any], state: dict[str, Any] | None) -> P:
        """Return what is built of a spec and a state, kept by its content."""
        key = f"={content_id(content)}"
        entry = self._built.get(key)
        if entry is not None and entry[0] is None:  # else it is one that somebody gave such an id
            return entry[1]
        built = self._build(spec, state)
        self._built.put(key, (None, built))
        return built

    def _stored(self, program: str) -> dict[str, Any]:
        _check(program)
        return self._known(program, self._ask("get", program))

    def _known(self, program: str, answer: dict[str, Any] | None) -> dict[str, Any]:
        if answer is None:
            raise UnknownProgramError(self._framework, program)
        return answer

    def _ask(self, service: str, program: str, *args: Any) -> Any:
        return host.call(f"program.{service}", self._framework, program, *args)


def _check(program: Any) -> None:
    if not (isinstance(program, str) and program) or program.startswith("@"):
        raise ArgumentError(
            "program", f"an id is a text that is not empty and does not begin with '@', got {program!r}"
        )


def _identity(spec: Any, program: str | None) -> str:
    if program is None:
        return content_id(spec)
    _check(program)
    return program


def content_of(spec: Any) -> str:
    """Return a text that is the same for equal specs, and for no others.

    Raises SpecError for keys that have no order, being of several types.
    """
    import json

    try:
        return json.dumps(spec, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_no_json)
    except TypeError as error:
        raise SpecError("spec", f"keys must be texts: {error}") from error


def content_id(spec: Any) -> str:
    """Return an id that is the same for equal specs: 16 hexadecimal digits."""
    import hashlib

    return hashlib.sha256(content_of(spec).encode()).hexdigest()[:16]


def _no_json(value: Any) -> list[str]:
    return [type(value).__name__, repr(value)]

"""The base class of bridges whose framework runs programs made from specs."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from .base import BaseBridge
from .errors import ArgumentError
from .handlers import handler
from .programs import ProgramCache

P = TypeVar("P")


class ProgramBridge(BaseBridge, Generic[P]):
    """A bridge with the commands that create, change, describe and delete programs, which all contexts share.

    Thread-safe as :class:`BaseBridge` is. A subclass says how a program is built (``_build``), may check its spec
    (``_check``) and, if programs have a compiled state, says how it is loaded and dumped (``_load_state``,
    ``_dump_state``). Commands of its own get the program
    of an id by ``self._programs.get(program)``.
    """

    def __init__(self) -> None:
        """Build the table of commands; this context keeps as many built programs as the host says."""
        super().__init__()
        self._programs: ProgramCache[P] = ProgramCache(self.framework, self._built)

    @handler
    def create_program(self, spec: dict[str, Any], program: str | None = None) -> dict[str, str]:
        """Build a program, store its spec with the host, and return ``{"program": id}``.

        The id is ``program``, or comes from the spec's content. A program of that id is replaced and loses its compiled
        state, unless its spec is equal: then nothing changes. Raises SpecError with the place inside the spec, and then
        stores nothing.
        """
        return {"program": self._programs.put(spec, program)}

    @handler(loads=False)
    def define_program(self, spec: dict[str, Any], program: str | None = None) -> dict[str, str]:
        """Store a program's spec with the host unbuilt, and return ``{"program": id}``; the framework is not loaded.

        As :meth:`create_program`, but the first command that needs the program builds it. Raises SpecError for what is
        seen to be wrong without the framework; that command raises it for the rest.
        """
        self._check(spec)
        return {"program": self._programs.define(spec, program)}

    @handler(loads=False)
    def delete_program(self, program: str) -> dict[str, str]:
        """Delete a program for all contexts, and return ``{"program": id}``; raises UnknownProgramError."""
        self._programs.delete(program)
        return {"program": program}

    @handler(loads=False)
    def list_programs(self) -> list[str]:
        """Return the ids of all programs, sorted."""
        return self._programs.ids()

    @handler(loads=False)
    def get_program_info(self, program: str) -> dict[str, Any]:
        """Return what is known of a program; raises UnknownProgramError.

        ``program`` is its id; ``version`` rises with every change; ``created`` and ``updated`` are datetimes;
        ``compiled`` tells whether it has a compiled state; ``spec`` is what it is built from.
        """
        return self._programs.info(program)

    @handler
    def set_program_state(self, program: str, state: dict[str, Any] | None) -> dict[str, str]:
        """Give a program another compiled state in all contexts, or none, and return ``{"program": id}``.

        Raises UnknownProgramError, SpecError with the place inside a state that does not fit the program, and
        ArgumentError where programs have no compiled state; then nothing changes.
        """
        self._programs.put_state(program, state)
        return {"program": program}

    @handler
    def get_program_state(self, program: str) -> dict[str, Any]:
        """Return a program's present state, as :meth:`set_program_state` takes it, also when none was set.

        Raises UnknownProgramError, and ArgumentError where programs have no compiled state.
        """
        return self._dump_state(self._programs.get(program))

    # For commands of a subclass.

    def _with_tools(self, program: str, max_steps: int, other: str) -> P:
        """Return a program that the command ``act`` runs: one with ``tools``; ``other`` runs those without.

        Raises UnknownProgramError, and ArgumentError for a program without tools and a limit of steps below 1.
        """
        built = self._programs.get(program)
        if not getattr(built, "tools", ()):
            raise ArgumentError("act", f"the program {program!r} has no tools; run it by {other!r}")
        if max_steps < 1:
            raise ArgumentError("act", f"max_steps must be at least 1, got {max_steps}")
        return built

    def _without_tools(self, command: str, program: str) -> P:
        """Return a program that has no ``tools``, for a command that may be made again when it fails.

        Raises UnknownProgramError, and ArgumentError for a program with tools, which may do more when called again.
        """
        built = self._programs.get(program)
        if getattr(built, "tools", ()):
            raise ArgumentError(command, f"the program {program!r} has tools; run it by 'act'")
        return built

    # Hooks of a subclass.

    def _check(self, spec: dict[str, Any]) -> None:
        """Raise SpecError for what is seen to be wrong in a spec without the framework; by default nothing is."""

    def _build(self, spec: dict[str, Any]) -> P:
        """Return a program made from a spec; raises SpecError with the place inside it."""
        raise NotImplementedError(f"{type(self).__name__} must say how a program is built: override _build")

    def _load_state(self, program: P, state: dict[str, Any]) -> None:  # noqa: ARG002 - for subclasses
        """Bring a program that was just built into a compiled state; raises SpecError with the place inside it."""
        raise self._stateless("set_program_state")

    def _dump_state(self, program: P) -> dict[str, Any]:  # noqa: ARG002 - for subclasses
        """Return a program's state as plain data."""
        raise self._stateless("get_program_state")

    def _cleanup_framework(self) -> None:
        self._programs.clear()

    def _framework_stats(self) -> dict[str, Any]:
        return {"programs": len(self._programs)}

    def _built(self, spec: dict[str, Any], state: dict[str, Any] | None) -> P:
        program = self._build(spec)
        if state is not None:
            self._load_state(program, state)
        return program

    def _stateless(self, command: str) -> ArgumentError:
        return ArgumentError(command, f"programs of {self.framework} have no compiled state")

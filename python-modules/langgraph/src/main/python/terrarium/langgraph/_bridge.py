"""The commands of LangGraph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from terrarium.bridge import ProgramBridge, Pushed, handler
from terrarium.bridge.user_code import UserCode

from . import _specs

if TYPE_CHECKING:
    from ._graph import Graph
    from ._runs import Run


class LanggraphBridge(ProgramBridge["Graph"]):
    """Graphs of users' code, whose checkpoints the host keeps.

    Thread-safe as :class:`ProgramBridge` is. A program is a graph, made of a spec ``{"source", "graph"}``: the code, as
    :mod:`terrarium.bridge.user_code` has it, and its attribute that is a ``StateGraph`` or a function without
    parameters that returns one. It is compiled once in each context.

    A *thread* is ``{"id", "functions", "checkpoint"}``: the functions of the host that keep its checkpoints
    (``HostSaver`` says which), and the id of the checkpoint to start from, None for the latest. Commands answer
    ``{"failure": "checkpoint", "message"}`` for a checkpoint that cannot be written or read.
    """

    framework: ClassVar[str] = "langgraph"

    def __init__(self) -> None:
        """Build the table of commands; LangGraph is imported with the first command that needs it."""
        super().__init__()
        self._code = UserCode()

    @handler
    def run(
        self,
        program: str,
        action: dict[str, Any],
        thread: dict[str, Any] | None = None,
        context: dict[str, Any] | None = None,
        recursion_limit: int | None = None,
    ) -> dict[str, Any]:
        """Run a graph until it ends or waits for an answer.

        ``action`` is ``{"input": state}``; ``{"resume": value}``, the answer to the one interrupt that the thread waits
        at; ``{"answers": {id: value}}``, to several; or empty, which goes on where the thread stopped. ``context`` is
        what nodes have as ``runtime.context``, of the graph's ``context_schema`` where there is one; its values may be
        functions of the host.

        Returns ``{"values", "interrupts", "next", "checkpoint"}``: the output, or the state so far where the graph
        waits; the open interrupts, dicts of ``id`` and ``value``; the nodes that would run next; and the id of the
        thread's latest checkpoint. Or ``{"failure": "recursion_limit", "message"}``.

        Raises UnknownProgramError; SpecError, also for a node that goes to one that there is not; and ArgumentError for
        an unknown key or interrupt, for a thread that cannot go on, and for an interrupt outside of a thread.
        """
        from . import _runs

        run = self._run("run", program, thread, context, recursion_limit)
        return _runs.answered(lambda: run.outcome(action))

    @handler
    def stream(
        self,
        program: str,
        action: dict[str, Any],
        modes: list[str],
        thread: dict[str, Any] | None = None,
        context: dict[str, Any] | None = None,
        recursion_limit: int | None = None,
    ) -> Pushed:
        """Run a graph as :meth:`run` does, and push what it streams, and last what ``run`` returns.

        ``modes`` are some of LangGraph's ``values``, ``updates``, ``custom`` and ``messages``. Pieces are dicts of
        ``mode`` and ``data``; ``node`` tells whose they are with ``updates`` and ``messages``, and ``text`` is that of
        a message's piece.
        """
        from . import _runs

        run = self._run("stream", program, thread, context, recursion_limit)
        return Pushed(lambda emit: emit(_runs.answered(lambda: run.outcome(action, modes, emit))))

    @handler(idempotent=True)
    def get_state(self, program: str, thread: dict[str, Any]) -> dict[str, Any]:
        """Return ``{"state"}``, that of a thread at its checkpoint, or None when there is none.

        A state has ``values``, ``next``, ``interrupts``, ``checkpoint`` and ``parent`` (ids), ``created`` (ISO 8601),
        ``source`` (``input``, ``loop``, ``update`` or ``fork``) and ``step``.
        """
        from . import _runs

        graph, of = self._programs.get(program), _runs.Thread.of("get_state", thread)
        return _runs.answered(lambda: {"state": _runs.state(graph, of)})

    @handler(idempotent=True)
    def get_history(self, program: str, thread: dict[str, Any], limit: int | None = None) -> dict[str, Any]:
        """Return ``{"states"}``, those of a thread as :meth:`get_state` has them, the latest first."""
        from . import _runs

        graph, of = self._programs.get(program), _runs.Thread.of("get_history", thread)
        return _runs.answered(lambda: {"states": list(_runs.history(graph, of, limit))})

    @handler
    def update_state(
        self, program: str, thread: dict[str, Any], values: dict[str, Any], node: str | None = None
    ) -> dict[str, Any]:
        """Write values into a thread's state as a node would, and return ``{"checkpoint"}``, the id of the new one.

        Without ``node`` it is the one that wrote last. Raises ArgumentError for an unknown key or node.
        """
        from . import _runs

        graph, of = self._programs.get(program), _runs.Thread.of("update_state", thread)
        return _runs.answered(lambda: {"checkpoint": _runs.update("update_state", graph, of, values, node)})

    def _run(
        self,
        command: str,
        program: str,
        thread: dict[str, Any] | None,
        context: dict[str, Any] | None,
        recursion_limit: int | None,
    ) -> Run:
        from . import _runs

        graph = self._programs.get(program)
        of = None if thread is None else _runs.Thread.of(command, thread)
        return _runs.Run(command, graph, of, context, recursion_limit)

    def _check(self, spec: dict[str, Any]) -> None:
        _specs.read(spec)

    def _build(self, spec: dict[str, Any]) -> Graph:
        from ._graph import Graph

        return Graph(_specs.read(spec), self._code)

    def _load_framework(self) -> None:
        from terrarium.langchain import _setup

        _setup.prepare()
        from . import _inline, _runs  # noqa: F401 - which imports LangGraph

        _inline.install()

    def _cleanup_framework(self) -> None:
        from terrarium.langchain import _setup

        super()._cleanup_framework()
        self._code.forget()
        _setup.end_tracing()

    def _recover_framework(self, threads_stopped: bool) -> None:
        from terrarium.langchain import _setup

        _setup.continue_tracing(threads_stopped)

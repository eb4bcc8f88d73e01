"""Runs of graphs: what is given to LangGraph, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from langchain_core.runnables import RunnableConfig
from langgraph.errors import GraphRecursionError
from langgraph.types import Command, Interrupt, StateSnapshot

from terrarium.bridge import ArgumentError

from ._errors import CheckpointError
from ._graph import Compiled, Graph
from ._inline import Piece, pushed_to
from ._plain import plain

_MODES = ("values", "updates", "custom", "messages")
_INTERRUPT = "__interrupt__"
_ACTIONS = ("input", "resume", "answers")


class Thread(NamedTuple):
    """The thread of a run: its id, the functions that keep its checkpoints, and the checkpoint to start from."""

    id: str
    functions: dict[str, Callable[..., Any]]
    checkpoint: str | None

    @classmethod
    def of(cls, command: str, given: Any) -> Thread:
        """Return what the host says of a thread; raises ArgumentError."""
        if not isinstance(given, dict) or given.keys() != {"id", "functions", "checkpoint"} or not given["id"]:
            raise ArgumentError(command, f"thread: must be a dict of 'id', 'functions' and 'checkpoint', got {given!r}")
        return cls(given["id"], given["functions"], given["checkpoint"])

    def config(self) -> RunnableConfig:
        """Return LangGraph's config for it."""
        values = {"thread_id": self.id, "checkpoint_ns": ""}
        return {"configurable": values if self.checkpoint is None else {**values, "checkpoint_id": self.checkpoint}}


class Run:
    """One run of a graph, in a thread or without one."""

    def __init__(
        self,
        command: str,
        graph: Graph,
        thread: Thread | None,
        context: dict[str, Any] | None,
        recursion_limit: int | None,
    ) -> None:
        """Prepare a run; raises ArgumentError for a limit below 1."""
        self._command = command
        self._graph = graph
        self._thread = thread
        self._context = context
        self._compiled = graph.with_checkpoints(None if thread is None else thread.functions)
        self._config: RunnableConfig = {} if thread is None else thread.config()
        if recursion_limit is not None:
            if recursion_limit < 1:
                raise ArgumentError(command, f"recursion_limit must be at least 1, got {recursion_limit}")
            self._config["recursion_limit"] = recursion_limit

    def outcome(
        self, action: dict[str, Any], modes: list[str] | None = None, emit: Callable[[object], object] | None = None
    ) -> dict[str, Any]:
        """Run the graph, emit what it streams in these modes, and return what came of it, as the bridge says."""
        streamed = modes or []
        _check_known(self._command, streamed, _MODES, "mode")
        if self._thread is not None:
            _check_addressed(self._command, self._compiled, self._thread)
        upstreams: list[Any] = ["values", "updates", *(mode for mode in streamed if mode not in ("values", "updates"))]
        given = self._given(action)
        last: Any = None
        stopped: tuple[Interrupt, ...] | None = None

        def receive(piece: Piece) -> None:
            nonlocal last, stopped
            _, mode, payload = piece
            if mode == "updates" and _INTERRUPT in payload:
                stopped = payload[_INTERRUPT]  # empty at a breakpoint
                return
            if mode == "values":
                last = _without_interrupts(payload)
                payload = last
            if emit is not None and mode in streamed:
                for each in _pieces(mode, payload):
                    emit(each)

        with pushed_to(receive):
            for _ in self._compiled.stream(
                given,
                self._config,
                context=self._context,
                stream_mode=upstreams,
                durability=None if self._thread is None else "sync",
            ):
                pass
        if self._thread is None:
            if stopped is not None:
                what = f"asked for an answer, {stopped[0].value!r}," if stopped else "stopped at a breakpoint,"
                raise ArgumentError(
                    self._command, f"the graph {what} and without checkpoints it cannot go on: run it in a thread"
                )
            return {"values": plain(last) or {}, "interrupts": [], "next": [], "checkpoint": None}
        snapshot = self._compiled.get_state(_latest(self._config))
        return {
            "values": plain(last) or {},
            "interrupts": [plain(each) for each in waiting(snapshot)],
            "next": list(snapshot.next),
            "checkpoint": _checkpoint_of(snapshot.config),
        }

    def _given(self, action: dict[str, Any]) -> Any:
        if len(action) > 1 or not action.keys() <= set(_ACTIONS):
            raise ArgumentError(self._command, f"action: takes at most one of {', '.join(_ACTIONS)}, got {action!r}")
        if "input" in action:
            return self._input(action["input"])
        if self._thread is None:
            raise ArgumentError(self._command, "a graph can only go on in a thread")
        if not action:
            if not _is_saved(self._compiled, self._config):
                raise ArgumentError(
                    self._command, f"thread {self._thread.id!r} has no checkpoint to go on from: call it with an input"
                )
            return None
        pending = [each.id for each in waiting(self._compiled.get_state(self._config))]
        if not pending:
            raise ArgumentError(
                self._command, f"thread {self._thread.id!r} waits for no answer: no interrupt of it is open"
            )
        if "answers" in action:
            answers: dict[str, Any] = action["answers"]
            _check_known(self._command, answers, pending, "interrupt")
            if not answers:
                raise ArgumentError(self._command, f"answers: must have some of {', '.join(pending)}")
            return Command(resume=answers)
        if len(pending) > 1:
            raise ArgumentError(
                self._command,
                f"thread {self._thread.id!r} waits for {len(pending)} answers: give each by the id of its interrupt,"
                f" {', '.join(pending)}",
            )
        # By the id, since LangGraph takes {} for answers to no interrupt, and fails on None.
        return Command(resume={pending[0]: action["resume"]})

    def _input(self, given: Any) -> Any:
        inputs = sorted(self._graph.inputs)
        if not isinstance(given, dict) or not given:
            raise ArgumentError(self._command, f"input: must be a dict with some of {', '.join(inputs)}")
        _check_known(self._command, given, inputs, "key of the input")
        return given


def state(graph: Graph, thread: Thread) -> dict[str, Any] | None:
    """Return a thread's state at its checkpoint, as :func:`shown`; None when there is none."""
    snapshot = graph.with_checkpoints(thread.functions).get_state(thread.config())
    return None if snapshot.created_at is None else shown(snapshot)


def history(graph: Graph, thread: Thread, limit: int | None) -> Iterator[dict[str, Any]]:
    """Yield a thread's states, the latest first."""
    compiled = graph.with_checkpoints(thread.functions)
    for snapshot in compiled.get_state_history(_latest(thread.config()), limit=limit):
        yield shown(snapshot)


def update(command: str, graph: Graph, thread: Thread, values: dict[str, Any], node: str | None) -> str | None:
    """Write values into a thread's state as a node would, and return the id of the new checkpoint."""
    # LangGraph leaves out a key that it does not know, without a word.
    _check_known(command, values, sorted(graph.keys), "key of the state")
    compiled = graph.with_checkpoints(thread.functions)
    if node is not None:
        _check_known(command, [node], [each for each in compiled.nodes if not each.startswith("__")], "node")
    _check_addressed(command, compiled, thread)
    return _checkpoint_of(compiled.update_state(thread.config(), values, as_node=node))


def shown(snapshot: StateSnapshot) -> dict[str, Any]:
    """Return a state of a thread as plain data."""
    metadata: dict[str, Any] = {**(snapshot.metadata or {})}
    return {
        "values": plain(snapshot.values),
        "next": list(snapshot.next),
        "interrupts": [plain(each) for each in waiting(snapshot)],
        "checkpoint": _checkpoint_of(snapshot.config),
        "parent": _checkpoint_of(snapshot.parent_config),
        "created": snapshot.created_at,
        "source": metadata.get("source"),
        "step": metadata.get("step"),
    }


def waiting(snapshot: StateSnapshot) -> list[Interrupt]:
    """Return the interrupts of a state that nobody has answered."""
    return [each for task in snapshot.tasks if task.result is None for each in task.interrupts]


def answered(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the answer of a command, or a failure of which the host makes a named exception."""
    try:
        return work()
    except GraphRecursionError as error:
        return {"failure": "recursion_limit", "message": str(error).partition("\n")[0]}
    except CheckpointError as error:
        return {"failure": "checkpoint", "message": str(error)}


def _is_saved(compiled: Compiled, config: RunnableConfig) -> bool:
    saver: Any = compiled.checkpointer
    return saver.get_tuple(config) is not None


def _check_addressed(command: str, compiled: Compiled, thread: Thread) -> None:
    """Raise ArgumentError for a checkpoint that is not there, where LangGraph would begin anew."""
    if thread.checkpoint is not None and not _is_saved(compiled, thread.config()):
        raise ArgumentError(command, f"thread {thread.id!r} has no checkpoint {thread.checkpoint!r}")


def _check_known(command: str, given: Iterable[str], known: Sequence[str], what: str) -> None:
    unknown = [each for each in given if each not in known]
    if unknown:
        raise ArgumentError.of_names(command, missing=(), unknown=unknown, accepted=known, what=what)


def _pieces(mode: str, payload: Any) -> Iterator[dict[str, Any]]:
    if mode == "updates":
        for node, written in payload.items():
            yield {"mode": mode, "node": node, "data": plain(written)}
    elif mode == "messages":
        message, metadata = payload
        yield {"mode": mode, "node": metadata.get("langgraph_node"), "data": plain(message), "text": message.text}
    else:
        yield {"mode": mode, "data": plain(payload)}


def _without_interrupts(values: Any) -> Any:
    if isinstance(values, dict) and _INTERRUPT in values:
        return {key: value for key, value in values.items() if key != _INTERRUPT}
    return values


def _latest(config: RunnableConfig) -> RunnableConfig:
    values = config["configurable"]
    return {"configurable": {key: value for key, value in values.items() if key != "checkpoint_id"}}


def _checkpoint_of(config: RunnableConfig | None) -> str | None:
    return None if config is None else config["configurable"].get("checkpoint_id")

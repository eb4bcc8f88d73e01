"""LangGraph's nodes and checkpoints on the thread of the call, and what they stream at the moment when it is written.

LangGraph gives nodes of one step, and each write of a checkpoint, to threads of a pool that it makes for each run. Here
they run one after another on the thread that called the graph: threads that Python starts are outside of the host's
call, so what they do would be in no session and on no account, and would go on when the call is stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from langgraph.pregel import _executor as _upstream_executor
from langgraph.pregel import main as _upstream_main

#: What a graph streams: the namespace of a subgraph, the mode and the piece.
Piece = tuple[tuple[str, ...], str, Any]

_executor: Any = _upstream_executor
_main: Any = _upstream_main
_upstream_queue: Any = _main.SyncQueue
_receiver: ContextVar[Callable[[Piece], object] | None] = ContextVar("receiver", default=None)


def install() -> None:
    """Have LangGraph run so in this context; calling it again changes nothing."""
    _executor.get_executor_for_config = _of_config
    _main.SyncQueue = Pushing


@contextmanager
def pushed_to(receive: Callable[[Piece], object]) -> Iterator[None]:
    """Have the next graph that streams give its pieces to a function at once, in place of yielding them."""
    token = _receiver.set(receive)
    try:
        yield
    finally:
        _receiver.reset(token)


class Pushing(_upstream_queue):  # type: ignore[misc]
    """The queue of what one run of a graph streams, which may have a function to give that to."""

    def __init__(self) -> None:
        super().__init__()
        self._receive = _receiver.get()
        _receiver.set(None)  # graphs inside of nodes have their own

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Give a piece to the function, or keep it."""
        if self._receive is None:
            super().put(item, block, timeout)
        else:
            self._receive(item)


class Inline(Executor):
    """Runs what is submitted to it at once."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a function and return its outcome, a future that is done."""
        future: Future[Any] = Future()
        if any(getattr(each, "__func__", None) is _upstream_queue.wait for each in args):
            future.set_result(None)  # nothing will come while it waits
            return future
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def _of_config(_config: Any) -> Inline:
    return Inline()

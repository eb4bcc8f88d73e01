"""Executors whose threads wait, or were ended from outside, as all threads of a context are when a call is stopped.

GraalPy 25.0.3 waits for an item of a ``queue.SimpleQueue`` where it reaches no safepoint. An idle thread of an executor
does so, and whoever needs one of all threads then waits for ever: the heap's measurement when a framework loads.

An executor counts its threads by those that it started. One that has lost them starts no other, and whoever submits
work to it waits for ever. What the stopped call had submitted is not run by later ones.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType


def mend_queues(module: ModuleType) -> None:
    """Have ``queue`` use its own ``SimpleQueue``, which waits for a lock."""
    names = module.__dict__
    names["SimpleQueue"] = names["_PySimpleQueue"]


def mend(module: ModuleType) -> None:
    """Have the executors of ``concurrent.futures.thread`` replace threads that were ended."""
    executor: Any = module.__dict__["ThreadPoolExecutor"]
    adjust = executor._adjust_thread_count

    def adjust_thread_count(self: Any) -> None:
        dead = [each for each in self._threads if not each.is_alive()]
        if dead:
            self._threads.difference_update(dead)
            self._idle_semaphore = threading.Semaphore(0)  # counts some of them; those who live are found busy or free
        adjust(self)

    executor._adjust_thread_count = adjust_thread_count


def abandon(module: ModuleType, thread: Any) -> None:
    """Cancel what waits for a thread that was ended."""
    queue = module.__dict__["_threads_queues"].pop(thread, None)
    if queue is None:
        return
    items = [queue.get_nowait() for _ in range(queue.qsize())]
    for item in items:
        if item is None:  # tells a thread to end, and maybe one that lives
            queue.put(None)
        else:
            item.future._done_callbacks.clear()  # no code of users runs now
            item.future.cancel()

"""What has to be so before langchain-core is imported for the first time."""

from __future__ import annotations

import os
import sys
import threading
import warnings
import weakref
from typing import Any

from terrarium.bridge import imports, models

from . import _graalpy, _kept

_SECONDS_FOR_TRACES = 2.0


def prepare() -> None:
    """Make langchain-core importable; calling it again changes nothing.

    Whether LangSmith traces is up to the environment (on GraalPy, this context's), which langsmith reads anew.
    """
    utils = sys.modules.get("langsmith.utils")
    if utils is not None:
        utils.get_env_var.cache_clear()
        utils.get_tracer_project.cache_clear()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # looking for plugins costs a scan of all packages
    for package in ("langchain_core", "langsmith"):
        imports.defer_in(package)
        models.defer_in(package)
    if sys.implementation.name == "graalpy":
        with warnings.catch_warnings():  # urllib3 finds no OpenSSL, and says so; nothing is sent by it here
            warnings.filterwarnings("ignore", message="urllib3 v2 only supports OpenSSL")
            import urllib3  # noqa: F401
    _graalpy.patch()
    _kept.install()


def continue_tracing(threads_stopped: bool) -> None:
    """Start the thread that sends traces again, when there was one and it was stopped.

    A thread that was stopped may still say that it is alive: it has not ended yet, or was stopped in the middle of
    ending. The new one gets a queue of its own with what waits in the old one, whose locks an ended thread may have
    left in any state.
    """
    client = getattr(_run_trees(), "_CLIENT", None)
    if client is None or client.tracing_queue is None:
        return
    from langsmith._internal._background_thread import tracing_control_thread_func as send

    senders = [thread for thread in threading.enumerate() if getattr(thread, "_target", None) is send]
    if threads_stopped or not any(thread.is_alive() for thread in senders):
        waiting = [*client.tracing_queue.queue]
        client.tracing_queue = type(client.tracing_queue)(client.tracing_queue.maxsize)
        for item in waiting:
            client.tracing_queue.put_nowait(item)
        threading.Thread(target=send, args=(weakref.ref(client),), daemon=True).start()


def end_tracing() -> None:
    """Send the traces that wait, for a limited time, and forget the client that sends them."""
    run_trees = _run_trees()
    client = getattr(run_trees, "_CLIENT", None)
    if client is not None:
        run_trees._CLIENT = None
        client.close(timeout=_SECONDS_FOR_TRACES)


def _run_trees() -> Any:
    """Return the module that holds the client of all traces, once it is imported."""
    return sys.modules.get("langsmith.run_trees")

"""Spans: the parts of a call's work that a framework reports to the host's observers.

Nobody observes them unless the call's options or the host's configuration say so: look at ``spans.detail`` first.

    from terrarium.bridge import spans

    with spans.span("retriever", "wiki", inputs={"query": query}) as outcome:
        outcome.outputs = self.search(query)

All of this is for the thread of the call; of threads that it starts nothing is reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from . import host

OFF, TIMES, CONTENT = "OFF", "TIMES", "CONTENT"

#: How much is reported of the spans of the present call; set by the engine.
detail = OFF

_current: ContextVar[str | None] = ContextVar("terrarium_span", default=None)


class Outcome:
    """What is reported at the end of a span."""

    outputs: Any = None


def started(span: str, parent: str | None, kind: str, name: str, type_: str, inputs: Any = None) -> None:
    """Report that a span begins; ``parent`` is the span around it, and ``inputs`` are plain data."""
    host.call("span.started", span, parent, kind, name, type_, inputs if detail == CONTENT else None)


def ended(span: str, failure: str | None = None, outputs: Any = None) -> None:
    """Report that a span ended, by an exception whose class has the name ``failure``, or with plain data."""
    host.call("span.ended", span, failure, outputs if detail == CONTENT else None)


@contextmanager
def span(kind: str, name: str, type_: str | None = None, inputs: Any = None) -> Iterator[Outcome]:
    """Report the block as a span within that of the block around it, if anybody observes; yield its outcome."""
    outcome = Outcome()
    if detail == OFF:
        yield outcome
        return
    from uuid import uuid4

    made, failure = uuid4().hex, None
    started(made, _current.get(), kind, name, type_ or kind, inputs)
    token = _current.set(made)
    try:
        yield outcome
    except BaseException as error:
        failure = type(error).__name__
        raise
    finally:
        _current.reset(token)
        ended(made, failure, outcome.outputs)

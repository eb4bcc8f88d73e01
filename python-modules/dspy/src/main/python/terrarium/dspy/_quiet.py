"""Optimizers of DSPy without what they print."""

from __future__ import annotations

import contextlib
import functools
import io
import logging
from collections.abc import Iterator

import tqdm  # type: ignore[import-untyped]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Have DSPy print nothing inside of the block, show no progress, and log errors only."""
    level = logging.getLogger("dspy").level
    shown = tqdm.tqdm.__init__
    tqdm.tqdm.__init__ = functools.partialmethod(shown, disable=True)
    tqdm.tqdm.monitor_interval = 0  # or it starts a thread
    logging.getLogger("dspy").setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.getLogger("dspy").setLevel(level)
        tqdm.tqdm.__init__ = shown

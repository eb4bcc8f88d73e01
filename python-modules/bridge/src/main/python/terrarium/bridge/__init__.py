"""The contract between Terrarium's engine and the Python code that it runs.

A framework is a subclass of :class:`BaseBridge` whose commands are methods marked with
:func:`handler`. Commands take and return *plain data*: ``None``, ``bool``, ``int``, ``float``,
``str``, ``bytes``, ``list`` and ``dict`` with string keys. Failures are raised, never returned. A command
that is streamed is a generator of plain data, or returns :class:`Pushed`.

:mod:`terrarium.bridge.host` reaches the services that the Java side offers, and
:mod:`terrarium.bridge.programs` keeps the programs that are built from specs.
"""

from .base import BaseBridge
from .errors import (
    ArgumentError,
    BridgeError,
    FrameworkLoadError,
    HostCallError,
    HostServiceError,
    SpecError,
    UnknownCommandError,
    UnknownProgramError,
)
from .handlers import Handler, Pushed, handler

__all__ = [
    "ArgumentError",
    "BaseBridge",
    "BridgeError",
    "FrameworkLoadError",
    "Handler",
    "HostCallError",
    "HostServiceError",
    "Pushed",
    "SpecError",
    "UnknownCommandError",
    "UnknownProgramError",
    "handler",
]

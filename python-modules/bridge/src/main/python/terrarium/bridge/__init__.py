"""The contract between Terrarium's engine and the Python code that it runs.

A framework is a subclass of :class:`BaseBridge` whose commands are methods marked with
:func:`handler`. Commands take and return *plain data*: ``None``, ``bool``, ``int``, ``float``,
``str``, ``bytes``, ``list`` and ``dict`` with string keys; an annotated parameter gets what it is annotated
with (:mod:`terrarium.bridge.annotations`). Failures are raised, never returned. A command that is streamed
is a generator of plain data, or returns :class:`Pushed`.

:mod:`terrarium.bridge.host` reaches the services that the Java side offers. A framework that runs
programs made from specs is a subclass of :class:`ProgramBridge`. What the turns of a session leave
for each other is in :mod:`terrarium.bridge.session`.
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
from .program_bridge import ProgramBridge

__all__ = [
    "ArgumentError",
    "BaseBridge",
    "BridgeError",
    "FrameworkLoadError",
    "Handler",
    "HostCallError",
    "HostServiceError",
    "ProgramBridge",
    "Pushed",
    "SpecError",
    "UnknownCommandError",
    "UnknownProgramError",
    "handler",
]

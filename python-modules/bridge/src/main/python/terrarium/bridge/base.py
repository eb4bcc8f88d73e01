"""The base class of all bridges."""

from __future__ import annotations

import threading
import time
from typing import Any, ClassVar

from .errors import ArgumentError, FrameworkLoadError, UnknownCommandError, java_exception
from .handlers import Handler, handler, options_of


class BaseBridge:
    """The Python side of one framework: a table of commands, and the framework behind them.

    Thread-safe as far as the subclass's own commands are. A subclass names its ``framework``,
    marks its commands with ``@handler`` and may override the hooks ``_load_framework``,
    ``_cleanup_framework``, ``_recover_framework`` and ``_framework_stats``. Constructing a bridge loads nothing.

    ``_handlers`` maps the names of all commands, the built-in ones included, to their handlers.
    """

    framework: ClassVar[str] = ""

    def __init__(self) -> None:
        """Build the table of commands.

        Raises TypeError when ``framework`` is not set, or two methods claim one command.
        """
        if not (isinstance(self.framework, str) and self.framework):
            raise TypeError(f"{type(self).__name__}.framework must name the framework")
        self._load_lock = threading.RLock()
        self._loaded = False
        self._load_seconds: float | None = None
        self._handlers: dict[str, Handler] = _collect(self)

    # Commands of every bridge.

    @handler(loads=False, idempotent=True)
    def ping(self) -> dict[str, Any]:
        """Answer without loading anything: ``{"framework", "loaded", "status": "ok"}``."""
        return {"framework": self.framework, "loaded": self._loaded, "status": "ok"}

    @handler(loads=False, idempotent=True)
    def get_stats(self) -> dict[str, Any]:
        """Return counters, without loading anything.

        ``framework`` and ``loaded``; ``load_seconds``, the time the last load took or None;
        ``calls`` and ``failures`` of all commands together; ``commands``, for each command that
        was called its own ``calls`` and ``failures``; and what the framework adds, once loaded.
        """
        called = {
            name: {"calls": entry.calls, "failures": entry.failures}
            for name, entry in self._handlers.items()
            if entry.calls
        }
        stats: dict[str, Any] = {
            "framework": self.framework,
            "loaded": self._loaded,
            "load_seconds": self._load_seconds,
            "calls": sum(entry["calls"] for entry in called.values()),
            "failures": sum(entry["failures"] for entry in called.values()),
            "commands": called,
        }
        if self._loaded:
            stats.update(self._framework_stats())
        return stats

    @handler
    def batch(self, commands: list[dict[str, Any]], stop_on_error: bool = False) -> list[dict[str, Any]]:
        """Run commands one after another; one failure does not lose the rest.

        ``commands`` is a list of ``{"command": name, "args": {...}}``, ``args`` being optional.
        Returns one dict for each, in order: ``{"ok": True, "value": ...}`` or ``{"ok": False,
        "error": {"type", "message"}}``. With ``stop_on_error`` the list ends at the first failure.
        Raises ArgumentError, before anything runs, when ``commands`` is not such a list.
        """
        _check_batch(commands)
        results: list[dict[str, Any]] = []
        for item in commands:
            try:
                value = self.dispatch(item["command"], item.get("args") or {})
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:  # a Java exception is no Exception in GraalPy
                results.append({"ok": False, "error": _described(error)})
                if stop_on_error:
                    break
            else:
                results.append({"ok": True, "value": value})
        return results

    @handler(loads=False, idempotent=True)
    def describe_tools(self, commands: list[str]) -> list[dict[str, str]]:
        """Return what a language model is told of commands that it may call as tools.

        ``{"name", "description", "parameters"}`` of each: its docstring, and its annotations as the text of a JSON
        schema. Raises ArgumentError for a command that there is not, and for a type that has no JSON schema.
        """
        from .commands_as_tools import definition

        unknown = [name for name in commands if name not in self._handlers]
        if unknown:
            raise ArgumentError.of_names(
                "describe_tools", missing=(), unknown=unknown, accepted=self._handlers, what="command"
            )
        return [self._handlers[name].tool_definition(definition) for name in commands]

    @handler(loads=False)
    def cleanup_framework(self) -> dict[str, Any]:
        """Drop what the framework holds, so that the next command loads it again.

        Returns ``{"framework", "cleaned"}``; ``cleaned`` is False when nothing was loaded.
        """
        with self._load_lock:
            cleaned = self._loaded
            self._loaded = False
            if cleaned:
                self._cleanup_framework()
        return {"framework": self.framework, "cleaned": cleaned}

    # For callers in Python.

    def dispatch(self, command: str, args: dict[str, Any] | None = None) -> Any:
        """Run the command of that name.

        Raises UnknownCommandError with the known names, and what the handler raises.
        """
        entry = self._handlers.get(command)
        if entry is None:
            raise UnknownCommandError(self.framework, command, self._handlers)
        return entry({} if args is None else args)

    # Loading.

    def _ensure_framework(self) -> None:
        """Load the framework unless it is loaded; one thread loads, the others wait for it.

        Raises FrameworkLoadError with the reason as its cause. A failed load is not remembered.
        """
        if self._loaded:
            return
        with self._load_lock:
            if self._loaded:
                return
            started = time.monotonic()
            try:
                self._load_framework()
            except Exception as error:
                raise FrameworkLoadError(self.framework, error) from error
            self._load_seconds = time.monotonic() - started
            self._loaded = True

    # Hooks of a subclass.

    def _load_framework(self) -> None:
        """Import and set up the framework; called under a lock, by one thread at a time."""

    def _cleanup_framework(self) -> None:
        """Drop the framework's objects; called under the same lock, only when it is loaded."""

    def _recover_framework(self, threads_stopped: bool) -> None:
        """Replace what was lost when the context was restored after a fault.

        ``threads_stopped`` tells whether all threads were stopped; one that was may still say that it is alive. Called
        only when the framework is loaded.
        """

    def _framework_stats(self) -> dict[str, Any]:
        """Return figures to add to ``get_stats``; called only when the framework is loaded."""
        return {}


def _collect(bridge: BaseBridge) -> dict[str, Handler]:
    """Return the commands of a bridge by name; an override keeps the options of what it overrides."""
    marked = {}
    for cls in reversed(type(bridge).__mro__):
        for attribute, value in vars(cls).items():
            options = options_of(value)
            if options is not None:
                marked[attribute] = options
    handlers: dict[str, Handler] = {}
    owners: dict[str, str] = {}
    for attribute, options in marked.items():
        if options.name in handlers:
            raise TypeError(
                f"{type(bridge).__name__}.{attribute} and .{owners[options.name]}"
                f" both claim the command {options.name!r}"
            )
        handlers[options.name] = Handler(bridge, getattr(bridge, attribute), options)
        owners[options.name] = attribute
    return handlers


def _check_batch(commands: Any) -> None:
    if not isinstance(commands, list):
        raise ArgumentError("batch", f"commands must be a list, not {type(commands).__name__}")
    for index, item in enumerate(commands):
        if not isinstance(item, dict) or not isinstance(item.get("command"), str):
            raise ArgumentError("batch", f"commands[{index}] must be a dict with a 'command' name, got {item!r}")
        if unknown := item.keys() - {"command", "args"}:
            raise ArgumentError(
                "batch",
                f"commands[{index}] has unknown keys {sorted(unknown)}. Accepted keys: command, args",
            )


def _described(error: BaseException) -> dict[str, str]:
    cls = type(error)
    name = cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
    if name == "polyglot.ForeignException":
        java_type, reason = java_exception(error)
        return {"type": java_type or name, "message": reason}
    return {"type": name, "message": str(error)}

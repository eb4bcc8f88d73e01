"""What the access profile of a context does not grant, refused in Python.

Below Python, GraalPy and the polyglot API refuse the same by exceptions of Java's, which are no part of Python's
hierarchy: libraries do not expect them. An :class:`AccessError` is a ``PermissionError``, so that ``finally``, ``with``
and ``except OSError`` work as where an operating system refuses. What is replaced here is no wall: it is the way in
that code takes which means no harm.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from importlib import import_module
from types import FunctionType
from typing import TYPE_CHECKING, Any, NoReturn

from terrarium.bridge.errors import AccessError, NativeCodeError

if TYPE_CHECKING:
    from collections.abc import Callable

_Refused = dict[str, dict[str, tuple[str, ...]]]

# What no profile grants, and what RESTRICTED does not: functions, by what they need and their module.
_FOR_NOBODY: _Refused = {
    "processes": {
        "_multiprocessing_graalpy": ("_spawn_context",),
        "_posixsubprocess": ("fork_exec",),
        "posix": ("execv", "system"),
    },
    "signals to the JVM": {"_signal": ("pthread_kill", "raise_signal")},
}
_FOR_TRUSTED: _Refused = {
    "threads": {"_thread": ("start_new", "start_new_thread"), "faulthandler": ("dump_traceback_later",)},
    "network": {
        "_socket": (
            "getaddrinfo",
            "gethostbyaddr",
            "gethostbyname",
            "gethostbyname_ex",
            "getnameinfo",
            "getservbyname",
            "getservbyport",
            "socketpair",
        ),
        "posix": ("set_blocking",),
        "select": ("select",),
    },
}
# What GraalPy's POSIX layer in Java has by name only.
_NOT_THERE = {"posix": ("getpgid", "getpgrp", "getppid", "getsid", "openpty", "setsid")}
# Under which names the standard library holds functions of those modules as its own.
_COPIES = {"posix": ("os", ""), "_signal": ("signal", ""), "_socket": ("socket", ""), "_thread": ("threading", "_")}


def restrict(profile: str, trusted: bool, native_code: bool, report: Callable[[str], object]) -> None:
    """Refuse what the profile, whose name is for messages, does not grant.

    ``trusted`` tells whether it grants threads and the network. ``report`` is called with a text for the log.
    """
    _refuse_all(_FOR_NOBODY, "no access profile grants {}")
    handlers.report = report
    for name in ("alarm", "getsignal", "set_wakeup_fd", "setitimer", "siginterrupt", "signal"):
        _replace("_signal", name, getattr(handlers, name))
    for module, names in _NOT_THERE.items():
        for name in names:
            _replace(module, name, _unsupported(name))
    _replace("_crypt", "crypt", _no_crypt)  # which the module crypt calls when it is imported
    if not trusted:
        _refuse_all(_FOR_TRUSTED, f"the access profile {profile} grants no {{}}")
        _refuse_sockets(profile)
    if not native_code:
        _refuse_native_code(profile)


def _refuse_all(refused: _Refused, message: str) -> None:
    for what, modules in refused.items():
        for module, names in modules.items():
            for name in names:
                _replace(module, name, _refusal(f"{message.format(what)} ({module.strip('_')}.{name})"))


def _replace(module: str, name: str, replacement: object) -> None:
    namespace = vars(import_module(module))
    if name in namespace:
        namespace[name] = replacement
    copies, prefix = _COPIES.get(module, ("", ""))
    copied = vars(sys.modules[copies]) if copies in sys.modules else {}
    if prefix + name in copied:
        copied[prefix + name] = replacement


def _refusal(message: str) -> Callable[..., NoReturn]:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AccessError(message)

    return refuse


def _unsupported(name: str) -> Callable[..., NoReturn]:
    def unsupported(*_: object) -> NoReturn:
        from io import UnsupportedOperation

        raise UnsupportedOperation(f"os.{name} is not there in a context of Terrarium's")

    return unsupported


def _no_crypt(*_: object) -> NoReturn:
    raise ImportError("crypt is not there in a context of Terrarium's", name="crypt")


def _refuse_sockets(profile: str) -> None:
    module: Any = import_module("_socket")

    class Socket(module.socket):  # type: ignore[misc]
        """Refuses to be made; a class, since the standard library's own socket extends it."""

        __slots__ = ()

        def __init__(self, *_: object, **__: object) -> None:
            raise AccessError(f"the access profile {profile} grants no network (socket.socket)")

    Socket.__name__ = Socket.__qualname__ = "socket"
    module.socket = module.SocketType = Socket


def _refuse_native_code(profile: str) -> None:
    def refuse(spec: Any, *_: object) -> NoReturn:
        raise NativeCodeError(
            f"native extension {spec.name!r} needs native code, which the access profile {profile} does not grant",
            name=spec.name,
            path=spec.origin,
        )

    def refuse_library(*_: object) -> NoReturn:  # the import of ctypes opens one
        raise NativeCodeError(f"the access profile {profile} grants no native code (ctypes)", name="ctypes")

    for name in ("__create_dynamic__", "create_dynamic"):
        _replace("_imp", name, refuse)
    _replace("_ctypes", "dlopen", refuse_library)
    _replace("sys", "getsizeof", getsizeof)


def getsizeof(value: Any, _default: object = None, /) -> int:
    """Return about what CPython's ``sys.getsizeof`` does; GraalPy's would ask native code.

    A class that has a ``__sizeof__`` of its own in Python is asked.
    """
    own = getattr(type(value), "__sizeof__", None)
    if isinstance(own, FunctionType):
        size: int = own(value)
        return size
    if isinstance(value, int):
        return 28 + 4 * (max(value.bit_length() - 1, 0) // 30)
    if isinstance(value, str):
        return 41 + len(value) if value.isascii() else 58 + 2 * len(value)
    if isinstance(value, (bytes, bytearray)):
        return 33 + len(value)
    if isinstance(value, (dict, frozenset, list, set, tuple)):
        return 56 + 8 * len(value)
    return 24 if isinstance(value, float) else 48


class SignalHandlers:
    """The handlers that Python code sets for signals, none of which is ever called.

    Signals to the process are the JVM's. Code that sets a handler for as long as it runs, to clean up should the user
    press control-C, can do so, like any code on CPython to whose process nobody sends a signal. As there, only the main
    thread may; that is the thread on which all calls of the context run. Timers would never ring and are refused.
    """

    def __init__(self) -> None:
        self._handlers: dict[int, Any] = {}
        self._wakeup = -1
        self._main = get_ident()
        self.report: Callable[[str], object] | None = None

    def signal(self, number: int, handler: Any, /) -> Any:
        """Keep the handler, and return the one before."""
        self._check_thread("signal")
        before = self.getsignal(number)
        if not callable(handler) and handler not in (0, 1):
            raise TypeError("signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object")
        if number in (9, 19):
            raise OSError(22, "Invalid argument")
        self._handlers[number] = handler
        if callable(handler) and self.report is not None:
            report, self.report = self.report, None
            report(f"Python code set a handler for signal {number}, which is never called: signals are the JVM's.")
        return before

    def getsignal(self, number: int, /) -> Any:
        """Return the handler that was set, or ``SIG_DFL``."""
        if not 1 <= number <= 64:
            raise ValueError("signal number out of range")
        return self._handlers.get(number, 0)

    def set_wakeup_fd(self, fd: int, /, **_: object) -> int:
        """Keep the descriptor, to which nothing is ever written, and return the one before."""
        self._check_thread("set_wakeup_fd")
        before, self._wakeup = self._wakeup, fd
        return before

    def siginterrupt(self, number: int, _flag: bool, /) -> None:
        """Check the number."""
        self.getsignal(number)

    def alarm(self, seconds: int, /) -> int:
        """Take a timer away, of which there is none."""
        if seconds:
            raise AccessError("no access profile grants timers by signals (signal.alarm)")
        return 0

    def setitimer(self, _which: int, seconds: float, _interval: float = 0.0, /) -> tuple[float, float]:
        """Take a timer away, of which there is none."""
        if seconds:
            raise AccessError("no access profile grants timers by signals (signal.setitimer)")
        return 0.0, 0.0

    def forget(self) -> None:
        """Drop what the present user of the context set."""
        self._handlers.clear()
        self._wakeup = -1

    def _check_thread(self, name: str) -> None:
        if get_ident() != self._main:
            raise ValueError(f"{name} only works in main thread of the main interpreter")


handlers = SignalHandlers()

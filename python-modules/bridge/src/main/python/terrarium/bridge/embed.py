"""What the Java engine calls inside a context: making and reading plain values, describing exceptions, loading bridges,
and telling whether the context is sound.

Nothing here is for handlers. The engine looks each function up in this module, also those of
:mod:`terrarium.bridge.values`, :mod:`terrarium.bridge.failures` and :mod:`terrarium.bridge.hooks`.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from types import ModuleType
from typing import TYPE_CHECKING, Any

from terrarium.bridge.builtin import keep
from terrarium.bridge.failures import PACKAGES, SOURCE_MODULE, describe, host_failure
from terrarium.bridge.health import Health
from terrarium.bridge.hooks import name_kinds, replace_sleep, restrict, share_code, shield_native_imports
from terrarium.bridge.values import (
    MAKERS,
    container,
    has_lone_surrogate,
    kind,
    make_array,
    make_bytes,
    make_callback,
    make_dict,
    make_list,
    members,
    none,
    plain,
    read_bytes,
    type_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from terrarium.bridge.base import BaseBridge
    from terrarium.bridge.sources import SetAside

__all__ = [
    "MAKERS",
    "container",
    "describe",
    "has_lone_surrogate",
    "host_failure",
    "kind",
    "make_array",
    "make_bytes",
    "make_callback",
    "make_dict",
    "make_list",
    "members",
    "name_kinds",
    "none",
    "plain",
    "read_bytes",
    "replace_sleep",
    "restrict",
    "share_code",
    "shield_native_imports",
    "type_name",
]

keep(globals())

#: The names of the environment variables that the present user was given.
_environment: list[str] = []

_health = Health()  # made before there is any code of users, whose builtins it might get to see
_imported = _health.imported
_modules = sys.modules


# ---------------------------------------------------------------- calls


def call(handler: Callable[[dict[str, Any]], Any], *keys_and_values: Any) -> object:
    """What the handler returns for these arguments; if it is not plain by itself, after what `container` says of it.

    So a call is one crossing. The arguments are as those of `make_dict`, whose loop this has for the same reason.
    """
    args = {}
    for i in range(0, len(keys_and_values), 2):
        args[keys_and_values[i]] = keys_and_values[i + 1]
    value = handler(args)
    if len(_modules) != _imported.size:
        _accept_imports()
    cls = type(value)
    if value is None or cls is str or cls is bool or cls is int or cls is float:
        return value
    return [container(value), value]


# ---------------------------------------------------------------- streams


def stream(handler: Callable[[dict[str, Any]], Any], args: dict[str, Any], emit: Callable[[object], None]) -> None:
    """Hands what a command yields to `emit`, which blocks while the reader is busy and raises when nobody reads on.

    Generators and other iterators are run through and closed however that ends; what pushes is run; anything else is
    one piece.
    """
    _stream(handler(args), emit)
    if len(_modules) != _imported.size:
        _accept_imports()


def _stream(value: Any, emit: Callable[[object], None]) -> None:
    from terrarium.bridge.handlers import Pushed

    if isinstance(value, Pushed):
        value.run(make_callback(emit, "stream"))
        return
    if not hasattr(value, "__next__"):
        emit(value)
        return
    try:
        for piece in value:
            emit(piece)
    finally:
        close = getattr(value, "close", None)
        if close is not None:
            close()


# ---------------------------------------------------------------- bridges


def add_path(folder: str) -> None:
    """Puts a folder of packages on `sys.path`, once, before the standard library's own."""
    if folder not in sys.path:
        if PACKAGES:
            from terrarium.bridge import sources

            sources.refuse_clash(folder)
        sys.path.insert(0, folder)


def install_services(services: dict[str, Callable[..., object]]) -> None:
    from terrarium.bridge import host

    host.uninstall(*host.names())
    host.install(services)


def use_imports(eager: bool) -> None:
    """Has modules that are loaded from now on make their imports at once, or at the first use where they can."""
    from terrarium.bridge import imports

    imports.set_eager(eager)


def use_environment(*names_and_values: str) -> None:
    """Has the present user of the context see these environment variables, in place of those of the user before.

    They are part of the state that is sound.
    """
    import os

    variables = dict(zip(names_and_values[::2], names_and_values[1::2], strict=True))
    if variables or _environment:
        for name in _environment:
            os.environ.pop(name, None)
        os.environ.update(variables)
        _environment[:] = variables
        _health.accept()


def report_spans(detail: str) -> str:
    """Has frameworks report that much of the spans of calls from now on, and returns what was set before."""
    from terrarium.bridge import spans

    before, spans.detail = spans.detail, detail
    return before


def load_bridge(module: str, name: str) -> BaseBridge:
    """An instance of the bridge class `name` of `module`, which is imported when needed."""
    from importlib import import_module

    return _instance(getattr(import_module(module), name), name)


def load_source(framework: str, text: str, filename: str) -> BaseBridge:
    """An instance of the one bridge class that the source defines."""
    name = SOURCE_MODULE + framework
    module = ModuleType(name)
    module.__file__ = filename
    sys.modules[name] = module  # dataclasses and pickle look a class's module up
    try:
        exec(compile(text, filename, "exec"), module.__dict__)  # the user's own source is the point
    except SyntaxError as error:
        from terrarium.bridge import sources

        del sys.modules[name]
        sources.show_line(error, text)
        raise
    except BaseException:
        del sys.modules[name]
        raise
    bridge = _only_bridge(framework, module, filename, "define")
    _imported.accept_one(name)
    return bridge


def load_package(framework: str, name: str, folder: str, *files_and_texts: str) -> BaseBridge:
    """An instance of the one bridge class that the package `name` defines or imports from its modules.

    The texts are those of its modules, each after its path below the folder.
    """
    from terrarium.bridge import sources

    sources.refuse_known(name)
    texts = dict(zip(files_and_texts[::2], files_and_texts[1::2], strict=True))
    try:
        module = sources.load(sources.SourcePackage(name, folder, texts))
        return _only_bridge(framework, module, f"{name}/__init__.py", "define, or import from a module of the package,")
    except BaseException:
        drop_package(name)
        raise


def _only_bridge(framework: str, module: ModuleType, where: str, verb: str) -> BaseBridge:
    from terrarium.bridge import BaseBridge

    own = module.__name__
    found = {
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, BaseBridge)
        and (value.__module__ == own or value.__module__.startswith(own + "."))
    }
    if len(found) != 1:
        names = sorted(each.__name__ for each in found)
        raise TypeError(f"{where} must {verb} one subclass of BaseBridge; it defines {names or 'none'}")
    bridge = _instance(found.pop(), where)
    if bridge.framework != framework:
        raise TypeError(
            f"{where} is registered as framework {framework!r}, but its bridge says framework = {bridge.framework!r}"
        )
    return bridge


def drop_package(name: str) -> None:
    """Takes a user's module or package, whose import failed, out of the context for good."""
    from terrarium.bridge import sources

    _imported.forget([*sources.set_aside(name).modules])


def set_aside(name: str) -> SetAside:
    """Takes a user's module or package out of the context, for another version of it."""
    from terrarium.bridge import sources

    return sources.set_aside(name)


def put_back(aside: SetAside, bridge: BaseBridge) -> None:
    """Has the context be as before :func:`set_aside`, with that bridge."""
    from terrarium.bridge import sources

    sources.put_back(aside)
    _health.watch_only(bridge)


def replaced(bridge: BaseBridge) -> None:
    """Has the bridge take the place of the one of its framework that there was."""
    _health.watch_only(bridge)


def _instance(cls: Any, where: str) -> BaseBridge:
    from terrarium.bridge import BaseBridge

    if not (isinstance(cls, type) and issubclass(cls, BaseBridge)):
        raise TypeError(f"{where} is not a subclass of BaseBridge")
    bridge: BaseBridge = cls()
    return bridge


def handler_table(bridge: BaseBridge) -> list[object]:
    """`[name1, callable1, loads1, idempotent1, name2, ...]` of all commands, which are watched from now on."""
    watch_handlers(bridge)
    return [
        each
        for name, handler in bridge._handlers.items()
        for each in (name, handler, handler.loads, handler.idempotent)
    ]


def forget() -> None:
    """Drops what belongs to the present user of the context: services, modules made from sources, watched bridges."""
    from terrarium.bridge import access

    access.handlers.forget()
    _health.unwatch_all()
    names = [each for each in sys.modules if each.startswith(SOURCE_MODULE)]
    if PACKAGES:
        from terrarium.bridge import sources

        names += sources.forget()
    _health.release(names)
    _imported.forget(names)
    install_services({})


# ---------------------------------------------------------------- health


def watch_handlers(bridge: BaseBridge) -> None:
    _health.watch(bridge)


def accept() -> None:
    """Takes the present state of the context for the sound one."""
    _health.accept()


def _always() -> bool:
    return True


_is_good: Callable[[], bool] = _always


def watch_imports(is_good: Callable[[], bool]) -> None:
    """Has modules taken for sound as their import made them, and at the end of calls of which `is_good` says so."""
    global _is_good
    from importlib import import_module

    from terrarium.bridge import executors, libraries

    _is_good = is_good
    bootstrap: Any = import_module("_frozen_importlib")
    mends: dict[str, Callable[[Any], None]] = {
        "concurrent.futures.thread": executors.mend,
        "queue": executors.mend_queues,
        **libraries.CHANGES,
    }
    for name in mends.keys() & sys.modules.keys():
        mends[name](sys.modules[name])
    bootstrap._load_unlocked = _imported.watch(bootstrap._load_unlocked, mends)


def _accept_imports() -> None:
    if _is_good():
        _health.accept_imports()


def check() -> list[str]:
    """What differs from the accepted state, each as `kind: detail`; empty when the context is sound."""
    return _health.check()


def reset() -> list[str]:
    """Puts back what can be put back, and returns what is left of :func:`check`'s list."""
    return _health.reset()


def settle(threads_stopped: bool) -> None:
    """What is left to do once a context is sound again: one throw-away native call, and frameworks recover.

    ``threads_stopped`` tells whether all threads were stopped from outside since the last time, as with a call.

    An interruption within pydantic's core that calls a Python validator leaves an exception pending, which the next
    native call raises as SystemError, once.
    """
    _health.settle(threads_stopped)
    if "terrarium.bridge.spans" in sys.modules:
        report_spans("OFF")  # a call that was stopped could not
    core = sys.modules.get("pydantic_core")
    if core is not None:
        with suppress(SystemError):
            core.from_json(b"0")
    for bridge in _health.bridges():
        if bridge._loaded:
            bridge._recover_framework(threads_stopped)

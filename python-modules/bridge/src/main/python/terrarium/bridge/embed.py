"""What the Java engine calls inside a context: making and reading plain values, describing exceptions, loading bridges,
and telling whether the context is sound.

Nothing here is for handlers. Each function is called by the engine's `Marshaller` or `PythonContext` and takes what
crosses the border by itself (numbers, strings, booleans, and objects of this context), so that no Java object is ever
part of a value that a handler sees.
"""

from __future__ import annotations

import sys
from array import array
from contextlib import suppress
from os import read as _read
from types import ModuleType
from typing import TYPE_CHECKING, Any

from terrarium.bridge.builtin import keep
from terrarium.bridge.errors import HostCallError, TruncatedAnswerError
from terrarium.bridge.health import Health

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable

    from terrarium.bridge.base import BaseBridge

keep(globals())

_SOURCE_MODULE = "terrarium_user_"
_NO_PACKAGES = (
    ". A framework of your own has Python's standard library and terrarium.bridge only: packages of your own are not"
    " supported yet. They will be named in your pom and packed into your jar at build"
)
#: The names of the environment variables that the present user was given.
_environment: list[str] = []

_health = Health()  # made before there is any code of users, whose builtins it might get to see
_imported = _health.imported
_modules = sys.modules
_len = len


# ---------------------------------------------------------------- values, Java to Python


def none() -> None:
    return None


def make_list(*items: object) -> list[object]:
    return list(items)


def make_dict(*keys_and_values: object) -> dict[object, object]:
    """`make_dict(k1, v1, k2, v2, ...)`."""
    made = {}
    for i in range(0, len(keys_and_values), 2):  # on GraalPy less than half the time of slices and zip
        made[keys_and_values[i]] = keys_and_values[i + 1]
    return made


def make_int(hexadecimal: str) -> int:
    """An int beyond 64 bits. Base 16, because decimal text has a limit of digits."""
    return int(hexadecimal, 16)


def make_bytes(handed: str | bytes) -> bytes:
    """Bytes from what :func:`read_bytes` returned, or a text of as many characters below 256."""
    return handed.encode("latin-1") if isinstance(handed, str) else handed


def read_bytes(size: int) -> bytes | None:
    """As many bytes from the standard input, by which the host hands them over; None when they do not come that way."""
    parts = []
    left = size
    try:
        while left:
            part = _read(0, left)
            if not part:
                return None
            parts.append(part)
            left -= len(part)
    except OSError:  # Python code has closed it
        return None
    return parts[0] if len(parts) == 1 else b"".join(parts)


def make_array(typecode: str, handed: str | bytes) -> array[Any]:
    """An array of numbers from the bytes of its items, which are as in :func:`make_bytes`."""
    return array(typecode, make_bytes(handed))


def make_decimal(text: str) -> object:
    from decimal import Decimal

    return Decimal(text)


def make_date(text: str) -> object:
    import datetime

    return datetime.date.fromisoformat(text)


def make_time(text: str) -> object:
    import datetime

    return datetime.time.fromisoformat(text)


def make_datetime(text: str) -> object:
    import datetime

    return datetime.datetime.fromisoformat(text)


def make_zoned(text: str) -> object:
    """A datetime with the name of its region in brackets, or with an offset only."""
    import datetime

    if not text.endswith("]"):
        return datetime.datetime.fromisoformat(text)
    moment, _, region = text[:-1].partition("[")
    return _in_region(datetime.datetime.fromisoformat(moment), region)


def make_timedelta(text: str) -> object:
    """A timedelta of whole microseconds."""
    import datetime

    return datetime.timedelta(microseconds=int(text))


def _in_region(moment: datetime.datetime, region: str) -> datetime.datetime:
    """The same moment by the clocks of a region; as it is when there is no data on that region."""
    from zoneinfo import ZoneInfo

    try:
        return moment.astimezone(ZoneInfo(region))
    except (KeyError, ValueError, OverflowError):
        return moment


def make_uuid(text: str) -> object:
    from uuid import UUID

    return UUID(text)


#: What makes a value of each kind of a text; `Scalar` has the same kinds in Java, and :func:`kind` tells them.
MAKERS: dict[str, Callable[[str], object]] = {
    "int": make_int,
    "decimal": make_decimal,
    "date": make_date,
    "time": make_time,
    "datetime": make_datetime,
    "zoned": make_zoned,
    "timedelta": make_timedelta,
    "uuid": make_uuid,
}


def make_callback(function: Callable[..., object], name: str) -> Callable[..., object]:
    """A function of the host's that raises what Python code can catch; `name` is what an error calls it."""

    def callback(*args: object) -> object:
        try:
            return function(*args)
        except (Exception, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            raise HostCallError(name, error) from error

    return callback


# ---------------------------------------------------------------- values, Python to Java


def kind(value: object) -> str:
    """What `value` is, for what the polyglot API cannot tell by itself; empty when it is not plain data.

    `int`, `float`, `decimal:TEXT`, `date:TEXT`, `time:TEXT`, `datetime:TEXT`, `zoned:TEXT[REGION]`,
    `timedelta:MICROSECONDS`, `uuid:TEXT`, `enum:NAME`.
    """
    if isinstance(value, int):
        return "int"
    if isinstance(value, float):
        return "float"
    module = sys.modules.get("decimal")
    if module is not None and isinstance(value, module.Decimal):
        return "decimal:" + str(value)
    module = sys.modules.get("datetime")
    if module is not None:
        if isinstance(value, module.datetime):
            zones = sys.modules.get("zoneinfo")
            if zones is not None and isinstance(value.tzinfo, zones.ZoneInfo) and value.tzinfo.key:
                return f"zoned:{value.isoformat()}[{value.tzinfo.key}]"
            return f"datetime:{value.isoformat()}"
        if isinstance(value, module.date):
            return f"date:{value.isoformat()}"
        if isinstance(value, module.time):
            return f"time:{value.isoformat()}"
        if isinstance(value, module.timedelta):
            return "timedelta:" + str(value // module.timedelta(microseconds=1))
    module = sys.modules.get("uuid")
    if module is not None and isinstance(value, module.UUID):
        return f"uuid:{value}"
    module = sys.modules.get("enum")
    if module is not None and isinstance(value, module.Enum) and isinstance(value.name, str):  # some flags have none
        return f"enum:{value.name}"
    return ""


def container(value: object) -> str | list[object]:
    """A dict's keys and then its values, so that one array is read and not an iterator of pairs; else a name.

    `list` (and tuple), `set` (whose :func:`members` are a list), `bytes` (and what is like them), an array's typecode,
    or empty for anything else.

    A memoryview with gaps is `strided`: GraalPy lets the host read it as if it had none.
    """
    if isinstance(value, dict):
        return [*value, *value.values()]
    if isinstance(value, (list, tuple)):
        return "list"
    if isinstance(value, (bytes, bytearray)):
        return "bytes"
    if isinstance(value, memoryview):
        return "bytes" if value.c_contiguous else "strided"
    if isinstance(value, (set, frozenset)):
        return "set"
    if isinstance(value, array):
        return "bytes" if value.typecode in "bB" else value.typecode
    return ""


def members(value: set[object] | frozenset[object]) -> list[object]:
    return list(value)


def has_lone_surrogate(value: str) -> bool:
    """Whether the text cannot be written as UTF-8, which is what a lone surrogate prevents."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def type_name(value: object) -> str:
    cls = type(value)
    return cls.__qualname__ if cls.__module__ == "builtins" else cls.__module__ + "." + cls.__qualname__


# ---------------------------------------------------------------- calls


def call(handler: Callable[[dict[str, Any]], Any], *keys_and_values: Any) -> object:
    """What the handler returns for these arguments; if it is not plain by itself, after what `container` says of it.

    So a call is one crossing. The arguments are as those of `make_dict`, whose loop this has for the same reason.
    """
    args = {}
    for i in range(0, len(keys_and_values), 2):
        args[keys_and_values[i]] = keys_and_values[i + 1]
    value = handler(args)
    if _len(_modules) != _imported.size:
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
    if _len(_modules) != _imported.size:
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


# ---------------------------------------------------------------- exceptions


def describe(exception: BaseException) -> list[object]:
    """`[type, message, cause, frames, truncated]`.

    The cause is `__cause__`, else the context unless suppressed, else None. The frames are flat, `[file, line,
    function, ...]`, innermost first. `truncated` is `[text, max_tokens]` of a `TruncatedAnswerError`, else None.
    """
    cause = exception.__cause__
    if cause is None and not exception.__suppress_context__:
        cause = exception.__context__
    try:
        message = str(exception)
    except Exception as failure:  # a broken __str__ must not hide the exception itself
        message = f"<no message: {type(failure).__name__}>"
    frames: list[object] = []
    traceback = exception.__traceback__
    of_source = False
    while traceback is not None:
        code = traceback.tb_frame.f_code
        of_source |= str(traceback.tb_frame.f_globals.get("__name__")).startswith(_SOURCE_MODULE)
        frames[:0] = [code.co_filename, traceback.tb_lineno, code.co_qualname]
        traceback = traceback.tb_next
    if of_source and isinstance(exception, ModuleNotFoundError):
        message += _NO_PACKAGES
    truncated = [exception.text, exception.max_tokens] if isinstance(exception, TruncatedAnswerError) else None
    return [type_name(exception), message, cause, frames, truncated]


def host_failure(exception: BaseException) -> BaseException | None:
    """The Java exception that `exception` was raised from, by explicit `raise ... from` at each step; else None."""
    each: BaseException | None = exception
    seen: set[int] = set()  # `raise e from e` is allowed
    while each is not None and id(each) not in seen:
        if isinstance(each, HostCallError):
            return each.__cause__
        seen.add(id(each))
        each = each.__cause__
    return None


# ---------------------------------------------------------------- access


def restrict(profile: str, trusted: bool, native_code: bool, report: Callable[[str], object]) -> None:
    """Takes away what the access profile does not grant; see :func:`terrarium.bridge.access.restrict`."""
    from terrarium.bridge import access

    access.restrict(profile, trusted, native_code, report)


def shield_native_imports(begin: Callable[[], object], end: Callable[[], object]) -> None:
    """Has `begin` and `end` called around the initialization of each native extension.

    The C code of many extensions does not check whether its calls back into Python succeeded. An interruption in one
    of those makes it go on with a null pointer, which ends the process.
    """
    from importlib import import_module

    def shielded(initialize: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*args: Any) -> Any:
            begin()
            try:
                return initialize(*args)
            finally:
                end()

        return guarded

    imp: Any = import_module("_imp")
    imp.create_dynamic = shielded(imp.create_dynamic)
    imp.exec_dynamic = shielded(imp.exec_dynamic)


def replace_sleep() -> None:
    """Has `time.sleep` stop when its call is stopped."""
    from terrarium.bridge import sleep

    sleep.install()


# ---------------------------------------------------------------- code


def share_code(keep: Callable[[bytes, int], object]) -> None:
    """Has `keep` called for each module that is about to be loaded, with its file and where the code begins in it."""
    from importlib import import_module

    external: Any = import_module("_frozen_importlib_external")
    load = external._compile_bytecode

    def kept(data: Any, *args: Any, **names: Any) -> Any:
        file = getattr(data, "obj", None)  # of a view of it, which the host would read byte by byte
        if isinstance(file, bytes):
            keep(file, len(file) - len(data))
        return load(data, *args, **names)

    external._compile_bytecode = kept


# ---------------------------------------------------------------- bridges


def add_path(folder: str) -> None:
    """Puts a folder of packages on `sys.path`, once, before the standard library's own."""
    if folder not in sys.path:
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


def load_bridge(module: str, name: str) -> BaseBridge:
    """An instance of the bridge class `name` of `module`, which is imported when needed."""
    from importlib import import_module

    return _instance(getattr(import_module(module), name), name)


def load_source(framework: str, text: str, filename: str) -> BaseBridge:
    """An instance of the one bridge class that the source defines."""
    from terrarium.bridge import BaseBridge

    name = _SOURCE_MODULE + framework
    module = ModuleType(name)
    module.__file__ = filename
    sys.modules[name] = module  # dataclasses and pickle look a class's module up
    try:
        exec(compile(text, filename, "exec"), module.__dict__)  # the user's own source is the point
    except BaseException:
        del sys.modules[name]
        raise
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, BaseBridge) and value.__module__ == name
    ]
    if len(found) != 1:
        names = sorted(each.__name__ for each in found)
        raise TypeError(f"{filename} must define one subclass of BaseBridge; it defines {names or 'none'}")
    _imported.accept_one(name)
    bridge = _instance(found[0], filename)
    if bridge.framework != framework:
        raise TypeError(
            f"{filename} is registered as framework {framework!r}, but its bridge says framework = {bridge.framework!r}"
        )
    return bridge


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
    names = [each for each in sys.modules if each.startswith(_SOURCE_MODULE)]
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

    from terrarium.bridge import executors

    _is_good = is_good
    bootstrap: Any = import_module("_frozen_importlib")
    mends: dict[str, Callable[[Any], None]] = {
        "concurrent.futures.thread": executors.mend,
        "queue": executors.mend_queues,
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


def settle() -> None:
    """What is left to do once a context is sound again: one throw-away native call, and frameworks recover.

    An interruption within pydantic's core that calls a Python validator leaves an exception pending, which the next
    native call raises as SystemError, once.
    """
    _health.settle()
    core = sys.modules.get("pydantic_core")
    if core is not None:
        with suppress(SystemError):
            core.from_json(b"0")
    for bridge in _health.bridges():
        if bridge._loaded:
            bridge._recover_framework()

"""Whether a context is still as it was when its engine found it sound, and putting back what is not.

A context serves one call after the other, and what one handler breaks the next one finds broken. :class:`Health`
remembers the state of the interpreter, tells what differs from it and restores it. It is called on the context's own
thread, between calls.

What it covers are *bindings*: the names of builtins, the modules of ``sys.modules``, the functions, classes and
modules that the standard library and this package hold under their own names, the streams, hooks and paths of
``sys``; and by content ``sys.path``, ``sys.meta_path``, ``sys.path_hooks``, the environment and the handlers of
bridges. It covers neither what is inside of functions and classes (``threading.Thread.run = None``) nor data: caches
of ``re`` and ``functools``, registries of ``logging``, ``codecs`` and ``warnings``, members of enums, the seed of
``random``, contexts of ``decimal``. A handler that means harm finds a way around it; one that is careless does not.

It works while the interpreter is broken. No function here looks a builtin up when it runs, each is bound below when
the module is imported; objects that may come from users are compared by identity, and messages have names and names
of types, never a ``repr``. Should ``check`` raise all the same, then the context is not sound.
"""

from __future__ import annotations

import builtins
import contextvars
import functools
import gc
import os
import sys
import threading
import time
from _weakref import ref as _ref
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from terrarium.bridge import executors, sleep
from terrarium.bridge.builtin import keep
from terrarium.bridge.imported import ImportedModules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from terrarium.bridge.base import BaseBridge
    from terrarium.bridge.imported import Imported

keep(globals())

_object_attribute = object.__getattribute__
_type_name = type.__dict__["__name__"].__get__  # not cls.__name__, which a metaclass may answer

_builtin_names = builtins.__dict__
_sys_names = sys.__dict__
_os_names = os.__dict__
_getrecursionlimit = sys.getrecursionlimit
_setrecursionlimit = sys.setrecursionlimit
_gettrace = sys.gettrace
_settrace = sys.settrace
_getprofile = sys.getprofile
_setprofile = sys.setprofile
_getcwd = os.getcwd
_chdir = os.chdir
_putenv = os.putenv
_unsetenv = os.unsetenv
_gc_isenabled = gc.isenabled
_gc_enable = gc.enable
_gc_disable = gc.disable
_copy_context = contextvars.copy_context
_Context = contextvars.Context
_set_asyncgen_hooks = sys.set_asyncgen_hooks
_monotonic = time.monotonic
_get_ident = threading.get_ident
_main_thread = threading.main_thread()
_Thread = threading.Thread
_is_alive = threading.Thread.is_alive
_join = threading.Thread.join
_active: dict[int, threading.Thread] = threading.__dict__["_active"]
_limbo: dict[threading.Thread, threading.Thread] = threading.__dict__["_limbo"]
_DummyThread: type = threading.__dict__["_DummyThread"]
_threading_names = threading.__dict__
# What makes the locks that every thread takes when it starts and ends. One that was ended from outside may hold one for
# ever, and no thread would start any more.
_THREADING_LOCKS = (("_active_limbo_lock", threading.RLock), ("_shutdown_locks_lock", threading.Lock))

_MISSING = object()
_MOST_MESSAGES = 20
_MOST_CHARACTERS = 100
_JOIN_SECONDS = 1.0
_LOCK_SECONDS = 1.0

_STANDARD = sys.stdlib_module_names
_COVERED = (
    FunctionType,
    BuiltinFunctionType,
    MethodType,
    ModuleType,
    type,
    type(functools.lru_cache(lambda: None)),
    type(sleep.sleep),
)
_STREAMS = ("stderr", "stdin", "stdout")
_HOOKS = ("breakpointhook", "displayhook", "excepthook", "unraisablehook")
_HOOK_LISTS = ("meta_path", "path_hooks")

# Names that are documented, or used by the standard library itself, as something to rebind at any time.
_REBOUND_BY_RIGHT = {
    "builtins": {"_"},  # gettext.install, sys.displayhook
    "logging": {"_logRecordFactory", "_loggerClass"},  # setLogRecordFactory, setLoggerClass
    "pydoc": {"pager"},  # chosen at the first use
    "sys": {"last_type", *_HOOKS},  # the last is of the interactive interpreter; hooks are a kind of their own
    "threading": {"excepthook"},
    "warnings": {  # logging.captureWarnings, catch_warnings
        "_showwarnmsg_impl",
        "formatwarning",
        "showwarning",
    },
}
# Finders that packages add when they are imported, as late as that may be, and rely on from then on.
_FINDERS_BY_RIGHT = {"VendorImporter", "_SixMetaPathImporter"}
# Threads that packages start once and keep, by their types: tqdm's monitor of its bars; and by the modules of the
# functions that they run: langsmith's, which send traces.
_THREADS_BY_RIGHT = {"TMonitor"}
_THREADS_OF_MODULES_BY_RIGHT = {"langsmith._internal._background_thread"}

# What holds names, how they are spoken of (kind and prefix), and what they were bound to.
_Bindings = tuple[str, str, dict[Any, Any], tuple[tuple[str, Any], ...]]
# A list or a dict, how it is spoken of, and what it contained.
_Elements = tuple[str, str, list[Any], tuple[Any, ...]]
_Entries = tuple[str, str, dict[Any, Any], tuple[tuple[Any, Any], ...]]


class Health:
    """The state of the interpreter that was last found sound, and how the present one differs from it.

    Not thread-safe: it belongs to the context's thread. Before the first ``accept`` everything is sound.
    """

    def __init__(self) -> None:
        self.imported = ImportedModules()
        self._bridges: list[tuple[str, BaseBridge]] = []
        self._bindings: list[_Bindings] = []
        self._on_trial: list[_Bindings] = []
        self._elements: list[_Elements] = []
        self._handlers: list[tuple[_Bindings, _Entries]] = []
        self._environment: _Entries | None = None
        self._directory: str | None = None
        self._threads: list[threading.Thread] = []
        self._variables = _Context()
        self._limit = 0
        self._gc = True
        self._trace: Any = None
        self._profile: Any = None

    def watch(self, bridge: BaseBridge) -> None:
        """Remember the handlers of a bridge, which are sound now."""
        self._bridges = [each for each in self._bridges if each[1] is not bridge]
        self._bridges.append((bridge.framework, bridge))
        self._accept_handlers()

    def watch_only(self, bridge: BaseBridge) -> None:
        """Remember the handlers of a bridge, and forget other bridges of its framework."""
        self._bridges = [each for each in self._bridges if each[0] != bridge.framework]
        self.watch(bridge)

    def bridges(self) -> list[BaseBridge]:
        """Return the bridges whose handlers are remembered."""
        return [bridge for _, bridge in self._bridges]

    def unwatch_all(self) -> None:
        """Forget all bridges, which were dropped."""
        self._bridges = []
        self._handlers = []

    def release(self, modules: Iterable[str]) -> None:
        """Forget modules that were dropped from ``sys.modules`` on purpose, so that they are not put back."""
        dropped = {*modules}
        for index, (kind, prefix, namespace, pairs) in enumerate(self._bindings):
            if kind == "module" and not prefix:
                kept = (*[pair for pair in pairs if pair[0] not in dropped],)
                self._bindings[index] = (kind, prefix, namespace, kept)

    def accept(self) -> None:
        """Take the present state for the sound one; nothing of the state before it is kept."""
        modules: dict[Any, Any] = _sys_names["modules"]
        loaded = {name: module for name, module in (*modules.items(),) if type(name) is str and module is not None}
        others = _REBOUND_BY_RIGHT["builtins"]
        builtin_names = [name for name in (*_builtin_names,) if type(name) is str and name not in others]
        self._bindings = [
            _bindings("builtin", "", _builtin_names, (*builtin_names,)),
            _bindings("module", "sys.", _sys_names, ("modules",)),
            _bindings("module", "", modules, (*loaded,)),
            _bindings("stream", "sys.", _sys_names, _STREAMS),
            _bindings("hook", "sys.", _sys_names, (*_HOOKS, *_HOOK_LISTS)),
            _bindings("path", "sys.", _sys_names, ("path",)),
            _bindings("environment", "os.", _os_names, ("environ",)),
        ]
        verdicts: dict[type, bool] = {}
        for name, module in loaded.items():
            if type(module) is ModuleType and _is_ours(name):
                pairs = (*dict(module.__dict__).items(),)  # of a copy: a namespace is counted at each step on GraalPy
                self._bindings.append(_attributes(name, module, pairs, verdicts))
        self._on_trial = []
        self.imported.accept()
        self._elements = [
            (kind, "sys." + name, _sys_names[name], (*_sys_names[name],))
            for kind, name in (("path", "path"), ("hook", "meta_path"), ("hook", "path_hooks"))
            if type(_sys_names[name]) is list
        ]
        self._environment = None
        variables = _object_attribute(_os_names["environ"], "__dict__")
        if type(variables.get("_data")) is dict:
            self._bindings.append(_bindings("environment", "os.environ.", variables, ("_data",)))
            self._environment = _entries("environment", "", variables["_data"])
        self._accept_handlers()
        self._directory = _directory()
        self._threads = [*_limbo.values(), *_active.values()]
        self._variables = _copy_context()
        self._limit = _getrecursionlimit()
        self._gc = _gc_isenabled()
        self._trace = _gettrace()
        self._profile = _getprofile()

    def accept_imports(self) -> None:
        """Take the modules that a good call imported for sound ones, as they were when their import ended."""
        if self._bindings:
            self._adopt(self.imported.take_all())

    def settle(self, threads_stopped: bool = False) -> None:
        """Forget, after ``check``, what a call left half done: modules, and threads that were ended.

        ``threads_stopped`` tells whether this thread was stopped, too, and so left blocks without their ends: then
        the values of context variables are again those of the accepted state, and no event loop runs.
        """
        self._forget_dead_threads()
        if self._bindings:
            self._on_trial = []
            self.imported.forget_rest()
            if threads_stopped:
                _end_event_loop()
                self._restore_variables()

    def check(self) -> list[str]:
        """Return what differs from the accepted state, each as ``kind: detail``; empty when nothing does.

        Modules that were imported since are compared with what they were when their import ended: those of the
        standard library from now on, others until ``settle``, since only a call that fails is known to have spoilt
        what it imported.

        The kinds are builtin, module, attribute, stream, hook, path, environment, directory, handlers, thread,
        lock, limit and gc. Sorted; after the first twenty only their number. Changes nothing of what it looks at.
        """
        if not self._bindings:
            return []
        limit, trace, profile = _getrecursionlimit(), _gettrace(), _getprofile()
        try:
            self._free()
            self._adopt(self.imported.take(), self._on_trial)
            faults = self._faults()
            if limit != self._limit:
                faults.append(f"limit: sys.setrecursionlimit is at {limit} and was at {self._limit}")
            if trace is not self._trace:
                faults.append("hook: sys.settrace has another function")
            if profile is not self._profile:
                faults.append("hook: sys.setprofile has another function")
        finally:
            if trace is not self._trace:
                _settrace(trace)
            if profile is not self._profile:
                _setprofile(profile)
            if limit < self._limit:
                _attempt(_setrecursionlimit, limit)  # refused when it was set further up the stack
        faults.sort()
        if (more := len(faults) - _MOST_MESSAGES) > 0:
            faults[_MOST_MESSAGES:] = [f"and {more} more"]
        return faults

    def reset(self) -> list[str]:
        """Put back what can be put back, and return what ``check`` says then.

        Modules are never imported again: the very objects return. Names that were added to builtins go. Threads
        cannot be ended from here; those that are ending are waited for, no longer than a second.
        """
        if not self._bindings:
            return []
        self._free()
        if _getrecursionlimit() != self._limit:
            _setrecursionlimit(self._limit)
        known = {*[name for name, _ in self._bindings[0][3]], *_REBOUND_BY_RIGHT["builtins"]}
        for name in [each for each in _builtin_names if type(each) is str and each not in known]:
            del _builtin_names[name]
        for bindings in (*self._bindings, *self._on_trial):
            _rebind(bindings)
        self._rebind_submodules()
        for each in self._elements:
            if _changed(each):
                _refill(each)
        for table, entries in self._handlers:
            _rebind(table)
            _replace_entries(entries)
        self._reset_environment()
        if self._directory is not None and _directory() != self._directory:
            _attempt(_chdir, self._directory)
        if _gc_isenabled() != self._gc:
            (_gc_enable if self._gc else _gc_disable)()
        self._join_strays()
        self._replace_locks()
        return self.check()

    def _rebind_submodules(self) -> None:
        """Have packages hold their submodules, and not those that were imported in place of a missing one."""
        modules = _sys_names["modules"]
        for name, module in self._bindings[2][3]:
            package, _, own = name.rpartition(".")
            holder = modules.get(package) if package else None
            if type(holder) is ModuleType:
                held = holder.__dict__.get(own)
                if held is module or type(held) is not ModuleType or self._is_watched(package, own):
                    continue
                if _same(held.__dict__.get("__name__"), name):
                    holder.__dict__[own] = module

    def _is_watched(self, module: str, name: str) -> bool:
        """Return whether an attribute of a module has been bound again to what was accepted."""
        for kind, prefix, _, pairs in (*self._bindings, *self._on_trial):
            if kind == "attribute" and prefix == module + "." and any(own == name for own, _ in pairs):
                return True
        return False

    def _adopt(self, modules: list[Imported], others: list[_Bindings] | None = None) -> None:
        """Watch modules from now on, by what they held; those that are not ours only if there is a list for them."""
        if not modules:
            return
        kind, prefix, namespace, pairs = self._bindings[2]
        known = (*pairs, *[(name, module) for name, module, _ in modules])
        self._bindings[2] = (kind, prefix, namespace, known)
        verdicts: dict[type, bool] = {}
        for name, module, content in modules:
            bindings = self._bindings if _is_ours(name) else others
            if content and bindings is not None:
                bindings.append(_attributes(name, module, content, verdicts))

    def _accept_handlers(self) -> None:
        self._handlers = []
        for framework, bridge in self._bridges:
            namespace = _object_attribute(bridge, "__dict__")
            table = namespace.get("_handlers")
            if type(table) is dict:
                prefix = framework + "."
                self._handlers.append(
                    (
                        _bindings("handlers", prefix, namespace, ("_handlers",)),
                        _entries("handlers", prefix, table),
                    )
                )

    def _free(self) -> None:
        """Get room on the stack, and rid of functions that would be called at each step from here."""
        if _getrecursionlimit() < self._limit:
            _setrecursionlimit(self._limit)
        if _gettrace() is not self._trace:
            _settrace(self._trace)
        if _getprofile() is not self._profile:
            _setprofile(self._profile)

    def _faults(self) -> list[str]:
        faults: list[str] = []
        for bindings in (*self._bindings, *self._on_trial):
            if not _is_bound(bindings):
                faults += _binding_faults(bindings)
        for each in self._elements:
            if _changed(each):
                faults.append(f"{each[0]}: entries of {each[1]} were added, removed or moved")
        for table, entries in self._handlers:
            if not _is_bound(table):
                faults += _binding_faults(table)
            faults += _entry_faults(entries)
        if self._environment is not None:
            faults += _entry_faults(self._environment)
        if self._directory is not None:
            directory = _directory()
            if directory is None:
                faults.append("directory: the working directory cannot be read")
            elif directory != self._directory:
                faults.append("directory: the working directory is another one")
        if _gc_isenabled() != self._gc:
            faults.append(f"gc: the garbage collector is turned {'off' if self._gc else 'on'}")
        strays = self._strays()
        for thread in strays:
            name = _object_attribute(thread, "__dict__").get("_name")
            faults.append(f"thread: {_shown(name)} of type {_kind_of(thread)} is running")
        if not strays:
            held = [name for name, _ in _THREADING_LOCKS if not _is_free(name)]
            faults += [f"lock: threading.{name} is held by nobody" for name in held]
        return faults

    def _strays(self) -> list[threading.Thread]:
        """The threads that run, and neither did before nor may go on."""
        known = (*self._threads, _main_thread, _active.get(_get_ident()))
        strays: list[threading.Thread] = []
        # `start` returns before the thread has moved from limbo; in this order none is missed
        for thread in (*_limbo.values(), *_active.values()):
            cls = type(thread)
            # Nobody can tell whether a dummy, which stands for a thread not started by threading, runs.
            if cls is _DummyThread or not issubclass(cls, _Thread) or _type_name(cls) in _THREADS_BY_RIGHT:
                continue
            if _module_run_by(thread) in _THREADS_OF_MODULES_BY_RIGHT:
                continue
            if not _has(known, thread) and not _has(strays, thread):
                strays.append(thread)
        if strays:
            workers = _executor_workers(self._bindings[2][2])
            strays = [each for each in strays if not _has(workers, each) and _runs(each)]
        return strays

    def _join_strays(self) -> None:
        end = _monotonic() + _JOIN_SECONDS
        for thread in self._strays():
            if (left := end - _monotonic()) > 0:
                _attempt(_join, thread, left)

    def _forget_dead_threads(self) -> None:
        """Have ``threading`` forget threads that were ended from outside, which could not sign off."""
        pools = _sys_names["modules"].get("concurrent.futures.thread")
        alive = (_main_thread, _active.get(_get_ident()))
        for ident, thread in (*_active.items(),):
            cls = type(thread)
            if not _has(alive, thread) and cls is not _DummyThread and issubclass(cls, _Thread) and not _runs(thread):
                _active.pop(ident, None)
                if type(pools) is ModuleType:
                    executors.abandon(pools, thread)

    def _restore_variables(self) -> None:
        """Give context variables their accepted values, or their defaults; one without a default keeps its value."""
        decimal = _sys_names["modules"].get("decimal")
        if type(decimal) is ModuleType:  # its variable has no default, but this value instead
            decimal.setcontext(decimal.DefaultContext)
        for variable, value in (*_copy_context().items(),):
            if variable in self._variables:
                sound = self._variables[variable]
            else:
                try:
                    sound = _Context().run(variable.get)
                except LookupError:
                    continue
            if sound is not value:
                variable.set(sound)

    def _replace_locks(self) -> None:
        if self._strays():
            return  # they may hold them by right
        for name, make in _THREADING_LOCKS:
            if not _is_free(name):
                _threading_names[name] = make()

    def _reset_environment(self) -> None:
        if self._environment is None:
            return
        now = [*self._environment[2].items()]
        if not _replace_entries(self._environment):
            return
        before = self._environment[2]
        for name, _ in now:
            if (type(name) is bytes or type(name) is str) and name not in before:
                _attempt(_unsetenv, name)
        for name, value in before.items():
            _attempt(_putenv, name, value)


def _attempt(action: Callable[..., object], *arguments: Any) -> None:
    """Do something that may be refused; `check` tells when it was, and matters."""
    try:
        action(*arguments)
    except Exception:
        return


def _end_event_loop() -> None:
    """Close the loop of ``asyncio`` that runs on this thread, where the end of ``asyncio.run`` was cut off."""
    events = _sys_names["modules"].get("asyncio.events")
    loop = events._get_running_loop() if type(events) is ModuleType else None
    if loop is not None:
        events._set_running_loop(None)
        _set_asyncgen_hooks(None, None)
        loop._thread_id = None  # by which a loop knows that it runs, and may not be closed
        _attempt(loop.close)


def _bindings(kind: str, prefix: str, namespace: dict[Any, Any], names: tuple[str, ...]) -> _Bindings:
    return kind, prefix, namespace, (*[(name, namespace.get(name)) for name in names],)


def _entries(kind: str, prefix: str, table: dict[Any, Any]) -> _Entries:
    return kind, prefix, table, (*table.items(),)


def _is_ours(module: str) -> bool:
    """Whether a module is one of the standard library or of this package."""
    if module == "builtins":
        return False
    return module.partition(".")[0] in _STANDARD or (module + ".").startswith("terrarium.bridge.")


def _attributes(
    name: str, module: ModuleType, content: tuple[tuple[Any, Any], ...], verdicts: dict[type, bool]
) -> _Bindings:
    """The functions, classes and modules that a module held, but for some; verdicts are those on types so far."""
    others = _REBOUND_BY_RIGHT.get(name, ())
    pairs = []
    for pair in content:
        cls = type(pair[1])
        covered = verdicts.get(cls)
        if covered is None:
            covered = verdicts[cls] = issubclass(cls, _COVERED)
        if covered and pair[0] not in others and type(pair[0]) is str:
            pairs.append(pair)
    return "attribute", name + ".", module.__dict__, (*pairs,)


def _is_bound(bindings: _Bindings) -> bool:
    _, _, namespace, pairs = bindings
    now = namespace.get
    for name, value in pairs:  # noqa: SIM110 - most of the cost of a check; a generator doubles it
        if now(name) is not value:
            return False
    return True


def _binding_faults(bindings: _Bindings) -> list[str]:
    kind, prefix, namespace, pairs = bindings
    faults = []
    for name, value in pairs:
        now = namespace.get(name, _MISSING)
        if now is _MISSING:
            faults.append(f"{kind}: {prefix}{_shown(name)} is missing")
        elif now is not value:
            faults.append(f"{kind}: {prefix}{_shown(name)} is another object, of type {_kind_of(now)}")
    return faults


def _rebind(bindings: _Bindings) -> None:
    if not _is_bound(bindings):
        _, _, namespace, pairs = bindings
        for name, value in pairs:
            if namespace.get(name, _MISSING) is not value:
                namespace[name] = value


def _changed(elements: _Elements) -> bool:
    _, _, now, before = elements
    kept = [each for each in now if not _may_stay(each, before)]
    return len(kept) != len(before) or not all(map(_same, kept, before))


def _refill(elements: _Elements) -> None:
    _, _, now, before = elements
    now[:] = [*before, *[each for each in now if _may_stay(each, before)]]


def _may_stay(finder: Any, before: tuple[Any, ...]) -> bool:
    """Whether an element of a list was added by right."""
    return _type_name(type(finder)) in _FINDERS_BY_RIGHT and not _has(before, finder)


def _entry_faults(entries: _Entries) -> list[str]:
    if _has_entries(entries):
        return []
    kind, prefix, table, pairs = entries
    before = dict(pairs)
    now = {}
    faults = []
    for key, value in (*table.items(),):
        if type(key) is not str and type(key) is not bytes:
            faults.append(f"{kind}: {prefix}({_kind_of(key)}) was added")
        elif key in before:
            now[key] = value
        else:
            faults.append(f"{kind}: {prefix}{_shown(key)} was added")
    for key, value in pairs:
        if key not in now:
            faults.append(f"{kind}: {prefix}{_shown(key)} is missing")
        elif not _same(now[key], value):
            faults.append(f"{kind}: {prefix}{_shown(key)} is another one")
    return faults


def _has_entries(entries: _Entries) -> bool:
    _, _, table, pairs = entries
    if len(table) != len(pairs):
        return False
    for (key, value), (key_before, value_before) in zip((*table.items(),), pairs, strict=False):
        if not (key is key_before and value is value_before):
            return False
    return True


def _replace_entries(entries: _Entries) -> bool:
    """Put the entries of a dict back; return whether it had others."""
    if _has_entries(entries):
        return False
    _, _, table, pairs = entries
    table.clear()
    table.update(pairs)
    return True


def _same(now: Any, before: Any) -> bool:
    if now is before:
        return True
    if type(now) is not type(before):
        return False
    if type(now) is str or type(now) is bytes:
        same: bool = now == before
        return same
    return False


def _has(objects: Iterable[Any], wanted: Any) -> bool:
    return any(each is wanted for each in objects)  # not `in`, which asks objects whether they are equal


def _directory() -> str | None:
    """The working directory, None when it cannot be read."""
    try:
        return _getcwd()
    except Exception:
        return None


def _module_run_by(thread: threading.Thread) -> str:
    """The name of the module that has the function which a thread runs, empty when it is none."""
    function = _object_attribute(thread, "__dict__").get("_target")
    module = function.__module__ if type(function) is FunctionType else ""
    return module if type(module) is str else ""


def _runs(thread: threading.Thread) -> bool:
    try:
        return _is_alive(thread)  # false for one that was ended from outside and could not sign off
    except Exception:
        return True


def _is_free(name: str) -> bool:
    """Whether nobody holds a lock of ``threading``, this thread included, which holds none between calls."""
    lock = _threading_names[name]
    if not lock.acquire(timeout=_LOCK_SECONDS):  # a thread that is just starting or ending holds it for a moment
        return False
    lock.release()
    return not lock._is_owned() if name == "_active_limbo_lock" else True


def _executor_workers(modules: dict[Any, Any]) -> list[Any]:
    """The threads of executors, which wait for work as long as the executor is there."""
    module = modules.get("concurrent.futures.thread")
    if type(module) is not ModuleType:
        return []
    queues = _object_attribute(module.__dict__.get("_threads_queues"), "__dict__").get("data")
    if type(queues) is not dict:
        return []
    return [each() for each in (*queues,) if type(each) is _ref]


def _shown(name: Any) -> str:
    """A name as it can be written into a message."""
    if type(name) is bytes:
        name = name.decode("utf-8", "replace")
    if type(name) is not str:
        return f"({_kind_of(name)})"
    text: str = name[:_MOST_CHARACTERS]
    return text if text.isprintable() else ascii(text)


def _kind_of(value: Any) -> str:
    name: str = _type_name(type(value))
    return name

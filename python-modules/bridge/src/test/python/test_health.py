"""What differs from a sound interpreter, and putting it back. Plain functions, so that any Python runs them."""

import asyncio
import builtins
import concurrent.futures
import concurrent.futures.thread
import contextlib
import contextvars
import decimal
import dis
import gc
import importlib
import io
import json
import logging
import os
import queue
import sys
import tempfile
import threading
import time
import types
import unittest.mock
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from terrarium.bridge import BaseBridge, embed, executors, handler
from terrarium.bridge import health as health_module
from terrarium.bridge.health import Health


class Words(BaseBridge):
    framework = "words"

    @handler
    def count(self, text: str) -> int:
        return len(text.split())


class Hostile:
    """An object that answers nothing: neither what it is equal to, nor its hash, nor its text."""

    def __eq__(self, other: object) -> bool:
        raise AssertionError("was compared")

    def __hash__(self) -> int:
        return 7

    def __repr__(self) -> str:
        raise AssertionError("was described")

    def __bool__(self) -> bool:
        raise AssertionError("was asked whether it is true")

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError("was read")


@contextmanager
def sound(*bridges: BaseBridge) -> Iterator[Health]:
    """A Health that has accepted the present state, which is back at the end whatever Health does."""
    contents: list[tuple[Any, Any]] = [
        (table, dict(table))
        for table in (vars(builtins), sys.modules, vars(json), vars(threading), vars(os), os.environ, vars(logging))
    ]
    lists: list[tuple[Any, list[Any]]] = [(each, list(each)) for each in (sys.path, sys.meta_path, sys.path_hooks)]
    names = ("stdin", "stdout", "stderr", "excepthook", "displayhook", "path", "meta_path", "path_hooks", "modules")
    attributes = [(name, vars(sys)[name]) for name in names]
    directory, limit, collecting = os.getcwd(), sys.getrecursionlimit(), gc.isenabled()
    trace, profile = sys.gettrace(), sys.getprofile()
    chdir, system, isenabled = os.chdir, sys, gc.isenabled
    switch = (gc.disable, gc.enable)
    modules = sys.modules
    health = Health()
    for bridge in bridges:
        health.watch(bridge)
    health.accept()
    try:
        yield health
    finally:
        system.setrecursionlimit(limit)
        system.settrace(trace)
        system.setprofile(profile)
        for table, content in contents:
            for name in [*table]:
                if name not in content and table is not modules:  # what was imported is not imported twice
                    del table[name]
            for name, value in content.items():
                if name not in table or table[name] is not value:
                    table[name] = value
        for each, elements in lists:
            each[:] = elements
        for name, value in attributes:
            setattr(system, name, value)
        if isenabled() != collecting:
            switch[collecting]()
        chdir(directory)


def outcome(sabotage: Callable[[], object], *bridges: BaseBridge) -> list[str]:
    """What `check` said of the sabotage, once `reset` has put everything back."""
    with sound(*bridges) as health:
        before = health.check()
        sabotage()
        found = health.check()
        left = health.reset()
        again = health.check()
        working = json.loads("[1]") == [1] and len([*map(str, sorted([2, 1]))]) == 2
    assert before == []
    assert left == []
    assert again == []
    assert working
    return found


def rebind(holder: Any, name: str, value: Any = None) -> Callable[[], None]:
    return lambda: holder.__dict__.__setitem__(name, value)


def test_everything_is_sound_before_it_was_accepted() -> None:
    health = Health()
    assert health.check() == []
    assert health.reset() == []


def test_a_builtin_that_is_missing_or_rebound() -> None:
    def sabotage() -> None:
        del builtins.len
        builtins.open = print  # type: ignore[assignment]
        builtins.extra = 1  # type: ignore[attr-defined]

    opening = open
    assert outcome(sabotage) == [
        "builtin: len is missing",
        f"builtin: open is another object, of type {type(print).__name__}",
    ]
    assert len("ab") == 2
    assert open is opening
    assert not hasattr(builtins, "extra")


def test_names_added_to_builtins_go_at_reset() -> None:
    with sound() as health:
        builtins.extra = 1  # type: ignore[attr-defined]
        builtins._ = str  # type: ignore[attr-defined]
        found = health.check()
        left = health.reset()
        names = {*vars(builtins)}
    assert (found, left) == ([], [])
    assert "extra" not in names
    assert "_" in names


def test_a_module_that_is_missing_or_replaced() -> None:
    def sabotage() -> None:
        del sys.modules["json"]
        sys.modules["queue"] = None  # type: ignore[assignment]
        sys.modules["added"] = types.ModuleType("added")

    assert outcome(sabotage) == [
        "module: json is missing",
        "module: queue is another object, of type NoneType",
    ]
    assert importlib.import_module("json") is json
    assert importlib.import_module("queue") is queue
    del sys.modules["added"]


def test_the_table_of_modules_itself() -> None:
    modules = sys.modules
    assert outcome(lambda: setattr(sys, "modules", {})) == ["module: sys.modules is another object, of type dict"]
    assert sys.modules is modules
    assert outcome(modules.clear)[-1].startswith("and ")
    assert importlib.import_module("json") is json


def test_a_function_of_the_standard_library() -> None:
    def sabotage() -> None:
        json.loads = lambda s: 0  # type: ignore[assignment, misc]
        threading.Thread = None  # type: ignore[assignment, misc]
        del os.getcwd

    assert outcome(sabotage) == [
        "attribute: json.loads is another object, of type function",
        "attribute: os.getcwd is missing",
        "attribute: threading.Thread is another object, of type NoneType",
    ]
    thread = threading.Thread(target=os.getcwd)
    thread.start()
    thread.join()


def test_a_function_of_the_bridge() -> None:
    assert outcome(rebind(embed, "describe")) == [
        "attribute: terrarium.bridge.embed.describe is another object, of type NoneType"
    ]
    assert embed.describe(ValueError("no"))[1] == "no"


def test_the_streams() -> None:
    def sabotage() -> None:
        sys.stdout = io.StringIO()
        del sys.stderr

    output = sys.stdout
    assert outcome(sabotage) == [
        "stream: sys.stderr is missing",
        "stream: sys.stdout is another object, of type StringIO",
    ]
    assert sys.stdout is output


def test_the_hooks() -> None:
    def sabotage() -> None:
        sys.excepthook = print
        sys.meta_path.clear()
        sys.path_hooks = []

    finders, hooks = list(sys.meta_path), sys.path_hooks
    assert outcome(sabotage) == [
        "hook: entries of sys.meta_path were added, removed or moved",
        f"hook: sys.excepthook is another object, of type {type(print).__name__}",
        "hook: sys.path_hooks is another object, of type list",
    ]
    assert sys.meta_path == finders
    assert sys.path_hooks is hooks


def test_a_function_that_is_called_at_each_step() -> None:
    called = []

    def follow(frame: types.FrameType, event: str, argument: Any) -> None:
        called.append(frame.f_code.co_name)

    def sabotage() -> None:
        sys.setprofile(follow)

    assert outcome(sabotage) == ["hook: sys.setprofile has another function"]
    assert "_faults" not in called
    assert sys.getprofile() is not follow


def test_a_finder_that_a_package_adds_late_stays() -> None:
    importer = type("_SixMetaPathImporter", (), {"find_spec": lambda *_: None})()
    with sound() as health:
        sys.meta_path.append(importer)
        found = health.check()
        sys.meta_path.insert(0, object())  # type: ignore[arg-type]
        left = health.reset()
        kept = sys.meta_path[-1]
    assert (found, left) == ([], [])
    assert kept is importer


def test_the_path() -> None:
    folders, elements = sys.path, list(sys.path)
    assert outcome(sys.path.clear) == ["path: entries of sys.path were added, removed or moved"]
    assert outcome(lambda: setattr(sys, "path", [*elements])) == ["path: sys.path is another object, of type list"]
    assert outcome(lambda: sys.path.insert(0, Hostile()))  # type: ignore[arg-type]
    assert sys.path is folders
    assert sys.path == elements


def test_the_environment_without_its_values() -> None:
    def sabotage() -> None:
        os.environ["ADDED"] = "secret"
        os.environ["CHANGED"] = "secret"
        del os.environ["REMOVED"]

    with sound():
        os.environ.update(CHANGED="before", REMOVED="before")
        found = outcome(sabotage)
        after = [os.environ.get(name) for name in ("ADDED", "CHANGED", "REMOVED")]
    assert found == [
        "environment: ADDED was added",
        "environment: CHANGED is another one",
        "environment: REMOVED is missing",
    ]
    assert after == [None, "before", "before"]


def test_another_object_for_the_environment() -> None:
    environment = os.environ
    assert outcome(lambda: setattr(os, "environ", {})) == ["environment: os.environ is another object, of type dict"]
    assert os.environ is environment


def test_the_working_directory() -> None:
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        assert outcome(lambda: os.chdir(folder)) == ["directory: the working directory is another one"]
        assert os.getcwd() == before


def test_the_handlers_of_a_bridge() -> None:
    bridge = Words()
    table = bridge._handlers

    def sabotage() -> None:
        bridge._handlers["evil"] = bridge._handlers.pop("count")
        bridge._handlers["ping"] = Hostile()  # type: ignore[assignment]
        bridge._handlers[Hostile()] = None  # type: ignore[index, assignment]

    assert outcome(sabotage, bridge) == [
        "handlers: words.(Hostile) was added",
        "handlers: words.count is missing",
        "handlers: words.evil was added",
        "handlers: words.ping is another one",
    ]
    assert len(outcome(table.clear, bridge)) == len(table)
    assert outcome(lambda: setattr(bridge, "_handlers", {}), bridge) == [
        "handlers: words._handlers is another object, of type dict"
    ]
    assert bridge._handlers is table
    assert bridge.dispatch("count", {"text": "a b"}) == 2


def test_bridges_that_were_dropped_are_not_watched() -> None:
    bridge = Words()
    with sound(bridge) as health:
        health.unwatch_all()
        bridge._handlers.clear()
        assert health.check() == []


def test_a_thread_that_runs_on_until_it_is_ended() -> None:
    end = threading.Event()
    with sound() as health:
        thread = threading.Thread(target=end.wait, name="stray", daemon=True)
        thread.start()
        found = health.check()
        started = time.monotonic()
        left = health.reset()
        seconds = time.monotonic() - started
        end.set()
        ended = health.reset()
    assert found == left == ["thread: stray of type Thread is running"]
    assert 0.5 < seconds < 5
    assert ended == []
    assert not thread.is_alive()


def test_a_thread_that_a_package_keeps_may_run() -> None:
    end = threading.Event()

    def send() -> None:
        end.wait()

    send.__module__ = "langsmith._internal._background_thread"
    with sound() as health:
        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        found = health.check()
        end.set()
        thread.join()
    assert found == []


def test_a_lock_of_threading_that_a_thread_took_with_it() -> None:
    names = threading.__dict__
    own = {name: names[name] for name in ("_active_limbo_lock", "_shutdown_locks_lock")}
    names.update(_active_limbo_lock=threading.RLock(), _shutdown_locks_lock=threading.Lock())
    try:
        with sound() as health:
            thread = threading.Thread(target=names["_active_limbo_lock"].acquire)
            thread.start()
            thread.join()
            found = health.check()
            left = health.reset()
            names["_shutdown_locks_lock"].acquire()
            other = health.check()
            ended = health.reset()
            after = threading.Thread(target=lambda: None)
            after.start()
            after.join(timeout=5)
            alive = after.is_alive()
    finally:
        names.update(own)
    assert found == ["lock: threading._active_limbo_lock is held by nobody"]
    assert other == ["lock: threading._shutdown_locks_lock is held by nobody"]
    assert left == ended == []
    assert not alive


def test_threads_that_ran_before_are_no_fault() -> None:
    end = threading.Event()
    thread = threading.Thread(target=end.wait, daemon=True)
    thread.start()
    with sound() as health:
        found = health.check()
    end.set()
    thread.join()
    assert found == []


def test_a_low_limit_of_recursion() -> None:
    def sabotage() -> None:
        for limit in range(50, 1000, 10):
            try:
                sys.setrecursionlimit(limit)
            except RecursionError:
                continue
            return

    before = sys.getrecursionlimit()
    found = outcome(sabotage)
    assert [each.partition(":")[0] for each in found] == ["limit"]
    assert sys.getrecursionlimit() == before


def test_the_garbage_collector() -> None:
    if gc.isenabled():
        gc.disable()
        still = gc.isenabled()
        gc.enable()
        if not still:  # not every Python can turn it off
            assert outcome(gc.disable) == ["gc: the garbage collector is turned off"]


def test_many_faults_at_once() -> None:
    bridge = Words()

    def sabotage() -> None:
        sys.path.clear()
        sys.stdout = io.StringIO()
        os.environ["X"] = "1"
        bridge._handlers.clear()
        json.loads = None  # type: ignore[assignment]
        sys.modules["json"] = None  # type: ignore[assignment]
        for name in (
            "len",
            "dict",
            "isinstance",
            "list",
            "sorted",
            "type",
            "getattr",
            "str",
            "Exception",
            "map",
            "all",
        ):
            builtins.__dict__[name] = None

    found = outcome(sabotage, bridge)
    assert {each.partition(":")[0] for each in found[:-1]} >= {"attribute", "builtin", "environment", "handlers"}
    assert len(found) == 20 or found[-1] == f"and {int(found[-1].split()[1])} more"
    assert found[:-1] == sorted(found[:-1])
    assert bridge.dispatch("count", {"text": "a"}) == 1


def test_no_builtins_left_at_all() -> None:
    found = outcome(vars(builtins).clear)
    assert len(found) == 21
    assert found[0].startswith("builtin: ")


def test_no_builtin_is_looked_up_when_it_runs() -> None:
    if sys.implementation.name == "graalpy":
        return  # has no dis; the sources are the same ones
    looked_up = set()
    waiting: list[Any] = [
        each.__code__
        for holder in (vars(health_module), vars(Health))
        for each in holder.values()
        if isinstance(each, types.FunctionType) and each.__module__ == health_module.__name__
    ]
    while waiting:
        code = waiting.pop()
        waiting += [each for each in code.co_consts if isinstance(each, types.CodeType)]
        looked_up |= {each.argval for each in dis.get_instructions(code) if each.opname in {"LOAD_GLOBAL", "LOAD_NAME"}}
    assert {name for name in looked_up if name not in vars(health_module)} == set()


def test_objects_of_users_are_not_asked() -> None:
    def sabotage() -> None:
        for table in (vars(builtins), vars(json), vars(sys)):
            for name in ("print", "loads", "stdout"):
                if name in table:
                    table[name] = Hostile()
        sys.modules["queue"] = Hostile()  # type: ignore[assignment]
        os.environ._data[Hostile()] = Hostile()  # type: ignore[attr-defined]

    assert outcome(sabotage) == [
        "attribute: json.loads is another object, of type Hostile",
        "builtin: print is another object, of type Hostile",
        "environment: (Hostile) was added",
        "module: queue is another object, of type Hostile",
        "stream: sys.stdout is another object, of type Hostile",
    ]


def test_names_fit_into_a_line() -> None:
    with sound() as health:
        os.environ["A\nB"] = "1"
        os.environ["L" * 500] = "1"
        found = health.check()
    assert found == [f"environment: '{'A'}\\nB' was added", f"environment: {'L' * 100} was added"]


def test_a_new_state_is_accepted_and_the_old_one_forgotten() -> None:
    with sound() as health:
        module = types.ModuleType("terrarium_user_x")
        sys.modules["terrarium_user_x"] = module
        health.accept()
        del sys.modules["terrarium_user_x"]
        found = health.check()
        health.release(["terrarium_user_x"])
        released = health.check()
        sys.modules["terrarium_user_x"] = module
        health.accept()
        del sys.modules["terrarium_user_x"]
        health.accept()
        accepted = health.check()
    held = [each for each in gc.get_referrers(module) if isinstance(each, (tuple, list, dict)) and each is not locals()]
    assert found == ["module: terrarium_user_x is missing"]
    assert released == accepted == []
    assert not any(isinstance(each, tuple) for each in held)


def test_what_frameworks_do_is_no_fault() -> None:
    later = ["calendar", "colorsys", "csv", "difflib", "email.mime.text", "fractions", "html.parser", "http.client"]
    later += ["ipaddress", "multiprocessing", "pdb", "pprint", "pydoc", "sched", "shelve", "smtplib", "sqlite3"]
    later += ["statistics", "tarfile", "urllib.request", "uuid", "wave", "xml.dom.minidom", "xmlrpc.client", "zipfile"]
    with sound() as health:
        for name in later:
            try:
                importlib.import_module(name)
            except ImportError:
                continue
        logging.getLogger("terrarium.test").warning("a %s", "word")
        logging.setLoggerClass(logging.getLoggerClass())
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            warnings.warn("a word", stacklevel=1)
        with contextlib.redirect_stdout(io.StringIO()):
            sys.stdout.write("a word")
        with unittest.mock.patch("json.loads", return_value=1), unittest.mock.patch.dict(os.environ, {"X": "1"}):
            json.loads("2")
        with unittest.mock.patch.object(builtins, "open"):
            pass
        asyncio.run(asyncio.sleep(0))
        kept = concurrent.futures.ThreadPoolExecutor(2)
        kept.submit(len, "a").result()
        with concurrent.futures.ThreadPoolExecutor(2) as closed:
            closed.submit(len, "a").result()
        found = health.check()
        kept.shutdown()
    assert found == []


def test_checking_is_quick() -> None:
    with sound() as health:
        seconds = []
        for _ in range(5):
            started = time.perf_counter()
            health.check()
            seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.1


def test_the_engine_s_functions() -> None:
    with sound():
        bridge = Words()
        own, embed._health = embed._health, Health()
        try:
            embed.handler_table(bridge)
            embed.accept()
            before = embed.check()
            bridge._handlers.clear()
            found = embed.check()
            left = embed.reset()
            embed.forget()
            bridge._handlers.clear()
            forgotten = embed.check()
        finally:
            embed._health = own
    assert before == left == forgotten == []
    assert "handlers: words.count is missing" in found


@contextmanager
def watching(folder: str) -> Iterator[Health]:
    """As `sound`, with imports watched, from this folder, too."""
    bootstrap: Any = importlib.import_module("_frozen_importlib")
    load = bootstrap._load_unlocked
    before = set(sys.modules)
    with sound() as health:
        bootstrap._load_unlocked = health.imported.watch(load, {})
        sys.path.insert(0, folder)
        try:
            health.accept()
            yield health
        finally:
            bootstrap._load_unlocked = load
            for name in [*sys.modules]:
                if name not in before:
                    del sys.modules[name]


def package(folder: str, name: str, **modules: str) -> None:
    os.mkdir(os.path.join(folder, name))
    for module, source in modules.items():
        with open(os.path.join(folder, name, module + ".py"), "w") as file:
            file.write(source)


def test_what_a_call_broke_in_a_module_that_it_imported() -> None:
    with tempfile.TemporaryDirectory() as folder, watching(folder) as health:
        package(folder, "theirs", __init__="from . import inner\ndef f(): return 1\n", inner="def g(): return 2\n")
        colorsys, theirs = map(importlib.import_module, ("colorsys", "theirs"))
        for module, name in ((colorsys, "rgb_to_hsv"), (theirs, "f"), (theirs.inner, "g")):
            vars(module)[name] = None
        found = health.check()
        left = health.reset()
        health.settle()
        vars(theirs)["f"] = None  # by right or not, as in all modules that are not of the standard library
        del colorsys.rgb_to_hsv
        later = health.check()
        health.reset()
        assert "theirs.inner" in sys.modules
        assert callable(colorsys.rgb_to_hsv)
        assert callable(theirs.inner.g)
    kind = "is another object, of type NoneType"
    assert found == [f"attribute: {name} {kind}" for name in ("colorsys.rgb_to_hsv", "theirs.f", "theirs.inner.g")]
    assert left == []
    assert later == ["attribute: colorsys.rgb_to_hsv is missing"]


def test_what_bodies_of_modules_do_to_each_other_counts_as_imported() -> None:
    with tempfile.TemporaryDirectory() as folder, watching(folder) as health:
        package(folder, "patching", __init__="import tabnanny\ntabnanny.check = len\n")
        importlib.import_module("patching")
        health.accept_imports()
        found = health.check()
    assert found == []


def test_entries_that_no_import_made_stay_after_good_calls_only() -> None:
    with tempfile.TemporaryDirectory() as folder, watching(folder) as health:
        sys.modules["made_well"] = types.ModuleType("made_well")
        health.accept_imports()
        sys.modules["made_badly"] = types.ModuleType("made_badly")
        sys.modules["object"] = Hostile()  # type: ignore[assignment]
        sys.modules["not_there"] = None  # type: ignore[assignment]
        importlib.import_module("sched")
        found = health.check()
        health.settle()
        assert "made_well" in sys.modules
        assert "sched" in sys.modules
        assert not {"made_badly", "object", "not_there"} & {*sys.modules}
        assert health.imported.size == len(sys.modules)
        sys.modules["not_there"] = None  # type: ignore[assignment]
        health.accept_imports()
        assert "not_there" not in sys.modules
    assert found == []


def test_modules_of_a_package_whose_import_failed_are_forgotten() -> None:
    inner = "import halfmade, tabnanny\n"
    with tempfile.TemporaryDirectory() as folder, watching(folder) as health:
        package(folder, "halfmade", __init__="from . import inner\nraise KeyError('cut off')\n", inner=inner)
        for good in (True, False):
            with contextlib.suppress(KeyError):
                importlib.import_module("halfmade")
            assert "halfmade" not in sys.modules
            assert "halfmade.inner" in sys.modules
            if good:
                health.accept_imports()
            else:
                health.check()
                health.settle()
            assert "halfmade.inner" not in sys.modules
            assert "tabnanny" in sys.modules
            assert "os.path" in sys.modules


def test_random_calls_that_import_and_break_modules() -> None:
    names = [
        "colorsys",
        "sched",
        "wave",
        "fileinput",
        "zipapp",
        "plistlib",
        "xml.dom.pulldom",
        "xml.sax.saxutils",
        "this_is_no_module",
    ]
    spoils: list[Callable[[str], object]] = [
        lambda name: vars(sys.modules[name]).update(dict.fromkeys(functions(name))),
        lambda name: [vars(sys.modules[name]).pop(each) for each in functions(name)],
        lambda name: sys.modules.pop(name),
        lambda name: vars(sys)["modules"].update({name: None}),
        lambda name: sys.modules.update({name: types.ModuleType(name)}),
    ]

    def functions(name: str) -> list[str]:
        return [each for each, value in vars(sys.modules[name]).items() if isinstance(value, types.FunctionType)]

    first: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, watching(folder) as health:
        for seed in range(40 if sys.implementation.name == "graalpy" else 300):
            random = Random(seed)  # noqa: S311
            for _ in range(random.randrange(1, 6)):
                name = random.choice(names)
                with contextlib.suppress(ImportError):
                    importlib.import_module(name)
                if random.random() < 0.5 and sys.modules.get(name) is not None:
                    random.choice(spoils)(name)
                elif random.random() < 0.2:
                    sys.modules[name] = None  # type: ignore[assignment]
                if random.random() < 0.4:
                    health.accept_imports()  # the call ended well
            health.check()  # it failed
            assert health.reset() == [], seed
            health.settle()
            for name in names[:-1]:
                module = importlib.import_module(name)
                package, _, own = name.rpartition(".")
                assert not package or vars(sys.modules[package])[own] is module, (seed, name)
                now = {each: vars(module)[each] for each in functions(name)}
                assert first.setdefault(name, now) == now, (seed, name)
                assert functions(name), (seed, name)
            assert "this_is_no_module" not in sys.modules
            health.accept_imports()


def test_a_submodule_that_was_replaced_before_is_left_replaced() -> None:
    decoder = vars(json)["decoder"]
    other = types.ModuleType("json.decoder")
    with sound() as health:
        sys.modules["json.decoder"] = other
        health.accept()
        vars(json)["dumps"] = None
        before = health.check()
        after = health.reset()
        held, known = vars(json)["decoder"], sys.modules["json.decoder"]
    assert len(before) == 1
    assert after == []
    assert held is decoder
    assert known is other


def test_threads_that_were_ended_from_outside_are_forgotten() -> None:
    with sound() as health:
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()
        vars(threading)["_active"][1] = thread
        running = [*threading.enumerate()]
        health.settle()
        left = threading.enumerate()
    assert thread in running
    assert left == [each for each in running if each is not thread]


def test_blocks_that_were_left_without_their_ends() -> None:
    kept = contextvars.ContextVar("kept", default="no value")
    late = contextvars.ContextVar("late", default="no value")
    bare = contextvars.ContextVar[str]("bare")
    loop = asyncio.new_event_loop()
    seen = []

    def look() -> None:
        seen.append((kept.get(), late.get(), bare.get(), decimal.getcontext().prec, asyncio._get_running_loop()))

    def leave_blocks() -> None:
        kept.set("accepted")
        with sound() as health:
            kept.set("of a call")
            late.set("of a call")
            bare.set("of a call")
            decimal.setcontext(decimal.Context(prec=3))
            asyncio._set_running_loop(loop)
            vars(loop)["_thread_id"] = 1
            for stopped in (False, True):
                health.settle(stopped)
                look()

    contextvars.Context().run(leave_blocks)
    assert seen == [
        ("of a call", "of a call", "of a call", 3, loop),
        ("accepted", "no value", "of a call", 28, None),
    ]
    assert loop.is_closed()


def test_executors_go_on_after_their_threads_were_ended() -> None:
    executors.mend(concurrent.futures.thread)
    ended = threading.Event()
    executor = concurrent.futures.ThreadPoolExecutor(1)
    executor.submit(len, "ab").result()
    (worker,) = executor._threads
    queue_of_work: Any = executor._work_queue
    queue_of_work.put(None)  # it takes the executor for one that was dropped
    executor._shutdown = True
    worker.join()
    executor._shutdown = False
    queue_of_work.get()
    waiting = concurrent.futures.Future[None]()
    executor._work_queue.put(concurrent.futures.thread._WorkItem(waiting, ended.set, (), {}))
    vars(threading)["_active"][1] = worker
    with sound() as health:
        health.settle()
    assert executor.submit(len, "ab").result(5) == 2
    assert waiting.cancelled()
    assert not ended.is_set()
    executor.shutdown()

"""What stands in for functions of langchain-core gives what they give."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from operator import methodcaller
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import pytest
from langchain_core.callbacks import (
    AsyncCallbackManager,
    BaseCallbackHandler,
    CallbackManager,
    get_usage_metadata_callback,
    manager,
)
from langchain_core.callbacks.base import BaseCallbackManager
from langchain_core.language_models import BaseChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableConfig, RunnableLambda, config
from langchain_core.runnables.config import var_child_runnable_config
from langchain_core.tracers.context import collect_runs, tracing_v2_enabled
from langchain_core.tracers.langchain import LangChainTracer
from langsmith import Client, utils
from langsmith._internal import _context
from langsmith.run_helpers import get_current_run_tree, get_tracing_context, tracing_context
from langsmith.run_trees import RunTree

from terrarium.langchain import HostChatModel, LangchainBridge, _kept, _programs

if TYPE_CHECKING:
    from conftest import FakeHost


@pytest.fixture(autouse=True)
def installed() -> Iterator[None]:
    """Keep as a bridge does, and go on so afterwards."""
    _programs.load_rest()
    yield
    _kept.install_rest()


@contextmanager
def upstream() -> Iterator[None]:
    _kept.remove_rest()
    try:
        yield
    finally:
        _kept.install_rest()


def both_ways(call: Callable[[], Any]) -> tuple[Any, Any]:
    """What a call returns with the stand-ins, and with langchain-core as it is."""
    kept = call()
    with upstream():
        return kept, call()


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        return type(error).__name__, str(error)


class Recorder(BaseCallbackHandler):
    """Writes down what it is told, without what differs from run to run."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def _add(self, event: str, *args: Any, **kwargs: Any) -> None:
        told = {name: value for name, value in kwargs.items() if name not in ("run_id", "parent_run_id")}
        parent = kwargs.get("parent_run_id") is not None
        self.seen.append(re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|0x[0-9a-f]+", "#", f"{event} {parent} {args} {told}"))

    def __getattribute__(self, name: str) -> Any:
        return partial(self._add, name) if name.startswith("on_") else super().__getattribute__(name)


CONFIGS: list[Any] = [
    None,
    {},
    {"tags": ["a", "b"], "metadata": {"k": 1, "lc_versions": {"x": "1"}}, "run_name": "mine"},
    {"configurable": {"model": "m", "checkpoint_ns": 3, "api_key": "secret", "__own": 1}, "recursion_limit": 7},
    {"metadata": {"model": "first", "lc_versions": None}, "configurable": {"model": "m"}, "more": 1, "none": None},
    {"metadata": None, "tags": None, "callbacks": None, "max_concurrency": 2, "thread": "t"},
    {"tags": 3},
    {"configurable": "text", "other": 1},
    {"metadata": {"lc_versions": "1"}},
]


@pytest.mark.parametrize("given", CONFIGS)
def test_a_chain_tells_its_callbacks_the_same(given: Any, fake: FakeHost) -> None:
    def run() -> Any:
        fake.requests.clear()
        fake.answers = ["one", "two", RuntimeError("gone")]
        recorder = Recorder()
        inner = {"tags": ["t"], "metadata": {"lc_versions": {"y": "2"}, "m": 1}, "configurable": {"z": 1}}
        chain = ChatPromptTemplate([("human", "{x}?")], metadata={"p": 1}, tags=["pt"]) | HostChatModel(
            tags=["model"], metadata={"n": 2}
        )
        whole = chain | StrOutputParser() | RunnableLambda(lambda text: text + "!")
        full: Any = None if given is None else {**given, "callbacks": [recorder]}
        nested: Any = RunnableLambda(lambda x: whole.with_config(cast("RunnableConfig", inner)).invoke(x))
        found = [outcome(partial(runnable.invoke, {"x": "a"}, full)) for runnable in (whole, nested, whole)]
        return found, recorder.seen, list(fake.requests)

    kept, plain = both_ways(run)
    assert kept == plain


@pytest.mark.parametrize("outer", CONFIGS)
def test_a_config_is_filled_in_the_same(outer: Any) -> None:
    def fill() -> Any:
        var_child_runnable_config.set(outer)
        return [outcome(partial(config.ensure_config, inner)) for inner in CONFIGS]

    kept, plain = both_ways(lambda: copy_context().run(fill))
    assert kept == plain
    assert [list(each) for each in kept] == [list(each) for each in plain]  # in order too


def test_what_a_config_holds_is_copied() -> None:
    given: RunnableConfig = {"tags": ["a"], "callbacks": CallbackManager([]), "configurable": {"b": 1}}
    full = config.ensure_config(given)
    assert all(full[key] is not given[key] for key in ("tags", "callbacks", "configurable"))


def test_what_is_around_is_copied_unless_it_is_given_anew() -> None:
    around: Any = {"tags": ["a"], "metadata": {"b": 1}, "callbacks": CallbackManager([]), "configurable": {"c": 2}}

    def fill() -> Any:
        var_child_runnable_config.set(around)
        alone: Any = config.ensure_config()
        given: Any = {"tags": ["x"], "callbacks": CallbackManager([], tags=["mine"]), "metadata": None}
        full: Any = config.ensure_config(given)
        assert all(alone[key] is not around[key] for key in around)
        assert full["callbacks"] is not given["callbacks"]
        return alone["metadata"], full["tags"], full["metadata"], full["callbacks"].tags, full["configurable"]

    kept, plain = both_ways(lambda: copy_context().run(fill))
    assert kept == plain == ({"b": 1}, ["x"], {"b": 1}, ["mine"], {"c": 2})


def test_metadata_is_merged_the_same() -> None:
    parts: list[Any] = [{}, {"a": 1}, {"lc_versions": None}, {"lc_versions": {"x": "1"}}, {"lc_versions": {"y": "2"}}]
    parts += [{"lc_versions": 3, "a": 2}, {"lc_versions": {}}]
    kept, plain = both_ways(lambda: [config._merge_metadata_dicts(one, other) for one in parts for other in parts])
    assert kept == plain


@pytest.mark.parametrize("value", [None, "", "0", "false", "False", "FALSE", "true", "1", " ", "für", "\udcff"])
def test_the_environment_is_looked_at_anew_each_time(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "TERRARIUM_TEST_VARIABLE"
    monkeypatch.delenv(name, raising=False)
    assert not vars(manager)["env_var_is_set"](name)
    if value is not None:
        monkeypatch.setenv(name, value)
    kept, plain = both_ways(lambda: vars(manager)["env_var_is_set"](name))
    assert kept is plain


def test_tracing_is_on_and_off_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    forget = cast("Any", utils.get_env_var).cache_clear

    def asked() -> list[Any]:
        found = [utils.tracing_is_enabled(), utils.tracing_is_enabled({"enabled": True})]
        for enabled in (True, False, "local", None):
            with tracing_context(enabled=cast("bool", enabled)):
                found.append(utils.tracing_is_enabled())
        return found

    for value in ("true", "false"):
        monkeypatch.setenv("LANGSMITH_TRACING_V2", value)
        forget()
        kept, plain = both_ways(asked)
        assert kept == plain
        assert kept[0] is (value == "true")
    monkeypatch.undo()
    forget()


def test_a_context_of_a_config_is_entered_and_left_the_same() -> None:
    given: RunnableConfig = {"tags": ["a"]}

    def enter() -> list[Any]:
        found: list[Any] = []
        for error in (None, ValueError("inside")):
            try:
                with config.set_config_context(given) as context:
                    found.append((context.run(var_child_runnable_config.get), var_child_runnable_config.get()))
                    if error:
                        raise error
            except ValueError as raised:
                found.append(str(raised))
            found.append((context.run(var_child_runnable_config.get), len(list(context)) > 0))
        return found

    kept, plain = both_ways(enter)
    assert kept == plain


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("project_name", "p"),
        ("tags", ["t"]),
        ("metadata", {"m": 1}),
        ("enabled", "local"),
        ("enabled", False),
        ("client", "c"),
        ("tags", None),
    ],
)
def test_tracing_around_ends_with_the_context_of_a_config(name: str, value: Any) -> None:
    def left() -> Any:
        with tracing_context(**{name: value}):
            with config.set_config_context({}) as context:
                inside = context.run(get_tracing_context)
            return inside, context.run(get_tracing_context)

    kept, plain = both_ways(left)
    assert kept == plain
    assert (kept[0][name], kept[1][name]) == (value, None)


def traced() -> RunTree:
    """A run whose client sends nothing."""
    return RunTree(name="run", ls_client=Client(api_url="http://localhost:1", api_key="none", auto_batch_tracing=False))


def test_a_traced_run_is_the_parent_inside_the_context_of_a_config() -> None:
    run = traced()
    tracer = LangChainTracer(client=run.client)
    tracer.run_map[str(run.id)] = cast("Any", run)

    def parents() -> Any:
        manager = CallbackManager([tracer], parent_run_id=run.id)
        with config.set_config_context({"callbacks": manager}) as context:
            inside = context.run(get_current_run_tree)
        return inside, context.run(get_current_run_tree)

    kept, plain = both_ways(parents)
    for inside, outside in (kept, plain):
        assert inside is run
        assert outside is None


def described(made: BaseCallbackManager) -> Any:
    """What a manager holds; of handlers the types, since some are made with it."""
    parts: dict[str, Any] = dict(vars(made))
    for name in ("handlers", "inheritable_handlers"):
        parts[name] = [type(handler).__name__ for handler in parts[name]]
    return type(made).__name__, parts


class OwnManager(CallbackManager):
    """A manager that knows how it was made."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = sorted(kwargs)


def managers(cls: type[CallbackManager | AsyncCallbackManager] = CallbackManager) -> list[Any]:
    recorder, run = Recorder(), UUID(int=1)
    tags: dict[str, Any] = {"tags": ["a", "b"], "inheritable_tags": ["b"]}
    metadata: dict[str, Any] = {"metadata": {"m": 1}, "inheritable_metadata": {"i": 2, "lc_versions": {"x": "1"}}}
    return [
        cls([]),
        cls([], parent_run_id=run, **tags, **metadata),
        cls([recorder], [recorder], run, **tags),
        cls([], [recorder], **metadata),
    ]


#: What a manager of callbacks is configured with, by position.
CONFIGURED: list[tuple[Any, ...]] = [
    *((outer,) for outer in (None, [], [Recorder()], *managers(), *managers(AsyncCallbackManager), OwnManager([]))),
    *((outer, [Recorder()]) for outer in (None, *managers())),
    *((outer, None, ["b", "c"], ["d"]) for outer in (None, [], *managers())),
    *((outer, None, None, ["d"], {"m": 3, "lc_versions": {"y": "2"}}) for outer in (None, *managers())),
    *((outer, None, [], None, {}, {"m": 3, "lc_versions": {"y": "2"}}) for outer in (None, *managers())),
]


def configured(**more: Any) -> list[Any]:
    def configure(cls: Any, given: tuple[Any, ...]) -> Any:
        return described(manager._configure(cls, *given, **more))

    return [
        outcome(partial(configure, cls, given))
        for cls in (CallbackManager, AsyncCallbackManager, OwnManager)
        for given in CONFIGURED
    ]


@pytest.mark.parametrize(
    "more",
    [{}, {"verbose": True}, {"langsmith_inheritable_metadata": {"l": 1}, "langsmith_inheritable_tags": ["l"]}],
    ids=str,
)
def test_a_manager_of_callbacks_is_configured_the_same(more: dict[str, Any]) -> None:
    kept, plain = both_ways(partial(configured, **more))
    assert kept == plain


def test_a_manager_of_callbacks_is_configured_the_same_where_something_listens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usual = configured()
    run = traced()

    def seen() -> list[Any]:
        found = []
        for name in ("LANGCHAIN_TRACING", "LANGCHAIN_HANDLER"):
            with monkeypatch.context() as patch:
                patch.setenv(name, "true")
                found.append(configured())
        with monkeypatch.context() as patch:
            patch.setattr("langchain_core.globals._debug", True)
            found.append(configured())
        with tracing_context(tags=["traced"], metadata={"t": 1}):
            found.append(configured())
        for enabled in (None, False):
            with tracing_context(parent=run, enabled=enabled):
                found.append(configured())
        with tracing_context(enabled=True, client=run.client), tracing_v2_enabled(client=run.client):
            found.append(configured())
        with tracing_v2_enabled(client=run.client):
            found.append(configured())
        with get_usage_metadata_callback(), collect_runs():
            found.append(configured())
        return found

    kept, plain = both_ways(seen)
    assert kept == plain
    assert all(each != usual for each in kept)


def test_a_run_that_is_gone_is_no_parent() -> None:
    def seen() -> Any:
        _context._PARENT_RUN_TREE_REF.set(cast("Any", lambda: None))
        with config.set_config_context({}) as context:
            return configured(), utils.tracing_is_enabled(), context.run(get_current_run_tree)

    kept, plain = both_ways(lambda: copy_context().run(seen))
    assert kept == plain
    assert kept[0] == configured()


def test_where_nothing_listens_managers_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("langsmith.run_helpers.get_tracing_context", None)
    monkeypatch.setattr(BaseCallbackManager, "set_handlers", None)
    made = manager._configure(CallbackManager, managers()[0], None, ["a"], ["b"], {"m": 1}, {"lc_versions": {"y": "2"}})
    run: Any = CallbackManager([]).on_chain_start({}, {})
    assert made.tags == ["a", "b"]
    assert run.get_child("step").tags == ["step"]


def test_who_wraps_the_constructor_of_all_managers_sees_each(monkeypatch: pytest.MonkeyPatch) -> None:
    original, recorder = BaseCallbackManager.__init__, Recorder()

    def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.add_handler(recorder, True)

    def seen() -> list[Any]:
        run = manager.CallbackManagerForChainRun(run_id=UUID(int=7), handlers=[], inheritable_handlers=[])
        bare = CallbackManager([])
        with monkeypatch.context() as patch:
            patch.setattr(BaseCallbackManager, "__init__", wrapped)
            return [described(run.get_child("step")), described(bare.copy()), configured()]

    kept, plain = both_ways(seen)
    assert kept == plain


def test_what_a_configured_manager_holds_is_its_own() -> None:
    outer = managers()[1]
    made = manager._configure(CallbackManager, outer)
    names = ("handlers", "inheritable_handlers", "tags", "inheritable_tags", "metadata", "inheritable_metadata")
    assert described(made) == described(outer)
    assert all(vars(made)[name] is not vars(outer)[name] for name in names)


def test_the_manager_of_the_children_of_a_run_is_the_same() -> None:
    def children() -> list[Any]:
        runs = [
            manager.CallbackManagerForChainRun(
                run_id=UUID(int=7), **{name: value for name, value in vars(each).items() if name != "parent_run_id"}
            )
            for each in (*managers(), CallbackManager([], inheritable_metadata={"i": 1}))
        ]
        return [described(run.get_child(tag)) for run in runs for tag in (None, "seq:step:1")]

    kept, plain = both_ways(children)
    assert kept == plain
    for metadata in ({"i": 1}, {"lc_versions": {"x": "1"}}):
        run = manager.CallbackManagerForChainRun(
            run_id=UUID(int=7), handlers=[], inheritable_handlers=[], inheritable_metadata=metadata
        )
        child = run.get_child()
        assert child.metadata == child.inheritable_metadata == metadata
        assert child.metadata is not child.inheritable_metadata
        assert child.metadata is not metadata
        assert child.inheritable_metadata is not metadata
        assert "lc_versions" not in metadata or child.metadata["lc_versions"] is not metadata["lc_versions"]


@pytest.mark.parametrize("given", [each for each in CONFIGS if each is not None])
def test_what_langsmith_is_told_of_a_config_is_the_same(given: Any) -> None:
    kept, plain = both_ways(lambda: outcome(partial(config._get_langsmith_inheritable_metadata_from_config, given)))
    assert kept == plain


def test_a_manager_of_callbacks_is_copied_the_same() -> None:
    recorder = Recorder()
    for cls in (BaseCallbackManager, CallbackManager, OwnManager):
        made = cls([recorder], [recorder], tags=["a"], metadata={"b": 1}, inheritable_metadata={"c": 2})
        kept, plain = both_ways(partial(methodcaller("copy"), made))
        assert type(kept) is type(plain) is cls
        assert vars(kept) == vars(plain)
        assert all(vars(kept)[name] is not vars(made)[name] for name in ("handlers", "tags", "metadata"))


def test_the_parameters_of_lambdas_are_those_of_their_code() -> None:
    looked_at: list[Any] = []

    def look_up(function: Any) -> Any:
        looked_at.append(function)
        return inspect.signature(function).parameters

    parameters = _kept.Parameters(look_up)
    assert [list(parameters(lambda x, y: (x, y))) for _ in range(3)] == [["x", "y"]] * 3
    assert len(looked_at) == 1
    defaults = [parameters(lambda x, n=n: (x, n))["n"].default for n in range(3)]
    assert defaults == [0, 1, 2]
    pretender = lambda x: x  # noqa: E731
    pretender.__signature__ = inspect.signature(lambda config: config)  # type: ignore[attr-defined]
    assert list(parameters(pretender)) == ["config"]


def test_a_model_describes_itself_as_upstream_has_it() -> None:
    class Old(HostChatModel):
        def dict(self, **_: Any) -> dict[str, Any]:
            return {"old": True}

    model = HostChatModel(model="m", temperature=0.5)
    assert model._dict_for_compat() == BaseChatModel._dict_for_compat(model)
    assert Old()._dict_for_compat() == {"old": True}


def test_nothing_stands_in_when_the_environment_says_so(
    monkeypatch: pytest.MonkeyPatch, bridge: LangchainBridge, fake: FakeHost
) -> None:
    fake.answers = ["yes"]
    with upstream():
        monkeypatch.setenv("TERRARIUM_KEEP", "off")
        program = bridge.dispatch("create_program", {"spec": {"prompt": "?"}})["program"]
        assert bridge.dispatch("invoke", {"program": program, "inputs": {}})["output"] == "yes"
        assert config.ensure_config.__module__ == "langchain_core.runnables.config"
        monkeypatch.undo()
    assert config.ensure_config.__module__ == "terrarium.langchain._kept"

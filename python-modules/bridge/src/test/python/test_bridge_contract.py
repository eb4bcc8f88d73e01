"""The contract of bridges. Plain functions and asserts only, so that any Python runs them."""

import threading
from collections.abc import Callable
from typing import Any

from terrarium.bridge import (
    ArgumentError,
    BaseBridge,
    BridgeError,
    FrameworkLoadError,
    Handler,
    UnknownCommandError,
    handler,
)


class Words(BaseBridge):
    framework = "words"

    def __init__(self) -> None:
        super().__init__()
        self.loads = 0
        self.cleanups = 0
        self.broken = False

    def _load_framework(self) -> None:
        self.loads += 1
        if self.broken:
            raise ImportError("no such library")

    def _cleanup_framework(self) -> None:
        self.cleanups += 1

    def _framework_stats(self) -> dict[str, Any]:
        return {"loads": self.loads}

    @handler
    def count(self, text: str, minimum: int = 1) -> dict[str, int]:
        """Count words."""
        return {"words": len([word for word in text.split() if len(word) >= minimum])}

    @handler(name="fail", loads=False)
    def raises_value_error(self, message: str = "no") -> None:
        raise ValueError(message)

    @handler(loads=False)
    def options(self, *, first: int, **others: int) -> list[str]:
        return [str(first), *sorted(others)]


def raised(kind: type[BaseException], call: Callable[[], Any]) -> Any:
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


def test_handlers_are_a_dict_by_command() -> None:
    bridge = Words()
    every = {"batch", "cleanup_framework", "describe_tools", "get_stats", "ping"}
    assert set(bridge._handlers) == {*every, "count", "fail", "options"}
    assert all(isinstance(entry, Handler) for entry in bridge._handlers.values())


def test_a_handler_is_called_with_one_dict() -> None:
    assert Words()._handlers["count"]({"text": "a bc def", "minimum": 2}) == {"words": 2}


def test_a_handler_describes_itself() -> None:
    entry = Words()._handlers["count"]
    assert (entry.name, entry.loads, entry.doc) == ("count", True, "Count words.")
    assert entry.parameters == [
        {"name": "text", "required": True, "default": None, "annotation": "str"},
        {"name": "minimum", "required": False, "default": "1", "annotation": "int"},
    ]
    assert "words.count(text, minimum)" in repr(entry)


def test_a_handler_may_have_another_name_than_its_method() -> None:
    assert "raises_value_error" not in Words()._handlers
    assert Words()._handlers["fail"].loads is False


def test_a_command_is_idempotent_only_when_it_says_so() -> None:
    class Reader(Words):
        @handler(idempotent=True)
        def read(self) -> None: ...

    class Override(Reader):
        def read(self) -> None: ...

    safe = {name for name, entry in Reader()._handlers.items() if entry.idempotent}
    assert safe == {"describe_tools", "get_stats", "ping", "read"}
    assert Override()._handlers["read"].idempotent is True


def test_missing_and_unknown_arguments_are_named() -> None:
    error = raised(ArgumentError, lambda: Words().dispatch("count", {"txet": "a", "minimum": 1}))
    assert (error.command, error.missing, error.unknown) == ("count", ["text"], ["txet"])
    assert error.accepted == ["text", "minimum"]
    message = str(error)
    assert "count: " in message
    assert "unknown argument 'txet'; did you mean 'text'?" in message
    assert "missing argument 'text'" in message
    assert "Accepted arguments: text, minimum" in message


def test_arguments_must_be_a_dict() -> None:
    error = raised(ArgumentError, lambda: Words()._handlers["count"](["a"]))  # type: ignore[arg-type]
    assert "not list" in str(error)


def test_keyword_only_and_open_arguments() -> None:
    assert Words().dispatch("options", {"first": 1, "b": 2, "a": 3}) == ["1", "a", "b"]
    error = raised(ArgumentError, lambda: Words().dispatch("options", {"b": 2}))
    assert (error.missing, error.unknown) == (["first"], [])


def test_a_wrong_call_does_not_load_the_framework() -> None:
    bridge = Words()
    raised(ArgumentError, lambda: bridge.dispatch("count", {}))
    assert bridge.loads == 0


def test_an_unknown_command_names_the_known_ones() -> None:
    error = raised(UnknownCommandError, lambda: Words().dispatch("cuont"))
    assert error.nearest == "count"
    assert "did you mean 'count'?" in str(error)
    assert str(error).endswith("Known commands: count, fail, options")
    assert raised(UnknownCommandError, lambda: Words().dispatch("zzz")).nearest is None


def test_what_a_handler_raises_passes_through() -> None:
    error = raised(ValueError, lambda: Words().dispatch("fail", {"message": "just so"}))
    assert error.args == ("just so",)
    assert not isinstance(error, BridgeError)


def test_the_framework_is_loaded_once_and_late() -> None:
    bridge = Words()
    bridge.dispatch("ping")
    bridge.dispatch("get_stats")
    assert bridge.loads == 0
    bridge.dispatch("count", {"text": ""})
    bridge.dispatch("count", {"text": ""})
    bridge._ensure_framework()
    assert bridge.loads == 1


def test_a_failed_load_is_told_and_may_be_tried_again() -> None:
    bridge = Words()
    bridge.broken = True
    error = raised(FrameworkLoadError, lambda: bridge.dispatch("count", {"text": ""}))
    assert error.framework == "words"
    assert isinstance(error.__cause__, ImportError)
    assert "ImportError: no such library" in str(error)
    assert bridge.dispatch("ping")["loaded"] is False
    bridge.broken = False
    assert bridge.dispatch("count", {"text": "a"}) == {"words": 1}
    assert bridge.loads == 2


def test_threads_that_come_together_load_once() -> None:
    bridge = Words()
    start = threading.Barrier(4)

    def call() -> None:
        start.wait(30)
        bridge.dispatch("count", {"text": "a"})

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert bridge.loads == 1
    assert bridge._handlers["count"].calls == 4


def test_ping_answers() -> None:
    bridge = Words()
    assert bridge.dispatch("ping") == {"framework": "words", "loaded": False, "status": "ok"}
    bridge._ensure_framework()
    assert bridge.dispatch("ping")["loaded"] is True


def test_stats_count_calls_and_failures() -> None:
    bridge = Words()
    assert bridge.dispatch("get_stats")["load_seconds"] is None
    bridge.dispatch("count", {"text": "a"})
    raised(ValueError, lambda: bridge.dispatch("fail"))
    raised(ArgumentError, lambda: bridge.dispatch("count"))
    stats = bridge.dispatch("get_stats")
    assert stats["framework"] == "words"
    assert stats["loaded"] is True
    assert stats["load_seconds"] >= 0
    assert stats["loads"] == 1
    assert stats["commands"]["count"] == {"calls": 2, "failures": 1}
    assert stats["commands"]["fail"] == {"calls": 1, "failures": 1}
    assert "ping" not in stats["commands"]
    assert (stats["calls"], stats["failures"]) == (5, 2)


def test_a_batch_goes_on_after_a_failure() -> None:
    results = Words().dispatch(
        "batch",
        {
            "commands": [
                {"command": "count", "args": {"text": "a b"}},
                {"command": "fail", "args": {"message": "just so"}},
                {"command": "nothing"},
                {"command": "ping"},
            ]
        },
    )
    assert [result["ok"] for result in results] == [True, False, False, True]
    assert results[0]["value"] == {"words": 2}
    assert results[1]["error"] == {"type": "ValueError", "message": "just so"}
    assert results[2]["error"]["type"] == "terrarium.bridge.errors.UnknownCommandError"
    assert results[3]["value"]["status"] == "ok"


def test_a_batch_may_stop_at_the_first_failure() -> None:
    commands = [{"command": "ping"}, {"command": "fail"}, {"command": "ping"}]
    results = Words().dispatch("batch", {"commands": commands, "stop_on_error": True})
    assert [result["ok"] for result in results] == [True, False]


def test_a_malformed_batch_runs_nothing() -> None:
    bridge = Words()
    malformed: list[Any] = [
        {"command": "count"},
        [{"command": "count", "args": {"text": "a"}}, "count"],
        [{"command": "count", "args": {"text": "a"}}, {"args": {}}],
        [{"command": "count", "args": {"text": "a"}}, {"command": "count", "arguments": {}}],
    ]
    for commands in malformed:

        def call(commands: Any = commands) -> Any:
            return bridge.dispatch("batch", {"commands": commands})

        raised(ArgumentError, call)
    assert bridge._handlers["count"].calls == 0


def test_cleanup_drops_the_framework_and_the_next_command_loads_it_again() -> None:
    bridge = Words()
    assert bridge.dispatch("cleanup_framework") == {"framework": "words", "cleaned": False}
    bridge._ensure_framework()
    assert bridge.dispatch("cleanup_framework") == {"framework": "words", "cleaned": True}
    assert (bridge.cleanups, bridge.dispatch("ping")["loaded"]) == (1, False)
    bridge.dispatch("count", {"text": "a"})
    assert bridge.loads == 2


def test_a_subclass_overrides_and_adds_commands() -> None:
    class MoreWords(Words):
        def count(self, text: str, minimum: int = 1) -> dict[str, int]:
            return {"words": -1}

        @handler(loads=False)
        def more(self) -> str:
            return "more"

    bridge = MoreWords()
    assert bridge.dispatch("count", {"text": "a"}) == {"words": -1}
    assert bridge.dispatch("more") == "more"
    assert "more" not in Words()._handlers


def test_a_bridge_names_its_framework() -> None:
    class Nameless(BaseBridge):
        pass

    assert "Nameless.framework" in str(raised(TypeError, Nameless))


def test_two_methods_cannot_claim_one_command() -> None:
    class Twice(BaseBridge):
        framework = "twice"

        @handler(name="same")
        def first(self) -> None: ...

        @handler(name="same")
        def second(self) -> None: ...

    assert "'same'" in str(raised(TypeError, Twice))


def test_what_cannot_be_a_command_is_refused_where_it_is_marked() -> None:
    def no_self() -> None: ...

    def star(self: Any, *args: Any) -> None: ...

    def positional(self: Any, first: int, /) -> None: ...

    targets: list[Callable[..., Any]] = [no_self, star, positional, len]
    for target in targets:

        def mark(target: Callable[..., Any] = target) -> Any:
            return handler(target)

        raised(TypeError, mark)
    raised(TypeError, lambda: handler(name=""))

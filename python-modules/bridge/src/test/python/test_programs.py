"""Programs from specs: what contexts share of them, and what each keeps for itself.

Plain functions and asserts only, so that any Python runs them.
"""

import datetime
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from terrarium.bridge import (
    ArgumentError,
    HostServiceError,
    ProgramBridge,
    SpecError,
    UnknownProgramError,
    handler,
    host,
)
from terrarium.bridge.lru import Lru
from terrarium.bridge.programs import ProgramCache, content_id
from terrarium.bridge.testing import InMemoryRegistry


class Greeting:
    def __init__(self, word: str) -> None:
        self.word = word
        self.mark = ""


class Greetings(ProgramBridge[Greeting]):
    """A framework whose programs greet; a compiled state is how loudly."""

    framework = "greetings"

    def __init__(self) -> None:
        super().__init__()
        self.builds = 0
        self.loads = 0

    @handler
    def greet(self, program: str, name: str) -> str:
        """Greet somebody."""
        greeting = self._programs.get(program)
        return f"{greeting.word} {name}{greeting.mark}"

    def _load_framework(self) -> None:
        self.loads += 1

    def _build(self, spec: dict[str, Any]) -> Greeting:
        self.builds += 1
        if not isinstance(spec.get("word"), str):
            raise SpecError("spec.word", f"must be a text, got {spec.get('word')!r}")
        return Greeting(spec["word"])

    def _load_state(self, program: Greeting, state: dict[str, Any]) -> None:
        if state.keys() != {"mark"}:
            raise SpecError("state", f"must have a mark and no more, got {state!r}")
        program.mark = state["mark"]

    def _dump_state(self, program: Greeting) -> dict[str, Any]:
        return {"mark": program.mark}


class Plain(ProgramBridge[str]):
    """A framework whose programs have no compiled state."""

    framework = "plain"

    def _build(self, spec: dict[str, Any]) -> str:
        return str(spec)


@contextmanager
def hosted(registry: InMemoryRegistry) -> Iterator[InMemoryRegistry]:
    """A host in place of what is installed, for as long as the block runs."""
    services = registry.services()
    host.install(services)
    try:
        yield registry
    finally:
        host.uninstall(*services)


def raised(kind: type[BaseException], call: Callable[[], Any]) -> Any:
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


def create(bridge: Greetings, word: str, program: str | None = None) -> str:
    created: str = bridge.dispatch("create_program", {"spec": {"word": word}, "program": program})["program"]
    return created


def greet(bridge: Greetings, program: str) -> str:
    greeting: str = bridge.dispatch("greet", {"program": program, "name": "Ann"})
    return greeting


def test_a_program_is_built_once_here_and_once_in_each_other_context() -> None:
    with hosted(InMemoryRegistry()) as registry:
        here, there = Greetings(), Greetings()
        program = create(here, "Hello")
        assert registry.specs == {("greetings", program): {"word": "Hello"}}
        for bridge in (here, there):
            for _ in range(3):
                assert greet(bridge, program) == "Hello Ann"
            assert bridge.builds == 1
        assert registry.asked["get"] == 1
        assert here.dispatch("get_stats")["programs"] == 1


def test_a_program_that_is_cached_and_present_costs_one_question_to_the_host() -> None:
    with hosted(InMemoryRegistry()) as registry:
        bridge = Greetings()
        program = create(bridge, "Hello")
        registry.asked.clear()
        greet(bridge, program)
        assert registry.asked == {"version": 1}


def test_the_id_comes_from_the_content_or_is_given() -> None:
    with hosted(InMemoryRegistry()) as registry:
        bridge = Greetings()
        assert create(bridge, "Hello") == create(bridge, "Hello") == content_id({"word": "Hello"})
        assert create(bridge, "Hello", "mine") == "mine"
        assert len(registry.specs) == 2
        for wrong in ("", 5, "@defaults", "@"):
            error = raised(ArgumentError, lambda wrong=wrong: create(bridge, "Hello", wrong))  # type: ignore[misc]
            assert repr(wrong) in str(error)
        assert len(registry.specs) == 2


def test_equal_specs_have_one_id() -> None:
    assert content_id({"a": 1, "b": [2]}) == content_id({"b": [2], "a": 1})
    assert content_id({"a": 1}) != content_id({"a": 2})
    assert content_id({"a": b"x"}) != content_id({"a": "b'x'"})
    assert len(content_id({})) == 16
    assert "keys must be texts" in str(raised(SpecError, lambda: content_id({"a": 1, 7: 2})))


def test_a_new_spec_reaches_every_context_at_its_next_call() -> None:
    with hosted(InMemoryRegistry()):
        here, there = Greetings(), Greetings()
        for word in ("Hello", "Good morning"):
            create(here, word, "mine")
            assert greet(here, "mine") == greet(there, "mine") == f"{word} Ann"
        assert here.builds == there.builds == 2


def test_an_equal_spec_changes_nothing() -> None:
    with hosted(InMemoryRegistry()):
        here, there = Greetings(), Greetings()
        create(here, "Hello", "mine")
        here.dispatch("set_program_state", {"program": "mine", "state": {"mark": "!"}})
        before = here.dispatch("get_program_info", {"program": "mine"})
        create(there, "Hello", "mine")
        assert here.dispatch("get_program_info", {"program": "mine"}) == before
        assert greet(there, "mine") == greet(here, "mine") == "Hello Ann!"


def test_a_compiled_state_reaches_every_context_at_its_next_call() -> None:
    with hosted(InMemoryRegistry()):
        here, there = Greetings(), Greetings()
        program = create(here, "Hello")
        assert greet(there, program) == "Hello Ann"
        for mark in ("!", "?"):
            state = {"mark": mark}
            assert here.dispatch("set_program_state", {"program": program, "state": state}) == {"program": program}
            assert greet(here, program) == greet(there, program) == f"Hello Ann{mark}"
            assert there.dispatch("get_program_state", {"program": program}) == state
        here.dispatch("set_program_state", {"program": program, "state": None})
        assert greet(there, program) == "Hello Ann"


def test_a_new_spec_drops_the_state_of_the_old_one() -> None:
    with hosted(InMemoryRegistry()):
        bridge = Greetings()
        create(bridge, "Hello", "mine")
        bridge.dispatch("set_program_state", {"program": "mine", "state": {"mark": "!"}})
        create(bridge, "Goodbye", "mine")
        assert greet(bridge, "mine") == "Goodbye Ann"
        assert bridge.dispatch("get_program_info", {"program": "mine"})["compiled"] is False


def test_a_state_that_does_not_fit_changes_nothing() -> None:
    with hosted(InMemoryRegistry()):
        bridge = Greetings()
        program = create(bridge, "Hello")
        before = bridge.dispatch("get_program_info", {"program": program})
        change = {"program": program, "state": {"colour": "red"}}
        assert raised(SpecError, lambda: bridge.dispatch("set_program_state", change)).path == "state"
        assert bridge.dispatch("get_program_info", {"program": program}) == before
        assert greet(bridge, program) == "Hello Ann"


def test_a_state_is_checked_against_the_spec_that_it_is_stored_for() -> None:
    with hosted(InMemoryRegistry()) as registry:
        bridge = Greetings()
        create(bridge, "Hello", "mine")
        load_state = bridge._load_state

        def overtaken(program: Greeting, state: dict[str, Any]) -> None:
            load_state(program, state)
            host.call("program.put", "greetings", "mine", {"word": "Goodbye"})  # once: then it is equal

        bridge._load_state = overtaken  # type: ignore[method-assign]
        bridge.dispatch("set_program_state", {"program": "mine", "state": {"mark": "!"}})
        assert registry.asked["put_state"] == 2
        assert greet(bridge, "mine") == "Goodbye Ann!"


def test_programs_without_a_state_refuse_it_by_name() -> None:
    with hosted(InMemoryRegistry()):
        bridge = Plain()
        program = bridge.dispatch("create_program", {"spec": {}})
        error = raised(ArgumentError, lambda: bridge.dispatch("set_program_state", {**program, "state": {}}))
        assert "programs of plain have no compiled state" in str(error)
        raised(ArgumentError, lambda: bridge.dispatch("get_program_state", program))
        assert bridge.dispatch("get_program_info", program)["compiled"] is False


def test_a_deleted_program_is_unknown_in_every_context_at_its_next_call() -> None:
    with hosted(InMemoryRegistry()):
        here, there = Greetings(), Greetings()
        create(here, "Hello", "mine")
        greet(there, "mine")
        assert here.dispatch("delete_program", {"program": "mine"}) == {"program": "mine"}
        for bridge in (here, there):
            error = raised(UnknownProgramError, lambda bridge=bridge: greet(bridge, "mine"))  # type: ignore[misc]
            assert (error.framework, error.program) == ("greetings", "mine")
            assert bridge.dispatch("get_stats")["programs"] == 0
        create(here, "Goodbye", "mine")
        assert greet(there, "mine") == "Goodbye Ann"


def test_what_is_not_there_is_named_by_every_command() -> None:
    with hosted(InMemoryRegistry()):
        bridge = Greetings()
        for command, more in (
            ("greet", {"name": "Ann"}),
            ("delete_program", {}),
            ("get_program_info", {}),
            ("get_program_state", {}),
            ("set_program_state", {"state": {"mark": "!"}}),
        ):

            def call(program: str, command: str = command, more: dict[str, Any] = more) -> Any:
                return bridge.dispatch(command, {"program": program, **more})

            assert "'nothing'" in str(raised(UnknownProgramError, lambda call=call: call("nothing")))  # type: ignore[misc]
            assert "'@defaults'" in str(raised(ArgumentError, lambda call=call: call("@defaults")))  # type: ignore[misc]


def test_defaults_are_not_programs() -> None:
    with hosted(InMemoryRegistry()):
        host.call("program.put", "greetings", "@defaults", {"a": 1})
        bridge = Greetings()
        assert bridge.dispatch("list_programs") == []
        raised(ArgumentError, lambda: bridge.dispatch("delete_program", {"program": "@defaults"}))
        assert host.call("program.get", "greetings", "@defaults")["spec"] == {"a": 1}


def test_the_ids_of_a_framework_are_listed_in_order() -> None:
    with hosted(InMemoryRegistry()):
        bridge = Greetings()
        assert bridge.dispatch("list_programs") == []
        for name in ("b", "c", "a"):
            create(bridge, "Hello", name)
        Plain().dispatch("create_program", {"spec": {}, "program": "d"})
        assert bridge.dispatch("list_programs") == ["a", "b", "c"]


def test_what_is_known_of_a_program() -> None:
    with hosted(InMemoryRegistry()):
        bridge = Greetings()
        create(bridge, "Hello", "mine")
        first = bridge.dispatch("get_program_info", {"program": "mine"})
        assert (first["program"], first["compiled"], first["spec"]) == ("mine", False, {"word": "Hello"})
        assert first["created"] == first["updated"]
        assert first["created"].tzinfo is not None
        assert isinstance(first["created"], datetime.datetime)
        bridge.dispatch("set_program_state", {"program": "mine", "state": {"mark": "!"}})
        second = bridge.dispatch("get_program_info", {"program": "mine"})
        assert (second["created"], second["compiled"]) == (first["created"], True)
        assert second["updated"] >= first["updated"]
        assert second["version"] > first["version"]
        create(bridge, "Goodbye", "mine")
        third = bridge.dispatch("get_program_info", {"program": "mine"})
        assert (third["created"], third["compiled"]) == (first["created"], False)
        assert third["version"] > second["version"]


def test_delete_list_and_info_load_nothing() -> None:
    with hosted(InMemoryRegistry()):
        program = create(Greetings(), "Hello")
        bridge = Greetings()
        bridge.dispatch("list_programs")
        bridge.dispatch("get_program_info", {"program": program})
        bridge.dispatch("delete_program", {"program": program})
        assert bridge.loads == 0


def test_a_defined_program_is_built_by_the_first_command_that_needs_it() -> None:
    with hosted(InMemoryRegistry()):
        bridge = Greetings()
        spec = {"word": "Hello"}
        program = bridge.dispatch("define_program", {"spec": spec})["program"]
        bridge.dispatch("define_program", {"spec": {"word": 5}, "program": "wrong"})
        assert program == content_id(spec)
        assert (bridge.loads, bridge.builds) == (0, 0)
        assert greet(bridge, program) == "Hello Ann"
        assert (bridge.loads, bridge.builds) == (1, 1)
        assert raised(SpecError, lambda: greet(bridge, "wrong")).path == "spec.word"
        raised(ArgumentError, lambda: bridge.dispatch("define_program", {"spec": spec, "program": "@defaults"}))


def test_a_program_that_cannot_be_built_fails_its_caller_and_is_not_stored() -> None:
    with hosted(InMemoryRegistry()) as registry:
        bridge = Greetings()
        create(bridge, "Hello", "mine")
        wrong = {"spec": {"word": 5}, "program": "mine"}
        assert raised(SpecError, lambda: bridge.dispatch("create_program", wrong)).path == "spec.word"
        assert registry.specs == {("greetings", "mine"): {"word": "Hello"}}
        assert greet(bridge, "mine") == "Hello Ann"
        host.call("program.put", "greetings", "broken", {"word": 5})  # as by a context of another release
        for _ in range(2):
            raised(SpecError, lambda: greet(bridge, "broken"))
        assert greet(bridge, "mine") == "Hello Ann"


def test_what_was_used_least_recently_is_built_again() -> None:
    with hosted(InMemoryRegistry(capacity=2)) as registry:
        bridge = Greetings()
        first, second, third = (create(bridge, word) for word in ("one", "two", "three"))
        assert bridge.dispatch("get_stats")["programs"] == 2
        assert greet(bridge, first) == "one Ann"  # drops the second
        greet(bridge, third)
        assert registry.asked["get"] == 1
        assert greet(bridge, second) == "two Ann"
        assert registry.asked["get"] == 2
        bridge._ensure_framework()
        bridge.dispatch("cleanup_framework")
        assert bridge.dispatch("ping")["loaded"] is False
        assert greet(bridge, first) == "one Ann"
        assert registry.asked["get"] == 3


def test_ten_thousand_programs_in_contexts_that_keep_eight() -> None:
    with hosted(InMemoryRegistry(capacity=8)):
        here, there = Greetings(), Greetings()
        for index in range(10_000):
            create(here, f"word {index}", f"p{index}")
        assert len(here.dispatch("list_programs")) == 10_000
        for index in range(0, 10_000, 7):
            assert greet(there, f"p{index}") == greet(here, f"p{index}") == f"word {index} Ann"
        assert len(here._programs) == len(there._programs) == 8


def test_threads_see_spec_and_state_that_belong_together() -> None:
    with hosted(InMemoryRegistry()):
        writer, reader = Greetings(), Greetings()
        create(writer, "word 0", "mine")
        seen: list[str] = []
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                seen.append(greet(reader, "mine"))

        threads = [threading.Thread(target=read) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for index in range(200):
                create(writer, f"word {index}", "mine")
                writer.dispatch("set_program_state", {"program": "mine", "state": {"mark": f" {index}"}})
        finally:
            done.set()
            for thread in threads:
                thread.join(60)
        assert {text for text in seen if not text.endswith(" Ann")} <= {f"word {i} Ann {i}" for i in range(200)}
        assert greet(reader, "mine") == "word 199 Ann 199"


def test_a_program_without_an_id_is_kept_by_its_spec_and_by_nobody_else() -> None:
    def build(spec: dict[str, Any], state: dict[str, Any] | None) -> list[Any]:
        return [spec, state]

    with hosted(InMemoryRegistry()) as registry:
        cache = ProgramCache("lists", build)
        assert cache.of({"kind": "a"}) is cache.of({"kind": "a"})
        assert cache.of({"kind": "a"}) is not cache.of({"kind": "b"})
        assert registry.specs == {}
        raised(UnknownProgramError, lambda: cache.get(content_id({"kind": "a"})))
        raised(UnknownProgramError, lambda: cache.get("=" + content_id({"kind": "a"})))
        cache.put({"kind": "other"}, "=" + content_id({"kind": "a"}))
        assert cache.of({"kind": "a"}) == [{"kind": "a"}, None]


def test_without_a_registry_the_service_that_lacks_is_named() -> None:
    assert raised(HostServiceError, lambda: create(Greetings(), "Hello")).service == "program.put"
    assert raised(HostServiceError, lambda: greet(Greetings(), "mine")).service == "program.version"


def test_a_capacity_below_one_is_refused() -> None:
    assert "not 0" in str(raised(ValueError, lambda: Lru(0)))

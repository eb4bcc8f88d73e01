"""Host services and the programs kept over them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from terrarium.bridge import ArgumentError, HostCallError, HostServiceError, Pushed, UnknownProgramError, embed, host
from terrarium.bridge.errors import java_exception
from terrarium.bridge.programs import ProgramCache, content_id


def raised(kind: type[BaseException], call: Callable[[], Any]) -> Any:
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


@contextmanager
def services(**offered: Callable[..., Any]) -> Iterator[None]:
    """Offer services, `program_get` being `program.get`, for as long as the block runs."""
    by_name = {name.replace("_", ".", 1): service for name, service in offered.items()}
    host.install(by_name)
    try:
        yield
    finally:
        host.uninstall(*by_name)


class Registry:
    """A host's registry of programs."""

    def __init__(self) -> None:
        self.specs: dict[tuple[str, str], dict[str, Any]] = {}
        self.versions: dict[tuple[str, str], int] = {}
        self.asked: list[str] = []

    def put(self, framework: str, identity: str, spec: dict[str, Any]) -> None:
        self.specs[framework, identity] = spec
        self.versions[framework, identity] = self.versions.get((framework, identity), 0) + 1

    def get(self, framework: str, identity: str) -> dict[str, Any] | None:
        self.asked.append(identity)
        return self.specs.get((framework, identity))

    def version(self, framework: str, identity: str) -> int:
        return self.versions.get((framework, identity), 0)


class Built:
    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec


class Foreign(BaseException):
    """As a Java exception in GraalPy, which is no `Exception`."""


def test_a_service_is_called_with_what_is_given() -> None:
    with services(test_add=lambda a, b: a + b):
        assert host.available("test.add")
        assert "test.add" in host.names()
        assert host.call("test.add", 1, 2) == 3
    assert not host.available("test.add")


def test_a_service_that_is_not_there_names_those_that_are() -> None:
    with services(test_one=lambda: 1, test_two=lambda: 2):
        error = raised(HostServiceError, lambda: host.call("test.three"))
    assert error.service == "test.three"
    assert {"test.one", "test.two"} <= set(error.known)
    assert "test.one, test.two" in str(error)


def test_only_callables_are_services() -> None:
    assert "'test.one'" in str(raised(TypeError, lambda: host.install({"test.one": 1})))  # type: ignore[dict-item]
    assert not host.available("test.one")


def test_a_python_exception_of_a_service_passes_through() -> None:
    def fail() -> None:
        raise LookupError("gone")

    with services(test_fail=fail):
        assert raised(LookupError, lambda: host.call("test.fail")).args == ("gone",)


def test_a_java_exception_of_a_service_becomes_a_host_call_error() -> None:
    def fail() -> None:
        raise Foreign("org.example.ModelException: no model: none")

    with services(test_fail=fail):
        error = raised(HostCallError, lambda: host.call("test.fail"))
    assert isinstance(error.__cause__, Foreign)
    assert (error.service, error.java_type) == ("test.fail", "org.example.ModelException")
    assert error.reason == "no model: none"
    assert str(error) == "test.fail failed: no model: none"


def test_the_text_of_a_java_exception() -> None:
    assert java_exception(Foreign("a.b.C")) == ("a.b.C", "")
    assert java_exception(Foreign("just a text: of v1.2")) == ("", "just a text: of v1.2")
    assert java_exception(Foreign("")) == ("", "")


def test_a_program_is_stored_with_the_host_and_built_once() -> None:
    registry = Registry()
    cache = ProgramCache("words", Built)
    with services(program_put=registry.put, program_get=registry.get):
        identity = cache.put({"kind": "a"})
        assert registry.specs["words", identity] == {"kind": "a"}
        assert cache.get(identity) is cache.get(identity)
        assert registry.asked == []
        assert cache.put({"kind": "b"}, "mine") == "mine"
        assert cache.get("mine").spec == {"kind": "b"}


def test_equal_specs_have_one_id() -> None:
    assert content_id({"a": 1, "b": [2]}) == content_id({"b": [2], "a": 1})
    assert content_id({"a": 1}) != content_id({"a": 2})
    assert len(content_id({})) == 16


def test_another_context_builds_a_program_from_the_host_s_spec() -> None:
    registry = Registry()
    with services(program_put=registry.put, program_get=registry.get):
        identity = ProgramCache("words", Built).put({"kind": "a"})
        other = ProgramCache("words", Built)
        assert other.get(identity).spec == {"kind": "a"}
        other.get(identity)
        assert registry.asked == [identity]


def test_a_program_that_was_dropped_is_built_again() -> None:
    registry = Registry()
    cache = ProgramCache("words", Built, capacity=2)
    with services(program_put=registry.put, program_get=registry.get):
        first, second, third = (cache.put({"kind": name}) for name in "abc")
        assert len(cache) == 2
        assert cache.get(first).spec == {"kind": "a"}  # drops the second, used least recently
        cache.get(third)
        assert registry.asked == [first]
        cache.get(second)
        assert registry.asked == [first, second]
        cache.clear()
        assert len(cache) == 0
        assert cache.get(first).spec == {"kind": "a"}


def test_an_unknown_program_is_named() -> None:
    registry = Registry()
    with services(program_get=registry.get):
        error = raised(UnknownProgramError, lambda: ProgramCache("words", Built).get("nothing"))
    assert (error.framework, error.program) == ("words", "nothing")
    raised(UnknownProgramError, lambda: ProgramCache("words", Built).get("nothing"))


def test_a_spec_that_cannot_be_built_is_not_stored() -> None:
    registry = Registry()

    def refuse(spec: dict[str, Any]) -> Built:
        raise ValueError("bad spec")

    with services(program_put=registry.put):
        raised(ValueError, lambda: ProgramCache("words", refuse).put({}, "mine"))
    assert registry.specs == {}


def test_an_id_is_a_text() -> None:
    for identity in ("", 5):
        cache = ProgramCache("words", Built)
        raised(ArgumentError, lambda cache=cache, identity=identity: cache.put({}, identity))  # type: ignore[misc]


def test_a_program_that_is_put_again_is_new_here_at_once() -> None:
    cache = ProgramCache("words", Built)
    cache.put({"kind": "a"}, "mine")
    cache.put({"kind": "b"}, "mine")
    assert cache.get("mine").spec == {"kind": "b"}


def test_and_elsewhere_when_the_host_tells_versions() -> None:
    registry = Registry()
    with services(program_put=registry.put, program_get=registry.get, program_version=registry.version):
        here, there = ProgramCache("words", Built), ProgramCache("words", Built)
        here.put({"kind": "a"}, "mine")
        assert there.get("mine").spec == {"kind": "a"}
        here.put({"kind": "b"}, "mine")
        assert there.get("mine").spec == {"kind": "b"}
        assert there.get("mine") is there.get("mine")


def test_a_program_without_an_id_is_kept_by_its_spec() -> None:
    registry = Registry()
    cache = ProgramCache("words", Built)
    with services(program_put=registry.put, program_get=registry.get):
        assert cache.of({"kind": "a"}) is cache.of({"kind": "a"})
        assert cache.of({"kind": "a"}) is not cache.of({"kind": "b"})
        assert registry.specs == {}
        raised(UnknownProgramError, lambda: cache.get(content_id({"kind": "a"})))


def test_a_capacity_below_one_is_refused() -> None:
    assert "not 0" in str(raised(ValueError, lambda: ProgramCache("words", Built, capacity=0)))


class Writing:
    """A host's model that gives its answer word by word, and may fail after them."""

    def __init__(self, text: str, failure: Exception | None = None) -> None:
        self.words = [word + " " for word in text.split()]
        self.given = 0
        self.closed = 0
        self.failure = failure

    def stream(self, request: dict[str, Any]) -> dict[str, Callable[[], Any]]:
        return {"next": self.next, "close": self.close}

    def next(self) -> Any:
        if self.given < len(self.words):
            self.given += 1
            return self.words[self.given - 1]
        if self.failure is not None:
            raise self.failure
        return {"text": "".join(self.words)}

    def close(self) -> None:
        self.closed += 1


def test_a_streamed_answer_ends_with_the_whole() -> None:
    model = Writing("one two")
    with services(model_stream=model.stream):
        assert list(host.stream_model({})) == ["one ", "two ", {"text": "one two "}]
    assert model.closed == 1


def test_nothing_is_pulled_ahead_and_closing_stops_the_model() -> None:
    model = Writing("one two three")
    with services(model_stream=model.stream):
        pieces = host.stream_model({})
        assert next(pieces) == "one "
        assert (model.given, model.closed) == (1, 0)
        pieces.close()
    assert (model.given, model.closed) == (1, 1)


def test_a_model_that_fails_midway_is_closed() -> None:
    model = Writing("one", ValueError("no more"))
    with services(model_stream=model.stream):
        pieces = host.stream_model({})
        assert next(pieces) == "one "
        assert str(raised(ValueError, lambda: next(pieces))) == "no more"
    assert model.closed == 1


def pushed(emit: Callable[[object], object]) -> None:
    emit(1)
    emit(2)


def test_what_pushes_is_run_with_what_takes_the_pieces() -> None:
    pieces: list[object] = []
    embed.stream(lambda args: Pushed(pushed), {}, pieces.append)
    assert pieces == [1, 2]


def test_a_reader_that_has_gone_is_an_exception_to_what_pushes() -> None:
    caught = []

    def push(emit: Callable[[object], object]) -> None:
        caught.append(raised(HostCallError, lambda: emit(1)))

    def gone(piece: object) -> None:
        raise Foreign("not read any more")

    embed.stream(lambda args: Pushed(push), {}, gone)
    assert caught[0].service == "stream"
    assert isinstance(caught[0].__cause__, Foreign)

"""Host services."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from terrarium.bridge import HostCallError, HostServiceError, Pushed, embed, host
from terrarium.bridge.errors import java_exception


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


def test_the_kind_of_a_model_s_failure_is_known() -> None:
    def fail() -> None:
        raise Foreign("org.example.ModelException[RATE_LIMITED]: slow [down]: now")

    with services(test_fail=fail):
        error = raised(HostCallError, lambda: host.call("test.fail"))
    assert (error.java_type, error.kind) == ("org.example.ModelException", "RATE_LIMITED")
    assert error.reason == "slow [down]: now"
    for text in ("a.b.C: of [x]", "just [x]: y", "a.b.C", ""):
        assert HostCallError("test.fail", Foreign(text)).kind == ""


def test_the_text_of_a_java_exception() -> None:
    assert java_exception(Foreign("a.b.C")) == ("a.b.C", "")
    assert java_exception(Foreign("just a text: of v1.2")) == ("", "just a text: of v1.2")
    assert java_exception(Foreign("")) == ("", "")


def test_texts_are_embedded_by_the_model_of_that_name() -> None:
    asked = []

    def embed_texts(model: str | None, texts: list[str]) -> list[list[float]]:
        asked.append(model)
        return [[float(len(text))] for text in texts]

    with services(embedding_embed=embed_texts):
        assert host.embed(["ab", "c"]) == [[2.0], [1.0]]
        assert host.embed([], "mine") == []
    assert asked == [None, "mine"]


def test_tokens_are_those_of_the_model_of_that_name() -> None:
    asked = []

    def encode(model: str | None, text: str) -> list[int]:
        asked.append(model)
        return [ord(each) for each in text]

    with services(
        tokenizer_count=lambda model, text: len(text),
        tokenizer_encode=encode,
        tokenizer_decode=lambda model, tokens: "".join(map(chr, tokens)),
    ):
        assert host.count_tokens("abc") == 3
        assert host.encode_tokens("ab", "mine") == [97, 98]
        assert host.decode_tokens(iter([97, 98])) == "ab"
    assert asked == ["mine"]


def test_a_request_has_headers_and_a_body_and_so_has_its_answer() -> None:
    asked: list[tuple[object, ...]] = []

    def request(*args: object) -> dict[str, object]:
        asked.append(args)
        return {"status": 404, "headers": {"a": "b"}, "body": b"no"}

    with services(http_request=request):
        status, headers, body = host.http("GET", "http://x/")
        assert (status, headers, body) == (404, {"a": "b"}, b"no")
        host.http("POST", "http://x/", {"c": "d"}, "ü", seconds=2)
    assert asked == [
        ("GET", "http://x/", {}, b"", 30.0),
        ("POST", "http://x/", {"c": "d"}, b"\xc3\xbc", 2.0),
    ]


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

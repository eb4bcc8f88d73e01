"""Services of the host, the Java side, by name.

The engine installs callables that take and return plain data. The services there are:

``model.generate(request: dict) -> dict``
    Ask a language model. ``request`` holds ``model`` (str or None for the default), ``messages``, and, each of them
    None or missing for the model's own: ``temperature`` (float), ``top_p`` (float), ``max_tokens`` (int), ``stop``
    (list of str), ``seed`` (int), ``schema`` (a JSON schema that the output must conform to), ``reasoning_effort``
    (str), ``tools`` (list of ``{"name": str, "description": str, "parameters": JSON schema}``), ``tool_choice``
    (``"auto"``, ``"required"`` or ``"none"``) and ``parallel_tool_calls`` (bool). ``cache`` (False passes by the
    host's cache of answers) and ``rollout`` (str, distinguishes equal requests there) may be left out, too.

    A message is ``{"role": "system"|"user"|"assistant"|"tool", "content": str}``. One of the user may have ``media``
    (list of ``{"mime_type": str}`` with ``data``, in base 64, or ``url``), one of the assistant ``tool_calls`` (list of
    ``{"id": str, "name": str, "arguments": JSON}``); one of a tool has the ``tool_call_id`` whose result it is.

    The answer holds ``text``, ``finish_reason`` (``"stop"``, ``"length"`` or ``"tool_calls"``), ``prompt_tokens``,
    ``completion_tokens``, ``model`` and ``seconds``; where there are any, also ``tool_calls``, ``reasoning`` (str),
    ``cached_tokens`` and ``reasoning_tokens``.
``model.stream(request: dict) -> {"next": callable, "close": callable}``
    The same, while the answer is made; :func:`stream_model` is the way to use it. ``next()`` returns the next piece,
    and after the last one the answer of ``model.generate``; ``close()`` has the model stop. A piece of the text is a
    str, one of the reasoning ``{"reasoning": str}``, and one of a tool call ``{"tool_call": {"index": int, "id": str,
    "name": str, "arguments": str}}``, whose arguments are to be joined.
``embedding.embed(model: str | None, texts: list[str]) -> list[array.array]``
    Return the vector of each text, in order; :func:`embed` is the way to use it.
``tokenizer.count(model: str | None, text: str) -> int``, ``tokenizer.encode(model, text) -> array.array``,
``tokenizer.decode(model, tokens) -> str``
    How a language model splits texts; :func:`count_tokens`, :func:`encode_tokens` and :func:`decode_tokens` are the way
    to use them.
``http.request(method: str, url: str, headers: dict, body: bytes, seconds: float) -> dict``
    Send a request and return the answer's ``status``, ``headers`` and ``body``; :func:`http` is the way to use it.
``program.put(framework: str, id: str, spec: dict) -> int | None``
    Store a program's spec where all contexts find it, without a compiled state, and return the program's new version;
    None when an equal spec is there, which then stays as it is, with its state.
``program.put_state(framework: str, id: str, state: dict | None, version: int) -> int | None``
    Store a compiled state for the program in that version, None for none, and return its new version; None when there
    is another version by now, or no such program.
``program.get(framework: str, id: str) -> dict | None``
    Return a program's ``version``, ``spec`` and ``state`` (dict or None), all of one moment; None when there is none.
``program.version(framework: str, id: str) -> int | None``
    Return the program's version, which rises with every change, or None.
``program.info(framework: str, id: str) -> dict | None``
    Return the program's id as ``program``, ``version``, ``created``, ``updated``, ``compiled`` (bool) and ``spec``.
``program.delete(framework: str, id: str) -> bool``
    Delete a program; tells whether there was one.
``program.list(framework: str) -> list[str]``
    Return the ids of all programs but those that begin with ``@``, sorted.
``program.capacity() -> int``
    Return how many built programs a context should keep of each framework.
``session.get() -> dict | None``, ``session.put(state: dict) -> None``
    The state of the call's session; see :mod:`terrarium.bridge.session`.
``span.started(span: str, parent: str | None, kind: str, name: str, type: str, inputs)``,
``span.ended(span: str, failure: str | None, outputs)``, ``span.detail() -> str``
    Report a span of the call, and tell how much is reported; :mod:`terrarium.bridge.spans` is the way to use them.
``code.start() -> str``
    Start a session for code that a language model wrote, in a restricted context of its own (docs/SECURITY.md), and
    return the session. It ends by ``code.close``, with the call that started it, and when one of these raises.
``code.execute(session: str, code: dict) -> dict``
    Run a piece of code in a session, whose globals are kept. ``code`` holds ``code`` (str), new values of variables as
    ``texts`` (dict of str) and ``values`` (dict of JSON), ``variables`` (JSON list, the names that the code sees),
    ``functions`` (JSON list, the names of functions that the code may call, None for those of the code before) and
    ``outputs`` (JSON list, what ``SUBMIT`` takes, or null for ``output``).

    Returns ``{"call": name, "arguments": JSON}`` when the code calls a function, else ``{"outcome": JSON}``, as
    :mod:`terrarium.bridge.code_context` says, or ``{"failure": message}`` when Python could not tell how it failed.
``code.answer(session: str, json: str) -> dict``
    Have the code go on after the call of a function, with ``{"value": ...}`` or ``{"error": message}``; return as
    ``code.execute``.
``code.close(session: str) -> None``
    End a session; what its code left goes with it.
``orjson.dumps(data, flags: int) -> str``, ``orjson.loads(text: str) -> data``
    JSON for the stand-in of ``orjson``.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any

from .builtin import keep
from .errors import HostCallError, HostServiceError

keep(globals())

_services: dict[str, Callable[..., Any]] = {}


def install(services: Mapping[str, Callable[..., Any]]) -> None:
    """Add services by name; one of a name that is there already takes its place."""
    for name, service in services.items():
        if not callable(service):
            raise TypeError(f"service {name!r} is not callable: {type(service).__name__}")
    _services.update(services)


def uninstall(*names: str) -> None:
    """Remove services by name; names that are not there are passed over."""
    for name in names:
        _services.pop(name, None)


def available(name: str) -> bool:
    """Tell whether the host offers a service of that name."""
    return name in _services


def names() -> list[str]:
    """Return the names of the services there are, sorted."""
    return sorted(_services)


def call(name: str, /, *args: Any) -> Any:
    """Call a service with plain data and return its answer.

    Raises HostServiceError, naming the services there are, when there is none of that name, and
    HostCallError for a Java exception; a Python exception passes through.
    """
    service = _services.get(name)
    if service is None:
        raise HostServiceError(name, _services)
    try:
        return service(*args)
    except (Exception, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise HostCallError(name, error) from error


def embed(texts: list[str], model: str | None = None) -> list[Any]:
    """Return the vector of each text, an ``array.array`` of floats, by the host's embedding model of that name.

    None stands for the default model. The host keeps vectors that it made. Raises what :func:`call` raises.
    """
    vectors: list[Any] = call("embedding.embed", model, texts)
    return vectors


def count_tokens(text: str, model: str | None = None) -> int:
    """Return how many tokens the text has for a language model, by itself and without the marks of a conversation.

    None stands for the default model, which need not be loaded for it. Raises what :func:`call` raises, as for a model
    that does not tell.
    """
    count: int = call("tokenizer.count", model, text)
    return count


def encode_tokens(text: str, model: str | None = None) -> list[int]:
    """Return the tokens of the text, as the language model numbers them. As :func:`count_tokens`."""
    return list(call("tokenizer.encode", model, text))


def decode_tokens(tokens: Iterable[int], model: str | None = None) -> str:
    """Return the text of a language model's tokens, without marks between messages. As :func:`count_tokens`."""
    text: str = call("tokenizer.decode", model, list(tokens))
    return text


def http(
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | str = b"",
    seconds: float = 30.0,
) -> tuple[int, dict[str, str], bytes]:
    """Send a request over HTTP, by a connection that the host keeps for the framework; return status, headers and body.

    A text is sent in UTF-8. ``seconds`` is the time for the whole answer, once there is a connection. Redirections are
    answers as others are; there are no cookies. Names of headers come in lower case, several of one name as one.
    Raises what :func:`call` raises: the access profile must grant the network, bodies and connections are limited, and
    the other side may not answer.
    """
    content = body.encode() if isinstance(body, str) else body
    answer = call("http.request", method, url, dict(headers or {}), content, float(seconds))
    return answer["status"], answer["headers"], answer["body"]


def stream_model(request: dict[str, Any]) -> Generator[str | dict[str, Any], None, None]:
    """Ask a language model as ``model.generate`` does; yield the pieces, and last the whole answer, which has ``text``.

    The model waits when nobody pulls, and stops when the generator is closed or the call ends that it was asked in. Who
    leaves the generator before its end closes it, as by ``contextlib.closing``: GraalPy does not do so by itself.

    Raises what :func:`call` raises, also after some pieces.
    """
    answer = call("model.stream", request)
    try:
        while True:
            piece = answer["next"]()
            yield piece
            if not isinstance(piece, str) and "text" in piece:
                return
    finally:
        answer["close"]()

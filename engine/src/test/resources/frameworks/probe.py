"""What the engine's tests call: handlers that show what arrives, and make what is asked for."""

import array
import contextlib
import datetime
import decimal
import io
import json
import os
import struct
import sys
import threading
import uuid

from terrarium.bridge import BaseBridge, HostCallError, Pushed, handler, host


class ProbeError(Exception):
    """An exception of the test's own."""


class Silent(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class Probe(BaseBridge):
    framework = "probe"

    def _load_framework(self) -> None:
        modules = {each.__name__: each for each in (array, datetime, decimal, host, io, json, os, sys)}
        self.namespace = {**modules, "host": host, "ProbeError": ProbeError}

    @handler
    def echo(self, v: object) -> object:
        return v

    @handler
    def repr_of(self, v: object) -> list[str]:
        """The value's type and its repr."""
        return [type(v).__name__, repr(v)]

    @handler
    def overwrite(self, v: object) -> object:
        """Writes into what arrived."""
        v[0] = 7
        return v

    @handler
    def details(self, v: object) -> object:
        """The value's exact types and content, nested as the value is, in texts."""
        return _details(v)

    @handler
    def evaluate(self, expression: str) -> object:
        return eval(expression, self.namespace)

    @handler
    def execute(self, source: str) -> None:
        exec(compile(source, "probe-source.py", "exec"), self.namespace)

    @handler
    def fail(self, message: str) -> None:
        _inner(message)

    @handler
    def fail_silently(self) -> None:
        raise Silent

    @handler
    def exit(self, code: object) -> None:
        sys.exit(code)

    @handler
    def recurse(self) -> int:
        return self.recurse() + 1

    @handler
    def call_host(self, name: str, arguments: list[object]) -> object:
        return host.call(name, *arguments)

    @handler
    def wrap_host(self, name: str) -> object:
        try:
            return host.call(name)
        except Exception as error:
            raise ProbeError("the host failed") from error

    @handler
    def services(self) -> list[str]:
        return host.names()

    @handler
    def thread(self) -> str:
        return threading.current_thread().name

    @handler
    def count_to(self, n: int) -> object:
        """Yields 0, 1... and tells `test.call` when it is closed."""
        try:
            for i in range(n):
                yield i
        finally:
            host.call("test.call", "closed")

    @handler
    def count_and_fail(self, n: int) -> object:
        yield from range(n)
        raise ProbeError("no more")

    @handler
    def ask(self, request: dict) -> object:
        """Yields what a language model answers."""
        yield from host.stream_model(request)

    @handler
    def push(self, request: dict) -> Pushed:
        """Pushes what a language model answers."""

        def run(emit: object) -> None:
            with contextlib.closing(host.stream_model(request)) as pieces:
                for piece in pieces:
                    emit(piece)

        return Pushed(run)

    @handler
    def apply(self, function: object, arguments: list[object]) -> object:
        return function(*arguments)

    @handler
    def apply_and_catch(self, function: object, arguments: list[object]) -> list[str]:
        try:
            return ["returned", str(function(*arguments))]
        except Exception as error:
            return [type(error).__name__, str(error)]

    @handler
    def kind_of_failure(self, function: object, arguments: list[object]) -> str:
        try:
            return function(*arguments)
        except HostCallError as error:
            return error.kind


def _inner(message: str) -> None:
    raise ProbeError(message)


def _details(v: object) -> object:
    kind = type(v)
    if kind is dict:
        return ["dict", [[_details(key), _details(value)] for key, value in v.items()]]
    if kind is list:
        return ["list", [_details(each) for each in v]]
    return [kind.__name__, CONTENT[kind](v)]


def _timedelta(v: datetime.timedelta) -> str:
    return f"{v.days} {v.seconds} {v.microseconds}"


CONTENT = {
    type(None): str,
    bool: str,
    int: hex,
    float: lambda v: struct.pack(">d", v).hex(),
    str: lambda v: " ".join(f"{ord(each):x}" for each in v),
    bytes: bytes.hex,
    array.array: lambda v: f"{v.typecode} {v.tobytes().hex()}",
    decimal.Decimal: str,
    uuid.UUID: str,
    datetime.date: datetime.date.isoformat,
    datetime.time: datetime.time.isoformat,
    datetime.datetime: datetime.datetime.isoformat,
    datetime.timedelta: _timedelta,
}

"""DSPy's code interpreter on a code context of the host, a restricted context of its own for each session."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import json
import keyword
from collections.abc import Callable, Mapping
from typing import Any

import dspy
import pydantic_core

from terrarium.bridge import HostCallError, host

_RESERVED = ("SUBMIT", "__builtins__")
_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL)


class HostInterpreter:
    """A ``dspy.CodeInterpreter`` whose code runs in a code context of the host; the class is the factory, too.

    ``tools`` are functions that the code may call. They run here, in the thread of :meth:`execute`, and only JSON
    crosses to them and back. ``output_fields`` are dicts with the ``name`` of what ``SUBMIT`` takes. Not thread-safe.

    A text that is given as a variable again is not copied again. Other values are, as JSON, when they have changed.

    A failure that ends the session (the code ran too long, the heap is full) is a ``CodeInterpreterError``, raised from
    what the host raised.
    """

    execution_instructions = (
        "Code runs as Python 3.12 in a restricted interpreter. State, imports and functions persist. The standard"
        " library is available, such as re, json, collections, math and statistics. There are no files, no network, no"
        " threads, no subprocesses and no packages such as numpy. Functions, SUBMIT and variables are globals."
    )

    def __init__(
        self,
        tools: Mapping[str, Callable[..., Any]] | None = None,
        output_fields: list[dict[str, Any]] | None = None,
    ) -> None:
        """Make an interpreter; the code context comes with :meth:`start`, or the first :meth:`execute`."""
        self.tools: dict[str, Callable[..., Any]] = dict(tools or {})
        self.output_fields = output_fields
        self._session: str | None = None
        self._ended = False
        self._executing = False
        self._declared: tuple[list[str], list[str] | None] = ([], None)
        self._texts: dict[str, str] = {}
        self._values: dict[str, str] = {}

    def start(self) -> None:
        """Make the code context, unless there is one.

        Raises CodeInterpreterError after :meth:`shutdown`, and when the host makes no further one.
        """
        if self._ended:
            raise dspy.CodeInterpreterError("The interpreter's session has ended; make a new interpreter.")
        if self._session is None:
            self._session = self._asked("code.start")

    def execute(self, code: str, variables: dict[str, Any] | None = None) -> Any:
        """Run code after binding the variables, and return what came of it.

        Returns ``FinalOutput`` after ``SUBMIT``, else the value of the last expression, else what was printed, else
        None. Raises SyntaxError, CodeExecutionError for what the code or a tool raised, and CodeInterpreterError, which
        ends the session.
        """
        if self._executing:
            raise dspy.CodeInterpreterError("The interpreter cannot execute code from within one of its tools.")
        request = {"code": code, **self._declaration(), **self._variables(variables or {})}
        self.start()
        self._executing = True
        try:
            step = self._asked("code.execute", self._session, request)
            while "call" in step:
                answer = self._answer(step["call"], step["arguments"])
                step = self._asked("code.answer", self._session, answer)
        except BaseException:  # such as the end of the call
            self.shutdown()
            raise
        finally:
            self._executing = False
        if "failure" in step:
            raise dspy.CodeExecutionError(step["failure"])
        return _outcome(json.loads(step["outcome"]))

    def shutdown(self) -> None:
        """Close the code context; what the code left goes with it."""
        self._ended = True
        self._texts.clear()
        self._values.clear()
        session, self._session = self._session, None
        if session is not None:
            host.call("code.close", session)

    def __enter__(self) -> HostInterpreter:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()

    def __call__(self, code: str, variables: dict[str, Any] | None = None) -> Any:
        return self.execute(code, variables)

    def _asked(self, service: str, *args: Any) -> Any:
        try:
            return host.call(service, *args)
        except HostCallError as error:
            raise dspy.CodeInterpreterError(error.reason or str(error)) from error

    def _declaration(self) -> dict[str, Any]:
        """Return the names of the tools and outputs as JSON; None for tools where the session knows both."""
        outputs = [field["name"] for field in self.output_fields] if self.output_fields else None
        for name in (*self.tools, *(outputs or ())):
            _check_name(name, "tool or output", _RESERVED)
        declared = (list(self.tools), outputs)
        known, self._declared = self._declared == declared, declared
        return {"functions": None if known else json.dumps(declared[0]), "outputs": json.dumps(outputs)}

    def _variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Return the names of the variables, and the values that differ from those that the session has."""
        texts: dict[str, str] = {}
        values: dict[str, str] = {}
        for name, value in variables.items():
            _check_name(name, "variable", (*_RESERVED, *self.tools))
            if type(value) is str:
                if self._texts.get(name) is not value:
                    texts[name] = self._texts[name] = value
                    self._values.pop(name, None)
                continue
            text = _encoded(value)
            if self._values.get(name) != text:
                values[name] = self._values[name] = text
                self._texts.pop(name, None)
        return {"variables": json.dumps(list(variables)), "texts": texts, "values": values}

    def _answer(self, name: str, arguments: str) -> str:
        """Call a tool; return its result as JSON, or why it has none, which is raised in the code."""
        given = json.loads(arguments)
        try:
            value = _called(self.tools[name], given["args"], given["kwargs"])
            return f'{{"value": {_encoded(value)}}}'
        except Exception as error:
            return json.dumps({"error": f"{type(error).__name__}: {error}"})


def _called(tool: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Call a tool by names, as DSPy's own take their arguments, where it has names for all of them."""
    signature = inspect.signature(tool)
    signature.bind(*args, **kwargs)
    parameters = signature.parameters.values()
    if any(parameter.kind in _BY_POSITION for parameter in parameters):
        result = tool(*args, **kwargs)
    else:
        result = tool(**dict(zip(signature.parameters, args, strict=False)), **kwargs)
    if not inspect.iscoroutine(result):
        return result
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as thread:  # this one may have a loop that runs
        return thread.submit(contextvars.copy_context().run, asyncio.run, result).result()


def _encoded(value: Any) -> str:
    try:
        return json.dumps(value, default=_jsonable)
    except (TypeError, ValueError, RecursionError, pydantic_core.PydanticSerializationError) as error:
        raise dspy.CodeInterpreterError(f"A value of type {type(value).__name__} is not plain data: {error}") from error


def _jsonable(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        try:
            return sorted(value)
        except TypeError:
            return list(value)
    return pydantic_core.to_jsonable_python(value)


def _outcome(outcome: dict[str, Any]) -> Any:
    kind = outcome["kind"]
    if kind == "final":
        return dspy.FinalOutput(outcome["value"])
    if kind == "syntax":
        raise SyntaxError(f"Invalid Python syntax: {outcome['message']}")
    if kind == "error":
        raise dspy.CodeExecutionError(outcome["message"])
    return outcome["value"] if outcome["value"] is not None else outcome["output"] or None


def _check_name(name: Any, what: str, reserved: tuple[str, ...]) -> None:
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name) or name in reserved:
        raise dspy.CodeInterpreterError(f"Invalid name of a {what}: {name!r}")

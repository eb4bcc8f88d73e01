"""What runs inside a code context: code that a language model wrote, and the functions that this code may call.

A code context is a restricted context of its own for each session (docs/SECURITY.md). Nothing of a framework is in it.
Only texts cross its border, which are JSON but for variables that are texts themselves, so no object of one side ever
reaches the other. The engine calls :func:`open_session` once, and then the methods of the session.
"""

from __future__ import annotations

import ast
import io
import json
import sys
from collections.abc import Callable, Iterable, KeysView, ValuesView
from types import ModuleType
from typing import Any, NoReturn

#: The name of the function by which code submits its result.
SUBMIT = "SUBMIT"

_MAIN = "__main__"


class Submission(BaseException):
    """Ends the code: its result was submitted."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__()
        self.values = values


class CodeSession:
    """The globals of one session, which its pieces of code share. Used on one thread.

    ``call(name, arguments)`` calls a function of the host with a JSON text and returns a JSON text: ``{"value": ...}``,
    or ``{"error": message}``. ``max_output`` is the number of printed characters that are kept of each piece of code,
    ``max_message`` the number of characters of the longest JSON text that may leave.
    """

    def __init__(self, call: Callable[[str, str], str], max_output: int, max_message: int) -> None:
        self.module = ModuleType(_MAIN)
        self._call = call
        self._max_output = max_output
        self._max_message = max_message
        self._variables: dict[str, tuple[str, bool]] = {}
        self._functions: list[str] = []
        self._steps = 0
        self.declare("[]", "null")

    def put(self, name: str, text: str, is_json: bool) -> None:
        """Keep the value of a variable, a text or JSON, for pieces of code that name the variable."""
        self._variables[name] = (text, is_json)

    def declare(self, functions: str, outputs: str) -> None:
        """Let code call the host's functions of these names; both texts are JSON.

        ``outputs`` are the names of what ``SUBMIT`` takes, or null for one value, ``output``.
        """
        namespace = vars(self.module)
        for name in self._functions:
            namespace.pop(name, None)
        self._functions = json.loads(functions)
        for name in self._functions:
            namespace[name] = self._function(name)
        namespace[SUBMIT] = _submit(json.loads(outputs) or ["output"])

    def run(self, code: str, names: str) -> str:
        """Run a piece of code after binding the variables of these names, a JSON list; return what came of it as JSON.

        ``kind`` is ``result`` (with ``value``, that of the last expression, and ``output``, what was printed),
        ``final`` (with ``value``, a dict of what was submitted), ``syntax`` or ``error`` (with ``message``).
        """
        self._steps += 1
        output = Output(self._max_output)
        streams = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = output
        try:
            outcome = self._outcome(code, names, f"<code {self._steps}>")
        finally:
            sys.stdout, sys.stderr = streams
        if outcome["kind"] == "result":
            outcome["output"] = output.kept()
        try:
            return self._encoded(outcome)
        except ValueError as error:
            return json.dumps({"kind": "error", "message": f"ValueError: {error}"})

    def _outcome(self, code: str, names: str, file: str) -> dict[str, Any]:
        namespace = vars(self.module)
        try:
            for name in json.loads(names):
                text, is_json = self._variables[name]
                namespace[name] = json.loads(text) if is_json else text
            value = _evaluated(code, file, namespace)
            return {"kind": "result", "value": self._shown(value)}
        except Submission as submission:
            try:
                return {"kind": "final", "value": self._plain(submission.values)}
            except (TypeError, ValueError, RecursionError) as error:
                return {"kind": "error", "message": f"{type(error).__name__}: SUBMIT: {error}"}
        except SyntaxError as error:
            return {"kind": "syntax", "message": f"{error.msg} (line {error.lineno})"}
        except Exception as error:
            return {"kind": "error", "message": described(error, code, file)}
        except (SystemExit, KeyboardInterrupt, GeneratorExit) as error:
            return {"kind": "error", "message": described(error, code, file)}

    def _function(self, name: str) -> Callable[..., Any]:
        def function(*args: Any, **kwargs: Any) -> Any:
            answer = json.loads(self._call(name, self._encoded({"args": args, "kwargs": kwargs})))
            if "error" in answer:
                raise RuntimeError(answer["error"])
            return answer["value"]

        function.__name__ = function.__qualname__ = name
        return function

    def _encoded(self, value: Any) -> str:
        text = json.dumps(value, default=plain)
        if len(text) > self._max_message:
            raise ValueError(f"{len(text):,} characters of JSON are above the limit of {self._max_message:,}")
        return text

    def _plain(self, value: Any) -> Any:
        return json.loads(self._encoded(value))

    def _shown(self, value: Any) -> Any:
        if value is None or isinstance(value, (bool, int, float)):
            return value
        try:
            return self._plain(value)
        except (TypeError, ValueError, RecursionError):
            output = Output(self._max_output)
            output.write(repr(value))
            return output.kept()


class Output(io.TextIOBase):
    """Keeps what is printed, up to a number of characters, and counts the rest."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._kept = io.StringIO()
        self._left = limit
        self._dropped = 0

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str, /) -> int:
        """Keep as much of the text as the limit allows."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        kept = text[: self._left]
        self._kept.write(kept)
        self._left -= len(kept)
        self._dropped += len(text) - len(kept)
        return len(text)

    def kept(self) -> str:
        """Return what was kept, with a last line about what was not."""
        text = self._kept.getvalue()
        return f"{text}\n... ({self._dropped:,} more characters were dropped)" if self._dropped else text


def _evaluated(code: str, file: str, namespace: dict[str, Any]) -> Any:
    """Run the code, and return the value of its last statement where that is an expression."""
    tree = ast.parse(code, file)
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        exec(compile(code, file, "exec", dont_inherit=True), namespace)  # noqa: S102 - the purpose of a code context
        return None
    last = ast.Expression(tree.body.pop().value)  # type: ignore[attr-defined]
    if tree.body:
        exec(compile(tree, file, "exec", dont_inherit=True), namespace)  # noqa: S102 - likewise
    return eval(compile(last, file, "eval", dont_inherit=True), namespace)  # noqa: S307 - likewise


def _submit(outputs: list[str]) -> Callable[..., NoReturn]:
    def submit(*args: Any, **kwargs: Any) -> NoReturn:
        expected = ", ".join(outputs)
        if len(args) > len(outputs):
            raise TypeError(f"SUBMIT takes {len(outputs)} values, got {len(args)}. Use SUBMIT({expected})")
        values = dict(zip(outputs, args, strict=False))
        for name, value in kwargs.items():
            if name not in outputs:
                raise TypeError(f"SUBMIT has no value {name!r}. Use SUBMIT({expected})")
            if name in values:
                raise TypeError(f"SUBMIT got {name!r} twice")
            values[name] = value
        missing = [name for name in outputs if name not in values]
        if missing:
            raise TypeError(f"SUBMIT needs {', '.join(missing)}, too. Use SUBMIT({expected})")
        raise Submission(values)

    submit.__name__ = submit.__qualname__ = SUBMIT
    return submit


def plain(value: Any) -> Any:
    """Return a value that JSON has no form for as one that it has: a set and the views of a dict as a list."""
    if isinstance(value, (set, frozenset)):
        return _sorted(value)
    if isinstance(value, (KeysView, ValuesView)):
        return list(value)
    raise TypeError(f"a value of type {type(value).__name__} cannot leave the code: it is not plain data")


def _sorted(values: Iterable[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        return list(values)


def described(error: BaseException, code: str, file: str) -> str:
    """Return type and message of an exception, and the last line of the code that it passed."""
    try:
        message = str(error)
    except Exception as broken:
        message = f"<no message: {type(broken).__name__}>"
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    line = 0
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == file:
            line = traceback.tb_lineno or 0
        traceback = traceback.tb_next
    lines = code.splitlines()
    return f"{text} (line {line}: {lines[line - 1].strip()})" if 0 < line <= len(lines) else text


def open_session(call: Callable[[str, str], str], max_output: int, max_message: int) -> CodeSession:
    """Take away what no code context grants, and return its one session, whose globals are those of ``__main__``."""
    from terrarium.bridge import access, sleep

    sleep.install()
    access.restrict("restricted", False, False, lambda _text: None)
    session = CodeSession(call, max_output, max_message)
    sys.modules[_MAIN] = session.module
    return session

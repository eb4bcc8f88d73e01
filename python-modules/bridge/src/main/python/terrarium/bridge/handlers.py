"""Commands: the decorator that marks a method as one, and the object that the engine calls."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, overload

from .annotations import Check, MisfitError, checks_of
from .builtin import keep
from .errors import ArgumentError

if TYPE_CHECKING:
    from typing import ClassVar, Protocol

    class _Bridge(Protocol):
        """What a handler asks of its bridge."""

        framework: ClassVar[str]
        _loaded: bool

        def _ensure_framework(self) -> None: ...


keep(globals())

_MARK = "__terrarium_handler__"
_VARARGS = 0x04
_VARKEYWORDS = 0x08
_ASYNC = 0x80 | 0x200  # coroutines and asynchronous generators
_ABSENT = object()

F = TypeVar("F", bound=Callable[..., Any])


class HandlerOptions(NamedTuple):
    """What :func:`handler` was told about a method."""

    name: str
    loads: bool
    idempotent: bool


@overload
def handler(fn: F, /) -> F: ...


@overload
def handler(*, name: str | None = None, loads: bool = True, idempotent: bool = False) -> Callable[[F], F]: ...


def handler(
    fn: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    loads: bool = True,
    idempotent: bool = False,
) -> Any:
    """Mark a method of a :class:`BaseBridge` as a command.

    Use it bare (``@handler``) or with options. ``name`` is the command's name, by default the
    method's. With ``loads=False`` the command runs without the framework being loaded. With
    ``idempotent=True`` a call that failed may be made again: running it twice does no more than
    running it once.

    Arguments are checked against the annotations of the parameters, and converted where that is exact
    (:mod:`terrarium.bridge.annotations`); without an annotation, or with ``object``, they come as they are.

    Raises TypeError, where the class is defined, for what cannot be a command: something that is
    not a function, a method without ``self``, with ``*args`` or with positional-only parameters, or
    one that is ``async``.
    """
    if name is not None and not (isinstance(name, str) and name):
        raise TypeError(f"a command's name must be a string that is not empty, not {name!r}")

    def mark(target: Callable[..., Any]) -> Callable[..., Any]:
        code = getattr(target, "__code__", None)
        if code is None:
            raise TypeError(f"@handler marks functions, not {type(target).__name__}")
        if code.co_argcount < 1:
            raise TypeError(f"handler {target.__name__} needs self as its first parameter")
        if code.co_posonlyargcount > 1:
            raise TypeError(f"handler {target.__name__} has positional-only parameters; commands pass names")
        if code.co_flags & _VARARGS:
            raise TypeError(f"handler {target.__name__} has *args; commands pass names")
        _refuse_async(target)
        setattr(target, _MARK, HandlerOptions(name or target.__name__, bool(loads), bool(idempotent)))
        return target

    return mark if fn is None else mark(fn)


def _refuse_async(function: Callable[..., Any]) -> None:
    if function.__code__.co_flags & _ASYNC:
        raise TypeError(
            f"handler {function.__name__} is async, and commands are called without an event loop;"
            " make it a plain def that runs its coroutine by asyncio.run(...)"
        )


def options_of(attribute: Any) -> HandlerOptions | None:
    """Return what ``@handler`` was told about a class attribute, None when it is not marked."""
    options = getattr(attribute, _MARK, None)
    return options if isinstance(options, HandlerOptions) else None


class Pushed:
    """The result of a command that pushes its pieces, because they come up inside of a call that it cannot yield from.

    Where that is not so, a command is a generator. ``run(emit)`` does the work and calls ``emit`` with each piece;
    ``emit`` blocks while the reader is busy, and raises when nobody reads on.
    """

    __slots__ = ("run",)

    def __init__(self, run: Callable[[Callable[[object], object]], object]) -> None:
        self.run = run


class Handler:
    """One command of one bridge, called with a dict of arguments by name.

    Thread-safe. ``handler(args)`` checks ``args`` against the method's signature and annotations,
    loads the framework unless ``loads`` is False, and returns what the method returns.

    Attributes:
        name: the command's name.
        loads: whether the framework is loaded before the command runs.
        idempotent: whether a call that failed may be made again.
        doc: the method's docstring, or an empty string.
        parameters: one dict for each parameter: ``name`` (str), ``required`` (bool), ``default``
            (its ``repr``, None when required) and ``annotation`` (str, empty when there is none).
        calls: how often the command was called, calls in progress included.
        failures: how many of the calls raised.
    """

    __slots__ = (
        "_bridge",
        "_checks",
        "_fn",
        "_lock",
        "_names",
        "_open",
        "_others",
        "_quick",
        "_required",
        "calls",
        "doc",
        "failures",
        "idempotent",
        "loads",
        "name",
        "parameters",
    )

    def __init__(self, bridge: _Bridge, fn: Callable[..., Any], options: HandlerOptions) -> None:
        """Wrap the bound method ``fn`` of ``bridge``; raises TypeError when it is async."""
        _refuse_async(fn)
        self._bridge = bridge
        self._fn = fn
        self._lock = threading.Lock()
        self.name = options.name
        self.loads = options.loads
        self.idempotent = options.idempotent
        self.doc = (fn.__doc__ or "").strip()
        self.parameters = _parameters(fn)
        self._names = frozenset(str(p["name"]) for p in self.parameters)
        self._required = frozenset(str(p["name"]) for p in self.parameters if p["required"])
        self._open = bool(fn.__code__.co_flags & _VARKEYWORDS)
        # Made at the first call, when all that annotations may name is there; of none there is nothing to make.
        self._checks: dict[str, Check] = {}
        self._others: Check | None = None
        self._quick: tuple[tuple[str, frozenset[type], frozenset[type] | None], ...] | None = (
            None if fn.__annotations__.keys() - {"return"} else ()
        )
        self.calls = 0
        self.failures = 0

    def __call__(self, args: dict[str, Any]) -> Any:
        """Run the command.

        Raises ArgumentError when ``args`` is not a dict or its names or values do not fit,
        FrameworkLoadError when the framework does not load, and whatever the method raises.
        """
        with self._lock:
            self.calls += 1
        try:
            if type(args) is not dict:
                self._check(args)
            # As Check.fits, without a call: most arguments fit as they are.
            for name, exact, items in self._compiled() if self._quick is None else self._quick:
                value = args.get(name, _ABSENT)
                if value is not _ABSENT and not (
                    type(value) in exact and (items is None or value is None or items.issuperset(map(type, value)))
                ):
                    args = self._converted(args)
                    break
            else:
                if self._others is not None:
                    args = self._converted(args)
            if self.loads and not self._bridge._loaded:
                self._check(args)  # nothing is loaded for a call that does not fit
                self._bridge._ensure_framework()
            try:
                return self._fn(**args)
            except TypeError as error:  # looking at the names first would cost as much as a small call
                refused = error
            self._check(args)
            raise refused
        except BaseException:
            with self._lock:
                self.failures += 1
            raise

    def tool_definition(self, definition: Callable[[Handler, Any, type], dict[str, str]]) -> dict[str, str]:
        """Return what ``definition`` makes of this command, its method and its bridge's class."""
        return definition(self, self._fn, type(self._bridge))

    def __repr__(self) -> str:
        names = ", ".join(str(p["name"]) for p in self.parameters)
        return f"<Handler {self._bridge.framework}.{self.name}({names})>"

    def _compiled(self) -> tuple[tuple[str, frozenset[type], frozenset[type] | None], ...]:
        """Make the checks, and return what is looked at first of each."""
        owner = type(self._bridge)
        optional = {str(p["name"]) for p in self.parameters if p["default"] == "None"}
        self._checks = checks_of(self._fn, owner, self._names, optional)
        if self._open:
            code = self._fn.__code__
            name = code.co_varnames[code.co_argcount + code.co_kwonlyargcount]
            self._others = checks_of(self._fn, owner, [name], ()).get(name)
        self._quick = tuple((name, check.exact, check.items) for name, check in self._checks.items())
        return self._quick

    def _converted(self, args: dict[str, Any]) -> dict[str, Any]:
        made = dict(args)
        for name, value in args.items():
            check = self._checks.get(name) if name in self._names else self._others
            if check is not None:
                try:
                    made[name] = check(value)
                except MisfitError as misfit:
                    raise ArgumentError.of_value(self.name, name, misfit.path, misfit.reason) from misfit.__cause__
        return made

    def _check(self, args: dict[str, Any]) -> None:
        if not isinstance(args, dict):
            raise ArgumentError(
                self.name,
                f"arguments must be a dict by name, not {type(args).__name__}",
                accepted=[str(p["name"]) for p in self.parameters],
            )
        given = args.keys()
        if self._required <= given and (self._open or given <= self._names):
            return
        raise ArgumentError.of_names(
            self.name,
            missing=[str(p["name"]) for p in self.parameters if p["required"] and p["name"] not in args],
            unknown=[] if self._open else [str(name) for name in args if name not in self._names],
            accepted=[str(p["name"]) for p in self.parameters],
        )


def _parameters(fn: Callable[..., Any]) -> list[dict[str, Any]]:
    """Describe the parameters of a bound method, without the cost of importing ``inspect``."""
    code = fn.__code__
    defaults: tuple[Any, ...] = getattr(fn, "__defaults__", None) or ()
    keyword_defaults: dict[str, Any] = getattr(fn, "__kwdefaults__", None) or {}
    annotations: dict[str, Any] = getattr(fn, "__annotations__", None) or {}
    positional = code.co_varnames[: code.co_argcount]
    keyword_only = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    by_name = dict(zip(positional[len(positional) - len(defaults) :], defaults, strict=True))
    by_name.update(keyword_defaults)
    return [
        {
            "name": name,
            "required": name not in by_name,
            "default": repr(by_name[name]) if name in by_name else None,
            "annotation": _annotation(annotations.get(name)),
        }
        for name in (*positional[1:], *keyword_only)
    ]


def _annotation(annotation: Any) -> str:
    if annotation is None:
        return ""
    if isinstance(annotation, str):
        return annotation
    if isinstance(annotation, type) and not hasattr(annotation, "__args__"):
        return annotation.__name__
    return str(annotation)

"""What the annotations of a handler's parameters say of its arguments.

An annotation becomes a :class:`Check`, once for each handler. A check returns a value of the annotated type: the
argument itself, or what it is converted to where that loses nothing, as from a list to a set, from a text to a member
of an enum and from a dict to a dataclass. A value that does not fit is a :class:`MisfitError` with the place inside the
argument.
"""

from __future__ import annotations

import sys
import types
import typing
from collections import abc
from typing import TYPE_CHECKING, Any, NamedTuple

from .builtin import keep
from .errors import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

keep(globals())

_NONE = type(None)
_MOST_CHARACTERS = 60
_MOST_NAMES = 20
_MOST_DIGITS = 1000  # of a Decimal that becomes an int: 1E+999999999 is a short text


class MisfitError(Exception):
    """A value is not of the annotated type, and cannot be converted to it exactly."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.steps: list[str] = []
        super().__init__(reason)

    @classmethod
    def of(cls, expected: str, value: object) -> MisfitError:
        """Return the error for a value of which something else was expected."""
        return cls(f"expected {expected}, found {_found(value)}")

    def within(self, step: str) -> MisfitError:
        """Return this misfit as one of the container that holds the value at ``step``, such as ``[3]``."""
        self.steps.insert(0, step)
        return self

    @property
    def path(self) -> str:
        """The place inside the argument, such as ``[3].name``; empty for the argument itself."""
        return "".join(self.steps)


class Check(NamedTuple):
    """How values are checked against one annotation."""

    #: What the type is called in messages.
    name: str
    #: Values of just these types may fit as they are.
    exact: frozenset[type]
    #: The types that the items of such a value have to be of as well, the keys of a dict; None for no matter.
    items: frozenset[type] | None
    #: Returns the value as the annotated type, for any value; raises MisfitError.
    convert: Callable[[Any], Any]

    def fits(self, value: Any) -> bool:
        """Tell, without running any Python code, whether a value fits as it is; there are others that do, too."""
        return type(value) in self.exact and (
            self.items is None or value is None or self.items.issuperset(map(type, value))
        )

    def __call__(self, value: Any) -> Any:
        """Return the value as the annotated type; raises MisfitError."""
        return value if self.fits(value) else self.convert(value)


def evaluated(function: Any, owner: type, name: str) -> Any:
    """Return the annotation of a function's parameter; Any when there is none, or it cannot be evaluated."""
    annotation = function.__annotations__.get(name)
    return Any if annotation is None else _evaluated(annotation, function.__globals__, owner)


def fields_of(cls: Any) -> dict[str, tuple[Any, bool]] | None:
    """Return the fields of a dataclass, a NamedTuple or a TypedDict: their types, and whether they are required.

    None for any other class.
    """
    if typing.is_typeddict(cls):
        required: Any = getattr(cls, "__required_keys__", frozenset())
        needed = {name: name in required for name in cls.__annotations__}
    elif hasattr(cls, "__dataclass_fields__"):
        needed = _dataclass_fields(cls)
    elif isinstance(cls, type) and issubclass(cls, tuple) and hasattr(cls, "_fields"):
        defaults = getattr(cls, "_field_defaults", {})
        needed = {name: name not in defaults for name in cls._fields}
    else:
        return None
    return _typed_fields(cls, needed)


def _typed_fields(cls: type, needed: Mapping[str, bool]) -> dict[str, tuple[Any, bool]]:
    namespace = getattr(sys.modules.get(cls.__module__), "__dict__", {})
    annotations: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        annotations.update(vars(base).get("__annotations__", {}))
    fields = {}
    for name, is_needed in needed.items():
        annotation = _evaluated(annotations.get(name, Any), namespace, cls)
        if typing.get_origin(annotation) in (typing.Required, typing.NotRequired):
            annotation = typing.get_args(annotation)[0]
        fields[name] = (annotation, is_needed)
    return fields


def checks_of(function: Any, owner: type, names: Iterable[str], optional: Iterable[str]) -> dict[str, Check]:
    """Return the checks of a function's parameters by name, without those that anything fits.

    ``optional`` names the parameters whose default is None, which may be given as well. An annotation with names that
    are not there when the function runs, as those imported for type checkers only, says nothing.
    """
    compiler = _Compiler()
    checks = {}
    for name in names:
        annotation = function.__annotations__.get(name)
        check = compiler.check(_evaluated(annotation, function.__globals__, owner)) if annotation is not None else None
        if check is not None:
            checks[name] = _or_none(check) if name in optional else check
    return checks


def _evaluated(annotation: Any, namespace: dict[str, Any], owner: type) -> Any:
    """Return an annotation with all texts in it evaluated; Any when they cannot be."""
    if type(annotation) is type:
        return annotation
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    for local in (None, dict(vars(owner))):  # names of the class come second: a command may be called `list`
        try:
            return typing.get_type_hints(holder, namespace, local, include_extras=True)["it"]
        except Exception:  # noqa: S112 - whatever the text of an annotation may raise
            continue
    return Any


def _found(value: object) -> str:
    cls = type(value)
    if value is None:
        return "None"
    if isinstance(value, int) and value.bit_length() > _MOST_CHARACTERS * 3:  # Python refuses to write the longest
        return f"{cls.__name__} of {value.bit_length()} bits"
    if cls in (bool, int, float, str):
        text = repr(value)
        shown = text if len(text) <= _MOST_CHARACTERS else text[:_MOST_CHARACTERS] + "..."
        return f"{cls.__name__} {shown}"
    return cls.__name__


def _name_of(annotation: Any) -> str:
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return annotation.__name__
    text = str(annotation)
    for cls in _classes(annotation):
        text = text.replace(f"{cls.__module__}.{cls.__qualname__}", cls.__name__)
    return text.replace("typing.", "")


def _classes(annotation: Any) -> Iterator[type]:
    """Yield the classes among the arguments of an annotation, at any depth."""
    for argument in typing.get_args(annotation):
        if isinstance(argument, type) and not typing.get_args(argument):
            yield argument
        else:
            yield from _classes(argument)


def _member(table: dict[tuple[type, Any], Any], value: Any) -> Any:
    """Return what a table has for a value of just this type, None when it has nothing."""
    try:
        return table.get((type(value), value))
    except TypeError:  # not hashable
        return None


def _or_none(check: Check) -> Check:
    if _NONE in check.exact:
        return check
    name = f"{check.name} or None"

    def convert(value: Any) -> Any:
        if value is None:
            return None
        try:
            return check(value)
        except MisfitError as misfit:
            if not misfit.steps:
                misfit.reason = misfit.reason.replace(f"expected {check.name},", f"expected {name},", 1)
            raise

    return Check(name, check.exact | {_NONE}, check.items, convert)


def _refusing(name: str) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        raise MisfitError.of(name, value)

    return convert


def _of(cls: type, name: str, make: Callable[[Any], Any] = lambda _: None) -> Check:
    """Return the check whose values are instances of the class, or else what a function makes of them, if not None."""

    def convert(value: Any) -> Any:
        if isinstance(value, cls) and not isinstance(value, bool):
            return value
        try:
            made = make(value)
        except (ValueError, ArithmeticError) as error:
            raise MisfitError(f"expected {name}, found {_found(value)}: {error}") from error
        if made is None:
            raise MisfitError.of(name, value)
        return made

    return Check(name, frozenset({cls}), None, convert)


def _whole(value: Any) -> int | None:
    if isinstance(value, float) or (_is_decimal(value) and value.adjusted() < _MOST_DIGITS):
        whole = int(value)  # of NaN and the infinities an error
        return whole if whole == value else None
    return None


def _real(value: Any) -> float | None:
    if (isinstance(value, int) and not isinstance(value, bool)) or _is_decimal(value):
        real = float(value)
        return real if real == value else None
    return None


def _is_decimal(value: Any) -> bool:
    decimal = sys.modules.get("decimal")
    return decimal is not None and isinstance(value, decimal.Decimal)


def _decimal(cls: Any) -> Check:
    def convert(value: Any) -> Any:
        try:
            return cls(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else None
        except ArithmeticError:  # whose message is of no use
            return None

    return _of(cls, "Decimal", convert)


def _from_text(make: Callable[[Any], Callable[[str], Any]]) -> Callable[[Any], Check]:
    def check(cls: Any) -> Check:
        return _of(cls, cls.__name__, lambda value: make(cls)(value) if isinstance(value, str) else None)

    return check


def _date(cls: Any) -> Check:
    def convert(value: Any) -> Any:
        if type(value) is cls:
            return value
        if isinstance(value, str):
            try:
                return cls.fromisoformat(value)
            except ValueError as error:
                raise MisfitError(f"expected date, found {_found(value)}: {error}") from error
        raise MisfitError.of("date", value)  # a datetime, too, which is a date to isinstance

    return Check("date", frozenset({cls}), None, convert)


# Types that have no more to them, by module and name, so that no module is imported for its type alone. Not by what
# they say of themselves, which differs between Pythons for types that are built in.
_SIMPLE: dict[tuple[str, str], Callable[[Any], Check]] = {
    ("builtins", "bool"): lambda cls: Check("bool", frozenset({cls}), None, _refusing("bool")),
    ("builtins", "int"): lambda cls: _of(cls, "int", _whole),
    ("builtins", "float"): lambda cls: _of(cls, "float", _real),
    ("builtins", "str"): lambda cls: _of(cls, "str"),
    ("builtins", "bytes"): lambda cls: _of(
        cls, "bytes", lambda value: bytes(value) if isinstance(value, (bytearray, memoryview)) else None
    ),
    ("builtins", "bytearray"): lambda cls: _of(
        cls, "bytearray", lambda value: bytearray(value) if isinstance(value, (bytes, memoryview)) else None
    ),
    ("types", "NoneType"): lambda cls: Check("None", frozenset({cls}), None, _refusing("None")),
    ("array", "array"): lambda cls: _of(cls, "array.array"),
    ("datetime", "date"): _date,
    ("datetime", "datetime"): _from_text(lambda cls: cls.fromisoformat),
    ("datetime", "time"): _from_text(lambda cls: cls.fromisoformat),
    ("datetime", "timedelta"): lambda cls: _of(cls, "timedelta"),
    ("decimal", "Decimal"): _decimal,
    ("uuid", "UUID"): _from_text(lambda cls: cls),
}

# How a path shows an item's place in a list, and in a dict.
_INDEX = "[{}]"
_KEY = ".{}"

_LISTS = (list, abc.MutableSequence)
_SEQUENCES = (abc.Sequence, abc.Iterable, abc.Collection)
_SETS = {set: set, abc.MutableSet: set, frozenset: frozenset, abc.Set: frozenset}
_DICTS = (dict, abc.Mapping, abc.MutableMapping)
_FUNCTIONS: tuple[Any, ...] = (abc.Callable,)


class _Compiler:
    """Makes checks of annotations; of a class that holds itself, too."""

    def __init__(self) -> None:
        self._records: dict[type, Callable[[Any], Any]] = {}

    def check(self, annotation: Any) -> Check | None:
        """Return the check of an evaluated annotation; None when anything fits it, or it is not known here."""
        origin = typing.get_origin(annotation)
        if origin is typing.Annotated:
            return self.check(annotation.__origin__)
        for alias in ("__supertype__", "__value__"):  # NewType, and a `type` statement
            if hasattr(annotation, alias) and not isinstance(annotation, type):
                return self.check(getattr(annotation, alias))
        if annotation is None:
            annotation = _NONE
        arguments = typing.get_args(annotation)
        if origin is typing.Literal:
            return self._literal(arguments)
        if origin is typing.Union or origin is types.UnionType:
            return self._union(arguments)
        generic = origin or annotation
        if not isinstance(generic, type):
            return None
        for (module, name), simple in _SIMPLE.items():
            if getattr(sys.modules.get(module), name, None) is generic:
                return simple(generic)
        if generic is tuple:
            return self._tuple(annotation, arguments)
        if generic in _LISTS or generic in _SEQUENCES:
            return self._list(_name_of(annotation), generic, self._argument(arguments, 0))
        if generic in _SETS:
            return self._set(_name_of(annotation), _SETS[generic], self._argument(arguments, 0))
        if generic in _DICTS:
            return self._dict(_name_of(annotation), self._argument(arguments, 0), self._argument(arguments, 1))
        if generic in _FUNCTIONS:
            return Check("a function", frozenset({types.FunctionType}), None, _callable)
        return self._class(generic)

    def _argument(self, arguments: tuple[Any, ...], index: int) -> Check | None:
        return self.check(arguments[index]) if index < len(arguments) else None

    def _class(self, cls: type) -> Check | None:
        enum = sys.modules.get("enum")
        if enum is not None and issubclass(cls, enum.Enum):
            return _enum(cls)
        if typing.is_typeddict(cls):
            required: Any = getattr(cls, "__required_keys__", frozenset())
            return self._record(cls, dict, lambda: {name: name in required for name in cls.__annotations__})
        if hasattr(cls, "__dataclass_fields__"):
            return self._record(cls, cls, lambda: _dataclass_fields(cls))
        if issubclass(cls, tuple) and hasattr(cls, "_fields"):
            defaults = getattr(cls, "_field_defaults", {})
            return self._record(cls, cls, lambda: {name: name not in defaults for name in cls._fields})
        return None

    def _literal(self, values: tuple[Any, ...]) -> Check:
        name = " or ".join(map(repr, values))
        known = {(type(value), value): True for value in values}

        def convert(value: Any) -> Any:
            if _member(known, value):
                return value
            raise MisfitError.of(name, value)

        return Check(name, frozenset(), None, convert)

    def _union(self, members: tuple[Any, ...]) -> Check | None:
        checks = [self.check(member) for member in members]
        if any(check is None for check in checks):
            return None
        known = [check for check in checks if check is not None and check.exact != {_NONE}]
        either = known[0] if len(known) == 1 else self._either(known)
        return either if len(known) == len(members) else _or_none(either)

    def _either(self, known: list[Check]) -> Check:
        name = " or ".join(check.name for check in known)

        def convert(value: Any) -> Any:
            """Return the value itself if one takes it as it is, else what the first makes of it that can."""
            made: list[Any] = []
            misfit = MisfitError.of(name, value)
            for check in known:
                try:
                    converted = check(value)
                except MisfitError as error:
                    if len(error.steps) > len(misfit.steps):
                        misfit = error
                    continue
                if converted is value:
                    return value
                made.append(converted)
            if made:
                return made[0]
            raise misfit

        exact = frozenset[type]().union(*(check.exact for check in known if check.items is None))
        return Check(name, exact, None, convert)

    def _list(self, name: str, generic: type, item: Check | None) -> Check:
        keeps = generic in _SEQUENCES  # what the value is, other than a list

        def convert(value: Any) -> Any:
            if not isinstance(value, (list, tuple, set, frozenset)) and type(value).__module__ != "array":
                raise MisfitError.of(name, value)
            made = _each(value, item)
            if made is None:
                return value if keeps or isinstance(value, list) else list(value)
            return made

        return _container(name, list, item, convert)

    def _set(self, name: str, cls: type, item: Check | None) -> Check:
        def convert(value: Any) -> Any:
            if not isinstance(value, (list, tuple, set, frozenset)):
                raise MisfitError.of(name, value)
            made = _each(value, item)
            if made is None and isinstance(value, cls):
                return value
            members = list(value if made is None else made)
            try:
                unique = cls(members)
            except TypeError as error:
                raise MisfitError(f"expected {name}, whose members have to be hashable: {error}") from error
            if len(unique) != len(members):
                index = next(i for i, member in enumerate(members) if member in members[:i])
                raise MisfitError(f"expected {name}, found {_found(members[index])} twice").within(f"[{index}]")
            return unique

        return _container(name, cls, item, convert)

    def _tuple(self, annotation: Any, arguments: tuple[Any, ...]) -> Check:
        name = _name_of(annotation)
        if not hasattr(annotation, "__args__") or arguments[1:] == (...,):  # tuple[()] has some, which are none
            item = self._argument(arguments, 0)

            def convert_any(value: Any) -> Any:
                if not isinstance(value, (list, tuple)):
                    raise MisfitError.of(name, value)
                made = _each(value, item)
                if made is None:
                    return value if isinstance(value, tuple) else tuple(value)
                return tuple(made)

            return _container(name, tuple, item, convert_any)
        items = [self.check(argument) for argument in arguments]

        def convert(value: Any) -> Any:
            if not isinstance(value, (list, tuple)):
                raise MisfitError.of(name, value)
            if len(value) != len(items):
                raise MisfitError(f"expected {name}, found {len(value)} items")
            made = tuple(_within(_INDEX, i, item, value[i]) for i, item in enumerate(items))
            same = isinstance(value, tuple) and all(new is old for new, old in zip(made, value, strict=True))
            return value if same else made

        return Check(name, frozenset(), None, convert)

    def _dict(self, name: str, key: Check | None, item: Check | None) -> Check:
        quick = (key.exact, item.exact) if key and item and key.items is None and item.items is None else None

        def convert(value: Any) -> Any:
            if not isinstance(value, dict):
                raise MisfitError.of(name, value)
            if quick and quick[0].issuperset(map(type, value)) and quick[1].issuperset(map(type, value.values())):
                return value
            made = {}
            changed = False
            for old_key, old in value.items():
                new_key = _within(_KEY, old_key, key, old_key)
                new = _within(_KEY, old_key, item, old)
                if new_key in made:
                    error = MisfitError(f"expected {name}, found the key {_found(new_key)} twice")
                    raise error.within(_KEY.format(old_key))
                made[new_key] = new
                changed |= new is not old or new_key is not old_key
            return made if changed else value

        if item is not None or (key is not None and key.items is not None):
            return Check(name, frozenset(), None, convert)
        return Check(name, frozenset({dict}), None if key is None else key.exact, convert)

    def _record(self, cls: type, make: Callable[..., Any], fields: Callable[[], Mapping[str, bool]]) -> Check:
        """Return the check of a class that is made from values by name; ``fields`` tells which of them are required."""

        def convert(value: Any) -> Any:
            if make is cls and isinstance(value, cls):
                return value
            if not isinstance(value, dict):
                raise MisfitError.of(cls.__name__, value)
            return self._records[cls](value)

        if cls not in self._records:
            self._records[cls] = convert  # for fields of this very class
            self._records[cls] = self._reader(cls, make, dict(fields()))
        return Check(cls.__name__, frozenset(), None, convert)

    def _reader(self, cls: type, make: Callable[..., Any], fields: dict[str, bool]) -> Callable[[Any], Any]:
        checks = {name: self.check(annotation) for name, (annotation, _) in _typed_fields(cls, fields).items()}

        def read(value: dict[Any, Any]) -> Any:
            for name in value:
                if name not in fields:
                    close = nearest(name, fields) if isinstance(name, str) else None
                    hint = f"; did you mean {close!r}?" if close else "."
                    shown = _found(name).removeprefix("str ")
                    raise MisfitError(f"{cls.__name__} has no field {shown}{hint} It has: {', '.join(fields)}")
            for name, required in fields.items():
                if required and name not in value:
                    there = ", ".join([str(each) for each in value][:_MOST_NAMES]) or "nothing"
                    raise MisfitError(f"{cls.__name__} needs {name!r}, found only: {there}")
            made = {name: _within(_KEY, name, checks[name], each) for name, each in value.items()}
            try:
                return make(**made)
            except (TypeError, ValueError) as error:
                raise MisfitError(f"{cls.__name__} refused the values: {error}") from error

        return read


def _dataclass_fields(cls: Any) -> dict[str, bool]:
    import dataclasses  # which the class was made by

    missing = dataclasses.MISSING
    return {
        field.name: field.default is missing and field.default_factory is missing
        for field in dataclasses.fields(cls)
        if field.init
    }


def _container(name: str, cls: type, item: Check | None, convert: Callable[[Any], Any]) -> Check:
    if item is None:
        return Check(name, frozenset({cls}), None, convert)
    if item.items is None and item.exact:
        return Check(name, frozenset({cls}), item.exact, convert)
    return Check(name, frozenset(), None, convert)


def _each(values: Iterable[Any], item: Check | None) -> list[Any] | None:
    """Return the items converted; None when they are what they are to be."""
    if item is None:
        return None
    made = []
    changed = False
    for index, old in enumerate(values):
        new = _within(_INDEX, index, item, old)
        changed |= new is not old
        made.append(new)
    return made if changed else None


def _within(form: str, step: object, check: Check | None, value: Any) -> Any:
    """Return the value converted; ``form`` is how a path shows the step to it."""
    if check is None or check.fits(value):
        return value
    try:
        return check.convert(value)
    except MisfitError as misfit:
        raise misfit.within(form.format(step)) from misfit.__cause__


def _callable(value: Any) -> Any:
    if callable(value):
        return value
    raise MisfitError.of("a function", value)


def _enum(cls: Any) -> Check:
    """Return the check of an enum: a member, its name, as Java's enums come, or else its value."""
    members: dict[str, Any] = dict(cls.__members__)
    values = {(type(member.value), member.value): member for member in cls if isinstance(member.value, abc.Hashable)}

    def convert(value: Any) -> Any:
        if isinstance(value, cls):
            return value
        if isinstance(value, str) and value in members:
            return members[value]
        member = _member(values, value)
        if member is not None:
            return member
        close = nearest(value, members) if isinstance(value, str) else None
        hint = f"; did you mean {close!r}?" if close else ""
        raise MisfitError(f"expected {cls.__name__} ({', '.join(members)}), found {_found(value)}{hint}")

    return Check(cls.__name__, frozenset({cls}), None, convert)

"""The exceptions that a bridge itself raises; a framework's own exceptions pass through unchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .builtin import keep

keep(globals())


_OF_EVERY_BRIDGE = ("batch", "cleanup_framework", "describe_tools", "get_stats", "ping")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the one of ``known`` that looks most like ``name``, or None when none does."""
    import difflib  # only needed once something is wrong, and not free to import

    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _suggestion(close: str | None) -> str:
    return f"; did you mean {close!r}?" if close else ""


class BridgeError(Exception):
    """The root of all exceptions raised by a bridge."""


class UnknownCommandError(BridgeError):
    """A command was called that the bridge has no handler for.

    ``known`` holds the names of the commands there are, ``nearest`` the likeliest one or None. The message leaves out
    the commands that every bridge has.
    """

    def __init__(self, framework: str, command: str, known: Iterable[str]) -> None:
        self.framework = framework
        self.command = command
        self.known = sorted(known)
        self.nearest = nearest(command, self.known)
        own = [name for name in self.known if name not in _OF_EVERY_BRIDGE]
        super().__init__(
            f"{framework} has no command {command!r}{_suggestion(self.nearest) or '.'} Known commands: {_listed(own)}"
        )


class ArgumentError(BridgeError):
    """The arguments of a command do not fit its handler's signature, or a value is out of range.

    ``missing`` and ``unknown`` hold the names concerned, ``accepted`` the names that may be given. ``path`` leads to
    the value that does not fit its annotation, as in ``inputs.reviews[3].score``, and is empty otherwise.
    """

    def __init__(
        self,
        command: str,
        message: str,
        *,
        missing: Iterable[str] = (),
        unknown: Iterable[str] = (),
        accepted: Iterable[str] = (),
        path: str = "",
    ) -> None:
        self.command = command
        self.path = path
        self.missing = list(missing)
        self.unknown = list(unknown)
        self.accepted = list(accepted)
        super().__init__(f"{command}: {message}")

    @classmethod
    def of_names(
        cls,
        command: str,
        *,
        missing: Iterable[str],
        unknown: Iterable[str],
        accepted: Iterable[str],
        what: str = "argument",
    ) -> ArgumentError:
        """Return the error for ``what``s that are missing, or given but not ``accepted``."""
        missing, unknown, accepted = list(missing), list(unknown), list(accepted)
        faults: list[str] = []
        for name in unknown:
            faults.append(f"unknown {what} {name!r}{_suggestion(nearest(name, accepted))}")
        for name in missing:
            faults.append(f"missing {what} {name!r}")
        message = " ".join(fault if fault.endswith("?") else f"{fault}." for fault in faults)
        return cls(
            command,
            f"{message} Accepted {what}s: {_listed(accepted)}",
            missing=missing,
            unknown=unknown,
            accepted=accepted,
        )

    @classmethod
    def of_value(cls, command: str, argument: str, path: str, reason: str) -> ArgumentError:
        """Return the error for a value that does not fit; ``path`` is the place inside the argument, or empty."""
        place = f" at {argument}{path}" if path else ""
        return cls(command, f"argument {argument!r}{place}: {reason}", path=argument + path)


class FrameworkLoadError(BridgeError):
    """A framework could not be imported or set up; ``__cause__`` is the reason.

    The next command tries again.
    """

    def __init__(self, framework: str, cause: BaseException) -> None:
        self.framework = framework
        super().__init__(f"framework {framework} failed to load: {type(cause).__name__}: {cause}")


class HostServiceError(BridgeError):
    """A service was called that the host has not installed; ``known`` names those it has."""

    def __init__(self, service: str, known: Iterable[str]) -> None:
        self.service = service
        self.known = sorted(known)
        super().__init__(f"the host offers no service {service!r}. Installed services: {_listed(self.known)}")


class HostCallError(BridgeError):
    """The host raised an exception in a service; ``__cause__`` is that exception itself.

    A Java exception is no ``Exception`` to Python, and does not survive ``contextlib``; this one
    does. ``service`` is the service's name, ``java_type`` the class of the Java exception (empty
    when it is not known) and ``reason`` its message. ``kind`` is why a language model failed, such as
    ``"RATE_LIMITED"``, where it is known, and otherwise empty.
    """

    def __init__(self, service: str, cause: BaseException) -> None:
        self.service = service
        self.java_type, self.reason = java_exception(cause)
        self.kind = host_kind(cause) or _written_kind(cause)
        super().__init__(f"{service} failed: {self.reason or self.java_type}")


def java_exception(error: BaseException) -> tuple[str, str]:
    """Return class and message of a Java exception that Python caught; the class may be empty."""
    text = str(error)
    name, separator, message = text.partition(": ")
    if "." in name and not any(character.isspace() for character in name):
        return name.partition("[")[0], message if separator else ""
    return "", text


def _written_kind(error: BaseException) -> str:
    """Return what a Java exception's text has in brackets behind its class, as a ModelException's has its kind."""
    head, bracket, rest = str(error).partition("[")
    kind, end, _ = rest.partition("]")
    return kind if bracket and end and java_exception(error)[0] == head else ""


#: The host's function that returns the kind of a Java exception; GraalPy's text of it has class and message only.
host_kind: Callable[[BaseException], str] = _written_kind


class AccessError(BridgeError, PermissionError):
    """The context's access profile does not grant it."""


class NativeCodeError(BridgeError, ImportError):
    """A native extension was imported where the access profile grants no native code."""


class MissingPackageError(BridgeError, ImportError):
    """A part of a framework needs a package that a jar of its own carries, and that jar is not on the class path.

    ``name`` is the package, ``artifact`` the Maven artifact of the jar.
    """

    def __init__(self, what: str, name: str, artifact: str) -> None:
        self.artifact = artifact
        super().__init__(f"{what} needs {name}: add the dependency dev.terrarium:{artifact} to your project", name=name)


class UnknownProgramError(BridgeError):
    """A program was called that neither this context nor the host's registry knows."""

    def __init__(self, framework: str, program: str) -> None:
        self.framework = framework
        self.program = program
        super().__init__(f"{framework} has no program {program!r}; create it with create_program")


class SpecError(BridgeError):
    """A spec is malformed; ``path`` says where inside it, as in ``signature.inputs[0].type``."""

    def __init__(self, path: str, message: str) -> None:
        self.path = path
        super().__init__(f"{path}: {message}")


class TruncatedAnswerError(BridgeError):
    """A model's answer ended at its limit of tokens and is not a complete value of the type that was asked for.

    ``text`` is the answer as far as it was written, ``max_tokens`` the limit of the request, or None when the request
    left it to the model. Subclasses may also extend an exception of their framework.
    """

    def __init__(self, text: str, max_tokens: int | None, reason: str = "") -> None:
        self.text = text
        self.max_tokens = max_tokens
        limit = "its limit of tokens" if max_tokens is None else f"max_tokens={max_tokens}"
        super().__init__(
            f"the model's answer was cut off by {limit}{reason and ': '}{reason};"
            f" raise max_tokens or ask for less. The answer so far: {text!r}"
        )

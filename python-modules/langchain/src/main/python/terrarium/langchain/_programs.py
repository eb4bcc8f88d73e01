"""What runs once langchain-core is imported: programs, which are ``prompt | model | parser``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from typing import Any, TypeVar

from langchain_core.exceptions import LangChainException
from langchain_core.output_parsers import BaseOutputParser, StrOutputParser
from langchain_core.prompts import BasePromptTemplate, ChatPromptTemplate, MessagesPlaceholder, PromptTemplate
from langchain_core.runnables import Runnable

from terrarium.bridge import ArgumentError, SpecError, session
from terrarium.bridge.exchanges import Exchange
from terrarium.bridge.options import checked
from terrarium.bridge.types import json_schema

from . import _kept
from ._model import HostChatModel, Recording
from ._parsers import VALUE, CompleteJsonOutputParser, CompleteListOutputParser, TypedOutputParser, is_wrapped

_KEYS = ("prompt", "parser", "output", "options")
_ROLES = {"system": "system", "human": "human", "user": "human", "ai": "ai", "assistant": "ai"}
_PARSERS: dict[str, type[BaseOutputParser[Any]]] = {
    "str": StrOutputParser,
    "json": CompleteJsonOutputParser,
    "list": CompleteListOutputParser,
}
_INSTRUCTIONS = "format_instructions"
_HISTORY = "history"
_OF_LANGCHAIN = "self"  # upstream passes the variables to methods by name
_Template = TypeVar("_Template", bound=BasePromptTemplate[Any])


def load_rest() -> None:
    """Import what upstream imports with the first call of a chain, and let that do with less from then on."""
    for name in ("langchain_core.tracers.context", "langchain_core.tracers.langchain", "langsmith.run_helpers"):
        import_module(name)
    _kept.install_rest()


class Program:
    """A prompt, a parser and options made from a spec; the runnable is theirs with a model of the host.

    Thread-safe. ``inputs`` are the names of the prompt's variables, ``options`` those of the spec.
    """

    def __init__(self, spec: dict[str, Any]) -> None:
        """Build the parts.

        Raises SpecError with the place inside the spec.
        """
        if not isinstance(spec, dict):
            raise SpecError("spec", f"must be a dict, not {type(spec).__name__}")
        for key in spec.keys() - set(_KEYS):
            raise SpecError("spec", f"unknown key {key!r}. Known keys: {', '.join(_KEYS)}")
        self.options = checked(spec.get("options"), "spec.options")
        self._schema = _schema(spec.get("output"))
        self._parser = _parser(spec.get("parser"), spec.get("output"), self._schema)
        self._prompt = _with_instructions(_prompt(spec.get("prompt")), self._parser)
        self._history = _history(spec["prompt"])
        self.inputs = list(self._prompt.input_variables)
        self._built: tuple[dict[str, Any], Runnable[Any, Any]] | None = None

    def invoke(self, inputs: dict[str, Any], options: dict[str, Any]) -> tuple[Any, list[Exchange]]:
        """Run the program; returns its output and what went to the language model and back."""
        self._check("invoke", inputs)
        with self._conversation(inputs) as (variables, exchanges):
            output = self.runnable(options).invoke(variables)
        return output, exchanges

    def stream(self, inputs: dict[str, Any], options: dict[str, Any]) -> Iterator[Any]:
        """Yield what the program puts out while the language model writes."""
        self._check("stream", inputs)
        with self._conversation(inputs) as (variables, _):
            pieces: Any = self.runnable(options).stream(variables)
            with closing(pieces):
                for piece in pieces:
                    if piece != "" or not isinstance(self._parser, StrOutputParser):  # the chunk that tells the usage
                        yield piece

    @contextmanager
    def _conversation(self, inputs: dict[str, Any]) -> Iterator[tuple[dict[str, Any], list[Exchange]]]:
        """Give the prompt's variables with the session's history, and add to it what was said when all went well."""
        with Recording() as exchanges:
            if self._history is None:
                yield inputs, exchanges
                return
            place, last = self._history
            kept = session.state().get(_HISTORY, [])
            before = _recent(kept, last)
            yield {**inputs, _HISTORY: before}, exchanges
        if session.active():
            request, response = exchanges[-1]
            new = request["messages"][place + len(before) :]
            answer = {"role": "assistant", "content": response["text"]}
            # Another program of the session may want more of it than this one.
            session.update({_HISTORY: _recent([*kept, *new, answer], max(last, len(kept)))})

    def runnable(self, options: dict[str, Any]) -> Runnable[Any, Any]:
        """Return ``prompt | model | parser`` with those options of the model; the last one is kept."""
        built = self._built
        if built is None or built[0] != options:
            # A cache that Python code set for all models would keep the request from being seen.
            model: Runnable[Any, Any] = HostChatModel(cache=False, **options)
            if self._schema is not None:
                model = model.bind(schema=self._schema)
            built = self._built = (dict(options), self._prompt | model | self._parser)
        return built[1]

    def _check(self, command: str, inputs: Any) -> None:
        if not isinstance(inputs, dict):
            raise ArgumentError(command, f"inputs must be a dict, not {type(inputs).__name__}", accepted=self.inputs)
        missing = [name for name in self.inputs if name not in inputs]
        unknown = [str(name) for name in inputs if name not in self.inputs]
        if missing or unknown:
            raise ArgumentError.of_names(
                command, missing=missing, unknown=unknown, accepted=self.inputs, what="prompt variable"
            )


def _schema(output: Any) -> dict[str, Any] | None:
    if output is None:
        return None
    schema = json_schema(output, "spec.output")
    if not is_wrapped(output):
        return schema
    return {
        "type": "object",
        "properties": {VALUE: schema},
        "required": [VALUE],
        "additionalProperties": False,
    }


def _parser(name: Any, output: Any, schema: dict[str, Any] | None) -> BaseOutputParser[Any]:
    if schema is not None:
        if name not in (None, "json"):
            raise SpecError("spec.parser", f"must be json where 'output' is given, got {name!r}")
        return TypedOutputParser(output=output, json_schema=schema)
    if name is not None and not (isinstance(name, str) and name in _PARSERS):
        raise SpecError("spec.parser", f"must be one of {', '.join(_PARSERS)}, got {name!r}")
    return _PARSERS[name or "str"]()


def _prompt(prompt: Any) -> BasePromptTemplate[Any]:
    if isinstance(prompt, str):
        return _made(lambda: PromptTemplate.from_template(prompt), "spec.prompt")
    if not isinstance(prompt, list) or not prompt:
        raise SpecError("spec.prompt", f"must be a text or a list of messages, got {prompt!r}")
    messages = [_message(message, f"spec.prompt[{index}]") for index, message in enumerate(prompt)]
    templates = [message for message in messages if not isinstance(message, MessagesPlaceholder)]
    if len(templates) < len(messages) - 1:
        raise SpecError("spec.prompt", "has more than one message of the role 'history'")
    if len(templates) < len(messages) and any(_HISTORY in template.input_variables for template in templates):
        raise SpecError("spec.prompt", "has a variable {history} beside the message of that role")
    return ChatPromptTemplate.from_messages(messages)


def _history(prompt: Any) -> tuple[int, int] | None:
    """Return where the session's messages go in a prompt that has been checked, and how many; None for nowhere."""
    for index, message in enumerate(prompt if isinstance(prompt, list) else ()):
        if message["role"] == _HISTORY:
            return index, message["last"]
    return None


def _recent(messages: list[dict[str, str]], last: int) -> list[dict[str, str]]:
    """Return at most so many of the last messages, of which the first is no answer to what is left out."""
    recent = messages[-last:]
    while recent and recent[0]["role"] == "assistant":
        recent = recent[1:]
    return recent


def _message(message: Any, path: str) -> Any:
    if isinstance(message, dict) and message.get("role") == _HISTORY:
        last = message.get("last")
        if message.keys() != {"role", "last"} or not isinstance(last, int) or isinstance(last, bool) or last < 2:
            raise SpecError(path, f"must be a dict of 'role' and 'last', an integer of at least 2, got {message!r}")
        return MessagesPlaceholder(_HISTORY, optional=True)
    if not isinstance(message, dict) or message.keys() != {"role", "template"}:
        raise SpecError(path, f"must be a dict of 'role' and 'template', got {message!r}")
    role, template = message["role"], message["template"]
    if not (isinstance(role, str) and role in _ROLES):
        raise SpecError(f"{path}.role", f"must be one of system, human, ai, got {role!r}")
    if not isinstance(template, str):
        raise SpecError(f"{path}.template", f"must be a text, got {template!r}")
    pair = (_ROLES[role], template)
    return _made(lambda: ChatPromptTemplate.from_messages([pair]), f"{path}.template").messages[0]


class _Anything:
    """A value that every format takes."""

    def __format__(self, _: str) -> str:
        return ""


def _made(make: Callable[[], _Template], path: str) -> _Template:
    """Return the template that ``make`` makes; raises SpecError with the path when no values can be filled in."""
    try:
        template = make()
        if "" in template.input_variables:
            raise ValueError("{} has no name")
        if _OF_LANGCHAIN in template.input_variables:
            raise ValueError(f"{{{_OF_LANGCHAIN}}} is a name that LangChain uses itself, take another one")
        template.format_prompt(**dict.fromkeys(template.input_variables, _Anything()))
        return template
    except (ValueError, KeyError, IndexError, LangChainException) as error:
        raise SpecError(path, f"is not a template with variables in braces: {error}") from error


def _with_instructions(prompt: BasePromptTemplate[Any], parser: BaseOutputParser[Any]) -> BasePromptTemplate[Any]:
    if _INSTRUCTIONS not in prompt.input_variables or isinstance(parser, StrOutputParser):
        return prompt
    return prompt.partial(format_instructions=parser.get_format_instructions())

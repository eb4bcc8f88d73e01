"""What runs once langchain-core is imported: programs, which are ``prompt | model | parser``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from langchain_core.exceptions import LangChainException
from langchain_core.output_parsers import BaseOutputParser, StrOutputParser
from langchain_core.prompts import BasePromptTemplate, ChatPromptTemplate, MessagesPlaceholder, PromptTemplate
from langchain_core.runnables import Runnable

from terrarium.bridge import ArgumentError, SpecError, session
from terrarium.bridge.exchanges import Exchange

from . import _kept, _specs
from ._model import HostChatModel, Recording
from ._parsers import CompleteJsonOutputParser, CompleteListOutputParser, TypedOutputParser
from ._specs import HISTORY, Spec

if TYPE_CHECKING:
    from ._agent import Step

_PARSERS: dict[str, type[BaseOutputParser[Any]]] = {
    "str": StrOutputParser,
    "json": CompleteJsonOutputParser,
    "list": CompleteListOutputParser,
}
_INSTRUCTIONS = "format_instructions"


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
        read = _specs.read(spec)
        self.options = read.options
        self._schema = read.schema
        self._parser = _parser(read)
        self._prompt = _with_instructions(_prompt(read), self._parser)
        self._history = read.history
        self.inputs = list(self._prompt.input_variables)
        self.tools = read.tools
        self._built: tuple[dict[str, Any], Runnable[Any, Any]] | None = None

    def invoke(self, inputs: dict[str, Any], options: dict[str, Any]) -> tuple[Any, list[Exchange]]:
        """Run the program; returns its output and what went to the language model and back."""
        self._check("invoke", inputs)
        with self._conversation(inputs) as (variables, exchanges):
            output = self.runnable(options).invoke(variables)
        return output, exchanges

    def act(
        self, inputs: dict[str, Any], options: dict[str, Any], max_steps: int
    ) -> tuple[Any, list[Step], bool, list[Exchange]]:
        """Run the program with its tools, inside of ``terrarium.bridge.tools.given``.

        Returns its output, the calls of tools, whether the language model ended them itself, and what went to it and
        back. Where it did not, there is no output.
        """
        from . import _agent

        self._check("act", inputs)
        known = _agent.structured_tools(self.tools)
        with self._conversation(inputs) as (variables, exchanges):
            model = HostChatModel(cache=False, **options)
            messages = self._prompt.invoke(variables).to_messages()
            outcome = _agent.run(model.bind_tools(known), known, messages, max_steps)
            if outcome.answer is None:
                return None, outcome.steps, False, exchanges
            answer = outcome.answer
            if self._schema is not None:
                answer = model.bind_tools(known, tool_choice="none").bind(schema=self._schema).invoke(outcome.messages)
            output = self._parser.invoke(answer)
        return output, outcome.steps, True, exchanges

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
            kept = session.state().get(HISTORY, [])
            before = _recent(kept, last)
            yield {**inputs, HISTORY: before}, exchanges
        if session.active():
            request, response, _ = exchanges[-1]
            new = request["messages"][place + len(before) :]
            if self.tools:  # of which the history keeps what the user and the program said
                new = [message for message in new if message["role"] in ("system", "user")]
            answer = {"role": "assistant", "content": response["text"]}
            # Another program of the session may want more of it than this one.
            session.update({HISTORY: _recent([*kept, *new, answer], max(last, len(kept)))})

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


def _parser(spec: Spec) -> BaseOutputParser[Any]:
    if spec.output is not None and spec.schema is not None:
        return TypedOutputParser(output=spec.output, json_schema=spec.schema)
    return _PARSERS[spec.parser]()


def _prompt(spec: Spec) -> BasePromptTemplate[Any]:
    try:
        if isinstance(spec.prompt, str):
            return PromptTemplate.from_template(spec.prompt)
        messages: list[Any] = [*spec.prompt]
        if spec.history is not None:
            messages.insert(spec.history[0], MessagesPlaceholder(HISTORY, optional=True))
        return ChatPromptTemplate.from_messages(messages)
    except (ValueError, LangChainException) as error:
        raise SpecError("spec.prompt", f"is not a prompt of LangChain's: {error}") from error


def _recent(messages: list[dict[str, str]], last: int) -> list[dict[str, str]]:
    """Return at most so many of the last messages, of which the first is no answer to what is left out."""
    recent = messages[-last:]
    while recent and recent[0]["role"] == "assistant":
        recent = recent[1:]
    return recent


def _with_instructions(prompt: BasePromptTemplate[Any], parser: BaseOutputParser[Any]) -> BasePromptTemplate[Any]:
    if _INSTRUCTIONS not in prompt.input_variables or isinstance(parser, StrOutputParser):
        return prompt
    return prompt.partial(format_instructions=parser.get_format_instructions())

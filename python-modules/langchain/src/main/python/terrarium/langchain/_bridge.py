"""The commands of LangChain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from terrarium.bridge import ProgramBridge, exchanges, handler
from terrarium.bridge.options import SharedDefaults, checked
from terrarium.bridge.tools import given

from . import _setup, _specs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._programs import Program


class LangchainBridge(ProgramBridge["Program"]):
    """Programs of LangChain, ``prompt | model | parser``, made from specs, on the host's language models.

    Thread-safe. The language model is the host's ``model.generate``. Nothing is sent over the network, unless the
    environment switches LangSmith's tracing on.
    """

    framework: ClassVar[str] = "langchain"

    def __init__(self) -> None:
        """Build the table of commands; langchain-core is imported with the first command that needs it."""
        super().__init__()
        self._defaults = SharedDefaults("langchain")

    @handler(loads=False)
    def configure(
        self,
        model: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        seed: int | None = None,
    ) -> dict[str, Any]:
        """Set the defaults of all programs, in every context; what is not given is unset again.

        ``model`` names one of the host's language models, None its default one. Returns the defaults. Raises SpecError
        for a value out of range.
        """
        options = {"model": model, "temperature": temperature, "max_tokens": max_tokens, "seed": seed}
        self._defaults.set(checked(options, "configure"))
        return options

    @handler
    def create_program(self, spec: dict[str, Any], program: str | None = None) -> dict[str, str]:
        """Build a program, store its spec with the host, and return ``{"program": id}``.

        ``spec`` is ``{"prompt", "parser", "output", "options", "tools"}``; all but the prompt may be left out.

        - ``prompt``: a text, which becomes a user message, or a list of ``{"role": "system"|"human"|"ai", "template":
          text}``. Variables stand in braces, ``{topic}``; a brace itself is written twice. The variable
          ``format_instructions``, with any parser but ``str``, is filled with what the parser expects. In the place of
          one message, ``{"role": "history", "last": 20}``, stand the last messages of the call's session, at most so
          many (2 or more); what follows it and the answer are added to the session when the call succeeds. They are its
          state's ``history``, a list of ``{"role": "user"|"assistant"|"system", "content": text}``, which all programs
          share. Without a session there are none.
        - ``parser``: ``str`` (the text, the default), ``json`` (any JSON) or ``list`` (of texts, separated by commas).
        - ``output``: a type of :mod:`terrarium.bridge.types`, with the parser ``json``; the answer has to conform to
          its JSON schema while it is written.
        - ``options``, each optional: ``model``, ``temperature`` (0 to 2), ``max_tokens``, ``seed``, ``stop`` (texts).
        - ``tools``: a list of ``{"name", "description", "parameters"}``, all of them texts, the parameters a JSON
          schema. A program with tools is run by :meth:`act`.

        The id is ``program``, or comes from the spec's content. Raises SpecError with the place inside the spec.
        """
        return super().create_program(spec, program)

    @handler(idempotent=True)
    def invoke(
        self,
        program: str,
        inputs: dict[str, Any],
        options: dict[str, Any] | None = None,
        trace: bool = False,
    ) -> dict[str, Any]:
        """Run a program on the variables of its prompt by name.

        Returns ``{"output": ..., "usage": {...}, "finish_reason": "stop"|"length"}``.

        The output is a text, parsed JSON or a list of texts, as the parser says, or plain data of the declared type:
        records are dicts; dates, datetimes and decimals are Python's own. ``usage`` has ``calls``, ``prompt_tokens``,
        ``completion_tokens`` and ``seconds``, of the requests to the language model together. ``finish_reason`` is
        ``length`` for a text that was cut off at its limit of tokens. ``options`` go before the program's own, and
        those before the defaults of :meth:`configure`.

        With ``trace`` the result also has, of the last request: ``messages`` (list of ``{"role", "content"}`` as they
        were really sent), ``response`` (the text that came back) and ``model``.

        Raises UnknownProgramError, ArgumentError for variables that are missing or unknown, what the host's model
        raises, and ``langchain_core.exceptions.OutputParserException`` when the answer cannot be read or is not of the
        declared type, which is a TruncatedAnswerError as well when that is because it was cut off. A list that was cut
        off is none, for nobody knows whether its last item is whole.
        """
        built = self._without_tools("invoke", program)
        output, happened = built.invoke(inputs, {**self._defaults.get(), **built.options, **checked(options)})
        last = exchanges.last(happened)
        result = {"output": output, "usage": exchanges.usage(happened), "finish_reason": last["finish_reason"]}
        return {**result, **last} if trace else result

    @handler(idempotent=True)
    def stream(
        self,
        program: str,
        inputs: dict[str, Any],
        options: dict[str, Any] | None = None,
    ) -> Iterator[Any]:
        """Run a program as :meth:`invoke` does, and yield its output while the language model writes.

        With the parser ``str`` these are pieces of the text, with ``list`` lists of the next items. With ``json``, and
        an ``output`` type, each is all that is certain so far, a value with less in it, which only gains from one to
        the next; the last one is what ``invoke`` returns. Closing the generator stops the model. Raises what ``invoke``
        raises, also after some pieces.
        """
        built = self._without_tools("stream", program)
        return built.stream(inputs, {**self._defaults.get(), **built.options, **checked(options)})

    @handler
    def act(
        self,
        program: str,
        inputs: dict[str, Any],
        tools: dict[str, Any],
        max_steps: int = 10,
        options: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Run a program with tools: the language model calls them until it answers without calling any.

        ``tools`` are their functions by name, as :mod:`terrarium.bridge.tools` says. In a step the language model calls
        one of them or several; there are at most ``max_steps``. With an ``output`` type it is asked once more in the
        end, for an answer of that type.

        Returns ``{"output", "steps", "finished", "usage"}``. ``steps`` are dicts of ``tool``, ``arguments``, ``result``
        (the message, where the tool failed) and ``failed``, one for each call of a tool. The output is None where
        ``finished`` is False, since the language model still called tools after the last step. The rest is as
        :meth:`invoke` says.

        Raises what ``invoke`` raises, and what a tool raises that ends the call.
        """
        built = self._with_tools(program, max_steps, other="invoke")
        merged = {**self._defaults.get(), **built.options, **checked(options)}
        with given("act", built.tools, tools):
            output, steps, finished, happened = built.act(inputs, merged, max_steps)
        return {
            "output": output,
            "steps": [step._asdict() for step in steps],
            "finished": finished,
            "usage": exchanges.usage(happened),
        }

    def _build(self, spec: dict[str, Any]) -> Program:
        from ._programs import Program

        return Program(spec)

    def _check(self, spec: dict[str, Any]) -> None:
        _specs.read(spec)

    def _load_framework(self) -> None:
        _setup.prepare()
        from . import _programs

        _programs.load_rest()

    def _cleanup_framework(self) -> None:
        super()._cleanup_framework()
        _setup.end_tracing()

    def _recover_framework(self, threads_stopped: bool) -> None:
        _setup.continue_tracing(threads_stopped)

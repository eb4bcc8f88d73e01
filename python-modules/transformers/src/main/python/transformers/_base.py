"""What all pipelines share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from ._options import refuse
from ._tokenizers import AutoTokenizer, PreTrainedTokenizerFast


class Pipeline:
    """A task on a model. Calling it with a text gives its result, with a list of texts a list of results.

    ``batch_size`` is accepted and changes nothing: the texts of all callers are put together in Java.
    """

    task: ClassVar[str] = ""

    def __init__(self, model: str, **options: Any) -> None:
        self.model = model
        self._options = self._checked(options)

    @property
    def tokenizer(self) -> PreTrainedTokenizerFast:
        """The model's tokenizer."""
        return AutoTokenizer.from_pretrained(self.model)

    def __call__(self, inputs: Any = None, *args: Any, **options: Any) -> Any:
        """Run the task on a text, or on each of several texts."""
        if args:
            raise ValueError(f"Unable to understand extra arguments {args}")
        chosen = {**self._options, **self._checked(options)}
        if isinstance(inputs, (list, tuple)):
            return self._run(list(inputs), chosen)
        if isinstance(inputs, Iterator):
            return (self._run([each], chosen)[0] for each in inputs)
        return self._run([inputs], chosen)[0]

    def _checked(self, options: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    def _run(self, inputs: list[Any], options: dict[str, Any]) -> list[Any]:
        """Return the result of each input."""
        raise NotImplementedError


def known_options(task: str, options: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return the options of these names; ``batch_size`` is passed over, and others are refused."""
    given = dict(options)
    given.pop("batch_size", None)
    known: dict[str, Any] = {name: given.pop(name) for name in names if name in given}
    refuse(task, given, ", ".join(names))
    return known


def texts(inputs: Iterable[Any]) -> list[str]:
    """Return the inputs, which must be texts."""
    read = list(inputs)
    for text in read:
        if not isinstance(text, str):
            raise ValueError(f"a text is a str, not {type(text).__name__}")
    return read

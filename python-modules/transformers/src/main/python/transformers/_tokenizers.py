"""Tokenizers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from terrarium.bridge import host

from ._options import NotSupportedError, refuse


class BatchEncoding(dict[str, Any]):
    """What a model reads, by the names of its inputs."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class PreTrainedTokenizerFast:
    """The tokenizer of a model."""

    def __init__(self, name_or_path: str) -> None:
        self.name_or_path = name_or_path

    def __call__(
        self,
        text: str | list[str],
        text_pair: str | list[str] | None = None,
        padding: bool | str = False,
        truncation: bool | str = False,
        max_length: int | None = None,
        **options: Any,
    ) -> BatchEncoding:
        """Return the tokens of a text, or lists of them for a list of texts.

        Without truncation there may be more tokens than the model reads. ``padding`` is False, True (as long as the
        longest text) or ``"max_length"``. Raises NotSupportedError for upstream's other options.
        """
        refuse("a tokenizer", options, "text_pair, padding, truncation, max_length")
        if padding not in (False, True, "longest", "max_length", "do_not_pad"):
            raise ValueError(f"{padding!r} is not a valid padding")
        if padding == "max_length" and max_length is None:
            raise NotSupportedError("padding to max_length needs a max_length here")
        single = isinstance(text, str)
        texts = [text] if isinstance(text, str) else list(text)
        pairs = _pairs(text_pair, len(texts))
        passed: dict[str, Any] = {"truncation": truncation}
        if max_length is not None:
            passed["max_length"] = max_length
        made = [
            host.call("transformers.tokenize", self.name_or_path, {"text": each, "pair": pair, **passed})
            for each, pair in zip(texts, pairs, strict=True)
        ]
        length = {True: _longest(made), "longest": _longest(made), "max_length": max_length or 0}.get(padding, 0)
        rows = [_row(each, length) for each in made]
        names = list(rows[0]) if rows else ["input_ids", "attention_mask"]
        return BatchEncoding({name: rows[0][name] if single else [row[name] for row in rows] for name in names})

    def encode(self, text: str, text_pair: str | None = None, **options: Any) -> list[int]:
        """Return the numbers of a text's tokens."""
        ids: list[int] = self(text, text_pair, **options)["input_ids"]
        return ids

    def decode(self, token_ids: int | Iterable[int], skip_special_tokens: bool = False, **options: Any) -> str:
        """Return the text of tokens."""
        refuse("decode()", options, "skip_special_tokens")
        ids = [token_ids] if isinstance(token_ids, int) else [int(each) for each in token_ids]
        text: str = host.call(
            "transformers.decode", self.name_or_path, {"ids": ids, "skip_special_tokens": skip_special_tokens}
        )
        return text

    def batch_decode(self, sequences: Iterable[Iterable[int]], skip_special_tokens: bool = False) -> list[str]:
        """Return the text of each of several lists of tokens."""
        return [self.decode(each, skip_special_tokens=skip_special_tokens) for each in sequences]


class AutoTokenizer:
    """Finds the tokenizer of a model."""

    @classmethod
    def from_pretrained(cls, name_or_path: str, **options: Any) -> PreTrainedTokenizerFast:
        """Return the tokenizer of a model, which is loaded with its first text."""
        if options.get("use_fast") is True:
            options.pop("use_fast")
        refuse("AutoTokenizer.from_pretrained()", options, "use_fast=True")
        return PreTrainedTokenizerFast(str(name_or_path))


def _pairs(given: str | list[str] | None, count: int) -> list[str | None]:
    if given is None:
        return [None] * count
    pairs = [given] if isinstance(given, str) else list(given)
    if len(pairs) != count:
        raise ValueError(f"text_pair has {len(pairs)} texts, and text has {count}")
    return [*pairs]


def _longest(made: list[Any]) -> int:
    return max((len(each["input_ids"]) for each in made), default=0)


def _row(made: dict[str, Any], length: int) -> dict[str, list[int]]:
    ids, types = list(made["input_ids"]), list(made["token_type_ids"])
    missing = max(0, length - len(ids))
    row = {"input_ids": ids + [made["pad_token_id"]] * missing}
    if made["takes_types"]:
        row["token_type_ids"] = types + [0] * missing
    row["attention_mask"] = [1] * len(ids) + [0] * missing
    return row

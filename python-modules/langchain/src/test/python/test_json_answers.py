"""JSON in answers: what is one, and what a stream shows of it, however it is cut into pieces."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.exceptions import OutputParserException
from langchain_core.output_parsers import CommaSeparatedListOutputParser

from terrarium.langchain._json_answers import NOTHING, PartialJson, read
from terrarium.langchain._parsers import CompleteJsonOutputParser, CompleteListOutputParser, TypedOutputParser

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("3", 3),
        ('"a { b"', "a { b"),
        ("null", None),
        (" `[1]` ", [1]),
        ('{"a": "two\nlines"}', {"a": "two\nlines"}),
        ('{"a": 1, "a": 2}', {"a": 2}),
        ('{"code": "```py```"}', {"code": "```py```"}),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ("```\n[1]\n```", [1]),
        ("As a list:\n```JSON\n[1]\n```\nas [asked] {for}.", [1]),
        ('Sure! {"a": 1} Hope that helps.', {"a": 1}),
        ('Sure, [as asked]: {"code": "```"}', {"code": "```"}),
        ('{"a": 1}\n', {"a": 1}),
        ('json\n{"a": 1}', {"a": 1}),
    ],
)
def test_json_stands_in_an_answer(answer: str, value: Any) -> None:
    assert read(answer) == value


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "no",
        "3 apples",
        "The list: [1]",
        '{"a": "it is 5" tall", "b": 2}',
        '{"a": "it is 5"} tall", "b": 2}',
        '{"a": 1}}',
        '{"a": 1}\n{"a": 2}',
        "[1, 2, three, 4]",
        "[1, 2",
        '{"a": 1,}',
        "{'a': 1}",
        '{"a": tru}',
        '```json\n{"a": 1\n```',
        '```json\n{"a": 1}}\n```',
        "9" * 5000,
    ],
)
def test_other_answers_are_none(answer: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(answer)
    with pytest.raises(OutputParserException) as caught:
        CompleteJsonOutputParser().parse(answer)
    assert caught.value.llm_output == answer


ANSWERS = [
    '{"a": "x\\ud83d\\ude00\\u00e9\\n\\\\ud83d\\"y", "b": [1, -2.5e3, true, null, {"c": {}}]}',
    'Well:\n```json\n[{"a": "}"}, [], "\\ud83d\\ude00"]\n```\nDone [1].',
    'So {"a": {"b": "\\\\", "\\u0041": 12}, "c": "\U0001f600"} it is.',
    "null",
    ' "a text {" ',
    "-12.5",
]


def cuts(text: str) -> Iterator[list[str]]:
    """One by one, and all ways to cut a text in three whose middle is no longer than a pair of escaped surrogates."""
    yield list(text)
    for first in range(len(text) + 1):
        for second in range(first, min(first + 12, len(text)) + 1):
            yield [text[:first], text[first:second], text[second:]]


def has_grown(before: Any, after: Any) -> bool:
    if isinstance(before, dict):
        return isinstance(after, dict) and all(k in after and has_grown(v, after[k]) for k, v in before.items())
    if isinstance(before, list):
        return isinstance(after, list) and len(before) <= len(after) and all(map(has_grown, before, after))
    if isinstance(before, str):
        return isinstance(after, str) and after.startswith(before)
    return repr(before) == repr(after)


def assert_grows(parser: Any, pieces: list[str], whole: Any) -> list[Any]:
    values = list(parser.transform(iter(pieces)))
    assert repr(values[-1]) == repr(whole), pieces
    for before, after in pairwise(values):
        assert has_grown(before, after), (pieces, before, after)
    json.dumps(values, ensure_ascii=False).encode()  # no half a pair of surrogates
    return values


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_stream_grows_to_the_whole_however_it_is_cut(answer: str) -> None:
    parser = CompleteJsonOutputParser()
    whole = parser.parse(answer)
    for pieces in cuts(answer):
        assert_grows(parser, pieces, whole)


def test_random_values_grow_to_the_whole() -> None:
    chance = random.Random(18)  # noqa: S311
    letters = ["a", "é", "\U0001f600", '"', "\\", "\n", "{", "]", ",", "u", "```"]

    def value(depth: int) -> Any:
        kind = chance.randrange(8 if depth else 5)
        if kind < 2:
            return "".join(chance.choices(letters, k=chance.randrange(5)))
        if kind < 5:
            return [chance.randrange(-1000, 1000), chance.random() * 1e9, chance.choice([True, False, None])][kind - 2]
        if kind < 6:
            return [value(depth - 1) for _ in range(chance.randrange(4))]
        return {"".join(chance.choices(letters, k=3)): value(depth - 1) for _ in range(chance.randrange(4))}

    parser = CompleteJsonOutputParser()
    for _ in range(150):
        whole = value(4)
        text = json.dumps(whole, ensure_ascii=chance.random() < 0.5, indent=chance.choice([None, 1]))
        assert repr(parser.parse(text)) == repr(whole)
        assert_grows(parser, list(text), whole)
        places = sorted(chance.choices(range(len(text) + 1), k=5))
        assert_grows(parser, [text[a:b] for a, b in pairwise([0, *places, len(text)])], whole)


def test_what_a_stream_shows_is_what_is_certain() -> None:
    pieces = ['{"a', '": 1', "2, ", '"b": "x\\ud83', "d\\ude", "00y", '", "c": [tr', "ue", "]}"]
    values = list(CompleteJsonOutputParser().transform(iter(pieces)))
    assert values == [
        {},
        {"a": 12},
        {"a": 12, "b": "x"},
        {"a": 12, "b": "x\U0001f600y"},
        {"a": 12, "b": "x\U0001f600y", "c": []},
        {"a": 12, "b": "x\U0001f600y", "c": [True]},
    ]


def test_a_key_that_is_given_twice_shows_nothing_more_until_the_end() -> None:
    pieces = ['{"a": [1, 2], ', '"b": "x", ', '"a": [', "3], ", '"c": 4}']
    values = list(CompleteJsonOutputParser().transform(iter(pieces)))
    assert values == [{"a": [1, 2]}, {"a": [1, 2], "b": "x"}, {"a": [3], "b": "x", "c": 4}]


def test_broken_json_shows_nothing_more_and_fails() -> None:
    values = CompleteJsonOutputParser().transform(iter(['{"a": 1, ', '"b": "it is 5" ', 'tall", ', '"c": 2}']))
    assert [next(values), next(values)] == [{"a": 1}, {"a": 1, "b": "it is 5"}]
    with pytest.raises(OutputParserException, match="Invalid json output"):
        next(values)


def test_a_typed_stream_shows_what_is_declared() -> None:
    inner = {"type": "record", "name": "In", "fields": [{"name": "n", "type": {"type": "integer"}}]}
    fields = [{"name": "a", "type": {"type": "list", "items": inner}}, {"name": "b", "type": {"type": "string"}}]
    parser = TypedOutputParser(output={"type": "record", "name": "Out", "fields": fields}, json_schema={})
    answer = '{"b": "x", "more": {"n": 1}, "a": [{"n": 1, "m": 2}, {"m": 3, "n": 4}]}'
    whole = {"a": [{"n": 1}, {"n": 4}], "b": "x"}
    for pieces in cuts(answer):
        assert_grows(parser, pieces, whole)


def test_a_stream_without_pieces_has_no_values() -> None:
    for parser in (CompleteJsonOutputParser(), CompleteListOutputParser()):
        assert list(parser.transform(iter([]))) == []


def test_differences_add_up() -> None:
    import jsonpatch

    text = '{"a": [1, 2], "b": "xy"}'
    value: Any = None
    for patch in CompleteJsonOutputParser(diff=True).transform(iter(text)):
        value = jsonpatch.apply_patch(value, patch)
    assert value == json.loads(text)


def test_part_of_an_answer_by_itself() -> None:
    from langchain_core.outputs import Generation

    for text, value in (("no", None), ('{"a": [1, 2', {"a": [1]}), ('{"a": 1}', {"a": 1})):
        assert CompleteJsonOutputParser().parse_result([Generation(text=text)], partial=True) == value
    assert PartialJson().add("no") is NOTHING


@pytest.mark.parametrize("answer", ["a, b,c", '"a, b", c', 'x, "a\n b", ', "red,\ngreen\nblue\n", "", "a"])
def test_a_list_comes_in_the_items_of_the_whole_however_it_is_cut(answer: str) -> None:
    parser = CompleteListOutputParser()
    whole = parser.parse(answer)
    assert whole == CommaSeparatedListOutputParser().parse(answer)
    for pieces in cuts(answer):
        assert [item for items in parser.transform(iter(pieces)) for item in items] == whole, pieces

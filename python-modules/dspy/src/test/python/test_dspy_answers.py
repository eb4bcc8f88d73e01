"""How answers are read and streamed: markers of the chat form, repeated members, null, and the limit of tokens."""

import json
import logging
import random
from collections.abc import Iterator
from functools import partial
from typing import Any

import dspy
from dspy.adapters.chat_adapter import ChatAdapter

from terrarium.bridge import host
from terrarium.bridge.errors import TruncatedAnswerError
from terrarium.dspy import DspyBridge, _log
from terrarium.dspy._members import MemberTexts
from terrarium.dspy._sections import Sections
from test_dspy_bridge import ASK, hosted, raised

DONE = "[[ ## completed ## ]]"
PIECES = (
    *("a", "bc", " ", "  ", "\t", "\n", "\n\n", "\r\n", "\r", "\x85", "\u2028", "é", "😀", "]]", "[", "[[", "[[ ## "),
    *(
        "[[ ## x ## ]]",
        "\n[[ ## x ## ]]\n",
        "\n[[ ## y ## ]]\n",
        "[[ ## y ## ]] ",
        "\n  [[ ## y ## ]]",
        "[[ ## z ## ]]",
    ),
    *(DONE, "\n" + DONE, DONE + "\n", DONE[:9], " ## ]]", '"', "{"),
)


def cuts(text: str) -> Iterator[list[str]]:
    """The text as a whole, by letter, and in all ways in two pieces."""
    yield [text]
    yield list(text)
    for at in range(1, len(text)):
        yield [text[:at], text[at:]]


def read(pieces: list[str], cut: bool) -> tuple[dict[str, str], str | None]:
    sections = Sections(["x", "y"])
    given = [each for piece in pieces for each in sections.read(piece)] + sections.end(cut)
    joined = {name: "".join(text for each, text in given if each == name) for name in sections.texts}
    assert joined == sections.texts
    return joined, sections.open


def random_answers(count: int) -> Iterator[str]:
    rng = random.Random(3)  # noqa: S311 - no secrets
    for _ in range(count):
        yield "[[ ## x ## ]]\n" * rng.randint(0, 1) + "".join(rng.choices(PIECES, k=rng.randint(1, 9)))


def test_sections_are_the_same_by_any_cut() -> None:
    for answer in random_answers(400):
        for cut in (False, True):
            whole = read([answer], cut)
            for pieces in cuts(answer):
                assert read(pieces, cut) == whole, (answer, pieces)


def test_sections_are_those_of_dspy_where_every_marker_has_a_line() -> None:
    signature = dspy.Signature("question -> x, y")
    compared = 0
    for answer in random_answers(20_000):
        if any(
            DONE in line[1:] or line.lstrip().startswith("[[ ## ") > line.startswith("[[ ## ")
            for line in answer.splitlines()
        ):
            continue
        try:
            fields = ChatAdapter().parse(signature, answer)
        except dspy.AdapterParseError:
            continue
        assert read([answer], False)[0] == fields, answer
        compared += 1
    assert compared > 100


def test_a_marker_that_does_not_begin_a_line() -> None:
    expected: dict[str, Any] = {
        f"[[ ## x ## ]]\nNorway{DONE}": {"x": "Norway"},
        f"[[ ## x ## ]] Norway {DONE}\n": {"x": "Norway"},
        f"[[ ## x ## ]]\nNorway{DONE}\n\nI hope that this helps.": {"x": "Norway"},
        f"[[ ## x ## ]]\nwrite {DONE}\nthere\n\n{DONE}": {"x": f"write {DONE}\nthere"},
        f"[[ ## x ## ]]\nthe marker {DONE} is quoted": {"x": f"the marker {DONE} is quoted"},
        f"  [[ ## x ## ]]\nNorway\n\t[[ ## y ## ]] 7\n{DONE}": {"x": "Norway", "y": "7"},
        f"[[ ## x ## ]]\nthe marker [[ ## y ## ]] is quoted\n[[ ## y ## ]]\n7\n{DONE}": {
            "x": "the marker [[ ## y ## ]] is quoted",
            "y": "7",
        },
        "[[ ## x ## ]]\nsee [[x]] ok then": {"x": "see [[x]] ok then"},
        "[[ ## x ## ]]\nmatrix [[1, 2], [3, 4]] end": {"x": "matrix [[1, 2], [3, 4]] end"},
    }
    for answer, texts in expected.items():
        assert read([answer], False)[0] == texts, answer


def test_an_answer_that_was_cut_off_in_a_marker_ends_before_it() -> None:
    for end in range(6, len(DONE)):
        for before in ("\n", " ", "\n  "):
            assert read([f"[[ ## x ## ]]\nNorway{before}{DONE[:end]}"], True) == ({"x": "Norway"}, None)
    assert read(["[[ ## x ## ]]\nNorway\n[["], True) == ({"x": "Norway\n[["}, "x")
    assert read([f"[[ ## x ## ]]\nNorway\n{DONE[:9]}"], False) == ({"x": f"Norway\n{DONE[:9]}"}, "x")


def test_members_are_the_same_by_any_cut() -> None:
    rng = random.Random(5)  # noqa: S311 - no secrets
    letters = ("a", " ", '"', "\\", "\n", "é", "\u2028", "😀", "{", "}", ",", ":", "x", "[", "\x7f")
    for _ in range(60):
        texts = {name: "".join(rng.choices(letters, k=rng.randint(0, 6))) for name in ("x", "y")}
        others = {"n": [1, "x", {"x": "}"}], "flag": True, "none": None, "number": -1.5e3, "ob": {"x": "y"}}
        keys = rng.sample(("x", "y", *others), 5)
        answer = json.dumps({key: {**texts, **others}[key] for key in keys}, ensure_ascii=rng.random() < 0.5)
        for pieces in cuts(answer):
            members = MemberTexts(["x", "y"])
            given = [each for piece in pieces for each in members.read(piece)]
            for name in ("x", "y"):
                joined = "".join(text for each, text in given if each == name)
                assert joined == (texts[name] if name in keys else ""), (pieces, given)


def outputs(signature: str, adapter: str, answer: str, finish_reason: str = "stop", **options: Any) -> dict[str, Any]:
    """The traced result of a call."""
    spec = {**ASK, "signature": signature, "options": {"adapter": adapter, **options}}
    with hosted(answer) as fake:
        fake.finish_reason = finish_reason
        bridge = DspyBridge()
        program = bridge.dispatch("create_program", {"spec": spec})["program"]
        arguments = {"program": program, "inputs": {"question": "Why?"}, "trace": True}
        result: dict[str, Any] = bridge.dispatch("call", arguments)
        return result


def test_streamed_pieces_join_to_the_texts_that_the_outputs_have() -> None:
    chat = (
        f"[[ ## x ## ]]\nsee [[x]] ok then\n\n[[ ## y ## ]]\nmatrix [[1, 2], [3, 4]] end\n\n{DONE}\n",
        f'[[ ## x ## ]]\nthe marker "[[ ## y ## ]]" is quoted\n[[ ## y ## ]] {DONE}\n\n{DONE}',
        f"  [[ ## x ## ]]\nNorway\r\n or\n  [[ ## y ## ]]\n  so  {DONE}",
        f"Sure!\n[[ ## x ## ]]\na\n[[ ## x ## ]]\nb\n[[ ## y ## ]]\nc\n[[ ## other ## ]]\nd\n{DONE}",
    )
    members = (
        '{"x": "so \\"it\\" is\\n\\u00e9", "y": "\\ud83d\\ude00 ok"}',
        '{"x": "a", "y": "b", "x": "ab", "y": ""}',
        '{"x": "it is 5" tall", "y": "b"}',
        '```json\n{"x": "a", "y": "b"}\n```',
    )
    pushed = 0
    with hosted() as fake:
        bridge = DspyBridge()
        for adapter, answers in (("chat", chat), ("auto", chat), ("json", members)):
            spec = {**ASK, "signature": "question -> x, y", "options": {"adapter": adapter}}
            program = bridge.dispatch("create_program", {"spec": spec})["program"]
            arguments = {"program": program, "inputs": {"question": "Why?"}}
            for answer in answers:
                fake.answers = [answer]
                called = bridge.dispatch("call", arguments)
                for pieces in cuts(answer):
                    fake.answers = [answer]
                    fake.pieces_of = lambda _, pieces=pieces: pieces  # type: ignore[misc]
                    chunks: list[Any] = []
                    bridge.dispatch("stream", arguments).run(chunks.append)
                    assert chunks[-1] == called, pieces
                    for name, text in called["outputs"].items():
                        joined = "".join(chunk["text"] for chunk in chunks[:-1] if chunk["field"] == name)
                        assert joined == text or (len(chunks) == 1 and answer.startswith("```")), pieces
                        pushed += len(joined)
    assert pushed > 10_000


def test_a_repeated_member_has_its_first_value() -> None:
    answer = '{"x": "a", "y": 1.50, "x": "ab", "y": 7}'
    assert (
        outputs("question -> x, y: Decimal", "json", answer)["outputs"]
        == outputs("question -> x, y: Decimal", "json", '{"x": "a", "y": 1.50}')["outputs"]
    )


def test_null_is_no_text() -> None:
    for answer in ('{"x": null}', '```json\n{"x": null}\n```'):
        error = raised(dspy.AdapterParseError, partial(outputs, "question -> x", "json", answer))
        assert str(error).startswith("Failed to parse field x: it is null, and must be a text")
    assert outputs("question -> x: Optional[str]", "json", '{"x": null}')["outputs"] == {"x": None}
    assert outputs("question -> x", "json", '{"x": "None"}')["outputs"] == {"x": "None"}


def test_the_marker_of_a_missing_output_is_not_left_in_a_text() -> None:
    answer = f"[[ ## x ## ]] Norway [[ ## y ## ]] Oslo {DONE}"
    error = raised(dspy.AdapterParseError, lambda: outputs("question -> x, y: Optional[str]", "chat", answer))
    assert "The marker of field y does not begin a line." in str(error)


CUT_OFF = {
    "json": (
        ("question -> n: int", '{"n": 123'),
        ("question -> x", '{"x": "Rain'),
        ("question -> x: list[str]", '{"x": ["a", "b", "c"'),
        ("question -> x, y: Optional[str]", '{"x": "a"'),
        ("question -> x", '```json\n{"x": "a'),
        ("question -> x", "Let me see"),
        ("question -> x", ""),
        ("question -> x, y", '{"x": "a"}'),
    ),
    "chat": (
        ("question -> n: int", "[[ ## n ## ]]\n123"),
        ("question -> n: float", "[[ ## n ## ]]\n1.5"),
        ("question -> x: list[str]", '[[ ## x ## ]]\n["a", "b"'),
        ("question -> x: Literal['no', 'not sure']", "[[ ## x ## ]]\nno"),
        ("question -> x, y", "[[ ## x ## ]]\na"),
        ("question -> x, y", "[[ ## x ## ]]\na\n\n[[ ## y ## ]]\n"),
        ("question -> x, y", "[[ ## x ## ]]\na\n\n[[ ## y ##"),
        ("question -> x", "Let me see"),
        ("question -> x", ""),
    ),
}

WHOLE = {
    "json": (
        ("question -> n: int", '{"n": 123}', {"n": 123}),
        ("question -> x: list[str]", '{"x": ["a"]}', {"x": ["a"]}),
        ("question -> x", 'Sure: {"x": "a"}', {"x": "a"}),
        ("question -> x", '```json\n{"x": "a"}\n``', {"x": "a"}),
        ("question -> n: float", '{"n": "1.5"}', {"n": 1.5}),
    ),
    "chat": (
        ("question -> n: int", f"[[ ## n ## ]]\n123\n\n{DONE}", {"n": 123}),
        ("question -> n: int", f"[[ ## n ## ]]\n123\n\n{DONE[:12]}", {"n": 123}),
        ("question -> n: int", f"[[ ## n ## ]] 123 {DONE}", {"n": 123}),
        ("question -> x: list[str]", '[[ ## x ## ]]\n["a"]', {"x": ["a"]}),
        ("question -> x: bool", "[[ ## x ## ]]\nTrue", {"x": True}),
        ("question -> x: Literal['yes', 'no']", "[[ ## x ## ]]\nno", {"x": "no"}),
        ("question -> x", f"[[ ## x ## ]]\na\n{DONE}", {"x": "a"}),
    ),
}


def test_an_answer_that_was_cut_off_is_told_by_name() -> None:
    for adapter, answers in CUT_OFF.items():
        for signature, answer in answers:
            error = raised(
                TruncatedAnswerError,
                partial(outputs, signature, adapter, answer, "length", max_tokens=8),
            )
            assert (error.text, error.max_tokens) == (answer, 8)
            assert "cut off by max_tokens=8" in str(error), error
            assert "\n" not in str(error), error
            assert isinstance(error, dspy.AdapterParseError)


def test_an_answer_that_is_whole_at_its_limit_is_like_any_other() -> None:
    for adapter, answers in WHOLE.items():
        for signature, answer, expected in answers:
            result = outputs(signature, adapter, answer, "length")
            assert (result["outputs"], result["finish_reason"]) == (expected, "stop"), answer


def test_a_text_that_was_cut_off_is_marked() -> None:
    for signature in ("question -> x", "question -> x: Optional[str]"):
        result = outputs(signature, "chat", "[[ ## x ## ]]\nRain is", "length")
        assert (result["outputs"], result["finish_reason"]) == ({"x": "Rain is"}, "length")


def test_an_answer_that_was_cut_off_is_asked_for_again_as_json_by_auto() -> None:
    arguments = {"signature": "question -> answer", "inputs": {"question": "Why?"}, "trace": True}
    with hosted("Let me see", '{"answer": "yes"}') as fake:
        fake.finish_reason = "length"
        result = DspyBridge().dispatch("predict", {**arguments, "options": {"adapter": "auto"}})
    assert (result["outputs"], result["finish_reason"]) == ({"answer": "yes"}, "stop")
    assert len(fake.requests) == 2
    assert [(each["response"], each["asker"]) for each in result["requests"]] == [
        ("Let me see", "self"),
        ('{"answer": "yes"}', "self"),
    ]


def test_a_stream_that_was_cut_off_fails_after_its_pieces() -> None:
    for adapter, pieces in (("json", ['{"x": "Ra', "in"]), ("chat", ["[[ ## x ## ]]\nRa", "in\n[[ ## y"])):
        spec = {**ASK, "signature": "question -> x, y", "options": {"adapter": adapter}}
        chunks: list[Any] = []
        with hosted("".join(pieces)) as fake:
            fake.finish_reason = "length"
            bridge = DspyBridge()
            program = bridge.dispatch("create_program", {"spec": spec})["program"]
            pushed = bridge.dispatch("stream", {"program": program, "inputs": {"question": "Why?"}})
            raised(TruncatedAnswerError, partial(pushed.run, chunks.append))
        assert "".join(chunk["text"] for chunk in chunks) == "Rain"


def test_an_answer_that_was_cut_off_is_not_kept() -> None:
    host.install({"orjson.dumps": lambda value, _: json.dumps(value)})  # for the keys of DSPy's cache
    try:
        with hosted("[[ ## answer ## ]]\nRain is", f"[[ ## answer ## ]]\nRain is wet\n{DONE}") as fake:
            bridge = DspyBridge()
            bridge.dispatch("configure", {"cache": True, "adapter": "chat"})
            arguments = {"signature": "question -> answer", "inputs": {"question": "Why?"}, "trace": True}
            fake.finish_reason = "length"
            assert bridge.dispatch("predict", arguments)["finish_reason"] == "length"
            fake.finish_reason = "stop"
            assert bridge.dispatch("predict", arguments)["outputs"] == {"answer": "Rain is wet"}
            assert bridge.dispatch("predict", arguments)["outputs"] == {"answer": "Rain is wet"}
            assert len(fake.requests) == 2
    finally:
        host.uninstall("orjson.dumps")


def test_a_text_that_is_written_as_another_value_is_its_json_as_it_stands() -> None:
    for value in ("1.10", "1e2", "12345678901234567890.0", "true", '["a",  1]', '{"a": [1, {}]}'):
        for signature in ("question -> x", "question -> x: Optional[str]"):
            assert outputs(signature, "json", f'{{"x": {value}}}')["outputs"] == {"x": value}
    mixed = outputs("question -> x, n: int, y", "json", '{"x": 1.10, "n": "7", "y": {"b": 2.50}, "x": 2}')
    assert mixed["outputs"] == {"x": "1.10", "n": 7, "y": '{"b": 2.50}'}
    raised(dspy.AdapterParseError, partial(outputs, "question -> x", "json", '{"x": null}'))
    error = raised(dspy.AdapterParseError, partial(outputs, "question -> x, n: int", "json", '{"x": 1.10, "n": "a"}'))
    assert '{"x": 1.10, "n": "a"}' in str(error)
    assert outputs("question -> x: int | str", "json", '{"x": 7}')["outputs"] == {"x": 7}


def test_the_first_of_two_objects_counts() -> None:
    cases = {
        '{"x": "a"} {"x": "b"}': "a",
        'Well, {"x": "a"}\nor {"x": "b"}.': "a",
        '{"x": 1.50} {"x": "b"}': "1.50",
    }
    for answer, text in cases.items():
        assert outputs("question -> x", "json", answer)["outputs"] == {"x": text}, answer


def test_an_optional_text_is_missing_where_dspy_writes_none() -> None:
    for answer, text in {
        "None": None,
        "null": None,
        "none": "none",
        "None.": "None.",
        "No": "No",
        '"None"': '"None"',
    }.items():
        for form in (
            f"[[ ## x ## ]]\n{answer}\n[[ ## y ## ]]\nNone\n{DONE}",
            f"[[ ## x ## ]] {answer} \n[[ ## y ## ]] None",
        ):
            result = outputs("question -> x: Optional[str], y", "chat", form)
            assert result["outputs"] == {"x": text, "y": "None"}, form
    assert outputs("question -> x: Optional[str]", "json", '{"x": "None"}')["outputs"] == {"x": "None"}


def test_a_stream_shows_nothing_of_an_optional_text_that_is_missing() -> None:
    for text, shown in (("None", ""), ("null", ""), ("No way", "No way"), ("Nonesuch", "Nonesuch"), ("No", "No")):
        answer = f"[[ ## x ## ]]\n{text}\n\n[[ ## y ## ]]\nso\n\n{DONE}"
        for pieces in cuts(answer):
            with hosted(answer) as fake:
                fake.pieces_of = lambda _, pieces=pieces: pieces  # type: ignore[misc]
                bridge = DspyBridge()
                spec = {**ASK, "signature": "question -> x: Optional[str], y", "options": {"adapter": "chat"}}
                program = bridge.dispatch("create_program", {"spec": spec})["program"]
                chunks: list[Any] = []
                bridge.dispatch("stream", {"program": program, "inputs": {"question": "?"}}).run(chunks.append)
            joined = {name: "".join(c["text"] for c in chunks[:-1] if c["field"] == name) for name in ("x", "y")}
            assert joined == {"x": shown, "y": "so"}, pieces
            assert chunks[-1]["outputs"] == {"x": shown or None, "y": "so"}


def test_a_warning_of_dspy_is_in_the_log_once() -> None:
    (handler,) = [each for each in logging.getLogger("dspy").handlers if each.name == "dspy_handler"]
    written: list[str] = []
    emit, handler.emit = handler.emit, lambda record: written.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("dspy.test")
    _log.remove()  # what other tests of this process have seen
    try:
        with hosted() as fake:
            fake.finish_reason = "length"
            bridge = DspyBridge()
            for _ in range(3):
                bridge.dispatch("predict", {"signature": "question -> answer", "inputs": {"question": "?"}})
            logger.info("one")
            logger.info("one")
            logger.error("two")
            logger.error("two")
        assert len([text for text in written if "truncated" in text]) == 1
        assert written[-4:] == ["one", "one", "two", "two"]
        bridge.dispatch("cleanup_framework")
        logger.warning("three")
        logger.warning("three")
        assert written[-2:] == ["three", "three"]
    finally:
        handler.emit = emit  # type: ignore[method-assign]

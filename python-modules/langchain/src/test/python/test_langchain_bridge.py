"""The commands of LangChain, on a fake host: what goes to the model, and what comes back."""

from __future__ import annotations

import datetime
import decimal
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.exceptions import OutputParserException
from langchain_core.prompts import PromptTemplate

from terrarium.bridge import ArgumentError, SpecError, host
from terrarium.bridge.errors import TruncatedAnswerError, UnknownProgramError
from terrarium.bridge.testing import python_calls
from terrarium.langchain import LangchainBridge, _specs

if TYPE_CHECKING:
    from conftest import FakeHost

CITY = {
    "type": "record",
    "name": "City",
    "fields": [
        {"name": "name", "type": {"type": "string"}, "description": "as its people call it"},
        {"name": "people", "type": {"type": "integer"}},
        {"name": "mayor", "type": {"type": "optional", "of": {"type": "string"}}},
    ],
}
CITY_SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "as its people call it"},
        "people": {"type": "integer"},
        "mayor": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
    "required": ["name", "people", "mayor"],
    "additionalProperties": False,
}
CHAT = [{"role": "system", "template": "You know {field}."}, {"role": "human", "template": "The capital of {country}?"}]

CONVERSATION = [
    {"role": "system", "template": "You know {field}."},
    {"role": "history", "last": 4},
    {"role": "human", "template": "{question}"},
]


CALLS_OF_A_WARM_CALL = 309
"""Python functions called for one answer; lower it when it has become less, and think twice before raising it."""


def created(bridge: LangchainBridge, **spec: Any) -> str:
    return str(bridge.dispatch("create_program", {"spec": spec})["program"])


def invoke(bridge: LangchainBridge, program: str, **args: Any) -> dict[str, Any]:
    result: dict[str, Any] = bridge.dispatch("invoke", {"program": program, "inputs": {}, **args})
    return result


def test_commands_that_load_nothing(bridge: LangchainBridge) -> None:
    assert bridge.dispatch("ping") == {"framework": "langchain", "loaded": False, "status": "ok"}
    bridge.dispatch("configure", {"temperature": 0.5})
    assert bridge.dispatch("get_stats")["loaded"] is False
    loading = {name for name, entry in bridge._handlers.items() if entry.loads}
    assert loading == {"act", "create_program", "get_program_state", "set_program_state", "invoke", "stream", "batch"}


def test_text(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.answers = ["Paris, of course."]
    result = invoke(bridge, created(bridge, prompt="The capital of {country}?"), inputs={"country": "France"})
    assert result == {
        "output": "Paris, of course.",
        "usage": {"calls": 1, "prompt_tokens": 7, "completion_tokens": 3, "seconds": 0.5},
        "finish_reason": "stop",
    }
    assert fake.requests == [
        {
            "model": None,
            "messages": [{"role": "user", "content": "The capital of France?"}],
            "temperature": None,
            "max_tokens": None,
            "stop": [],
            "seed": None,
            "schema": None,
        }
    ]


def test_trace_tells_what_was_sent(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.answers = [{"text": "Paris", "finish_reason": "length"}]
    inputs = {"field": "geography", "country": "France"}
    prompt = [*CHAT, {"role": "ai", "template": "It is {{"}]
    result = invoke(bridge, created(bridge, prompt=prompt), inputs=inputs, trace=True)
    assert result == {
        "output": "Paris",
        "usage": {"calls": 1, "prompt_tokens": 7, "completion_tokens": 3, "seconds": 0.5},
        "messages": [
            {"role": "system", "content": "You know geography."},
            {"role": "user", "content": "The capital of France?"},
            {"role": "assistant", "content": "It is {"},
        ],
        "response": "Paris",
        "finish_reason": "length",
        "model": "fake",
    }


@pytest.mark.parametrize(
    ("parser", "answer", "output"),
    [
        ("str", " a, b ", " a, b "),
        ("list", "red, green,blue", ["red", "green", "blue"]),
        ("json", '{"a": [1, null]}', {"a": [1, None]}),
        ("json", 'Here it is:\n```json\n{"a": 1}\n```', {"a": 1}),
        ("json", "[1, 2]", [1, 2]),
        ("json", "null", None),
    ],
)
def test_parsers(bridge: LangchainBridge, fake: FakeHost, parser: str, answer: str, output: Any) -> None:
    fake.answers = [answer]
    assert invoke(bridge, created(bridge, prompt="x", parser=parser))["output"] == output
    assert fake.requests[0]["schema"] is None


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"parser": "list"}, "comma separated"),
        ({"parser": "json"}, "Return a JSON object."),
        ({"output": CITY}, '"people": {"type": "integer"}'),
    ],
)
def test_format_instructions_are_filled_in(
    bridge: LangchainBridge, fake: FakeHost, spec: dict[str, Any], expected: str
) -> None:
    fake.answers = ['{"name": "Rome", "people": 1}']
    program = created(bridge, prompt="{question} {format_instructions}", **spec)
    invoke(bridge, program, inputs={"question": "Which?"})
    content = fake.requests[0]["messages"][0]["content"]
    assert content.startswith("Which? ")
    assert expected in content


def test_a_text_may_have_a_variable_of_that_name(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.answers = [""]
    program = created(bridge, prompt="{format_instructions}")
    assert invoke(bridge, program, inputs={"format_instructions": "mine"})["output"] == ""
    assert fake.requests[0]["messages"][0]["content"] == "mine"


def test_record_is_held_to_its_schema(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.answers = ['{"people": "2165423", "name": "Paris", "mayor": null, "river": "Seine"}']
    result = invoke(bridge, created(bridge, prompt="A city.", parser="json", output=CITY))
    assert result["output"] == {"name": "Paris", "people": 2165423, "mayor": None}
    assert list(result["output"]) == ["name", "people", "mayor"]
    assert fake.requests[0]["schema"] == CITY_SCHEMA


def test_other_types_travel_in_an_object(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.answers = ['{"value": ["red", "BLUE"]}']
    colours = {"type": "list", "items": {"type": "enum", "values": ["red", "blue"]}}
    assert invoke(bridge, created(bridge, prompt="Colours.", output=colours))["output"] == ["red", "blue"]
    assert fake.requests[0]["schema"] == {
        "type": "object",
        "properties": {"value": {"type": "array", "items": {"type": "string", "enum": ["red", "blue"]}}},
        "required": ["value"],
        "additionalProperties": False,
    }


def test_map_of_all_kinds(bridge: LangchainBridge, fake: FakeHost) -> None:
    fields = [
        {"name": "day", "type": {"type": "date"}},
        {"name": "moment", "type": {"type": "datetime"}},
        {"name": "price", "type": {"type": "decimal"}},
        {"name": "weight", "type": {"type": "number"}},
        {"name": "sold", "type": {"type": "boolean"}},
    ]
    output = {"type": "map", "values": {"type": "record", "name": "Sale", "fields": fields}}
    fake.answers = [
        '{"a": {"day": "2026-02-28", "moment": "2026-02-28T10:00:00Z", "price": "1.10", "weight": 2, "sold": true}}'
    ]
    sale = invoke(bridge, created(bridge, prompt="Sales.", output=output))["output"]["a"]
    assert sale == {
        "day": datetime.date(2026, 2, 28),
        "moment": datetime.datetime(2026, 2, 28, 10, 0),
        "price": decimal.Decimal("1.10"),
        "weight": 2.0,
        "sold": True,
    }
    assert type(sale["weight"]) is float
    assert str(sale["price"]) == "1.10"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ('{"name": "Paris"}', "output: expected an object with 'people', got {'name': 'Paris'}"),
        ('{"name": 75, "people": 1}', "output.name: expected a string, got 75"),
        ('{"name": "Paris", "people": 1.5}', "output.people: expected an integer, got 1.5"),
        ("[]", r"output: expected an object \(City\), got \[\]"),
        ("I do not know.", "Invalid json output: I do not know."),
        ('{"name": "Par"is", "people": 1}', 'Invalid json output: {"name": "Par"is", "people": 1}'),
        ('{"name": "Paris", "people": 1}}', "Invalid json output"),
        ({"text": '{"name": "Paris"}', "finish_reason": "length"}, "output: expected an object with 'people'"),
    ],
)
def test_answers_that_do_not_fit(bridge: LangchainBridge, fake: FakeHost, answer: Any, message: str) -> None:
    fake.answers = [answer]
    with pytest.raises(OutputParserException, match=message) as caught:
        invoke(bridge, created(bridge, prompt="A city.", output=CITY))
    assert caught.value.llm_output == (answer["text"] if isinstance(answer, dict) else answer)


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"output": CITY}, '{"name": "Paris", "people": 21'),
        ({"output": CITY}, "The city"),
        ({"output": {"type": "list", "items": {"type": "integer"}}}, '{"value": [1, 2, 3'),
        ({"output": {"type": "integer"}}, '{"value": 123'),
        ({"parser": "json"}, '[{"a": 1}, {"a'),
        ({"parser": "json"}, "123"),
        ({"parser": "json"}, "```json\n[1, 2"),
        ({"parser": "list"}, "red, green, "),
        ({"parser": "list"}, "red, gre"),
    ],
)
def test_a_value_that_was_cut_off_is_no_answer(
    bridge: LangchainBridge, fake: FakeHost, spec: dict[str, Any], text: str
) -> None:
    fake.answers = [{"text": text, "finish_reason": "length"}] * 2
    program = created(bridge, prompt="A city.", options={"max_tokens": 8}, **spec)
    for run in (invoke, lambda *args: list(streamed(*args))):
        with pytest.raises(TruncatedAnswerError, match="cut off by max_tokens=8") as caught:
            run(bridge, program)
        assert (caught.value.text, caught.value.max_tokens) == (text, 8)
        assert isinstance(caught.value, OutputParserException)  # so that LangChain's fallbacks see it
        assert caught.value.llm_output == text


def test_a_cut_off_by_the_model_s_own_limit_has_no_number(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.answers = [{"text": '{"name": "Par', "finish_reason": "length"}]
    with pytest.raises(TruncatedAnswerError, match="cut off by its limit of tokens") as caught:
        invoke(bridge, created(bridge, prompt="A city.", output=CITY))
    assert caught.value.max_tokens is None


@pytest.mark.parametrize(
    ("spec", "text", "output"),
    [
        ({"output": CITY}, '{"name": "Paris", "people": 2}', {"name": "Paris", "people": 2, "mayor": None}),
        ({"parser": "json"}, '```json\n{"a": 1}', {"a": 1}),
        ({"parser": "json"}, '{"a": 1}\nI hope', {"a": 1}),
        ({"parser": "json"}, "12\n", 12),
        ({"parser": "json"}, "true", True),
        ({"parser": "str"}, "Paris is", "Paris is"),
    ],
)
def test_an_answer_that_is_complete_at_the_limit_is_one(
    bridge: LangchainBridge, fake: FakeHost, spec: dict[str, Any], text: str, output: Any
) -> None:
    fake.answers = [{"text": text, "finish_reason": "length"}] * 2
    program = created(bridge, prompt="A city.", **spec)
    result = invoke(bridge, program)
    assert (result["output"], result["finish_reason"]) == (output, "length")
    pieces = list(streamed(bridge, program))
    assert ("".join(pieces) if isinstance(output, str) else pieces[-1]) == output


@pytest.mark.parametrize(
    ("inputs", "missing", "unknown", "hint"),
    [
        ({}, ["country", "field"], [], ""),
        ({"field": "x", "contry": "France"}, ["country"], ["contry"], "did you mean 'country'?"),
        ({"field": "x", "country": "France", "n": 1}, [], ["n"], "unknown prompt variable 'n'."),
    ],
)
def test_wrong_variables(
    bridge: LangchainBridge, fake: FakeHost, inputs: dict[str, Any], missing: list[str], unknown: list[str], hint: str
) -> None:
    with pytest.raises(ArgumentError) as caught:
        invoke(bridge, created(bridge, prompt=CHAT), inputs=inputs)
    assert (caught.value.missing, caught.value.unknown) == (missing, unknown)
    assert caught.value.accepted == ["country", "field"]
    assert hint in str(caught.value)
    assert "Accepted prompt variables: country, field" in str(caught.value)
    assert fake.requests == []


def test_inputs_must_be_a_dict(bridge: LangchainBridge, fake: FakeHost) -> None:
    with pytest.raises(ArgumentError, match=r"argument 'inputs': expected dict\[str, Any\], found list"):
        invoke(bridge, created(bridge, prompt="x"), inputs=[])
    with pytest.raises(ArgumentError, match=r"argument 'options': expected dict\[str, Any\] or None, found list"):
        invoke(bridge, created(bridge, prompt="x"), options=[])
    assert fake.requests == []


def test_options_of_the_call_go_before_those_of_the_program_and_the_context(
    bridge: LangchainBridge, fake: FakeHost
) -> None:
    fake.answers = ["a", "b", "c"]
    program = created(bridge, prompt="x", options={"max_tokens": 20, "stop": ["\n"], "seed": None})
    names = ("model", "temperature", "max_tokens", "seed", "stop")
    answer = bridge.dispatch("configure", {"model": "small", "temperature": 1, "max_tokens": 10})
    assert answer == {"model": "small", "temperature": 1, "max_tokens": 10, "seed": None}
    invoke(bridge, program)
    invoke(bridge, program, options={"temperature": 0, "max_tokens": 30, "seed": 4})
    bridge.dispatch("configure", {})
    invoke(bridge, program)
    assert [tuple(request[name] for name in names) for request in fake.requests] == [
        ("small", 1.0, 20, None, ["\n"]),
        ("small", 0.0, 30, 4, ["\n"]),
        (None, None, 20, None, ["\n"]),
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temprature": 1}, "unknown option 'temprature'; did you mean 'temperature'?"),
        ({"temperature": 3}, "temperature: must be a number from 0 to 2, got 3"),
        ({"max_tokens": 0}, "max_tokens: must be an integer above 0 and below 2**31, got 0"),
        ({"max_tokens": True}, "must be an integer above 0"),
        ({"stop": "x"}, "stop: must be a list of texts that are not empty, got 'x'"),
        ({"model": ""}, "model: must be the name of a language model"),
    ],
)
def test_wrong_options(bridge: LangchainBridge, fake: FakeHost, options: Any, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        created(bridge, prompt="x", options=options)
    assert message in str(caught.value)
    assert str(caught.value).startswith("spec.options")
    program = created(bridge, prompt="x")
    with pytest.raises(SpecError, match=r"^options"):
        invoke(bridge, program, options=options)
    assert fake.requests == []


@pytest.mark.parametrize(
    ("spec", "path", "message"),
    [
        ({"prompt": "x", "parsr": "str"}, "spec", "unknown key 'parsr'. Known keys: prompt, parser, output, options"),
        ({}, "spec.prompt", "must be a text or a list of messages, got None"),
        ({"prompt": []}, "spec.prompt", "must be a text or a list of messages"),
        ({"prompt": "{"}, "spec.prompt", "is not a template with variables in braces"),
        ({"prompt": "{}"}, "spec.prompt", "{} has no name"),
        ({"prompt": "{a.b}"}, "spec.prompt", "{a.b} is not the name of a variable"),
        ({"prompt": "{self}"}, "spec.prompt", "{self} is a name that LangChain uses itself"),
        ({"prompt": [{"role": "ai", "template": "{b} {self!r}"}]}, "spec.prompt[0].template", "{self} is a name"),
        ({"prompt": "{stop}"}, "spec.prompt", "{stop} is a name that LangChain uses itself"),
        ({"prompt": "{1}"}, "spec.prompt", "{1} is not the name of a variable"),
        ({"prompt": "{a:{b}}"}, "spec.prompt", "the format of {a} has braces"),
        ({"prompt": "{a!z}"}, "spec.prompt", "Unknown conversion specifier z"),
        ({"prompt": ["x"]}, "spec.prompt[0]", "must be a dict of 'role' and 'template'"),
        ({"prompt": [{"role": "human"}]}, "spec.prompt[0]", "must be a dict of 'role' and 'template'"),
        ({"prompt": [{"role": "history"}]}, "spec.prompt[0]", "must be a dict of 'role' and 'last'"),
        ({"prompt": [{"role": "history", "last": 1}]}, "spec.prompt[0]", "at least 2"),
        ({"prompt": [{"role": "history", "last": True}]}, "spec.prompt[0]", "at least 2"),
        ({"prompt": [{"role": "history", "last": 2}] * 2}, "spec.prompt", "more than one message"),
        ({"prompt": [*CONVERSATION, {"role": "ai", "template": "{history}"}]}, "spec.prompt", "variable {history}"),
        ({"prompt": [{"role": "tool", "template": "x"}]}, "spec.prompt[0].role", "must be one of system, human, ai"),
        ({"prompt": [{"role": "ai", "template": 1}]}, "spec.prompt[0].template", "must be a text, got 1"),
        ({"prompt": [{"role": "ai", "template": "}"}]}, "spec.prompt[0].template", "is not a template"),
        ({"prompt": "x", "parser": "xml"}, "spec.parser", "must be one of str, json, list, got 'xml'"),
        ({"prompt": "x", "parser": []}, "spec.parser", "must be one of str, json, list"),
        ({"prompt": "x", "parser": "str", "output": CITY}, "spec.parser", "must be json where 'output' is given"),
        ({"prompt": "x", "output": {"type": "list"}}, "spec.output", "list needs 'items'"),
    ],
)
def test_wrong_specs(bridge: LangchainBridge, fake: FakeHost, spec: Any, path: str, message: str) -> None:
    for command in ("create_program", "define_program"):
        with pytest.raises(SpecError) as caught:
            bridge.dispatch(command, {"spec": spec, "program": "p"})
        assert caught.value.path == path
        assert message in str(caught.value)
        assert fake.specs == {}


def test_a_defined_program_loads_langchain_when_it_is_called(bridge: LangchainBridge, fake: FakeHost) -> None:
    spec = {"prompt": [*CHAT, {"role": "history", "last": 2}], "output": CITY, "options": {"max_tokens": 20}}
    bridge.dispatch("define_program", {"spec": spec, "program": "p"})
    assert fake.specs == {("langchain", "p"): spec}
    assert not bridge.dispatch("ping", {})["loaded"]
    fake.answers = ['{"name": "Oslo", "people": 1, "mayor": null}']
    assert invoke(bridge, "p", inputs={"field": "maps", "country": "Norway"})["output"]["name"] == "Oslo"
    assert bridge.dispatch("ping", {})["loaded"]


def filled_in(text: str) -> None:
    template = PromptTemplate.from_template(text)
    template.format(**dict.fromkeys(template.input_variables, "x"))


def test_a_template_is_in_a_spec_what_it_is_to_langchain() -> None:
    parts = [*"{}[]!:.<>0a _-", "{{", "}}", "{a}", "{b!r}", "{c:>5}", "{d.e}", "text"]
    choices = Random(7)  # noqa: S311 - no secrets
    taken = 0
    for _ in range(2000):
        text = "".join(choices.choices(parts, k=choices.randrange(1, 6)))
        try:
            _specs.read({"prompt": text})
        except SpecError:
            with pytest.raises((ValueError, KeyError, IndexError)):
                filled_in(text)
        else:
            PromptTemplate.from_template(text)
            taken += 1
    assert 500 < taken < 1500


def test_any_context_builds_a_program_on_first_use(bridge: LangchainBridge, fake: FakeHost) -> None:
    spec = {"prompt": "The capital of {country}?", "parser": "str"}
    assert bridge.dispatch("create_program", {"spec": spec, "program": "capital"}) == {"program": "capital"}
    assert fake.specs == {("langchain", "capital"): spec}
    fake.answers = ["Paris", "Rome"]
    other = LangchainBridge()
    assert invoke(other, "capital", inputs={"country": "France"})["output"] == "Paris"
    assert other.dispatch("get_stats")["programs"] == 1
    other.dispatch("cleanup_framework")
    assert invoke(other, "capital", inputs={"country": "Italy"})["output"] == "Rome"


def test_equal_specs_are_one_program(bridge: LangchainBridge, fake: FakeHost) -> None:
    assert created(bridge, prompt="a", parser="str") == created(bridge, parser="str", prompt="a")
    assert created(bridge, prompt="a") != created(bridge, prompt="b")
    assert len(fake.specs) == 3


def test_programs_have_no_compiled_state(bridge: LangchainBridge, fake: FakeHost) -> None:
    program = created(bridge, prompt="a")
    before = bridge.dispatch("get_program_info", {"program": program})
    with pytest.raises(ArgumentError, match="set_program_state: programs of langchain have no compiled state"):
        bridge.dispatch("set_program_state", {"program": program, "state": {}})
    with pytest.raises(ArgumentError, match="get_program_state: programs of langchain have no compiled state"):
        bridge.dispatch("get_program_state", {"program": program})
    assert bridge.dispatch("get_program_info", {"program": program}) == before


def test_what_is_deleted_is_unknown_everywhere(bridge: LangchainBridge, fake: FakeHost) -> None:
    program = created(bridge, prompt="a")
    fake.answers = ["x"]
    other = LangchainBridge()
    invoke(other, program)
    bridge.dispatch("delete_program", {"program": program})
    for each in (bridge, other):
        with pytest.raises(UnknownProgramError):
            invoke(each, program)


def test_unknown_program(bridge: LangchainBridge, fake: FakeHost) -> None:
    with pytest.raises(UnknownProgramError, match="langchain has no program 'nothing'"):
        invoke(bridge, "nothing")
    assert fake.requests == []


def test_what_the_host_raises_passes_through(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.answers = [RuntimeError("prompt too long")]
    with pytest.raises(RuntimeError, match="prompt too long"):
        invoke(bridge, created(bridge, prompt="x"))


def test_a_batch_goes_on_after_a_failure(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.answers = ["one", "two"]
    program = created(bridge, prompt="{n}")
    commands = [
        {"command": "invoke", "args": {"program": program, "inputs": inputs}} for inputs in ({"n": 1}, {}, {"n": 2})
    ]
    results = bridge.dispatch("batch", {"commands": commands})
    assert [result["ok"] for result in results] == [True, False, True]
    assert [results[0]["value"]["output"], results[2]["value"]["output"]] == ["one", "two"]
    assert results[1]["error"]["message"] == "invoke: missing prompt variable 'n'. Accepted prompt variables: n"


@pytest.mark.usefixtures("fake")
def test_calls_of_several_threads_keep_their_own_traces(bridge: LangchainBridge) -> None:
    host.install({"model.generate": lambda request: {"text": request["messages"][0]["content"]}})
    program = created(bridge, prompt="{n}")

    def one(n: int) -> dict[str, Any]:
        return invoke(bridge, program, inputs={"n": n}, trace=True)

    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(one, range(40)))
    assert [result["output"] for result in results] == [str(n) for n in range(40)]
    assert all(result["messages"] == [{"role": "user", "content": str(n)}] for n, result in enumerate(results))
    assert all(result["usage"]["calls"] == 1 for result in results)


def converse(bridge: LangchainBridge, program: str, question: str) -> Any:
    return invoke(bridge, program, inputs={"field": "cities", "question": question})["output"]


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def test_a_session_s_history_stands_in_the_prompt_and_grows(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.session = {"other": 1}
    fake.answers = ["Paris {it is}.", "Two million.", "The Seine."]
    program = created(bridge, prompt=CONVERSATION)
    for question in ("The capital?", "Its people?", "Its river?"):
        converse(bridge, program, question)
    system = {"role": "system", "content": "You know cities."}
    first, second = (
        [user("The capital?"), assistant("Paris {it is}.")],
        [user("Its people?"), assistant("Two million.")],
    )
    third = [user("Its river?"), assistant("The Seine.")]
    sent = [request["messages"] for request in fake.requests]
    assert sent == [
        [system, user("The capital?")],
        [system, *first, user("Its people?")],
        [system, *first, *second, user("Its river?")],
    ]
    assert fake.session == {"other": 1, "history": [*second, *third]}  # the last four


def test_a_program_that_wants_little_of_the_history_leaves_it_to_the_others(
    bridge: LangchainBridge, fake: FakeHost
) -> None:
    fake.session = {}
    fake.answers = ["1", "2", "3", "4"]
    talk = created(bridge, prompt=CONVERSATION)
    brief = created(
        bridge, prompt=[{"role": "history", "last": 2}, {"role": "human", "template": "{field} {question}"}]
    )
    for program, question in ((talk, "a"), (talk, "b"), (brief, "c"), (talk, "d")):
        converse(bridge, program, question)
    assert [len(request["messages"]) for request in fake.requests] == [2, 4, 3, 6]
    assert fake.requests[3]["messages"][1:5] == [user("b"), assistant("2"), user("cities c"), assistant("3")]


def test_a_cache_of_all_models_hides_no_answer(bridge: LangchainBridge, fake: FakeHost) -> None:
    from langchain_core.caches import InMemoryCache
    from langchain_core.globals import set_llm_cache

    fake.answers = ["Paris.", "Paris again."]
    program = created(bridge, prompt="The capital of {country}?")
    set_llm_cache(InMemoryCache())
    try:
        results = [invoke(bridge, program, inputs={"country": "France"}, trace=True) for _ in range(2)]
    finally:
        set_llm_cache(None)
    assert [result["response"] for result in results] == ["Paris.", "Paris again."]


def test_a_history_never_begins_with_an_answer(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.session = {"history": [user("a"), assistant("b"), user("c"), assistant("d"), user("e")]}
    fake.answers = ["f"]
    converse(bridge, created(bridge, prompt=CONVERSATION), "g")
    assert fake.requests[0]["messages"][1:] == [user("c"), assistant("d"), user("e"), user("g")]


def test_a_call_that_fails_adds_nothing_to_the_history(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.session = {}
    fake.answers = ["no json"]
    program = created(bridge, prompt=CONVERSATION, parser="json")
    with pytest.raises(OutputParserException):
        converse(bridge, program, "The capital?")
    assert fake.session == {}


def test_without_a_session_there_is_no_history(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.answers = ["Paris.", "Two million."]
    program = created(bridge, prompt=CONVERSATION)
    converse(bridge, program, "The capital?")
    converse(bridge, program, "Its people?")
    assert [len(request["messages"]) for request in fake.requests] == [2, 2]
    assert fake.session is None


def test_a_stream_that_was_read_to_its_end_adds_to_the_history(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.session = {}
    fake.answers = ["Paris it is.", "Two million."]
    program = created(bridge, prompt=CONVERSATION)
    inputs = {"field": "cities", "question": "The capital?"}
    assert list(streamed(bridge, program, inputs=inputs)) == ["Paris ", "it ", "is."]
    pieces = streamed(bridge, program, inputs={**inputs, "question": "Its people?"})
    next(pieces)
    pieces.close()
    assert fake.session == {"history": [user("The capital?"), assistant("Paris it is.")]}


def test_the_history_is_no_variable(bridge: LangchainBridge, fake: FakeHost) -> None:
    program = created(bridge, prompt=CONVERSATION)
    with pytest.raises(ArgumentError, match="history"):
        invoke(bridge, program, inputs={"field": "x", "question": "y", "history": []})
    assert fake.requests == []


def streamed(bridge: LangchainBridge, program: str, **args: Any) -> Any:
    return bridge.dispatch("stream", {"program": program, "inputs": {}, **args})


def test_stream_of_a_text(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.answers = ["Paris, of course."]
    program = created(bridge, prompt="Of {country}?", options={"seed": 3})
    assert list(streamed(bridge, program, inputs={"country": "France"})) == ["Paris, ", "of ", "course."]
    assert fake.requests[0]["messages"] == [{"role": "user", "content": "Of France?"}]
    assert fake.requests[0]["seed"] == 3
    assert fake.closed == 1


def test_stream_of_json_grows(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.answers = ['{"a": [1, 2], "b": "x y"}']
    pieces = list(streamed(bridge, created(bridge, prompt="?", parser="json")))
    assert pieces[-1] == {"a": [1, 2], "b": "x y"}
    assert {"a": [1, 2]} in pieces


def test_stream_of_a_type_ends_with_the_whole_of_that_type(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.answers = ['{"value": "2024-02-29"}']
    pieces = list(streamed(bridge, created(bridge, prompt="?", output={"type": "date"})))
    assert pieces[-1] == datetime.date(2024, 2, 29)


@pytest.mark.parametrize(
    ("output", "answer"),
    [
        ({"type": "number"}, '{"value": 3}'),
        ({"type": "integer"}, '{"value": 3.0}'),
        ({"type": "decimal"}, '{"value": 12.5}'),
        ({"type": "string"}, '{"value": ""}'),
        (CITY, '{"mayor": null, "people": 2, "name": "Paris"}'),
        (None, "[1, 1.0]"),
        (None, "null"),
        (None, '"a { b"'),
        ({"type": "optional", "of": {"type": "string"}}, '{"value": null}'),
        ({"type": "decimal"}, '{"value": 1234567890123456.78}'),
    ],
)
def test_stream_ends_with_what_invoke_returns(
    bridge: LangchainBridge, fake: FakeHost, output: dict[str, Any] | None, answer: str
) -> None:
    fake.answers = [answer, answer]
    program = created(bridge, prompt="?", **({"parser": "json"} if output is None else {"output": output}))
    whole = bridge.dispatch("invoke", {"program": program, "inputs": {}})["output"]
    assert repr(list(streamed(bridge, program))[-1]) == repr(whole)


def test_a_decimal_has_all_the_digits_that_were_written(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.answers = ['{"value": 1234567890123456.78}', '{"value": 0.5}']
    exact = invoke(bridge, created(bridge, prompt="x", output={"type": "decimal"}))["output"]
    assert exact == decimal.Decimal("1234567890123456.78")
    number = invoke(bridge, created(bridge, prompt="x", output={"type": "number"}))["output"]
    assert (number, type(number)) == (0.5, float)


@pytest.mark.usefixtures("fake")
@pytest.mark.parametrize("name", ["template", "kwargs", "config", "input", "args", "cls", "format_string", "class"])
def test_variables_may_have_the_names_of_upstream_s_parameters(bridge: LangchainBridge, name: str) -> None:
    host.install({"model.generate": lambda request: {"text": request["messages"][0]["content"]}})
    template = f"{{{name}}}"
    for prompt in (template, [{"role": "human", "template": template}]):
        assert invoke(bridge, created(bridge, prompt=prompt), inputs={name: "told"})["output"] == "told"


def test_a_variable_may_have_a_format_of_its_value_s_type(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.answers = ["ok"]
    invoke(bridge, created(bridge, prompt="{price:>6.2f} {name!r}"), inputs={"price": 1, "name": "x"})
    assert fake.requests[0]["messages"][0]["content"] == "  1.00 'x'"


def test_calls_of_programs_may_be_made_again(bridge: LangchainBridge) -> None:
    again = {name for name, handler in bridge._handlers.items() if handler.idempotent}
    assert again == {"describe_tools", "get_stats", "invoke", "ping", "stream"}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ('{"name": "Paris", "people": 2, "mayor": null}}', "Invalid json output"),
        ('{"name": "Paris", "people": "two", "mayor": null}', "output.people"),
        ("no", "no"),
    ],
)
def test_stream_that_does_not_fit_fails_at_its_end(
    bridge: LangchainBridge, fake: FakeHost, answer: Any, message: str
) -> None:
    fake.answers = [answer]
    with pytest.raises(OutputParserException, match=message):
        list(streamed(bridge, created(bridge, prompt="?", output=CITY)))


def test_stream_that_is_closed_stops_the_model(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.answers = ["one two three"]
    pieces = streamed(bridge, created(bridge, prompt="?"))
    assert next(pieces) == "one "
    pieces.close()
    assert fake.closed == 1


def test_stream_of_a_model_that_fails(bridge: LangchainBridge, fake: FakeHost) -> None:
    fake.answers = [ValueError("out of order")]
    with pytest.raises(ValueError, match="out of order"):
        list(streamed(bridge, created(bridge, prompt="?")))


def test_stream_checks_variables(bridge: LangchainBridge, fake: FakeHost) -> None:
    with pytest.raises(ArgumentError, match=r"stream.*country"):
        list(streamed(bridge, created(bridge, prompt="Of {country}?")))


def test_a_warm_call_makes_no_more_python_calls_than_it_did(bridge: LangchainBridge, fake: FakeHost) -> None:
    program = created(bridge, prompt="The capital of {country}?")
    fake.answers = ["Paris."] * 4

    def ask() -> None:
        invoke(bridge, program, inputs={"country": "France"})

    for _ in range(3):
        ask()
    calls = python_calls(ask)
    assert CALLS_OF_A_WARM_CALL * 0.7 < calls < CALLS_OF_A_WARM_CALL * 1.1, calls

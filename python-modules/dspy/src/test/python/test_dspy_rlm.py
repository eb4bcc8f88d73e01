"""dspy.RLM, and DSPy's other programs that write code, on a host's code contexts."""

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import dspy
from dspy.primitives.code_interpreter import CodeExecutionError, CodeInterpreter, CodeInterpreterError, FinalOutput

from terrarium.bridge import ArgumentError, HostCallError, SpecError, host
from terrarium.bridge.testing import CodeHost
from terrarium.dspy import DspyBridge
from test_dspy_bridge import hosted, raised

SIGNATURE = {
    "inputs": [{"name": "text", "type": {"type": "string"}}, {"name": "word", "type": {"type": "string"}}],
    "outputs": [
        {"name": "count", "type": {"type": "integer"}},
        {"name": "places", "type": {"type": "list", "items": {"type": "integer"}}},
    ],
}
SPEC = {"kind": "rlm", "signature": SIGNATURE}
LOOK_UP = {
    "name": "look_up",
    "description": "Looks a word up.",
    "parameters": json.dumps(
        {
            "type": "object",
            "properties": {"word": {"type": "string"}, "language": {"type": "string"}},
            "required": ["word"],
        }
    ),
}


class JavaError(BaseException):
    """As a Java exception, which is no Exception to Python."""


@contextmanager
def coding(*answers: Any) -> Iterator[tuple[Any, CodeHost]]:
    code = CodeHost()
    with hosted(*answers) as fake:
        host.install(code.services())
        try:
            yield fake, code
        finally:
            host.uninstall(*code.services())


def action(code: str) -> str:
    return json.dumps({"reasoning": "I look.", "code": f"```python\n{code}\n```"})


def explore(spec: Any = SPEC, text: str = "a needle and a needle", tools: Any = None, **more: Any) -> Any:
    bridge = DspyBridge()
    program = bridge.dispatch("define_program", {"spec": spec})["program"]
    inputs = {"text": text, "word": "needle"}
    return bridge.dispatch("explore", {"program": program, "inputs": inputs, "tools": tools or {}, **more})


FIND = action("import re\nplaces = [m.start() for m in re.finditer(word, text)]\nprint(places)")
SUBMIT = action("SUBMIT(len(places), places)")


def test_code_looks_at_a_long_text_in_steps() -> None:
    text = "needle" + "hay " * 2_500_000 + "needle"
    with coding(FIND, SUBMIT) as (fake, code):
        result = explore(text=text, trace=True)
    assert result["outputs"] == {"count": 2, "places": [0, 10_000_006]}
    assert [step["output"] for step in result["steps"]] == [
        "[0, 10000006]\n",
        "FINAL: {'count': 2, 'places': [0, 10000006]}",
    ]
    assert result["steps"][0]["reasoning"] == "I look."
    assert result["usage"]["calls"] == 2
    assert all(len(json.dumps(request)) < 30_000 for request in fake.requests)
    assert sum(len(request["texts"].get("text", "")) for request in code.executed) == len(text)
    assert not code.open


def test_code_asks_the_model_and_counts_its_questions() -> None:
    ask = action("answers = llm_query_batched(['one?', 'two?'])\nSUBMIT(len(answers), [len(llm_query('three?'))])")
    with coding(ask, "first", "second", "third", action("SUBMIT(1, [])")) as (fake, _):
        result = explore()
    assert result["outputs"] == {"count": 2, "places": [5]}
    assert [request["messages"][-1]["content"] for request in fake.requests[1:]] == ["one?", "two?", "three?"]
    with coding(ask, "first", "second", action("SUBMIT(1, [])")) as (fake, _):
        result = explore({**SPEC, "max_llm_calls": 2})
    assert "LLM call limit exceeded: 2 + 1 > 2" in result["steps"][0]["output"]


def test_options_are_those_of_the_codes_questions_too() -> None:
    with coding(action("SUBMIT(1, [len(llm_query('?'))])"), "answer") as (fake, _):
        explore(options={"temperature": 0.5, "max_tokens": 99})
    assert [(request["temperature"], request["max_tokens"]) for request in fake.requests] == [(0.5, 99)] * 2


def test_tools_are_functions_of_the_code() -> None:
    asked = []

    def look_up(arguments: dict[str, Any]) -> dict[str, Any]:
        asked.append(arguments)
        return {"error": "no such word"} if arguments["word"] == "hay" else {"value": {"found": [1, 2]}}

    code = action("found = look_up('needle', language='en')['found']\nlook_up(word='hay')")
    with coding(code, action("SUBMIT(len(found), found)")) as (fake, _):
        result = explore({**SPEC, "tools": [LOOK_UP]}, tools={"look_up": look_up})
    assert result["outputs"] == {"count": 2, "places": [1, 2]}
    assert asked == [{"word": "needle", "language": "en"}, {"word": "hay"}]
    assert result["steps"][0]["output"].startswith("[Error] ")
    assert (
        "RuntimeError: RuntimeError: look_up: no such word (line 2: look_up(word='hay'))"
        in result["steps"][0]["output"]
    )
    assert "`look_up(word: string, language: string)` - Looks a word up." in fake.requests[0]["messages"][0]["content"]


def test_a_failure_that_ends_the_call_is_the_hosts() -> None:
    failure = HostCallError("tool", JavaError("java.io.IOException: gone"))

    def fail(_: Any) -> Any:
        raise failure

    with coding(action("try:\n    look_up('a')\nexcept BaseException:\n    pass")) as (_, code):
        error = raised(HostCallError, lambda: explore({**SPEC, "tools": [LOOK_UP]}, tools={"look_up": fail}))
    assert error is failure
    assert not code.open


def test_errors_are_read_by_the_model() -> None:
    with coding(
        action("1 / 0"), action("x = ("), action("SUBMIT(1)"), action("SUBMIT('one', [])"), action("SUBMIT(1, [])")
    ):
        result = explore()
    outputs = [step["output"] for step in result["steps"]]
    assert "ZeroDivisionError: division by zero (line 1: 1 / 0)" in outputs[0]
    assert "Invalid Python syntax" in outputs[1]
    assert "SUBMIT needs places, too" in outputs[2]
    assert outputs[3].startswith("[Type Error] count")


def test_outputs_are_made_of_what_is_there_after_the_last_step() -> None:
    with coding(FIND, json.dumps({"count": 7, "places": []})):
        result = explore({**SPEC, "max_iters": 1})
    assert result["outputs"] == {"count": 7, "places": []}
    assert len(result["steps"]) == 1


def test_sub_agents_run_here_and_have_interpreters_of_their_own() -> None:
    inner = "import dspy\nagent = dspy.RLM('text -> length: int')\nSUBMIT(agent(text=text).length, [])"
    with coding(action(inner), action("SUBMIT(len(text))")) as (_, code), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of DSPy, for what its own sub-agents do
        result = explore()
    assert result["outputs"] == {"count": 21, "places": []}
    assert not code.open


def test_specs_and_commands_that_do_not_fit_are_refused() -> None:
    bridge = DspyBridge()
    with coding():
        for change, path in (
            ({"max_iters": 0}, "spec.max_iters"),
            ({"max_llm_calls": "many"}, "spec.max_llm_calls"),
            ({"steps": 1}, "spec"),
            ({"tools": [{**LOOK_UP, "name": "llm_query"}]}, "spec"),
            ({"signature": "SUBMIT -> answer"}, "spec"),
            ({"signature": "config -> answer"}, "spec.signature"),
        ):
            error = raised(SpecError, partial(bridge.dispatch, "create_program", {"spec": {**SPEC, **change}}))
            assert error.path == path
        predict = bridge.dispatch("create_program", {"spec": {**SPEC, "kind": "predict"}})["program"]
        rlm = bridge.dispatch("create_program", {"spec": SPEC})["program"]
        inputs = {"text": "", "word": ""}
        for command, arguments in (
            ("explore", {"program": predict, "inputs": inputs, "tools": {}}),
            ("stream", {"program": rlm, "inputs": inputs}),
            ("freeze_program", {"program": rlm}),
        ):
            raised(ArgumentError, partial(bridge.dispatch, command, arguments))


def test_programs_without_tools_can_be_called_as_others() -> None:
    bridge = DspyBridge()
    with coding(FIND, SUBMIT):
        program = bridge.dispatch("create_program", {"spec": SPEC})["program"]
        result = bridge.dispatch("call", {"program": program, "inputs": {"text": "needle", "word": "needle"}})
    assert result["outputs"] == {"count": 1, "places": [0]}
    assert len(result["steps"]) == 2


def interpreter(**more: Any) -> Any:
    from terrarium.dspy._interpreter import HostInterpreter

    return HostInterpreter(**more)


def test_the_interpreter_keeps_dspys_contract() -> None:
    with coding() as (_, code):
        made = interpreter(tools={"double": lambda n: 2 * n})
        assert isinstance(made, CodeInterpreter)
        with made:
            assert made("x = double(n)\nx + 1", {"n": 20}) == 41
            assert made("print(x)") == "40\n"
            assert made("x = 1") is None
            assert made("SUBMIT({'x': x})") == FinalOutput({"output": {"x": 1}})
            raised(SyntaxError, lambda: made("x ="))
            assert "name 'y'" in str(raised(CodeExecutionError, lambda: made("y")))
            for name in ("SUBMIT", "double", "class", "1"):
                raised(CodeInterpreterError, partial(made, "1", {name: 1}))
            raised(CodeInterpreterError, lambda: made("1", {"x": object()}))
            raised(CodeExecutionError, lambda: made("double(1, 2)"))
        assert not code.open
        raised(CodeInterpreterError, lambda: made("1"))
        raised(CodeInterpreterError, made.start)


def test_variables_are_the_callers_at_each_step() -> None:
    with coding() as (_, code), interpreter() as made:
        items = [1]
        text = "long" * 1000
        assert made("items.append(2)\ntext = text[:4]\nitems, text", {"items": items, "text": text}) == [[1, 2], "long"]
        assert made("items, len(text)", {"items": items, "text": text}) == [[1], 4000]
        items.append(3)
        assert made("items", {"items": items, "text": text}) == [1, 3]
        assert made("text", {"text": [text]}) == [text]
        assert made("text", {"text": text}) == text
        sent = [("text" in request["texts"], "items" in request["values"]) for request in code.executed]
        assert sent == [(True, True), (False, False), (False, True), (False, False), (True, False)]


def test_tools_take_their_arguments_in_all_ways() -> None:
    def both(first: int, *rest: int, last: int = 0) -> list[Any]:
        return [first, list(rest), last]

    async def later(n: int) -> int:
        return n + 1

    with coding(), interpreter(tools={"both": both, "later": later, "named": lambda **names: names}) as made:
        assert made("both(1, 2, 3, last=4), later(1), named(a={1})") == [[1, [2, 3], 4], 2, {"a": [1]}]


def test_a_tool_cannot_execute_code_in_the_same_session() -> None:
    with coding():
        made = interpreter()
        made.tools["again"] = lambda: made("1")
        assert "cannot execute code from within" in str(raised(CodeExecutionError, lambda: made("again()")))
        assert made("1 + 1") == 2
        made.shutdown()


def square(n: int) -> int:
    return n * n


def test_other_programs_that_write_code_take_the_interpreter() -> None:
    from terrarium.dspy._interpreter import HostInterpreter
    from terrarium.dspy._runtime import Runtime

    made = {"interpreter_factory": HostInterpreter}
    answer = json.dumps({"reasoning": "", "answer": 36})
    runtime = Runtime()
    cases: list[Any] = [
        (lambda: dspy.ProgramOfThought("question -> answer: int", **made), thought("SUBMIT({'n': 6 * 6})"), answer),
        (lambda: dspy.CodeAct("question -> answer: int", [square], **made), thought("print(square(6))"), answer),
        (lambda: dspy.Flex("question -> answer: int", **made), answer),
    ]
    for module, *answers in cases:
        with coding(*answers) as (fake, code), warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            with dspy.context(lm=runtime._model(None, False), adapter=runtime.adapter("json")):
                assert module()(question="6 * 6?").answer == 36
        assert code.executed
        assert not fake.answers
        assert not code.open
    runtime.close()


def thought(code: str) -> str:
    return json.dumps({"reasoning": "", "finished": True, "generated_code": f"```python\n{code}\n```"})

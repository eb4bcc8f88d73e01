"""dspy.ReAct on tools of the host's caller. Plain functions and asserts only, so that any Python runs them."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import dspy

from terrarium.bridge import ArgumentError, HostCallError, SpecError
from terrarium.bridge.errors import TruncatedAnswerError
from terrarium.dspy import DspyBridge
from test_dspy_bridge import hosted, raised

INTEGER = {"type": "integer"}
ADD = {
    "name": "add",
    "description": "Adds two numbers.",
    "parameters": json.dumps(
        {
            "type": "object",
            "properties": {"a": INTEGER, "b": {**INTEGER, "description": "the second one"}},
            "required": ["a", "b"],
            "additionalProperties": False,
        }
    ),
}
LOOK_UP = {
    "name": "look_up",
    "description": "",
    "parameters": json.dumps(
        {"type": "object", "properties": {"word": {"$ref": "#/$defs/W"}}, "$defs": {"W": {"type": "string"}}}
    ),
}
SPEC = {"kind": "react", "signature": "question -> answer: int", "tools": [ADD, LOOK_UP]}


class JavaError(BaseException):
    """As a Java exception, which is no Exception to Python."""


def step(tool: str, **arguments: Any) -> str:
    return json.dumps({"next_thought": f"I need {tool}.", "next_tool_name": tool, "next_tool_args": arguments})


def tools(**functions: Callable[[dict[str, Any]], Any]) -> dict[str, Callable[[dict[str, Any]], Any]]:
    def answering(function: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
        return lambda arguments: {"value": function(arguments)}

    kept = {"add": lambda arguments: arguments["a"] + arguments["b"], "look_up": lambda _: None, **functions}
    return {name: answering(function) for name, function in kept.items()}


def act(bridge: DspyBridge, functions: Any, spec: Any = SPEC, **more: Any) -> Any:
    program = bridge.dispatch("define_program", {"spec": spec})["program"]
    return bridge.dispatch("act", {"program": program, "inputs": {"question": "2 + 3?"}, "tools": functions, **more})


END = (step("finish"), json.dumps({"reasoning": "It is the sum.", "answer": 5}))


def test_tools_are_called_until_the_model_finishes() -> None:
    with hosted(step("add", a=2, b=3), *END) as host:
        result = act(DspyBridge(), tools(), trace=True)
    assert result["outputs"] == {"reasoning": "It is the sum.", "answer": 5}
    assert [(each["tool"], each["arguments"], each["observation"]) for each in result["steps"]] == [
        ("add", {"a": 2, "b": 3}, 5),
        ("finish", {}, "Completed."),
    ]
    assert result["steps"][0]["thought"] == "I need add."
    assert result["usage"]["calls"] == 3
    system = host.requests[0]["messages"][0]["content"]
    assert "(1) add, whose description is <desc>Adds two numbers.</desc>." in system
    assert "the second one" in system
    assert "Observation" in host.requests[1]["messages"][-1]["content"] or "observation_0" in str(host.requests[1])


def test_a_model_that_can_be_constrained_writes_a_tools_name_and_arguments() -> None:
    with hosted(*END) as host:
        act(DspyBridge(), tools())
    properties = host.requests[0]["schema"]["properties"]
    assert properties["next_tool_name"]["enum"] == ["add", "look_up", "finish"]
    assert properties["next_tool_args"]["anyOf"] == [
        json.loads(ADD["parameters"]),
        {"type": "object", "properties": {"word": {"type": "string"}}},
        {"type": "object", "properties": {}, "additionalProperties": False},
    ]


def test_a_schema_that_no_grammar_knows_leaves_the_arguments_free() -> None:
    odd = {**ADD, "parameters": '{"type": "object", "properties": {"a": {"type": ["string", "null"]}}}'}
    with hosted(step("add", a=None), *END) as host:
        result = act(DspyBridge(), {"add": lambda arguments: {"value": arguments}}, {**SPEC, "tools": [odd]})
    assert host.requests[0]["schema"]["properties"]["next_tool_args"]["anyOf"][0] == {"type": "object"}
    assert result["steps"][0]["observation"] == {"a": None}


def test_results_of_all_kinds_come_back() -> None:
    value = {"sum": Decimal("1.50"), "parts": [1, "a", None]}
    with hosted(step("look_up", word="x"), *END):
        result = act(DspyBridge(), tools(look_up=lambda _: value))
    assert result["steps"][0]["observation"] == value


def test_what_a_tool_says_of_its_failure_is_an_observation() -> None:
    functions = {**tools(), "add": lambda _: {"error": "out of numbers"}}
    with hosted(step("add", a=2, b=3), step("add", a="two", b=3), step("add", c=1), *END):
        result = act(DspyBridge(), functions)
    assert [each["observation"] for each in result["steps"]][:2] == [
        "Execution error in add: out of numbers",
        "Execution error in add: Arg a is invalid: 'two' is not of type 'integer'",
    ]
    assert result["outputs"]["answer"] == 5


def test_a_tool_that_raises_ends_the_call_with_what_the_host_raised() -> None:
    failure = HostCallError("args.tools.add", JavaError("dev.example.Broken: no more"))

    def broken(_: dict[str, Any]) -> Any:
        raise failure

    with hosted(step("add", a=2, b=3), *END) as host:
        error = raised(HostCallError, lambda: act(DspyBridge(), {**tools(), "add": broken}))
    assert error is failure
    assert len(host.requests) == 1


def test_the_steps_are_limited() -> None:
    with hosted(*[step("add", a=1, b=1)] * 2, END[1]) as host:
        result = act(DspyBridge(), tools(), max_steps=2)
    assert [each["tool"] for each in result["steps"]] == ["add", "add"]
    assert result["outputs"]["answer"] == 5
    assert len(host.requests) == 3


def test_a_tool_may_run_a_program_with_tools() -> None:
    bridge = DspyBridge()

    def ask(_: dict[str, Any]) -> Any:
        inner = act(bridge, {"add": lambda arguments: {"value": arguments["a"] * 100}}, {**SPEC, "tools": [ADD]})
        return inner["steps"][0]["observation"]

    answers = (step("look_up", word="x"), step("add", a=2, b=3), *END, step("add", a=2, b=3), *END)
    with hosted(*answers):
        result = act(bridge, tools(look_up=ask))
    assert [each["observation"] for each in result["steps"]] == [200, 5, "Completed."]


def test_calls_without_the_right_tools_are_refused() -> None:
    bridge = DspyBridge()
    with hosted():
        program = bridge.dispatch("create_program", {"spec": SPEC})["program"]
        plain = bridge.dispatch("create_program", {"spec": {"kind": "predict", "signature": "q -> a"}})["program"]
        given = {"program": program, "inputs": {"question": "?"}}
        assert "missing tool 'look_up'" in str(raised(ArgumentError, lambda: act(bridge, {"add": len})))
        assert "unknown tool 'more'" in str(raised(ArgumentError, lambda: act(bridge, tools(more=len))))
        assert "run it by 'act'" in str(raised(ArgumentError, lambda: bridge.dispatch("call", given)))
        assert "run it by 'act'" in str(raised(ArgumentError, lambda: bridge.dispatch("stream", given)))
        assert "max_steps" in str(raised(ArgumentError, lambda: act(bridge, tools(), max_steps=0)))
        without = {"program": plain, "inputs": {"q": "?"}, "tools": {}}
        assert "has no tools" in str(raised(ArgumentError, lambda: bridge.dispatch("act", without)))


def test_specs_that_are_wrong_name_the_place() -> None:
    def fault(**changes: Any) -> str:
        with hosted():
            spec = {**SPEC, **changes}
            return str(raised(SpecError, lambda: DspyBridge().dispatch("create_program", {"spec": spec})))

    assert "spec.tools" in fault(tools=[])
    assert "spec.tools[1].name" in fault(tools=[ADD, ADD])
    assert "the name 'finish'" in fault(tools=[{**ADD, "name": "finish"}])
    assert "spec.tools[0].parameters" in fault(tools=[{**ADD, "parameters": "{"}])
    assert "spec.tools[0]" in fault(tools=[{"name": "add"}])
    assert "'trajectory'" in fault(signature="trajectory -> answer")
    assert "'tools'" in fault(kind="predict")


def test_a_state_of_react_is_kept() -> None:
    bridge = DspyBridge()
    with hosted(*END) as host:
        program = bridge.dispatch("create_program", {"spec": SPEC})["program"]
        state = bridge.dispatch("get_program_state", {"program": program})
        state["react"]["signature"]["instructions"] = "Take your time."
        bridge.dispatch("set_program_state", {"program": program, "state": state})
        act(bridge, tools())
    assert "Take your time." in host.requests[0]["messages"][0]["content"]
    assert "anyOf" in host.requests[0]["schema"]["properties"]["next_tool_args"]


def test_a_call_that_cannot_be_made_is_an_observation() -> None:
    chat = "[[ ## next_thought ## ]]\nHm.\n[[ ## next_tool_name ## ]]\n{}\n[[ ## next_tool_args ## ]]\n{}\n"
    no_object, must = "arguments that are no object", "Execution error in add: its arguments must be a JSON object"
    calls: tuple[tuple[str, str, dict[str, Any], str | None], ...] = (
        (step("ad", a=2, b=3), "ad", {"a": 2, "b": 3}, "Execution error in ad: there is no tool of that name. Tools: "),
        (step("add").replace("{}", "[2, 3]"), "add", {no_object: [2, 3]}, must),
        (step("look_up").replace("{}", "null"), "look_up", {}, None),
        (chat.format("Add", '{"a": 2}'), "Add", {"a": 2}, "Execution error in Add: there is no tool of that name."),
        (chat.format("add", "2 and 3"), "add", {no_object: "2 and 3"}, must),
        (chat.format("finish", "None so far"), "finish", {}, "Completed."),
        (chat.format("look_up", ""), "look_up", {}, None),
    )
    for answer, tool, arguments, observation in calls:
        adapter = "chat" if answer.startswith("[[") else "json"
        end = END[1] if adapter == "json" else "[[ ## reasoning ## ]]\nSo.\n[[ ## answer ## ]]\n5"
        with hosted(answer, end) as host:
            result = act(DspyBridge(), tools(), max_steps=1, options={"adapter": adapter})
        made = result["steps"][0]
        assert (made["tool"], made["arguments"]) == (tool, arguments), answer
        assert str(made["observation"]).startswith(str(observation)), made
        assert result["outputs"]["answer"] == 5
        assert "['add', 'look_up', 'finish']" in host.requests[0]["messages"][-1]["content"] or adapter == "json"


def test_auto_asks_for_json_before_a_call_is_an_observation() -> None:
    chat = "[[ ## next_thought ## ]]\nHm.\n[[ ## next_tool_name ## ]]\nad\n[[ ## next_tool_args ## ]]\n{}\n"
    with hosted(chat, step("ad"), "[[ ## reasoning ## ]]\nSo.\n[[ ## answer ## ]]\n5") as host:
        result = act(DspyBridge(), tools(), max_steps=1, options={"adapter": "auto"})
    assert [request["schema"] is None for request in host.requests] == [True, False, True]
    assert result["steps"][0]["observation"].startswith("Execution error in ad: there is no tool of that name")


def test_an_answer_that_is_no_step_ends_the_call() -> None:
    for answer in ("Let me see.", '{"next_thought": "Hm."}', '{"next_thought": "Hm.", "next_tool_name": "add"}'):
        with hosted(answer):
            raised(dspy.AdapterParseError, lambda: act(DspyBridge(), tools()))
    with hosted(step("ad")[:-1]) as host:
        host.finish_reason = "length"
        raised(TruncatedAnswerError, lambda: act(DspyBridge(), tools()))


def test_each_request_has_the_predictor_that_made_it() -> None:
    with hosted(step("add", a=2, b=3), *END) as host:
        traced = act(DspyBridge(), tools(), trace=True)
    requests = traced["requests"]
    assert [request["asker"] for request in requests] == ["react", "react", "extract.predict"]
    assert [request["messages"] for request in requests] == [request["messages"] for request in host.requests]
    assert [request["response"] for request in requests] == [step("add", a=2, b=3), *END]
    assert [request["usage"]["prompt_tokens"] for request in requests] == [10, 10, 10]
    assert traced["usage"]["prompt_tokens"] == 30
    last = requests[-1]
    assert all(traced[name] == last[name] for name in ("messages", "response", "finish_reason", "model"))
    with hosted(*END):
        assert "requests" not in act(DspyBridge(), tools())


TOO_LONG = HostCallError(
    "model.generate", JavaError("dev.terrarium.error.ModelException[CONTEXT_LENGTH_EXCEEDED]: 9000 of 8192 tokens")
)


def test_the_oldest_steps_are_dropped_for_a_prompt_that_is_too_long() -> None:
    adding = [step("add", a=a, b=1) for a in (1, 2, 3)]
    with hosted(adding[0], adding[1], TOO_LONG, adding[2], END[0], TOO_LONG, END[1]) as host:
        result = act(DspyBridge(), tools())
    assert result["outputs"]["answer"] == 5
    assert [each["observation"] for each in result["steps"]] == [4, "Completed."]
    assert "observation_0" not in host.requests[3]["messages"][-1]["content"]


def test_a_prompt_that_is_too_long_without_steps_to_drop_ends_the_call() -> None:
    with hosted(TOO_LONG, TOO_LONG):
        raised(dspy.ContextWindowExceededError, lambda: act(DspyBridge(), tools()))

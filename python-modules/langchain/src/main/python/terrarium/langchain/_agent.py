"""The loop of a chat model that calls tools: it is asked again with what the tools gave, until it calls none."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.runnables import Runnable
from langchain_core.tools import StructuredTool, ToolException
from pydantic_core import to_jsonable_python

from terrarium.bridge import tools


class Step(NamedTuple):
    """One call of a tool."""

    tool: str
    arguments: dict[str, Any]
    result: Any
    failed: bool


class Outcome(NamedTuple):
    """What the loop came to.

    ``messages`` are those that led to the ``answer``, which is None when the language model still called tools in the
    end.
    """

    answer: AIMessage | None
    messages: list[BaseMessage]
    steps: list[Step]


def structured_tools(definitions: list[tools.Definition]) -> list[StructuredTool]:
    """Return the tools; they can be called inside of ``terrarium.bridge.tools.given`` only."""
    return [_structured_tool(each) for each in definitions]


def _structured_tool(definition: tools.Definition) -> StructuredTool:
    def function(**arguments: Any) -> tuple[str, Any]:
        answer = tools.call(definition.name, arguments)
        if answer.failed:
            raise ToolException(answer.value)
        return _text(answer.value), answer.value

    return StructuredTool(
        name=definition.name,
        description=definition.description,
        args_schema=definition.parameters,
        func=function,
        handle_tool_error=True,
        response_format="content_and_artifact",
    )


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(to_jsonable_python(value, inf_nan_mode="strings", bytes_mode="base64"), ensure_ascii=False)


def run(
    model: Runnable[Any, AIMessage], known: list[StructuredTool], messages: list[BaseMessage], max_steps: int
) -> Outcome:
    """Ask a model to which the tools are bound until it answers without calling any.

    It may call tools ``max_steps`` times, several of them each time.
    """
    by_name = {tool.name: tool for tool in known}
    messages = list(messages)
    steps: list[Step] = []
    answer = model.invoke(messages)
    for _ in range(max_steps):
        if not answer.tool_calls and not answer.invalid_tool_calls:
            break
        messages.append(answer)
        for call in answer.tool_calls:
            message = _called(by_name, call)
            messages.append(message)
            failed = message.status == "error"
            steps.append(Step(call["name"], call["args"], message.content if failed else message.artifact, failed))
        for invalid in answer.invalid_tool_calls:
            reason = f"The arguments of {invalid['name']} are no JSON object: {invalid['args']}"
            messages.append(ToolMessage(reason, tool_call_id=invalid["id"] or "", status="error"))
            steps.append(Step(str(invalid["name"]), {}, reason, failed=True))
        answer = model.invoke(messages)
    calls = answer.tool_calls or answer.invalid_tool_calls
    return Outcome(None if calls else answer, messages, steps)


def _called(by_name: dict[str, StructuredTool], call: Any) -> ToolMessage:
    tool = by_name.get(call["name"])
    if tool is None:
        reason = f"{call['name']} is no tool. The tools are {', '.join(by_name)}"
        return ToolMessage(reason, tool_call_id=call["id"] or "", status="error")
    message: ToolMessage = tool.invoke({**call, "id": call["id"] or "", "type": "tool_call"})
    return message

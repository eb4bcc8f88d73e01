"""What the host's model is asked and answers, in the words of LangChain's messages."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ChatMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.messages.tool import invalid_tool_call, tool_call

_ROLES = {"system": "system", "user": "user", "human": "user", "assistant": "assistant", "ai": "assistant"}
_MEDIA = {"image": "image/*", "audio": "audio/wav", "video": "video/mp4", "file": "application/pdf"}
_REASONING = ("thinking", "reasoning")


def asked(message: BaseMessage) -> dict[str, Any]:
    """Return a message that the host understands; raises NotImplementedError for what it has no form for."""
    if isinstance(message, SystemMessage):
        role = "system"
    elif isinstance(message, HumanMessage):
        role = "user"
    elif isinstance(message, AIMessage):
        role = "assistant"
    elif isinstance(message, ToolMessage):
        role = "tool"
    elif isinstance(message, ChatMessage) and message.role in _ROLES:
        role = _ROLES[message.role]
    else:
        raise _unsupported(f"messages of type {message.type!r}")
    texts, media = _contents(message.content, role)
    result: dict[str, Any] = {"role": role, "content": "".join(texts)}
    if media:
        if role != "user":
            raise _unsupported(f"media in messages of role {role!r}")
        result["media"] = media
    if isinstance(message, ToolMessage):
        result["tool_call_id"] = message.tool_call_id
    if isinstance(message, AIMessage) and (message.tool_calls or message.invalid_tool_calls):
        result["tool_calls"] = _calls(message)
    return result


def _contents(content: str | list[str | dict[str, Any]], role: str) -> tuple[list[str], list[dict[str, str]]]:
    if isinstance(content, str):
        return [content], []
    texts, media = [], []
    for part in content:
        if isinstance(part, str):
            texts.append(part)
            continue
        kind = part.get("type")
        if kind == "text":
            texts.append(part["text"])
        elif kind == "image_url":
            media.append(_of_url(part["image_url"]))
        elif kind in _MEDIA:
            media.append(_medium(part))
        elif not (role == "assistant" and (kind in _REASONING or kind in ("tool_use", "tool_call"))):
            raise _unsupported(f"{kind!r} content")
    return texts, media


def _of_url(image: str | dict[str, Any]) -> dict[str, str]:
    url = image if isinstance(image, str) else image["url"]
    if not url.startswith("data:"):
        return {"mime_type": _MEDIA["image"], "url": url}
    head, _, data = url.removeprefix("data:").partition(",")
    mime_type, _, encoding = head.partition(";")
    if encoding != "base64":
        raise _unsupported("data that is not in base 64")
    return {"mime_type": mime_type, "data": data}


def _medium(part: dict[str, Any]) -> dict[str, str]:
    mime_type = part.get("mime_type") or _MEDIA[part["type"]]
    data = part.get("base64") or part.get("data")
    if data is not None:
        return {"mime_type": mime_type, "data": data}
    if part.get("url") is not None:
        return {"mime_type": mime_type, "url": part["url"]}
    raise _unsupported(f"{part['type']!r} content by id")


def _calls(message: AIMessage) -> list[dict[str, Any]]:
    calls = [
        {"id": call["id"] or "", "name": call["name"], "arguments": json.dumps(call["args"])}
        for call in message.tool_calls
    ]
    calls.extend(
        {"id": call["id"] or "", "name": call["name"] or "", "arguments": "{}"} for call in message.invalid_tool_calls
    )
    return calls


def answered(response: dict[str, Any]) -> dict[str, Any]:
    """Return the content of the host's answer as arguments of AIMessage."""
    calls, invalid = [], []
    for call in response.get("tool_calls") or ():
        try:
            arguments = json.loads(call["arguments"])
        except ValueError as error:
            arguments = error
        if isinstance(arguments, dict):
            calls.append(tool_call(name=call["name"], args=arguments, id=call["id"]))
        else:
            problem = f"the arguments are no JSON object: {arguments}"
            invalid.append(invalid_tool_call(name=call["name"], args=call["arguments"], id=call["id"], error=problem))
    result: dict[str, Any] = {"content": response["text"], "tool_calls": calls, "invalid_tool_calls": invalid}
    if response.get("reasoning"):
        result["additional_kwargs"] = {"reasoning_content": response["reasoning"]}
    return result


def tools(formatted: Iterable[dict[str, Any]], choice: Any, parallel: bool | None) -> dict[str, Any]:
    """Return what a request says of tools.

    The tools are in OpenAI's form, as ``bind_tools`` keeps them. ``choice`` is LangChain's: ``"auto"``, ``"none"``,
    ``"any"``, ``"required"``, True, the name of a tool, or OpenAI's dict for one.
    """
    known = [tool.get("function", tool) for tool in formatted]
    if isinstance(choice, dict):
        choice = choice.get("function", choice).get("name")
    if choice in (None, False, "auto"):
        mode = "auto"
    elif choice in (True, "any", "required"):
        mode = "required"
    elif choice == "none":
        mode = "none"
    else:
        mode = "required"
        names = [tool["name"] for tool in known]
        known = [tool for tool in known if tool["name"] == choice]
        if not known:
            raise ValueError(f"tool_choice: there is no tool {choice!r}. Known tools: {', '.join(names)}")
    result: dict[str, Any] = {
        "tools": [
            {
                "name": tool["name"],
                "description": tool.get("description") or "",
                "parameters": tool.get("parameters") or {"type": "object", "properties": {}},
            }
            for tool in known
        ],
        "tool_choice": mode,
    }
    if parallel is not None:
        result["parallel_tool_calls"] = parallel
    return result


def _unsupported(what: str) -> NotImplementedError:
    return NotImplementedError(f"the host's language models take no {what}")

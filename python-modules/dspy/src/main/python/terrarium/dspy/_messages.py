"""What the host's model is asked and answers, in the words of DSPy's requests and responses."""

from __future__ import annotations

import base64
import json
from typing import Any

from dspy.lm15 import Message, Request, Response, TextPart, ThinkingPart, ToolCallPart, UnsupportedFeatureError, Usage

_MEDIA = ("image", "audio", "video", "document", "binary")


def asked(request: Request, model: str | None) -> dict[str, Any]:
    """Return the request that the host understands; raises UnsupportedFeatureError for what it has no form for."""
    config = request.config
    messages = [] if request.system is None else [{"role": "system", "content": _system(request.system)}]
    for message in request.messages:
        messages.extend(_messages(message))
    result: dict[str, Any] = {
        "model": model,
        "messages": messages,
        "temperature": None if config.temperature is None else float(config.temperature),
        "max_tokens": config.max_tokens,
        "stop": list(config.stop),
        "seed": config.seed,
        "schema": _schema(config.response_format),
    }
    if config.top_p is not None:
        result["top_p"] = float(config.top_p)
    if config.reasoning is not None:
        result["reasoning_effort"] = _effort(config.reasoning)
    if request.tools:
        result.update(_tools(request))
    return result


def answered(request: Request, answer: dict[str, Any]) -> Response:
    """Return the answer of the host as DSPy's."""
    parts: list[Any] = []
    if answer.get("reasoning"):
        parts.append(ThinkingPart(text=answer["reasoning"]))
    calls = answer.get("tool_calls") or ()
    if answer["text"] or not calls:
        parts.append(TextPart(text=answer["text"]))
    parts.extend(ToolCallPart(id=call["id"], name=call["name"], input=json.loads(call["arguments"])) for call in calls)
    reason = answer.get("finish_reason") or "stop"
    return Response(
        id=None,
        model=answer.get("model") or request.model,
        message=Message.assistant(parts),
        finish_reason="tool_call" if reason == "tool_calls" else reason,
        usage=Usage(
            input_tokens=answer.get("prompt_tokens"),
            output_tokens=answer.get("completion_tokens"),
            cache_read_tokens=answer.get("cached_tokens"),
            reasoning_tokens=answer.get("reasoning_tokens"),
        ),
    )


def _schema(response_format: Any) -> dict[str, Any] | None:
    if response_format is None or response_format["type"] == "text":
        return None
    if response_format["type"] == "json_object":
        return {"type": "object"}
    schema: dict[str, Any] = response_format.get("json_schema", response_format)["schema"]
    return schema


def _effort(reasoning: Any) -> str:
    if reasoning.thinking_budget is not None:
        raise _unsupported("budgets of reasoning")
    return "none" if reasoning.effort == "off" else str(reasoning.effort)


def _tools(request: Request) -> dict[str, Any]:
    choice = request.config.tool_choice
    allowed = choice.allowed if choice is not None else ()
    tools = []
    for tool in request.tools:
        if tool.type != "function":
            raise _unsupported(f"{tool.type} tools")
        if not allowed or tool.name in allowed:
            tools.append({"name": tool.name, "description": tool.description or "", "parameters": tool.parameters})
    result: dict[str, Any] = {"tools": tools}
    if choice is not None:
        result["tool_choice"] = choice.mode
        if choice.parallel is not None:
            result["parallel_tool_calls"] = choice.parallel
    return result


def _messages(message: Message) -> list[dict[str, Any]]:
    if message.role == "user":
        texts = [part for part in message.parts if part.type not in _MEDIA]
        media = [_medium(part) for part in message.parts if part.type in _MEDIA]
        user: dict[str, Any] = {"role": "user", "content": _text(texts)}
        if media:
            user["media"] = media
        return [user]
    if message.role == "assistant":
        calls = [part for part in message.parts if part.type == "tool_call"]
        texts = [part for part in message.parts if part.type not in ("tool_call", "thinking")]
        assistant: dict[str, Any] = {"role": "assistant", "content": _text(texts)}
        if calls:
            assistant["tool_calls"] = [
                {"id": call.id, "name": call.name, "arguments": json.dumps(call.input)} for call in calls
            ]
        return [assistant]
    if message.role == "tool":
        return [{"role": "tool", "content": _text(part.content), "tool_call_id": part.id} for part in message.parts]
    raise _unsupported(f"messages of role {message.role!r}")


def _medium(part: Any) -> dict[str, str]:
    if part.file_id is not None:
        raise _unsupported("files by id")
    if part.url is not None:
        return {"mime_type": part.media_type, "url": part.url}
    data = part.data if part.data is not None else base64.b64encode(part.bytes).decode()
    return {"mime_type": part.media_type, "data": data}


def _system(system: Any) -> str:
    return system if isinstance(system, str) else _text(system)


def _text(parts: Any) -> str:
    for part in parts:
        if part.type != "text":
            raise _unsupported(f"{part.type} parts of messages")
    return "".join(part.text for part in parts)


def _unsupported(feature: str) -> UnsupportedFeatureError:
    return UnsupportedFeatureError(f"the host's language models take no {feature}", feature=feature)

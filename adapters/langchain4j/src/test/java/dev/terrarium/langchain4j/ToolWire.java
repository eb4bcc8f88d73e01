package dev.terrarium.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * What a service says over HTTP when its model calls the tool {@code weather} for Rome, after
 * reasoning, for each provider.
 */
final class ToolWire {

  private ToolWire() {}

  /** The whole answer, of 8 tokens read, 3 of them cached, and 2 written. */
  static String whole(Wire wire) {
    return switch (wire) {
      case OPENAI ->
          """
          {"id": "1", "model": "m", "choices": [{"index": 0, "finish_reason": "tool_calls",
            "message": {"role": "assistant", "content": null, "reasoning_content": "Hm.",
              "tool_calls": [{"id": "a", "type": "function",
                "function": {"name": "weather", "arguments": "{\\"place\\":\\"Rome\\"}"}}]}}],
           "usage": {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10,
             "prompt_tokens_details": {"cached_tokens": 3},
             "completion_tokens_details": {"reasoning_tokens": 1}}}
          """;
      case MISTRAL ->
          """
          {"id": "1", "model": "m", "choices": [{"index": 0, "finish_reason": "tool_calls",
            "message": {"role": "assistant", "content": "",
              "tool_calls": [{"id": "a",
                "function": {"name": "weather", "arguments": "{\\"place\\":\\"Rome\\"}"}}]}}],
           "usage": {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10}}
          """;
      case ANTHROPIC ->
          """
          {"id": "1", "type": "message", "role": "assistant", "model": "m",
           "content": [{"type": "tool_use", "id": "a", "name": "weather",
             "input": {"place": "Rome"}}],
           "stop_reason": "tool_use",
           "usage": {"input_tokens": 5, "cache_read_input_tokens": 3, "output_tokens": 2}}
          """;
      case OLLAMA ->
          """
          {"model": "m", "message": {"role": "assistant", "content": "", "thinking": "Hm.",
            "tool_calls": [{"function": {"name": "weather", "arguments": {"place": "Rome"}}}]},
           "done": true, "done_reason": "stop", "prompt_eval_count": 8, "eval_count": 2}
          """;
      case GEMINI ->
          """
          {"candidates": [{"finishReason": "STOP", "content": {"role": "model", "parts": [
             {"text": "Hm.", "thought": true},
             {"functionCall": {"name": "weather", "args": {"place": "Rome"}},
              "thoughtSignature": "c2lnbmVk"}]}}],
           "usageMetadata": {"promptTokenCount": 8, "candidatesTokenCount": 2,
             "totalTokenCount": 10, "cachedContentTokenCount": 3, "thoughtsTokenCount": 1},
           "modelVersion": "m"}
          """;
      case BEDROCK ->
          """
          {"output": {"message": {"role": "assistant", "content": [
             {"reasoningContent": {"reasoningText": {"text": "Hm."}}},
             {"toolUse": {"toolUseId": "a", "name": "weather", "input": {"place": "Rome"}}}]}},
           "stopReason": "tool_use", "metrics": {"latencyMs": 9},
           "usage": {"inputTokens": 5, "outputTokens": 2, "totalTokens": 7,
             "cacheReadInputTokens": 3, "cacheWriteInputTokens": 0}}
          """;
    };
  }

  /** The same answer as a stream. */
  static String stream(Wire wire) {
    return switch (wire) {
      case OPENAI ->
          """
          data: {"id": "1", "model": "m", "choices": [{"index": 0, "delta": {"tool_calls": [\
          {"index": 0, "id": "a", "type": "function", "function": {"name": "weather", \
          "arguments": ""}}]}}]}

          data: {"id": "1", "choices": [{"index": 0, "delta": {"tool_calls": [\
          {"index": 0, "function": {"arguments": "{\\"place\\""}}]}}]}

          data: {"id": "1", "choices": [{"index": 0, "delta": {"tool_calls": [\
          {"index": 0, "function": {"arguments": ":\\"Rome\\"}"}}]}}]}

          data: {"id": "1", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}

          data: [DONE]

          """;
      case MISTRAL ->
          """
          data: {"id": "1", "model": "m", "choices": [{"index": 0, "delta": {"content": "", \
          "tool_calls": [{"id": "a", "function": {"name": "weather", \
          "arguments": "{\\"place\\":\\"Rome\\"}"}}]}, "finish_reason": "tool_calls"}], \
          "usage": {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10}}

          data: [DONE]

          """;
      case ANTHROPIC ->
          """
          event: message_start
          data: {"type": "message_start", "message": {"id": "1", "type": "message", \
          "role": "assistant", "model": "m", "content": [], "usage": {"input_tokens": 5, \
          "output_tokens": 1}}}

          event: content_block_start
          data: {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", \
          "id": "a", "name": "weather", "input": {}}}

          event: content_block_delta
          data: {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", \
          "partial_json": "{\\"place\\""}}

          event: content_block_delta
          data: {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", \
          "partial_json": ":\\"Rome\\"}"}}

          event: content_block_stop
          data: {"type": "content_block_stop", "index": 0}

          event: message_delta
          data: {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, \
          "usage": {"output_tokens": 2}}

          event: message_stop
          data: {"type": "message_stop"}

          """;
      case OLLAMA ->
          """
          {"model": "m", "message": {"role": "assistant", "content": "", \
          "tool_calls": [{"function": {"name": "weather", "arguments": {"place": "Rome"}}}]}, \
          "done": false}
          {"model": "m", "message": {"role": "assistant", "content": ""}, "done": true, \
          "done_reason": "stop", "prompt_eval_count": 8, "eval_count": 2}
          """;
      case GEMINI -> "data: " + whole(wire).replace("\n", " ") + "\n\n";
      case BEDROCK ->
          EventStream.event("messageStart", "{\"role\": \"assistant\"}")
              + EventStream.event(
                  "contentBlockStart",
                  """
                  {"contentBlockIndex": 0,
                   "start": {"toolUse": {"toolUseId": "a", "name": "weather"}}}
                  """)
              + EventStream.event(
                  "contentBlockDelta",
                  """
                  {"contentBlockIndex": 0, "delta": {"toolUse": {"input": "{\\"place\\""}}}
                  """)
              + EventStream.event(
                  "contentBlockDelta",
                  """
                  {"contentBlockIndex": 0, "delta": {"toolUse": {"input": ":\\"Rome\\"}"}}}
                  """)
              + EventStream.event("contentBlockStop", "{\"contentBlockIndex\": 0}")
              + EventStream.event("messageStop", "{\"stopReason\": \"tool_use\"}")
              + EventStream.event(
                  "metadata",
                  """
                  {"usage": {"inputTokens": 8, "outputTokens": 2, "totalTokens": 10},
                   "metrics": {"latencyMs": 9}}
                  """);
    };
  }

  /** Returns the description of the first tool of a request. */
  static JsonNode tool(Wire wire, JsonNode request) {
    return switch (wire) {
      case OPENAI, MISTRAL, OLLAMA -> request.at("/tools/0/function");
      case ANTHROPIC -> request.at("/tools/0");
      case GEMINI -> request.at("/tools/0/functionDeclarations/0");
      case BEDROCK -> request.at("/toolConfig/tools/0/toolSpec");
    };
  }

  /** Returns the schema of the parameters of a tool of a request. */
  static JsonNode parameters(Wire wire, JsonNode tool) {
    return switch (wire) {
      case OPENAI, MISTRAL, OLLAMA -> tool.get("parameters");
      case ANTHROPIC -> tool.get("input_schema");
      case GEMINI ->
          tool.has("parametersJsonSchema")
              ? tool.get("parametersJsonSchema")
              : tool.get("parameters");
      case BEDROCK -> tool.at("/inputSchema/json");
    };
  }
}

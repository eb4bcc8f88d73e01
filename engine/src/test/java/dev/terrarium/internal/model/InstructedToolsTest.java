package dev.terrarium.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatMessage.Role;
import dev.terrarium.model.ChatMessage.ToolCall;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatRequest.ToolChoice;
import dev.terrarium.model.ChatRequest.ToolDefinition;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.spi.InstructedTools;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class InstructedToolsTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final ToolDefinition WEATHER =
      new ToolDefinition(
          "weather",
          "Tells the weather of a place.",
          """
          {"type": "object", "properties": {"place": {"$ref": "#/$defs/Place"}},
           "$defs": {"Place": {"type": "string", "minLength": 2}}}
          """);

  private final List<ChatRequest> asked = new ArrayList<>();
  private final List<ChatResponse.Chunk> pieces = new ArrayList<>();

  private ChatResponse answer(ChatRequest request, String text, FinishReason reason) {
    return InstructedTools.stream(
        request,
        pieces::add,
        (plain, sink) -> {
          asked.add(plain);
          sink.accept(new ChatResponse.Chunk(text));
          return new ChatResponse(text, reason, new TokenUsage(3, 4), Duration.ofMillis(5));
        });
  }

  private static ChatRequest.Builder question() {
    return ChatRequest.builder()
        .message(ChatMessage.user("Is it raining?"))
        .tools(List.of(WEATHER));
  }

  @Test
  void modelGetsTheToolsAsInstructionsAndASchema() throws Exception {
    answer(question().build(), "{\"answer\": \"No.\"}", FinishReason.STOP);

    ChatRequest plain = asked.getFirst();
    assertThat(plain.tools()).isEmpty();
    assertThat(plain.messages())
        .extracting(ChatMessage::role)
        .containsExactly(Role.SYSTEM, Role.USER);
    assertThat(plain.messages().getFirst().content())
        .contains("- weather: Tells the weather of a place.", "\"tool_calls\"", "\"answer\"");
    JsonNode schema = JSON.readTree(plain.responseSchema());
    assertThat(schema.at("/anyOf/0/properties/tool_calls/items/anyOf/0/properties/name/const"))
        .isEqualTo(JSON.readTree("\"weather\""));
    assertThat(
            schema.at(
                "/anyOf/0/properties/tool_calls/items/anyOf/0/properties/arguments/properties/place"))
        .isEqualTo(JSON.readTree("{\"$ref\": \"#/$defs/weather.Place\"}"));
    assertThat(schema.at("/$defs/weather.Place/minLength").asInt()).isEqualTo(2);
    assertThat(schema.at("/anyOf/1/properties/answer/type").asText()).isEqualTo("string");
  }

  @Test
  void callsAreReadAndNumberedThroughTheConversation() {
    ChatRequest request =
        question()
            .message(ChatMessage.assistant("", List.of(new ToolCall("call_1", "weather", "{}"))))
            .message(ChatMessage.tool("call_1", "sunny"))
            .build();

    ChatResponse response =
        answer(
            request,
            "{\"tool_calls\": [{\"name\": \"weather\", \"arguments\": {\"place\": \"Rome\"}}]}",
            FinishReason.STOP);

    ToolCall call = new ToolCall("call_2", "weather", "{\"place\":\"Rome\"}");
    assertThat(response)
        .isEqualTo(
            new ChatResponse(
                "",
                List.of(call),
                null,
                FinishReason.TOOL_CALLS,
                new TokenUsage(3, 4),
                Duration.ofMillis(5)));
    assertThat(pieces)
        .containsExactly(new ChatResponse.Chunk("", "", new ChatResponse.ToolCallPiece(0, call)));
    assertThat(asked.getFirst().messages())
        .extracting(ChatMessage::content)
        .endsWith(
            "{\"tool_calls\":[{\"name\":\"weather\",\"arguments\":{}}]}",
            "{\"tool_result\":{\"name\":\"weather\",\"result\":\"sunny\"}}");
  }

  @Test
  void requiredToolLeavesNoAnswer() throws Exception {
    ChatRequest request =
        question().toolChoice(ToolChoice.REQUIRED).parallelToolCalls(false).build();

    answer(request, "{\"tool_calls\": [{\"name\": \"weather\"}]}", FinishReason.STOP);

    JsonNode schema = JSON.readTree(asked.getFirst().responseSchema());
    assertThat(schema.has("anyOf")).isFalse();
    assertThat(schema.at("/properties/tool_calls/maxItems").asInt()).isEqualTo(1);
  }

  @Test
  void answerKeepsToTheResponseSchema() throws Exception {
    ChatRequest request = question().responseSchema("{\"type\": \"integer\"}").build();

    ChatResponse response = answer(request, "{\"answer\": 5}", FinishReason.STOP);

    assertThat(response.text()).isEqualTo("5");
    assertThat(pieces).containsExactly(new ChatResponse.Chunk("5"));
    assertThat(
            JSON.readTree(asked.getFirst().responseSchema()).at("/anyOf/1/properties/answer/type"))
        .isEqualTo(JSON.readTree("\"integer\""));
  }

  @Test
  void forbiddenToolsAreNotOffered() {
    ChatRequest request = question().toolChoice(ToolChoice.NONE).build();

    ChatResponse response = answer(request, "No.", FinishReason.STOP);

    assertThat(response.text()).isEqualTo("No.");
    assertThat(asked.getFirst().responseSchema()).isNull();
    assertThat(asked.getFirst().messages()).isEqualTo(request.messages());
  }

  @Test
  void requestWithoutToolsReachesTheModelAsItIs() {
    ChatRequest request = ChatRequest.of("Is it raining?");

    answer(request, "No.", FinishReason.STOP);

    assertThat(asked.getFirst()).isSameAs(request);
  }

  @Test
  void cutOffAnswerStaysAsItIs() {
    ChatResponse response = answer(question().build(), "{\"tool_c", FinishReason.LENGTH);

    assertThat(response.text()).isEqualTo("{\"tool_c");
    assertThat(response.finishReason()).isEqualTo(FinishReason.LENGTH);
  }

  @Test
  void answerThatIsNeitherIsABadResponse() {
    assertThatThrownBy(() -> answer(question().build(), "It rains.", FinishReason.STOP))
        .isInstanceOfSatisfying(
            ModelException.class, e -> assertThat(e.kind()).isEqualTo(Kind.BAD_RESPONSE))
        .hasMessageContaining("It rains.");
  }

  @Test
  void referenceOutsideTheDefinitionsIsRefused() {
    ChatRequest request =
        question()
            .tools(List.of(new ToolDefinition("a", "", "{\"items\": {\"$ref\": \"#/items\"}}")))
            .build();

    assertThatThrownBy(() -> answer(request, "", FinishReason.STOP))
        .hasMessageContaining("tools: the schema of a refers to #/items");
  }
}

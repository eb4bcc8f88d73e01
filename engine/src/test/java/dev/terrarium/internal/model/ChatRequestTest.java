package dev.terrarium.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatMessage.Media;
import dev.terrarium.model.ChatMessage.Role;
import dev.terrarium.model.ChatMessage.ToolCall;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatRequest.ToolDefinition;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.testing.FakeModel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChatRequestTest {

  @Test
  void needsAMessage() {
    assertThatThrownBy(() -> ChatRequest.builder().build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("messages: at least one");
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, Double.NaN, Double.NEGATIVE_INFINITY})
  void temperatureIsNotBelowZero(double temperature) {
    ChatRequest.Builder builder =
        ChatRequest.builder().message(ChatMessage.user("a")).temperature(temperature);

    assertThatThrownBy(builder::build).hasMessage("temperature: " + temperature + " is below 0");
  }

  @Test
  void maxTokensIsAtLeastOne() {
    ChatRequest.Builder builder = ChatRequest.builder().message(ChatMessage.user("a")).maxTokens(0);

    assertThatThrownBy(builder::build).hasMessage("maxTokens: 0 is below 1");
  }

  @Test
  void listsAreCopied() {
    List<String> stop = new ArrayList<>(List.of("a"));
    ChatRequest request = ChatRequest.builder().message(ChatMessage.user("a")).stop(stop).build();
    stop.add("b");

    assertThat(request.stop()).containsExactly("a");
  }

  @Test
  void streamOfAModelThatCannotIsOnePiece() {
    List<ChatResponse.Chunk> chunks = new ArrayList<>();
    try (FakeModel model = new FakeModel("fake")) {
      ChatResponse response = model.stream(ChatRequest.of("a"), chunks::add);

      assertThat(chunks).containsExactly(new ChatResponse.Chunk(response.text()));
    }
  }

  private static ChatRequest.Builder ask() {
    return ChatRequest.builder().message(ChatMessage.user("a"));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, 1.1, Double.NaN})
  void topPIsAShare(double topP) {
    assertThatThrownBy(() -> ask().topP(topP).build())
        .hasMessage("topP: " + topP + " is not above 0 and at most 1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "two words", "naïve", "a.b"})
  void nameThatModelsDoNotTakeIsRefused(String name) {
    assertThatThrownBy(() -> new ToolDefinition(name, "", "{}"))
        .hasMessageContaining("name: '" + name + "' is no name of a tool");
  }

  @Test
  void namesOfToolsDiffer() {
    ToolDefinition tool = new ToolDefinition("a", "", "{}");

    assertThatThrownBy(() -> ask().tools(List.of(tool, tool)).build())
        .hasMessage("tools: there are two named 'a'");
  }

  @Test
  void requiredToolIsThere() {
    assertThatThrownBy(() -> ask().toolChoice(ChatRequest.ToolChoice.REQUIRED).build())
        .hasMessage("toolChoice: is REQUIRED, but there are no tools");
  }

  @Test
  void resultBelongsToACall() {
    ToolCall call = new ToolCall("1", "a", "{}");
    ChatMessage result = ChatMessage.tool("1", "b");
    ChatRequest request =
        ask().message(ChatMessage.assistant("", List.of(call))).message(result).build();

    assertThat(request.callOf(result)).isEqualTo(call);
    assertThatThrownBy(() -> ask().message(ChatMessage.tool("2", "b")).build())
        .hasMessageContaining("messages[1]: is the result of the tool call '2'");
  }

  @Test
  void partsOfAMessageFitItsRole() {
    ToolCall call = new ToolCall("1", "a", "{}");
    Media image = Media.of("image/png", new byte[] {1, 2, 3});

    assertThatThrownBy(() -> new ChatMessage(Role.SYSTEM, "", List.of(image), List.of(), null))
        .hasMessage("media: a message of SYSTEM has none");
    assertThatThrownBy(() -> new ChatMessage(Role.USER, "", List.of(), List.of(call), null))
        .hasMessage("toolCalls: a message of USER has none");
    assertThatThrownBy(() -> new ChatMessage(Role.TOOL, ""))
        .hasMessageStartingWith("toolCallId: messages of TOOL have one");
    assertThatThrownBy(() -> new Media("image/png", null, null))
        .hasMessage("media: either base64 or url is needed");
    assertThatThrownBy(() -> new Media("png", "AQID", null))
        .hasMessage("mimeType: 'png' is no MIME type");
    assertThat(image.base64()).isEqualTo("AQID");
    assertThat(image).hasToString("Media[image/png, 4 characters of base 64]");
  }

  @Test
  void builderOfARequestHasItsValues() {
    ChatRequest request =
        ask()
            .responseSchema("{}")
            .stop(List.of("b"))
            .temperature(0.5)
            .topP(0.5)
            .maxTokens(5)
            .seed(7L)
            .reasoningEffort("low")
            .tools(List.of(new ToolDefinition("a", "", "{}")))
            .toolChoice(ChatRequest.ToolChoice.REQUIRED)
            .parallelToolCalls(false)
            .build();

    assertThat(request).hasNoNullFieldsOrProperties();
    assertThat(request.toBuilder().build()).isEqualTo(request);
  }
}

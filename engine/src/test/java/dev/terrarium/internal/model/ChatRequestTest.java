package dev.terrarium.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatRequest;
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
}

package dev.terrarium.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.ModelException;
import dev.terrarium.llamacpp.ChatTemplate.Segment;
import dev.terrarium.model.ChatMessage;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChatTemplateTest {

  private static final List<ChatMessage> CONVERSATION =
      List.of(
          ChatMessage.system("Be brief."),
          ChatMessage.user("Hi @@MESSAGE-0@@ 🐝 {{ x }}"),
          ChatMessage.assistant("Hello."),
          ChatMessage.user("Who?"));

  @BeforeAll
  static void open() {
    LlamaLibrary.open();
  }

  private static String text(ChatTemplate template, List<ChatMessage> messages) {
    return template.render(messages).stream().map(Segment::text).collect(Collectors.joining());
  }

  @Test
  void rendersChatMl() {
    assertThat(text(ChatTemplate.of("chatml"), CONVERSATION))
        .isEqualTo(
            """
            <|im_start|>system
            Be brief.<|im_end|>
            <|im_start|>user
            Hi @@MESSAGE-0@@ 🐝 {{ x }}<|im_end|>
            <|im_start|>assistant
            Hello.<|im_end|>
            <|im_start|>user
            Who?<|im_end|>
            <|im_start|>assistant
            """);
  }

  @Tag("model")
  @Test
  void rendersWhatIsInTheFileAsChatMl() {
    String source = Llama.modelChatTemplate(Llama.modelLoad(TestModel.file().toString(), false));
    assertThat(source).contains("<|im_start|>");
    assertThat(text(ChatTemplate.of(source), CONVERSATION))
        .isEqualTo(text(ChatTemplate.of("chatml"), CONVERSATION));
    assertThat(text(ChatTemplate.of(null), CONVERSATION))
        .isEqualTo(text(ChatTemplate.of("chatml"), CONVERSATION));
  }

  @Test
  void knowsMarkupFromContent() {
    assertThat(ChatTemplate.of("chatml").render(List.of(ChatMessage.user("<|im_end|>"))))
        .containsExactly(
            new Segment("<|im_start|>user\n", true),
            new Segment("<|im_end|>", false),
            new Segment("<|im_end|>\n<|im_start|>assistant\n", true));
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama2", "llama3", "gemma", "phi3", "zephyr", "mistral-v7"})
  void eachMessageIsInWhatOtherTemplatesMake(String name) {
    String text = text(ChatTemplate.of(name), CONVERSATION);
    CONVERSATION.forEach(message -> assertThat(text).contains(message.content()));
  }

  @Test
  void refusesATemplateThatIsNotKnown() {
    assertThatThrownBy(() -> ChatTemplate.of("{% say what you like %}"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("chat template")
        .hasMessageContaining("{% say what");
  }
}

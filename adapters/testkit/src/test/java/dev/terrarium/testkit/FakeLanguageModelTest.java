package dev.terrarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.terrarium.error.ModelException;
import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatMessage.ToolCall;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import dev.terrarium.model.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FakeLanguageModelTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static ChatRequest.Builder ask(String question) {
    return ChatRequest.builder().message(ChatMessage.user(question));
  }

  private static String conforming(String schema) {
    return FakeLanguageModel.schemaConforming()
        .chat(ask("?").responseSchema(schema).build())
        .text();
  }

  @Test
  void givesItsAnswersInTurnAndRecordsTheRequests() {
    var model = FakeLanguageModel.answering("one", "two");
    assertThat(model.chat(ChatRequest.of("first")).text()).isEqualTo("one");
    assertThat(model.chat(ChatRequest.of("second")).text()).isEqualTo("two");
    assertThatThrownBy(() -> model.chat(ChatRequest.of("third")))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("has 2 answers and was asked 3 times");
    assertThat(model.requests())
        .extracting(request -> request.messages().getFirst().content())
        .containsExactly("first", "second", "third");
    assertThat(model.lastRequest()).isEqualTo(ChatRequest.of("third"));
    assertThat(model.name()).isEqualTo("fake");
  }

  @Test
  void countsWordsAsTokens() {
    var model = FakeLanguageModel.of(request -> " The answer\nis 42. ");
    ChatResponse response =
        model.chat(
            ChatRequest.builder()
                .message(ChatMessage.system("Be brief."))
                .message(ChatMessage.user("What is it?"))
                .build());
    assertThat(response.text()).isEqualTo(" The answer\nis 42. ");
    assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(response.usage()).isEqualTo(new TokenUsage(5, 4));
  }

  @Test
  void endsAtTheBoundAndBeforeStopTexts() {
    var model = FakeLanguageModel.of(request -> "one two three four");
    ChatResponse cut = model.chat(ask("?").maxTokens(2).build());
    assertThat(cut.text()).isEqualTo("one two ");
    assertThat(cut.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(cut.usage().completionTokens()).isEqualTo(2);
    ChatResponse stopped = model.chat(ask("?").stop(List.of("four", " three", "")).build());
    assertThat(stopped.text()).isEqualTo("one two");
    assertThat(stopped.finishReason()).isEqualTo(FinishReason.STOP);
  }

  @Test
  void streamsWordByWord() {
    List<String> pieces = new ArrayList<>();
    ChatResponse response =
        FakeLanguageModel.answering("one two  three").stream(
            ChatRequest.of("?"), chunk -> pieces.add(chunk.text()));
    assertThat(pieces).containsExactly("one ", "two  ", "three");
    assertThat(response.text()).isEqualTo("one two  three");
  }

  @Test
  void failsAsConfigured() {
    var model = FakeLanguageModel.failing("out of order");
    assertThatThrownBy(() -> model.chat(ChatRequest.of("?")))
        .isInstanceOf(ModelException.class)
        .hasMessage("out of order");
    assertThat(model.requests()).hasSize(1);
    var other = FakeLanguageModel.failing(() -> new IllegalStateException("odd"));
    assertThatThrownBy(() -> other.chat(ChatRequest.of("?")))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void closedModelAnswersNoFurtherRequest() {
    var model = FakeLanguageModel.answering("one");
    assertThat(model.isClosed()).isFalse();
    model.close();
    model.close();
    assertThat(model.isClosed()).isTrue();
    assertThatThrownBy(() -> model.chat(ChatRequest.of("?")))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("closed");
    assertThatThrownBy(model::lastRequest).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void concurrentRequestsAreAllRecorded() throws Exception {
    var model = FakeLanguageModel.of(request -> request.messages().getFirst().content());
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<String>> calls = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        String question = "q" + i;
        calls.add(() -> model.chat(ChatRequest.of(question)).text());
      }
      List<String> answers = new ArrayList<>();
      for (Future<String> answer : threads.invokeAll(calls)) {
        answers.add(answer.get());
      }
      assertThat(answers).doesNotHaveDuplicates().hasSize(200);
    }
    assertThat(model.requests()).doesNotHaveDuplicates().hasSize(200);
  }

  @Test
  void answersTextWithoutASchema() {
    assertThat(FakeLanguageModel.schemaConforming().chat(ChatRequest.of("?")).text())
        .isEqualTo("text");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"type\":\"string\"} | \"text\"",
        "{\"type\":\"string\",\"minLength\":6} | \"textxx\"",
        "{\"type\":\"string\",\"maxLength\":2} | \"te\"",
        "{\"type\":\"string\",\"format\":\"date\"} | \"2024-01-01\"",
        "{\"type\":\"integer\"} | 0",
        "{\"type\":\"integer\",\"minimum\":3,\"maximum\":5} | 3",
        "{\"type\":\"integer\",\"exclusiveMinimum\":3} | 4",
        "{\"type\":\"integer\",\"maximum\":-2} | -2",
        "{\"type\":\"integer\",\"exclusiveMaximum\":0} | -1",
        "{\"type\":\"integer\",\"minimum\":5,\"multipleOf\":4} | 8",
        "{\"type\":\"number\"} | 0",
        "{\"type\":\"number\",\"minimum\":0.5,\"maximum\":0.75} | 0.625",
        "{\"type\":\"number\",\"exclusiveMinimum\":0,\"exclusiveMaximum\":1} | 0.5",
        "{\"type\":\"boolean\"} | false",
        "{\"type\":\"null\"} | null",
        "{\"type\":[\"boolean\",\"null\"]} | false",
        "{\"enum\":[\"red\",\"blue\"]} | \"red\"",
        "{\"const\":{\"a\":[1]}} | {\"a\":[1]}",
        "{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"null\"}]} | 0",
        "{\"oneOf\":[{\"pattern\":\"a\",\"type\":\"string\"},{\"type\":\"null\"}]} | null",
        "{\"type\":\"array\",\"items\":{\"type\":\"string\"}} | []",
        "{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"minItems\":2} | [\"text\",\"text\"]",
        "{\"prefixItems\":[{\"type\":\"integer\"},{\"type\":\"string\"}],\"minItems\":2} |"
            + " [0,\"text\"]",
        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{}},\"required\":[\"a\"]}"
            + " | {\"a\":0}",
        "{\"required\":[\"x\"]} | {\"x\":null}",
        "{\"type\":\"object\"} | {}",
        "{} | null",
        "true | null",
      })
  void makesTheLeastThatConforms(String schema, String expected) throws Exception {
    assertThat(JSON.readTree(conforming(schema))).isEqualTo(JSON.readTree(expected));
  }

  @Test
  void followsReferencesAndMergesAllOf() throws Exception {
    String schema =
        """
        {"$defs": {
           "Color": {"enum": ["red", "green"], "type": "string"},
           "Item": {"properties": {"color": {"$ref": "#/$defs/Color"},
                                   "next": {"anyOf": [{"$ref": "#/$defs/Item"}, {"type": "null"}]}},
                    "required": ["color"], "type": "object"}},
         "allOf": [{"$ref": "#/$defs/Item"},
                   {"properties": {"count": {"type": "integer"}}, "required": ["count"]}]}\
        """;
    assertThat(JSON.readTree(conforming(schema)))
        .isEqualTo(JSON.readTree("{\"color\": \"red\", \"count\": 0}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "nonsense | not JSON",
        "false | allows nothing",
        "{\"enum\":[]} | empty list of choices",
        "{\"anyOf\":[]} | is empty",
        "{\"type\":\"text\"} | unknown type 'text'",
        "{\"$ref\":\"#/$defs/Gone\"} | '#/$defs/Gone'",
        "{\"$ref\":\"other.json\"} | 'other.json'",
        "{\"$ref\":\"#\"} | nests without end",
        "{\"allOf\":[{\"$ref\":\"#\"}]} | nests without end",
        "{\"properties\":{\"a\":{\"$ref\":\"#\"}},\"required\":[\"a\"]} | nests without end",
        "{\"type\":\"string\",\"pattern\":\"a+\"} | has a pattern",
        "{\"type\":\"string\",\"minLength\":3,\"maxLength\":2} | minLength 3",
        "{\"type\":\"integer\",\"minimum\":3,\"maximum\":2} | no number",
        "{\"type\":\"object\",\"minProperties\":1} | more properties",
        "{\"type\":\"array\",\"minItems\":2,\"uniqueItems\":true} | items that differ",
      })
  void schemaWithoutAnExampleIsReported(String schema, String message) {
    assertThatThrownBy(() -> conforming(schema))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(message);
  }

  @Test
  void tokensAreWords() {
    Tokenizer tokenizer = FakeLanguageModel.answering().tokenizer().orElseThrow();

    assertThat(tokenizer.encode("to be or to be ")).containsExactly(0, 1, 2, 0, 1);
    assertThat(tokenizer.decode(new int[] {0, 1})).isEqualTo("to be ");
    assertThat(tokenizer.count("a b c")).isEqualTo(3);
    assertThatThrownBy(() -> tokenizer.decode(new int[] {99})).isInstanceOf(ModelException.class);
  }

  @Test
  void respondsWithToolCallsAndPassesThemOn() {
    ToolCall call = new ToolCall("1", "weather", "{\"city\": \"Paris\"}");
    var model = FakeLanguageModel.responding(request -> FakeLanguageModel.calling(call));
    List<ChatResponse.Chunk> chunks = new ArrayList<>();

    ChatResponse response = model.stream(ChatRequest.of("?"), chunks::add);

    assertThat(response.toolCalls()).containsExactly(call);
    assertThat(response.finishReason()).isEqualTo(FinishReason.TOOL_CALLS);
    assertThat(chunks)
        .containsExactly(new ChatResponse.Chunk("", "", new ChatResponse.ToolCallPiece(0, call)));
  }
}

package dev.terrarium.llamacpp;

import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.LanguageModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The model on the class path, loaded once for all tests. */
final class TestModel {

  private static final ClassLoader LOADER = TestModel.class.getClassLoader();

  private TestModel() {}

  static Path file() {
    return DefaultModel.find(LOADER).unpacked(LOADER);
  }

  static LlamaCppModel get() {
    return Holder.MODEL;
  }

  static Vocabulary vocabulary() {
    return Holder.VOCABULARY;
  }

  /** Writes a file of a kind of model that does not exist, which llama.cpp refuses. */
  static Path ofUnknownKind(Path file) throws IOException {
    byte[] key = "general.architecture".getBytes(StandardCharsets.US_ASCII);
    byte[] value = "beehive".getBytes(StandardCharsets.US_ASCII);
    ByteBuffer bytes = ByteBuffer.allocate(128).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put("GGUF".getBytes(StandardCharsets.US_ASCII)).putInt(3).putLong(0).putLong(1);
    bytes.putLong(key.length).put(key).putInt(8).putLong(value.length).put(value);
    return Files.write(file, bytes.array());
  }

  static ChatRequest.Builder ask(String question) {
    return ChatRequest.builder().message(ChatMessage.user(question));
  }

  static String answer(LanguageModel model, String question, int maxTokens) {
    return model.chat(ask(question).maxTokens(maxTokens).build()).text();
  }

  private static final class Holder {
    static final LlamaCppModel MODEL = new LlamaCpp().open(null);
    static final Vocabulary VOCABULARY =
        new Vocabulary(Llama.modelVocab(Llama.modelLoad(file().toString(), false)));
  }
}

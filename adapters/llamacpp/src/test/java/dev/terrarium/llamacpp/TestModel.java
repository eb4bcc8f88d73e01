package dev.terrarium.llamacpp;

import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.LanguageModel;
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

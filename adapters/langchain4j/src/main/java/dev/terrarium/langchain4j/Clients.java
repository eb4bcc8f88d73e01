package dev.terrarium.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The clients of one model, of which the first {@value #MOST_KEPT} are kept. Thread-safe. */
final class Clients {

  static final int MOST_KEPT = 16;

  private final Backend backend;
  private final Map<Backend.Options, ChatModel> whole = new ConcurrentHashMap<>();
  private final Map<Backend.Options, StreamingChatModel> streaming = new ConcurrentHashMap<>();

  Clients(Backend backend) {
    this.backend = backend;
  }

  @Nullable ChatModel chat(Backend.Options options) {
    return kept(whole, options, backend::chat);
  }

  @Nullable StreamingChatModel streaming(Backend.Options options) {
    return kept(streaming, options, backend::streaming);
  }

  private static <T> @Nullable T kept(
      Map<Backend.Options, T> clients,
      Backend.Options options,
      Function<Backend.Options, @Nullable T> maker) {
    T known = clients.get(options);
    if (known != null) {
      return known;
    }
    T client = maker.apply(options);
    if (client != null && clients.size() < MOST_KEPT) {
      clients.put(options, client);
    }
    return client;
  }
}

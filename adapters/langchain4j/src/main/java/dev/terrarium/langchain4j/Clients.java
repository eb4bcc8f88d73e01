package dev.terrarium.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The clients of one model, kept unless they are made for one seed. Thread-safe. */
final class Clients {

  private final Backend backend;
  private final AtomicReferenceArray<ChatModel> whole = new AtomicReferenceArray<>(2);
  private final AtomicReferenceArray<StreamingChatModel> streaming = new AtomicReferenceArray<>(2);

  Clients(Backend backend) {
    this.backend = backend;
  }

  @Nullable ChatModel chat(Backend.Options options) {
    return kept(whole, options, () -> backend.chat(options));
  }

  @Nullable StreamingChatModel streaming(Backend.Options options) {
    return kept(streaming, options, () -> backend.streaming(options));
  }

  private static <T> @Nullable T kept(
      AtomicReferenceArray<T> clients, Backend.Options options, Supplier<@Nullable T> maker) {
    if (options.seed() != null) {
      return maker.get();
    }
    int place = options.strict() ? 1 : 0;
    T client = clients.get(place);
    if (client == null) {
      client = maker.get();
      clients.set(place, client);
    }
    return client;
  }
}

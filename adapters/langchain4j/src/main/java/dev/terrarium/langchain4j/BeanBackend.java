package dev.terrarium.langchain4j;

import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.terrarium.langchain4j.Capabilities.Schemas;
import dev.terrarium.langchain4j.Capabilities.Way;
import java.net.URI;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A user's own models of LangChain4j, at least one of them. Immutable. */
record BeanBackend(@Nullable ChatModel chatModel, @Nullable StreamingChatModel streamingChatModel)
    implements Backend {

  @Override
  public @Nullable ChatModel chat(Options options) {
    return chatModel;
  }

  @Override
  public @Nullable StreamingChatModel streaming(Options options) {
    return streamingChatModel;
  }

  @Override
  public Capabilities capabilities() {
    return new Capabilities(
        /* seed= */ Way.NEVER,
        /* reasoningEffort= */ Way.NEVER,
        /* parallelToolCalls= */ Way.NEVER,
        schemas(),
        Set.of(Capabilities.IMAGES, Capabilities.PDF, Capabilities.AUDIO, Capabilities.VIDEO));
  }

  /** Returns what both models say that they can do. */
  private Schemas schemas() {
    boolean both =
        (chatModel == null || canHoldTo(chatModel.supportedCapabilities()))
            && (streamingChatModel == null
                || canHoldTo(streamingChatModel.supportedCapabilities()));
    return both ? Schemas.OF_OBJECTS : Schemas.NONE;
  }

  private static boolean canHoldTo(Set<Capability> capabilities) {
    return capabilities.contains(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
  }

  /** Returns whether the URL is one of a file, which some clients read. */
  @Override
  public boolean fetches(String mimeType, URI url) {
    return "file".equalsIgnoreCase(url.getScheme());
  }

  @Override
  public boolean streamsInPlace() {
    return false;
  }
}

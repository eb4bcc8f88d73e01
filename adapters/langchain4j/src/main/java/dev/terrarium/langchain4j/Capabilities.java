package dev.terrarium.langchain4j;

import java.util.Set;

/**
 * What a provider takes of a request. Immutable.
 *
 * @param seed the way of a seed
 * @param reasoningEffort the way of {@link dev.terrarium.model.ChatRequest#reasoningEffort}
 * @param parallelToolCalls the way of {@link dev.terrarium.model.ChatRequest#parallelToolCalls}
 * @param schemas the schemas that the service itself holds an answer to
 * @param media the MIME types of media that the service takes, or their first halves
 */
record Capabilities(
    Way seed, Way reasoningEffort, Way parallelToolCalls, Schemas schemas, Set<String> media) {

  static final String IMAGES = "image";
  static final String AUDIO = "audio";
  static final String VIDEO = "video";
  static final String PDF = "application/pdf";

  /** The way in which a parameter reaches the service. */
  enum Way {
    BY_REQUEST,
    BY_CLIENT,
    NEVER
  }

  /** The schemas that the service itself holds an answer to. */
  enum Schemas {
    /** All. */
    ALL,
    /** Those whose root is an object. */
    OF_OBJECTS,
    /** Those whose objects all list their properties, require them and allow no others. */
    CLOSED,
    NONE
  }

  /** Returns whether the service takes media of a MIME type. */
  boolean takes(String mimeType) {
    return media.contains(mimeType) || media.contains(kind(mimeType));
  }

  /** Returns the first half of a MIME type, such as {@code image}. */
  static String kind(String mimeType) {
    return mimeType.substring(0, mimeType.indexOf('/'));
  }
}

package dev.terrarium.langgraph;

import java.util.Locale;

/** What a graph streams while it runs. */
public enum StreamMode {
  /** The output so far after each step: {@link StreamPart.Values}. */
  VALUES,

  /** What each node wrote: {@link StreamPart.Update}. */
  UPDATES,

  /** What nodes write by {@code get_stream_writer()}: {@link StreamPart.Custom}. */
  CUSTOM,

  /** The messages of language models in nodes, piece by piece: {@link StreamPart.Message}. */
  MESSAGES;

  /** Returns LangGraph's word for the mode. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}

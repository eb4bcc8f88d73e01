package dev.terrarium.dspy;

import java.util.Locale;

/** DSPy's adapters: the form in which the model is asked, and answers. Immutable. */
public enum DspyAdapter {
  /** A JSON object, which keeps to a schema where the model can be constrained; the default. */
  JSON,
  /** Sections between marks; unconstrained. */
  CHAT,
  /**
   * As {@link #CHAT}; when the answer cannot be read, the model is asked again as {@link #JSON}.
   */
  AUTO,
  /** An XML element for each output; unconstrained. */
  XML,
  /**
   * An answer in any form, of which another model extracts the outputs, as {@link #AUTO} asks for
   * them; see {@link DspyOptions#withExtractionModel}.
   */
  TWO_STEP,
  /** As {@link #JSON}, with a shorter description of records in the prompt. */
  BAML;

  /** Returns the name by which the bridge knows the adapter. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}

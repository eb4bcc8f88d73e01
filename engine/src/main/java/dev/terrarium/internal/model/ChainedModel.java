package dev.terrarium.internal.model;

import dev.terrarium.model.ForwardingLanguageModel;
import dev.terrarium.model.LanguageModel;

/** A chain of models that a spec names. Its links are not closed with it. Thread-safe. */
final class ChainedModel extends ForwardingLanguageModel {

  ChainedModel(LanguageModel chain) {
    super(chain);
  }

  /** Does nothing: the cache closes the models. */
  @Override
  public void close() {}
}

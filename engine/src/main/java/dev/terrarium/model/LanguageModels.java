package dev.terrarium.model;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.terrarium.AdmissionConfig.CircuitBreaker;
import dev.terrarium.error.ConfigurationException;
import java.util.List;

/** Combines language models. Stateless; the models that it returns are thread-safe. */
public final class LanguageModels {

  private LanguageModels() {}

  /**
   * Returns a chain of models, which asks the first model and, when it fails, the next one, with
   * the circuit breaker's defaults.
   *
   * @see #firstOf(List, CircuitBreaker)
   */
  public static LanguageModel firstOf(LanguageModel... models) {
    return firstOf(List.of(models), CircuitBreaker.ofDefaults());
  }

  /**
   * Returns a chain of models, which asks the first model and, when it fails, the next one. The
   * name of the chain is {@code first:} with the names of its models, which is also its spec; its
   * tokenizer is that of the first model, and closing it closes its models.
   *
   * <p>The next model is asked after each {@link dev.terrarium.error.ModelException} but those of
   * the kinds {@code INVALID_REQUEST}, whose request should be corrected, and {@code
   * CONTENT_FILTERED}, whose content should not be passed on to another service. Once a piece of a
   * streamed answer has been delivered, the failure is thrown. Each model retries as it is
   * configured before the next one is asked, and interrupting the thread ends the request.
   *
   * <p>Each model has a circuit breaker: a model whose last requests all failed is passed over at
   * once, until it is time for a trial. Answers that cannot be used and prompts that do not fit say
   * nothing about a model. When no model answers, the exception has the failure of the first one as
   * its cause, the others as suppressed exceptions, and the kind of the first failure that may pass
   * or, if none may, of the first failure.
   *
   * @param models the models in the order in which they are asked; at least one
   * @param breaker the circuit breaker that each model has
   * @throws ConfigurationException when there are no models
   */
  public static LanguageModel firstOf(List<LanguageModel> models, CircuitBreaker breaker) {
    return new ModelChain(models, breaker, Ticker.systemTicker());
  }
}

package dev.terrarium.dspy.internal.frozen;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a flow may ask: language models, and the functions of its caller. For one run. */
public interface Exchanges {

  /**
   * Has a language model answer.
   *
   * @param asker the name of the predictor that asks
   * @param request in the form of {@code model.generate}
   * @throws dev.terrarium.error.ModelException when the model fails
   */
  Map<?, ?> ask(@Nullable String asker, Map<String, @Nullable Object> request);

  /** Calls a function of the caller, such as a tool; what the function throws ends the call. */
  @Nullable Object call(String function, List<@Nullable Object> arguments);
}

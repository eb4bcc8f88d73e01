package dev.terrarium.dspy;

import dev.terrarium.error.ConfigurationException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The options with which a program calls its language model. Immutable; an absent option is left to
 * the model.
 *
 * @param model name or spec of a language model other than the default
 * @param temperature at least 0; 0 picks the likeliest token each time
 * @param maxTokens maximum number of tokens of an answer, at least 1
 * @param seed for sampling
 * @param adapter the form in which the model is asked
 * @param extractionModel for {@link DspyAdapter#TWO_STEP}: the model that extracts the outputs, the
 *     default model if absent
 */
public record DspyOptions(
    Optional<String> model,
    Optional<Double> temperature,
    Optional<Integer> maxTokens,
    Optional<Long> seed,
    Optional<DspyAdapter> adapter,
    Optional<String> extractionModel) {

  private static final DspyOptions DEFAULTS =
      new DspyOptions(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());

  public DspyOptions {
    if (temperature.isPresent() && !(temperature.get() >= 0)) {
      throw new ConfigurationException("temperature: " + temperature.get() + " is below 0");
    }
    if (maxTokens.isPresent() && maxTokens.get() < 1) {
      throw new ConfigurationException("maxTokens: " + maxTokens.get() + " is below 1");
    }
  }

  public static DspyOptions ofDefaults() {
    return DEFAULTS;
  }

  public DspyOptions withModel(String value) {
    return new DspyOptions(
        Optional.of(value), temperature, maxTokens, seed, adapter, extractionModel);
  }

  public DspyOptions withTemperature(double value) {
    return new DspyOptions(model, Optional.of(value), maxTokens, seed, adapter, extractionModel);
  }

  public DspyOptions withMaxTokens(int value) {
    return new DspyOptions(model, temperature, Optional.of(value), seed, adapter, extractionModel);
  }

  public DspyOptions withSeed(long value) {
    return new DspyOptions(
        model, temperature, maxTokens, Optional.of(value), adapter, extractionModel);
  }

  public DspyOptions withAdapter(DspyAdapter value) {
    return new DspyOptions(
        model, temperature, maxTokens, seed, Optional.of(value), extractionModel);
  }

  public DspyOptions withExtractionModel(String value) {
    return new DspyOptions(model, temperature, maxTokens, seed, adapter, Optional.of(value));
  }

  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    model.ifPresent(value -> map.put("model", value));
    temperature.ifPresent(value -> map.put("temperature", value));
    maxTokens.ifPresent(value -> map.put("max_tokens", value));
    seed.ifPresent(value -> map.put("seed", value));
    adapter.ifPresent(value -> map.put("adapter", value.word()));
    extractionModel.ifPresent(value -> map.put("extraction_model", value));
    return map;
  }
}

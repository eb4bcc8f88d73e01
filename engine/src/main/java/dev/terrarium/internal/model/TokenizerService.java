package dev.terrarium.internal.model;

import dev.terrarium.error.ConversionException;
import dev.terrarium.model.Tokenizer;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.HostFunctions;
import dev.terrarium.spi.TypedReader;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * The host functions by which Python code uses the language models' tokenizers: {@code
 * tokenizer.count(model, text) -> int}, {@code tokenizer.encode(model, text) -> array of ints} and
 * {@code tokenizer.decode(model, tokens) -> str}, where the model is a name or a spec, or None for
 * the default. Thread-safe.
 */
public final class TokenizerService implements HostFunctions {

  private final LanguageModels models;

  public TokenizerService(LanguageModels models) {
    this.models = models;
  }

  @Override
  public Map<String, HostFunction> functions() {
    return Map.of(
        "tokenizer.count", function("tokenizer.count", "text", String.class, Tokenizer::count),
        "tokenizer.encode", function("tokenizer.encode", "text", String.class, Tokenizer::encode),
        "tokenizer.decode", function("tokenizer.decode", "tokens", int[].class, Tokenizer::decode));
  }

  private <T> HostFunction function(
      String name, String argument, Class<T> type, BiFunction<Tokenizer, T, Object> work) {
    return arguments -> {
      if (arguments.size() != 2) {
        throw new ConversionException(name, "expected a model's name or None, and the " + argument);
      }
      Tokenizer tokenizer = models.tokenizer(model(arguments.getFirst()));
      return work.apply(tokenizer, TypedReader.read(arguments.getLast(), type, argument));
    };
  }

  private static @Nullable String model(@Nullable Object given) {
    return given == null ? null : TypedReader.read(given, String.class, "model");
  }
}

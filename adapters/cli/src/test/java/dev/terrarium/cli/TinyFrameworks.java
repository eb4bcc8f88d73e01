package dev.terrarium.cli;

import dev.terrarium.Adapter;
import dev.terrarium.Command;
import dev.terrarium.model.LanguageModel;
import dev.terrarium.spi.AdapterFactory;
import dev.terrarium.spi.LanguageModelProvider;
import dev.terrarium.testkit.FakeLanguageModel;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * What a jar with frameworks of its own offers to the command line. The resources are in a folder
 * {@code tiny}, which is on the class path in {@link AskTest} only.
 */
final class TinyFrameworks {

  private TinyFrameworks() {}

  // guide: answerer
  /** The adapter of the framework in {@code tiny.py}. Thread-safe. */
  public record Tiny(Adapter adapter) {}

  /** Makes {@link Tiny}. */
  public static final class TinyFactory implements AdapterFactory<Tiny> {

    @Override
    public Class<Tiny> type() {
      return Tiny.class;
    }

    @Override
    public String framework() {
      return "tiny";
    }

    @Override
    public Optional<String> resource() {
      return Optional.of("/tiny.py");
    }

    @Override
    public Tiny create(Adapter adapter) {
      return new Tiny(adapter);
    }

    @Override
    public Optional<Answerer> answerer(Tiny tiny, int maxTokens) {
      return Optional.of(new TinyAnswerer(tiny.adapter(), maxTokens));
    }
  }

  private record TinyAnswerer(Adapter adapter, int maxTokens) implements AdapterFactory.Answerer {

    @Override
    public String answer(String question) {
      return adapter.call(Command.of("answer", arguments(question)).as(String.class));
    }

    @Override
    public Flow.Publisher<String> stream(String question) {
      return adapter.stream(Command.of("pieces", arguments(question)).as(String.class));
    }

    private Map<String, Object> arguments(String question) {
      return Map.of("question", question, "max_tokens", maxTokens);
    }
  }

  // end

  /** The adapter of the framework in {@code mute.py}. */
  record Mute() {}

  /** Makes {@link Mute}, and no program that answers questions. */
  public static final class MuteFactory implements AdapterFactory<Mute> {

    @Override
    public Class<Mute> type() {
      return Mute.class;
    }

    @Override
    public String framework() {
      return "mute";
    }

    @Override
    public Optional<String> resource() {
      return Optional.of("/mute.py");
    }

    @Override
    public Mute create(Adapter adapter) {
      return new Mute();
    }
  }

  /** Opens a model that answers at once, by the spec {@code fake}. */
  public static final class FakeProvider implements LanguageModelProvider {

    @Override
    public String name() {
      return "fake";
    }

    @Override
    public boolean supports(String spec) {
      return spec.equals("fake");
    }

    @Override
    public LanguageModel open(@Nullable String spec) {
      return FakeLanguageModel.schemaConforming();
    }
  }
}

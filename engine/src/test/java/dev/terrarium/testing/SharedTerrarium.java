package dev.terrarium.testing;

import dev.terrarium.Framework;
import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.model.EmbeddingModel;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * One Terrarium of two contexts for all tests of the JVM, since making a context takes seconds; and
 * the check that each test leaves it at rest. It has the framework {@code probe} and the language
 * models {@link #MODEL}, the default, and {@link #COUNTING}.
 */
public final class SharedTerrarium
    implements ParameterResolver, BeforeEachCallback, AfterEachCallback {

  public static final FakeModel MODEL = new FakeModel("shared");
  public static final CountingModel COUNTING = new CountingModel();

  /** Its vector of a text is the text's length, and 1. */
  private static final EmbeddingModel LENGTHS =
      new EmbeddingModel() {
        @Override
        public String name() {
          return "lengths";
        }

        @Override
        public int dimensions() {
          return 2;
        }

        @Override
        public List<float[]> embed(List<String> texts) {
          return texts.stream().map(text -> new float[] {text.length(), 1}).toList();
        }
      };

  private static @Nullable Terrarium shared;

  private final AtRest atRest = new AtRest(() -> get().stats().pool());

  /** The shared one, started now if it was not; it is never closed. */
  public static synchronized Terrarium get() {
    Terrarium terrarium = shared;
    if (terrarium == null) {
      terrarium =
          Terrarium.start(
                  TerrariumConfig.custom()
                      .contexts(2)
                      .borrowTimeout(Duration.ofSeconds(30))
                      .languageModel(MODEL)
                      .languageModel(COUNTING)
                      .embeddingModel(LENGTHS)
                      .build())
              .register(probe());
      shared = terrarium;
    }
    return terrarium;
  }

  public static Framework probe() {
    return Framework.fromResource("/frameworks/probe.py");
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Terrarium.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return get();
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    atRest.beforeEach(context);
  }

  @Override
  public void afterEach(ExtensionContext context) {
    atRest.afterEach(context);
  }
}

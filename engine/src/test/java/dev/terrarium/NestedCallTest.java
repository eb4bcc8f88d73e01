package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.NestedCallException;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.Reader;
import dev.terrarium.testing.SharedTerrarium;
import dev.terrarium.testing.TestFunctions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Calls within calls: Python calls Java, which calls Terrarium; and what crosses with a call. */
@GraalPyTest
class NestedCallTest {

  private static final ScopedValue<String> USER = ScopedValue.newInstance();
  private static final String CALL_BACK = "host.call('test.call')";

  @AfterEach
  void noCallBack() {
    TestFunctions.onCall(arguments -> arguments);
  }

  private static Terrarium one() {
    return Terrarium.start(TerrariumConfig.custom().contexts(1).build())
        .register(SharedTerrarium.probe())
        .register(Framework.fromResource("/frameworks/wordcount.py"));
  }

  private static @Nullable Object evaluate(Terrarium terrarium, String expression) {
    return terrarium.call("probe", "evaluate", Map.of("expression", expression));
  }

  @Test
  void nestedCallUsesItsCallersContext() {
    try (Terrarium terrarium = one()) {
      TestFunctions.onCall(arguments -> evaluate(terrarium, "__import__('threading').get_ident()"));

      assertThat(evaluate(terrarium, "[" + CALL_BACK + ", __import__('threading').get_ident()]"))
          .isInstanceOfSatisfying(
              List.class, threads -> assertThat(threads.get(0)).isEqualTo(threads.get(1)));
    }
  }

  @Test
  void callsNestDeeply() {
    try (Terrarium terrarium = one()) {
      TestFunctions.onCall(
          arguments -> {
            long depth = arguments.getFirst() instanceof Long number ? number : 0;
            return depth == 0
                ? 0L
                : evaluate(terrarium, "1 + host.call('test.call', " + (depth - 1) + ")");
          });

      assertThat(evaluate(terrarium, "host.call('test.call', 30)")).isEqualTo(30L);
    }
  }

  @Test
  void frameworkThatTheCallersContextLacksIsRefusedWhenToWaitCouldLastForEver() {
    try (Terrarium terrarium = one()) {
      TestFunctions.onCall(
          arguments -> terrarium.call("wordcount", "count", Map.of("text", "a b")));

      assertThatThrownBy(() -> evaluate(terrarium, CALL_BACK))
          .isInstanceOf(NestedCallException.class)
          .hasMessageContaining("'wordcount'")
          .hasMessageContaining("Raise the number of contexts");
      assertThat(evaluate(terrarium, "1 + 1")).isEqualTo(2L);
    }
  }

  @Test
  void frameworkThatTheCallersContextLacksIsCalledInAFreeOne(Terrarium shared) {
    shared.register(
        Framework.fromSource(
            "neighbour",
            """
            from terrarium.bridge import BaseBridge, handler

            class Neighbour(BaseBridge):
                framework = "neighbour"

                @handler
                def greet(self) -> str:
                    return "hello"
            """,
            "neighbour.py"));
    TestFunctions.onCall(arguments -> shared.call("neighbour", "greet", Map.of()));

    assertThat(evaluate(shared, CALL_BACK)).isEqualTo("hello");
  }

  @Test
  void deadlineOfANestedCallEndsBoth() {
    CallOptions soon = CallOptions.deadline(Duration.ofMillis(100));
    try (Terrarium terrarium = one()) {
      TestFunctions.onCall(
          arguments ->
              terrarium
                  .adapter("probe")
                  .with(soon)
                  .call("execute", Map.of("source", "while True: pass")));

      assertThatThrownBy(() -> evaluate(terrarium, CALL_BACK))
          .isInstanceOf(CallTimeoutException.class);
      assertThat(evaluate(terrarium, "1 + 1")).isEqualTo(2L);
    }
  }

  @Test
  @SuppressWarnings("try") // that it is closed too soon is the point
  void closingFromWithinACallIsRefused() {
    try (Terrarium terrarium = one()) {
      TestFunctions.onCall(
          arguments -> {
            terrarium.close();
            return null;
          });

      assertThatThrownBy(() -> evaluate(terrarium, CALL_BACK))
          .isInstanceOf(NestedCallException.class)
          .hasMessageContaining("from within a call");
      assertThat(evaluate(terrarium, "1 + 1")).isEqualTo(2L);
    }
  }

  @Test
  void valuesOfTheCallersThreadAreCarriedOver() throws Exception {
    ContextPropagation user =
        call -> {
          String name = USER.orElse("nobody");
          return () -> ScopedValue.where(USER, name).run(call);
        };
    AtomicReference<@Nullable ClassLoader> seen = new AtomicReference<>();
    TestFunctions.onCall(
        arguments -> {
          seen.set(Thread.currentThread().getContextClassLoader());
          return USER.orElse("nothing");
        });
    TerrariumConfig config = TerrariumConfig.custom().contexts(1).contextPropagation(user).build();
    ClassLoader own = new ClassLoader() {};
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (Terrarium terrarium = Terrarium.start(config).register(SharedTerrarium.probe())) {
      thread.setContextClassLoader(own);
      Object answer = ScopedValue.where(USER, "ann").call(() -> evaluate(terrarium, CALL_BACK));
      Object later =
          ScopedValue.where(USER, "bob")
              .call(
                  () ->
                      terrarium
                          .adapter("probe")
                          .callAsync(Command.of("evaluate", Map.of("expression", CALL_BACK))))
              .get();

      Reader reader =
          ScopedValue.where(USER, "cid")
              .call(
                  () ->
                      Reader.of(
                          terrarium.adapter("probe").stream(
                              Command.of(
                                  "evaluate",
                                  Map.of("expression", "(" + CALL_BACK + " for _ in '1')")))));

      assertThat(reader.request(2).end()).isNull();
      assertThat(reader.pieces).containsExactly("cid");
      assertThat(answer).isEqualTo("ann");
      assertThat(later).isEqualTo("bob");
      assertThat(seen).hasValue(own);
      assertThat(evaluate(terrarium, CALL_BACK)).isEqualTo("nobody");
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @Test
  void propagationThatFailsFailsItsCallOnly() {
    ContextPropagation broken =
        call ->
            () -> {
              if (USER.isBound()) {
                call.run();
              } else {
                throw new IllegalStateException("nobody is logged in");
              }
            };
    ContextPropagation carrying =
        call -> {
          boolean bound = USER.isBound();
          return () -> {
            if (bound) {
              ScopedValue.where(USER, "x").run(broken.wrap(call));
            } else {
              broken.wrap(call).run();
            }
          };
        };
    TerrariumConfig config =
        TerrariumConfig.custom().contexts(1).contextPropagation(carrying).build();
    try (Terrarium terrarium = Terrarium.start(config).register(SharedTerrarium.probe())) {
      assertThatThrownBy(() -> evaluate(terrarium, "1")).hasRootCauseMessage("nobody is logged in");
      ScopedValue.where(USER, "ann")
          .run(() -> assertThat(evaluate(terrarium, "1 + 1")).isEqualTo(2L));
    }
  }

  @Test
  void propagationThatDoesNotRunTheCallFailsIt() {
    TerrariumConfig config =
        TerrariumConfig.custom().contexts(1).contextPropagation(call -> () -> {}).build();
    try (Terrarium terrarium = Terrarium.start(config).register(SharedTerrarium.probe())) {
      assertThatThrownBy(() -> evaluate(terrarium, "1"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("did not run the call");
      assertThatThrownBy(
              () ->
                  terrarium
                      .adapter("probe")
                      .callAsync(Command.of("evaluate", Map.of("expression", "1")))
                      .get())
          .hasRootCauseMessage("The context propagation did not run the call.");
    }
  }
}

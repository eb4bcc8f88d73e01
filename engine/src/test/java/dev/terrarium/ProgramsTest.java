package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.ArgumentException;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.TestFunctions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Programs that two contexts share, each of which keeps one built program. */
@GraalPyTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProgramsTest {

  private static final int CONTEXTS = 2;

  private final Terrarium terrarium =
      Terrarium.start(TerrariumConfig.custom().contexts(CONTEXTS).programCache(1).build());
  private final Adapter greetings =
      terrarium.register(Framework.fromResource("/frameworks/greetings.py")).adapter("greetings");
  private final Programs programs = new Programs(greetings);

  @BeforeAll
  void loadInBoth() {
    terrarium.prewarm("greetings", CONTEXTS).join();
  }

  @AfterAll
  void close() {
    terrarium.close();
  }

  @AfterEach
  void deleteAll() {
    TestFunctions.onCall(arguments -> arguments);
    programs.list().forEach(programs::delete);
  }

  private void create(String id, Object word) {
    greetings.call("create_program", Map.of("spec", Map.of("word", word), "program", id));
  }

  private static Command<@Nullable Object> greet(String id) {
    return Command.of("greet", Map.of("program", id));
  }

  /**
   * Returns the answers of both contexts: each call waits within its own context for the other
   * call.
   */
  private List<String> greetInBoth(String id) {
    CyclicBarrier both = new CyclicBarrier(CONTEXTS);
    TestFunctions.onCall(
        arguments -> {
          try {
            return both.await(1, TimeUnit.MINUTES);
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
    return greetings.callAll(List.of(greet(id), greet(id))).stream()
        .map(result -> String.valueOf(result.value()))
        .toList();
  }

  @Test
  void everyContextRunsTheProgramsThatOneCallCreatesOrChanges() {
    create("mine", "Hello");
    assertThat(greetInBoth("mine")).containsExactly("Hello", "Hello");
    create("mine", "Goodbye");
    assertThat(greetInBoth("mine")).containsExactly("Goodbye", "Goodbye");
    greetings.call("set_program_state", Map.of("program", "mine", "state", Map.of("mark", "!")));
    assertThat(greetInBoth("mine")).containsExactly("Goodbye!", "Goodbye!");

    programs.delete("mine");
    assertThat(greetings.callAll(List.of(greet("mine"), greet("mine"))))
        .allSatisfy(
            result ->
                assertThatThrownBy(result::value)
                    .isInstanceOf(ArgumentException.class)
                    .hasMessageContaining("greetings has no program 'mine'"));
  }

  @Test
  void specThatIsNotValidFailsItsCallerOnlyAndIsNotStored() {
    create("mine", "Hello");
    assertThatThrownBy(() -> create("mine", 5))
        .isInstanceOf(ArgumentException.class)
        .hasMessage("spec.word: must be a text, got 5");
    assertThatThrownBy(() -> create("other", 5)).isInstanceOf(ArgumentException.class);
    assertThatThrownBy(
            () ->
                greetings.call(
                    "set_program_state", Map.of("program", "mine", "state", Map.of("loud", 1))))
        .isInstanceOf(ArgumentException.class)
        .hasMessageStartingWith("state: must have a mark");

    assertThat(programs.list()).containsExactly("mine");
    assertThat(greetInBoth("mine")).containsExactly("Hello", "Hello");
    assertThat(terrarium.stats().pool().suspect()).isZero();
  }

  @Test
  void typedFacadeListsThePrograms() {
    create("b", "Hello");
    create("a", "Hello");
    greetings.call("set_program_state", Map.of("program", "a", "state", Map.of("mark", "!")));

    assertThat(programs.list()).containsExactly("a", "b");
    Programs.Info info = programs.info("a");
    assertThat(info.program()).isEqualTo("a");
    assertThat(info.compiled()).isTrue();
    assertThat(info.spec()).isEqualTo(Map.of("word", "Hello"));
    assertThat(info.created()).isBeforeOrEqualTo(info.updated());
    assertThat(info.version()).isGreaterThan(programs.info("b").version());
    assertThat(programs.info("b").compiled()).isFalse();
    assertThatThrownBy(() -> programs.info("c")).isInstanceOf(ArgumentException.class);
    assertThatThrownBy(() -> programs.delete("c")).isInstanceOf(ArgumentException.class);
    assertThatThrownBy(() -> programs.delete("@defaults")).isInstanceOf(ArgumentException.class);
  }

  @Test
  void contextKeepsAsManyBuiltProgramsAsConfigured() {
    IntStream.range(0, 20).forEach(i -> create("p" + i, "word " + i));
    for (int i = 0; i < 20; i++) {
      assertThat(greetings.call(greet("p" + i))).isEqualTo("word " + i);
    }
    Map<?, ?> stats = greetings.call(Command.of("get_stats", Map.of()).as(Map.class));
    assertThat((Object) stats.get("programs")).isEqualTo(1L);
  }

  @Test
  void tenThousandProgramsWorkThoughEachContextKeepsOne() {
    List<String> ids = IntStream.range(0, 10_000).mapToObj(i -> "p" + i).toList();
    List<CallResult<@Nullable Object>> created =
        greetings.batch(
            ids.stream()
                .map(
                    id ->
                        Command.of(
                            "create_program", Map.of("spec", Map.of("word", id), "program", id)))
                .toList());
    assertThat(created).allMatch(CallResult::isSuccess);

    assertThat(succeed(greetings.callAll(ids.stream().map(ProgramsTest::greet).toList())))
        .isEqualTo(ids);
    create("p4711", "changed");
    assertThat(greetInBoth("p4711")).containsExactly("changed", "changed");
    assertThat(programs.list()).hasSize(ids.size());
    Map<?, ?> stats = greetings.call(Command.of("get_stats", Map.of()).as(Map.class));
    assertThat((Object) stats.get("programs")).isEqualTo(1L);
    succeed(
        greetings.batch(
            ids.stream().map(id -> Command.of("delete_program", Map.of("program", id))).toList()));
    assertThat(programs.list()).isEmpty();
  }

  private static List<String> succeed(List<CallResult<@Nullable Object>> results) {
    return results.stream().map(result -> String.valueOf(result.value())).toList();
  }
}

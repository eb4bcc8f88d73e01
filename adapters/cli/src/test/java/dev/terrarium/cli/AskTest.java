package dev.terrarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.cli.Launcher.Finished;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests of {@code ask} where the class path has the {@link TinyFrameworks}, which nothing else
 * names.
 */
@Tag("graalpy")
class AskTest {

  private final ClassLoader usual = Thread.currentThread().getContextClassLoader();
  private final URLClassLoader withTiny;

  AskTest() throws Exception {
    URL file = Objects.requireNonNull(AskTest.class.getResource("/tiny/tiny.py"));
    URL folder = Path.of(file.toURI()).resolveSibling("").toUri().toURL();
    withTiny = new URLClassLoader(new URL[] {folder}, usual);
  }

  @BeforeEach
  void addTheTinyFrameworksToTheClassPath() {
    Thread.currentThread().setContextClassLoader(withTiny);
  }

  @AfterEach
  void restoreTheClassPath() throws Exception {
    Thread.currentThread().setContextClassLoader(usual);
    withTiny.close();
  }

  private static Finished ask(String... arguments) {
    String[] all = new String[arguments.length + 3];
    all[0] = "ask";
    all[1] = "--model";
    all[2] = "fake";
    System.arraycopy(arguments, 0, all, 3, arguments.length);
    return InThisJvm.run(all);
  }

  @Test
  void frameworkOfAnotherJarAnswers() {
    Finished ask = ask("--framework", "tiny", "--show-prompt", "Where?", "When?");

    assertThat(ask.err()).isEqualTo("[USER]\nWhere?\n\n[USER]\nWhen?\n\n");
    assertThat(ask.out()).isEqualTo("text\ntext\n");
    assertThat(ask.exitCode()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"tiny", "dspy", "langchain"})
  void eachFrameworkStreamsAndShowsItsPrompt(String framework) {
    Finished ask = ask("--framework", framework, "--stream", "--show-prompt", "Where?");

    assertThat(ask.err()).contains("[USER]\n", "Where?");
    assertThat(ask.out()).isEqualTo("text\n");
    assertThat(ask.exitCode()).isZero();
  }

  @Test
  void unknownFrameworkIsRefusedWithTheNamesOfTheClassPath() {
    ask("--framework", "haystack", "Where?")
        .assertBadUsage(
            "Invalid value for option '--framework': expected one of [dspy, langchain, mute, tiny]"
                + " (case-sensitive) but was 'haystack'\n");
  }

  @Test
  void helpNamesTheFrameworksOfTheClassPath() {
    assertThat(ask("--help").out())
        .containsPattern("dspy, langchain, mute, tiny;\\s+default\\s+dspy");
  }

  @Test
  void frameworkThatAnswersNoQuestionsIsRefusedByName() {
    ask("--framework", "mute", "Where?")
        .assertBadUsage("Framework 'mute' answers no questions by its adapter.");
  }

  @Test
  void limitOfTokensIsAboveZero() {
    ask("--framework", "tiny", "--max-tokens", "0", "Where?")
        .assertBadUsage("--max-tokens: 0 is below 1.");
  }
}

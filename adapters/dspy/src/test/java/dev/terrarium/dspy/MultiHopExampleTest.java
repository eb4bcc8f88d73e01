package dev.terrarium.dspy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.Terrarium;
import dev.terrarium.TerrariumConfig;
import dev.terrarium.testkit.FakeLanguageModel;
import java.io.ByteArrayOutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example of the documentation, compiled and run on a scripted model. */
@Tag("graalpy")
class MultiHopExampleTest {

  private static final Path EXAMPLE = Path.of("../../docs/examples/MultiHopRag.java");
  private static final Path GUIDES = Path.of("../../docs/guides");

  @TempDir private Path classes = Path.of("");

  @Test
  void modelAnswersFromTheGuidesInTwoHops() throws Exception {
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    String path =
        System.getProperty("jdk.module.path", "") + ":" + System.getProperty("java.class.path");
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, errors, "-d", classes.toString(), "-cp", path, EXAMPLE.toString());
    assertThat(errors.toString(StandardCharsets.UTF_8)).isEmpty();
    assertThat(status).isZero();

    FakeLanguageModel scripted =
        FakeLanguageModel.answering(
            "{\"query\": \"frozen program thaws\"}",
            "{\"query\": \"configure sets all defaults\"}",
            "{\"reasoning\": \"\", \"answer\": \"When it changes.\"}");
    try (URLClassLoader loader =
            new URLClassLoader(new URL[] {classes.toUri().toURL()}, getClass().getClassLoader());
        Terrarium terrarium =
            Terrarium.start(TerrariumConfig.custom().contexts(1).languageModel(scripted).build())) {
      Class<?> example = loader.loadClass("MultiHopRag");
      Object answer = answer(example, terrarium.adapter(Dspy.class));
      assertThat(answer.toString()).isEqualTo("Answer[answer=When it changes.]");
    }
    assertThat(scripted.requests()).hasSize(3);
    assertThat(scripted.requests().getLast().messages().getLast().content())
        .contains("A frozen program **thaws** when");
  }

  private static Object answer(Class<?> example, Dspy dspy) throws Exception {
    DspyModule<?, ?> rag =
        (DspyModule<?, ?>) example.getConstructor(Path.class).newInstance(GUIDES);
    Class<?> question = Class.forName("MultiHopRag$Question", true, example.getClassLoader());
    Object asked =
        question.getConstructor(String.class).newInstance("When does a frozen program thaw?");
    Object program = Dspy.class.getMethod("module", DspyModule.class).invoke(dspy, rag);
    return Objects.requireNonNull(
        DspyModuleProgram.class.getMethod("call", Object.class).invoke(program, asked));
  }
}

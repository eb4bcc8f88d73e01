package dev.terrarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.terrarium.cli.Launcher.Finished;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of the commands in one JVM: their outputs and their exit codes. */
@Tag("graalpy")
class CommandsTest {

  @Test
  void langchainAnswersAQuestion() throws Exception {
    Finished ask =
        InThisJvm.run("ask", "--framework", "langchain", "What is the capital of France?");
    assertThat(ask.exitCode()).as(ask.err()).isZero();
    assertThat(ask.out()).contains("Paris");
    assertThat(ask.err()).isEmpty();
  }

  @Test
  void answersAreStreamed() throws Exception {
    Finished ask =
        InThisJvm.run("ask", "--stream", "--show-prompt", "What is the capital of France?");
    assertThat(ask.exitCode()).as(ask.err()).isZero();
    assertThat(ask.out()).contains("Paris").hasLineCount(1);
    assertThat(ask.err()).contains("[SYSTEM]", "What is the capital of France?");
  }

  @Test
  void anEmptyQuestionIsBadUsage() throws Exception {
    InThisJvm.run("ask", "  ").assertBadUsage("The question is empty.");
  }

  @Test
  void anUnknownFrameworkIsBadUsage() throws Exception {
    InThisJvm.run("ask", "--framework", "haystack", "Hi?").assertBadUsage("dspy, langchain");
  }

  @Test
  void aMisspeltModelProviderIsOneSentence() {
    Finished ask = InThisJvm.run("ask", "--model", "opanai:gpt-5-mini", "Hi?");
    assertThat(ask.exitCode()).isEqualTo(1);
    assertThat(ask.err()).contains("opanai", "openai").hasLineCount(1);
  }

  /** A server with OpenAI's interface, which needs no key since it is not OpenAI's own. */
  @Test
  void aModelOfAServiceAnswers() throws Exception {
    byte[] answer =
        """
        {"id": "1", "object": "chat.completion", "created": 1, "model": "capital",
         "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant",
           "content": "{\\"answer\\": \\"Paris\\"}"}}],
         "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}}
        """
            .getBytes(StandardCharsets.UTF_8);
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/v1/chat/completions",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          exchange.getResponseHeaders().add("Content-Type", "application/json");
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    server.start();
    try {
      String model = "openai:capital@http://127.0.0.1:" + server.getAddress().getPort() + "/v1";
      Finished ask = InThisJvm.run("ask", "--model", model, "What is the capital of France?");
      assertThat(ask.exitCode()).as(ask.err()).isZero();
      assertThat(ask.out()).isEqualTo("Paris\n");
    } finally {
      server.stop(0);
    }
  }

  @Test
  void aMissingModelFileIsOneSentence() throws Exception {
    Finished ask = InThisJvm.run("ask", "--model", "/nowhere/missing.gguf", "Hi?");
    assertThat(ask.exitCode()).isEqualTo(1);
    assertThat(ask.out()).isEmpty();
    assertThat(ask.err()).contains("/nowhere/missing.gguf").hasLineCount(1);
  }

  @Test
  void runReportsTheLineWhoseAnswerIsCutOff(@TempDir Path folder) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("p.yaml"),
            """
            instructions: Answer the question in five long sentences.
            inputs: {question: {type: string}}
            outputs: {answer: {type: string}}
            options: {temperature: 0, max_tokens: 8}
            """);
    Finished run =
        InThisJvm.runWith("{\"question\": \"Why does it rain?\"}\n", "run", file.toString());
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err())
        .contains("line 1: the model's answer was cut off by max_tokens=8", "1 lines failed");
  }

  @Test
  void oneContextAndTwoGiveTheSameResults() throws Exception {
    Finished one = InThisJvm.runWith(Examples.reviews(10), "run", Examples.SENTIMENT);
    Finished two =
        InThisJvm.runWith(Examples.reviews(10), "run", "--contexts", "2", Examples.SENTIMENT);
    assertThat(one.exitCode()).as(one.err()).isZero();
    assertThat(two.exitCode()).as(two.err()).isZero();
    assertThat(one.out()).hasLineCount(10).isEqualTo(two.out());
  }

  @Test
  void invalidProgramFileIsBadUsage(@TempDir Path folder) throws Exception {
    Path file =
        Files.writeString(folder.resolve("p.yaml"), "inputs: {a: {type: string}}\nfoo: 1\n");
    InThisJvm.run("run", file.toString()).assertBadUsage("unknown key 'foo'");
    Finished missing = InThisJvm.run("run", "/nowhere.yaml");
    missing.assertBadUsage("terrarium: /nowhere.yaml: there is no such file");
    assertThat(missing.err())
        .hasLineCount(2)
        .endsWith("`terrarium run --help` lists arguments and options.\n");
  }

  @Test
  void mistakeThatOnlyPythonFindsIsBadUsage(@TempDir Path folder) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("p.yaml"),
            "inputs: {signature: {type: string}}\noutputs: {out: {type: string}}\n");
    InThisJvm.runWith("{}", "run", file.toString()).assertBadUsage(file + ": ");
  }
}

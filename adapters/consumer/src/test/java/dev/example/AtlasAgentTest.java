package dev.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The agent on a model of a server that is not Terrarium's. */
class AtlasAgentTest {

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void agentCallsJavaToolsForAModelBehindOpenAisInterface() throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    try (OpenAiServer server = OpenAiServer.start()) {
      System.setOut(new PrintStream(printed));
      AtlasAgent.main(new String[] {"openai:smollm2@" + server.url()});
    } finally {
      System.setOut(before);
    }

    List<String> lines = printed.toString().lines().toList();
    assertEquals(
        "capital{country=France} -> The capital of France is Paris.",
        lines.getFirst(),
        printed.toString());
    assertTrue(lines.getLast().contains("Paris"), printed.toString());
  }
}

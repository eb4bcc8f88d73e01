#!/usr/bin/env bash
# LangChain4j 1.16.3: disableParallelToolUse(true) of the Anthropic client is dropped from a request that has tools but
# no tool choice.
#
# Guess: the option of the builder reaches the service with each request that has tools.
# Seen: such a request has no "tool_choice", and so no "disable_parallel_tool_use", without a warning. With
# toolChoice(AUTO), which means the same as no choice to the service, the option is there.
#
# It matters to whoever runs tools that must not run side by side, as those that use one Python context must not: the
# model may ask for several at once although the client was told otherwise. Set the tool choice as well.
#
# Needs Maven, and a JDK of version 21 or later in JAVA_HOME or on the PATH.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
cat >"$folder/pom.xml" <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId>
  <artifactId>finding</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>dev.langchain4j</groupId>
      <artifactId>langchain4j-anthropic</artifactId>
      <version>1.16.3</version>
    </dependency>
  </dependencies>
</project>
POM
mvn -q -f "$folder/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies \
  -DoutputDirectory="$folder/jars" >&2
cat >"$folder/Finding.java" <<'JAVA'
import com.sun.net.httpserver.HttpServer;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.anthropic.AnthropicChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ToolChoice;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

public class Finding {
  static final String ANSWER =
      """
      {"id": "1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
       "content": [{"type": "text", "text": "ok"}], "usage": {"input_tokens": 1, "output_tokens": 1}}
      """;

  public static void main(String[] arguments) throws Exception {
    List<String> requests = new ArrayList<>();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          requests.add(
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)
                  .replaceAll("\\s", ""));
          byte[] body = ANSWER.getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().add("Content-Type", "application/json");
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    try {
      var model =
          AnthropicChatModel.builder()
              .baseUrl("http://127.0.0.1:" + server.getAddress().getPort())
              .apiKey("none")
              .modelName("m")
              .disableParallelToolUse(true)
              .build();
      for (ToolChoice choice : new ToolChoice[] {null, ToolChoice.AUTO}) {
        model.chat(
            ChatRequest.builder()
                .messages(UserMessage.from("hello"))
                .toolSpecifications(ToolSpecification.builder().name("tool").build())
                .toolChoice(choice)
                .build());
        boolean sent = requests.getLast().contains("\"disable_parallel_tool_use\":true");
        System.out.println("tool choice " + choice + ": the option was sent: " + sent);
        if (sent != (choice != null)) {
          throw new IllegalStateException("changed: this finding is out of date");
        }
      }
    } finally {
      server.stop(0);
    }
  }
}
JAVA
"$java" -cp "$folder/jars/*" "$folder/Finding.java"

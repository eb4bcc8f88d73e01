#!/usr/bin/env bash
# LangChain4j 1.16.3: the Bedrock module changes the arguments of tool calls on their way from and to JSON: an integer
# of more than 32 bits loses its upper bits, and null becomes the text "null".
#
# Guess: arguments that a model wrote as JSON reach a tool, and go back to the model in the conversation, as they were;
# the AWS SDK's Document has numbers of any size and a null of its own.
# Seen: 5000000000 becomes 705032704, and {"note": null} becomes {"note": "null"}. Decimals and nested objects are kept.
#
# It matters to whoever gives tools in Java or Python to a model of Amazon Bedrock: ids and times in milliseconds have
# more than 32 bits, so a tool is called for another record without an error. Convert arguments by the SDK's own
# Document.fromNumber(String), and read them by its visitor.
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
      <artifactId>langchain4j-bedrock</artifactId>
      <version>1.16.3</version>
    </dependency>
  </dependencies>
</project>
POM
mvn -q -f "$folder/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies \
  -DoutputDirectory="$folder/jars" >&2
cat >"$folder/Finding.java" <<'JAVA'
import com.sun.net.httpserver.HttpServer;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.bedrock.BedrockChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;

public class Finding {
  static final String ANSWER =
      """
      {"output": {"message": {"role": "assistant", "content": [{"text": "done"}]}},
       "stopReason": "end_turn", "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
       "metrics": {"latencyMs": 1}}
      """;

  public static void main(String[] arguments) throws Exception {
    List<String> requests = new ArrayList<>();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          requests.add(
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
          byte[] body = ANSWER.getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().add("Content-Type", "application/json");
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    try (BedrockRuntimeClient client =
        BedrockRuntimeClient.builder()
            .endpointOverride(URI.create("http://127.0.0.1:" + server.getAddress().getPort()))
            .region(Region.US_EAST_1)
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create("none", "none")))
            .build()) {
      ToolExecutionRequest call =
          ToolExecutionRequest.builder()
              .id("1")
              .name("order")
              .arguments("{\"id\": 5000000000, \"note\": null, \"price\": 1.25}")
              .build();
      BedrockChatModel.builder()
          .client(client)
          .modelId("m")
          .build()
          .chat(
              ChatRequest.builder()
                  .messages(
                      UserMessage.from("Where is order 5000000000?"),
                      AiMessage.from(call),
                      ToolExecutionResultMessage.from(call, "sent"))
                  .toolSpecifications(
                      ToolSpecification.builder()
                          .name("order")
                          .parameters(JsonObjectSchema.builder().addNumberProperty("id").build())
                          .build())
                  .build());
    } finally {
      server.stop(0);
    }
    Matcher input =
        Pattern.compile("\"toolUse\":\\{.*?\"input\":(\\{.*?})").matcher(requests.getFirst());
    String seen = input.find() ? input.group(1) : requests.getFirst();
    System.out.println("LangChain4j 1.16.3 sends: " + seen);
    if (!seen.contains("\"id\":705032704")
        || !seen.contains("\"note\":\"null\"")
        || !seen.contains("\"price\":1.25")) {
      throw new IllegalStateException("changed: this finding is out of date");
    }
  }
}
JAVA
"$java" -cp "$folder/jars/*" "$folder/Finding.java"

#!/usr/bin/env bash
# LangChain4j 1.16.3: the Gemini client takes a JsonRawSchema as the schema of an answer, and refuses it as the schema
# of a tool's parameter.
#
# Guess: a JSON schema in text form, which the client passes on as a response format, is passed on for a parameter too;
# the clients of OpenAI, Anthropic, Mistral and Ollama do both.
# Seen: the answer's schema reaches the service as it is; the parameter's ends in an IllegalArgumentException,
# "Unsupported JsonSchemaElement type", when the request is made.
#
# It matters to whoever gives tools of Python to a model from Java: their schemas come from pydantic as JSON, and the
# same tools work with four providers and fail with the fifth. Build the schema of LangChain4j's own types for Gemini.
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
      <artifactId>langchain4j-google-ai-gemini</artifactId>
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
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.googleai.GoogleAiGeminiChatModel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

public class Finding {
  static final String ANSWER =
      """
      {"candidates": [{"finishReason": "STOP",
         "content": {"role": "model", "parts": [{"text": "{}"}]}}],
       "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}}
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
    try {
      var model =
          GoogleAiGeminiChatModel.builder()
              .baseUrl("http://127.0.0.1:" + server.getAddress().getPort())
              .apiKey("none")
              .modelName("m")
              .maxRetries(0)
              .build();
      model.chat(
          ChatRequest.builder()
              .messages(UserMessage.from("hello"))
              .responseFormat(
                  ResponseFormat.builder()
                      .type(ResponseFormatType.JSON)
                      .jsonSchema(
                          JsonSchema.builder()
                              .name("answer")
                              .rootElement(
                                  JsonRawSchema.from("{\"type\": \"object\", \"title\": \"marked\"}"))
                              .build())
                      .build())
              .build());
      boolean answer = requests.getLast().contains("marked");
      System.out.println("as the schema of the answer: sent " + answer);
      String parameter;
      try {
        model.chat(
            ChatRequest.builder()
                .messages(UserMessage.from("hello"))
                .toolSpecifications(
                    ToolSpecification.builder()
                        .name("tool")
                        .parameters(
                            JsonObjectSchema.builder()
                                .addProperty("text", JsonRawSchema.from("{\"type\": \"string\"}"))
                                .build())
                        .build())
                .build());
        parameter = "sent";
      } catch (IllegalArgumentException e) {
        parameter = "refused: " + e.getMessage();
      }
      System.out.println("as the schema of a parameter: " + parameter);
      if (!answer || !parameter.contains("Unsupported JsonSchemaElement type")) {
        throw new IllegalStateException("changed: this finding is out of date");
      }
    } finally {
      server.stop(0);
    }
  }
}
JAVA
"$java" -cp "$folder/jars/*" "$folder/Finding.java"

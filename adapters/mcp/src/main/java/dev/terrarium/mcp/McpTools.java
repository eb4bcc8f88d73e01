package dev.terrarium.mcp;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.exception.ToolArgumentsException;
import dev.langchain4j.exception.ToolExecutionException;
import dev.langchain4j.internal.JsonSchemaElementUtils;
import dev.langchain4j.mcp.client.DefaultMcpClient;
import dev.langchain4j.mcp.client.McpClient;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.service.tool.ToolExecutionResult;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.ConnectionException;
import dev.terrarium.tool.Tool;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The tools of one MCP server, which is a process of this machine or answers at a URL. Thread-safe.
 * Closing ends the connection, and the process with all that it has started.
 *
 * <pre>{@code
 * try (McpTools files = McpTools.command("mcp-server-files", "/srv").connect()) {
 *   var program = dspy.react(Question.class, Answer.class, Tools.of(files.tools()));
 *   ...
 * }
 * }</pre>
 *
 * <p>A tool whose server has ended or cannot be reached fails with a {@link ConnectionException}.
 * It does not start the server again. An error that the server reports is a failure of the tool,
 * which the language model reads unless {@link Tool#onFailure} says otherwise.
 */
public final class McpTools implements AutoCloseable {

  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ServerTransport transport;
  private final McpClient client;
  private final List<Tool> tools;

  private McpTools(ServerTransport transport, Duration timeout) {
    this.transport = transport;
    try {
      client =
          DefaultMcpClient.builder()
              .transport(transport)
              .clientName("terrarium")
              .autoHealthCheck(false) // each call sees for itself
              .initializationTimeout(timeout)
              .toolExecutionTimeout(timeout)
              .build();
      tools = client.listTools().stream().map(this::tool).toList();
    } catch (RuntimeException e) {
      transport.close();
      throw new ConnectionException(
          "The MCP server "
              + transport.name()
              + " could not be connected to: "
              + transport.reason(e),
          e);
    }
  }

  /**
   * Returns a builder of a connection to a server that is started as a process and speaks over its
   * standard streams.
   *
   * @param command the program and its arguments; the program is found as by {@link ProcessBuilder}
   */
  public static Builder command(String... command) {
    if (command.length == 0) {
      throw new ConfigurationException("command: an MCP server's program is needed");
    }
    return new Builder(List.of(command), null);
  }

  /**
   * Returns a builder of a connection to a server that speaks streamable HTTP.
   *
   * @param url the server's endpoint, such as {@code http://localhost:8000/mcp}
   */
  public static Builder url(String url) {
    try {
      URI uri = URI.create(url);
      if (uri.getHost() == null
          || !("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
        throw new IllegalArgumentException("it has no host, or another scheme than http or https");
      }
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(
          "url: " + url + " is no URL of a server: " + e.getMessage(), e);
    }
    return new Builder(List.of(), url);
  }

  private Tool tool(ToolSpecification specification) {
    JsonObjectSchema parameters = specification.parameters();
    return Tool.of(
        specification.name().replaceAll("[^A-Za-z0-9_-]", "_"),
        Objects.requireNonNullElse(specification.description(), ""),
        json(
            parameters == null
                ? Map.of("type", "object")
                : JsonSchemaElementUtils.toMap(parameters)),
        arguments -> call(specification.name(), arguments));
  }

  private @Nullable Object call(String tool, Map<String, @Nullable Object> arguments)
      throws InterruptedException {
    ToolExecutionRequest request =
        ToolExecutionRequest.builder().name(tool).arguments(json(arguments)).build();
    try {
      ToolExecutionResult result = client.executeTool(request);
      return result.result() instanceof Map<?, ?> structured ? structured : result.resultText();
    } catch (RuntimeException e) {
      if (Thread.interrupted()) {
        throw new InterruptedException("interrupted while the MCP server ran " + tool);
      }
      boolean answered = e instanceof ToolExecutionException && e.getCause() == null;
      if (!answered && !(e instanceof ToolArgumentsException)) {
        throw new ConnectionException(
            "The MCP server " + transport.name() + " did not answer: " + transport.reason(e), e);
      }
      throw e;
    }
  }

  private static String json(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not JSON: " + value, e);
    }
  }

  /**
   * Returns the server's tools, in its order. A character of a name that language models do not
   * take is replaced by {@code _}. The tools work until {@link #close}.
   */
  public List<Tool> tools() {
    return tools;
  }

  /** Ends the connection, and the process with all that it has started. */
  @Override
  public void close() {
    transport.close();
  }

  @Override
  public String toString() {
    return "McpTools[" + transport.name() + "]";
  }

  /** A builder of a connection. Not thread-safe. */
  public static final class Builder {

    private final List<String> command;
    private final @Nullable String url;
    private final Map<String, String> environment = new LinkedHashMap<>();
    private final Map<String, String> headers = new LinkedHashMap<>();
    private Duration timeout = TIMEOUT;

    private Builder(List<String> command, @Nullable String url) {
      this.command = command;
      this.url = url;
    }

    /** Sets an environment variable of the process, beside those of this process. */
    public Builder environment(String name, String value) {
      if (url != null) {
        throw new ConfigurationException(
            "environment: a server at a URL is no process of this one");
      }
      environment.put(name, value);
      return this;
    }

    /** Sets a header of each HTTP request, such as {@code Authorization}. */
    public Builder header(String name, String value) {
      if (url == null) {
        throw new ConfigurationException("header: a process gets no HTTP requests");
      }
      headers.put(name, value);
      return this;
    }

    /** Sets the time for the start and for each call of a tool; 60 seconds by default. */
    public Builder timeout(Duration most) {
      if (most.isNegative() || most.isZero()) {
        throw new ConfigurationException("timeout: " + most + " is not above 0");
      }
      timeout = most;
      return this;
    }

    /**
     * Connects, and asks the server for its tools.
     *
     * @throws ConnectionException when the process cannot be started or ends, or the server does
     *     not answer
     */
    public McpTools connect() {
      return new McpTools(
          url == null
              ? ServerTransport.ofProcess(command, environment)
              : ServerTransport.ofUrl(url, headers, timeout),
          timeout);
    }
  }
}

package dev.terrarium.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import dev.langchain4j.mcp.client.McpCallContext;
import dev.langchain4j.mcp.client.transport.McpOperationHandler;
import dev.langchain4j.mcp.client.transport.McpTransport;
import dev.langchain4j.mcp.client.transport.http.StreamableHttpMcpTransport;
import dev.langchain4j.mcp.client.transport.stdio.StdioMcpTransport;
import dev.langchain4j.mcp.protocol.McpClientMessage;
import dev.langchain4j.mcp.protocol.McpInitializeRequest;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.reflect.Field;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A transport of LangChain4j's whose requests fail when the server's process has ended, where
 * LangChain4j waits for their time-out. Its threads are virtual and its own. Thread-safe.
 */
final class ServerTransport implements McpTransport {

  /** How long a process may take to end by itself. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  private final String name;
  private final McpTransport delegate;
  private final ExecutorService threads;
  private final @Nullable StdioMcpTransport stdio;

  /** The answers that are waited for, by numbers. */
  private final Map<Long, CompletableFuture<JsonNode>> pending = new ConcurrentHashMap<>();

  private final AtomicLong last = new AtomicLong();

  private ServerTransport(String name, McpTransport delegate, ExecutorService threads) {
    this.name = name;
    this.delegate = delegate;
    this.threads = threads;
    this.stdio = delegate instanceof StdioMcpTransport process ? process : null;
  }

  static ServerTransport ofProcess(List<String> command, Map<String, String> environment) {
    ExecutorService threads = threads();
    return new ServerTransport(
        "'" + String.join(" ", command) + "'",
        StdioMcpTransport.builder()
            .command(command)
            .environment(environment)
            .executorService(threads)
            .build(),
        threads);
  }

  static ServerTransport ofUrl(String url, Map<String, String> headers, Duration timeout) {
    ExecutorService threads = threads();
    return new ServerTransport(
        url,
        StreamableHttpMcpTransport.builder()
            .url(url)
            .customHeaders(headers)
            .timeout(timeout)
            .executor(threads)
            .build(),
        threads);
  }

  private static ExecutorService threads() {
    return Executors.newThreadPerTaskExecutor(
        Thread.ofVirtual().name("terrarium-mcp-", 0).factory());
  }

  /** Returns the server's command or URL. */
  String name() {
    return name;
  }

  /** Returns why a request failed. */
  String reason(Throwable failure) {
    Process process = process();
    if (process != null && !process.isAlive()) {
      return ended(process);
    }
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String message = root.getMessage();
    return message == null || message.isBlank() ? root.getClass().getSimpleName() : message;
  }

  private static String ended(Process process) {
    return "its process ended with the exit code " + process.exitValue();
  }

  private @Nullable Process process() {
    return stdio == null ? null : stdio.getProcess();
  }

  @Override
  public void start(McpOperationHandler handler) {
    delegate.start(handler);
    Process process = process();
    if (process != null) {
      CompletableFuture<?> unused =
          process
              .onExit()
              .thenAccept(ended -> pending.values().forEach(answer -> fail(answer, ended)));
    }
  }

  @Override
  public CompletableFuture<JsonNode> initialize(McpInitializeRequest request) {
    return failingWithTheProcess(delegate.initialize(request));
  }

  @Override
  public CompletableFuture<JsonNode> executeOperationWithResponse(McpClientMessage message) {
    return failingWithTheProcess(delegate.executeOperationWithResponse(message));
  }

  @Override
  public CompletableFuture<JsonNode> executeOperationWithResponse(McpCallContext context) {
    return failingWithTheProcess(delegate.executeOperationWithResponse(context));
  }

  private CompletableFuture<JsonNode> failingWithTheProcess(CompletableFuture<JsonNode> answer) {
    Process process = process();
    if (process != null) {
      long number = last.incrementAndGet();
      pending.put(number, answer);
      CompletableFuture<?> unused =
          answer.whenComplete((result, failure) -> pending.remove(number));
      if (!process.isAlive()) { // perhaps before the answer was among those that fail with it
        fail(answer, process);
      }
    }
    return answer;
  }

  private static void fail(CompletableFuture<JsonNode> answer, Process process) {
    answer.completeExceptionally(new IOException(ended(process)));
  }

  @Override
  public void executeOperationWithoutResponse(McpClientMessage message) {
    delegate.executeOperationWithoutResponse(message);
  }

  @Override
  public void executeOperationWithoutResponse(McpCallContext context) {
    delegate.executeOperationWithoutResponse(context);
  }

  @Override
  public void checkHealth() {
    delegate.checkHealth();
  }

  /**
   * Ignores the action, with which LangChain4j's client connects anew: a caller sees the failure.
   */
  @Override
  public void onFailure(Runnable action) {}

  @Override
  public void close() {
    Process process = process();
    if (process != null) {
      end(process);
    }
    try {
      if (stdio == null || process != null) {
        delegate.close();
      }
      if (delegate instanceof StreamableHttpMcpTransport http) {
        closeClient(http);
      }
    } catch (IOException | RuntimeException e) {
      System.getLogger("terrarium.mcp").log(Level.DEBUG, "The MCP server " + name, e);
    }
    threads.shutdownNow();
  }

  /**
   * Closes the transport's HTTP client. LangChain4j tries to, by a method of a class of the JDK
   * that it must not call, and ignores that, so the client's thread would stay until the client is
   * collected.
   */
  private static void closeClient(StreamableHttpMcpTransport transport) {
    try {
      Field field = StreamableHttpMcpTransport.class.getDeclaredField("httpClient");
      field.setAccessible(true);
      if (field.get(transport) instanceof HttpClient client) {
        client.shutdownNow();
      }
    } catch (ReflectiveOperationException | RuntimeException e) {
      System.getLogger("terrarium.mcp").log(Level.DEBUG, "An HTTP client is left to collect", e);
    }
  }

  /** Ends a process and all that it has started. */
  private static void end(Process process) {
    List<ProcessHandle> started = process.descendants().toList();
    started.forEach(ProcessHandle::destroy);
    process.destroy();
    try {
      if (!process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    started.forEach(ProcessHandle::destroyForcibly);
  }
}

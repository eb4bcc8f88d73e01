package dev.terrarium.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import dev.langchain4j.http.client.SuccessfulHttpResponse;
import dev.langchain4j.http.client.sse.ServerSentEvent;
import dev.langchain4j.http.client.sse.ServerSentEventContext;
import dev.langchain4j.http.client.sse.ServerSentEventListener;
import java.util.function.Function;

/**
 * The events of a stream on their way to a client of LangChain4j. After the first failure nothing
 * more is passed on, above all no regular end. An event that reports an error is a failure, also
 * where the client would overlook it. For one thread.
 */
final class CheckedEvents implements ServerSentEventListener {

  private static final int LOOKED_AT = 40;

  private final String name;
  private final Secrets secrets;
  private final ServerSentEventListener client;
  private final Function<Throwable, RuntimeException> cutOff;
  private boolean failed;

  /**
   * Creates the listener.
   *
   * @param cutOff makes the exception of a stream that breaks off
   */
  CheckedEvents(
      String name,
      Secrets secrets,
      ServerSentEventListener client,
      Function<Throwable, RuntimeException> cutOff) {
    this.name = name;
    this.secrets = secrets;
    this.client = client;
    this.cutOff = cutOff;
  }

  @Override
  public void onOpen(SuccessfulHttpResponse response) {
    client.onOpen(response);
  }

  @Override
  public void onEvent(ServerSentEvent event, ServerSentEventContext context) {
    if (failed) {
      return;
    }
    String data = event.data();
    if ("error".equals(event.event()) || beginsWithError(data)) {
      JsonNode error = Failures.json(data);
      if ("error".equals(event.event()) || error.hasNonNull("error")) {
        fail(Failures.inStream(name, error, data, secrets));
        context.parsingHandle().cancel();
        return;
      }
    }
    if (Failures.isWithheld(data)) {
      fail(Failures.withheld(name));
      context.parsingHandle().cancel();
      return;
    }
    try {
      client.onEvent(event, context);
    } catch (RuntimeException e) {
      fail(Failures.unreadable(name, e, secrets));
      context.parsingHandle().cancel();
    }
  }

  private static boolean beginsWithError(String data) {
    int end = Math.min(data.length(), LOOKED_AT);
    return data.substring(0, end).contains("\"error\"");
  }

  /** Passes on that the connection broke off. */
  @Override
  public void onError(Throwable thrown) {
    fail(cutOff.apply(thrown));
  }

  private void fail(RuntimeException failure) {
    if (!failed) {
      failed = true;
      client.onError(failure);
    }
  }

  @Override
  public void onClose() {
    if (!failed) {
      client.onClose();
    }
  }
}

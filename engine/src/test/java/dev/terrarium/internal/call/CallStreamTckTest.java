package dev.terrarium.internal.call;

import java.time.Duration;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.testng.annotations.Test;

/** The reactive-streams technology compatibility kit on streams of calls. */
@Test
public class CallStreamTckTest extends FlowPublisherVerification<Object> {

  private static final int BUFFER = 4;

  public CallStreamTckTest() {
    super(new TestEnvironment(500, 100));
  }

  @Override
  public Flow.Publisher<Object> createFlowPublisher(long elements) {
    return new CallStream<>(
        "the test's stream",
        sink -> {
          for (long i = 0; i < elements; i++) {
            sink.accept(i);
          }
        },
        work -> work,
        BUFFER,
        Duration.ofMinutes(1));
  }

  @Override
  public Flow.@Nullable Publisher<Object> createFailedFlowPublisher() {
    return null; // whether a call fails shows when it is made, which the first request does
  }
}

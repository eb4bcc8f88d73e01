package dev.terrarium.jmh.peer;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * A pool of gRPC servers on CPython, one process and one kept connection each, on the loopback
 * address. Messages as in {@code grpc_server.py}.
 */
final class GrpcProcesses implements Peer {

  private static final int SIZE = 64 << 20;

  private static final MethodDescriptor<String, String> TEXT =
      method(
          "Text",
          text -> text.getBytes(StandardCharsets.UTF_8),
          bytes -> new String(bytes, StandardCharsets.UTF_8));

  private static final MethodDescriptor<double[], double[]> FLOATS =
      method("Floats", Doubles::bytes, Doubles::of);

  private record Worker(PythonSide.Server server, ManagedChannel channel) {}

  private final Pool<Worker> pool;

  private GrpcProcesses(List<Worker> workers) {
    pool = new Pool<>(workers);
  }

  static GrpcProcesses open(PythonSide python, int processes) throws IOException {
    List<Worker> workers = new ArrayList<>();
    for (int i = 0; i < processes; i++) {
      PythonSide.Server server = python.startServer("grpc_server.py");
      workers.add(
          new Worker(
              server,
              NettyChannelBuilder.forAddress("127.0.0.1", server.port())
                  .usePlaintext()
                  .directExecutor()
                  .maxInboundMessageSize(SIZE)
                  .build()));
    }
    return new GrpcProcesses(workers);
  }

  private static <T> MethodDescriptor<T, T> method(
      String name, Function<T, byte[]> write, Function<byte[], T> read) {
    Marshaller<T> marshaller =
        new Marshaller<>() {
          @Override
          public InputStream stream(T value) {
            return new ByteArrayInputStream(write.apply(value));
          }

          @Override
          public T parse(InputStream stream) {
            try {
              return read.apply(stream.readAllBytes());
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        };
    return MethodDescriptor.newBuilder(marshaller, marshaller)
        .setType(MethodType.UNARY)
        .setFullMethodName("Echo/" + name)
        .build();
  }

  @Override
  public Object echo(Object value) {
    return pool.use(
        worker ->
            value instanceof String text
                ? call(worker, TEXT, text)
                : call(worker, FLOATS, (double[]) value));
  }

  private static <T> T call(Worker worker, MethodDescriptor<T, T> method, T value) {
    return ClientCalls.blockingUnaryCall(worker.channel, method, CallOptions.DEFAULT, value);
  }

  @Override
  public void close() {
    for (Worker worker : pool.all()) {
      worker.channel.shutdownNow();
      worker.server.stop();
    }
  }
}

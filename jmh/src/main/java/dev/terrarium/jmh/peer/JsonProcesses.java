package dev.terrarium.jmh.peer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A pool of CPython processes: JSON behind its length in four bytes, over pipes. Processes live as
 * long as the pool.
 */
public final class JsonProcesses implements Handlers {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ObjectReader TEXT = JSON.readerFor(String.class).at("/result");
  private static final ObjectReader FLOATS = JSON.readerFor(double[].class).at("/result");
  private static final int BUFFER = 1 << 16;

  record Request(long id, String framework, String command, Map<String, ?> args) {}

  record Reply(long id, boolean ok, @Nullable Object result, @Nullable String error) {}

  /** One process; used by one thread at a time. */
  private static final class Worker {

    private final Process process;
    private final DataOutputStream requests;
    private final DataInputStream replies;
    private long id;

    Worker(Process process) {
      this.process = process;
      requests = new DataOutputStream(new BufferedOutputStream(process.getOutputStream(), BUFFER));
      replies = new DataInputStream(new BufferedInputStream(process.getInputStream(), BUFFER));
    }

    byte[] exchange(String framework, String command, Map<String, ?> arguments) throws IOException {
      byte[] request = JSON.writeValueAsBytes(new Request(id++, framework, command, arguments));
      requests.writeInt(request.length);
      requests.write(request);
      requests.flush();
      byte[] reply = new byte[replies.readInt()];
      replies.readFully(reply);
      return reply;
    }
  }

  private final Pool<Worker> pool;

  private JsonProcesses(List<Worker> workers) {
    pool = new Pool<>(workers);
  }

  /**
   * Starts so many processes; they are there when the first call of each is answered.
   *
   * @param model of {@code worker.py}: the file of a real model and its threads, or nothing
   */
  public static JsonProcesses open(PythonSide python, int processes, String... model)
      throws IOException {
    List<Worker> workers = new ArrayList<>();
    for (int i = 0; i < processes; i++) {
      workers.add(new Worker(python.start("worker.py", model)));
    }
    return new JsonProcesses(workers);
  }

  /** Runs a command once in every process, so that each has loaded the framework. */
  public void callAll(String framework, String command, Map<String, ?> arguments) {
    pool.all().parallelStream()
        .forEach(
            worker -> {
              try {
                Object unused = result(worker.exchange(framework, command, arguments));
              } catch (IOException e) {
                throw new IllegalStateException("a worker failed", e);
              }
            });
  }

  @Override
  public @Nullable Object call(String framework, String command, Map<String, ?> arguments) {
    return pool.use(
            worker -> Optional.ofNullable(result(worker.exchange(framework, command, arguments))))
        .orElse(null);
  }

  private static @Nullable Object result(byte[] message) throws IOException {
    Reply reply = JSON.readValue(message, Reply.class);
    if (!reply.ok()) {
      throw new IllegalStateException(reply.error());
    }
    return reply.result();
  }

  @Override
  public Object echo(Object value) {
    Map<String, ?> arguments = Map.of("v", value);
    ObjectReader result = value instanceof String ? TEXT : FLOATS;
    return pool.use(
        worker -> result.<Object>readValue(worker.exchange("bench", "echo", arguments)));
  }

  /** Ends the processes and waits until they have. */
  @Override
  public void close() {
    for (Worker worker : pool.all()) {
      worker.process.destroy();
    }
    for (Worker worker : pool.all()) {
      worker.process.onExit().join();
    }
  }
}

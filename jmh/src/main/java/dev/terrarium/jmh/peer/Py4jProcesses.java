package dev.terrarium.jmh.peer;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import javax.net.SocketFactory;
import py4j.ClientServer;

/**
 * A pool of CPython processes that Java calls by Py4J, which keeps a connection to each for every
 * calling thread.
 */
final class Py4jProcesses implements Peer {

  /** What the Python side implements. */
  public interface Echo {
    String text(String value);

    byte[] floats(byte[] value);
  }

  private record Worker(PythonSide.Server server, ClientServer client, Echo echo) {}

  private final Pool<Worker> pool;

  private Py4jProcesses(List<Worker> workers) {
    pool = new Pool<>(workers);
  }

  static Py4jProcesses open(PythonSide python, int processes) throws IOException {
    List<Worker> workers = new ArrayList<>();
    for (int i = 0; i < processes; i++) {
      PythonSide.Server server = python.startServer("py4j_server.py");
      ClientServer client =
          new ClientServer.ClientServerBuilder()
              .autoStartJavaServer(false)
              .pythonPort(server.port())
              .socketFactory(new NoDelay())
              .build();
      Echo echo = (Echo) client.getPythonServerEntryPoint(new Class<?>[] {Echo.class});
      workers.add(new Worker(server, client, echo));
    }
    return new Py4jProcesses(workers);
  }

  /** Py4J writes in pieces: without it a large text waits for acknowledgements that are delayed. */
  private static final class NoDelay extends SocketFactory {

    private static final SocketFactory DEFAULT = SocketFactory.getDefault();

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
      Socket socket = DEFAULT.createSocket(host, port);
      socket.setTcpNoDelay(true);
      return socket;
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
      return createSocket(InetAddress.getByName(host), port);
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress local, int localPort)
        throws IOException {
      return createSocket(host, port);
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort)
        throws IOException {
      return createSocket(host, port);
    }
  }

  @Override
  public Object echo(Object value) {
    return pool.use(
        worker ->
            value instanceof String text
                ? worker.echo.text(text)
                : Doubles.of(worker.echo.floats(Doubles.bytes((double[]) value))));
  }

  @Override
  public void close() {
    for (Worker worker : pool.all()) {
      worker.client.shutdown();
      worker.server.stop();
    }
  }
}

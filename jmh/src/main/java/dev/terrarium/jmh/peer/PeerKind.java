package dev.terrarium.jmh.peer;

import java.io.IOException;
import java.util.Optional;

/** The peers, by the names that reports show. */
public enum PeerKind {
  /** This library. */
  TERRARIUM("Terrarium"),
  /** {@code Value.execute} in a bare context, without a pool or marshalling. */
  BARE("Value.execute"),
  /** A pool of CPython processes, JSON over pipes. */
  PROCESSES("CPython processes"),
  /** A pool of gRPC servers on CPython. */
  GRPC("gRPC"),
  /** A pool of CPython processes called by Py4J. */
  PY4J("Py4J"),
  /** CPython inside the JVM by JNI. */
  JEP("Jep");

  private final String title;

  PeerKind(String title) {
    this.title = title;
  }

  public String title() {
    return title;
  }

  /** Whether it runs GraalPy, which the JIT of a JVM decides about. */
  public boolean graalPy() {
    return this == TERRARIUM || this == BARE;
  }

  /** Why it cannot be had on this machine. */
  public Optional<String> missing(PythonSide python) {
    return switch (this) {
      case TERRARIUM, BARE, PROCESSES -> Optional.empty();
      case GRPC -> python.missing("grpc");
      case PY4J -> python.missing("py4j");
      case JEP -> python.missing("jep");
    };
  }

  /** Starts it with so many workers. */
  public Peer open(PythonSide python, int workers) throws IOException {
    return switch (this) {
      case TERRARIUM -> TerrariumPeer.open(workers);
      case BARE -> new BareContext();
      case PROCESSES -> JsonProcesses.open(python, workers);
      case GRPC -> GrpcProcesses.open(python, workers);
      case PY4J -> Py4jProcesses.open(python, workers);
      case JEP -> new JepPeer(python);
    };
  }
}

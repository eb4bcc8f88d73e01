package dev.terrarium.jmh.peer;

import java.io.IOException;
import java.util.Optional;

/** The peers, by the names that reports show. */
public enum PeerKind {
  /** Terrarium itself. */
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

  /** Returns whether the peer runs GraalPy, whose speed depends on the JVM's JIT compiler. */
  public boolean graalPy() {
    return this == TERRARIUM || this == BARE;
  }

  /** Returns the reason for which the peer cannot run on this machine; empty when it can. */
  public Optional<String> missing(PythonSide python) {
    return switch (this) {
      case TERRARIUM, BARE, PROCESSES -> Optional.empty();
      case GRPC -> python.missing("grpc");
      case PY4J -> python.missing("py4j");
      case JEP -> python.missing("jep");
    };
  }

  /** Starts the peer with that many workers. */
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

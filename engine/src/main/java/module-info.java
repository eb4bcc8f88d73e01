import com.oracle.truffle.api.instrumentation.provider.TruffleInstrumentProvider;
import dev.terrarium.event.TerrariumObserver;
import dev.terrarium.internal.context.EngineInstrument;
import dev.terrarium.spi.AdapterFactory;
import dev.terrarium.spi.HostFunctions;
import dev.terrarium.spi.LanguageModelProvider;

/**
 * Python AI frameworks inside the JVM. Users need {@code dev.terrarium} and its packages for
 * errors, events, models and tools; authors of adapters also {@code dev.terrarium.spi}. All else is
 * internal.
 */
@SuppressWarnings({"module", "requires-automatic"})
module dev.terrarium.engine {
  exports dev.terrarium;
  exports dev.terrarium.error;
  exports dev.terrarium.event;
  exports dev.terrarium.model;
  exports dev.terrarium.spi;
  exports dev.terrarium.tool;
  exports dev.terrarium.internal.context to
      dev.terrarium.cli;
  exports dev.terrarium.internal.resource to
      dev.terrarium.cli,
      dev.terrarium.llamacpp;

  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires com.github.benmanes.caffeine;
  requires static com.google.errorprone.annotations;
  requires dev.terrarium.python.bridge;
  requires io.github.resilience4j.bulkhead;
  requires io.github.resilience4j.circuitbreaker;
  requires io.github.resilience4j.core;
  requires java.management;
  requires java.net.http;
  requires jdk.jfr;
  requires jdk.management;
  requires msgpack.core;
  requires org.graalvm.polyglot;
  requires org.graalvm.truffle;
  requires org.graalvm.truffle.runtime;
  requires transitive static org.jspecify;

  uses AdapterFactory;
  uses HostFunctions;
  uses LanguageModelProvider;
  uses TerrariumObserver;

  provides TruffleInstrumentProvider with
      EngineInstrument.Provider;
}

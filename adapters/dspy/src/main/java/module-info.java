import dev.terrarium.dspy.DspyFactory;
import dev.terrarium.spi.AdapterFactory;

/** DSPy for Java, by typed programs. */
module dev.terrarium.dspy {
  exports dev.terrarium.dspy;

  requires java.xml;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.dataformat.csv;
  requires transitive dev.terrarium.engine;
  requires dev.terrarium.python.dspy;
  requires static org.jspecify;

  provides AdapterFactory with
      DspyFactory;
}

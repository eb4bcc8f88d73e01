import dev.terrarium.spi.AdapterFactory;
import dev.terrarium.spi.LanguageModelProvider;

/** The {@code terrarium} command. */
@SuppressWarnings("requires-automatic")
module dev.terrarium.cli {
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires com.fasterxml.jackson.datatype.jsr310;
  requires dev.terrarium.dspy;
  requires dev.terrarium.engine;
  requires info.picocli;
  requires java.compiler;
  requires java.logging;
  requires java.management;
  requires jdk.management;
  requires org.snakeyaml.engine.v2;
  requires me.tongfei.progressbar;
  requires static org.jspecify;

  uses AdapterFactory;
  uses LanguageModelProvider;

  opens dev.terrarium.cli to
      info.picocli,
      com.fasterxml.jackson.databind;
}

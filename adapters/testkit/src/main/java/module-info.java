/** Fakes and helpers for tests of what uses Terrarium. */
module dev.terrarium.testkit {
  exports dev.terrarium.testkit;

  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires transitive dev.terrarium.engine;
  requires static org.jspecify;
}

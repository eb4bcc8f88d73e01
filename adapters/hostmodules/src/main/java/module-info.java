import dev.terrarium.hostmodules.Orjson;
import dev.terrarium.spi.HostFunctions;

/** The Java halves of Python packages, which contexts find by themselves. */
module dev.terrarium.hostmodules {
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires dev.terrarium.engine;
  requires static org.jspecify;

  provides HostFunctions with
      Orjson;
}

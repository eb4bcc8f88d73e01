package dev.terrarium.context;

import dev.terrarium.error.FrameworkLoadException;
import dev.terrarium.error.PythonException;
import dev.terrarium.error.TerrariumException;
import dev.terrarium.handler.HandlerTable;
import dev.terrarium.value.HostFunction;
import dev.terrarium.value.Marshaller;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.PolyglotException;
import org.graalvm.polyglot.Value;
import org.jspecify.annotations.Nullable;

/** A GraalPy context with its carrier. Fields without {@code volatile} belong to the carrier. */
final class GraalPyContext implements PythonContext {

  private static final Logger LOGGER = System.getLogger("terrarium.context");

  private final Carrier carrier;
  private final String name;
  private final AccessProfile profile;
  private final PolyglotRuntime runtime;
  private final PackageFiles files;
  private final AtomicReference<Logger> output;
  private final Context context;
  private final Value embed;
  private final Marshaller marshaller;
  private final PythonErrors errors;
  private final Map<String, HandlerTable> bridges = new HashMap<>();
  private final Map<String, Logger> outputs = new HashMap<>();
  private final Set<String> loaded = ConcurrentHashMap.newKeySet();
  private volatile PythonPackages packages;

  private GraalPyContext(
      String name,
      AccessProfile profile,
      Carrier carrier,
      PolyglotRuntime runtime,
      PythonPackages packages)
      throws IOException {
    this.name = name;
    this.profile = profile;
    this.carrier = carrier;
    this.runtime = runtime;
    this.packages = packages;
    this.files = runtime.files();
    AtomicReference<Logger> logger = new AtomicReference<>(System.getLogger("terrarium.python"));
    this.output = logger;
    this.context =
        runtime.newContext(
            profile,
            files,
            new LineLog(logger::get, Level.INFO),
            new LineLog(logger::get, Level.WARNING));
    boolean ready = false;
    try {
      this.embed = context.eval(runtime.bootstrap());
      embed.invokeMember("restrict", profile.word(), profile.nativeCode());
      this.marshaller = new Marshaller(embed);
      this.errors = new PythonErrors(embed, profile);
      ready = true;
    } finally {
      if (!ready) {
        context.close(true);
      }
    }
  }

  /** Makes a context on a carrier of its own. */
  static CompletableFuture<GraalPyContext> create(
      String name, AccessProfile profile, PolyglotRuntime runtime, PythonPackages packages) {
    Carrier carrier = new Carrier(name);
    return carrier
        .submit(() -> new GraalPyContext(name, profile, carrier, runtime, packages))
        .whenComplete(
            (context, failure) -> {
              if (failure != null) {
                carrier.end();
              }
            });
  }

  /**
   * Gives the context, new or parked before, to a user: the packages and services it works with.
   */
  CompletableFuture<@Nullable Void> open(
      PythonPackages newPackages, Map<String, HostFunction> services) {
    return run(
        () -> {
          packages = newPackages;
          Object dict = marshaller.toPython(services, "services");
          embed.invokeMember("install_services", dict);
          return null;
        });
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public AccessProfile profile() {
    return profile;
  }

  @Override
  public boolean hasLoaded(String framework) {
    return loaded.contains(framework);
  }

  @Override
  public CompletableFuture<@Nullable Void> prepare(BridgeSource framework, String command) {
    return run(
        () -> {
          output.set(outputOf(framework.name()));
          HandlerTable table = bridges.get(framework.name());
          if (table == null) {
            table = loading(framework, () -> attach(framework));
            bridges.put(framework.name(), table);
          }
          if (table.get(command).loads() && !loaded.contains(framework.name())) {
            HandlerTable attached = table;
            loading(
                framework,
                () -> {
                  attached.ensureFramework();
                  return attached;
                });
            loaded.add(framework.name());
          }
          return null;
        });
  }

  private HandlerTable attach(BridgeSource framework) throws IOException {
    Value bridge =
        switch (framework) {
          case BridgeSource.Packaged packaged -> {
            Path folder = packages.folder(packaged.packages());
            if (profile.nativeCode()) {
              NativeSlots.prepare(folder);
            }
            files.allow(folder);
            embed.invokeMember("add_path", folder.resolve("site").toString());
            yield embed.invokeMember("load_bridge", packaged.module(), packaged.className());
          }
          case BridgeSource.Source source ->
              embed.invokeMember("load_source", source.name(), source.text(), source.filename());
        };
    return new HandlerTable(framework.name(), bridge, embed.invokeMember("handler_table", bridge));
  }

  private HandlerTable loading(BridgeSource framework, Callable<HandlerTable> work)
      throws Exception {
    try {
      return work.call();
    } catch (PolyglotException e) {
      Throwable cause = errors.translate(e);
      if (cause instanceof PythonException wrapper
          && wrapper.type().equals("terrarium.bridge.errors.FrameworkLoadError")
          && wrapper.getCause() != null) {
        cause = wrapper.getCause();
      }
      throw new FrameworkLoadException(
          "Framework '" + framework.name() + "' could not be loaded: " + cause.getMessage(), cause);
    }
  }

  @Override
  public CompletableFuture<@Nullable Object> call(
      String framework, String command, Map<String, ?> arguments) {
    return run(
        () -> {
          HandlerTable table = bridges.get(framework);
          if (table == null) {
            throw new IllegalStateException("bridge of '" + framework + "' is not attached");
          }
          HandlerTable.Command handler = table.get(command);
          output.set(outputOf(framework));
          Object plain = marshaller.toPython(arguments, "args");
          Value result = handler.callable().execute(plain);
          return marshaller.toJava(result, "result");
        });
  }

  private Logger outputOf(String framework) {
    return outputs.computeIfAbsent(framework, name -> System.getLogger("terrarium.python." + name));
  }

  /** Runs work in the carrier, with Python's exceptions translated while the context is at hand. */
  private <T extends @Nullable Object> CompletableFuture<T> run(Callable<T> work) {
    return carrier.submit(
        () -> {
          try {
            return work.call();
          } catch (PolyglotException e) {
            throw errors.translate(e);
          } catch (StackOverflowError e) {
            throw new PythonException(
                "RecursionError",
                "the carrier's stack of " + Carrier.STACK_BYTES + " bytes overflowed",
                List.of(),
                e);
          }
        });
  }

  @Override
  public CompletableFuture<@Nullable Void> park() {
    return run(() -> {
          bridges.forEach(this::cleanUp);
          bridges.clear();
          loaded.clear();
          if (profile.nativeCode()) {
            embed.invokeMember("forget");
          } else {
            context.close(true);
          }
          return null;
        })
        .handle(
            (done, failure) -> {
              if (failure != null) {
                LOGGER.log(
                    Level.WARNING, name + " could not be reset and is not used again", failure);
              } else if (profile.nativeCode()) {
                runtime.parked(this);
              } else {
                runtime.closed(this);
              }
              if (!profile.nativeCode()) {
                carrier.end();
              }
              return null;
            });
  }

  private void cleanUp(String framework, HandlerTable table) {
    try {
      Object none = marshaller.toPython(Map.of(), "args");
      table.get("cleanup_framework").callable().execute(none);
    } catch (PolyglotException | TerrariumException e) {
      LOGGER.log(Level.WARNING, "cleanup of '" + framework + "' in " + name + " failed", e);
    }
  }
}

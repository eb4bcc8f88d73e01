package dev.terrarium.internal.context;

import dev.terrarium.AccessProfile;
import dev.terrarium.Stats.HeapUse;
import dev.terrarium.error.FrameworkLoadException;
import dev.terrarium.error.PackageException;
import dev.terrarium.error.PythonException;
import dev.terrarium.error.TerrariumException;
import dev.terrarium.internal.value.Marshaller;
import dev.terrarium.internal.value.PythonCallables;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.graalvm.polyglot.PolyglotException;
import org.graalvm.polyglot.Value;
import org.jspecify.annotations.Nullable;

/**
 * The bridges that are attached in one context, with the frameworks that they have loaded, and the
 * running of their commands. Questions are thread-safe; all else happens on the context's carrier,
 * inside the context.
 */
final class AttachedBridges {

  private static final Logger LOGGER = System.getLogger("terrarium.context");

  private final String name;
  private final AccessProfile profile;
  private final PolyglotRuntime runtime;
  private final PackageFiles files;
  private final Fence fence;
  private final Value embed;
  private final Marshaller marshaller;
  private final PythonErrors errors;
  private final AtomicReference<Logger> output;
  private final Map<String, HandlerTable> bridges = new ConcurrentHashMap<>();

  /** The loaded frameworks, with the heap that each takes. */
  private final Map<String, HeapUse> loaded = new ConcurrentHashMap<>();

  private final Map<String, Logger> outputs = new HashMap<>();
  private PythonPackages packages;

  /** The packages that were imported here, perhaps by frameworks that are gone. */
  private volatile @Nullable PackageSet packageSet;

  /** The number of running calls, each but the first within another. */
  private int calls;

  /** Whether a call failed, and the changes that it left were not checked yet. */
  private boolean failed;

  /**
   * Creates the bridges of one context, none of which is attached.
   *
   * @param name the context's name
   * @param files the files that the context can read
   * @param embed the module {@code terrarium.bridge.embed} of the context
   * @param output the logger of what Python prints
   */
  AttachedBridges(
      String name,
      AccessProfile profile,
      PolyglotRuntime runtime,
      PackageFiles files,
      PythonPackages packages,
      Fence fence,
      Value embed,
      Marshaller marshaller,
      PythonErrors errors,
      AtomicReference<Logger> output) {
    this.name = name;
    this.profile = profile;
    this.runtime = runtime;
    this.files = files;
    this.packages = packages;
    this.fence = fence;
    this.embed = embed;
    this.marshaller = marshaller;
    this.errors = errors;
    this.output = output;
  }

  /** Sets the packages of the context's next user. */
  void use(PythonPackages newPackages) {
    packages = newPackages;
  }

  @Nullable PackageSet packageSet() {
    return packageSet;
  }

  boolean isReady(String framework, @Nullable String command) {
    HandlerTable table = bridges.get(framework);
    if (table == null) {
      return false;
    }
    return loaded.containsKey(framework) || (command != null && !table.needsLoad(command));
  }

  boolean isAttached(String framework) {
    return bridges.containsKey(framework);
  }

  boolean needsNoLoad(String framework, String command) {
    HandlerTable table = bridges.get(framework);
    return table != null && !table.needsLoad(command);
  }

  boolean isIdempotent(String framework, String command) {
    HandlerTable table = bridges.get(framework);
    return table != null && table.isIdempotent(command);
  }

  HeapUse heapOf(String framework) {
    return loaded.getOrDefault(framework, HeapUse.NONE);
  }

  /**
   * Returns whether a call's imports are sound, which they are when the call and all calls within
   * it succeeded.
   */
  boolean areImportsSound() {
    return calls == 1 && !failed;
  }

  /** Attaches a bridge, and loads its framework if the command needs that. */
  void prepare(BridgeSource framework, @Nullable String command) {
    output.set(outputOf(framework.name()));
    try {
      attachAndLoad(framework, command);
    } catch (PolyglotException e) {
      throw loadFailure(framework, e);
    }
    embed.invokeMember("accept");
  }

  private FrameworkLoadException loadFailure(BridgeSource framework, PolyglotException e) {
    Throwable cause = errors.translate(e);
    if (cause instanceof PythonException wrapper
        && wrapper.type().equals("terrarium.bridge.errors.FrameworkLoadError")
        && wrapper.getCause() != null) {
      cause = wrapper.getCause();
    }
    return new FrameworkLoadException(
        "Framework '" + framework.name() + "' could not be loaded: " + cause.getMessage(), cause);
  }

  private void attachAndLoad(BridgeSource framework, @Nullable String command) {
    String key = framework.name();
    HandlerTable table = bridges.get(key);
    if (table == null) {
      table = attach(framework);
      bridges.put(key, table);
    } else {
      // The check after a failed load has removed the paths.
      archives(framework).forEach(name -> addPath(packages.folder(name)));
    }
    if (!isReady(key, command)) {
      LoadCost cost = new LoadCost(runtime.heapMeter());
      try {
        table.ensureFramework();
      } finally {
        runtime.loadEnded();
      }
      loaded.put(key, cost.end());
    }
  }

  private HandlerTable attach(BridgeSource framework) {
    bind(framework.packageSet());
    archives(framework).forEach(this::open);
    Value bridge =
        switch (framework) {
          case BridgeSource.Packaged packaged ->
              embed.invokeMember("load_bridge", packaged.module(), packaged.className());
          case BridgeSource.Source source ->
              embed.invokeMember("load_source", source.name(), source.text(), source.filename());
        };
    return new HandlerTable(framework.name(), bridge, embed.invokeMember("handler_table", bridge));
  }

  /** Returns the archives that a framework imports from, the last of which is to be first. */
  private static List<String> archives(BridgeSource framework) {
    return framework instanceof BridgeSource.Packaged packaged
        ? List.of(packaged.packages())
        : framework.packageSet().names().reversed();
  }

  /** Gives the context its packages, which nothing takes out of it again. */
  private void bind(PackageSet wanted) {
    PackageSet present = packageSet;
    if (present != null && !present.equals(wanted)) {
      throw new IllegalStateException(name + " has " + present + ", and not " + wanted);
    }
    packageSet = wanted;
  }

  /** Has the context import from an archive. */
  private void open(String archive) {
    Path folder = packages.folder(archive);
    if (profile.nativeCode()) {
      NativeSlots.prepare(folder);
    }
    allow(folder);
    addPath(folder);
  }

  /** Adds a folder to the path, unless it was added before. */
  private void addPath(Path folder) {
    embed.invokeMember("add_path", folder.resolve("site").toString());
  }

  private void allow(Path folder) {
    try {
      files.allow(folder);
    } catch (IOException e) {
      throw new PackageException("Cannot open the Python packages in " + folder + ": " + e, e);
    }
  }

  /** Drops a framework's objects, if its bridge is attached. */
  void cleanUp(String framework) {
    HandlerTable table = bridges.get(framework);
    if (table != null) {
      cleanUp(framework, table);
    }
  }

  private void cleanUp(String framework, HandlerTable table) {
    loaded.remove(framework);
    try {
      Object none = marshaller.toPython(Map.of(), "args");
      table.get("cleanup_framework").callable().execute(none);
    } catch (PolyglotException | TerrariumException e) {
      LOGGER.log(Level.WARNING, "cleanup of '" + framework + "' in " + name + " failed", e);
    }
  }

  /** Drops all frameworks with their bridges, and everything that their users left. */
  void dropAll() {
    bridges.forEach(this::cleanUp);
    bridges.clear();
    loaded.clear();
    embed.invokeMember("forget");
    embed.invokeMember("accept"); // which also releases what the last user imported
  }

  /** Returns the commands of a bridge that is attached, for one visit or a visit within it. */
  Commands commands(String framework) {
    failed &= calls > 0; // a failure of an earlier call was checked, or needs no check
    return new BridgeCommands(framework);
  }

  /**
   * The commands of one bridge; a call that is being stopped proceeds at most to its next command.
   */
  private final class BridgeCommands implements Commands {

    private final String framework;
    private final HandlerTable table;

    BridgeCommands(String framework) {
      HandlerTable attached = bridges.get(framework);
      if (attached == null) {
        throw new IllegalStateException("bridge of '" + framework + "' is not attached");
      }
      this.framework = framework;
      this.table = attached;
    }

    @Override
    public @Nullable Object call(String command, Map<String, ?> arguments) {
      return handle(command, handler -> marshaller.call(handler, arguments));
    }

    @Override
    public void stream(String command, Map<String, ?> arguments, Consumer<@Nullable Object> sink) {
      handle(
          command,
          handler ->
              embed
                  .invokeMember(
                      "stream",
                      handler,
                      marshaller.toPython(arguments, "args"),
                      marshaller.sink(sink))
                  .isNull());
    }

    private @Nullable Object handle(String command, Function<Value, @Nullable Object> handling) {
      Logger before = output.get();
      output.set(outputOf(framework));
      PythonCallables.Scope outer = marshaller.beginCall();
      calls++;
      boolean good = false;
      try {
        Object result = handling.apply(table.get(command).callable());
        good = true;
        return result;
      } catch (PolyglotException e) {
        fence.checkStopped();
        throw errors.translate(e);
      } catch (StackOverflowError e) {
        throw ContextEntry.stackOverflow(e);
      } finally {
        failed |= !good;
        calls--;
        marshaller.endCall(outer);
        output.set(before);
      }
    }
  }

  private Logger outputOf(String framework) {
    return outputs.computeIfAbsent(framework, key -> System.getLogger("terrarium.python." + key));
  }
}

package dev.terrarium.internal.context;

import dev.terrarium.AccessProfile;
import dev.terrarium.Stats.HeapUse;
import dev.terrarium.error.FrameworkLoadException;
import dev.terrarium.error.PackageException;
import dev.terrarium.error.PythonException;
import dev.terrarium.error.TerrariumException;
import dev.terrarium.event.TerrariumEvent.SpanDetail;
import dev.terrarium.internal.value.Marshaller;
import dev.terrarium.internal.value.PythonCallables;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
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
  private final Map<String, Attached> bridges = new ConcurrentHashMap<>();

  /** The loaded frameworks, with the heap that each takes. */
  private final Map<String, HeapUse> loaded = new ConcurrentHashMap<>();

  private final Map<String, Logger> outputs = new HashMap<>();
  private PythonPackages packages;

  /**
   * A bridge that is attached.
   *
   * @param module the user's module or package that defines it, null for other bridges
   * @param watched where versions of its code come from, null when there is only one
   * @param version the version of its code
   */
  private record Attached(
      HandlerTable table,
      Value bridge,
      @Nullable String module,
      @Nullable WatchedSource watched,
      WatchedSource.@Nullable Version version) {}

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
    HandlerTable table = table(framework);
    if (table == null) {
      return false;
    }
    return loaded.containsKey(framework) || (command != null && !table.needsLoad(command));
  }

  boolean isAttached(String framework) {
    return bridges.containsKey(framework);
  }

  boolean needsNoLoad(String framework, String command) {
    HandlerTable table = table(framework);
    return table != null && !table.needsLoad(command);
  }

  boolean isIdempotent(String framework, String command) {
    HandlerTable table = table(framework);
    return table != null && table.isIdempotent(command);
  }

  private @Nullable HandlerTable table(String framework) {
    Attached attached = bridges.get(framework);
    return attached == null ? null : attached.table();
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
    if (!bridges.containsKey(key)) {
      bridges.put(
          key,
          framework instanceof WatchedSource watched
              ? attachVersion(watched)
              : attach(framework, null, null));
    } else {
      // The check after a failed load has removed the paths.
      archives(framework).forEach(archive -> addPath(packages.folder(archive)));
      renew(key);
    }
    if (!isReady(key, command)) {
      load(key);
    }
  }

  private void load(String framework) {
    HandlerTable table = table(framework);
    if (table != null) {
      LoadCost cost = new LoadCost(runtime.heapMeter());
      try {
        table.ensureFramework();
      } finally {
        runtime.loadEnded();
      }
      loaded.put(framework, cost.end());
    }
  }

  /** Attaches the newest version of a bridge that can be attached. */
  private Attached attachVersion(WatchedSource watched) {
    WatchedSource.Version version = watched.current();
    try {
      Attached attached = attach(version.source(), watched, version);
      watched.accept(version);
      return attached;
    } catch (PolyglotException e) {
      fence.checkStopped();
      boolean older = watched.reject(version);
      if (!older) {
        throw e;
      }
      logRejection(watched, errors.translate(e));
      return attachVersion(watched);
    }
  }

  private void logRejection(WatchedSource watched, RuntimeException failure) {
    outputOf(watched.name())
        .log(
            Level.ERROR,
            "The changed code of framework '"
                + watched.name()
                + "' could not be loaded, and its last code stays in use: "
                + failure.getMessage(),
            failure);
  }

  /**
   * Replaces a bridge by the newest version of its code, if there is a newer one than it has. Calls
   * that have begun in this context keep the code that they began with.
   */
  private void renew(String framework) {
    Attached before = bridges.get(framework);
    if (before == null || before.watched() == null || before.version() == null || calls > 0) {
      return;
    }
    WatchedSource watched = before.watched();
    WatchedSource.Version version = watched.current();
    if (version.number() == before.version().number()) {
      return;
    }
    output.set(outputOf(framework));
    Value aside = embed.invokeMember("set_aside", before.module());
    HeapUse heap = loaded.remove(framework);
    try {
      Attached renewed = attach(version.source(), watched, version);
      bridges.put(framework, renewed);
      if (heap != null) {
        load(framework);
      }
      embed.invokeMember("replaced", renewed.bridge());
    } catch (PolyglotException | TerrariumException e) {
      bridges.put(framework, before);
      if (heap != null) {
        loaded.put(framework, heap);
      }
      fence.checkStopped(); // then the check of the context puts back what was set aside
      embed.invokeMember("put_back", aside, before.bridge());
      embed.invokeMember("accept");
      if (watched.reject(version)) {
        logRejection(
            watched,
            e instanceof PolyglotException p ? errors.translate(p) : (TerrariumException) e);
      }
      return;
    }
    watched.accept(version);
    if (heap != null) {
      cleanUp(framework, before.table());
    }
    embed.invokeMember("accept");
    outputOf(framework)
        .log(Level.INFO, "Framework '" + framework + "' has its changed code in " + name + ".");
  }

  private Attached attach(
      BridgeSource framework,
      @Nullable WatchedSource watched,
      WatchedSource.@Nullable Version version) {
    String module = null;
    Value bridge;
    bind(framework.packageSet());
    archives(framework).forEach(this::open);
    switch (framework) {
      case BridgeSource.Packaged packaged ->
          bridge = embed.invokeMember("load_bridge", packaged.module(), packaged.className());
      case BridgeSource.Source source -> {
        module = embed.getMember("SOURCE_MODULE").asString() + source.name();
        bridge = embed.invokeMember("load_source", source.name(), source.text(), source.filename());
      }
      case BridgeSource.SourcePackage source -> {
        module = source.files().name();
        bridge = loadPackage(source);
      }
      case WatchedSource source ->
          throw new IllegalStateException(source + " is attached in one of its versions");
    }
    HandlerTable table =
        new HandlerTable(framework.name(), bridge, embed.invokeMember("handler_table", bridge));
    return new Attached(table, bridge, module, watched, version);
  }

  private Value loadPackage(BridgeSource.SourcePackage source) {
    Path folder = packages.folder(source.files());
    allow(folder);
    List<Object> arguments = new ArrayList<>();
    arguments.add(source.name());
    arguments.add(source.files().name());
    arguments.add(folder.toString());
    source
        .files()
        .texts()
        .forEach(
            (file, text) -> {
              arguments.add(file);
              arguments.add(text);
            });
    return embed.invokeMember("load_package", arguments.toArray());
  }

  /** Returns the archives that a framework imports from, the last of which is to be first. */
  private static List<String> archives(BridgeSource framework) {
    return framework instanceof BridgeSource.Packaged packaged
        ? packaged.packages().reversed()
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
    HandlerTable table = table(framework);
    if (table != null) {
      loaded.remove(framework);
      cleanUp(framework, table);
    }
  }

  private void cleanUp(String framework, HandlerTable table) {
    try {
      Object none = marshaller.toPython(Map.of(), "args");
      table.get("cleanup_framework").callable().execute(none);
    } catch (PolyglotException | TerrariumException e) {
      LOGGER.log(Level.WARNING, "cleanup of '" + framework + "' in " + name + " failed", e);
    }
  }

  /** Drops all frameworks with their bridges, and everything that their users left. */
  void dropAll() {
    bridges.forEach((framework, attached) -> cleanUp(framework, attached.table()));
    bridges.clear();
    loaded.clear();
    embed.invokeMember("forget");
    embed.invokeMember("accept"); // which also releases what the last user imported
  }

  /** Returns the commands of a bridge that is attached, for one visit or a visit within it. */
  Commands commands(String framework) {
    failed &= calls > 0; // a failure of an earlier call was checked, or needs no check
    renew(framework);
    return new BridgeCommands(framework);
  }

  /**
   * The commands of one bridge; a call that is being stopped proceeds at most to its next command.
   */
  private final class BridgeCommands implements Commands {

    private final String framework;
    private final HandlerTable table;

    BridgeCommands(String framework) {
      HandlerTable attached = table(framework);
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

    @Override
    public SpanDetail reportSpans(SpanDetail detail) {
      try {
        return SpanDetail.valueOf(embed.invokeMember("report_spans", detail.name()).asString());
      } catch (PolyglotException e) { // the call is being stopped; the next one sets it anew
        return SpanDetail.OFF;
      }
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

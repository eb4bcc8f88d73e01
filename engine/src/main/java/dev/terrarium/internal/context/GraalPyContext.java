package dev.terrarium.internal.context;

import dev.terrarium.AccessProfile;
import dev.terrarium.Stats.HeapUse;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.FrameworkLoadException;
import dev.terrarium.error.PackageException;
import dev.terrarium.error.PythonException;
import dev.terrarium.error.TerrariumException;
import dev.terrarium.internal.value.BulkInput;
import dev.terrarium.internal.value.Marshaller;
import dev.terrarium.internal.value.PythonCallables;
import dev.terrarium.spi.HostFunction;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.PolyglotException;
import org.graalvm.polyglot.Value;
import org.graalvm.polyglot.proxy.ProxyExecutable;
import org.jspecify.annotations.Nullable;

/**
 * A GraalPy context with its carrier. Fields without a thread-safe type are used on the carrier
 * only.
 */
final class GraalPyContext implements PythonContext {

  private static final Logger LOGGER = System.getLogger("terrarium.context");

  /** The time in which threads that a call left behind must stop. */
  private static final Duration STRAY_THREADS = Duration.ofSeconds(1);

  private static final int STOPPING_ATTEMPTS = 3;

  private final Carrier carrier;
  private final String name;
  private final AccessProfile profile;
  private final PolyglotRuntime runtime;
  private final PackageFiles files;
  private final AtomicReference<Logger> output;
  private final Context context;
  private final Fence fence = new Fence();
  private final Value embed;
  private final Marshaller marshaller;
  private final PythonErrors errors;
  private final Map<String, HandlerTable> bridges = new ConcurrentHashMap<>();

  /** The loaded frameworks, with the heap that each takes. */
  private final Map<String, HeapUse> loaded = new ConcurrentHashMap<>();

  private final Map<String, Logger> outputs = new HashMap<>();
  private Map<String, HostFunction> services = Map.of();
  private volatile PythonPackages packages;

  /** The number of running calls, each but the first within another. */
  private int calls;

  /** Whether a call failed, and the changes that it left were not checked yet. */
  private boolean failed;

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
    BulkInput input = new BulkInput();
    this.context =
        runtime.newContext(
            profile,
            files,
            input,
            new LineLog(logger::get, Level.INFO),
            new LineLog(logger::get, Level.WARNING));
    boolean ready = false;
    try {
      this.embed = context.eval(runtime.bootstrap());
      restrict();
      embed.invokeMember("replace_sleep");
      this.marshaller = new Marshaller(embed, input, this::guarded, this::checkStopped);
      shieldNativeImports();
      shareCode();
      watchImports();
      this.errors = new PythonErrors(embed, profile);
      embed.invokeMember("accept");
      ready = true;
    } finally {
      if (!ready) {
        context.close(true);
      }
    }
  }

  private void restrict() {
    ProxyExecutable report =
        arguments -> {
          LOGGER.log(Level.INFO, name + ": " + arguments[0].asString());
          return true;
        };
    boolean trusted = profile.grants(AccessProfile.TRUSTED);
    embed.invokeMember("restrict", profile.word(), trusted, profile.nativeCode(), report);
  }

  /** Creates a context on a carrier of its own. */
  static CompletableFuture<GraalPyContext> create(
      String name, AccessProfile profile, PolyglotRuntime runtime, PythonPackages packages) {
    Carrier carrier = new Carrier(name);
    CompletableFuture<GraalPyContext> created = new CompletableFuture<>();
    carrier.execute(
        () -> {
          try {
            created.complete(new GraalPyContext(name, profile, carrier, runtime, packages));
          } catch (Throwable e) {
            created.completeExceptionally(e);
            carrier.end();
          }
        });
    return created;
  }

  /**
   * Opens the context, new or parked before, for a user: sets the packages and services, the way of
   * importing, and the environment variables.
   */
  CompletableFuture<@Nullable Void> open(
      PythonPackages newPackages,
      boolean lazyImports,
      Map<String, String> environment,
      Map<String, HostFunction> newServices) {
    return this.<@Nullable Void>submit(
            () -> {
              packages = newPackages;
              services = newServices;
              installServices();
              embed.invokeMember("use_imports", !lazyImports);
              useEnvironment(environment);
              return null;
            })
        .result();
  }

  private void useEnvironment(Map<String, String> environment) {
    embed.invokeMember(
        "use_environment",
        environment.entrySet().stream()
            .flatMap(each -> Stream.of(each.getKey(), each.getValue()))
            .toArray());
  }

  private void installServices() {
    embed.invokeMember("install_services", marshaller.services(services));
  }

  /**
   * Shields the imports of native extensions: an interruption while a native extension initializes
   * itself would end the process.
   */
  private void shieldNativeImports() {
    ProxyExecutable begin =
        arguments -> {
          if (!fence.shield()) {
            throw stopped();
          }
          return true;
        };
    ProxyExecutable end =
        arguments -> {
          fence.unshield();
          return true;
        };
    embed.invokeMember("shield_native_imports", begin, end);
  }

  /** Shares the code of the modules that this context loads with contexts that load them later. */
  private void shareCode() {
    ProxyExecutable keep =
        arguments -> {
          runtime.sharedCode().keep(Marshaller.bytes(arguments[0]), arguments[1].asInt());
          return true;
        };
    embed.invokeMember("share_code", keep);
  }

  /**
   * Reports to Python whether a call's imports are sound, which they are when the call and all
   * calls within it succeeded.
   */
  private void watchImports() {
    ProxyExecutable isGood = arguments -> calls == 1 && !failed;
    embed.invokeMember("watch_imports", isGood);
  }

  /**
   * Returns a Java function that a call which is being stopped neither reaches nor returns from.
   */
  private HostFunction guarded(HostFunction function) {
    return arguments -> {
      checkStopped();
      Object answer = function.call(arguments);
      checkStopped();
      return answer;
    };
  }

  private void checkStopped() {
    Fence.Visit visit = fence.inside();
    if (visit != null && visit.isStopped()) {
      throw stopped();
    }
  }

  private static CallInterruptedException stopped() {
    return new CallInterruptedException("The call was given up and is being stopped.");
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
  public boolean isReady(String framework, @Nullable String command) {
    HandlerTable table = bridges.get(framework);
    if (table == null) {
      return false;
    }
    return loaded.containsKey(framework) || (command != null && !table.loads(command));
  }

  @Override
  public boolean isAttached(String framework) {
    return bridges.containsKey(framework);
  }

  @Override
  public HeapUse heapOf(String framework) {
    return loaded.getOrDefault(framework, HeapUse.NONE);
  }

  @Override
  public Execution<OptionalLong> measure() {
    return submit(runtime.heapMeter()::bytes);
  }

  @Override
  public boolean isQuick(String framework, String command) {
    HandlerTable table = bridges.get(framework);
    return table != null && !table.loads(command);
  }

  @Override
  public boolean isIdempotent(String framework, String command) {
    HandlerTable table = bridges.get(framework);
    return table != null && table.isIdempotent(command);
  }

  @Override
  public Execution<@Nullable Void> prepare(BridgeSource framework, @Nullable String command) {
    return submit(
        () -> {
          output.set(outputOf(framework.name()));
          loading(framework, () -> attachAndLoad(framework, command));
          embed.invokeMember("accept");
          return null;
        });
  }

  private void attachAndLoad(BridgeSource framework, @Nullable String command) {
    String name = framework.name();
    HandlerTable table = bridges.get(name);
    if (table == null) {
      table = attach(framework);
      bridges.put(name, table);
    } else if (framework instanceof BridgeSource.Packaged packaged) {
      // The check after a failed load has removed the path.
      addPath(packages.folder(packaged.packages()));
    }
    if (!isReady(name, command)) {
      LoadCost cost = new LoadCost(runtime.heapMeter());
      try {
        table.ensureFramework();
      } finally {
        runtime.loadEnded();
      }
      loaded.put(name, cost.end());
    }
  }

  private HandlerTable attach(BridgeSource framework) {
    Value bridge =
        switch (framework) {
          case BridgeSource.Packaged packaged -> {
            Path folder = packages.folder(packaged.packages());
            if (profile.nativeCode()) {
              NativeSlots.prepare(folder);
            }
            allow(folder);
            addPath(folder);
            yield embed.invokeMember("load_bridge", packaged.module(), packaged.className());
          }
          case BridgeSource.Source source ->
              embed.invokeMember("load_source", source.name(), source.text(), source.filename());
        };
    return new HandlerTable(framework.name(), bridge, embed.invokeMember("handler_table", bridge));
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

  private void loading(BridgeSource framework, Runnable work) {
    try {
      work.run();
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
  public <T extends @Nullable Object> Execution<T> run(
      String framework, Function<Commands, T> body, UnaryOperator<Runnable> around) {
    CarrierWork<T> work = commands(framework, body);
    Runnable propagated = around.apply(work::work);
    carrier.execute(
        () -> {
          Throwable reason = null;
          try {
            propagated.run();
          } catch (Throwable e) {
            reason = e;
          } finally {
            work.end(reason);
          }
        });
    return work;
  }

  @Override
  public <T extends @Nullable Object> Execution<T> runWithin(
      String framework, Function<Commands, T> body, UnaryOperator<Runnable> around) {
    CarrierWork<T> work = commands(framework, body);
    around.apply(work::runWithin).run();
    return work;
  }

  private <T extends @Nullable Object> CarrierWork<T> commands(
      String framework, Function<Commands, T> body) {
    return work(
        inside(
            () -> {
              failed &= calls > 0; // a failure of an earlier call was checked, or needs no check
              return body.apply(new BridgeCommands(framework));
            }));
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
        checkStopped();
        throw errors.translate(e);
      } catch (StackOverflowError e) {
        throw stackOverflow(e);
      } finally {
        failed |= !good;
        calls--;
        marshaller.endCall(outer);
        output.set(before);
      }
    }
  }

  private Logger outputOf(String framework) {
    return outputs.computeIfAbsent(framework, name -> System.getLogger("terrarium.python." + name));
  }

  @Override
  public Execution<@Nullable Void> cleanUp(String framework) {
    return submit(
        () -> {
          HandlerTable table = bridges.get(framework);
          if (table != null) {
            cleanUp(framework, table);
          }
          return null;
        });
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

  @Override
  public Execution<HealthStatus> heal() {
    return execute(work(this::healNow));
  }

  @Override
  public Execution<HealthStatus> reset() {
    return execute(
        work(
            () -> {
              HealthStatus condition = healAndDropAll();
              if (condition != HealthStatus.BROKEN) {
                run(this::installServices);
              }
              return condition;
            }));
  }

  /** Restores the context and drops everything of its user; dropping needs sound builtins. */
  private HealthStatus healAndDropAll() throws Exception {
    HealthStatus condition = healNow();
    if (condition != HealthStatus.BROKEN) {
      run(this::dropAll);
    }
    return condition;
  }

  /** Restores what one call changed; threads that the call left are stopped from outside. */
  private HealthStatus healNow() throws Exception {
    List<String> wrong = inside(() -> texts(embed.invokeMember("check"))).call();
    List<String> left = wrong.isEmpty() ? wrong : putBack(wrong);
    if (!wrong.isEmpty()) {
      LOGGER.log(Level.DEBUG, "A call left " + name + " changed, which is restored: " + wrong);
    }
    if (!left.isEmpty()) {
      LOGGER.log(Level.WARNING, name + " could not be restored: " + left);
      return HealthStatus.BROKEN;
    }
    run(() -> embed.invokeMember("settle"));
    return wrong.isEmpty() ? HealthStatus.SOUND : HealthStatus.RESTORED;
  }

  /**
   * Restores the context, and returns what is still wrong then. One attempt misses a thread that is
   * only just starting.
   */
  private List<String> putBack(List<String> wrong) throws Exception {
    List<String> left = wrong;
    for (int attempt = 0; attempt < STOPPING_ATTEMPTS && !left.isEmpty(); attempt++) {
      if (left.stream().anyMatch(each -> each.startsWith("thread:"))) {
        stopThreads(); // the reset waits for their end
      }
      left = inside(() -> texts(embed.invokeMember("reset"))).call();
    }
    return left;
  }

  /** Runs the action inside the context. */
  private void run(Runnable action) throws Exception {
    inside(
            () -> {
              action.run();
              return name;
            })
        .call();
  }

  private void stopThreads() {
    try {
      context.interrupt(STRAY_THREADS);
    } catch (TimeoutException e) {
      LOGGER.log(Level.DEBUG, "threads of " + name + " did not stop in " + STRAY_THREADS);
    }
  }

  private static List<String> texts(Value list) {
    List<String> texts = new ArrayList<>();
    for (long i = 0; i < list.getArraySize(); i++) {
      texts.add(list.getArrayElement(i).asString());
    }
    return texts;
  }

  /** Submits work that runs inside the context. */
  private <T extends @Nullable Object> Execution<T> submit(Callable<T> body) {
    return execute(work(inside(body)));
  }

  private <T extends @Nullable Object> CarrierWork<T> work(Callable<T> body) {
    return new CarrierWork<>(name, context, fence, body);
  }

  private <T extends @Nullable Object> CarrierWork<T> execute(CarrierWork<T> work) {
    carrier.execute(work);
    return work;
  }

  /**
   * Returns the body as work inside the context, so that an interruption finds the body wherever it
   * is, and with Python's exceptions translated while the context is available.
   */
  private <T extends @Nullable Object> Callable<T> inside(Callable<T> body) {
    return () -> {
      context.enter();
      try {
        checkStopped(); // after entering: an interruption finds the body from here on
        return body.call();
      } catch (PolyglotException e) {
        throw errors.translate(e);
      } catch (StackOverflowError e) {
        throw stackOverflow(e);
      } finally {
        context.leave();
      }
    };
  }

  private static PythonException stackOverflow(StackOverflowError e) {
    return new PythonException(
        "RecursionError",
        "the carrier's stack of " + Carrier.STACK_BYTES + " bytes overflowed",
        List.of(),
        e);
  }

  @Override
  public CompletableFuture<@Nullable Void> park() {
    if (!profile.nativeCode()) {
      return close().handle((closed, failure) -> null);
    }
    return execute(
            work(
                () -> {
                  HealthStatus condition = healAndDropAll();
                  services = Map.of(); // otherwise the last user would stay reachable
                  run(() -> useEnvironment(Map.of()));
                  return condition;
                }))
        .result()
        .handle(
            (condition, failure) -> {
              if (failure == null && condition != HealthStatus.BROKEN) {
                runtime.parked(this);
              } else {
                LOGGER.log(
                    Level.WARNING, name + " could not be reset and is not used again", failure);
                retire();
              }
              return null;
            });
  }

  private void dropAll() {
    bridges.forEach(this::cleanUp);
    bridges.clear();
    loaded.clear();
    embed.invokeMember("forget");
    embed.invokeMember("accept"); // which also releases what the last user imported
  }

  @Override
  public void retire() {
    CompletableFuture<?> unused = close();
  }

  /**
   * Frees the context's memory, on a thread of its own, because closing waits for the code that
   * runs in the context. A carrier of native code stays, and so does its slot.
   */
  private CompletableFuture<@Nullable Void> close() {
    CompletableFuture<@Nullable Void> closed = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name(name + "-close")
        .start(
            () -> {
              try {
                context.close(true);
                runtime.closed(this);
              } catch (RuntimeException e) {
                LOGGER.log(Level.DEBUG, name + " could not be closed", e);
              } finally {
                if (!profile.nativeCode()) {
                  carrier.end();
                }
                closed.complete(null);
              }
            });
    return closed;
  }
}

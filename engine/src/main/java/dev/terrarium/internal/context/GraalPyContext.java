package dev.terrarium.internal.context;

import dev.terrarium.AccessProfile;
import dev.terrarium.Stats.HeapUse;
import dev.terrarium.internal.value.BulkInput;
import dev.terrarium.internal.value.Marshaller;
import dev.terrarium.spi.HostFunction;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.Value;
import org.graalvm.polyglot.proxy.ProxyExecutable;
import org.jspecify.annotations.Nullable;

/**
 * The life of a GraalPy context with its carrier, from its creation over its users to its end. What
 * is attached in the context is with {@link AttachedBridges}, its checks are with {@link
 * HealthCheck}. Fields without a thread-safe type are used on the carrier only.
 */
final class GraalPyContext implements PythonContext {

  private static final Logger LOGGER = System.getLogger("terrarium.context");

  private final Carrier carrier;
  private final String name;
  private final AccessProfile profile;
  private final PolyglotRuntime runtime;
  private final Context context;
  private final Fence fence = new Fence();
  private final Value embed;
  private final Marshaller marshaller;
  private final ContextEntry entry;
  private final AttachedBridges bridges;
  private final HealthCheck health;
  private Map<String, HostFunction> services = Map.of();

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
    AtomicReference<Logger> logger = new AtomicReference<>(System.getLogger("terrarium.python"));
    PackageFiles files = runtime.files();
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
      this.marshaller = new Marshaller(embed, input, this::guarded, fence::checkStopped);
      PythonErrors errors = new PythonErrors(embed, profile);
      this.entry = new ContextEntry(name, carrier, context, fence, errors);
      this.bridges =
          new AttachedBridges(
              name, profile, runtime, files, packages, fence, embed, marshaller, errors, logger);
      this.health = new HealthCheck(name, context, embed, fence, entry);
      shieldNativeImports();
      shareCode();
      watchImports();
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
    return entry
        .<@Nullable Void>submit(
            () -> {
              bridges.use(newPackages);
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
            throw Fence.stopped();
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

  /** Reports to Python whether a call's imports are sound. */
  private void watchImports() {
    ProxyExecutable areSound = arguments -> bridges.areImportsSound();
    embed.invokeMember("watch_imports", areSound);
  }

  /**
   * Returns a Java function that a call which is being stopped neither reaches nor returns from.
   */
  private HostFunction guarded(HostFunction function) {
    return arguments -> {
      fence.checkStopped();
      Object answer = function.call(arguments);
      fence.checkStopped();
      return answer;
    };
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
  public @Nullable PackageSet packageSet() {
    return bridges.packageSet();
  }

  @Override
  public boolean isReady(String framework, @Nullable String command) {
    return bridges.isReady(framework, command);
  }

  @Override
  public boolean isAttached(String framework) {
    return bridges.isAttached(framework);
  }

  @Override
  public boolean needsNoLoad(String framework, String command) {
    return bridges.needsNoLoad(framework, command);
  }

  @Override
  public boolean isIdempotent(String framework, String command) {
    return bridges.isIdempotent(framework, command);
  }

  @Override
  public HeapUse heapOf(String framework) {
    return bridges.heapOf(framework);
  }

  @Override
  public Execution<OptionalLong> measure() {
    return entry.submit(runtime.heapMeter()::bytes);
  }

  @Override
  public Execution<@Nullable Void> prepare(BridgeSource framework, @Nullable String command) {
    return entry.submit(
        () -> {
          bridges.prepare(framework, command);
          return null;
        });
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
    return entry.work(entry.inside(() -> body.apply(bridges.commands(framework))));
  }

  @Override
  public Execution<@Nullable Void> cleanUp(String framework) {
    return entry.submit(
        () -> {
          bridges.cleanUp(framework);
          return null;
        });
  }

  @Override
  public Execution<HealthStatus> check() {
    return entry.execute(entry.work(health::check));
  }

  @Override
  public Execution<HealthStatus> reset() {
    return entry.execute(
        entry.work(
            () -> {
              HealthStatus status = health.checkAndDrop(bridges::dropAll);
              if (status != HealthStatus.BROKEN) {
                entry.run(this::installServices);
              }
              return status;
            }));
  }

  @Override
  public CompletableFuture<@Nullable Void> park() {
    if (!profile.nativeCode()) {
      return close().handle((closed, failure) -> null);
    }
    return entry
        .execute(
            entry.work(
                () -> {
                  HealthStatus status = health.checkAndDrop(bridges::dropAll);
                  services = Map.of(); // otherwise the last user would stay reachable
                  entry.run(() -> useEnvironment(Map.of()));
                  return status;
                }))
        .result()
        .handle(
            (status, failure) -> {
              if (failure == null && status != HealthStatus.BROKEN) {
                runtime.parked(this);
              } else {
                LOGGER.log(
                    Level.WARNING, name + " could not be reset and is not used again", failure);
                retire();
              }
              return null;
            });
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

package dev.terrarium.internal.pool;

import dev.terrarium.AccessProfile;
import dev.terrarium.Stats.HeapUse;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.context.Commands;
import dev.terrarium.internal.context.Execution;
import dev.terrarium.internal.context.HealthStatus;
import dev.terrarium.internal.context.PackageSet;
import dev.terrarium.internal.context.PythonContext;
import dev.terrarium.internal.pool.StubExecution.Kind;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A context without Python. What is asked of it is done at once and as it should, unless the test
 * holds it, or has it fail.
 */
final class StubContext implements PythonContext {

  /** The command that needs no framework. */
  static final String NEEDS_NO_LOAD = "ping";

  final Set<String> attached = ConcurrentHashMap.newKeySet();
  final Set<String> loaded = ConcurrentHashMap.newKeySet();
  final AtomicInteger parkings = new AtomicInteger();
  final AtomicInteger retirements = new AtomicInteger();

  /** What was asked of it, such as {@code PREPARE wordcount}. */
  final List<String> asked = new CopyOnWriteArrayList<>();

  /** What a call results in; runs where the call does. */
  volatile Supplier<@Nullable Object> answer = () -> "answer";

  /** What a check finds. */
  volatile HealthStatus condition = HealthStatus.SOUND;

  /** What each framework takes here. */
  volatile long bytes;

  /** What asking it for a call is answered with, if not with an execution. */
  volatile @Nullable RuntimeException refusal;

  volatile boolean obeys;
  volatile CompletableFuture<@Nullable Void> parking = CompletableFuture.completedFuture(null);

  /** The packages of the first framework that was prepared here. */
  private volatile @Nullable PackageSet packages;

  private final String name;
  private final AccessProfile profile;
  private final Set<Kind> held = EnumSet.noneOf(Kind.class);
  private final Map<Kind, Throwable> failures = new EnumMap<>(Kind.class);
  private final List<StubExecution<?>> works = new CopyOnWriteArrayList<>();

  StubContext(String name, AccessProfile profile) {
    this.name = name;
    this.profile = profile;
  }

  /** Has the test end work of these kinds. */
  StubContext hold(Kind... kinds) {
    held.addAll(List.of(kinds));
    return this;
  }

  void release(Kind... kinds) {
    List.of(kinds).forEach(held::remove);
  }

  /** Has all work of a kind fail. */
  StubContext failing(Kind kind, Throwable failure) {
    failures.put(kind, failure);
    return this;
  }

  void succeeding(Kind kind) {
    failures.remove(kind);
  }

  /** The work that has not ended, oldest first. */
  List<StubExecution<?>> open() {
    return works.stream().filter(work -> !work.result().isDone()).toList();
  }

  /** The one piece of work that has not ended. */
  StubExecution<?> running() {
    if (open().size() != 1) {
      throw new AssertionError(name + " runs " + open().stream().map(work -> work.kind).toList());
    }
    return open().getFirst();
  }

  /** How often work of a kind was asked of it. */
  long count(Kind kind) {
    return asked.stream().filter(each -> each.startsWith(kind.name())).count();
  }

  private <T extends @Nullable Object> Execution<T> start(
      Kind kind, String subject, Supplier<T> effect) {
    asked.add((kind + " " + subject).trim());
    StubExecution<T> work = new StubExecution<>(kind, obeys, effect);
    Throwable failure = failures.get(kind);
    if (held.contains(kind)) {
      works.add(work);
    } else if (failure != null) {
      work.fail(failure);
    } else {
      work.end();
    }
    return work;
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
    return packages;
  }

  @Override
  public boolean isReady(String framework, @Nullable String command) {
    return NEEDS_NO_LOAD.equals(command)
        ? attached.contains(framework)
        : loaded.contains(framework);
  }

  @Override
  public boolean isAttached(String framework) {
    return attached.contains(framework);
  }

  @Override
  public HeapUse heapOf(String framework) {
    return loaded.contains(framework) ? new HeapUse(bytes, false, bytes) : HeapUse.NONE;
  }

  @Override
  public Execution<OptionalLong> measure() {
    return start(Kind.MEASURE, "", () -> OptionalLong.of(bytes));
  }

  @Override
  public boolean needsNoLoad(String framework, String command) {
    return NEEDS_NO_LOAD.equals(command) && attached.contains(framework);
  }

  @Override
  public boolean isIdempotent(String framework, String command) {
    return needsNoLoad(framework, command);
  }

  @Override
  public Execution<@Nullable Void> prepare(BridgeSource framework, @Nullable String command) {
    return start(
        Kind.PREPARE,
        framework.name(),
        () -> {
          packages = framework.packageSet();
          attached.add(framework.name());
          if (!NEEDS_NO_LOAD.equals(command)) {
            loaded.add(framework.name());
          }
          return null;
        });
  }

  /** Has it run a command without waiting for the result. */
  Execution<@Nullable Object> call(String framework) {
    return run(framework, commands -> commands.call("count", Map.of()), UnaryOperator.identity());
  }

  @Override
  public <T extends @Nullable Object> Execution<T> run(
      String framework, Function<Commands, T> work, UnaryOperator<Runnable> around) {
    RuntimeException reason = refusal;
    if (reason != null) {
      throw reason;
    }
    List<T> result = new ArrayList<>();
    Runnable body = around.apply(() -> result.add(work.apply(new StubCommands())));
    return start(
        Kind.CALL,
        framework,
        () -> {
          body.run();
          return result.getFirst();
        });
  }

  @Override
  public <T extends @Nullable Object> Execution<T> runWithin(
      String framework, Function<Commands, T> work, UnaryOperator<Runnable> around) {
    return run(framework, work, around);
  }

  /** Commands that all result in the answer. */
  private final class StubCommands implements Commands {
    @Override
    public @Nullable Object call(String command, Map<String, ?> arguments) {
      return answer.get();
    }

    @Override
    public void stream(String command, Map<String, ?> arguments, Consumer<@Nullable Object> sink) {
      sink.accept(answer.get());
    }
  }

  @Override
  public Execution<@Nullable Void> cleanUp(String framework) {
    return start(
        Kind.CLEAN_UP,
        framework,
        () -> {
          loaded.remove(framework);
          return null;
        });
  }

  @Override
  public Execution<HealthStatus> check() {
    return start(Kind.CHECK, "", () -> condition);
  }

  @Override
  public Execution<HealthStatus> reset() {
    return start(
        Kind.RESET,
        "",
        () -> {
          attached.clear();
          loaded.clear();
          return condition;
        });
  }

  @Override
  public CompletableFuture<@Nullable Void> park() {
    parkings.incrementAndGet();
    return parking;
  }

  @Override
  public void retire() {
    retirements.incrementAndGet();
  }
}

package dev.terrarium.internal.pool;

import static dev.terrarium.internal.pool.PoolBench.LONG;
import static dev.terrarium.internal.pool.PoolBench.alone;
import static dev.terrarium.internal.pool.PoolBench.framework;
import static dev.terrarium.internal.pool.PoolBench.restricted;
import static dev.terrarium.internal.pool.PoolBench.settings;
import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.AccessProfile;
import dev.terrarium.Stats.ContextState;
import dev.terrarium.internal.context.BridgeSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * The rule of choice by itself, over all pools of up to three contexts: what each context has and
 * does, who waits, and how many contexts there may be. No threads, no pool.
 */
@Execution(ExecutionMode.CONCURRENT)
class PlacementTest {

  private static final BridgeSource A = framework("a");
  private static final BridgeSource B = framework("b");
  private static final BridgeSource LONELY = alone("lonely");
  private static final BridgeSource RESTRICTED = restricted("r");

  private static final Set<ContextState> IDLE = EnumSet.of(ContextState.FRESH, ContextState.WARM);

  /** What a context does. */
  private enum Activity {
    IDLE,
    IN_USE,
    LOADING,
    CHECKED,
    STUCK
  }

  /** What a context has, and what it does. A context that loads is one that loads {@link #A}. */
  private record Kind(AccessProfile profile, List<BridgeSource> frameworks, Activity activity) {

    static List<Kind> all() {
      List<Kind> all = new ArrayList<>();
      for (Activity activity : Activity.values()) {
        for (List<BridgeSource> frameworks :
            List.<List<BridgeSource>>of(
                List.of(), List.of(A), List.of(B), List.of(A, B), List.of(LONELY))) {
          all.add(new Kind(PoolBench.PROFILE, frameworks, activity));
        }
      }
      all.add(new Kind(AccessProfile.RESTRICTED, List.of(), Activity.IDLE));
      all.add(new Kind(AccessProfile.RESTRICTED, List.of(RESTRICTED), Activity.IDLE));
      all.add(new Kind(AccessProfile.RESTRICTED, List.of(RESTRICTED), Activity.IN_USE));
      return all;
    }

    PooledContext context(int number) {
      StubContext stub = new StubContext("context-" + number, profile);
      PooledContext context = new PooledContext(stub, 0, 0);
      for (BridgeSource framework : frameworks) {
        stub.loaded.add(framework.name());
        stub.attached.add(framework.name());
        context.used(framework);
      }
      switch (activity) {
        case IDLE -> {
          context.become(ContextState.IN_USE);
          context.toIdle();
        }
        case IN_USE -> context.become(ContextState.IN_USE);
        case LOADING -> {
          context.become(ContextState.IN_USE);
          context.preparing = A.name();
        }
        case CHECKED, STUCK -> {
          context.become(ContextState.IN_USE);
          context.become(ContextState.SUSPECT);
          context.stuck = activity == Activity.STUCK;
        }
      }
      return context;
    }
  }

  /** Who waits, and how. */
  private record Want(
      BridgeSource framework, Waiter.Kind kind, boolean impatient, @Nullable String command) {

    static List<Want> all() {
      List<Want> all = new ArrayList<>();
      for (BridgeSource framework : List.of(A, B, LONELY, RESTRICTED)) {
        all.add(new Want(framework, Waiter.Kind.BORROWER, false, "count"));
        all.add(new Want(framework, Waiter.Kind.BORROWER, true, "count"));
        all.add(new Want(framework, Waiter.Kind.NESTED, false, "count"));
        all.add(new Want(framework, Waiter.Kind.PREWARMING, false, null));
      }
      all.add(new Want(A, Waiter.Kind.BORROWER, false, StubContext.NEEDS_NO_LOAD));
      return all;
    }
  }

  /** A pool's state, one waiter in its queue, and the rule. */
  private static final class Scene {

    final ManualTimer timer = new ManualTimer();
    final Roster roster = new Roster(timer);
    final MemoryBudget memory;
    final PoolSettings settings;
    final boolean room;
    final Placement placement;
    final Waiter waiter;

    Scene(List<PooledContext> contexts, Want want, int max, boolean room, MemoryLimit limit) {
      this.settings = settings(0, max);
      this.room = room;
      this.memory = new MemoryBudget(limit, roster);
      this.placement = new Placement(roster, memory, settings, timer, () -> room);
      roster.contexts.addAll(contexts);
      contexts.stream().filter(each -> IDLE.contains(each.state())).forEach(roster.idle::add);
      this.waiter = new Waiter(want.framework, want.command, want.kind, Deadline.none(), 0, null);
      waiter.impatient = want.impatient;
      waiter.goal = 2;
      join(waiter);
    }

    void join(Waiter other) {
      roster.lock.lock();
      try {
        roster.join(other);
      } finally {
        roster.lock.unlock();
      }
    }

    Move move() {
      return placement.move(waiter);
    }

    boolean isBorrower() {
      return waiter.is(Waiter.Kind.BORROWER);
    }

    boolean needsNoLoad() {
      return StubContext.NEEDS_NO_LOAD.equals(waiter.command)
          && roster.contexts.stream()
              .anyMatch(each -> each.context.isReady(waiter.name(), StubContext.NEEDS_NO_LOAD));
    }

    boolean isPromised() {
      return roster.contexts.stream().anyMatch(each -> each.promises(waiter));
    }

    boolean mayMake() {
      long serving = roster.contexts.stream().filter(each -> !each.stuck).count();
      return serving < settings.max() && roster.contexts.size() < 2 * settings.max();
    }

    /** The idle contexts of a kind, least recently used first. */
    List<PooledContext> idle(Predicate<PooledContext> kind) {
      return roster.idle.stream().filter(kind).toList();
    }

    List<PooledContext> ready() {
      return idle(each -> each.isReadyFor(waiter));
    }

    List<PooledContext> bare() {
      return idle(each -> each.fits(waiter) && each.isBare());
    }

    List<PooledContext> loadable() {
      return idle(each -> each.fits(waiter) && !each.isReadyFor(waiter));
    }

    /** What nobody misses there, since other contexts have it. */
    boolean isSpare(PooledContext context) {
      return context.frameworks.keySet().stream()
          .allMatch(
              name -> roster.contexts.stream().anyMatch(each -> each != context && each.has(name)));
    }

    List<?> state() {
      List<Object> state = new ArrayList<>();
      for (PooledContext each : roster.contexts) {
        state.add(each.state());
        state.add(List.copyOf(each.frameworks.keySet()));
        state.add(Optional.ofNullable(each.preparing));
      }
      state.add(List.copyOf(roster.idle));
      state.add(List.copyOf(roster.waiters));
      state.add(waiter.hasWork);
      state.add(roster.starting);
      return state;
    }

    @Override
    public String toString() {
      List<String> contexts =
          roster.contexts.stream()
              .map(
                  each ->
                      each.state()
                          + (each.stuck ? " stuck " : " ")
                          + each.context.profile()
                          + each.frameworks.keySet()
                          + " loading "
                          + each.preparing)
              .toList();
      return "max %d, room %s, %s %s %s impatient=%s hasWork=%s; idle %s of %s; queue %d"
          .formatted(
              settings.max(),
              room,
              waiter.kind,
              waiter.name(),
              waiter.command,
              waiter.impatient,
              waiter.hasWork,
              roster.idle.stream().map(PooledContext::name).toList(),
              contexts,
              roster.waiters.size());
    }
  }

  /** Has a check done on every pool of up to three contexts. */
  private static void everywhere(Consumer<Scene> check) {
    List<Want> wants = Want.all();
    int number = 0;
    for (List<Kind> pool : pools()) {
      List<PooledContext> contexts = contexts(pool);
      for (Want want : wants) {
        for (int max = Math.max(1, pool.size()); max <= pool.size() + 1; max++) {
          boolean room = Integer.bitCount(number++) % 2 == 0;
          Scene scene = new Scene(contexts, want, max, room, MemoryLimit.none());
          try {
            check.accept(scene);
          } catch (RuntimeException | AssertionError e) {
            throw new AssertionError(scene.toString(), e);
          }
        }
      }
    }
  }

  /**
   * All pools; the order of contexts that are not idle, which means nothing, is always the same.
   */
  private static List<List<Kind>> pools() {
    List<Kind> kinds = new ArrayList<>(Kind.all());
    kinds.sort(
        Comparator.comparing(kind -> kind.activity() == Activity.IDLE)); // the busy ones first
    List<List<Kind>> pools = new ArrayList<>();
    add(List.of(), 0, kinds, pools);
    return pools;
  }

  private static List<PooledContext> contexts(List<Kind> pool) {
    List<PooledContext> contexts = new ArrayList<>();
    pool.forEach(kind -> contexts.add(kind.context(contexts.size())));
    return contexts;
  }

  private static void add(List<Kind> begin, int first, List<Kind> kinds, List<List<Kind>> pools) {
    pools.add(begin);
    if (begin.size() == 3) {
      return;
    }
    for (int i = first; i < kinds.size(); i++) {
      List<Kind> longer = new ArrayList<>(begin);
      longer.add(kinds.get(i));
      boolean idle = kinds.get(i).activity() == Activity.IDLE;
      int firstIdle = (int) kinds.stream().filter(kind -> kind.activity() != Activity.IDLE).count();
      add(longer, idle ? firstIdle : i, kinds, pools);
    }
  }

  private static void require(boolean condition, String what) {
    if (!condition) {
      throw new AssertionError(what);
    }
  }

  @Test
  void askingChangesNothingAndIsAnsweredAlike() {
    everywhere(
        scene -> {
          List<?> before = scene.state();
          Move move = scene.move();
          require(move.equals(scene.move()), "another answer");
          require(before.equals(scene.state()), "the state was changed");
        });
  }

  @Test
  void everyMoveIsPossible() {
    Set<String> seen = new TreeSet<>();
    everywhere(
        scene -> {
          Waiter waiter = scene.waiter;
          Move move = scene.move();
          seen.add(move.getClass().getSimpleName());
          switch (move) {
            case Move.Assign(PooledContext context) -> {
              require(scene.roster.idle.contains(context), "not idle");
              require(context.isReadyFor(waiter), "not ready");
            }
            case Move.LoadBeside(PooledContext context, boolean expands) -> {
              require(scene.roster.idle.contains(context), "not idle");
              require(context.fits(waiter), "of another profile");
              require(context.toDropFor(waiter.framework, true).isEmpty(), "in conflict");
              require(scene.room || context.isBare() || scene.needsNoLoad(), "no room");
              require(!expands, "its queue has not stood");
            }
            case Move.ReplaceFrameworks(PooledContext context, List<String> dropped) -> {
              require(scene.roster.idle.contains(context), "not idle");
              require(context.fits(waiter), "of another profile");
              require(!dropped.isEmpty(), "drops nothing");
              require(context.frameworks.keySet().containsAll(dropped), "drops what is not there");
            }
            case Move.MakeContext() -> require(scene.mayMake(), "one too many");
            case Move.ReplaceContext(PooledContext context) -> {
              require(scene.roster.idle.contains(context), "not idle");
              require(!context.fits(waiter), "of its own profile");
            }
            case Move.Wait() -> {}
          }
        });
    assertThat(seen)
        .containsExactly(
            "Assign", "LoadBeside", "MakeContext", "ReplaceContext", "ReplaceFrameworks", "Wait");
  }

  @Test
  void contextThatIsReadyIsAssignedBeforeAllElse() {
    everywhere(
        scene -> {
          List<PooledContext> ready = scene.ready();
          boolean prewarming = scene.waiter.is(Waiter.Kind.PREWARMING);
          Move expected = ready.isEmpty() || prewarming ? null : new Move.Assign(ready.getLast());
          Move move = scene.move();
          require(
              expected == null ? !(move instanceof Move.Assign) : expected.equals(move),
              "not the most recently used one that is ready: " + move);
        });
  }

  /** The whole rule again, as a list of cases, for a queue that has not stood. */
  @Test
  void everyChoiceIsTheFirstThatIsPossible() {
    everywhere(
        scene -> {
          Move move = scene.move();
          if (move instanceof Move.Assign) {
            return;
          }
          if (isCoveredWithoutIt(scene)) {
            require(move instanceof Move.Wait, "needless: " + move);
          } else if (!scene.bare().isEmpty()) {
            require(scene.bare().getFirst().equals(loads(move)), "not in the bare one: " + move);
          } else if (scene.mayMake()) {
            require(move instanceof Move.MakeContext, "not made: " + move);
          } else if (!mayTake(scene)) {
            require(move instanceof Move.Wait, "takes what others use: " + move);
          } else if (!scene.loadable().isEmpty()) {
            PooledContext least =
                scene.loadable().stream()
                    .filter(scene::isSpare)
                    .findFirst()
                    .orElse(scene.loadable().getFirst());
            require(least.equals(loads(move)), "not the least missed: " + move);
          } else {
            List<PooledContext> others = scene.idle(each -> !each.fits(scene.waiter));
            boolean replaces =
                !others.isEmpty()
                    && (!scene.isBorrower()
                        || scene.waiter.impatient
                        || scene.roster.contexts.stream()
                            .noneMatch(each -> each.fits(scene.waiter) && !each.stuck));
            Move expected = replaces ? new Move.ReplaceContext(others.getFirst()) : new Move.Wait();
            require(expected.equals(move), "not " + expected + ": " + move);
          }
        });
  }

  private static @Nullable PooledContext loads(Move move) {
    return switch (move) {
      case Move.LoadBeside(PooledContext context, boolean expands) -> context;
      case Move.ReplaceFrameworks(PooledContext context, List<String> dropped) -> context;
      default -> null;
    };
  }

  /** Whether enough contexts load already, or one is checked only. */
  private static boolean isCoveredWithoutIt(Scene scene) {
    String name = scene.waiter.name();
    long loading =
        scene.roster.contexts.stream().filter(each -> name.equals(each.preparing)).count();
    long loaded = scene.roster.contexts.stream().filter(each -> each.has(name)).count();
    return switch (scene.waiter.kind) {
      case BORROWER ->
          loading >= 1
              || (!scene.waiter.impatient
                  && scene.roster.contexts.stream()
                      .anyMatch(
                          each ->
                              each.state() == ContextState.SUSPECT && each.promises(scene.waiter)));
      case NESTED -> false;
      case PREWARMING -> loaded + loading >= 2;
    };
  }

  private static boolean mayTake(Scene scene) {
    return !scene.isBorrower()
        || scene.waiter.impatient
        || scene.needsNoLoad()
        || !scene.isPromised();
  }

  @Test
  void waiterWithWorkGetsNoMoreOfIt() {
    everywhere(
        scene -> {
          scene.waiter.hasWork = true;
          Move move = scene.move();
          require(move instanceof Move.Wait || move instanceof Move.Assign, "more: " + move);
        });
  }

  /** What a queue that has stood changes: an unused context loads beside what it has, no more. */
  @Test
  void standingQueueExpandsIntoWhatNobodyUses() {
    List<Move> expansions = new ArrayList<>();
    everywhere(
        scene -> {
          Move before = scene.move();
          scene.timer.turn(LONG.dividedBy(10));
          Move after = scene.move();
          if (before instanceof Move.Wait && after instanceof Move.LoadBeside load) {
            expansions.add(after);
            require(load.expands(), "for another reason");
            require(scene.isBorrower() && scene.isPromised(), "who need not wait");
            require(scene.room, "no room");
            require(
                load.context().toDropFor(scene.waiter.framework, true).isEmpty(), "in conflict");
          } else {
            require(before.equals(after), before + " became " + after);
          }
          long until = scene.placement.untilExpansion(scene.waiter, scene.timer.nanoTime());
          boolean possible =
              scene.isBorrower()
                  && scene.loadable().stream()
                      .anyMatch(each -> each.toDropFor(scene.waiter.framework, true).isEmpty());
          require((until <= 0) == possible, "in " + until);
        });
    assertThat(expansions).isNotEmpty();
  }

  @Test
  void twoWaitersOfAFrameworkAreWorthTwoLoads() {
    everywhere(
        scene -> {
          Move alone = scene.move();
          scene.join(
              new Waiter(
                  scene.waiter.framework, "count", Waiter.Kind.BORROWER, Deadline.none(), 0, null));
          Move beside = scene.move();
          if (!(alone instanceof Move.Wait)) {
            require(alone.equals(beside), alone + " became " + beside);
          }
        });
  }

  @Test
  void contextThatCouldNotBeMadeIsNotTriedAgainAtOnce() {
    everywhere(
        scene -> {
          Move before = scene.move();
          scene.roster.retryAt = 1;
          Move after = scene.move();
          boolean first = scene.roster.contexts.isEmpty();
          require(first || !(after instanceof Move.MakeContext), "made: " + after);
          require(
              first || before instanceof Move.MakeContext || before.equals(after),
              before + " became " + after);
        });
  }

  /** A framework whose memory is spent gets no context more, but what is ready it gets. */
  @Test
  void spentMemoryAllowsForNoLoadBesideTheFirst() {
    MemoryLimit limit =
        new MemoryLimit() {
          @Override
          public long bytes(String framework) {
            return 100;
          }

          @Override
          public long kept(String framework) {
            return 0;
          }

          @Override
          public void makeRoom(String framework, long inContexts) {}
        };
    for (Kind kind : Kind.all()) {
      for (Want want : Want.all()) {
        Kind serving = new Kind(PoolBench.PROFILE, List.of(A), Activity.IN_USE);
        Scene scene = new Scene(contexts(List.of(serving, kind)), want, 3, true, limit);
        for (PooledContext context : scene.roster.contexts) {
          ((StubContext) context.context).bytes = 100;
        }
        boolean allowed =
            scene.memory.allowsLoaded(scene.roster.contexts.iterator().next(), A.name());
        require(allowed || kind.frameworks().contains(A), "its first context is refused");
        Move move = scene.move();
        if (want.framework().equals(A) && !scene.needsNoLoad()) {
          require(move instanceof Move.Wait || move instanceof Move.Assign, scene + ": " + move);
        }
      }
    }
  }
}

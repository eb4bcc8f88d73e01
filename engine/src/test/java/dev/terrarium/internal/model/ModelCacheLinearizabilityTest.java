package dev.terrarium.internal.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.benmanes.caffeine.cache.Scheduler;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.terrarium.ResourceLimits;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.ModelException;
import dev.terrarium.internal.event.Events;
import dev.terrarium.spi.ModelCache;
import dev.terrarium.testing.Linearizability;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Acquiring, releasing, evicting and closing on real threads, as Lincheck calls them: whatever they
 * return must be what some order of them returns, nothing held is closed, nothing is closed twice.
 */
@Tag("lincheck")
class ModelCacheLinearizabilityTest {

  /** Lincheck makes one for each execution. */
  @Param(name = "model", gen = IntGen.class, conf = "1:3")
  public static final class Models {

    private final List<AtomicInteger> closings = new CopyOnWriteArrayList<>();
    private final Map<Integer, ModelCache.Use<Model>> held = new ConcurrentHashMap<>();
    private final LruModelCache cache =
        new LruModelCache(
            ModelCache.Limits.custom().models(2).build(),
            framework -> ResourceLimits.ofDefaults(),
            framework -> 0,
            Events.none(),
            Ticker.disabledTicker(),
            Scheduler.disabledScheduler(),
            Runnable::run);

    private record Model(AtomicInteger closings) implements AutoCloseable {
      @Override
      public void close() {
        closings.incrementAndGet();
      }
    }

    @Operation
    public String acquire(
        @Param(gen = ThreadIdGen.class) int thread, @Param(name = "model") int model) {
      if (held.containsKey(thread)) {
        return "has one";
      }
      try {
        ModelCache.Use<Model> use = cache.acquire("test", "m" + model, this::load, each -> 1);
        held.put(thread, use);
        return use.model().closings().get() == 0 ? "served" : "closed under its user";
      } catch (LimitExceededException e) {
        return "all in use";
      } catch (ModelException e) {
        return "closed";
      }
    }

    private Model load() {
      Model model = new Model(new AtomicInteger());
      closings.add(model.closings());
      return model;
    }

    @Operation
    public String release(@Param(gen = ThreadIdGen.class) int thread) {
      ModelCache.Use<Model> use = held.remove(thread);
      if (use == null) {
        return "has none";
      }
      int closed = use.model().closings().get();
      use.close();
      return closed == 0 ? "released" : "closed under its user";
    }

    @Operation
    public boolean evict(@Param(name = "model") int model) {
      return cache.evict("test", "m" + model);
    }

    @Operation(runOnce = true)
    public void close() {
      cache.close();
    }

    /** After each execution. */
    @Validate
    public void whatIsGoneWasClosedOnce() {
      assertThat(closings).allSatisfy(each -> assertThat(each).hasValueBetween(0, 1));
      long open = closings.stream().filter(each -> each.get() == 0).count();
      assertThat(open).isEqualTo(cache.stats().models()).isLessThanOrEqualTo(2);
      assertThat(held.values()).allSatisfy(use -> assertThat(use.model().closings()).hasValue(0));
    }
  }

  @Test
  void everyOutcomeIsThatOfSomeOrder() {
    Linearizability.check(Models.class);
  }
}

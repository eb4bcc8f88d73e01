package dev.terrarium.internal.resource;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.benmanes.caffeine.cache.Scheduler;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.terrarium.error.ClosedException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.internal.event.Events;
import dev.terrarium.spi.ResourcePool;
import dev.terrarium.testing.Linearizability;
import java.time.Duration;
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
 * Borrowing, spoiling, giving back and closing on real threads, as Lincheck calls them: whatever
 * they return must be what some order of them returns; an exclusive resource has one user, nothing
 * held is closed, nothing is closed twice, and a framework never has more than its limit.
 */
@Tag("lincheck")
class ResourcePoolLinearizabilityTest {

  private static final int LIMIT = 2;

  /** Lincheck makes one for each execution. */
  @Param(name = "key", gen = IntGen.class, conf = "1:2")
  public static final class Resources {

    private final List<Resource> made = new CopyOnWriteArrayList<>();
    private final Map<Integer, ResourcePool.Lease<Resource>> held = new ConcurrentHashMap<>();

    /** An exclusive kind that does not wait at all, since nobody may ever release a resource. */
    private final ResourcePool.Kind<Resource> exclusive =
        ResourcePool.Kind.<Resource>exclusive("exclusive", key -> make())
            .check(Resource::isSound)
            .closer(Resource::close)
            .maxPerKey(2)
            .waitTimeout(Duration.ofNanos(1))
            .build();

    /** A shared kind that waits, but only until another thread has made or checked the resource. */
    private final ResourcePool.Kind<Resource> shared =
        ResourcePool.Kind.<Resource>shared("shared", key -> make())
            .check(Resource::isSound)
            .closer(Resource::close)
            .waitTimeout(Duration.ofMinutes(1))
            .build();

    private final KeyedResourcePool pool =
        new KeyedResourcePool(
            framework -> LIMIT,
            Events.none(),
            Ticker.disabledTicker(),
            Scheduler.disabledScheduler(),
            Runnable::run);

    private static final class Resource {
      final AtomicInteger users = new AtomicInteger();
      final AtomicInteger closings = new AtomicInteger();
      volatile boolean sound = true;

      boolean isSound() {
        return sound;
      }

      void close() {
        closings.incrementAndGet();
      }
    }

    private Resource make() {
      Resource resource = new Resource();
      made.add(resource);
      return resource;
    }

    /** Borrows on behalf of the one framework, as its call. */
    @Operation
    public String borrow(@Param(gen = ThreadIdGen.class) int thread, @Param(name = "key") int key) {
      String outcome = borrow(thread, exclusive, key);
      ResourcePool.Lease<Resource> lease = held.get(thread);
      return outcome.equals("served")
              && lease != null
              && lease.resource().users.incrementAndGet() > 1
          ? "served to two"
          : outcome;
    }

    @Operation
    public String share(@Param(gen = ThreadIdGen.class) int thread, @Param(name = "key") int key) {
      return borrow(thread, shared, key);
    }

    private String borrow(int thread, ResourcePool.Kind<Resource> kind, int key) {
      if (held.containsKey(thread)) {
        return "has one";
      }
      try {
        new CallScope("any", null).run(() -> held.put(thread, pool.borrow(kind, "k" + key)));
      } catch (LimitExceededException e) {
        return "none free";
      } catch (ClosedException e) {
        return "closed";
      }
      return "served";
    }

    /** Makes this thread's resource unfit for further use. */
    @Operation
    public boolean spoil(@Param(gen = ThreadIdGen.class) int thread) {
      ResourcePool.Lease<Resource> lease = held.get(thread);
      if (lease == null) {
        return false;
      }
      lease.resource().sound = false;
      return true;
    }

    @Operation
    public String giveBack(@Param(gen = ThreadIdGen.class) int thread) {
      ResourcePool.Lease<Resource> lease = held.remove(thread);
      if (lease == null) {
        return "has none";
      }
      int closed = lease.resource().closings.get();
      lease.resource().users.set(0);
      lease.close();
      return closed == 0 ? "given back" : "closed under its user";
    }

    @Operation(runOnce = true)
    public void close() {
      pool.close();
    }

    /** After each execution. */
    @Validate
    public void everyResourceIsInOnePlace() {
      assertThat(made).allSatisfy(each -> assertThat(each.closings).hasValueBetween(0, 1));
      long open = made.stream().filter(each -> each.closings.get() == 0).count();
      assertThat(open).isEqualTo(pool.size());
      assertThat(pool.connections("any")).isLessThanOrEqualTo(LIMIT);
      assertThat(held.values())
          .allSatisfy(lease -> assertThat(lease.resource().closings).hasValue(0));
    }
  }

  @Test
  void everyOutcomeIsThatOfSomeOrder() {
    Linearizability.check(Resources.class);
  }
}

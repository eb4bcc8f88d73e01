package dev.terrarium.internal.pool;

import static dev.terrarium.internal.pool.PoolBench.A;
import static dev.terrarium.internal.pool.PoolBench.B;
import static dev.terrarium.internal.pool.PoolBench.C;
import static dev.terrarium.internal.pool.PoolBench.alone;
import static dev.terrarium.internal.pool.PoolBench.restricted;
import static dev.terrarium.internal.pool.PoolBench.withPackages;
import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.AccessProfile;
import dev.terrarium.Stats;
import dev.terrarium.internal.pool.StubExecution.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The order in which the pool chooses contexts for borrowers. */
@SuppressWarnings("try") // a lease is held here, not used
class PoolChoiceTest {

  @RegisterExtension final PoolBench bench = new PoolBench();

  @Test
  void contextThatIsReadyIsTakenFirst() {
    bench.open(3, 3);
    bench.warm(A, B);

    assertThat(bench.use(A)).isEqualTo("context-0");
    assertThat(bench.use(B)).isEqualTo("context-1");
    assertThat(bench.context(0).count(Kind.PREPARE)).isOne();
  }

  @Test
  void ofThoseThatAreReadyTheMostRecentlyUsedOne() {
    bench.open(3, 3);
    bench.warm(A, A);

    assertThat(bench.use(A)).isEqualTo("context-1");
  }

  @Test
  void bareContextLoadsBeforeANewOneIsMade() {
    bench.open(2, 3);
    bench.warm(A);

    assertThat(bench.use(B)).isEqualTo("context-1");
    assertThat(bench.made).hasSize(2);
  }

  @Test
  void newContextIsMadeBelowTheMaximumBeforeOthersAreUsed() {
    bench.open(1, 2);
    bench.warm(A);

    assertThat(bench.use(B)).isEqualTo("context-1");
    assertThat(bench.context(0).loaded).containsExactly("a");
  }

  @Test
  void atTheMaximumTheLeastRecentlyUsedLoadsOneMore() {
    bench.open(2, 2);
    bench.warm(A, B);
    bench.use(A);

    assertThat(bench.use(C)).isEqualTo("context-1");
    assertThat(bench.context(1).loaded).containsExactlyInAnyOrder("b", "c");
  }

  @Test
  void contextWhoseFrameworksOthersHaveTooIsPreferred() {
    bench.open(3, 3);
    bench.warm(B, A, A);

    assertThat(bench.use(C)).isEqualTo("context-1");
  }

  @Test
  void frameworkThatDoesNotShareIsAloneInItsContext() {
    bench.open(1, 1);
    bench.use(A);
    bench.use(alone("lonely"));
    assertThat(bench.context(0).loaded).containsExactly("lonely");

    bench.use(B);
    assertThat(bench.context(0).loaded).containsExactly("b");
    assertThat(bench.stats().with("lonely")).isZero();
  }

  @Test
  void leastRecentlyUsedFrameworkGoesWhenTheHeapHasNoRoom() {
    bench.open(1, 1);
    bench.use(A);
    bench.use(B);
    bench.use(A);
    bench.room = false;
    bench.use(C);

    assertThat(bench.context(0).asked).contains("CLEAN_UP b");
    assertThat(bench.context(0).loaded).containsExactlyInAnyOrder("a", "c");
  }

  @Test
  void bridgeThatIsOnlyAttachedNeitherCountsAsLoadedNorGoesForRoom() {
    bench.open(1, 1);
    bench.lease(bench.ask(B, StubContext.NEEDS_NO_LOAD)).close();
    assertThat(bench.stats().loads()).isZero();
    bench.use(A);
    bench.room = false;
    bench.use(C);

    assertThat(bench.context(0).asked).contains("CLEAN_UP a").doesNotContain("CLEAN_UP b");
    assertThat(bench.context(0).loaded).containsExactly("c");
    assertThat(bench.stats().loads()).isEqualTo(2);
  }

  @Test
  void attachingABridgeNeedsNoRoom() {
    bench.open(2, 2);
    bench.warm(A, B);
    bench.room = false;
    ContextLease held = bench.borrow(A);
    bench.lease(bench.ask(A, StubContext.NEEDS_NO_LOAD)).close(); // in the other one
    held.close();

    assertThat(bench.made).allSatisfy(context -> assertThat(context.count(Kind.CLEAN_UP)).isZero());
  }

  @Test
  void contextOfAnotherProfileIsReplacedAtTheMaximum() {
    bench.open(1, 1);
    bench.use(A);

    assertThat(bench.use(restricted("r"))).isEqualTo("context-1");
    assertThat(bench.context(0).parkings).hasValue(1);
    assertThat(bench.context(1).profile()).isEqualTo(AccessProfile.RESTRICTED);
  }

  @Test
  void contextOfAnotherProfileStaysBelowTheMaximum() {
    bench.open(1, 2);
    bench.use(restricted("r"));

    assertThat(bench.made).hasSize(2);
    assertThat(bench.context(0).parkings).hasValue(0);
  }

  @Test
  void frameworksOfOnePackageSetShareAContext() {
    bench.open(1, 1);
    bench.use(withPackages("x", "set"));

    assertThat(bench.use(withPackages("y", "set"))).isEqualTo("context-0");
    assertThat(bench.context(0).loaded).containsExactlyInAnyOrder("x", "y");
  }

  @Test
  void contextNeverGetsAnotherPackageSet() {
    bench.open(1, 2);
    bench.use(withPackages("x", "one"));

    assertThat(bench.use(withPackages("y", "two"))).isEqualTo("context-1");
    assertThat(bench.use(A)).isNotIn("context-0", "context-1");
    assertThat(bench.context(0).loaded).containsExactly("x");
    assertThat(bench.context(1).loaded).containsExactly("y");
    assertThat(bench.context(0).parkings.get() + bench.context(1).parkings.get()).isEqualTo(1);
  }

  @Test
  void contextThatWasResetKeepsItsPackageSet() {
    bench.open(1, 1);
    bench.use(withPackages("x", "one"));
    bench.context(0).reset();

    assertThat(bench.use(withPackages("y", "two"))).isEqualTo("context-1");
    assertThat(bench.context(0).parkings).hasValue(1);
  }

  @Test
  void patientBorrowerWaitsForTheContextThatHasItsFramework() {
    bench.open(2, 2);
    bench.warm(A, B);
    ContextLease held = bench.borrow(A);
    Waiter second = bench.ask(A);
    assertThat(second.isWaiting()).isTrue();
    assertThat(bench.context(1).loaded).containsExactly("b");

    held.close();
    assertThat(bench.lease(second).name()).isEqualTo("context-0");
    bench.lease(second).close();
  }

  @Test
  void commandWithoutALoadDoesNotWaitForTheContextThatHasItsFramework() {
    bench.open(2, 2);
    bench.warm(A, B);
    try (ContextLease held = bench.borrow(A);
        ContextLease unloaded = bench.lease(bench.ask(A, StubContext.NEEDS_NO_LOAD))) {
      assertThat(unloaded.name()).isEqualTo("context-1");
      assertThat(bench.context(1).loaded).containsExactly("b");
    }
  }

  @Test
  void figuresListTheLeastRecentlyUsedFirst() {
    bench.open(3, 3);
    bench.warm(A, B, C);
    bench.use(A);

    assertThat(bench.stats().contexts())
        .extracting(Stats.Context::name)
        .containsExactly("context-1", "context-2", "context-0");
  }
}

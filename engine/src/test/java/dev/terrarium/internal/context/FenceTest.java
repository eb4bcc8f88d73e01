package dev.terrarium.internal.context;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.testing.LogRecords;
import dev.terrarium.testing.Task;
import org.junit.jupiter.api.Test;

class FenceTest {

  @Test
  void workEndsByItselfWhenNoThreadCanInterruptIt() throws Exception {
    try (LogRecords log = LogRecords.of("terrarium.context")) {
      Fence fence = new Fence();
      Fence.Visit visit =
          new Fence.Visit(
              () -> {
                throw new OutOfMemoryError("unable to create native thread");
              });
      fence.enter(visit);
      fence.stop(visit);

      assertThat(visit.isStopped()).isTrue();
      Task.running(() -> fence.leave(visit)).result();
      assertThat(fence.isInside(visit)).isFalse();
      assertThat(log.lines()).hasSize(1);
    }
  }
}

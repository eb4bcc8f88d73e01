package dev.terrarium;

import java.util.Collection;
import java.util.OptionalLong;

/**
 * What a framework takes of the heap, in one context or in several together. Immutable.
 *
 * @param bytes what counts: measured in the contexts where the runtime could, else by estimate
 * @param measured whether all of {@code bytes} is measured; if not, some of it is an estimate
 * @param estimate what it takes by estimate alone, whether it was measured or not
 */
public record HeapUse(long bytes, boolean measured, long estimate) {

  /** Of a framework that is loaded nowhere. */
  public static final HeapUse NONE = new HeapUse(0, false, 0);

  static HeapUse of(OptionalLong measured, long estimate) {
    return new HeapUse(measured.orElse(estimate), measured.isPresent(), estimate);
  }

  /** What those take together. */
  public static HeapUse sum(Collection<HeapUse> uses) {
    return new HeapUse(
        uses.stream().mapToLong(HeapUse::bytes).sum(),
        !uses.isEmpty() && uses.stream().allMatch(HeapUse::measured),
        uses.stream().mapToLong(HeapUse::estimate).sum());
  }
}

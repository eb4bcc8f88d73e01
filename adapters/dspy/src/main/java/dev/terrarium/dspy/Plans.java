package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.dspy.internal.frozen.Plan;
import dev.terrarium.error.ArgumentException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The plans of the states of an optimization, by their hashes. Thread-safe. */
final class Plans {

  private static final Logger LOGGER = System.getLogger("terrarium.dspy");

  /** The proofs of the first plan; the plans of other states differ from it in texts only. */
  private static final int FIRST_PROOFS = 12;

  private static final int PROOFS = 2;

  /** How many plans are kept, those that were used last. */
  private static final int CAPACITY = 64;

  private final Adapter adapter;
  private final String program;
  private final Map<String, Optional<Plan>> made =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Optional<Plan>> eldest) {
          return size() > CAPACITY;
        }
      };
  private boolean freezable = true;
  private int count;

  Plans(Adapter adapter, String program) {
    this.adapter = adapter;
    this.program = program;
  }

  /** Returns the plan of a state, which is made if it was not yet; null if there can be none. */
  synchronized @Nullable Plan of(String hash, Map<?, ?> state) {
    Optional<Plan> known = made.get(hash);
    if (known == null) {
      known = freezable ? Optional.ofNullable(make(state)) : Optional.empty();
      made.put(hash, known);
    }
    return known.orElse(null);
  }

  /** Returns the plan of a state that has one already, else null. */
  synchronized @Nullable Plan made(String hash) {
    return made.getOrDefault(hash, Optional.empty()).orElse(null);
  }

  private @Nullable Plan make(Map<?, ?> state) {
    int proofs = count++ == 0 ? FIRST_PROOFS : PROOFS;
    try {
      return Plan.proven(
          adapter.call(
              "freeze_candidate", Map.of("program", program, "state", state, "proofs", proofs)));
    } catch (ArgumentException e) {
      freezable = count > 1; // else it is the program that cannot be frozen, whatever its state
      LOGGER.log(
          freezable ? Level.DEBUG : Level.INFO,
          "DSPy evaluates "
              + (freezable ? "one state" : "all states")
              + " of an optimization, and not Java: "
              + e.getMessage());
      return null;
    }
  }
}

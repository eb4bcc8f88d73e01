package dev.terrarium.internal.admission;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.terrarium.AdmissionConfig;
import dev.terrarium.AdmissionConfig.Bulkhead;
import dev.terrarium.ResourceLimits;
import dev.terrarium.Stats;
import dev.terrarium.error.BudgetExceededException;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.CircuitOpenException;
import dev.terrarium.error.OverloadException;
import dev.terrarium.internal.pool.Deadline;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The admission of calls to the frameworks of one Terrarium, through which every way to call
 * passes. Where every rule is off, all calls are admitted and nothing is recorded. Thread-safe.
 */
public final class Admission {

  private final AdmissionConfig all;
  private final Map<String, AdmissionConfig> own;
  private final Function<String, OptionalInt> concurrency;
  private final BooleanSupplier withinCall;
  private final Ticker ticker;
  private final boolean off;
  private final @Nullable Budgets shared;
  private final Map<String, Gate> gates = new ConcurrentHashMap<>();

  /**
   * Creates the admission of one Terrarium.
   *
   * @param all the rules of frameworks without rules of their own; these frameworks share its
   *     budget
   * @param own the rules by framework, each in place of those for all
   * @param limits the limits by framework, whose concurrency becomes a bulkhead where none is
   *     configured; null when no framework has such a limit
   * @param withinCall whether the calling thread is in a call already
   */
  public Admission(
      AdmissionConfig all,
      Map<String, AdmissionConfig> own,
      @Nullable Function<String, ResourceLimits> limits,
      BooleanSupplier withinCall) {
    this(all, own, limits, withinCall, Ticker.systemTicker());
  }

  /** Creates the admission as above, with a ticker. */
  Admission(
      AdmissionConfig all,
      Map<String, AdmissionConfig> own,
      @Nullable Function<String, ResourceLimits> limits,
      BooleanSupplier withinCall,
      Ticker ticker) {
    this.all = all;
    this.own = Map.copyOf(own);
    this.concurrency =
        limits == null
            ? framework -> OptionalInt.empty()
            : framework -> limits.apply(framework).concurrency();
    this.withinCall = withinCall;
    this.ticker = ticker;
    this.off =
        limits == null && all.isOff() && own.values().stream().allMatch(AdmissionConfig::isOff);
    this.shared = budgets(all);
  }

  private @Nullable Budgets budgets(AdmissionConfig config) {
    return config.budget().map(limit -> new Budgets(limit, ticker)).orElse(null);
  }

  /**
   * Admits a call, after waiting for its place. A call within a call passes: it was admitted with
   * the outer call, which would have to wait for it, or be the trial because of which it is
   * refused.
   *
   * @param callerKey the key of the account on which the call is made, or null
   * @return the permit, which the caller must end with the call
   * @throws BudgetExceededException when the key has used up its calls or tokens
   * @throws CircuitOpenException when the framework has failed too often
   * @throws OverloadException when the bulkhead and the queue before it are full, or the wait in
   *     the queue took too long
   * @throws CallTimeoutException when the deadline passes first
   * @throws CallInterruptedException when the calling thread is interrupted, whose interrupt flag
   *     is set again
   */
  public Permit admit(String framework, @Nullable String callerKey, Deadline deadline) {
    if (off) {
      return Permit.open();
    }
    Gate known = gates.get(framework);
    Gate gate = known == null ? gates.computeIfAbsent(framework, this::gate) : known;
    return withinCall.getAsBoolean()
        ? gate.admitNested(callerKey)
        : gate.admit(callerKey, deadline);
  }

  private Gate gate(String framework) {
    AdmissionConfig config = own.get(framework);
    return config == null
        ? new Gate(framework, limited(framework, all), shared, ticker)
        : new Gate(framework, limited(framework, config), budgets(config), ticker);
  }

  /**
   * Returns the rules with the bulkhead that the framework's limits ask for, unless the rules have
   * one.
   */
  private AdmissionConfig limited(String framework, AdmissionConfig config) {
    OptionalInt calls = concurrency.apply(framework);
    return calls.isEmpty() || config.bulkhead().isPresent()
        ? config
        : AdmissionConfig.from(config).bulkhead(Bulkhead.of(calls.getAsInt())).build();
  }

  /**
   * Returns the figures of the frameworks that were called, by name; empty where every rule is off.
   */
  public Map<String, Stats.Admission> stats() {
    Map<String, Stats.Admission> stats = new TreeMap<>();
    gates.forEach((framework, gate) -> stats.put(framework, gate.stats()));
    return Map.copyOf(stats);
  }
}

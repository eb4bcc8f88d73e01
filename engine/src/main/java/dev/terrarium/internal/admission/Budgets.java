package dev.terrarium.internal.admission;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.terrarium.AdmissionConfig;
import dev.terrarium.error.BudgetExceededException;
import java.time.Duration;

/**
 * The use of each caller's key in its period. Keys without a call for a period are forgotten, and
 * so are the least used keys beyond {@value #MOST_KEYS}. Thread-safe.
 */
final class Budgets {

  static final int MOST_KEYS = 100_000;

  private final AdmissionConfig.Budget limit;
  private final Ticker ticker;
  private final Cache<String, Account> accounts;

  Budgets(AdmissionConfig.Budget limit, Ticker ticker) {
    this.limit = limit;
    this.ticker = ticker;
    this.accounts =
        Caffeine.newBuilder()
            .maximumSize(MOST_KEYS)
            .expireAfterAccess(limit.period())
            .ticker(ticker)
            .executor(Runnable::run) // the cache's upkeep takes no time
            .build();
  }

  /**
   * Counts a call.
   *
   * @throws BudgetExceededException when no call or no token is left
   */
  void enter(String key) {
    account(key).enter(key);
  }

  /** Takes back the count of a call that was not admitted. */
  void takeBack(String key) {
    account(key).takeBack();
  }

  /** Counts tokens. */
  void charge(String key, long tokens) {
    account(key).charge(tokens);
  }

  /** Returns the number of remembered keys. */
  long size() {
    accounts.cleanUp();
    return accounts.estimatedSize();
  }

  private Account account(String key) {
    return accounts.get(key, unused -> new Account());
  }

  /** One key's use in its present period. */
  private final class Account {

    private long begin = ticker.read();
    private long calls;
    private long tokens;

    synchronized void enter(String key) {
      renew();
      check(key, "calls", calls, limit.calls());
      check(key, "tokens", tokens, limit.tokens());
      calls++;
    }

    synchronized void takeBack() {
      calls = Math.max(0, calls - 1);
    }

    synchronized void charge(long count) {
      renew();
      tokens += count;
    }

    private void renew() {
      if (left() <= 0) {
        begin = ticker.read();
        calls = 0;
        tokens = 0;
      }
    }

    private long left() {
      return limit.period().toNanos() - (ticker.read() - begin);
    }

    private void check(String key, String what, long used, long most) {
      if (used >= most) {
        throw new BudgetExceededException(
            "The budget of '%s' is used up: %d of %d %s in %s. The next period begins in %s."
                .formatted(key, used, most, what, limit.period(), Duration.ofNanos(left())));
      }
    }
  }
}

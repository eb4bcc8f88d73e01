package dev.terrarium.internal.model;

import com.github.benmanes.caffeine.cache.Scheduler;
import com.github.benmanes.caffeine.cache.Ticker;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.terrarium.ResourceLimits;
import dev.terrarium.Stats;
import dev.terrarium.Stats.LoadedModels.Cause;
import dev.terrarium.Stats.LoadedModels.Share;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.ModelException;
import dev.terrarium.event.TerrariumEvent;
import dev.terrarium.internal.event.Events;
import dev.terrarium.internal.lock.DecisionLock;
import dev.terrarium.internal.resource.CallScope;
import dev.terrarium.internal.resource.ExpirySweeper;
import dev.terrarium.spi.ModelCache;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The model cache of a Terrarium, which evicts the least recently used model first. Thread-safe.
 *
 * <p>How it works: one {@link DecisionLock} guards all state, and no foreign code runs under it: no
 * loader, no closing, no observer. A thread that removes a model from {@code models} closes the
 * model after it has released the lock, so each model is closed once; only a loaded model that is
 * not in use is removed. A caller that waits for a load counts as a user of the model. The number
 * of models is checked before a load, their bytes after it, because the bytes are known only then.
 */
public final class LruModelCache implements ModelCache, AutoCloseable {

  private static final String NAME = "models";

  private final ModelCache.Limits limits;
  private final Function<String, ResourceLimits> frameworkLimits;
  private final ToLongFunction<String> contextBytes;
  private final Events events;
  private final Ticker ticker;
  private final Executor executor;
  private final ExpirySweeper sweep;

  private final DecisionLock lock = new DecisionLock(System.getLogger("terrarium.model"));

  @GuardedBy("lock")
  private final Map<ModelKey, CachedModel> models = new HashMap<>();

  @GuardedBy("lock")
  private final ModelAccount all;

  @GuardedBy("lock")
  private final Map<String, ModelAccount> types = new HashMap<>();

  @GuardedBy("lock")
  private final Map<String, ModelCache.Limits> typeLimits = new HashMap<>();

  private final Map<String, ModelAccount> frameworks = new ConcurrentHashMap<>();

  @GuardedBy("lock")
  private final Map<Cause, Long> evictions = new EnumMap<>(Cause.class);

  @GuardedBy("lock")
  private long hits;

  @GuardedBy("lock")
  private long loads;

  @GuardedBy("lock")
  private long failures;

  @GuardedBy("lock")
  private boolean closed;

  /**
   * Creates the cache of one Terrarium.
   *
   * @param frameworkLimits the limits of a framework
   * @param contextBytes the bytes that a framework takes in its contexts, which count toward its
   *     memory
   */
  public LruModelCache(
      ModelCache.Limits limits,
      Function<String, ResourceLimits> frameworkLimits,
      ToLongFunction<String> contextBytes,
      Events events) {
    this(
        limits,
        frameworkLimits,
        contextBytes,
        events,
        Ticker.systemTicker(),
        Scheduler.systemScheduler(),
        load -> Thread.ofPlatform().daemon().name("terrarium-model-load").start(load));
  }

  /**
   * Creates a cache with given collaborators.
   *
   * @param executor executor of loads; must not use virtual threads, which native code would pin
   */
  LruModelCache(
      ModelCache.Limits limits,
      Function<String, ResourceLimits> frameworkLimits,
      ToLongFunction<String> contextBytes,
      Events events,
      Ticker ticker,
      Scheduler scheduler,
      Executor executor) {
    this.limits = limits;
    this.frameworkLimits = frameworkLimits;
    this.contextBytes = contextBytes;
    this.events = events;
    this.ticker = ticker;
    this.executor = executor;
    this.sweep = new ExpirySweeper(ticker, scheduler, executor, this::dropExpired);
    this.all = ModelAccount.ofAll(limits);
  }

  @Override
  public <M extends AutoCloseable> Use<M> acquire(
      String type, String model, Supplier<? extends M> loader, ToLongFunction<? super M> weigher) {
    ModelKey key = new ModelKey(type, model);
    String framework = CallScope.current().map(CallScope::framework).orElse(null);
    CachedModel there = hit(key, framework);
    if (there == null) {
      there = join(key, framework, loader, weigher);
    } else if (events.active()) {
      events.emit(new TerrariumEvent.CacheHit(NAME, key.toString()));
    }
    return new CachedUse<>(there, framework);
  }

  /**
   * Adds a use of a model that is loaded and charged already, which is nearly always the case;
   * returns null otherwise.
   */
  private @Nullable CachedModel hit(ModelKey key, @Nullable String framework) {
    lock.lock();
    try {
      CachedModel model = models.get(key);
      if (closed || model == null || model.model() == null || isExpired(model, ticker.read())) {
        return null;
      }
      ModelAccount account = framework == null ? null : frameworks.get(framework);
      if (framework != null && (account == null || !account.hasConfirmed(model))) {
        return null;
      }
      use(model, account);
      hits++;
      return model;
    } finally {
      lock.unlock();
    }
  }

  private <M extends AutoCloseable> CachedModel join(
      ModelKey key,
      @Nullable String framework,
      Supplier<? extends M> loader,
      ToLongFunction<? super M> weigher) {
    ModelAccount account = framework == null ? null : account(framework);
    long elsewhere = framework == null ? 0 : contextBytes.applyAsLong(framework);
    CachedModel model;
    boolean load = false;
    lock.lock();
    try {
      if (closed) {
        throw new ModelException("This Terrarium is closed, and its models with it.");
      }
      takeExpired();
      if (account != null) {
        account.countElsewhere(elsewhere);
      }
      model = models.get(key);
      if (account != null && (model == null || !account.has(model))) {
        makeRoom(account, key, 1);
      }
      if (model == null) {
        makeRoom(all, key, 1);
        makeRoom(typeAccount(key.type()), key, 1);
        model = new CachedModel(key);
        models.put(key, model);
        load = true;
      } else {
        hits++;
      }
      use(model, account);
    } finally {
      lock.unlock();
    }
    if (load) {
      start(model, loader, weigher);
    } else if (events.active()) {
      events.emit(new TerrariumEvent.CacheHit(NAME, key.toString()));
    }
    await(model, framework);
    confirm(model, framework);
    return model;
  }

  private <M extends AutoCloseable> void start(
      CachedModel model, Supplier<? extends M> loader, ToLongFunction<? super M> weigher) {
    try {
      executor.execute(() -> load(model, loader, weigher));
    } catch (RuntimeException | Error e) {
      failed(model, e, ticker.read());
    }
  }

  private <M extends AutoCloseable> void load(
      CachedModel model, Supplier<? extends M> loader, ToLongFunction<? super M> weigher) {
    long begin = ticker.read();
    M made = null;
    long bytes;
    try {
      made = loader.get();
      bytes = weigher.applyAsLong(made);
      if (bytes < 0) {
        throw new IllegalStateException("Model " + model.key + " weighs " + bytes + " bytes.");
      }
    } catch (Throwable e) {
      if (made != null) {
        close(model.key, made);
      }
      failed(model, e, begin);
      return;
    }
    loaded(model, made, bytes, begin);
  }

  private void failed(CachedModel model, Throwable failure, long begin) {
    lock.lock();
    try {
      failures++;
      take(model);
    } finally {
      lock.unlock();
    }
    tellLoaded(model, begin, failure);
    model.loading.completeExceptionally(failure);
  }

  private void loaded(CachedModel model, AutoCloseable made, long bytes, long begin) {
    LimitExceededException refusal = null;
    long timeLeft;
    lock.lock();
    try {
      long now = ticker.read();
      model.loaded(made, bytes, now);
      model.accounts.forEach(account -> account.weigh(model));
      timeLeft = model.timeLeft(limitsOf(model), now);
      try {
        makeRoom(all, model.key, 0);
        makeRoom(typeAccount(model.key.type()), model.key, 0);
        loads++;
        if (closed && model.isIdle() && models.get(model.key) == model) {
          drop(model, Cause.EXPLICIT);
        }
      } catch (LimitExceededException e) {
        refusal = e;
        failures++;
        take(model);
      }
    } finally {
      lock.unlock();
    }
    if (refusal != null) {
      close(model.key, made);
    }
    tellLoaded(model, begin, refusal);
    if (refusal == null) {
      sweep.in(timeLeft);
      model.loading.complete(made);
    } else {
      model.loading.completeExceptionally(refusal);
    }
  }

  private void tellLoaded(CachedModel model, long begin, @Nullable Throwable failure) {
    if (events.active()) {
      events.emit(
          new TerrariumEvent.CacheLoaded(
              NAME,
              model.key.toString(),
              ticker.read() - begin,
              failure == null ? null : failure.getClass().getSimpleName()));
    }
  }

  private void await(CachedModel model, @Nullable String framework) {
    try {
      Object unused = model.loading.get();
    } catch (InterruptedException e) {
      release(model, framework);
      Thread.currentThread().interrupt();
      throw new CallInterruptedException(
          "Interrupted while the model " + model.key + " was being loaded.", e);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException failure -> throw failure;
        case Error error -> throw error;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }

  /**
   * Checks that the framework has room for the bytes of a model that was not charged to it before.
   */
  private void confirm(CachedModel model, @Nullable String framework) {
    if (framework == null) {
      return;
    }
    lock.lock();
    try {
      ModelAccount account = account(framework);
      if (!account.hasConfirmed(model)) {
        try {
          makeRoom(account, model.key, 0);
          account.confirm(model);
        } catch (LimitExceededException e) {
          unuse(model, account);
          if (account.has(model) && account.isIdle(model)) {
            uncharge(account, model);
          }
          throw e;
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void release(CachedModel model, @Nullable String framework) {
    long timeLeft;
    lock.lock();
    try {
      if (models.get(model.key) != model) {
        return; // the model's load failed meanwhile
      }
      unuse(model, framework == null ? null : account(framework));
      timeLeft = model.isIdle() ? model.timeLeft(limitsOf(model), ticker.read()) : Long.MAX_VALUE;
    } finally {
      lock.unlock();
    }
    sweep.in(timeLeft);
  }

  /** Evicts expired models, and schedules the next sweep. */
  private void dropExpired() {
    long timeLeft = Long.MAX_VALUE;
    lock.lock();
    try {
      takeExpired();
      long now = ticker.read();
      for (CachedModel model : models.values()) {
        if (model.isIdle()) {
          timeLeft = Math.min(timeLeft, model.timeLeft(limitsOf(model), now));
        }
      }
    } finally {
      lock.unlock();
    }
    sweep.in(timeLeft);
  }

  @Override
  public void limit(String type, ModelCache.Limits typeLimit) {
    lock.lock();
    try {
      typeLimits.put(type, typeLimit);
      typeAccount(type).limit(typeLimit);
    } finally {
      lock.unlock();
    }
    dropExpired();
  }

  @Override
  public boolean evict(String type, String model) {
    lock.lock();
    try {
      CachedModel there = models.get(new ModelKey(type, model));
      if (there == null || !there.isIdle()) {
        return false;
      }
      drop(there, Cause.EXPLICIT);
      return true;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Stats.LoadedModels stats() {
    lock.lock();
    try {
      int inUse = (int) models.values().stream().filter(CachedModel::isInUse).count();
      return new Stats.LoadedModels(
          models.size(), inUse, all.bytes(), hits, loads, failures, Map.copyOf(evictions));
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns the bytes that a framework's models need: those that its calls use now, and at least
   * the bytes of its largest model, so that it can load that model again. Called under the pool's
   * lock; no code here calls the pool under the cache's lock.
   */
  public long bytesKept(String framework) {
    lock.lock();
    try {
      ModelAccount account = frameworks.get(framework);
      return account == null ? 0 : account.bytesKept();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Makes a framework give up its least recently used models that its calls do not use, until it
   * has room for {@code inContexts} bytes in its contexts, or no such model is left.
   */
  public void makeRoom(String framework, long inContexts) {
    lock.lock();
    try {
      ModelAccount account = frameworks.get(framework);
      if (account != null) {
        account.countElsewhere(inContexts);
        CachedModel oldest = account.oldestUnused();
        while (account.isOver(0) && oldest != null) {
          uncharge(account, oldest);
          oldest = account.oldestUnused();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Returns the share of the cache that is charged to one framework. */
  public Share share(String framework) {
    lock.lock();
    try {
      ModelAccount account = frameworks.get(framework);
      return account == null ? new Share(0, 0) : new Share(account.models(), account.bytes());
    } finally {
      lock.unlock();
    }
  }

  /**
   * Closes the models that are not in use, and the others when their last use ends; refuses new
   * uses. Closing a second time does nothing.
   */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      for (CachedModel model : idle()) {
        drop(model, Cause.EXPLICIT);
      }
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void use(CachedModel model, @Nullable ModelAccount framework) {
    model.use();
    all.use(model);
    typeAccount(model.key.type()).use(model);
    if (framework != null) {
      framework.use(model);
    }
  }

  /** Ends a use, and drops the model when there is no reason left to keep it. */
  @GuardedBy("lock")
  private void unuse(CachedModel model, @Nullable ModelAccount framework) {
    long now = ticker.read();
    model.unuse(now);
    all.unuse(model);
    typeAccount(model.key.type()).unuse(model);
    if (framework != null) {
      framework.unuse(model);
    }
    if (closed && model.isIdle()) {
      drop(model, Cause.EXPLICIT);
    } else if (isExpired(model, now)) {
      drop(model, Cause.EXPIRED);
    }
  }

  @GuardedBy("lock")
  private boolean isExpired(CachedModel model, long now) {
    return model.isIdle() && model.timeLeft(limitsOf(model), now) <= 0;
  }

  @GuardedBy("lock")
  private void takeExpired() {
    long now = ticker.read();
    for (CachedModel model : idle()) {
      if (isExpired(model, now)) {
        drop(model, Cause.EXPIRED);
      }
    }
  }

  @GuardedBy("lock")
  private Collection<CachedModel> idle() {
    return models.values().stream().filter(CachedModel::isIdle).toList();
  }

  @GuardedBy("lock")
  private void makeRoom(ModelAccount account, ModelKey wanted, int more) {
    while (account.isOver(more)) {
      CachedModel oldest = account.oldestUnused();
      if (oldest == null) {
        throw account.exceeded(wanted, more);
      }
      uncharge(account, oldest);
    }
  }

  /**
   * Removes a model from an account, and drops the model unless another framework has it, or a
   * caller uses it.
   */
  @GuardedBy("lock")
  private void uncharge(ModelAccount account, CachedModel model) {
    account.remove(model);
    if (!account.isFrameworks() || (model.isIdle() && !model.isChargedToAFramework())) {
      drop(model, Cause.SIZE);
    }
  }

  @GuardedBy("lock")
  private void drop(CachedModel model, Cause cause) {
    AutoCloseable loaded = model.model();
    if (loaded == null || model.isInUse()) {
      throw new IllegalStateException(model.key + " is in use or being loaded");
    }
    take(model);
    evictions.merge(cause, 1L, Long::sum);
    lock.afterUnlock(() -> close(model.key, loaded, cause));
  }

  @GuardedBy("lock")
  private void take(CachedModel model) {
    models.remove(model.key, model);
    List.copyOf(model.accounts).forEach(account -> account.remove(model));
  }

  @GuardedBy("lock")
  private ModelCache.Limits limitsOf(CachedModel model) {
    return typeLimits.getOrDefault(model.key.type(), limits);
  }

  @GuardedBy("lock")
  private ModelAccount typeAccount(String type) {
    return types.computeIfAbsent(type, name -> ModelAccount.ofType(name, limits));
  }

  private ModelAccount account(String framework) {
    return frameworks.computeIfAbsent(
        framework,
        name -> {
          ResourceLimits may = frameworkLimits.apply(name);
          return ModelAccount.ofFramework(name, may.models(), may.memory());
        });
  }

  private void close(ModelKey key, AutoCloseable model, Cause cause) {
    close(key, model);
    if (events.active()) {
      events.emit(new TerrariumEvent.CacheEvicted(NAME, key.toString(), cause.name()));
    }
  }

  private static void close(ModelKey key, AutoCloseable model) {
    try {
      model.close();
    } catch (Throwable e) { // an Error too, since callers wait for what follows
      System.getLogger("terrarium.model").log(Level.WARNING, "Model " + key + " did not close.", e);
    }
  }

  private final class CachedUse<M extends AutoCloseable> implements Use<M> {

    private final CachedModel cached;
    private final @Nullable String framework;
    private final AtomicBoolean ended = new AtomicBoolean();

    CachedUse(CachedModel cached, @Nullable String framework) {
      this.cached = cached;
      this.framework = framework;
    }

    @Override
    @SuppressWarnings("unchecked") // one type of model has one Java class
    public M model() {
      AutoCloseable model = cached.model();
      if (ended.get() || model == null) {
        throw new IllegalStateException("The use of the model " + cached.key + " has ended.");
      }
      return (M) model;
    }

    @Override
    public void close() {
      if (ended.compareAndSet(false, true)) {
        release(cached, framework);
      }
    }
  }
}

package dev.terrarium.pool;

import dev.terrarium.context.AccessProfile;
import dev.terrarium.context.BridgeSource;
import dev.terrarium.context.PythonContext;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A context without Python: the test says when what is asked of it ends, and how. */
final class StubContext implements PythonContext {

  final Set<String> loaded = ConcurrentHashMap.newKeySet();
  final AtomicInteger preparations = new AtomicInteger();
  final AtomicInteger calls = new AtomicInteger();
  final AtomicInteger parkings = new AtomicInteger();
  volatile CompletableFuture<@Nullable Void> preparing = done();
  volatile CompletableFuture<@Nullable Object> calling = answer("answer");
  volatile CompletableFuture<@Nullable Void> parking = done();

  private final String name;

  StubContext(String name) {
    this.name = name;
  }

  static CompletableFuture<@Nullable Void> done() {
    return CompletableFuture.completedFuture(null);
  }

  static CompletableFuture<@Nullable Object> answer(Object value) {
    return CompletableFuture.completedFuture(value);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public AccessProfile profile() {
    return AccessProfile.TRUSTED_NATIVE;
  }

  @Override
  public boolean hasLoaded(String framework) {
    return loaded.contains(framework);
  }

  @Override
  public CompletableFuture<@Nullable Void> prepare(BridgeSource framework, String command) {
    preparations.incrementAndGet();
    return preparing;
  }

  @Override
  public CompletableFuture<@Nullable Object> call(
      String framework, String command, Map<String, ?> arguments) {
    calls.incrementAndGet();
    return calling;
  }

  @Override
  public CompletableFuture<@Nullable Void> park() {
    parkings.incrementAndGet();
    return parking;
  }
}

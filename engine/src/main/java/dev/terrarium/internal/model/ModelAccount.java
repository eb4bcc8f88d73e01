package dev.terrarium.internal.model;

import dev.terrarium.error.LimitExceededException;
import dev.terrarium.spi.ModelCache;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What of the cache is charged to somebody (all together, a type of model, a framework) and how
 * much may be. Guarded by the cache's lock.
 */
final class ModelAccount {

  private static final double MEGABYTE = 1 << 20;

  private final String owner;
  private final String setting;
  private final boolean frameworks;
  private final Map<CachedModel, Charge> charges = new LinkedHashMap<>(16, 0.75f, true);
  private int maxModels;
  private long maxBytes;
  private long bytes;
  private long bytesElsewhere;

  /** One model's; the map's order is that of use, the least recent first. */
  private static final class Charge {
    int uses;
    boolean settled;
  }

  private ModelAccount(
      String owner, String setting, boolean frameworks, int maxModels, long maxBytes) {
    this.owner = owner;
    this.setting = setting;
    this.frameworks = frameworks;
    this.maxModels = maxModels;
    this.maxBytes = maxBytes;
  }

  static ModelAccount ofAll(ModelCache.Limits limits) {
    return new ModelAccount(
        "The model cache", "TerrariumConfig.modelCache", false, limits.models(), limits.bytes());
  }

  static ModelAccount ofType(String type, ModelCache.Limits limits) {
    return new ModelAccount(
        "The model cache for the type '" + type + "'",
        "ModelCache.limit",
        false,
        limits.models(),
        limits.bytes());
  }

  static ModelAccount ofFramework(String framework, int maxModels, long maxBytes) {
    return new ModelAccount(
        "Framework '" + framework + "'", "TerrariumConfig.limits", true, maxModels, maxBytes);
  }

  void limit(ModelCache.Limits limits) {
    maxModels = limits.models();
    maxBytes = limits.bytes();
  }

  /** Bytes that count, too, and that the cache does not hold. */
  void countElsewhere(long elsewhere) {
    bytesElsewhere = elsewhere;
  }

  boolean isFrameworks() {
    return frameworks;
  }

  boolean has(CachedModel model) {
    return charges.containsKey(model);
  }

  /** Whether the model is charged, and was found to have room since it is loaded. */
  boolean hasSettled(CachedModel model) {
    Charge charge = charges.get(model);
    return charge != null && charge.settled;
  }

  void settle(CachedModel model) {
    charge(model).settled = true;
  }

  /** Counts one use, of one more model if it was not charged yet. */
  void use(CachedModel model) {
    Charge charge = charges.get(model);
    if (charge == null) {
      charge = new Charge();
      charges.put(model, charge);
      model.accounts.add(this);
      bytes += model.bytes();
    }
    charge.uses++;
  }

  /** Ends one use; the model stays charged. */
  void unuse(CachedModel model) {
    charge(model).uses--;
  }

  /** Counts what a charged model turned out to weigh. */
  void weigh(CachedModel model) {
    bytes += model.bytes();
  }

  void remove(CachedModel model) {
    if (charges.remove(model) != null) {
      model.accounts.remove(this);
      bytes -= model.bytes();
    }
  }

  private Charge charge(CachedModel model) {
    Charge charge = charges.get(model);
    if (charge == null) {
      throw new IllegalStateException(model.key + " is not charged to " + owner);
    }
    return charge;
  }

  /** Whether there is more than may be, with so many more models. */
  boolean isOver(int more) {
    return charges.size() + more > maxModels || bytes + bytesElsewhere > maxBytes;
  }

  /** The bytes of what its owner uses now, and no less than those of the largest it has. */
  long bytesKept() {
    long used = 0;
    long largest = 0;
    for (Map.Entry<CachedModel, Charge> each : charges.entrySet()) {
      long size = each.getKey().bytes();
      used += each.getValue().uses > 0 ? size : 0;
      largest = Math.max(largest, size);
    }
    return Math.max(used, largest);
  }

  /** The loaded one that its owner has not used for longest; null when it uses all. */
  @Nullable CachedModel oldestUnused() {
    for (Map.Entry<CachedModel, Charge> each : charges.entrySet()) {
      if (each.getValue().uses == 0 && each.getKey().model() != null) {
        return each.getKey();
      }
    }
    return null;
  }

  /** Whether its owner does not use the model. */
  boolean isIdle(CachedModel model) {
    return charge(model).uses == 0;
  }

  int models() {
    return charges.size();
  }

  long bytes() {
    return bytes;
  }

  LimitExceededException exceeded(ModelKey wanted, int more) {
    String elsewhere =
        bytesElsewhere == 0
            ? ""
            : String.format(
                Locale.ROOT,
                ", %.1f MB of them in contexts by estimate",
                bytesElsewhere / MEGABYTE);
    return new LimitExceededException(
        String.format(
            Locale.ROOT,
            "%s has no room for the model %s: with it there are %d of %d models and %.1f of %.1f MB"
                + "%s, and all others are in use. Use fewer at once, or raise %s.",
            owner,
            wanted,
            charges.size() + more,
            maxModels,
            (bytes + bytesElsewhere) / MEGABYTE,
            maxBytes / MEGABYTE,
            elsewhere,
            setting));
  }
}

package dev.terrarium.internal.model;

import dev.terrarium.error.LimitExceededException;
import dev.terrarium.spi.ModelCache;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The models that are charged to one owner (the whole cache, a type of model, a framework), and the
 * owner's limits. Guarded by the cache's lock.
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

  /** The charge of one model; the map orders charges by use, least recent first. */
  private static final class Charge {
    int uses;
    boolean confirmed;
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

  /** Sets the bytes that count toward the limit, although the cache does not hold them. */
  void countElsewhere(long elsewhere) {
    bytesElsewhere = elsewhere;
  }

  boolean isFrameworks() {
    return frameworks;
  }

  boolean has(CachedModel model) {
    return charges.containsKey(model);
  }

  /** Returns whether the model is charged, and was found to have room since it was loaded. */
  boolean hasConfirmed(CachedModel model) {
    Charge charge = charges.get(model);
    return charge != null && charge.confirmed;
  }

  void confirm(CachedModel model) {
    charge(model).confirmed = true;
  }

  /** Counts one use, and charges the model if it was not charged yet. */
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

  /** Counts the bytes of a charged model once they are known. */
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

  /** Returns whether the limits are exceeded, with {@code more} models in addition. */
  boolean isOver(int more) {
    return charges.size() + more > maxModels || bytes + bytesElsewhere > maxBytes;
  }

  /**
   * Returns the bytes of the models that the owner uses now, and at least those of its largest
   * model.
   */
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

  /**
   * Returns the loaded model that the owner has not used for longest, or null when it uses all of
   * them.
   */
  @Nullable CachedModel oldestUnused() {
    for (Map.Entry<CachedModel, Charge> each : charges.entrySet()) {
      if (each.getValue().uses == 0 && each.getKey().model() != null) {
        return each.getKey();
      }
    }
    return null;
  }

  /** Returns whether the owner does not use the model. */
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

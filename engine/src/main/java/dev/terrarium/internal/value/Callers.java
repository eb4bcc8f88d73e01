package dev.terrarium.internal.value;

import dev.terrarium.error.ConversionException;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Steps through a caller's collection. What its own code throws, such as when another thread
 * changes it meanwhile, is a {@link ConversionException} with the path to the collection.
 * Stateless.
 */
final class Callers {

  private Callers() {}

  static Iterator<?> iterator(Iterable<?> each, String path) {
    try {
      return each.iterator();
    } catch (RuntimeException e) {
      throw unreadable(path, e);
    }
  }

  static Iterator<? extends Map.Entry<?, ?>> entries(Map<?, ?> map, String path) {
    try {
      return map.entrySet().iterator();
    } catch (RuntimeException e) {
      throw unreadable(path, e);
    }
  }

  static int size(Map<?, ?> map, String path) {
    try {
      return map.size();
    } catch (RuntimeException e) {
      throw unreadable(path, e);
    }
  }

  static boolean hasNext(Iterator<?> items, String path) {
    try {
      return items.hasNext();
    } catch (RuntimeException e) {
      throw unreadable(path, e);
    }
  }

  static <T extends @Nullable Object> T next(Iterator<? extends T> items, String path) {
    try {
      return items.next();
    } catch (RuntimeException e) {
      throw unreadable(path, e);
    }
  }

  private static ConversionException unreadable(String path, RuntimeException e) {
    return new ConversionException(
        path,
        "the collection could not be read: "
            + e
            + ". It must stay as it is until the call has ended.",
        e);
  }
}

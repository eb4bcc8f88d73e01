package dev.terrarium.internal.value;

import dev.terrarium.error.ConversionException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Records by reflection: their components as a map. */
final class Records {

  private Records() {}

  /**
   * The components by name, in order.
   *
   * @param path of the record, for messages
   */
  static Map<String, @Nullable Object> components(Record value, String path) {
    Map<String, @Nullable Object> components = new LinkedHashMap<>();
    for (RecordComponent component : value.getClass().getRecordComponents()) {
      String name = component.getName();
      components.put(name, read(component, value, path + "." + name));
    }
    return components;
  }

  private static @Nullable Object read(RecordComponent component, Record value, String path) {
    try {
      var accessor = component.getAccessor();
      accessor.setAccessible(true);
      return accessor.invoke(value);
    } catch (InvocationTargetException e) {
      throw new ConversionException(
          path, "the record's accessor failed: " + e.getCause(), e.getCause());
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw new ConversionException(
          path,
          "the record " + value.getClass().getName() + " cannot be read: open its package",
          e);
    }
  }
}

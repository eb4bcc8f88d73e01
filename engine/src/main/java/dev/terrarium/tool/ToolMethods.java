package dev.terrarium.tool;

import dev.terrarium.error.ConfigurationException;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The {@link ToolMethod} methods of an object, as tools. Stateless. */
final class ToolMethods {

  private ToolMethods() {}

  /**
   * A tool of a method.
   *
   * @param origin the name of the method, such as {@code Shop.price}
   */
  record Found(String origin, Tool tool) {}

  /** Returns the tools in the order of the names of their methods. */
  static List<Found> of(Object object) {
    List<Found> found = methods(object.getClass()).map(method -> found(object, method)).toList();
    if (found.isEmpty()) {
      throw new ConfigurationException(
          object.getClass().getName()
              + " has no method with @ToolMethod, so there is no tool to make of it.");
    }
    return found;
  }

  /** Returns the marked methods of a class and of all that it extends and implements. */
  private static Stream<Method> methods(Class<?> type) {
    Deque<Class<?>> open = new ArrayDeque<>(List.of(type));
    Set<Class<?>> seen = new HashSet<>();
    Map<String, Method> bySignature = new LinkedHashMap<>();
    while (!open.isEmpty()) {
      Class<?> each = open.removeFirst();
      if (!seen.add(each)) {
        continue;
      }
      for (Method method : each.getDeclaredMethods()) {
        if (method.isAnnotationPresent(ToolMethod.class) && !method.isBridge()) {
          bySignature.putIfAbsent(signature(method), method);
        }
      }
      if (each.getSuperclass() != null) {
        open.addLast(each.getSuperclass());
      }
      open.addAll(Arrays.asList(each.getInterfaces()));
    }
    return bySignature.values().stream().sorted(Comparator.comparing(Method::getName));
  }

  private static String signature(Method method) {
    return method.getName() + Arrays.toString(method.getParameterTypes());
  }

  private static Found found(Object object, Method method) {
    ToolMethod mark = method.getAnnotation(ToolMethod.class);
    String origin = method.getDeclaringClass().getSimpleName() + "." + method.getName();
    try {
      method.setAccessible(true);
    } catch (InaccessibleObjectException e) {
      throw new ConfigurationException(
          origin
              + " cannot be called: open the package "
              + method.getDeclaringClass().getPackageName()
              + " to dev.terrarium.engine.",
          e);
    }
    Object target = Modifier.isStatic(method.getModifiers()) ? null : object;
    Tool tool =
        Tool.of(
            mark.name().isEmpty() ? method.getName() : mark.name(),
            mark.value(),
            Parameters.of(method, origin),
            values -> invoke(method, target, values.toArray()));
    return new Found(origin, tool.onFailure(mark.onFailure()));
  }

  private static @Nullable Object invoke(
      Method method, @Nullable Object target, @Nullable Object[] arguments) throws Exception {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      switch (e.getCause()) {
        case Error error -> throw error;
        case Exception exception -> throw exception;
        case null, default -> throw e;
      }
    }
  }
}

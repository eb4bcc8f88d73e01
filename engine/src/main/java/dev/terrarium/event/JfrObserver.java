package dev.terrarium.event;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jdk.jfr.AnnotationElement;
import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.EventFactory;
import jdk.jfr.EventType;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import jdk.jfr.ValueDescriptor;
import org.jspecify.annotations.Nullable;

/**
 * An observer that records events with the JDK's Flight Recorder, which cost next to nothing while
 * no recording has them enabled. Thread-safe.
 *
 * <p>Each kind of {@link TerrariumEvent} is a Flight Recorder event of its own, such as {@code
 * terrarium.CommandExecuted}, in the category Terrarium. Its fields are the record's components;
 * durations are time spans, and the event's time is when it was reported.
 *
 * <pre>{@code
 * TerrariumConfig.custom().observer(new JfrObserver()).build();
 * }</pre>
 */
public final class JfrObserver implements TerrariumObserver {

  private static final String MODULE = "jdk.jfr";

  private final Map<Class<?>, Kind> kinds;

  /**
   * Creates the observer and registers its kinds of events with the Flight Recorder.
   *
   * @throws UnsupportedOperationException when the Java runtime is an image without {@code jdk.jfr}
   */
  public JfrObserver() {
    if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
      throw new UnsupportedOperationException(
          "This Java runtime has no module "
              + MODULE
              + ". Make its image with it, or observe without JfrObserver.");
    }
    kinds =
        Stream.of(TerrariumEvent.class.getPermittedSubclasses())
            .collect(Collectors.toUnmodifiableMap(Function.identity(), Kind::of));
  }

  @Override
  public void on(TerrariumEvent event) {
    Kind kind = kinds.get(event.getClass());
    if (kind != null && kind.type.isEnabled()) {
      kind.record(event);
    }
  }

  /** One kind of event with its fields in their order. */
  private record Kind(EventFactory factory, EventType type, List<RecordComponent> fields) {

    static Kind of(Class<?> event) {
      List<RecordComponent> fields = List.of(event.getRecordComponents());
      List<AnnotationElement> annotations =
          List.of(
              new AnnotationElement(Name.class, "terrarium." + event.getSimpleName()),
              new AnnotationElement(Label.class, words(event.getSimpleName())),
              new AnnotationElement(Category.class, new String[] {"Terrarium"}),
              new AnnotationElement(StackTrace.class, false));
      EventFactory factory =
          EventFactory.create(annotations, fields.stream().map(Kind::descriptor).toList());
      return new Kind(factory, factory.getEventType(), fields);
    }

    private static ValueDescriptor descriptor(RecordComponent field) {
      List<AnnotationElement> annotations = new ArrayList<>();
      annotations.add(new AnnotationElement(Label.class, words(field.getName())));
      if (field.getType() == long.class) {
        annotations.add(new AnnotationElement(Timespan.class, Timespan.NANOSECONDS));
      }
      Class<?> type = field.getType().isPrimitive() ? field.getType() : String.class;
      return new ValueDescriptor(type, field.getName(), annotations);
    }

    /**
     * Returns the words of a component's name, such as {@code Wait Nanos} for {@code waitNanos}.
     */
    private static String words(String name) {
      String spaced = name.replaceAll("(?<=[a-z])(?=[A-Z])", " ");
      return Character.toUpperCase(spaced.charAt(0)) + spaced.substring(1);
    }

    void record(TerrariumEvent event) {
      Event recorded = factory.newEvent();
      if (recorded.shouldCommit()) {
        for (int i = 0; i < fields.size(); i++) {
          RecordComponent field = fields.get(i);
          Object value = value(event, field);
          recorded.set(
              i, field.getType().isPrimitive() || value == null ? value : value.toString());
        }
        recorded.commit();
      }
    }

    private static @Nullable Object value(TerrariumEvent event, RecordComponent field) {
      try {
        return field.getAccessor().invoke(event);
      } catch (IllegalAccessException | InvocationTargetException e) {
        // Cannot happen: the records are public, and their accessors only return a value.
        throw new IllegalStateException(e);
      }
    }
  }
}

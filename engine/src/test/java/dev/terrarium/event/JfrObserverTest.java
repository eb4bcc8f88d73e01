package dev.terrarium.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import jdk.jfr.Timespan;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JfrObserverTest {

  private static final List<TerrariumEvent> ALL =
      List.of(
          new TerrariumEvent.AdapterGet("words", true, 1),
          new TerrariumEvent.CallEnded(
              "words",
              "count",
              "ann",
              null,
              9,
              10,
              19,
              TerrariumEvent.CallOutcome.DEADLINE,
              "CallTimeoutException"),
          new TerrariumEvent.CommandExecuted("words", "count", "context-1", 2, "PythonException"),
          new TerrariumEvent.ContextBorrowed("words", "context-1", 3),
          new TerrariumEvent.FrameworkLoaded("words", "context-1", 4),
          new TerrariumEvent.FrameworkSwitched("letters", "words", "context-1"),
          new TerrariumEvent.ContextCreated("context-1", 5),
          new TerrariumEvent.ContextReset("context-1", TerrariumEvent.ResetCause.MEMORY, 6),
          new TerrariumEvent.ContextParked("context-1"),
          new TerrariumEvent.ContextAbandoned("context-1"),
          new TerrariumEvent.ContextRetired("context-1", TerrariumEvent.RetireCause.CHECK_FAILED),
          new TerrariumEvent.CacheHit("models", "a"),
          new TerrariumEvent.CacheLoaded("models", "a", 7, null),
          new TerrariumEvent.CacheEvicted("models", "a", "SIZE"),
          new TerrariumEvent.ModelCalled("tiny", "words", 11, 12, 8, null),
          new TerrariumEvent.SpanStarted("words", "tool", "add", "Tool", "1", null, "in"),
          new TerrariumEvent.SpanEnded(
              "words", "tool", "add", "Tool", "1", null, 13, "ToolError", "out"));

  @TempDir private Path folder = Path.of("");

  private List<RecordedEvent> recorded(Recording recording) throws IOException {
    recording.stop();
    Path file = folder.resolve("recording.jfr");
    recording.dump(file);
    List<RecordedEvent> events = new ArrayList<>();
    for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
      if (event.getEventType().getName().startsWith("terrarium.")) {
        events.add(event);
      }
    }
    return events;
  }

  /** Returns the event's fields that are components of the record, by name. */
  private static Map<String, @Nullable Object> fields(RecordedEvent event) {
    List<String> common = List.of("startTime", "duration", "eventThread", "stackTrace");
    Map<String, @Nullable Object> fields = new TreeMap<>();
    event.getFields().stream()
        .filter(field -> !common.contains(field.getName()))
        .forEach(
            field ->
                fields.put(
                    field.getName(),
                    field.getAnnotation(Timespan.class) == null
                        ? event.getValue(field.getName())
                        : event.getDuration(field.getName()).toNanos()));
    return fields;
  }

  private static String name(TerrariumEvent event) {
    return "terrarium." + event.getClass().getSimpleName();
  }

  @Test
  void eachKindIsAnEventOfItsOwnWithItsFields() throws IOException {
    assertThat(ALL.stream().<Class<?>>map(TerrariumEvent::getClass))
        .containsExactlyInAnyOrder(TerrariumEvent.class.getPermittedSubclasses());
    try (Recording recording = new Recording()) {
      ALL.forEach(event -> recording.enable(name(event)).withThreshold(Duration.ZERO));
      recording.start();
      JfrObserver observer = new JfrObserver();
      ALL.forEach(observer::on);
      List<RecordedEvent> events = recorded(recording);

      assertThat(events)
          .extracting(event -> event.getEventType().getName())
          .containsExactlyInAnyOrderElementsOf(ALL.stream().map(JfrObserverTest::name).toList());
      assertThat(events.stream().map(JfrObserverTest::fields))
          .contains(
              Map.of("framework", "words", "made", true, "nanos", 1L),
              Map.of(
                  "framework", "words",
                  "command", "count",
                  "context", "context-1",
                  "nanos", 2L,
                  "failure", "PythonException"),
              Map.of("framework", "words", "context", "context-1", "waitNanos", 3L),
              Map.of("from", "letters", "to", "words", "context", "context-1"),
              Map.of("context", "context-1", "cause", "MEMORY", "nanos", 6L),
              Map.of("context", "context-1", "cause", "CHECK_FAILED"))
          .anySatisfy(
              model ->
                  assertThat(model)
                      .containsEntry("promptTokens", 11)
                      .containsEntry("completionTokens", 12)
                      .containsEntry("nanos", 8L)
                      .containsEntry("failure", null))
          .anySatisfy(
              call ->
                  assertThat(call)
                      .containsEntry("callerKey", "ann")
                      .containsEntry("session", null)
                      .containsEntry("waitNanos", 9L)
                      .containsEntry("runNanos", 10L)
                      .containsEntry("nanos", 19L)
                      .containsEntry("outcome", "DEADLINE")
                      .containsEntry("failure", "CallTimeoutException"));
      assertThat(events)
          .allMatch(event -> event.getEventType().getCategoryNames().equals(List.of("Terrarium")));
      assertThat(events.getFirst().getEventType().getLabel()).contains(" ");
    }
  }

  @Test
  void disabledEventIsNotRecorded() throws IOException {
    JfrObserver observer = new JfrObserver();
    observer.on(ALL.getFirst());
    try (Recording recording = new Recording()) {
      recording.enable("terrarium.ContextParked");
      ALL.forEach(event -> disableOthers(recording, event));
      recording.start();
      ALL.forEach(observer::on);

      assertThat(recorded(recording))
          .extracting(event -> event.getEventType().getName())
          .containsExactly("terrarium.ContextParked");
    }
  }

  private static void disableOthers(Recording recording, TerrariumEvent event) {
    if (!(event instanceof TerrariumEvent.ContextParked)) {
      recording.disable(name(event));
    }
  }

  @Test
  void runtimeWithoutTheRecorderIsNamed() throws IOException, InterruptedException {
    Process java =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--limit-modules",
                "java.base",
                "-cp",
                System.getProperty("java.class.path"),
                NoRecorderMain.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(java.waitFor()).as(output).isZero();
    assertThat(output).contains("no module jdk.jfr");
    assertThat(Stream.of(output.lines().toArray())).hasSize(1);
  }
}

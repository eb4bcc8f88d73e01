package dev.terrarium.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.constructor.StandardConstructor;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/**
 * A value of a YAML file with its line and its path, so that a mistake can be reported with its
 * place. The format is YAML 1.2, in which {@code yes} and {@code no} are texts. Immutable.
 */
final class YamlValue {

  private final String path;
  private final Node node;
  private final LoadSettings settings;

  private YamlValue(String path, Node node, LoadSettings settings) {
    this.path = path;
    this.node = node;
    this.settings = settings;
  }

  /** Thrown for a mistake in a file, with its line. */
  static final class MistakeException extends Exception {

    private static final long serialVersionUID = 1;

    MistakeException(String message) {
      super(message);
    }
  }

  /** Reads a file that holds one document. */
  static YamlValue read(Path file) throws IOException, MistakeException {
    LoadSettings settings = LoadSettings.builder().setSchema(new CoreSchema()).build();
    try {
      Optional<Node> root = new Compose(settings).composeString(Files.readString(file));
      return new YamlValue(
          "", root.orElseThrow(() -> new MistakeException("the file is empty")), settings);
    } catch (MarkedYamlEngineException e) {
      throw new MistakeException(line(e.getProblemMark()) + e.getProblem());
    } catch (YamlEngineException e) {
      throw new MistakeException(String.valueOf(e.getMessage()));
    }
  }

  private static String line(Optional<Mark> mark) {
    return mark.map(at -> "line " + (at.getLine() + 1) + ": ").orElse("");
  }

  /**
   * Returns an exception for a mistake in this value; {@code what} continues the message after the
   * value's path.
   */
  MistakeException wrong(String what) {
    return mistake((path.isEmpty() ? "the file" : "'" + path + "'") + " " + what);
  }

  private MistakeException mistake(String message) {
    return new MistakeException(line(node.getStartMark()) + message);
  }

  /** Returns the values of a map whose keys are known. */
  Map<String, YamlValue> map(Set<String> known) throws MistakeException {
    Map<String, YamlValue> values = map();
    for (Map.Entry<String, YamlValue> entry : values.entrySet()) {
      if (!known.contains(entry.getKey())) {
        throw entry
            .getValue()
            .mistake(
                "unknown key '"
                    + entry.getKey()
                    + "'"
                    + (path.isEmpty() ? "" : " in '" + path + "'")
                    + "; known are "
                    + new TreeSet<>(known));
      }
    }
    return values;
  }

  /** Returns the values of a map by their keys, in the file's order. */
  Map<String, YamlValue> map() throws MistakeException {
    if (!(node instanceof MappingNode mapping)) {
      throw wrong("must be a map, and is " + shown());
    }
    Map<String, YamlValue> values = new LinkedHashMap<>();
    for (NodeTuple pair : mapping.getValue()) {
      YamlValue key = new YamlValue(path, pair.getKeyNode(), settings);
      if (!(pair.getKeyNode() instanceof ScalarNode name && name.getTag().equals(Tag.STR))) {
        throw key.wrong(
            "has a key that is no text: " + key.shown() + ". Put it in quotes if it is one");
      }
      YamlValue value =
          new YamlValue(
              path.isEmpty() ? name.getValue() : path + "." + name.getValue(),
              pair.getValueNode(),
              settings);
      if (values.put(name.getValue(), value) != null) {
        throw new YamlValue(value.path, pair.getKeyNode(), settings).wrong("is given twice");
      }
    }
    return values;
  }

  /** Returns the values of a list, which has at least one value. */
  List<YamlValue> list() throws MistakeException {
    if (!(node instanceof SequenceNode sequence) || sequence.getValue().isEmpty()) {
      throw wrong("must be a list with something in it, and is " + shown());
    }
    List<YamlValue> values = new ArrayList<>();
    for (Node item : sequence.getValue()) {
      values.add(new YamlValue(path + "[" + values.size() + "]", item, settings));
    }
    return values;
  }

  /** Returns a text; a number or a boolean is not a text. */
  String text() throws MistakeException {
    if (node instanceof ScalarNode scalar && scalar.getTag().equals(Tag.STR)) {
      return scalar.getValue();
    }
    throw wrong(
        "must be a text, and is "
            + shown()
            + (node instanceof ScalarNode ? "; put it in quotes if it is meant as one" : ""));
  }

  /** Returns the value as text, boolean, number, list, map or null. */
  @Nullable Object plain() throws MistakeException {
    if (node instanceof MappingNode) {
      Map<String, @Nullable Object> values = new LinkedHashMap<>();
      for (Map.Entry<String, YamlValue> entry : map().entrySet()) {
        values.put(entry.getKey(), entry.getValue().plain());
      }
      return values;
    }
    try {
      return new StandardConstructor(settings).constructSingleDocument(Optional.of(node));
    } catch (YamlEngineException e) {
      throw wrong("cannot be read: " + e.getMessage());
    }
  }

  private String shown() {
    return switch (node) {
      case ScalarNode scalar when scalar.getTag().equals(Tag.STR) ->
          "the text '" + scalar.getValue() + "'";
      case ScalarNode scalar when scalar.getTag().equals(Tag.NULL) -> "empty";
      case ScalarNode scalar when scalar.getTag().equals(Tag.BOOL) ->
          "the boolean " + scalar.getValue();
      case ScalarNode scalar -> scalar.getValue();
      case SequenceNode list -> list.getValue().isEmpty() ? "an empty list" : "a list";
      default -> "a map";
    };
  }
}

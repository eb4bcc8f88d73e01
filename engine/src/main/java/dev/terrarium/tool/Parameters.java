package dev.terrarium.tool;

import dev.terrarium.Describe;
import dev.terrarium.MessageFormat;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.spi.TypeSpec;
import dev.terrarium.spi.TypedReader;
import java.lang.reflect.Method;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The parameters of a tool: their JSON schema, and how arguments are read. Immutable. */
final class Parameters {

  /** The name of the arguments in an error. */
  private static final String ARGUMENTS = "arguments";

  private final List<Map<String, @Nullable Object>> fields;
  private final @Nullable Class<? extends Record> record;
  private final List<Type> types;

  private Parameters(
      List<Map<String, @Nullable Object>> fields,
      @Nullable Class<? extends Record> record,
      List<Type> types) {
    this.fields = fields;
    this.record = record;
    this.types = types;
  }

  /** Returns the components of a record as parameters. */
  static Parameters of(Class<? extends Record> record) {
    return new Parameters(TypeSpec.fields(record), record, List.of());
  }

  /**
   * Returns the parameters of a method, or the components of the record that is its only one.
   *
   * @param path what the method is called in an error
   */
  static Parameters of(Method method, String path) {
    var declared = method.getParameters();
    if (declared.length == 1 && declared[0].getType().isRecord()) {
      return of(declared[0].getType().asSubclass(Record.class));
    }
    List<Map<String, @Nullable Object>> fields = new ArrayList<>();
    List<Type> types = new ArrayList<>();
    for (var parameter : declared) {
      if (!parameter.isNamePresent()) {
        throw new ConfigurationException(
            path
                + ": the compiler has not kept the names of the parameters. Compile with"
                + " -parameters (Maven:"
                + " <maven.compiler.parameters>true</maven.compiler.parameters>), or let the method"
                + " have one parameter, a record.");
      }
      String name = parameter.getName();
      Map<String, @Nullable Object> field = new LinkedHashMap<>();
      field.put("name", name);
      field.put("type", TypeSpec.of(parameter.getParameterizedType(), path + "." + name));
      field.put("description", TypeSpec.description(parameter.getAnnotation(Describe.class)));
      fields.add(field);
      types.add(parameter.getParameterizedType());
    }
    return new Parameters(fields, null, types);
  }

  /** Returns the JSON schema as text. */
  String schema() {
    return new String(MessageFormat.JSON.write(JsonSchema.of(fields)), StandardCharsets.UTF_8);
  }

  /**
   * Reads the arguments of a call in the order of the method's parameters.
   *
   * @throws ConversionException when they do not fit the parameters
   */
  List<@Nullable Object> read(Map<String, @Nullable Object> arguments) {
    List<@Nullable Object> values = new ArrayList<>();
    if (record != null) {
      values.add(read(arguments, record));
      return values;
    }
    check(arguments);
    for (int i = 0; i < types.size(); i++) {
      String name = name(fields.get(i));
      values.add(TypedReader.read(arguments.get(name), types.get(i), ARGUMENTS + "." + name));
    }
    return values;
  }

  /**
   * Reads the arguments of a call as a record.
   *
   * @throws ConversionException when they do not fit the record
   */
  <I extends Record> I read(Map<String, @Nullable Object> arguments, Class<I> type) {
    check(arguments);
    return TypedReader.read(arguments, type, ARGUMENTS);
  }

  private void check(Map<String, @Nullable Object> arguments) {
    List<String> names = fields.stream().map(Parameters::name).toList();
    for (String given : arguments.keySet()) {
      if (!names.contains(given)) {
        throw new ConversionException(
            ARGUMENTS, "there is no parameter '" + given + "'; the parameters are " + names);
      }
    }
    for (Map<String, @Nullable Object> field : fields) {
      if (!JsonSchema.isOptional(field) && arguments.get(name(field)) == null) {
        throw new ConversionException(
            ARGUMENTS, "no value for '" + name(field) + "'; there are " + arguments.keySet());
      }
    }
  }

  private static String name(Map<String, @Nullable Object> field) {
    return String.valueOf(field.get("name"));
  }
}

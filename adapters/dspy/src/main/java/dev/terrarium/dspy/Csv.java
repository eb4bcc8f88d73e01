package dev.terrarium.dspy;

import com.fasterxml.jackson.dataformat.csv.CsvFactory;
import com.fasterxml.jackson.dataformat.csv.CsvGenerator;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import dev.terrarium.MessageFormat;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A writer of tables as CSV (RFC 4180). Stateless. */
final class Csv {

  private static final CsvFactory FACTORY = new CsvFactory();

  private Csv() {}

  /** Returns a table with a header; values that are no text or number are written as JSON. */
  static String write(Set<String> columns, List<Map<String, @Nullable Object>> rows) {
    CsvSchema.Builder schema = CsvSchema.builder().setUseHeader(true).setLineSeparator("\r\n");
    columns.forEach(schema::addColumn);
    StringWriter out = new StringWriter();
    try (CsvGenerator csv = FACTORY.createGenerator(out)) {
      csv.setSchema(schema.build());
      for (Map<String, @Nullable Object> row : rows) {
        csv.writeStartObject();
        for (Map.Entry<String, @Nullable Object> cell : row.entrySet()) {
          if (cell.getValue() != null) {
            csv.writeStringField(cell.getKey(), text(cell.getValue()));
          }
        }
        csv.writeEndObject();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toString();
  }

  private static String text(Object value) {
    return switch (value) {
      case String text -> text;
      case Number number -> number.toString();
      default -> new String(MessageFormat.JSON.write(value), StandardCharsets.UTF_8);
    };
  }
}

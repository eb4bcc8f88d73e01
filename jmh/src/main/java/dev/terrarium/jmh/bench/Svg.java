package dev.terrarium.jmh.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import de.erichseifert.vectorgraphics2d.Processors;
import de.erichseifert.vectorgraphics2d.VectorGraphics2D;
import de.erichseifert.vectorgraphics2d.util.PageSize;
import java.awt.Color;
import java.awt.Font;
import java.awt.font.FontRenderContext;
import java.awt.font.LineBreakMeasurer;
import java.awt.font.TextAttribute;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.AttributedString;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.knowm.xchart.internal.chartpart.Chart;

/** Plots as SVG files, with what they were measured by beneath. */
final class Svg {

  private static final int LINE = 15;

  /** Letters are outlines of many points: what cannot be seen of them is half of the file. */
  private static final Pattern TEXT_OR_DIGITS = Pattern.compile(">[^<]*<|(\\d\\.\\d\\d)\\d+");

  private static final Font FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 11);

  private Svg() {}

  static void write(Figures.Figure figure, List<String> caption, Path folder) throws IOException {
    Chart<?, ?> chart = figure.chart();
    List<String> lines = caption.stream().flatMap(Svg::broken).toList();
    int height = Figures.HEIGHT + (lines.size() + 1) * LINE;
    VectorGraphics2D graphics = new VectorGraphics2D();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, Figures.WIDTH, height);
    chart.paint(graphics, Figures.WIDTH, Figures.HEIGHT);
    graphics.setColor(Color.DARK_GRAY);
    graphics.setFont(FONT);
    for (int i = 0; i < lines.size(); i++) {
      graphics.drawString(lines.get(i), LINE, Figures.HEIGHT + (i + 1) * LINE);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Processors.get("svg")
        .getDocument(graphics.getCommands(), new PageSize(0, 0, Figures.WIDTH, height))
        .writeTo(out);
    Files.writeString(
        folder.resolve(figure.name() + ".svg"),
        TEXT_OR_DIGITS
            .matcher(out.toString(UTF_8))
            .replaceAll(
                found ->
                    Matcher.quoteReplacement(
                        found.group(1) == null ? found.group() : found.group(1))));
  }

  /** In lines that fit the plot, broken between words. */
  private static Stream<String> broken(String text) {
    LineBreakMeasurer measurer =
        new LineBreakMeasurer(
            new AttributedString(text, Map.of(TextAttribute.FONT, FONT)).getIterator(),
            new FontRenderContext(null, true, true));
    List<String> lines = new ArrayList<>();
    while (measurer.getPosition() < text.length()) {
      int begin = measurer.getPosition();
      measurer.setPosition(measurer.nextOffset(Figures.WIDTH - 2 * LINE));
      lines.add(text.substring(begin, measurer.getPosition()).strip());
    }
    return lines.stream();
  }
}

package dev.terrarium.jmh.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import de.erichseifert.vectorgraphics2d.Processors;
import de.erichseifert.vectorgraphics2d.VectorGraphics2D;
import de.erichseifert.vectorgraphics2d.util.PageSize;
import java.awt.Color;
import java.awt.Font;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.knowm.xchart.internal.chartpart.Chart;

/** Plots as SVG files, with what they were measured by beneath. */
final class Svg {

  private static final int LINE = 15;

  /** Letters are outlines of many points: what cannot be seen of them is half of the file. */
  private static final Pattern FURTHER_DIGITS = Pattern.compile("(\\d\\.\\d\\d)\\d+");

  private Svg() {}

  static void write(Figures.Figure figure, List<String> caption, Path folder) throws IOException {
    Chart<?, ?> chart = figure.chart();
    int height = Figures.HEIGHT + (caption.size() + 1) * LINE;
    VectorGraphics2D graphics = new VectorGraphics2D();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, Figures.WIDTH, height);
    chart.paint(graphics, Figures.WIDTH, Figures.HEIGHT);
    graphics.setColor(Color.DARK_GRAY);
    graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 11));
    for (int i = 0; i < caption.size(); i++) {
      graphics.drawString(caption.get(i), LINE, Figures.HEIGHT + (i + 1) * LINE);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Processors.get("svg")
        .getDocument(graphics.getCommands(), new PageSize(0, 0, Figures.WIDTH, height))
        .writeTo(out);
    Files.writeString(
        folder.resolve(figure.name() + ".svg"),
        FURTHER_DIGITS.matcher(out.toString(UTF_8)).replaceAll("$1"));
  }
}

package dev.terrarium.jmh.bench;

import de.erichseifert.vectorgraphics2d.Processors;
import de.erichseifert.vectorgraphics2d.VectorGraphics2D;
import de.erichseifert.vectorgraphics2d.util.PageSize;
import java.awt.Color;
import java.awt.Font;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.knowm.xchart.internal.chartpart.Chart;

/** Plots as SVG files, with what they were measured by beneath. */
final class Svg {

  private static final int LINE = 15;

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
    try (OutputStream out = Files.newOutputStream(folder.resolve(figure.name() + ".svg"))) {
      Processors.get("svg")
          .getDocument(graphics.getCommands(), new PageSize(0, 0, Figures.WIDTH, height))
          .writeTo(out);
    }
  }
}

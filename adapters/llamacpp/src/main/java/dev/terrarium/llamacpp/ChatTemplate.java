package dev.terrarium.llamacpp;

import dev.terrarium.error.ModelException;
import dev.terrarium.model.ChatMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a model wants a conversation to be written. Immutable.
 *
 * <p>llama.cpp recognizes the template in a file by its marks and renders it by code of its own.
 * Here it renders place holders, and the messages are put into what comes back: so what a message
 * says cannot change how it is rendered, and it is known what is markup and what is content. A
 * system message that a template's source would add by itself is not added: SmolLM2 answers better
 * without.
 */
final class ChatTemplate {

  /** A piece of a rendered conversation. */
  record Segment(String text, boolean markup) {}

  /** llama.cpp's own default for files without a template. */
  private static final String DEFAULT = "chatml";

  private static final Pattern PLACE = Pattern.compile("@@MESSAGE-(\\d+)@@");

  private final String source;

  private ChatTemplate(String source) {
    this.source = source;
  }

  /**
   * @param source of the template, or the name of a known one; none is llama.cpp's default
   * @throws ModelException when llama.cpp does not know it
   */
  static ChatTemplate of(@Nullable String source) {
    ChatTemplate template = new ChatTemplate(source == null ? DEFAULT : source);
    template.render(List.of(ChatMessage.user("?")));
    return template;
  }

  /** A conversation up to where the answer begins, in pieces. */
  List<Segment> render(List<ChatMessage> messages) {
    String[] places = new String[2 * messages.size()];
    for (int i = 0; i < messages.size(); i++) {
      places[2 * i] = messages.get(i).role().name().toLowerCase(Locale.ROOT);
      places[2 * i + 1] = "@@MESSAGE-" + i + "@@";
    }
    String rendered = Llama.chatApplyTemplate(source, places);
    if (rendered == null) {
      throw new ModelException(
          "llama.cpp does not know the model's chat template. Name one with"
              + " LlamaCppOptions.custom().chatTemplate(\"chatml\") or another it knows. It begins:"
              + " "
              + source.substring(0, Math.min(source.length(), 120)).replace('\n', ' '));
    }
    return fill(rendered, messages);
  }

  private static List<Segment> fill(String rendered, List<ChatMessage> messages) {
    List<Segment> segments = new ArrayList<>();
    Matcher place = PLACE.matcher(rendered);
    int end = 0;
    while (place.find()) {
      segments.add(new Segment(rendered.substring(end, place.start()), true));
      segments.add(new Segment(messages.get(Integer.parseInt(place.group(1))).content(), false));
      end = place.end();
    }
    segments.add(new Segment(rendered.substring(end), true));
    return segments;
  }
}

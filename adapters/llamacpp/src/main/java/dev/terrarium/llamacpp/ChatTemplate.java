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
 * A template by which a conversation is written for a model. Immutable.
 *
 * <p>llama.cpp recognizes the template in a file by its marks and renders it by code of its own.
 * This class lets llama.cpp render place holders, and inserts the messages into the result: so the
 * content of a message cannot change how the message is rendered, and markup can be distinguished
 * from content. A system message that a template's source would add by itself is not added: SmolLM2
 * answers better without it.
 */
final class ChatTemplate {

  /** A piece of a rendered conversation. */
  record Segment(String text, boolean markup) {}

  /** The template that llama.cpp uses for files without a template. */
  private static final String DEFAULT = "chatml";

  private static final Pattern PLACE = Pattern.compile("@@MESSAGE-(\\d+)@@");

  private final String source;

  private ChatTemplate(String source) {
    this.source = source;
  }

  /**
   * Returns the template of a source.
   *
   * @param source source of the template, or the name of a known template; null for llama.cpp's
   *     default
   * @throws ModelException when llama.cpp does not know the template
   */
  static ChatTemplate of(@Nullable String source) {
    ChatTemplate template = new ChatTemplate(source == null ? DEFAULT : source);
    template.render(List.of(ChatMessage.user("?")));
    return template;
  }

  /** Returns the pieces of a rendered conversation, up to the position where the answer begins. */
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

package dev.terrarium.internal.call;

import dev.terrarium.AccessProfile;
import dev.terrarium.error.AccessException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.internal.resource.HttpConnections;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.TypedReader;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The host function by which Python code makes HTTP requests: {@code http.request(method, url,
 * headers, body, seconds) -> {status, headers, body}}.
 */
public final class HttpFunctions {

  public static final String NAME = "http.request";

  private static final double NANOS_PER_SECOND = 1e9;

  private HttpFunctions() {}

  /** Returns the function for contexts of a profile, which may not grant requests. */
  public static HostFunction of(HttpConnections connections, AccessProfile profile) {
    if (!profile.grants(AccessProfile.TRUSTED)) {
      return arguments -> {
        throw new AccessException(
            "The access profile "
                + profile.word()
                + " grants no network, and so no "
                + NAME
                + ". Declare "
                + AccessProfile.TRUSTED.word()
                + " for the framework, if it is to have one.");
      };
    }
    return arguments -> send(connections, arguments);
  }

  private static Map<String, Object> send(
      HttpConnections connections, List<@Nullable Object> arguments) {
    if (arguments.size() != 5) {
      throw new ConversionException(NAME, "expected method, url, headers, body and seconds");
    }
    HttpResponse<byte[]> response =
        connections.send(
            read(arguments, 0, String.class, "method"),
            read(arguments, 1, String.class, "url"),
            headers(arguments.get(2)),
            read(arguments, 3, byte[].class, "body"),
            seconds(read(arguments, 4, Double.class, "seconds")));
    return Map.of(
        "status", response.statusCode(), "headers", headers(response), "body", response.body());
  }

  private static <T> T read(
      List<@Nullable Object> arguments, int index, Class<T> type, String name) {
    return TypedReader.read(arguments.get(index), type, NAME + "." + name);
  }

  private static Map<String, String> headers(@Nullable Object given) {
    if (!(given instanceof Map<?, ?> map)) {
      throw new ConversionException(NAME + ".headers", "expected a dict of texts");
    }
    Map<String, String> headers = new LinkedHashMap<>();
    map.forEach(
        (name, value) ->
            headers.put(
                TypedReader.read(name, String.class, NAME + ".headers"),
                TypedReader.read(value, String.class, NAME + ".headers." + name)));
    return headers;
  }

  /** Returns the headers with names in lower case; several headers of one name are joined. */
  private static Map<String, String> headers(HttpResponse<?> response) {
    Map<String, String> headers = new LinkedHashMap<>();
    response
        .headers()
        .map()
        .forEach(
            (name, values) ->
                headers.put(name.toLowerCase(Locale.ROOT), String.join(", ", values)));
    return headers;
  }

  private static Duration seconds(double seconds) {
    return Duration.ofNanos((long) (seconds * NANOS_PER_SECOND));
  }
}

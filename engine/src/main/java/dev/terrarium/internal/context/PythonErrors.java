package dev.terrarium.internal.context;

import dev.terrarium.AccessProfile;
import dev.terrarium.error.AccessException;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.PythonException;
import dev.terrarium.error.TerrariumException;
import dev.terrarium.error.TruncatedAnswerException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.graalvm.polyglot.PolyglotException;
import org.graalvm.polyglot.SourceSection;
import org.graalvm.polyglot.Value;
import org.graalvm.polyglot.proxy.ProxyExecutable;
import org.jspecify.annotations.Nullable;

/** The translation of Python exceptions to Java exceptions. Used on the context's carrier only. */
final class PythonErrors {

  private static final int MAX_CAUSES = 8;

  /** The exceptions that a bridge raises when the caller's own arguments are wrong. */
  private static final Set<String> CALLER_ERRORS =
      Set.of(
          "terrarium.bridge.errors.ArgumentError",
          "terrarium.bridge.errors.SpecError",
          "terrarium.bridge.errors.UnknownProgramError");

  /**
   * The exceptions that {@code terrarium.bridge.embed} raises for access that no profile, or not
   * this profile, grants.
   */
  private static final Set<String> REFUSALS =
      Set.of("terrarium.bridge.errors.NativeCodeError", "terrarium.bridge.errors.AccessError");

  /** The pattern of the messages by which the polyglot API and the POSIX layer refuse access. */
  private static final Pattern INTERNAL_REFUSAL =
      Pattern.compile(
          "(java\\.lang\\.)?SecurityException: .*"
              + "|(java\\.lang\\.)?IllegalStateException: Creating threads is not allowed\\."
              + "|.*UnsupportedPosixFeatureException: .* was excluded",
          Pattern.DOTALL);

  /** The Python type of a Java exception inside GraalPy, and the text after its message. */
  private static final String SYSTEM_ERROR = "SystemError";

  private static final String JAVA_STACK_TRACE = "\n\nJava stack trace:";

  /** The Python type of an exception of a host function, which is its cause. */
  private static final String HOST_CALL_ERROR = "terrarium.bridge.errors.HostCallError";

  /** The type of an exception that is not a Python object. */
  private static final String FOREIGN = "polyglot.ForeignException";

  private final Value describe;
  private final Value hostFailure;
  private final AccessProfile profile;

  /**
   * Creates the translation of one context.
   *
   * @param embed the module {@code terrarium.bridge.embed} of the context
   * @param profile the access of the context
   */
  PythonErrors(Value embed, AccessProfile profile) {
    this.profile = profile;
    describe = embed.getMember("describe");
    hostFailure = embed.getMember("host_failure");
    ProxyExecutable kindOf = arguments -> kind(arguments[0]);
    embed.invokeMember("name_kinds", kindOf);
  }

  /** Returns why a language model failed, by the exception that Python caught; empty for others. */
  private static String kind(Value exception) {
    if (exception.isException()) {
      try {
        throw exception.throwException();
      } catch (PolyglotException e) {
        if (e.isHostException()
            && e.asHostException() instanceof ModelException failure
            && failure.kind() != ModelException.Kind.OTHER) {
          return failure.kind().name();
        }
      }
    }
    return "";
  }

  /**
   * Returns the Java exception for an exception that left Python. An exception that Terrarium
   * itself threw inside (a language model's, a conversion's) is returned as it was, even when
   * Python code raised another exception from it.
   *
   * @throws Error the error that a Java function threw, as it was
   */
  RuntimeException translate(PolyglotException e) {
    try {
      return translateByPython(e);
    } catch (PolyglotException broken) { // the call broke the Python code that describes exceptions
      String message = String.valueOf(e.getMessage());
      int end = message.indexOf(": ");
      return new PythonException(
          e.isGuestException() && end > 0 ? message.substring(0, end) : "BaseException",
          end > 0 ? message.substring(end + 2) : message,
          frames(e),
          null);
    }
  }

  private RuntimeException translateByPython(PolyglotException e) {
    Value exception = e.getGuestObject();
    if (exception != null && e.isGuestException() && !e.isInternalError()) {
      Throwable failure = cause(hostFailure.execute(exception), 1);
      if (failure instanceof TerrariumException ours) {
        return ours;
      }
    }
    Throwable translated = translate(e, 0);
    if (translated instanceof Error error) {
      throw error;
    }
    return translated instanceof RuntimeException runtime
        ? runtime
        : new PythonException(
            PythonException.INTERNAL, String.valueOf(translated), frames(e), translated);
  }

  private Throwable translate(PolyglotException e, int depth) {
    if (e.isHostException()) {
      return e.asHostException();
    }
    if (e.isInternalError() && isRefusal(e.getMessage())) {
      return refusal(e.getMessage(), e);
    }
    Value exception = e.getGuestObject();
    if (exception == null || !(e.isGuestException() || e.isExit()) || e.isInternalError()) {
      return new PythonException(
          belowPython(e),
          String.valueOf(e.getMessage()),
          frames(e),
          e.isInternalError() ? e : null);
    }
    Value described = describe.execute(exception);
    String type = described.getArrayElement(0).asString();
    if (e.isExit() && type.equals(FOREIGN)) { // os._exit, which is not a SystemExit
      return new PythonException("SystemExit", String.valueOf(e.getExitStatus()), frames(e), null);
    }
    String message = described.getArrayElement(1).asString();
    Throwable cause = depth < MAX_CAUSES ? cause(described.getArrayElement(2), depth + 1) : null;
    if (CALLER_ERRORS.contains(type)) {
      return new ArgumentException(message);
    }
    if (type.equals(SYSTEM_ERROR)) {
      message = withoutJavaStackTrace(message);
    }
    if (REFUSALS.contains(type) || (type.equals(SYSTEM_ERROR) && isRefusal(message))) {
      return refusal(message, e);
    }
    Value truncated = described.getArrayElement(4);
    if (!truncated.isNull()) {
      Value limit = truncated.getArrayElement(1);
      return new TruncatedAnswerException(
          message,
          truncated.getArrayElement(0).asString(),
          limit.isNull() ? null : limit.asInt(),
          cause);
    }
    if (type.equals(HOST_CALL_ERROR)
        && (cause instanceof RuntimeException || cause instanceof Error)) {
      return cause;
    }
    return new PythonException(type, message, frames(described.getArrayElement(3)), cause);
  }

  /** Returns a name for a failure that is not a Python exception. */
  private static String belowPython(PolyglotException e) {
    if (e.isResourceExhausted()) {
      return String.valueOf(e.getMessage()).contains("StackOverflow")
          ? "RecursionError"
          : "MemoryError";
    }
    return e.isInterrupted() ? "KeyboardInterrupt" : PythonException.INTERNAL;
  }

  private static String withoutJavaStackTrace(String message) {
    int end = message.indexOf(JAVA_STACK_TRACE);
    return end < 0 ? message : message.substring(0, end);
  }

  static boolean isRefusal(@Nullable String internalError) {
    return internalError != null && INTERNAL_REFUSAL.matcher(internalError).matches();
  }

  private AccessException refusal(@Nullable String message, PolyglotException e) {
    return new AccessException(
        "The access profile "
            + profile.word()
            + " of the context does not grant it: "
            + message
            + ". "
            + (profile == AccessProfile.TRUSTED_NATIVE
                ? "No profile does."
                : "If a higher one does, declare that for the framework: Framework.withAccess, or"
                    + " 'access' in its jar's descriptor."),
        e);
  }

  private @Nullable Throwable cause(Value exception, int depth) {
    if (!exception.isException()) {
      return null;
    }
    try {
      throw exception.throwException();
    } catch (PolyglotException e) {
      return translate(e, depth);
    } catch (TerrariumException e) {
      return e;
    }
  }

  /** Returns the frames of a Python traceback, innermost first. */
  private static List<StackTraceElement> frames(Value traceback) {
    List<StackTraceElement> frames = new ArrayList<>();
    for (long i = 0; i < traceback.getArraySize(); i += 3) {
      String file = traceback.getArrayElement(i).asString();
      frames.add(
          frame(
              file,
              traceback.getArrayElement(i + 2).asString(),
              traceback.getArrayElement(i + 1).asInt()));
    }
    return frames;
  }

  /**
   * Returns the Python frames of a failure that is not a Python exception, such as an internal
   * error; innermost first.
   */
  private static List<StackTraceElement> frames(PolyglotException e) {
    List<StackTraceElement> frames = new ArrayList<>();
    for (PolyglotException.StackFrame frame : e.getPolyglotStackTrace()) {
      SourceSection section = frame.isGuestFrame() ? frame.getSourceLocation() : null;
      if (section != null) {
        String path = section.getSource().getPath();
        frames.add(
            frame(
                path == null ? section.getSource().getName() : path,
                String.valueOf(frame.getRootName()),
                section.getStartLine()));
      }
    }
    return frames;
  }

  private static StackTraceElement frame(String file, String function, int line) {
    return new StackTraceElement(
        moduleOf(file), function, file.substring(file.lastIndexOf('/') + 1), line);
  }

  /**
   * Returns the name of the module that a source file contains, from its path below {@code site} or
   * the standard library.
   */
  static String moduleOf(String file) {
    String module = file;
    for (String root : List.of("/site/", "/lib/python3.12/")) {
      int at = module.lastIndexOf(root);
      if (at >= 0) {
        module = module.substring(at + root.length());
      }
    }
    if (module.startsWith("/")) {
      module = String.valueOf(Path.of(module).getFileName());
    }
    return module.replaceFirst("(/__init__)?\\.py$", "").replace('/', '.');
  }
}

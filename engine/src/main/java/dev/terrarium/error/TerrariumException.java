package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * The root of all exceptions that Terrarium throws on purpose. Unchecked, and immutable except for
 * what {@link Throwable} allows. Each message says what was wrong and, if that does not follow,
 * where the fault is and how to remedy it.
 */
public abstract sealed class TerrariumException extends RuntimeException
    permits AccessException,
        ArgumentException,
        BorrowTimeoutException,
        BudgetExceededException,
        CallInterruptedException,
        CallTimeoutException,
        CallbackEndedException,
        CircuitOpenException,
        ClosedException,
        ConfigurationException,
        ConnectionException,
        ConversionException,
        FrameworkLoadException,
        LimitExceededException,
        LoadTimeoutException,
        ModelException,
        NativeSlotsExhaustedException,
        NestedCallException,
        OverloadException,
        PackageException,
        PythonException,
        StreamIdleException,
        ToolException,
        TruncatedAnswerException,
        UnknownCommandException,
        UnknownFrameworkException,
        UnsupportedPlatformException {

  private static final long serialVersionUID = 1;

  TerrariumException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}

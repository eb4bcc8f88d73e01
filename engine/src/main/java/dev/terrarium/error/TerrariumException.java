package dev.terrarium.error;

import org.jspecify.annotations.Nullable;

/**
 * Root of all that Terrarium throws on purpose. Unchecked; immutable but for what {@link Throwable}
 * allows. Each message says what was wrong, and where and what to do about it if that does not
 * follow.
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
        TruncatedAnswerException,
        UnknownCommandException,
        UnknownFrameworkException,
        UnsupportedPlatformException {

  private static final long serialVersionUID = 1;

  TerrariumException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}

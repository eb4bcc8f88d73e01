package dev.terrarium.error;

/** Nobody read a stream for too long: it was ended, and its context given back. */
public final class StreamIdleException extends TerrariumException {

  private static final long serialVersionUID = 1;

  public StreamIdleException(String message) {
    super(message, null);
  }
}

package dev.terrarium.packaging;

/** A failure that whoever builds can act on; its message is all that is shown. */
final class PackagingException extends RuntimeException {

  private static final long serialVersionUID = 1;

  PackagingException(String message) {
    super(message);
  }

  PackagingException(String message, Throwable cause) {
    super(message, cause);
  }
}

package dev.terrarium.jmh.peer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Doubles as bytes, eight each, in the order of the machine, which is the one of Python. */
final class Doubles {

  private Doubles() {}

  static byte[] bytes(double[] values) {
    byte[] bytes = new byte[values.length * Double.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).asDoubleBuffer().put(values);
    return bytes;
  }

  static double[] of(byte[] bytes) {
    double[] values = new double[bytes.length / Double.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).asDoubleBuffer().get(values);
    return values;
  }
}

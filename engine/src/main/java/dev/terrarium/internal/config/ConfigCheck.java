package dev.terrarium.internal.config;

import dev.terrarium.error.ConfigurationException;
import java.time.Duration;

/** The checks of values where they are set, with the value in each message. Stateless. */
public final class ConfigCheck {

  private ConfigCheck() {}

  /**
   * Checks that a number is at least 1.
   *
   * @param setting the setting's name in the message
   * @throws ConfigurationException when it is not
   */
  public static void aboveZero(String setting, long number) {
    aboveZero(setting, number, "");
  }

  /**
   * Checks that a number is at least 1.
   *
   * @param setting the setting's name in the message
   * @param unit the number's unit in the message, after a space
   * @throws ConfigurationException when it is not
   */
  public static void aboveZero(String setting, long number, String unit) {
    if (number < 1) {
      throw new ConfigurationException(setting + ": " + number + unit + " is not above zero");
    }
  }

  /**
   * Checks that a time is above zero.
   *
   * @param setting the setting's name in the message
   * @throws ConfigurationException when it is not
   */
  public static void aboveZero(String setting, Duration time) {
    if (!time.isPositive()) {
      throw new ConfigurationException(setting + ": " + time + " is not above zero");
    }
  }

  /**
   * Checks that a number is at least 0.
   *
   * @param setting the setting's name in the message
   * @throws ConfigurationException when it is not
   */
  public static void notBelowZero(String setting, long number) {
    if (number < 0) {
      throw new ConfigurationException(setting + ": " + number + " is below zero");
    }
  }

  /**
   * Checks that a time is at least zero.
   *
   * @param setting the setting's name in the message
   * @throws ConfigurationException when it is not
   */
  public static void notBelowZero(String setting, Duration time) {
    if (time.isNegative()) {
      throw new ConfigurationException(setting + ": " + time + " is below zero");
    }
  }
}

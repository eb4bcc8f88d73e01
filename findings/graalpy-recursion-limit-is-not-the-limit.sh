#!/usr/bin/env bash
# GraalPy 25.0.3: sys.setrecursionlimit is accepted and read back, and has no effect. The thread's stack decides.
#
# Guess: a recursion ends with a RecursionError at the limit, 1,000 levels unless it is set, as on CPython.
# Seen: a function that calls itself gets 200 levels on a thread of 1 MiB, Java's default, with any limit; on one of
# 8 MiB almost 2,000, and on one of 64 MiB 15,000 and more, also with a limit of 500.
#
# It matters to whoever runs Python in a JVM: code that needs 500 levels fails on a Java thread of the default size,
# and a limit that is set to stop runaway recursion early stops nothing. Give the threads that run Python a stack size
# of their own, and bound recursion by a counter.
#
# Needs Maven, and a JDK of version 21 or later in JAVA_HOME or on the PATH.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
cat >"$folder/pom.xml" <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId>
  <artifactId>finding</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.graalvm.polyglot</groupId>
      <artifactId>python-community</artifactId>
      <version>25.0.3</version>
      <type>pom</type>
    </dependency>
  </dependencies>
</project>
POM
cat >"$folder/Levels.java" <<'JAVA'
import org.graalvm.polyglot.Context;

public class Levels {

  static final String PYTHON =
      """
      import sys

      def down():
          global levels
          levels += 1
          down()

      def levels_with(limit):
          global levels
          levels = 0
          sys.setrecursionlimit(limit)
          assert sys.getrecursionlimit() == limit
          try:
              down()
          except RecursionError:
              return levels
      levels_with
      """;

  static int levels(int megabytes, int limit) throws InterruptedException {
    int[] levels = new int[1];
    Runnable work =
        () -> {
          try (Context context =
              Context.newBuilder("python").option("engine.WarnInterpreterOnly", "false").build()) {
            levels[0] = context.eval("python", PYTHON).execute(limit).asInt();
          }
        };
    Thread thread = new Thread(null, work, "python", (long) megabytes << 20);
    thread.start();
    thread.join();
    System.out.println(megabytes + " MiB of stack, a limit of " + limit + ": " + levels[0] + " levels");
    return levels[0];
  }

  public static void main(String[] arguments) throws InterruptedException {
    boolean asSeen = levels(1, 1_000) < 500;
    asSeen &= levels(8, 500) > 1_000;
    asSeen &= levels(64, 500) > 8_000;
    asSeen &= levels(8, 100_000) < 8_000;
    if (!asSeen) {
      System.out.println("changed: this finding is out of date");
      System.exit(1);
    }
  }
}
JAVA
mvn -q -B -f "$folder/pom.xml" dependency:copy-dependencies -DoutputDirectory="$folder/lib"
echo "GraalPy $(ls "$folder"/lib/python-language-*.jar | sed 's/.*-\([0-9.]*\)\.jar/\1/')"
"$java" --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -cp "$folder/lib/*" "$folder/Levels.java"

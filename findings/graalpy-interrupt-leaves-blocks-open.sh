#!/usr/bin/env bash
# GraalPy 25.0.3: Context.interrupt may also stop the code that ends `with` and `finally` blocks, so what a block changed
# for a while stays changed in the context.
#
# Guess: interrupt() ends the running code as an exception would, which restores what decimal.localcontext changed. Its
# Javadoc says that the context can be used again afterwards.
# Seen: after one of a few interrupts within `with decimal.localcontext(prec=3)`, later code of the context divides with
# three digits. In the same way the event loop of an asyncio.run may still count as running.
#
# It matters to whoever runs Python in a JVM with time-outs: the results of other callers, who use the context next, may
# be wrong without any exception.
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
mvn -q -f "$folder/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies \
  -DoutputDirectory="$folder/jars" >&2
cat >"$folder/Finding.java" <<'JAVA'
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.PolyglotException;
import org.graalvm.polyglot.proxy.ProxyExecutable;

public class Finding {
  private static final String SOURCE =
      """
      import decimal
      def divide():
          return str(decimal.Decimal(1) / 7)
      def block(entered):
          with decimal.localcontext(prec=3):
              entered()
              while True: pass
      """;

  private static void interruptBlock(Context context) throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    ProxyExecutable entered =
        arguments -> {
          inside.countDown();
          return null;
        };
    CompletableFuture<Void> interruption =
        CompletableFuture.runAsync(
            () -> {
              try {
                inside.await();
                context.interrupt(Duration.ofSeconds(20));
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    try {
      context.getBindings("python").getMember("block").execute(entered);
    } catch (PolyglotException e) {
      if (!e.isInterrupted()) {
        throw e;
      }
    }
    interruption.get();
  }

  public static void main(String[] arguments) throws Exception {
    try (Context context =
        Context.newBuilder("python")
            .allowAllAccess(true)
            .option("engine.WarnInterpreterOnly", "false")
            .build()) {
      context.eval("python", SOURCE);
      Supplier<String> divide =
          () -> context.getBindings("python").getMember("divide").execute().asString();
      System.out.println(arguments[0] + ": 1 / 7 is " + divide.get());
      int interrupts = 0;
      while (!divide.get().equals("0.143")) {
        if (interrupts++ == 100) {
          throw new IllegalStateException("changed: this finding is out of date");
        }
        interruptBlock(context);
      }
      System.out.println("after " + interrupts + " interrupts: 1 / 7 is " + divide.get());
    }
  }
}
JAVA
"$java" --enable-native-access=ALL-UNNAMED -cp "$folder/jars/*" "$folder/Finding.java" \
  "GraalPy $(ls "$folder"/jars/python-language-*.jar | sed 's/.*-\([0-9.]*\)\.jar/\1/')"

#!/usr/bin/env bash
# GraalPy 25.0.3: a change within a function's __kwdefaults__ is kept in the dict, and has no effect on calls.
#
# Guess: f.__kwdefaults__["x"] = 2 changes the default of the keyword-only parameter x, as on CPython.
# Seen: the dict has 2 afterwards, and f() still uses 1. Assigning a new dict to f.__kwdefaults__ has an effect.
#
# It matters to whoever runs Python packages in a JVM: decorators that adapt a function's defaults this way, as those of
# networkx 3.6.1 do when it is imported, leave a function that looks changed and is not.
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
cat >"$folder/program.py" <<'PYTHON'
def f(*, x=1):
    return x

f.__kwdefaults__["x"] = 2
in_place = f()
f.__kwdefaults__ = {"x": 3}
f"{in_place} after a change in the dict, {f()} after another dict"
PYTHON
cat >"$folder/Finding.java" <<'JAVA'
import java.nio.file.Files;
import java.nio.file.Path;
import org.graalvm.polyglot.Context;

public class Finding {
  public static void main(String[] arguments) throws Exception {
    try (Context context =
        Context.newBuilder("python").option("engine.WarnInterpreterOnly", "false").build()) {
      String seen = context.eval("python", Files.readString(Path.of(arguments[0]))).asString();
      System.out.println(arguments[1] + ": " + seen);
      if (!seen.equals("1 after a change in the dict, 3 after another dict")) {
        throw new IllegalStateException("changed: this finding is out of date");
      }
    }
  }
}
JAVA
python3 - "$folder/program.py" <<'PYTHON'
import sys

scope = {}
lines = open(sys.argv[1]).read().rstrip().rsplit("\n", 1)
exec(lines[0], scope)
seen = eval(lines[1], scope)
print(f"CPython {sys.version.split()[0]}: {seen}")
assert seen == "2 after a change in the dict, 3 after another dict"
PYTHON
"$java" --enable-native-access=ALL-UNNAMED -cp "$folder/jars/*" "$folder/Finding.java" "$folder/program.py" \
  "GraalPy $(ls "$folder"/jars/python-language-*.jar | sed 's/.*-\([0-9.]*\)\.jar/\1/')"

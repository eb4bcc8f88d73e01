#!/usr/bin/env bash
# GraalPy 25.0.3: a class lists its __weakref__ as a member that a slot made, and not as a getter.
#
# Guess: type(vars(cls)["__weakref__"]) is types.GetSetDescriptorType, as on CPython, so that whoever looks for the slots
# of a class by types.MemberDescriptorType finds the names of __slots__ and nothing else.
# Seen: it is a MemberDescriptorType, hasattr tells that each instance has it, and setting it fails with a TypeError.
#
# It matters to whoever runs Python packages in a JVM: code that copies an object's slots this way, as dspy.LM.copy() of
# DSPy 3.4.1 does, fails for each object whose class allows weak references, which is nearly every one. Leave the name
# out, or define __copy__ without it.
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
import types

class Slotted:
    __slots__ = ("slot", "__weakref__")

it = Slotted()
it.slot = 1
members = [name for name, value in vars(Slotted).items() if isinstance(value, types.MemberDescriptorType)]
def copied():
    other = Slotted()
    for name in members:
        if hasattr(it, name):
            setattr(other, name, getattr(it, name))
    return "copied"
def outcome():
    try:
        return copied()
    except TypeError:
        return "TypeError"
f"{sorted(members)}, {outcome()}"
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
      if (!seen.equals("['__weakref__', 'slot'], TypeError")) {
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
assert seen == "['slot'], copied"
PYTHON
"$java" --enable-native-access=ALL-UNNAMED -cp "$folder/jars/*" "$folder/Finding.java" "$folder/program.py" \
  "GraalPy $(ls "$folder"/jars/python-language-*.jar | sed 's/.*-\([0-9.]*\)\.jar/\1/')"

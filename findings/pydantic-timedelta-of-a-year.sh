#!/usr/bin/env bash
# pydantic 2.14.3: JSON writes a timedelta of 365 days or more in years, which java.time.Duration refuses.
#
# Guess: timedelta(days=400) is written "P400D", the form that both sides read, since a timedelta has days and seconds
# only.
# Seen: "P1Y35D", with years of 365 days. pydantic reads its own form back; Duration.parse refuses years, which it
# leaves to Period, and Period.parse refuses it as well once there is a time.
#
# It matters to whoever reads a model's JSON in Java: durations below a year work in every test, and the first longer
# one fails. Have the model write seconds (ser_json_timedelta="float"), or let the timedelta itself cross.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pydantic==2.14.3
"$folder/venv/bin/python" - > "$folder/texts" <<'PYTHON'
from datetime import timedelta

from pydantic import TypeAdapter

adapter = TypeAdapter(timedelta)
for value in (timedelta(days=364, seconds=1), timedelta(days=400, seconds=1)):
    text = adapter.dump_json(value).decode().strip('"')
    assert adapter.validate_json(f'"{text}"') == value
    print(text)
PYTHON
cat > "$folder/Read.java" <<'JAVA'
import java.time.Duration;
import java.time.Period;
import java.time.format.DateTimeParseException;

class Read {
  public static void main(String[] texts) {
    for (String text : texts) {
      String duration, period;
      try { duration = Duration.parse(text).toString(); } catch (DateTimeParseException e) { duration = "refused"; }
      try { period = Period.parse(text).toString(); } catch (DateTimeParseException e) { period = "refused"; }
      System.out.println(text + " Duration " + duration + " Period " + period);
    }
  }
}
JAVA
mapfile -t texts < "$folder/texts"
seen=$(java "$folder/Read.java" "${texts[@]}")
printf 'pydantic 2.14.3\n%s\n' "$seen"
wanted='P364DT1S Duration PT8736H1S Period refused
P1Y35DT1S Duration refused Period refused'
[[ $seen == "$wanted" ]] || { echo "changed: this finding is out of date"; exit 1; }

#!/usr/bin/env bash
# pip 26.3: with --python-version, wheels are chosen for that version, and environment markers are still those of the
# Python that runs pip.
#
# Guess: --python-version 3.8 resolves as Python 3.8 would, so that a requirement with the marker
# python_version == "3.8" is installed.
# Seen: that requirement is ignored, and one with the marker of the Python that runs pip is installed, for 3.8.
#
# It matters to whoever fetches packages for a Python in the JVM with another Python's pip: GraalPy 25.0 is a 3.12, so
# that a pip on 3.11 leaves out what packages need from 3.12 on, and adds what only older Pythons need. Resolve by a
# tool that evaluates markers for the target, or set them right within pip.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
python=$folder/venv/bin/python
"$python" -m pip install --quiet --disable-pip-version-check pip==26.3
own=$("$python" -c 'import platform; print(".".join(platform.python_version_tuple()[:2]))')
target=3.8
[ "$own" != "$target" ] || target=3.9

resolved() {
  "$python" -m pip install --disable-pip-version-check --quiet --dry-run --no-deps --report - --target "$folder/none" \
    --only-binary :all: --python-version "$target" "idna==3.10; python_version == '$1'" |
    "$python" -c 'import json, sys; print([each["metadata"]["name"] for each in json.load(sys.stdin)["install"]])'
}

of_target=$(resolved "$target")
of_own=$(resolved "$own")
echo "$("$python" -m pip --version | cut -d' ' -f1,2) on Python $own, --python-version $target"
echo "marker python_version == '$target': $of_target"
echo "marker python_version == '$own': $of_own"
[ "$of_target" = "[]" ] && [ "$of_own" = "['idna']" ] || {
  echo "changed: this finding is out of date"
  exit 1
}

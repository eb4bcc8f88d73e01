"""pydantic-core's own time zone ends the process on GraalPy when a time that has it is written as JSON.

CPython prints both lines. GraalPy 25.0.3 with pydantic-core 2.x prints the first and ends (exit code 139, SIGSEGV).
"""

from __future__ import annotations

import datetime

import pydantic

adapter = pydantic.TypeAdapter(datetime.datetime)
value = adapter.validate_python("2024-02-29T01:02:03Z")
print("utc of the standard library:", adapter.dump_json(value.replace(tzinfo=datetime.timezone.utc)), flush=True)
print("TzInfo of pydantic-core:", adapter.dump_json(value), flush=True)

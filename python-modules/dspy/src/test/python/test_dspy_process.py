"""What DSPy's bridge leaves alone: other libraries, the disk. Needs a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = """
import json, sys
from terrarium.bridge import host
from terrarium.dspy import DspyBridge

bridge = DspyBridge()
bridge.dispatch("ping"), bridge.dispatch("get_stats"), bridge.dispatch("configure", {"cache": True})
before = sorted(name for name in ("dspy", "pydantic") if name in sys.modules)
asked = []

def generate(request):
    asked.append(request)
    return {"text": '{"a": "%d"}' % len(asked), "finish_reason": "stop"}

host.install({
    "model.generate": generate,
    "orjson.dumps": lambda data, flags: json.dumps(data),
    "orjson.loads": lambda text: json.loads(text),
})
call = {"signature": "q -> a", "inputs": {"q": "?"}, "trace": True}
results = [bridge.dispatch("predict", {**call, "options": {"model": model}}) for model in (None, None, "default")]
bridge.dispatch("configure")
results.append(bridge.dispatch("predict", call))
heavy = sorted(name for name in ("litellm", "openai", "numpy", "boto3") if name in sys.modules)
print(json.dumps({"before": before, "results": results, "asked": len(asked), "heavy": heavy}))
"""


def run(home: Path) -> dict[str, Any]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("DSPY_")},
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-c", PROGRAM], env=environment, cwd=home, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_dspy_is_imported_late_alone_and_writes_nothing(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result["before"] == []
    assert result["heavy"] == []
    assert list(tmp_path.rglob("*")) == []
    # The cache, once asked for, answers the second of two equal questions to one model, and only while it is on.
    assert result["asked"] == 3
    assert [each["outputs"]["a"] for each in result["results"]] == ["1", "1", "2", "3"]
    assert result["results"][1]["messages"] == []
    assert result["results"][1]["usage"]["calls"] == 0

#!/usr/bin/env bash
# DSPy 3.4.1: a dspy.File made of a path is refused by DSPy's own client, and the same bytes are sent.
#
# Guess: File.from_path reads a file and sets its media type and name, so a program with it as an input asks the model,
# as a program with File.from_bytes does.
# Seen: with engine="lm15" and model_type="responses" the file of a path ends in an LMUnsupportedFeatureError,
# "DocumentPart has no filename slot", before anything is sent. The file of bytes reaches the service, with a name that
# the client makes up.
#
# It matters to whoever runs DSPy where litellm is not installed, as in a JVM: the constructor that the documentation
# shows first is the one that cannot be used. Make files by File.from_bytes with a mime_type.
#
# Needs Python 3.10 or later with pip.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dspy==3.4.1
"$folder/venv/bin/python" - "$folder/note.pdf" <<'PYTHON'
import http.server
import json
import pathlib
import sys
import threading

import dspy

path = pathlib.Path(sys.argv[1])
path.write_bytes(b"%PDF-1.4\n")
ANSWER = {
    "id": "r1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "model": "m",
    "output": [
        {
            "type": "message",
            "id": "m1",
            "status": "completed",
            "role": "assistant",
            "content": [
                {
                    "type": "output_text",
                    "text": "[[ ## answer ## ]]\nyes\n\n[[ ## completed ## ]]",
                    "annotations": [],
                }
            ],
        }
    ],
    "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2},
}
sent = []


class Service(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        sent.append(self.rfile.read(int(self.headers["content-length"])).decode())
        body = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
lm = dspy.LM(
    "openai/m",
    api_base=f"http://127.0.0.1:{server.server_port}/v1",
    api_key="none",
    engine="lm15",
    model_type="responses",
    num_retries=0,
)
ask = dspy.Predict("document: dspy.File, question -> answer")


def outcome(file):
    before = len(sent)
    try:
        with dspy.context(lm=lm, adapter=dspy.ChatAdapter()):
            answer = ask(document=file, question="Is it a document?").answer
    except dspy.LMUnsupportedFeatureError as error:
        assert "DocumentPart has no filename slot" in str(error), error
        answer = type(error).__name__
    return answer, len(sent) - before


of_path = outcome(dspy.File.from_path(str(path)))
of_bytes = outcome(dspy.File.from_bytes(path.read_bytes(), mime_type="application/pdf"))
print(f"DSPy {dspy.__version__}, of a path: {of_path[0]}, {of_path[1]} requests")
print(f"DSPy {dspy.__version__}, of bytes: {of_bytes[0]}, {of_bytes[1]} requests")
assert of_path == ("LMUnsupportedFeatureError", 0), "changed: this finding is out of date"
assert of_bytes == ("yes", 1), "changed: this finding is out of date"
PYTHON

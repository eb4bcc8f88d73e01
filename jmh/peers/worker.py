"""A process of the pool that Terrarium takes the place of: requests on stdin, replies on stdout.

Each is JSON behind its length in four bytes, big end first: ``{"id", "framework", "command", "args"}`` and
``{"id", "ok", "result"}`` or ``{"id", "ok", "error"}``. It ends when stdin does. With a model's file and a number of
threads as arguments that model answers.
"""

from __future__ import annotations

import json
import struct
import sys

import handlers
import model


def main() -> None:
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what code prints is no reply
    if len(sys.argv) > 1:
        handlers.use(model.load(sys.argv[1], int(sys.argv[2])))
    while header := requests.read(4):
        (size,) = struct.unpack(">I", header)
        request = json.loads(requests.read(size))
        try:
            result = handlers.call(request["framework"], request["command"], request["args"])
            reply = {"id": request["id"], "ok": True, "result": result}
        except Exception as error:
            reply = {"id": request["id"], "ok": False, "error": f"{type(error).__name__}: {error}"}
        body = json.dumps(reply).encode()
        replies.write(struct.pack(">I", len(body)) + body)
        replies.flush()


if __name__ == "__main__":
    main()

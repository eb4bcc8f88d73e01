"""A process of the pool that Terrarium takes the place of: requests on stdin, replies on stdout.

Each is JSON behind its length in four bytes, big end first: ``{"id", "framework", "command", "args"}`` and
``{"id", "ok", "result"}`` or ``{"id", "ok", "error"}``. It ends when stdin does.
"""

from __future__ import annotations

import json
import struct
import sys

import handlers


def main() -> None:
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what code prints is no reply
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

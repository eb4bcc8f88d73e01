"""A server on the official MCP SDK, which speaks streamable HTTP; its port is the first line of its output."""

import os
import socket
import threading

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

server = MCPServer("test")


@server.tool()
def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    return a + b


@server.tool(name="say.hello")
def hello(name: str) -> str:
    """Greet."""
    return f"Hello {name}"


@server.tool()
def fail(reason: str) -> str:
    """Fail."""
    raise ToolError(reason)


@server.tool()
def die() -> str:
    """End the server."""
    os._exit(3)


@server.tool()
def hang() -> str:
    """Wait for ever."""
    threading.Event().wait()
    return "never"


if __name__ == "__main__":
    if os.environ.get("MCP_TRANSPORT") == "http":
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        print(listening.getsockname()[1], flush=True)
        app = server.streamable_http_app()
        uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listening])
    else:
        server.run("stdio")

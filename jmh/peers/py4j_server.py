"""A Python process that Java calls by Py4J. It prints its port and ends when stdin does."""

from __future__ import annotations

import socket
import sys
from array import array

from py4j.clientserver import ClientServer, JavaParameters, PythonParameters

import handlers


class Echo:
    """Texts as they are; floats as bytes, since Py4J would pass a list by reference, item by item."""

    def text(self, v: str) -> str:
        return handlers.echo(v)

    def floats(self, v: bytes) -> bytearray:
        numbers = array("d")
        numbers.frombytes(v)
        return bytearray(handlers.echo(numbers).tobytes())

    class Java:
        implements = ("dev.terrarium.jmh.peer.Py4jProcesses$Echo",)


def main() -> None:
    server = ClientServer(
        java_parameters=JavaParameters(auto_convert=True),
        python_parameters=PythonParameters(port=0),
        python_server_entry_point=Echo(),
    )
    # Connections inherit it. Py4J writes in pieces, and a large text would wait for delayed acknowledgements.
    server.get_callback_server().server_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    print(server.get_callback_server().get_listening_port(), flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()

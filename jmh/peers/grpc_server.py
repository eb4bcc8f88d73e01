"""A gRPC server with the echo. It prints its port and ends when stdin does.

A message is the text in UTF-8, or the floats as eight bytes each: what protobuf makes of a string and of packed
doubles, without the few bytes around them and without generated code.
"""

from __future__ import annotations

import sys
from array import array
from concurrent.futures import ThreadPoolExecutor

import grpc

import handlers

SIZE = 64 << 20


def _floats(message: bytes) -> array[float]:
    numbers = array("d")
    numbers.frombytes(message)
    return numbers


def main() -> None:
    options = [("grpc.max_receive_message_length", SIZE), ("grpc.max_send_message_length", SIZE)]
    server = grpc.server(ThreadPoolExecutor(2), options=options)
    methods = {
        "Text": grpc.unary_unary_rpc_method_handler(
            lambda text, _context: handlers.echo(text), lambda message: message.decode(), lambda text: text.encode()
        ),
        "Floats": grpc.unary_unary_rpc_method_handler(
            lambda numbers, _context: handlers.echo(numbers), _floats, lambda numbers: numbers.tobytes()
        ),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("Echo", methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(None)


if __name__ == "__main__":
    main()

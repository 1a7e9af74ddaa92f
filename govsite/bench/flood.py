"""A WebSocket server in a process of its own that only sends: trades from a file as fast as they are read (`/flood`),
or as many a second as the path says (`/3000`), each with the time of its departure."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # of RFC 6455
CHUNK = 64 * 1024
CLOSE = b"\x88\x02\x03\xe8"
PATIENCE_S = 60.0
TIMED = (
    b'{"stream":"btcusdt@trade","data":{"e":"trade","E":%d,"s":"BTCUSDT","t":%d,"p":"61837.63000000",'
    b'"q":"0.02000000","T":%d,"m":true,"M":true}}'
)


def main(path: str, paced: int) -> None:
    """Serves one connection after the other until it is killed; the port is the first line that it writes."""
    chunks = list(chunked(Path(path).read_bytes().splitlines()))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            connection, _ = listener.accept()
            # a reader that has all it wants may hang up: whoever measures counts what arrived
            with connection, suppress(OSError):
                connection.settimeout(PATIENCE_S)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                serve(connection, chunks, paced)


def serve(connection: socket.socket, chunks: list[bytes], paced: int) -> None:
    path = _shake_hands(connection)
    if path == b"flood":
        for chunk in chunks:
            connection.sendall(chunk)
    else:
        _pace(connection, float(path), paced)
    connection.sendall(CLOSE)
    connection.recv(CHUNK)  # the reader's own goodbye: it comes when everything has been read


def framed(payload: bytes) -> bytes:
    """A text frame as servers send it: final, not masked."""
    size = len(payload)
    if size < 126:
        return b"\x81" + size.to_bytes(1, "big") + payload
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def chunked(payloads: list[bytes]) -> Iterator[bytes]:
    chunk = bytearray()
    for payload in payloads:
        chunk += framed(payload)
        if len(chunk) >= CHUNK:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)


def _pace(connection: socket.socket, rate: float, number: int) -> None:
    begun = time.perf_counter()
    for index in range(number):
        pause = begun + index / rate - time.perf_counter()
        if pause > 0:
            time.sleep(pause)
        now = time.time_ns()
        connection.sendall(framed(TIMED % (now, index, now)))


def _shake_hands(connection: socket.socket) -> bytes:
    """The path that was asked for, without its slash."""
    request = b""
    while b"\r\n\r\n" not in request:
        received = connection.recv(CHUNK)
        if not received:
            raise ConnectionError("the client left in the handshake")
        request += received
    key = re.search(rb"(?i)sec-websocket-key: *(\S+)", request)
    if key is None:
        raise ConnectionError("this is no WebSocket handshake")
    accept = base64.b64encode(hashlib.sha1(key[1] + GUID, usedforsecurity=False).digest())
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    return request.split(b" ", 2)[1].lstrip(b"/")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

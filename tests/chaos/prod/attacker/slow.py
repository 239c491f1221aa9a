"""
Clients that are slow on purpose, for some seconds: usage: slow.py ADDRESS HOST SECONDS

A third sends its headers a byte at a time, a third a body, a third reads an answer so.
Prints how many connections were closed on them, as JSON.
"""

import json
import socket
import ssl
import sys
import threading
import time

CLIENTS = 50
BYTE_EVERY_SECONDS = 1.0
HEADERS = "GET /sign-in/ HTTP/1.1\r\nHost: {host}\r\nX-Slow: "
BODY = (
    "POST /sign-in/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100000\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\n\r\na="
)
READER = "GET /api/schema/ HTTP/1.1\r\nHost: {host}\r\n\r\n"
KINDS = (HEADERS, BODY, READER)


class Client:
    def __init__(self, address: str, host: str, number: int, ends_at: float):
        self._address = address
        self._start = KINDS[number % len(KINDS)]
        self._host = host
        self._ends_at = ends_at
        self.was_closed = False
        self.was_connected = False

    def run(self) -> None:
        try:
            with self._connect() as connection:
                self.was_connected = True
                connection.sendall(self._start.format(host=self._host).encode())
                self._drag_on(connection)
        except OSError:
            self.was_closed = True

    def _connect(self) -> ssl.SSLSocket:
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        plain.settimeout(20)
        plain.connect((self._address, 8443))
        context = ssl._create_unverified_context()  # noqa: S323 - nginx' own certificate
        return context.wrap_socket(plain, server_hostname=self._host)

    def _drag_on(self, connection: ssl.SSLSocket) -> None:
        while time.monotonic() < self._ends_at:
            if self._start == READER:
                if not connection.recv(1):
                    raise OSError
            else:
                connection.sendall(b"a")
            time.sleep(BYTE_EVERY_SECONDS)


def main(address: str, host: str, seconds: str) -> None:
    ends_at = time.monotonic() + float(seconds)
    clients = [Client(address, host, number, ends_at) for number in range(CLIENTS)]
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answer = {
        "clients": CLIENTS,
        "connected": sum(client.was_connected for client in clients),
        "closed": sum(client.was_closed for client in clients),
    }
    sys.stdout.write(json.dumps(answer) + "\n")


main(*sys.argv[1:])

"""A TCP proxy that cuts the line at the n-th COMMIT: before the server hears of it, or before the client hears back.

MariaDB sends the word in a command packet (``\\x03COMMIT``), PostgreSQL in a simple query (``COMMIT\\0``).
"""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress
from typing import Literal

COMMIT = re.compile(rb"\x03COMMIT|COMMIT\x00")


class CuttingProxy:
    """Forwards to ``port``; counts COMMITs in ``seen``; cuts the ``cut_at``-th (from 1), once."""

    def __init__(self, port: int, cut_at: int = 0, when: Literal["before", "after"] = "before") -> None:
        self.target, self.cut_at, self.when, self.seen = port, cut_at, when, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more lines."""
        with suppress(OSError):
            self.listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                cut = threading.Event()
                for source, sink, outward in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._pump, args=(source, sink, outward, cut), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, outward: bool, cut: threading.Event) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                if outward and COMMIT.search(data):
                    self.seen += 1
                    if self.seen == self.cut_at:
                        cut.set()
                        if self.when == "before":
                            break
                elif not outward and cut.is_set():
                    break  # the server has answered; the client never hears it
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

"""What the model process and its clients say to each other: a JSON header and raw arrays, with lengths. Nothing is ever unpickled."""

import contextlib
import json
import math
import socket
import struct
import threading
import time
from typing import Any

import numpy as np

Message = dict[str, Any]

_LENGTH = struct.Struct(">I")
_MOST_HEADER = 16 << 20
_MOST_ARRAY = 256 << 20
_TYPES = {"<f4", "|u1"}


class Closed(Exception):
    """The other side is gone, or says what cannot be understood."""


class Late(Exception):
    """The other side has not answered in time."""


class Line:
    """One end of a connection. For one thread at a time, but for tell_end()."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._sending = threading.Lock()

    def send(self, header: Message, arrays: list[np.ndarray] | None = None) -> None:
        """Raises Closed."""
        arrays = [np.ascontiguousarray(each) for each in arrays or []]
        body = json.dumps({**header, "arrays": [[each.dtype.str, each.shape] for each in arrays]}).encode("ascii")
        with self._sending:
            try:
                self.socket.settimeout(None)
                self.socket.sendall(b"".join([_LENGTH.pack(len(body)), body, *(each.tobytes() for each in arrays)]))
            except OSError as problem:
                raise Closed(str(problem)) from problem

    def receive(self, deadline: float | None = None) -> tuple[Message, list[np.ndarray]]:
        """The next message. deadline: on time.monotonic()'s clock. Raises Closed and Late."""
        (length,) = _LENGTH.unpack(self._take(_LENGTH.size, deadline))
        if length > _MOST_HEADER:
            raise Closed("a header is too long")
        try:
            header = json.loads(self._take(length, deadline))
            shapes = [_checked(*each) for each in header.pop("arrays")]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
            raise Closed("a header is not understood") from problem
        arrays = []
        for dtype, shape in shapes:
            size = math.prod(shape) * dtype.itemsize
            arrays.append(np.frombuffer(self._take(size, deadline), dtype).reshape(shape))
        return header, arrays

    def tell_end(self) -> None:
        """Say that this side ends, if that can be said at once. From any thread; nothing can be sent afterwards."""
        if self._sending.acquire(timeout=0.2):
            body = b'{"ended": true, "arrays": []}'
            with contextlib.suppress(OSError):
                self.socket.settimeout(0.2)
                self.socket.sendall(_LENGTH.pack(len(body)) + body)

    def close(self) -> None:
        self.socket.close()

    def _take(self, count: int, deadline: float | None) -> bytes:
        taken = bytearray()
        while len(taken) < count:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise Late
            try:
                self.socket.settimeout(left)
                part = self.socket.recv(min(count - len(taken), 1 << 20))
            except TimeoutError:
                raise Late from None
            except OSError as problem:
                raise Closed(str(problem)) from problem
            if not part:
                raise Closed("the other side is gone")
            taken += part
        return bytes(taken)


def _checked(kind: str, shape: list[int]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Raises ValueError and TypeError for an array that nobody would send."""
    if kind not in _TYPES or not all(type(each) is int and each >= 0 for each in shape):
        raise ValueError(kind)
    if math.prod(shape) * np.dtype(kind).itemsize > _MOST_ARRAY:
        raise ValueError("too large")
    return np.dtype(kind), tuple(shape)

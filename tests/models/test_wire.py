"""What the model process and its clients say to each other."""

import contextlib
import socket
import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.wire import Closed, Late, Line


@pytest.fixture
def lines() -> Iterator[tuple[Line, Line]]:
    here, there = (Line(each) for each in socket.socketpair(socket.AF_UNIX))
    yield here, there
    here.close()
    there.close()


def test_a_message_arrives_as_it_was_sent(lines: tuple[Line, Line]) -> None:
    here, there = lines
    arrays = [np.arange(6, dtype=np.float32).reshape(2, 3), np.zeros((0, 4), np.float32), np.ones((1, 1, 3), np.uint8)]
    here.send({"ask": "see", "names": ["Müller", "\udcff"]}, arrays)
    header, received = there.receive()
    assert header == {"ask": "see", "names": ["Müller", "\udcff"]}
    assert all(
        np.array_equal(one, other) and one.shape == other.shape for one, other in zip(arrays, received, strict=True)
    )


def test_waiting_has_an_end(lines: tuple[Line, Line]) -> None:
    here, there = lines
    with pytest.raises(Late):
        there.receive(time.monotonic() + 0.01)
    here.send({"ask": "now"})
    assert there.receive(time.monotonic() + 60)[0] == {"ask": "now"}


def test_the_other_side_may_go_at_any_moment(lines: tuple[Line, Line]) -> None:
    here, there = lines
    here.socket.sendall(b"\0\0\0\x10{")
    here.close()
    with pytest.raises(Closed):
        there.receive()


@given(st.binary(max_size=200))
def test_nothing_that_is_said_does_more_than_end_the_conversation(said: bytes) -> None:
    here, there = (Line(each) for each in socket.socketpair(socket.AF_UNIX))
    here.socket.sendall(said)
    here.close()
    with contextlib.closing(there), pytest.raises(Closed):
        list(iter(there.receive, None))


STRANGE = (b"[]", b"{}", b"[" * 9999, b'{"arrays": 1}', *(
    b'{"arrays": [[%b, [%b]]]}' % each
    for each in [(b'"O"', b"1"), (b'"<f4"', b"-1"), (b'"<f4"', b'"a"'), (b'"<f4"', b"99999999999"), (b"[]", b"1")]
))  # fmt: skip


@pytest.mark.parametrize("header", STRANGE)
def test_strange_headers_are_not_believed(lines: tuple[Line, Line], header: bytes) -> None:
    here, there = lines
    here.socket.sendall(len(header).to_bytes(4, "big") + header)
    with pytest.raises(Closed):
        there.receive()

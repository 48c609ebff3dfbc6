"""Files that come without their length: whole ones are known, cut ones never pass for whole."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from photolib import endings


def drawn(kind: str) -> bytes:
    target = io.BytesIO()
    Image.effect_noise((64, 48), 60).convert("RGB").save(target, kind)
    return target.getvalue()


# A picture's embedded thumbnail has an end of its own, long before the picture's.
THUMBNAIL = drawn("JPEG")
JPEG = drawn("JPEG")[:2] + b"\xff\xe1" + (len(THUMBNAIL) + 2).to_bytes(2, "big") + THUMBNAIL + drawn("JPEG")[2:]
WHOLE = {"jpeg": JPEG, "png": drawn("PNG"), "webp": drawn("WEBP"), "gif": drawn("GIF"), "avif": drawn("AVIF")}


@pytest.mark.parametrize("kind", WHOLE)
def test_a_whole_file_is_known_to_be_whole(kind: str) -> None:
    file = io.BytesIO(WHOLE[kind])
    assert endings.is_whole(file, len(WHOLE[kind]))
    assert file.tell() == 0


@given(kind=st.sampled_from(sorted(WHOLE)), share=st.floats(0, 1, exclude_max=True))
def test_a_file_that_was_cut_is_never_taken_for_a_whole_one(kind: str, share: float) -> None:
    cut = WHOLE[kind][: int(len(WHOLE[kind]) * share)]
    assert not endings.is_whole(io.BytesIO(cut), len(cut))


@given(st.binary(max_size=200))
def test_any_bytes_are_judged_without_a_problem(body: bytes) -> None:
    for start in (b"", b"\xff\xd8\xff", b"\0\0\0\x18ftypheic", b"\0\0\0\x01ftypmp42"):
        endings.is_whole(io.BytesIO(start + body), len(start + body))


def test_real_files_of_phones_are_known_to_be_whole(shared_photos: Path) -> None:
    for name in ("live_photo/train.jpg", "live_photo/train.mov", "video/video.mp4", "gps/DSCN0010.jpg"):
        path = shared_photos / name
        with path.open("rb") as file:
            size = path.stat().st_size
            assert endings.is_whole(file, size), name
            cut = io.BytesIO(path.read_bytes()[: size // 2])
            assert not endings.is_whole(cut, size // 2), name

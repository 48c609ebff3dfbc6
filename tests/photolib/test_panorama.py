import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photolib import catalog
from photolib.metadata import embedded, panorama

WHOLE = {"left": 0, "top": 0, "width": 1, "height": 1, "heading": 0}


def said(**fields: object) -> dict[str, str | None]:
    return {"ProjectionType": "equirectangular", **{name: str(value) for name, value in fields.items()}}


def part_of(left: int, top: int, width: int, height: int) -> dict[str, str | None]:
    return said(
        FullPanoWidthPixels=8000, FullPanoHeightPixels=4000, CroppedAreaLeftPixels=left, CroppedAreaTopPixels=top,
        CroppedAreaImageWidthPixels=width, CroppedAreaImageHeightPixels=height,
    )  # fmt: skip


def test_a_real_sphere_is_known_though_it_has_been_made_smaller(shared_photos: Path) -> None:
    assert embedded.read(shared_photos / "pano" / "panorama360.jpg", "jpeg")["panorama"] == WHOLE


def test_a_part_of_a_sphere_says_which() -> None:
    part = panorama.stated(part_of(2000, 1000, 4000, 2000))
    assert part == {"left": 0.25, "top": 0.25, "width": 0.5, "height": 0.5, "heading": 0}
    assert panorama.settled(part, None, None, 4000, 2000) == part


def test_what_contradicts_itself_or_was_cut_since_stays_flat() -> None:
    assert panorama.stated(part_of(6000, 0, 4000, 4000)) is None
    assert panorama.stated(part_of(0, 0, 8000, 1)) is None
    assert panorama.settled(panorama.stated(part_of(0, 0, 8000, 4000)), None, None, 3000, 2000) is None
    assert panorama.stated({"ProjectionType": "cylindrical"}) is None
    assert panorama.stated(said(UsePanoramaViewer="False")) is None


def test_the_first_look_goes_where_the_camera_says() -> None:
    found = panorama.stated(said(PoseHeadingDegrees=350, InitialViewHeadingDegrees=20))
    assert found is not None
    assert found["heading"] == 30


@pytest.mark.parametrize(
    ("make", "model", "size", "is_sphere"),
    [
        ("Ricoh", "RICOH THETA V", (5376, 2688), True),
        ("Samsung", "SM-C200", (7776, 3888), True),
        ("Arashi Vision", "Insta360 X3", (11968, 5984), True),
        ("Ricoh", "RICOH THETA V", (4000, 3000), False),
        ("Canon", "EOS R5", (8000, 4000), False),
    ],
)
def test_a_sphere_camera_is_known_without_its_notes(
    make: str, model: str, size: tuple[int, int], is_sphere: bool
) -> None:
    assert (panorama.settled(None, make, model, *size) is not None) == is_sphere


@given(st.dictionaries(st.sampled_from([*part_of(0, 0, 0, 0), "PoseHeadingDegrees"]), st.text(max_size=12)))
def test_garbage_never_leaves_the_sphere(fields: dict[str, str]) -> None:
    part = panorama.stated({"ProjectionType": "equirectangular", **fields})
    if part is not None:
        assert all(0 <= part[name] <= 1 + panorama.ASKEW for name in ("left", "top", "width", "height"))
        assert panorama.settled(part, None, None, 4000, 2000) in (part, None)


def test_the_catalog_keeps_it(library, import_folder, tmp_path: Path, shared_photos: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "around.jpg").write_bytes((shared_photos / "pano" / "panorama360.jpg").read_bytes())
    import_folder(tmp_path / "in")
    kept = library.db.conn.execute("select photo_id, panorama from details").fetchone()
    assert json.loads(kept[1]) == WHOLE
    assert catalog.photo(library.db, kept[0]).panorama == WHOLE

"""The derived sizes of a photo: their recipe, their names, and which form a browser gets.

What makes them runs in the decode child and meets the bytes; names and negotiation serve the web app and import no codec.
Variants are never precious: they can be deleted and are made again.
"""

import base64
import io
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photolib.errors import BadInput, NotFound

if TYPE_CHECKING:
    from PIL import Image

RECIPE = 1  # counts up when variants made earlier should be made again

SIZES = {"thumb": 200, "medium": 800, "large": 2048}  # pixels on the longest edge, never more than the original has
LADDER = (320, 480, 640, 1280, 1600, 4096)  # other longest edges, made when somebody asks

WHOLE = "whole.jpg"
WHOLE_QUALITY = 92

# What is kept of every photo. Measured on 150 photos, ms and kB each: 200 px: WebP 2.5 and 4.7, JPEG 0.15 and 7.0, AVIF 2.1
# and 3.8; 800 px: JPEG 0.9 and 64, WebP 7 and 54, AVIF 17 and 37. A first screen of 50 thumbs has to fit 350 kB, and the
# larger ones are looked at one by one, so there the cheap form wins.
KEPT = {"thumb": "webp", "medium": "jpeg", "large": "jpeg"}


@dataclass(frozen=True)
class Form:
    """A way to store a variant, with the options its encoder gets."""

    media_type: str
    extension: str
    pillow: str
    options: dict[str, Any]


FORMS = {  # the best for its bytes first: the order decides between forms a client likes equally
    "avif": Form("image/avif", "avif", "AVIF", {"quality": 60, "speed": 10, "max_threads": 1}),
    "webp": Form("image/webp", "webp", "WEBP", {"quality": 75, "method": 4}),
    "jpeg": Form("image/jpeg", "jpg", "JPEG", {"quality": 82}),
}

# What messengers show of an address (https://ogp.me): the size that most of them show whole.
CARD, CARD_SIZE = "card.jpg", (1200, 630)

_PLACEHOLDER_EDGE = 16
_OLD_DRAFT_SECONDS = 3600
_RIFF = b"RIFF%sWEBPVP8 %s"


def folder(root: Path, key: str) -> Path:
    """Where the variants of an original lie."""
    if not re.fullmatch("[0-9a-f]{64}", key):
        raise NotFound("There is no such photo.")
    return root / key[:2] / key[2:4] / key


def path(root: Path, key: str, size: str | int, form: str) -> Path:
    """Where one variant lies, made or not: size is a name in SIZES or an edge in LADDER, form a name in FORMS."""
    return folder(root, key) / file_name(size, form)


def file_name(size: str | int, form: str) -> str:
    """Raises BadInput for a size or form that is not made here."""
    edge_of(size)
    if form not in FORMS:
        raise BadInput(f"There is no form {form!r} of a photo. There are: {', '.join(FORMS)}.")
    return f"{size}.{FORMS[form].extension}"


def whole_path(root: Path, key: str) -> Path:
    """Where a picture in its full size lies, as a JPEG: made for those who may have it, but not the original itself."""
    return folder(root, key) / WHOLE


def edge_of(size: str | int) -> int:
    """The longest edge in pixels of a size. Raises BadInput for one that is not made here."""
    if size in SIZES:
        return SIZES[str(size)]
    if str(size) in map(str, LADDER):
        return int(size)
    known = ", ".join((*SIZES, *map(str, LADDER)))
    raise BadInput(f"There is no size {size!r}. There are: {known}.")


def negotiate(accept: str | None, size: str | int) -> str:
    """The form to answer a request with, by its Accept header.

    The form that is kept anyway wins when the client takes it at all; else the one it likes best. A client that takes none
    of them gets JPEG: an image is worth more to it than an error.
    """
    kept = KEPT.get(str(size))
    if not accept or not accept.strip():
        return kept or "jpeg"
    likes = {name: _quality(accept, form.media_type) for name, form in FORMS.items()}
    if kept and likes[kept] > 0:
        return kept
    best = max(likes, key=lambda name: likes[name])
    return best if likes[best] > 0 else "jpeg"


def placeholder_uri(stored: bytes) -> str:
    """A stored placeholder as a data: address for an <img>, or an empty text when there is none.

    Stored is only the VP8 frame of a WebP file; the 20 bytes before it are the same for all but for two lengths.
    """
    if not stored:
        return ""
    body = b"VP8 " + len(stored).to_bytes(4, "little") + stored + b"\0" * (len(stored) % 2)
    whole = b"RIFF" + (4 + len(body)).to_bytes(4, "little") + b"WEBP" + body
    return "data:image/webp;base64," + base64.b64encode(whole).decode("ascii")


def make(source: Path, format_name: str, into: Path, max_pixels: int) -> dict[str, Any]:
    """Decode once and write thumb, medium and large into a folder, each complete or not at all.

    Returns width and height of large, the placeholder in base64, notes, the recipe and the bytes of each file. Raises
    UnreadablePhoto when the picture cannot be shown; OSError with an errno when the disk is at fault.
    """
    from photolib.decode import picture, pixels

    read = picture.read(source, format_name, max_pixels)
    image = read.image
    width, height = image.size
    into.mkdir(parents=True, exist_ok=True)
    _remove_old_drafts(into)
    sizes = {}
    encoded: dict[tuple[tuple[int, int], str], bytes] = {}
    for size in ("large", "medium", "thumb"):
        image = pixels.shrink(image, SIZES[size])
        recipe = image.size, KEPT[size]
        if recipe not in encoded:  # the sizes of a small picture are all the same
            encoded[recipe] = _encode(image, KEPT[size])
        _put(into / file_name(size, KEPT[size]), encoded[recipe])
        sizes[size] = len(encoded[recipe])
    return {
        "width": width,
        "height": height,
        "placeholder": base64.b64encode(_placeholder(image)).decode("ascii"),
        "notes": read.notes,
        "recipe": RECIPE,
        "bytes": sizes,
    }


def make_whole(source: Path, format_name: str, into: Path, max_pixels: int) -> dict[str, Any]:
    """Decode all pixels and write them as WHOLE into a folder. Raises as make does."""
    from photolib.decode import picture

    image = picture.read(source, format_name, max_pixels, is_whole=True).image
    into.mkdir(parents=True, exist_ok=True)
    _load_plugins()
    data = io.BytesIO()
    image.save(data, "JPEG", quality=WHOLE_QUALITY)
    _put(into / WHOLE, data.getvalue())
    return {"width": image.width, "height": image.height, "name": WHOLE, "bytes": data.tell()}


def card_path(root: Path, key: str) -> Path:
    """Where the picture lies that messengers show of an address."""
    return folder(root, key) / CARD


def make_card(into: Path) -> dict[str, Any]:
    """The middle of a picture in the shape of a card, made of what is kept in a photo's folder. Raises NotFound when nothing is kept."""
    from PIL import Image, ImageOps

    source = next((each for each in ("large", "medium") if (into / file_name(each, KEPT[each])).is_file()), None)
    if source is None:
        raise NotFound("The sizes of this photo have not been made yet.")
    _load_plugins()
    kind = [FORMS[KEPT[source]].pillow]
    with open(into / file_name(source, KEPT[source]), "rb") as file, Image.open(file, formats=kind) as image:
        image.draft(None, CARD_SIZE)
        image.load()
        image.info = {}
        card = ImageOps.fit(image.convert("RGB"), CARD_SIZE, Image.Resampling.LANCZOS, centering=(0.5, 0.4))
    data = _encode(card, "jpeg")
    _put(into / CARD, data)
    return {"name": CARD, "bytes": len(data)}


def render(into: Path, size: str | int, form: str) -> dict[str, Any]:
    """Make one more size or form from what is kept in a photo's folder.

    The source is the smallest kept size that is larger than what is wanted, so that its compression does not show. Raises
    NotFound when nothing is kept there.
    """
    from PIL import Image

    from photolib.decode import pixels

    name, edge = file_name(size, form), edge_of(size)
    there = [each for each in SIZES if (into / file_name(each, KEPT[each])).is_file()]
    if not there:
        raise NotFound("The sizes of this photo have not been made yet.")
    source = next((each for each in there if SIZES[each] > edge), there[-1])
    _load_plugins()
    kind = [FORMS[KEPT[source]].pillow]
    with open(into / file_name(source, KEPT[source]), "rb") as file, Image.open(file, formats=kind) as image:
        image.draft(None, (edge, edge))
        image.load()
        image.info = {}
        small = pixels.shrink(image, edge)
    data = _encode(small, form)
    _put(into / name, data)
    return {"width": small.width, "height": small.height, "name": name, "bytes": len(data)}


def _quality(accept: str, media_type: str) -> float:
    """How much a client likes a media type, 0 to 1: the most specific range that fits it decides (RFC 9110, 12.5.1)."""
    best, specific = 0.0, -1
    for each in accept.lower().split(","):
        wanted, *parameters = (part.strip() for part in each.split(";"))
        rank = {media_type: 2, f"{media_type.split('/')[0]}/*": 1, "*/*": 0}.get(wanted, -1)
        if rank > specific:
            best, specific = _weight(parameters), rank
    return best


def _weight(parameters: list[str]) -> float:
    for each in parameters:
        if re.fullmatch(r"q\s*=\s*(0(\.\d{0,3})?|1(\.0{0,3})?)", each):
            return float(each.split("=")[1])
    return 1.0


def _load_plugins() -> None:
    """Pillow, asked for a form it has not met, would otherwise import all it has."""
    from PIL import AvifImagePlugin, JpegImagePlugin, WebPImagePlugin  # noqa: F401


def _encode(image: "Image.Image", form: str) -> bytes:
    _load_plugins()
    data = io.BytesIO()
    image.save(data, FORMS[form].pillow, **FORMS[form].options)
    return data.getvalue()


def _placeholder(image: "Image.Image") -> bytes:
    from PIL import Image

    tiny = image.convert("RGB")
    tiny.thumbnail((_PLACEHOLDER_EDGE, _PLACEHOLDER_EDGE), Image.Resampling.BOX)
    data = io.BytesIO()
    tiny.save(data, "WEBP", quality=20, method=4)  # 50 to 75 bytes; lower, the colours go wrong
    whole = data.getvalue()
    return whole[20 : 20 + int.from_bytes(whole[16:20], "little")]


def _put(home: Path, data: bytes) -> None:
    """A draft, then a rename: nobody ever sees half a variant. Not flushed to the disk, it can be made again."""
    draft = home.with_name(f".{home.name}.{os.getpid()}")
    try:
        draft.write_bytes(data)
        os.replace(draft, home)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _remove_old_drafts(into: Path) -> None:
    """What a process left behind that was killed between a draft and its rename."""
    for each in into.glob(".*"):
        try:
            if time.time() - each.stat().st_mtime > _OLD_DRAFT_SECONDS:
                each.unlink()
        except FileNotFoundError:
            continue

"""Google Takeout: what its JSON files say, and which of them belongs to which picture.

Nothing here touches a disk: bytes and names in, facts out. The naming rules were learned from real exports; they are
Google's, change without notice and lose information, so the matching prefers no sidecar to the sidecar of another photo.
"""

import json
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from photolib.errors import BadInput
from photolib.said import Said

MAX_BYTES = 1 << 20  # real sidecars are 1-2 kB
_MAX_TEXT = 20_000
_MAX_NAME = 500
_MAX_PEOPLE = 200

# The years 1 and 9999, a day inside, so that no time zone can carry the time past what datetime holds.
_EARLIEST = -62_135_596_800 + 86_400
_LATEST = 253_402_300_799 - 86_400


# --- what a JSON file says


def read_takeout(body: bytes) -> dict[str, Any]:
    """What the JSON beside a photo says about it.

    Keys: taken_utc (seconds since 1970, or None), latitude, longitude (degrees), altitude (m): what the owner or Google
    settled on; camera_position: what Google read in the file, or None; title, description, people, is_favourite,
    is_archived, is_trashed, and notes: a sentence for each field that was there but unusable.
    The title is the name the photo once had, as its owner wrote it: text to show, never a path.
    Raises BadInput when this is not the JSON of a photo.
    """
    fields = _parse(body)
    if not _describes_a_photo(fields):
        raise BadInput("This JSON file is not about a photo in a Google Takeout.")
    notes: list[str] = []
    camera = _position(fields, "geoDataExif", notes)
    latitude, longitude, altitude = _position(fields, "geoData", notes)
    if latitude is None:
        latitude, longitude, altitude = camera
    return {
        "taken_utc": _time(fields, notes),
        "latitude": latitude,
        "longitude": longitude,
        "altitude": altitude,
        "camera_position": camera[:2] if camera[0] is not None else None,
        "title": _text(fields, "title", _MAX_NAME, notes),
        "description": _text(fields, "description", _MAX_TEXT, notes),
        "people": _people(fields, notes),
        "is_favourite": _flag(fields, "favorited", notes),
        # The locked folder is the stronger wish for the same thing: not among the others.
        "is_archived": _flag(fields, "archived", notes) or _flag(fields, "inLockedFolder", notes),
        "is_trashed": _flag(fields, "trashed", notes),
        "notes": notes,
    }


def title_of(body: bytes) -> str | None:
    """The title in a photo's JSON, for match_sidecars; None when there is none or it is no such JSON."""
    try:
        return read_takeout(body)["title"]
    except BadInput:
        return None


def is_trashed(body: bytes) -> bool:
    """Whether the photo lay in Google's trash when it was exported."""
    try:
        return read_takeout(body)["is_trashed"]
    except BadInput:
        return False


def read_album(body: bytes) -> dict[str, str] | None:
    """Title and description of the album whose folder this JSON describes; None when it describes no album.

    The file is called metadata.json, métadonnées.json, Metadaten.json ..., so only its content can tell. The title is
    empty for an album nobody has named.
    """
    try:
        fields = _parse(body)
    except BadInput:
        return None
    if _describes_a_photo(fields):
        return None
    if isinstance(fields.get("albumData"), dict):  # exports until about 2020
        fields = fields["albumData"]
    if not isinstance(fields.get("title"), str):
        return None
    if not isinstance(fields.get("date"), dict) and not isinstance(fields.get("access"), str):
        return None
    notes: list[str] = []
    return {
        "title": _text(fields, "title", _MAX_NAME, notes) or "",
        "description": _text(fields, "description", _MAX_TEXT, notes) or "",
    }


def album_title(folder: str, album: Mapping[str, str] | None) -> str | None:
    """The name of the album a Takeout folder stands for, or None when it stands for none.

    `folder` is the last part of its path, `album` what read_album said about a JSON inside, if anything did. Folders
    that only collect a year or a day are no albums, nor is "Untitled(1)" without a word from its owner.
    """
    if album is None or is_year_folder(folder) or re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}( #[0-9]+)?", folder):
        return None
    return album["title"] or None


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PHOTO_WORDS = _words(
    "photos photo fotos foto foto's fotografie fotografii fotografije fotografías fotografies fotografias fotky foton"
    " fotoğraflar fotók billeder bilder kuvat kuvia valokuvat zdjęcia zdjęcie nuotraukos fotod attēli slike снимки фото"
    " фотографии фотографії фотографије φωτογραφίες תמונות صور ảnh รูปภาพจากปี รูปภาพ"
)
_LINK_WORDS = _words(
    "from of von aus de du del della dal da des do dos di uit van z ze roku rok år från fra frå vuodelta vuoden iz"
    " godine din anul yılından yılı den từ năm dari tahun за г год года рік року р із з от од από το του מ من عام سنة"
)
_YEAR_PHRASES = _words("年の写真 年写真 年的照片 年的相片 年照片 年相片 년의사진 년사진")


def is_year_folder(folder: str) -> bool:
    """Whether the folder is one of those Takeout makes for each year, "Photos from 2023", in whatever language."""
    folder = unicodedata.normalize("NFC", folder).replace("’", "'")
    years = re.findall(r"(?<![0-9])(?:18|19|20|21)[0-9]{2}(?![0-9])", folder)
    if len(years) != 1:
        return False
    rest = folder.replace(years[0], " ").casefold()
    if re.sub(r"\s", "", rest) in _YEAR_PHRASES:
        return True
    words = re.findall(r"[^\W\d_](?:[\w']|[^\x00-\x7f])*", rest)
    return bool(words) and any(w in _PHOTO_WORDS for w in words) and all(w in _PHOTO_WORDS | _LINK_WORDS for w in words)


def _parse(body: bytes) -> dict[str, Any]:
    if len(body) > MAX_BYTES:
        raise BadInput("This JSON file is far larger than any sidecar and was not read.")
    try:
        fields = json.loads(body)
    except RecursionError:
        raise BadInput("This JSON file is nested too deeply and was not read.") from None
    except ValueError as problem:  # also bytes that are no text, and numbers of thousands of digits
        raise BadInput("This JSON file is cut off or damaged.") from problem
    if not isinstance(fields, dict):
        raise BadInput("This JSON file is not about a photo in a Google Takeout.")
    return fields


def _describes_a_photo(fields: Mapping[str, Any]) -> bool:
    if "photoTakenTime" in fields:
        return True
    return "title" in fields and any(
        k in fields for k in ("creationTime", "geoDataExif", "googlePhotosOrigin", "imageViews")
    )


def _time(fields: Mapping[str, Any], notes: list[str]) -> int | float | None:
    taken = fields.get("photoTakenTime")
    stamp = taken.get("timestamp") if isinstance(taken, dict) else None
    if stamp is None:
        if taken is not None:
            notes.append(Said("The sidecar's time could not be read."))
        return None
    seconds = _number(stamp)
    if seconds is None:
        notes.append(Said("The sidecar's time is no number."))
    elif seconds == 0:
        notes.append(Said("The sidecar's time is zero, which means unknown."))
    elif not _EARLIEST <= seconds <= _LATEST:
        notes.append(Said("The sidecar's time lies outside the calendar."))
    else:
        return int(seconds) if seconds == int(seconds) else seconds
    return None


def _position(fields: Mapping[str, Any], key: str, notes: list[str]) -> tuple[float | None, float | None, float | None]:
    """One of the JSON's positions, in degrees and metres; zeros mean there is none."""
    geo = fields.get(key)
    if geo is None:
        return None, None, None
    if not isinstance(geo, dict):
        notes.append(Said("The sidecar's position could not be read."))
        return None, None, None
    latitude, longitude = _number(geo.get("latitude")), _number(geo.get("longitude"))
    if latitude is None or longitude is None:
        notes.append(Said("The sidecar's position is no pair of numbers."))
        return None, None, None
    if latitude == 0 and longitude == 0:
        return None, None, None
    if abs(latitude) > 90 or abs(longitude) > 180:
        notes.append(Said("The sidecar's position is not on the globe."))
        return None, None, None
    altitude = _number(geo.get("altitude"))
    if altitude is not None and not -12_000 <= altitude <= 100_000:
        notes.append(Said("The sidecar's altitude is impossible."))
        altitude = None
    return float(latitude), float(longitude), float(altitude) if altitude else None


def _people(fields: Mapping[str, Any], notes: list[str]) -> list[str]:
    entries = fields.get("people", [])
    if not isinstance(entries, list):
        notes.append(Said("The sidecar's list of people could not be read."))
        return []
    names: dict[str, None] = {}  # a set that keeps the order
    for entry in entries[:_MAX_PEOPLE]:
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str):
            notes.append(Said("A person in the sidecar has no name that could be read."))
        elif name := _clean(name)[:_MAX_NAME]:
            names[name] = None
    if len(entries) > _MAX_PEOPLE:
        notes.append(Said("The sidecar names more than %(most)s people; the rest was left out.", most=_MAX_PEOPLE))
    return list(names)


def _text(fields: Mapping[str, Any], key: str, limit: int, notes: list[str]) -> str | None:
    value = fields.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        notes.append(Said("The sidecar's %(name)s is no text.", name=key))
        return None
    value = _clean(value)
    if len(value) > limit:
        notes.append(Said("The sidecar's %(name)s was cut after %(limit)s characters.", name=key, limit=limit))
    return value[:limit] or None


def _flag(fields: Mapping[str, Any], key: str, notes: list[str]) -> bool:
    value = fields.get(key, False)
    if not isinstance(value, bool):
        notes.append(Said('The sidecar\'s "%(name)s" is neither yes nor no.', name=key))
        return False
    return value


def _number(value: object) -> int | float | None:
    """The finite number a JSON value holds, also as text; None for everything else, booleans included."""
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,30}(\.[0-9]{0,30})?\s*", value, re.ASCII):
        value = float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if abs(value) < 1e30 else None


def _clean(text: str) -> str:
    """The text without what no database or page can hold: halves of surrogate pairs and control characters."""
    return re.sub(r"[\ud800-\udfff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "\ufffd", text).strip()


# --- which JSON file belongs to which photo
#
# Google's rules, as far as they are known. Lengths count UTF-16 units.
# - A sidecar is called after the photo's title: title, since 2024 + ".supplemental-metadata", cut to 46, + ".json".
#   Some recent exports do not cut.
# - A photo's own file name is its title cut to 51, the extension kept.
# - What neither name may hold (/ : " & ...) becomes "_".
# - Of several with the same name the later ones get a number: IMG(1).jpg, with IMG.jpg(1).json or
#   IMG.jpg.supplemental-metadata(1).json. Photos and sidecars are numbered in the same order, each by its own name:
#   two long titles may differ in the photo's 51 units and be the same in the sidecar's 46.
# - Edited pictures and the video halves of live and motion photos have no sidecar of their own.

_CUT = 46
_MEDIA_CUT = 51
_SUPPLEMENT = ".supplemental-metadata"

_PICTURES = _words(
    ".jpg .jpeg .jpe .heic .heif .hif .png .webp .gif .avif .jxl .bmp .tif .tiff"
    " .dng .cr2 .cr3 .nef .arw .raf .orf .rw2 .raw"
)
_VIDEOS = _words(".mp4 .mov .m4v .3gp .avi .mkv .webm .mpg .mpeg .mts .m2ts")
_KNOWN = _PICTURES | _VIDEOS
_MOTION = re.compile(r".*\.(?:mp|mv)(?:~[0-9]+)?", re.IGNORECASE | re.DOTALL)

# What Google appends to the name of an edited copy, in the language of the account, and to some of its own creations.
# A word too many does no harm: it only counts where the original is known and the copy has no sidecar itself.
_EDITED = (
    "-edited",
    "-bearbeitet",
    "-modifié",
    "-editado",
    "-ha editado",
    "-editada",
    "-editat",
    "-modificato",
    "-modificata",
    "-bewerkt",
    "-redigerad",
    "-redigeret",
    "-redigert",
    "-muokattu",
    "-edytowane",
    "-upraveno",
    "-upravené",
    "-szerkesztett",
    "-uređeno",
    "-düzenlendi",
    "-редактирано",
    "-измененный",
    "-изменено",
    "-отредактировано",
    "-відредаговано",
    "-επεξεργασμένο",
    "-נערך",
    "-معدّل",
    "-編集済み",
    "-已修改",
    "-已编辑",
    "-已編輯",
    "-编辑",
    "-수정됨",
    "-편집됨",
    "-đã chỉnh sửa",
    "-diedit",
    "-effects",
    "-smile",
    "-mix",
)
_EDITED_BEGINNINGS = frozenset(word[:n] for word in _EDITED for n in range(3, len(word)))


def match_sidecars(media: Iterable[str], sidecars: Iterable[str] | Mapping[str, str | None]) -> dict[str, str]:
    """For each photo or video of one folder the name of the JSON file that describes it, where one surely does.

    `media` and `sidecars` are the file names of one folder, from all parts of the export taken together: half a
    folder can mislead. `sidecars` should hold only JSON files that read_takeout accepts. Pass {name: title} where the
    titles inside are known: with them, photos are told apart whose long names Google cut to the same letters; without
    them such photos get no sidecar. Several files may share one, as an edited copy does with its original.
    """
    return _Folder(media, sidecars).match()


_Shape = tuple[str, str]  # base and extension of a photo's file name, as far as its title settles them
_Namesake = tuple[_Shape, int]  # and which of several photos of that name


class _Sidecar(NamedTuple):
    name: str
    stem: str  # the name without .json and, composed, as all names are compared
    title: str | None  # None also when it has nothing to do with the stem


class _Folder:
    def __init__(self, media: Iterable[str], sidecars: Iterable[str] | Mapping[str, str | None]) -> None:
        titles: Mapping[str, str | None] = sidecars if isinstance(sidecars, Mapping) else dict.fromkeys(sidecars)
        self._media = {name: _compose(name) for name in media}
        self._names = set(self._media.values())
        self._whole: dict[tuple[str, int], list[_Sidecar]] = defaultdict(list)
        self._cut: dict[str, list[tuple[int, _Sidecar]]] = defaultdict(list)  # cut name -> number, sidecar
        self._long: dict[str, set[_Namesake]] = defaultdict(set)  # cut name -> the files whose sidecar it could be
        self._told_apart: dict[str, dict[_Namesake, str]] = {}  # cut name -> whose sidecar is which
        self._pictures: dict[str, set[str]] = defaultdict(set)  # name without extension -> names of pictures
        self._found: dict[str, str] = {}  # composed media name -> sidecar
        self._owner: dict[str, str] = {}  # sidecar -> composed media name
        self._read(titles)

    def match(self) -> dict[str, str]:
        self._claim(self._names, self._exact)
        self._claim((name for name in self._left() if _split(name)[1].lower() not in _VIDEOS), self._without_extension)
        for _ in range(2):  # the edited video half of a live photo is two steps away from it
            self._found |= {name: sidecar for name in self._left() if (sidecar := self._of_original(name))}
        self._claim(self._left(), self._without_extension)
        twins = Counter(self._media.values())
        return {
            name: sidecar
            for name, composed in self._media.items()
            if (sidecar := self._found.get(composed) if twins[composed] == 1 else self._spelled_like(name))
        }

    def _left(self) -> set[str]:
        return self._names - self._found.keys()

    def _claim(self, names: Iterable[str], find: Callable[[str], str | None]) -> None:
        """Give each name the sidecar it finds, unless others find the same one: then nobody can tell whose it is."""
        finds = {name: sidecar for name in names if (sidecar := find(name))}
        claims = Counter(finds.values())
        for name, sidecar in finds.items():
            if claims[sidecar] == 1 or _compose(sidecar)[: -len(".json")] == name:
                self._found[name] = sidecar
                self._owner[sidecar] = name

    # --- the three ways to find one

    def _exact(self, name: str) -> str | None:
        """The sidecar that Google's rules give this name."""
        title, number = _numbered(name)
        literal = self._best(name, 0)
        counted = self._best(title, number) if number else None
        if literal and counted and literal != counted:
            return None  # IMG(1).jpg, IMG(1).jpg.json and IMG.jpg(1).json: two photos are called like this
        if found := literal or counted:
            return found
        if not number:
            return self._among_cut(name, 0)
        counted = self._among_cut(title, number)
        # A name beyond Google's limit got its number after the cut, so it is no part of the title.
        literal = self._among_cut(name, 0) if _units(name) <= _MEDIA_CUT else None
        return (literal or counted) if not (literal and counted) else None

    def _without_extension(self, name: str) -> str | None:
        """A sidecar that is nobody's and lacks the extension because the title did."""
        title, number = _numbered(name)
        base, _ = _split(title)
        if _split(base)[1].lower() in _KNOWN:
            return None  # x.jpg.png has nothing to do with x.jpg
        free = [
            s.name
            for s in self._whole.get((base, number), ())
            if s.name not in self._owner and (_flat(s.title) == _flat(base) if s.title else _units(base) < _CUT - 1)
        ]
        return free[0] if len(free) == 1 else None

    def _spelled_like(self, name: str) -> str | None:
        """The sidecar of one of two files whose names differ only in how their accents are stored."""
        own = [s.name for s in self._whole.get((_compose(name), 0), ()) if s.name.startswith(name)]
        return own[0] if len(own) == 1 else None

    def _of_original(self, name: str) -> str | None:
        """The sidecar of the picture this file was made from or belongs to."""
        for originals in self._originals(name):
            found = {self._of(original) for original in originals if original in self._names or self._of(original)}
            if found:  # None among them: an original that is here, but has none itself
                return found.pop() if len(found) == 1 else None
        return None

    def _of(self, original: str) -> str | None:
        if original in self._names:
            return self._found.get(original)
        sidecar = self._exact(original)
        return sidecar if sidecar and self._owner.get(sidecar, original) == original else None

    def _originals(self, name: str) -> Iterator[Iterable[str]]:
        """Names of the pictures this file may stem from, the likeliest first; those named together are as likely."""
        title, number = _numbered(name)
        base, extension = _split(title)
        folded = base.casefold()
        edited = next((word for word in _EDITED if folded.endswith(word)), None)
        if edited and len(folded) == len(base):
            root = _number_again(base[: -len(edited)], number)
            yield [root + extension]
            yield self._pictures.get(root, ())
            if not _split(root)[1] and _units(root) < _CUT - 1:
                yield [root]  # a title without an extension
        elif _MEDIA_CUT - 1 <= _units(title) <= _MEDIA_CUT + 1:  # perhaps "-edited" itself was cut
            dash = folded.rfind("-")
            if dash > 0 and folded[dash:] in _EDITED_BEGINNINGS:
                yield [_number_again(base[:dash], number) + extension]
        if extension.lower() in _VIDEOS:
            yield self._pictures.get(_number_again(base, number), ())
            yield self._pictures.get(_number_again(base + ".MP", number), ())
        elif _MOTION.fullmatch(title) or (not extension and title.startswith(("MVIMG_", "PXL_"))):
            yield self._pictures.get(_number_again(title, number), ())

    # --- the index

    def _read(self, titles: Mapping[str, str | None]) -> None:
        for name, title in titles.items():
            if not name.lower().endswith(".json"):
                continue
            stem = _compose(name)[: -len(".json")]
            sidecar = _Sidecar(name, stem, _related(title, stem))
            for text, number in dict.fromkeys([(stem, 0), _number_at_end(stem)]):
                may_be_cut = _CUT - 1 <= _units(text) <= _CUT
                if may_be_cut:
                    self._cut[text].append((number, sidecar))
                flat = _flat(sidecar.title or "")
                if not (may_be_cut and len(flat) > len(text)):
                    self._whole[text, number].append(sidecar)
                bare = _without_supplement(text)
                if bare is not None and _flat(bare).startswith(flat):
                    self._whole[bare, number].append(sidecar)
                    inner, again = _number_at_end(bare)  # IMG.jpg(1).supplemental-metadata.json
                    if again and not number:
                        self._whole[inner, again].append(sidecar)
                    inner, again = _numbered(bare)  # IMG(1).jpg.supplemental-metadata(1).json
                    if again and again == number:
                        self._whole[inner, again].append(sidecar)
        for text, number in self._whole:
            self._note_picture(text, number)
        for name in self._names:
            title, number = _numbered(name)
            self._note_picture(title, number)
            if _units(title) > _CUT:
                self._long[_shorten(title, _CUT)].add((_shape(title), number))

    def _note_picture(self, title: str, number: int) -> None:
        base, extension = _split(title)
        if extension.lower() in _PICTURES:
            self._pictures[_number_again(base, number)].add(_number_again(base, number) + extension)

    def _best(self, title: str, number: int) -> str | None:
        """Of the sidecars whose names hold this title and number, the one Google's present rule makes."""
        found = self._whole.get((title, number))
        if not found:
            return None
        if len(found) == 1:
            return found[0].name
        tail = f"({number})" if number else ""
        ideal = [_shorten(title + _SUPPLEMENT, _CUT) + tail, title + _SUPPLEMENT + tail, title + tail]
        return min(
            found, key=lambda s: (ideal.index(s.stem) if s.stem in ideal else len(ideal), -len(s.stem), s.name)
        ).name

    def _among_cut(self, title: str, number: int) -> str | None:
        """The sidecar of a title too long for the sidecar's name."""
        if _units(title) <= _CUT:
            return None
        text = _shorten(title, _CUT)
        if text not in self._told_apart:
            self._told_apart[text] = self._tell_apart(text) if text in self._cut else {}
        return self._told_apart[text].get((_shape(title), number))

    def _tell_apart(self, text: str) -> dict[_Namesake, str]:
        """Whose is which of the sidecars with this cut name."""
        members = sorted(self._cut[text], key=lambda member: member[0])
        titles = [_shape(s.title) if s.title else None for _, s in members]
        here = self._long[text]
        pictures = {base for (base, extension), _ in here if _is_picture(extension)}
        # The two halves of a live photo count as one.
        namesakes = {(s, n) for s, n in here if s[0] not in pictures or _is_picture(s[1])}
        shapes = {s for s, _ in namesakes} | {s for s in titles if s}
        numbers = Counter(number for number, _ in members)
        if len(shapes) == 1:
            # All have the same name, so their numbers are the photos' numbers. Titles would say if one were astray;
            # without them there must not be one too many.
            (shape,) = shapes
            if None in titles and not numbers.keys() <= {n for _, n in namesakes}:
                return {}
            return {(shape, number): s.name for number, s in members if numbers[number] == 1}
        # Numbers count the sidecars of this cut name, but photos of the same name: the third sidecar may be about the
        # first photo of its name. That can be counted while there are no gaps.
        found: dict[_Namesake, str] = {}
        seen: Counter[_Shape] = Counter()
        for index, ((number, sidecar), title) in enumerate(zip(members, titles, strict=True)):
            if title is None or number != index:
                break
            found[title, seen[title]] = sidecar.name
            seen[title] += 1
        return found


def _is_picture(extension: str) -> bool:
    return f".{extension}".lower() in _PICTURES


# --- names


def _compose(name: str) -> str:
    """The name as it is compared: a Mac that unpacked the export has taken é apart into e and an accent."""
    return unicodedata.normalize("NFC", name)


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _shorten(text: str, units: int) -> str:
    """The text cut to so many UTF-16 units, never inside a character."""
    if text.isascii():
        return text[:units]
    text = text[:units]
    while _units(text) > units:
        text = text[:-1]
    return text


def _split(name: str) -> tuple[str, str]:
    """("IMG_1", ".jpg"); the extension is empty when there is none."""
    dot = name.rfind(".")
    return (name[:dot], name[dot:]) if dot > 0 else (name, "")


def _numbered(name: str) -> tuple[str, int]:
    """("IMG.jpg", 1) of "IMG(1).jpg"; ("IMG.jpg", 0) of "IMG.jpg"."""
    base, extension = _split(name)
    if extension.endswith(")"):  # PXL_1.MP(1)
        base, extension = name, ""
    bare, number = _number_at_end(base)
    return bare + extension, number


def _number_at_end(text: str) -> tuple[str, int]:
    if text.endswith(")"):
        start = text.rfind("(")
        digits = text[start + 1 : -1]
        if start > 0 and digits.isascii() and digits.isdigit() and len(digits) < 7 and digits[0] != "0":
            return text[:start], int(digits)
    return text, 0


def _number_again(base: str, number: int) -> str:
    return f"{base}({number})" if number else base


def _without_supplement(text: str) -> str | None:
    """The text before ".supplemental-metadata", which may be cut anywhere, down to its dot; None when it is not there."""
    dot = text.rfind(".")
    return text[:dot] if dot > 0 and _SUPPLEMENT.startswith(text[dot:]) else None


def _flat(text: str) -> str:
    """The text with all that Google may have replaced by "_" replaced by it."""
    return re.sub(r"[\x00-\x1f\x7f!\"#$%&'*+,/:;<=>?@\[\\\]^`{|}]", "_", _compose(text))


def _shape(title: str) -> _Shape:
    """What remains of a title in the photo's file name: base, cut to its 51 units, and extension."""
    base, extension = _split(title)
    return _shorten(_flat(base), max(_MEDIA_CUT - _units(extension), 0)), _flat(extension[1:])


def _related(title: str | None, stem: str) -> str | None:
    """The title if the sidecar was called after it; one that was changed since says nothing about names."""
    if not title:
        return None
    text = _number_at_end(stem)[0]
    bare = _without_supplement(text)
    flat, names = _flat(title), [_flat(text), _flat(stem)] + ([_flat(bare)] if bare else [])
    return title if any(flat.startswith(n) or n.startswith(flat) for n in names) else None

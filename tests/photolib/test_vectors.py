"""The index for searching by meaning: as right as comparing everything, always as fresh as the database, never more than a copy."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from photolib import catalog, db, understood, vectors
from photolib.config import Config
from photolib.errors import TryLater
from photolib.library import Library, open_library
from photolib.ports import EMBED, Ability, NoModels
from photolib.vectors import EXACT, GROUPED, SMALL, Vectors
from photolib.verify import rebuild_vectors

MODEL, DIMENSIONS, OWNER = "some-model", 48, 1
chance = np.random.default_rng(7)


def alike(count: int, groups: int = 40, dimensions: int = DIMENSIONS) -> np.ndarray:
    """Unit vectors as photos have them: in groups that resemble each other."""
    middles = np.random.default_rng(3).standard_normal((groups, dimensions))
    some = middles[chance.integers(0, groups, count)] + 0.8 * chance.standard_normal((count, dimensions))
    return (some / np.linalg.norm(some, axis=1, keepdims=True)).astype(np.float32)


def add(lib: Library, matrix: np.ndarray, owner_id: int = OWNER, model: str = MODEL) -> np.ndarray:
    """A photo for each vector; return their ids."""
    conn = lib.db.conn
    first = conn.execute("select coalesce(max(id), 0) + 1 from photos").fetchone()[0]
    ids = range(first, first + len(matrix))
    with db.write(lib.db):
        conn.executemany(
            "insert into originals (key, extension, format, media_type, size, stored_at) values (?, 'jpg', 'jpeg', 'image/jpeg', 1, '')",
            [(f"{each:064}",) for each in ids],
        )
        conn.executemany(
            """insert into photos (id, owner_id, key, type, status, is_listed, shown_at, month, taken_at_source, filename, added_at)
               values (?, ?, ?, 'photo', 'ready', 1, '2020-01-01T00:00:00.000', '2020-01', 'exif', 'a.jpg', '')""",
            [(each, owner_id, f"{each:064}") for each in ids],
        )
    keep(lib, ids, matrix, model)
    return np.array(ids, np.int64)


def keep(lib: Library, ids: "np.ndarray | range", matrix: np.ndarray, model: str = MODEL) -> None:
    with db.write(lib.db):
        for photo_id, vector in zip(ids, matrix, strict=True):
            understood.keep_vector(lib.db, int(photo_id), model, vector)


def change(lib: Library, sql: str) -> None:
    with db.write(lib.db) as database:
        database.conn.execute(sql)


def nearest(lib: Library, query: np.ndarray, count: int = 10, owner_id: int = OWNER, **more: object) -> list[int]:
    more.setdefault("seconds", None)
    ids, cosines = lib.vectors.search(lib.db, MODEL, query, count, owner_id, **more)  # type: ignore[arg-type]
    assert np.all(np.diff(cosines) <= 0)
    return [int(each) for each in ids]


def truly_nearest(matrix: np.ndarray, ids: np.ndarray, query: np.ndarray, count: int = 10) -> list[int]:
    return [int(each) for each in ids[np.argsort(-(matrix @ query))[:count]]]


@pytest.fixture
def reopened(library: Library) -> Iterator[Library]:
    """Another process's view of the same folder."""
    other = open_library(library.config)
    yield other
    other.close()


# ---------------------------------------------------------------- finding


def recall(lib: Library, matrix: np.ndarray, ids: np.ndarray, queries: np.ndarray) -> float:
    right = [len({*nearest(lib, each)} & {*truly_nearest(matrix, ids, each)}) for each in queries]
    return sum(right) / (10 * len(queries))


def test_the_nearest_photos_are_those_that_comparing_all_finds(library: Library) -> None:
    matrix = alike(3000)
    ids = add(library, matrix)
    assert recall(library, matrix, ids, alike(25)) >= 0.99
    _, cosines = library.vectors.search(library.db, MODEL, 5 * matrix[70], 1, OWNER)
    assert cosines[0] == pytest.approx(1, abs=1e-3)  # whatever the length of the question


@pytest.mark.parametrize(("kind", "settings"), [(SMALL, {"memory_mb": 0}), (GROUPED, {"grouped_from": 1000})])
def test_coarser_ways_find_nearly_the_same_and_are_as_right_about_filters(
    library: Library, kind: str, settings: dict[str, int]
) -> None:
    library.vectors = Vectors(library.data / "index", library.connections, **settings)
    matrix = alike(3000)
    ids = add(library, matrix)
    assert recall(library, matrix, ids, alike(25)) >= 0.97
    assert library.vectors.kind == kind
    query = alike(1)[0]
    for allowed in (chance.choice(ids, 3, replace=False), chance.choice(ids, 2500, replace=False)):
        inside = np.isin(ids, allowed)
        found = nearest(library, query, 5, allowed=allowed)
        assert len({*found} & {*truly_nearest(matrix[inside], ids[inside], query, 5)}) >= min(4, len(allowed))
    change(library, f"delete from photos where id = {nearest(library, query)[0]}")
    keep(library, ids[-1:], query[None])
    assert nearest(library, query, 1) == [ids[-1]]


def test_pieces_are_searched_as_one(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "PIECE", 500)
    monkeypatch.setattr(vectors, "BATCH", 333)
    matrix = alike(2300)
    ids = add(library, matrix)
    for query in alike(10):
        assert nearest(library, query, 20) == truly_nearest(matrix.astype("f2").astype("f4"), ids, query, 20)


def test_a_filter_that_leaves_three_of_ten_thousand_finds_exactly_these(library: Library) -> None:
    ids = add(library, alike(10_000))
    three = chance.choice(ids, 3, replace=False)
    assert {*nearest(library, alike(1)[0], allowed=three)} == {*three}
    assert nearest(library, alike(1)[0], allowed=np.array([-5, 0, 99_999_999])) == []
    assert nearest(library, alike(1)[0], allowed=np.zeros(0, np.int64)) == []


def test_nobody_finds_the_photos_of_another(library: Library) -> None:
    with db.write(library.db) as database:
        other = catalog.add_user(database, "Alex").id
    query = alike(1)[0]
    mine, theirs = add(library, alike(20)), add(library, np.repeat(query[None], 20, axis=0), other)
    assert {*nearest(library, query, 40)} == {*mine}
    assert {*nearest(library, query, 40, owner_id=other)} == {*theirs}
    change(library, f"update photos set owner_id = {OWNER} where id = {theirs[0]}")
    assert nearest(library, query, 1) == [theirs[0]]


def test_similar_photos_are_never_the_photo_itself(library: Library) -> None:
    matrix = alike(50)
    matrix[1] = matrix[0]
    ids = add(library, matrix)
    found, cosines = library.vectors.similar(library.db, MODEL, int(ids[0]), 5, OWNER)
    assert len(found) == 5
    assert found[0] == ids[1]
    assert ids[0] not in found
    assert cosines[0] > 0.999
    assert library.vectors.similar(library.db, MODEL, 12345, 5, OWNER)[0].size == 0


def test_vectors_and_cosines_of_named_photos_come_from_the_database(library: Library) -> None:
    matrix = alike(20)
    ids = add(library, matrix)
    found, numbers = library.vectors.vectors_of(library.db, MODEL, [int(ids[4]), 99_999, int(ids[2])])
    assert {*found} == {ids[2], ids[4]}
    assert np.allclose(numbers[list(found).index(ids[4])], matrix[4], atol=1e-3)
    found, cosines = library.vectors.cosines(library.db, MODEL, matrix[4], ids)
    assert cosines[list(found).index(ids[4])] == pytest.approx(1, abs=1e-3)
    assert library.vectors.vectors_of(library.db, MODEL, [])[1].shape[0] == 0


@pytest.mark.parametrize("query", [np.zeros(DIMENSIONS), np.full(DIMENSIONS, np.nan), np.ones(7), np.zeros(0)])
def test_a_question_without_sense_finds_nothing(library: Library, query: np.ndarray) -> None:
    add(library, alike(20))
    assert nearest(library, query) == []


def test_an_empty_library_has_nothing_near(library: Library) -> None:
    assert nearest(library, alike(1)[0]) == []
    assert library.vectors.rebuild(library.db, MODEL) == 0


# ---------------------------------------------------------------- always fresh


def test_trash_archive_new_and_changed_photos_are_seen_at_once(library: Library) -> None:
    query = alike(1)[0]
    ids = add(library, alike(50))
    keep(library, ids[:1], query[None])
    assert nearest(library, query, 1) == [ids[0]]
    change(library, f"update photos set is_listed = 0 where id = {ids[0]}")
    assert ids[0] not in nearest(library, query, 50)
    assert nearest(library, query, 1, listed_only=False) == [ids[0]]
    change(library, f"update photos set is_listed = 1 where id = {ids[0]}")
    assert nearest(library, query, 1) == [ids[0]]
    keep(library, ids[:1], -query[None])
    assert nearest(library, query, 50)[-1] == ids[0]
    (new,) = add(library, query[None])
    assert nearest(library, query, 1) == [new]


def test_a_deleted_photo_never_comes_back(library: Library, reopened: Library) -> None:
    query = alike(1)[0]
    ids = add(library, alike(300))
    keep(library, ids[:1], query[None])
    for lib in (library, reopened):
        assert nearest(lib, query, 1) == [ids[0]]
    assert library.vectors.save(library.db)
    change(library, f"delete from photos where id = {ids[0]}")
    for lib in (library, reopened):
        assert ids[0] not in nearest(lib, query, 300)
    library.vectors.drop()
    assert ids[0] not in nearest(library, query, 300)  # read again from the file, which still has it
    (again,) = add(library, -query[None])
    for lib in (library, reopened):
        assert nearest(lib, query, 400)[-1] == again


def test_a_photo_that_changed_otherwise_keeps_its_place(library: Library) -> None:
    ids = add(library, alike(40))
    nearest(library, alike(1)[0])
    change(library, "update photos set rating = 5")
    nearest(library, alike(1)[0])
    assert (library.vectors.positions, len(ids)) == (40, 40)


@pytest.mark.parametrize("settings", [{}, {"memory_mb": 0}, {"grouped_from": 100}])
def test_the_dead_are_taken_out_when_they_are_many(
    library: Library, monkeypatch: pytest.MonkeyPatch, settings: dict[str, int]
) -> None:
    library.vectors = Vectors(library.data / "index", library.connections, **settings)
    monkeypatch.setattr(vectors, "BATCH", 200)
    monkeypatch.setattr(vectors, "PIECE", 256)
    ids = add(library, alike(1000))
    nearest(library, alike(1)[0])
    change(library, "delete from photos where id % 3 <> 0")
    matrix = alike(100)
    keep(library, ids[ids % 3 == 0][:100], matrix)
    for number in range(0, 100, 9):
        assert nearest(library, matrix[number], 1) == [ids[ids % 3 == 0][number]]
    if "grouped_from" not in settings:  # which looks into an eighth of the groups
        assert len(nearest(library, matrix[0], 1000)) == 333
    assert library.vectors.positions < 1000


def test_a_search_answers_before_everything_is_read_and_says_so(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "BATCH", 50)
    monkeypatch.setattr(Vectors, "_read_on", lambda self: None)
    add(library, alike(300))
    query = alike(1)[0]
    assert len(nearest(library, query, 400, seconds=0)) == 50
    assert not library.vectors.is_complete
    assert len(nearest(library, query, 400, seconds=0)) == 100
    assert len(nearest(library, query, 400)) == 300
    assert library.vectors.is_complete


def test_what_a_search_did_not_read_is_read_afterwards(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "BATCH", 50)
    add(library, alike(300))
    nearest(library, alike(1)[0], 400, seconds=0)
    reader = library.vectors._reader
    assert reader is not None
    reader.join()
    assert library.vectors.is_complete
    assert library.vectors.positions == 300


def test_another_database_put_in_the_same_place_is_read_anew(library: Library) -> None:
    ids = add(library, alike(50))
    nearest(library, alike(1)[0])
    query = alike(1)[0]
    keep(library, ids[:1], query[None])
    change(library, "delete from photo_changes")
    assert nearest(library, query, 1) == [ids[0]]


def test_vectors_grow_out_of_what_the_memory_holds(library: Library) -> None:
    library.vectors = Vectors(library.data / "index", library.connections, memory_mb=1)
    add(library, alike(1000))
    nearest(library, alike(1)[0])
    assert library.vectors.kind == EXACT
    add(library, alike(9000))
    assert len(nearest(library, alike(1)[0], 20_000)) == 10_000
    assert library.vectors.kind == SMALL


# ---------------------------------------------------------------- only a copy


def test_the_saved_index_is_taken_at_the_next_start(library: Library, reopened: Library) -> None:
    ids = add(library, alike(500))
    query = alike(1)[0]
    expected = nearest(library, query)
    library.close()
    assert reopened.vectors.is_saved
    assert nearest(reopened, query) == expected
    assert reopened.vectors.was_loaded
    keep(reopened, ids[7:8], query[None])
    assert nearest(reopened, query, 1) == [ids[7]]


def harm(file: Path, how: str) -> None:
    whole = bytearray(file.read_bytes())
    if how == "gone":
        file.unlink()
    elif how == "a folder":
        file.unlink()
        file.mkdir()
    else:
        whole[len(whole) // 2] ^= how == "a flipped bit"
        ends = {"cut": whole[:-500], "empty": b"", "something else": b"photolib vectors 1\n[1, 2]\n" + bytes(500)}
        file.write_bytes(ends.get(how, whole))


@pytest.mark.parametrize("how", ["gone", "a flipped bit", "cut", "empty", "something else", "a folder"])
def test_a_damaged_index_is_made_again(library: Library, reopened: Library, how: str) -> None:
    add(library, alike(300))
    query = alike(1)[0]
    expected = nearest(library, query)
    assert library.vectors.save(library.db)
    harm(library.data / "index" / "vectors", how)
    assert nearest(reopened, query) == expected
    assert not reopened.vectors.was_loaded


def test_an_index_of_another_state_of_the_database_is_not_taken(library: Library, tmp_path: Path) -> None:
    query = alike(1)[0]
    ids = add(library, alike(300))
    db.copy_to(library.db, tmp_path / "backup.db")
    keep(library, ids[:1], query[None])
    nearest(library, query)
    library.close()
    for ending in ("", "-wal", "-shm"):
        (library.data / f"photolib.db{ending}").unlink(missing_ok=True)
    (tmp_path / "backup.db").rename(library.data / "photolib.db")
    restored = open_library(library.config)
    try:
        keep(restored, ids[10:20], alike(10))  # so many changes that its numbers have caught up with the index's
        assert nearest(restored, query, 1) != [ids[0]]
        assert not restored.vectors.was_loaded
    finally:
        restored.close()


def test_rebuilding_makes_and_saves_it(library: Library) -> None:
    add(library, alike(300))
    seen: list[tuple[int, int]] = []
    assert library.vectors.rebuild(library.db, MODEL, lambda done, of: seen.append((done, of))) == 300
    assert seen[-1] == (300, 300)
    assert library.vectors.is_saved


def test_the_command_rebuilds_the_index_of_the_model_that_serves_or_only_a_missing_one(library: Library) -> None:
    assert rebuild_vectors(library, only_missing=False) == 0
    add(library, alike(30))
    assert rebuild_vectors(library, only_missing=True) == 30
    assert rebuild_vectors(library, only_missing=True) == 0
    assert rebuild_vectors(library, only_missing=False) == 30


def test_only_one_process_saves_at_a_time_and_leftovers_go(library: Library, reopened: Library) -> None:
    add(library, alike(300))
    leftover = library.data / "index" / "vectors.draft-1"
    for lib in (library, reopened):
        nearest(lib, alike(1)[0])
    with reopened.vectors._saving() as is_ours:
        assert is_ours
        assert not library.vectors.save(library.db)
    leftover.write_bytes(b"half")
    assert library.vectors.save(library.db)
    assert not leftover.exists()
    assert reopened.vectors.save(reopened.db)


def test_two_processes_see_the_same(library: Library) -> None:
    ids = add(library, alike(300))
    query = alike(1)[0]
    nearest(library, query)
    code = f"""if True:
        import numpy as np
        from pathlib import Path
        from photolib import db, understood
        from photolib.config import Config
        from photolib.library import open_library
        lib = open_library(Config(data_dir=Path({str(library.data)!r}), min_free_mb=0))
        query = np.array({query.tolist()!r}, np.float32)
        with db.write(lib.db):
            understood.keep_vector(lib.db, {ids[42]}, {MODEL!r}, query)
        print(lib.vectors.search(lib.db, {MODEL!r}, query, 1, {OWNER}, seconds=None)[0][0])
        lib.close()
    """
    other = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )  # fmt: skip
    assert other.stdout.strip() == str(ids[42])
    assert nearest(library, query, 1) == [ids[42]]


def test_the_memory_is_given_back_and_the_index_read_again(library: Library) -> None:
    add(library, alike(300))
    query = alike(1)[0]
    expected = nearest(library, query)
    library.vectors.drop()
    assert not library.vectors.is_loaded
    assert nearest(library, query) == expected
    assert library.vectors.was_loaded


def test_an_idle_index_lets_go_by_itself(library: Library) -> None:
    library.vectors = Vectors(library.data / "index", library.connections, idle_seconds=0.01)
    add(library, alike(10))
    nearest(library, alike(1)[0])
    while (timer := library.vectors._timer) is not None:
        timer.join()
    assert not library.vectors.is_loaded


def test_a_full_disk_costs_no_search(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    add(library, alike(300))
    monkeypatch.setattr(vectors.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1000})())
    assert nearest(library, alike(1)[0])
    assert not library.vectors.save(library.db)
    assert not library.vectors.is_saved


def test_without_faiss_a_sentence_says_what_is_missing(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    add(library, alike(30))
    assert library.vectors.note is None
    monkeypatch.setitem(sys.modules, "faiss", None)
    assert "faiss-cpu" in str(library.vectors.note)
    with pytest.raises(TryLater, match="faiss-cpu"):
        nearest(library, alike(1)[0])


# ---------------------------------------------------------------- which model serves


@dataclass
class Readers(NoModels):
    """Models that can embed sentences by some names; the configured one comes first."""

    names: tuple[str, ...] = ()

    def ability(self, ability: str) -> Ability:
        return Ability(ability, self.names[0] if self.names and ability == EMBED else None, "")

    def can_embed_text(self, model: str) -> bool:
        return model in self.names


def serving(lib: Library, *names: str) -> str | None:
    return vectors.serving_model(lib.db, Readers(names=names))


def test_without_vectors_the_configured_model_serves(library: Library) -> None:
    assert serving(library) is None
    assert serving(library, "new") == "new"


def test_the_earlier_model_serves_until_the_new_one_has_seen_every_photo(library: Library) -> None:
    ids = add(library, alike(3), model="old")
    assert serving(library, "old") == "old"
    assert serving(library, "new", "old") == "old"
    keep(library, ids[:2], alike(2, dimensions=16), "new")
    assert serving(library, "new", "old") == "old"
    assert serving(library) == "old"  # nothing to embed sentences with, but similar photos can be found
    keep(library, ids[2:], alike(1, dimensions=16), "new")
    assert serving(library, "new", "old") == "new"
    change(library, f"delete from embeddings where model = 'new' and photo_id = {ids[0]}")
    assert serving(library, "new", "old") == "new"  # and stays, whatever comes


def test_an_earlier_model_that_is_nobody_remembers_serves_all_the_same(library: Library) -> None:
    ids = add(library, alike(3), model="old")
    keep(library, ids[:1], alike(1), "new")
    assert serving(library, "new", "old") == "old"


def test_an_earlier_model_that_cannot_be_asked_gives_way_at_once(library: Library) -> None:
    add(library, alike(3), model="old")
    assert serving(library, "old") == "old"
    assert serving(library, "new") == "new"


def test_a_photo_that_the_new_model_cannot_read_is_not_waited_for(library: Library) -> None:
    ids = add(library, alike(3), model="old")
    assert serving(library, "old") == "old"
    keep(library, ids[:2], alike(2), "new")
    job = (
        f"insert into jobs (step, photo_id, state, priority, tries, not_before, queued_at) values ('embed', {ids[2]}, "
    )
    change(library, job + "'waiting', 0, 0, 0, '')")
    assert serving(library, "new", "old") == "old"
    change(library, "update jobs set state = 'failed'")
    assert serving(library, "new", "old") == "new"


def test_old_vectors_go_after_the_switch_without_every_photo_being_looked_at_again(library: Library) -> None:
    ids = add(library, alike(5), model="old")
    models = Readers(names=("new", "old"))
    assert serving(library, "old") == "old"
    keep(library, ids[:4], alike(4), "new")
    assert vectors.drop_old(library.db, models) == 0
    keep(library, ids[4:], alike(1), "new")
    seen = understood.last_change(library.db)
    assert [vectors.drop_old(library.db, models, 2) for _ in range(4)] == [2, 2, 1, 0]
    assert understood.vector_counts(library.db) == {"new": 5}
    assert understood.last_change(library.db) == seen


def test_the_vectors_of_two_models_are_never_compared(library: Library) -> None:
    """Both have as many dimensions, so that only the name tells them apart."""
    query = alike(1)[0]
    ids = add(library, np.repeat(-query[None], 20, axis=0), model="old")
    keep(library, ids[:5], np.repeat(query[None], 5, axis=0), "new")
    for _ in range(2):
        old, cosines = library.vectors.search(library.db, "old", query, 50, OWNER, seconds=None)
        assert (len(old), cosines.max() < -0.99) == (20, True)
        new, cosines = library.vectors.search(library.db, "new", query, 50, OWNER, seconds=None)
        assert ({*new}, cosines.min() > 0.99) == ({*ids[:5]}, True)
    library.vectors.save(library.db, always=True)
    library.vectors.drop()
    old, cosines = library.vectors.search(library.db, "old", query, 50, OWNER, seconds=None)
    assert (len(old), cosines.max() < -0.99) == (20, True)


def test_a_library_takes_its_settings_for_the_index(config: Config) -> None:
    lib = open_library(replace(config, index_memory_mb=1))
    add(lib, alike(10_000))
    nearest(lib, alike(1)[0])
    assert lib.vectors.kind == SMALL
    lib.close()

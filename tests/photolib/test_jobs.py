"""The queue: nothing is forgotten, nothing runs twice at once, nothing is tried for ever."""

from collections.abc import Callable

import pytest

from photolib import catalog, jobs
from photolib.catalog import Original
from photolib.db import write
from photolib.errors import TryLater, UnreadablePhoto
from photolib.library import Library, open_library

BATCHES = {"metadata": 8, "variants": 2}


@pytest.fixture
def add_photos(library: Library) -> Callable[[int], list[int]]:
    def add(count: int) -> list[int]:
        with write(library.db) as db:
            owner = catalog.ensure_owner_to_be(db).id
            return [
                catalog.add_photo(db, owner, Original(f"{n:064x}", "jpg", "jpeg", "image/jpeg", 1), "photo", f"{n}.jpg", "2024")[0]
                for n in range(count)
            ]  # fmt: skip

    return add


def claim(library: Library, at: float = 0.0, worker: str = "w1") -> list[jobs.Job]:
    with write(library.db) as db:
        return jobs.claim(db, BATCHES, worker, clock=lambda: at)


def test_a_claim_takes_one_step_and_no_more_than_its_batch(
    library: Library, add_photos: Callable[[int], list[int]]
) -> None:
    photos = add_photos(10)
    with write(library.db) as db:
        jobs.enqueue(db, "variants", photos[:1])
        jobs.enqueue(db, "metadata", photos)
    assert [job.photo_id for job in claim(library)] == photos[:1]
    assert [job.photo_id for job in claim(library)] == photos[:8]
    assert [job.photo_id for job in claim(library)] == photos[8:]
    assert claim(library) == []


def test_new_photos_go_before_back_fill(library: Library, add_photos: Callable[[int], list[int]]) -> None:
    old, new = add_photos(2)
    with write(library.db) as db:
        jobs.enqueue(db, "variants", [old], jobs.BACKFILL)
        jobs.enqueue(db, "variants", [new])
    assert [job.photo_id for job in claim(library)] == [new]
    assert [job.photo_id for job in claim(library)] == [old]


def test_finishing_a_step_queues_the_next_with_the_same_priority(
    library: Library, add_photos: Callable[[int], list[int]]
) -> None:
    photos = add_photos(1)
    with write(library.db) as db:
        jobs.enqueue(db, "metadata", photos, jobs.BACKFILL)
    with write(library.db) as db:
        (job,) = jobs.claim(db, BATCHES, "w1")
        assert jobs.finish(db, [job], "variants") == [job]
    (then,) = claim(library)
    assert (then.step, then.priority) == ("variants", jobs.BACKFILL)


def test_three_tries_with_growing_waits_then_parked_with_a_sentence(
    library: Library, add_photos: Callable[[int], list[int]]
) -> None:
    (photo,) = add_photos(1)
    with write(library.db) as db:
        jobs.enqueue(db, "metadata", [photo])
    now, waits = 1000.0, []
    for state in ("waiting", "waiting", "failed"):
        (job,) = claim(library, at=now)
        with write(library.db) as db:
            assert jobs.fail(db, job, TryLater("The disk hiccuped."), clock=lambda at=now: at) == state
        (due,) = library.db.conn.execute("select min(not_before) from jobs where state = 'waiting'").fetchone()
        if due is not None:
            assert claim(library, at=due - 0.1) == []
            waits.append(due - now)
            now = due
    assert waits == sorted(waits)
    assert len(set(waits)) == 2
    assert [each.reason for each in jobs.listed(library.db)] == ["The disk hiccuped."]


def test_bytes_that_are_to_blame_are_not_tried_again(library: Library, add_photos: Callable[[int], list[int]]) -> None:
    photos = add_photos(1)
    with write(library.db) as db:
        jobs.enqueue(db, "metadata", photos)
    (job,) = claim(library)
    with write(library.db) as db:
        assert jobs.fail(db, job, UnreadablePhoto("It ends too early.")) == "failed"


def test_what_a_dead_process_was_running_waits_again_and_what_a_living_one_runs_does_not(
    library: Library, add_photos: Callable[[int], list[int]]
) -> None:
    photos = add_photos(4)
    with write(library.db) as db:
        jobs.enqueue(db, "variants", photos)
    dead, living = claim(library, worker="dead"), claim(library, worker="living")
    with write(library.db) as db:
        assert jobs.release_dead(db, lambda worker: worker == "living", clock=lambda: 0.0) == 2
    assert [job.id for job in claim(library, at=1.0)] == [job.id for job in dead]
    assert claim(library, at=1.0) == []
    assert len(living) == 2


def test_a_lease_that_ran_out_is_given_back_even_if_its_process_seems_alive(
    library: Library, add_photos: Callable[[int], list[int]]
) -> None:
    photos = add_photos(1)
    with write(library.db) as db:
        jobs.enqueue(db, "variants", photos)
    claim(library, at=0.0, worker="stuck")
    with write(library.db) as db:
        assert jobs.release_dead(db, lambda worker: True, clock=lambda: jobs.LEASE_SECONDS - 1.0) == 0
        assert jobs.release_dead(db, lambda worker: True, clock=lambda: jobs.LEASE_SECONDS + 1.0) == 1


def test_a_photo_that_takes_its_process_down_three_times_is_parked(
    library: Library, add_photos: Callable[[int], list[int]]
) -> None:
    photos = add_photos(1)
    with write(library.db) as db:
        jobs.enqueue(db, "variants", photos)
    for _ in range(jobs.MAX_TRIES):
        assert len(claim(library, worker="dies")) == 1
        with write(library.db) as db:
            jobs.release_dead(db, lambda worker: False)
    assert claim(library) == []
    assert "stopped each time" in jobs.listed(library.db)[0].reason


def test_a_job_that_was_queued_again_while_it_ran_runs_again(
    library: Library, add_photos: Callable[[int], list[int]]
) -> None:
    photos = add_photos(1)
    with write(library.db) as db:
        jobs.enqueue(db, "metadata", photos)
    claimed = claim(library)
    with write(library.db) as db:
        jobs.enqueue(db, "metadata", photos)  # a sidecar came meanwhile
        assert jobs.finish(db, claimed, "variants") == []
    assert [job.step for job in claim(library)] == ["metadata"]


def test_opening_the_library_gives_back_what_a_killed_process_had_claimed(
    library: Library, add_photos: Callable[[int], list[int]]
) -> None:
    photos = add_photos(1)
    with write(library.db) as db:
        jobs.enqueue(db, "variants", photos)
    claim(library, worker="worker-1-of-a-process-long-gone")
    open_library(library.config).close()
    assert len(claim(library)) == 1


def test_failed_jobs_can_be_retried_or_forgotten(library: Library, add_photos: Callable[[int], list[int]]) -> None:
    photos = add_photos(2)
    with write(library.db) as db:
        jobs.enqueue(db, "metadata", photos)
    for job in claim(library):
        with write(library.db) as db:
            jobs.fail(db, job, UnreadablePhoto("Broken."))
    with write(library.db) as db:
        assert jobs.retry(db, "variants") == []
        assert sorted(jobs.retry(db)) == photos
    assert len(claim(library)) == 2
    with write(library.db) as db:
        assert jobs.clear(db) == 0


def test_what_a_stale_claim_finds_out_changes_nothing(library: Library, add_photos: Callable[[int], list[int]]) -> None:
    """A job is claimed, queued again because its photo changed, and claimed once more: only the second claim counts."""
    photos = add_photos(1)
    with write(library.db) as db:
        jobs.enqueue(db, "metadata", photos)
    stale = claim(library)
    with write(library.db) as db:
        jobs.enqueue(db, "metadata", photos)
    fresh = claim(library)
    with write(library.db) as db:
        assert jobs.finish(db, stale, "variants") == []
        assert jobs.fail(db, stale[0], UnreadablePhoto("Broken.")) is None
        jobs.give_back(db, stale)
        assert jobs.finish(db, fresh, "variants") == fresh
    assert [job.step for job in claim(library)] == ["variants"]

"""The queue: a table. One row per step and photo, written in the photo's own transaction; what is done is gone.

Several processes may work it. A claim is one statement and carries a lease and the name of the process; a process holds a
lock file while it lives, so that its claims are given back at once when it dies (`release_dead`), and by the lease at the
latest where it cannot be seen.
"""

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlite_utils import Database

from photolib.errors import PhotolibError, UnreadablePhoto

NEW, BACKFILL = 0, 10  # a step that can wait adds its `patience` (1 to 9) to the one or the other
LEASE_SECONDS = 3600  # a process that is seen to be dead gives its claims back at once; this is for one that hangs
WAITS = (5, 60)  # seconds before the second and the third try; then the job is parked
MAX_TRIES = len(WAITS) + 1


@dataclass(frozen=True)
class Job:
    """A step waiting for a photo, claimed. claim: "process/number", so that two claims of one job are told apart."""

    id: int
    step: str
    photo_id: int
    priority: int
    tries: int
    claim: str


@dataclass(frozen=True)
class Parked:
    """A job that failed, for people to read."""

    id: int
    step: str
    photo_id: int
    filename: str
    state: str
    tries: int
    reason: str


def enqueue(db: Database, step: str, photos: Iterable[int], priority: int = NEW) -> None:
    """Queue step for photos, inside the caller's transaction.

    A job that waits already keeps the better priority; a failed one starts afresh.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    db.conn.executemany(
        """insert into jobs (step, photo_id, state, priority, tries, not_before, queued_at) values (?, ?, 'waiting', ?, 0, 0, ?)
           on conflict (step, photo_id) do update set
             state = 'waiting', tries = 0, not_before = 0, reason = null, worker = null,
             priority = min(jobs.priority, excluded.priority)""",
        [(step, photo, priority, now) for photo in photos],
    )


def claim(db: Database, steps: dict[str, int], process: str, clock: Callable[[], float] = time.time) -> list[Job]:
    """Take the most urgent jobs of one step, at most the batch size that `steps` gives it; empty when nothing waits.

    Call inside write(): that is what keeps two workers from taking the same job.
    """
    now, claimed_by = clock(), f"{process}/{secrets.token_hex(4)}"
    marks = ",".join("?" * len(steps))
    first = db.conn.execute(
        f"""select step, priority from jobs
            where state = 'waiting' and not_before <= ? and step in ({marks}) order by priority, id limit 1""",
        (now, *steps),
    ).fetchone()
    if first is None:
        return []
    step, priority = first
    rows = db.conn.execute(
        """update jobs set state = 'running', worker = ?, lease_until = ?, tries = tries + 1
           where id in (select id from jobs where state = 'waiting' and step = ? and priority = ? and not_before <= ?
                        order by priority, id limit ?)
           returning id, step, photo_id, priority, tries""",
        (claimed_by, now + LEASE_SECONDS, step, priority, now, steps[step]),
    ).fetchall()
    return sorted((Job(*(*row, claimed_by)) for row in rows), key=lambda job: job.id)


def finish(db: Database, jobs: Sequence[Job], then: str | None, patience: int = 0) -> list[Job]:
    """Inside the caller's transaction: the jobs are done, `then` waits next, so much behind more urgent ones. Returns those
    that were still claimed.

    A job that was queued again while it ran (its photo changed) stays, and so does one that another has claimed since.
    """
    still_ours = [
        job
        for job in jobs
        if db.conn.execute(
            "delete from jobs where id = ? and state = 'running' and worker = ?", (job.id, job.claim)
        ).rowcount
    ]
    if then is not None:
        for priority in {job.priority for job in still_ours}:
            photos = [job.photo_id for job in still_ours if job.priority == priority]
            enqueue(db, then, photos, urgency(priority) + patience)
    return still_ours


def urgency(priority: int) -> int:
    """NEW or BACKFILL: what a job's priority is without the patience of its step."""
    return NEW if priority < BACKFILL else BACKFILL


def fail(db: Database, job: Job, problem: Exception, clock: Callable[[], float] = time.time) -> str | None:
    """Inside the caller's transaction: park the job, or let it wait for another try.

    Returns its state; None when it is no longer ours, as when it was queued again. Bytes that are to blame stay to blame:
    parked at once. Everything else gets MAX_TRIES tries with growing waits.
    """
    is_parked = isinstance(problem, UnreadablePhoto) or job.tries >= MAX_TRIES
    state = "failed" if is_parked else "waiting"
    wait = 0.0 if is_parked else WAITS[job.tries - 1]
    was_ours = db.conn.execute(
        "update jobs set state = ?, not_before = ?, reason = ?, worker = null where id = ? and worker = ?",
        (state, clock() + wait, sentence(problem), job.id, job.claim),
    ).rowcount
    return state if was_ours else None


def sentence(problem: Exception) -> str:
    """What a person reads about a problem; a bug is named as one."""
    if isinstance(problem, PhotolibError):
        return str(problem)
    return f"photolib met a problem it did not expect ({type(problem).__name__}: {problem}). This is a bug; please report it."


def give_back(db: Database, jobs: Sequence[Job]) -> None:
    """Inside the caller's transaction: claimed but not tried, as when the program stops."""
    db.conn.executemany(
        "update jobs set state = 'waiting', worker = null, tries = tries - 1 where id = ? and worker = ?",
        [(job.id, job.claim) for job in jobs],
    )


def release_dead(db: Database, alive: Callable[[str], bool], clock: Callable[[], float] = time.time) -> int:
    """Inside the caller's transaction: what dead processes were running is waiting again. Returns how many jobs.

    The try counts: a photo that takes its process down with it three times is parked, not tried for ever.
    """
    workers = [row[0] for row in db.conn.execute("select distinct worker from jobs where state = 'running'")]
    released = 0
    for worker in workers:
        late = "" if worker is None or not alive(worker.partition("/")[0]) else " and lease_until < ?"
        released += db.conn.execute(
            f"""update jobs set worker = null,
                  state = case when tries >= {MAX_TRIES} then 'failed' else 'waiting' end,
                  reason = case when tries >= {MAX_TRIES}
                    then 'The program stopped each time it worked on this photo.' else reason end
                where state = 'running' and worker is ?{late}""",
            (worker, clock()) if late else (worker,),
        ).rowcount
    return released


def is_busy(db: Database, priority: int) -> bool:
    """Whether jobs of this or a more urgent priority wait or run."""
    row = db.conn.execute(
        "select 1 from jobs where state in ('waiting', 'running') and priority <= ? limit 1", (priority,)
    )
    return row.fetchone() is not None


def is_at_work(db: Database, priority: int, clock: Callable[[], float] = time.time) -> bool:
    """Whether jobs of this or a more urgent priority run or could; those that wait for another try do not count."""
    row = db.conn.execute(
        """select 1 from jobs where priority <= ? and (state = 'running' or state = 'waiting' and not_before <= ?) limit 1""",
        (priority, clock()),
    )
    return row.fetchone() is not None


def pending_photos(db: Database, priority: int) -> int:
    """How many photos have jobs of this or a more urgent priority before them."""
    return db.conn.execute(
        "select count(distinct photo_id) from jobs where state in ('waiting', 'running') and priority <= ?", (priority,)
    ).fetchone()[0]


def note_pace(db: Database, step: str, seconds: float) -> None:
    """Inside the caller's transaction: a photo took so many seconds of one worker. Kept as a moving average."""
    db.conn.execute(
        """insert into remembered (name, value) values ('pace:' || ?, ?)
           on conflict (name) do update set value = 0.9 * remembered.value + 0.1 * excluded.value""",
        (step, str(seconds)),
    )


def pace(db: Database, step: str) -> float | None:
    """Seconds a photo takes one worker, lately; None when the step never ran."""
    row = db.conn.execute("select value from remembered where name = 'pace:' || ?", (step,)).fetchone()
    return float(row[0]) if row else None


def is_due(db: Database, clock: Callable[[], float] = time.time) -> bool:
    """Whether a job waits that may run now."""
    row = db.conn.execute(
        "select 1 from jobs where state = 'waiting' and not_before <= ? limit 1", (clock(),)
    ).fetchone()
    return row is not None


def counts(db: Database) -> dict[str, dict[str, int]]:
    """Jobs per step and state."""
    table: dict[str, dict[str, int]] = {}
    for step, state, count in db.conn.execute("select step, state, count(*) from jobs group by step, state"):
        table.setdefault(step, {"waiting": 0, "running": 0, "failed": 0})[state] = count
    return table


def listed(db: Database, step: str | None = None, state: str | None = None, size: int = 1000) -> list[Parked]:
    """Jobs as people read them, failed ones first."""
    rows = db.conn.execute(
        """select jobs.id, step, photo_id, photos.filename, jobs.state, tries, coalesce(reason, '')
           from jobs join photos on photos.id = photo_id
           where (? is null or step = ?) and (? is null or jobs.state = ?)
           order by jobs.state = 'failed' desc, priority, jobs.id limit ?""",
        (step, step, state, state, size),
    )
    return [Parked(*row) for row in rows]


def retry(db: Database, step: str | None = None) -> list[int]:
    """Inside the caller's transaction: failed jobs wait again. Returns the photos they are for."""
    rows = db.conn.execute(
        """update jobs set state = 'waiting', tries = 0, not_before = 0, reason = null
           where state = 'failed' and (? is null or step = ?) returning photo_id""",
        (step, step),
    ).fetchall()
    return [row[0] for row in rows]


def clear(db: Database, step: str | None = None) -> int:
    """Inside the caller's transaction: forget failed jobs. The photos stay out of the timeline, with their reason."""
    return db.conn.execute("delete from jobs where state = 'failed' and (? is null or step = ?)", (step, step)).rowcount

"""The worker keeps the words to search by fresh."""

from photolib.library import Library
from photolib.search import documents
from photolib.worker import Worker

from .conftest import Tell


def test_a_worker_with_nothing_to_do_catches_up_with_the_words(library: Library, tell: Tell) -> None:
    photo = tell(title="dog")
    worker = Worker(library, steps=())
    worker.start()
    try:
        while documents.is_behind(library.db) and worker.is_running:
            worker.pause()
    finally:
        worker.stop()
    assert worker.problem is None
    assert documents.said_about(library.db, [photo])[photo]["title"] == "dog"

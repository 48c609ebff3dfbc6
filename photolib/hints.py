"""What the system says about changed files. Only a hint: it may come late or not at all; the scan is the truth."""

import os
import sys
from collections.abc import Callable

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver

# Not among them: files being opened, read or changed. What is written is heard of when it is closed.
WANTED: list[type[FileSystemEvent]] = [
    FileCreatedEvent, FileClosedEvent, FileMovedEvent, FileDeletedEvent, DirCreatedEvent, DirMovedEvent, DirDeletedEvent,
]  # fmt: skip

Changed = Callable[[bytes, bool], None]
"""Called with a path and whether it is a folder's, from a thread of watchdog's."""
Lost = Callable[[bool], None]
"""Called when something went unheard; True when that will go on, because the system allows too few watches."""


class Hints:
    """Listens at and below a folder until stop(). Raises OSError where the system gives no notifications."""

    def __init__(self, root: bytes, is_left_out: Callable[[bytes], bool], changed: Changed, lost: Lost) -> None:
        self._observer = _observer(is_left_out, lost)
        self._observer.schedule(_Handler(changed), os.fsdecode(root), recursive=True, event_filter=WANTED)
        try:
            self._observer.start()
        except OSError:
            self._observer.stop()
            raise

    @property
    def is_alive(self) -> bool:
        """False once the folder itself was deleted or its disk unmounted."""
        return self._observer.is_alive() and all(each.is_alive() for each in self._observer.emitters)

    def stop(self) -> None:
        self._observer.stop()
        self._observer.join()


class _Handler(FileSystemEventHandler):
    def __init__(self, changed: Changed) -> None:
        self._changed = changed

    def on_any_event(self, event: FileSystemEvent) -> None:
        for path in (event.src_path, event.dest_path):
            if path:
                self._changed(os.fsencode(path), event.is_directory)


if sys.platform == "linux":
    import errno

    from watchdog.observers.inotify import InotifyEmitter
    from watchdog.observers.inotify_c import (
        CallbackId,
        InotifyConstants,
        InotifyEvent,
        InotifyFD,
        Mask,
        WatchCallback,
        WatchDescriptor,
    )

    TOO_FEW = (errno.ENOSPC, errno.EMFILE, errno.ENOMEM)

    class _Inotify(InotifyFD):
        """watchdog's inotify, saying aloud what that passes over in silence: lost events, and folders it could not watch."""

        def __init__(self, is_left_out: Callable[[bytes], bool], lost: Lost) -> None:
            super().__init__()
            self._is_left_out = is_left_out
            self._lost = lost
            self._root: bytes | None = None  # the first path that is asked for

        def add_callback(
            self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
        ) -> WatchDescriptor:  # fmt: skip
            """Raises OSError for a folder that is left out; watchdog goes on without it."""
            self._root = self._root or path
            if path != self._root and self._is_left_out(path):
                raise FileNotFoundError(errno.ENOENT, "left out")
            if not os.access(path, os.R_OK):
                raise PermissionError(errno.EACCES, "not readable")
            try:
                return super().add_callback(path, mask, callback, id_)
            except OSError as problem:
                if problem.errno in TOO_FEW and path != self._root:
                    self._lost(True)
                raise

        def handle_event(self, event: InotifyEvent) -> None:
            super().handle_event(event)
            if event.is_queue_overflow or event.mask & InotifyConstants.IN_UNMOUNT:
                self._lost(False)

    class _LinuxObserver(BaseObserver):
        def __init__(self, inotify: _Inotify) -> None:
            super().__init__(InotifyEmitter, inotify_fd=inotify)
            self._inotify = inotify
            inotify.start()

        def on_thread_stop(self) -> None:
            super().on_thread_stop()
            self._inotify.stop()
            self._inotify.join()

    def _observer(is_left_out: Callable[[bytes], bool], lost: Lost) -> BaseObserver:
        return _LinuxObserver(_Inotify(is_left_out, lost))

else:
    from watchdog.observers import Observer

    def _observer(is_left_out: Callable[[bytes], bool], lost: Lost) -> BaseObserver:
        return Observer()

"""What a decoder process may use, so that a bomb or a codec gone mad costs one photo and not the machine."""

import errno
import os
import signal
from dataclasses import dataclass

from photolib.said import Said

try:
    import resource
except ImportError:  # not a POSIX system: the wall limit, kept by the parent, is all there is
    resource = None  # type: ignore[assignment]

# What the operating system says about itself. Any other error number comes from reading what hostile bytes pointed to.
MACHINE_ERRORS = frozenset(
    (
        errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ESTALE, errno.ENODEV,
        errno.ENXIO, errno.ENOENT, errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.EINTR, errno.ENOMEM, errno.EFBIG, errno.ENOTDIR,
        errno.EISDIR, errno.EBUSY, errno.ETIMEDOUT,
    )
)  # fmt: skip
LARGEST_FILE = 256 << 20  # nothing a child writes comes near this many bytes
MOST_FILES = 64
NICENESS = 10


@dataclass(frozen=True)
class DecodeSettings:
    """How many decoders there are and what each may use. Seconds and megapixels are per photo, memory is per process."""

    workers: int = 2
    memory_mb: int = 2048
    cpu_seconds: int = 60
    wall_seconds: float = 120
    max_megapixels: int = 400
    idle_seconds: float = 30
    recycle_jobs: int = 2000
    recycle_mb: int = 400


def enter(memory_mb: int) -> None:
    """Called once by the child: the limits that hold for all its jobs, and a low priority so that pages stay quick."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    _limit("RLIMIT_AS", memory_mb << 20)
    _limit("RLIMIT_FSIZE", LARGEST_FILE)
    _limit("RLIMIT_NOFILE", MOST_FILES)
    _limit("RLIMIT_CORE", 0)


def allow_cpu(seconds: int) -> None:
    """Called by the child before each job: so many seconds more than it has used so far, then SIGXCPU ends it."""
    if resource is None:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit("RLIMIT_CPU", int(used.ru_utime + used.ru_stime) + 1 + seconds, keep_hard=True)


def resident_mb() -> int:
    """How much memory this process holds right now; where the system does not tell, the most it ever held."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE") >> 20
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 20 if resource else 0


def too_much_memory(memory_mb: int) -> str:
    """The sentence for a photo that needs more memory than a child has."""
    return Said(
        "Decoding it needs more than the %(most)s MB of memory allowed (setting decode_memory_mb).", most=memory_mb
    )


def ran_out_of_cpu(returncode: int) -> bool:
    """Whether a child ended because of the limit set by allow_cpu."""
    return hasattr(signal, "SIGXCPU") and returncode == -signal.SIGXCPU


def _limit(name: str, value: int, keep_hard: bool = False) -> None:
    """Lower a limit; systems that do not know it or refuse it are left as they are."""
    kind = getattr(resource, name, None)
    if kind is None:
        return
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    try:
        resource.setrlimit(kind, (value, hard if keep_hard else value))
    except (OSError, ValueError):
        return


def is_machine_error(problem: BaseException) -> bool:
    """Whether this is the operating system's word about the machine, and not what came of a file's content."""
    return isinstance(problem, OSError) and type(problem).__module__ == "builtins" and problem.errno in MACHINE_ERRORS

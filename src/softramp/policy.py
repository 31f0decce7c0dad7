"""How many threads a call may use: one policy for both backends.

Kernels read it through the pointer in their row (factory.Row), without the GIL.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import operator
import os
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["get_num_threads", "set_num_threads", "threads"]

GRAIN = 16384  # elements; a call of less than two grains is serial
MOST_THREADS = 2**31 - 1  # that can be asked for; a call uses no more than the kernels' MAX_THREADS, 256


class Policy(ctypes.Structure):
    """`struct policy` of kernels/kernels.h."""

    _fields_ = [(name, ctypes.c_int64) for name in ("threads", "cores", "grain", "key")]


def _available_cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _cgroup_quota() -> float:
    """CPUs that the control group grants; inf where none limits them."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return math.inf if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        pass
    try:
        root = Path("/sys/fs/cgroup/cpu")
        quota_us = int((root / "cpu.cfs_quota_us").read_text())
        return quota_us / int((root / "cpu.cfs_period_us").read_text()) if quota_us > 0 else math.inf
    except (OSError, ValueError):
        return math.inf


def _checked(n: int, name: str = "n") -> int:
    n = operator.index(n)
    if n < 1:
        raise ValueError(f"{name} must be at least 1, got {n}")
    if n > MOST_THREADS:
        raise ValueError(f"{name} must be at most {MOST_THREADS}, got {n}")
    return n


def _default_threads() -> tuple[int, str]:
    """The number before anyone sets one, and where it came from."""
    for name in ("SOFTRAMP_NUM_THREADS", "OMP_NUM_THREADS"):
        text = os.environ.get(name, "").split(",")[0].strip()
        if not text:
            continue
        if text.isdecimal() and 1 <= int(text) <= MOST_THREADS:
            return int(text), name
        if name.startswith("SOFTRAMP"):
            raise ValueError(f"{name} must be an integer from 1 to {MOST_THREADS}, got {text!r}")
    cores = max(1, min(_available_cores(), math.ceil(min(_cgroup_quota(), 2**31))))
    return cores, "the cores this process may use"


def _make_key() -> int:
    key = ctypes.c_uint64(0)
    if _libc.pthread_key_create(ctypes.byref(key), None):
        raise OSError("pthread_key_create failed: too many thread-specific keys in this process")
    return key.value


if sys.platform == "win32":  # no pthreads there, hence no pool
    default_threads = 1, "this system, which has no pthreads"
    policy = Policy(1, 1, GRAIN, 0)
else:
    _libc = ctypes.CDLL(None)
    _libc.pthread_getspecific.restype = ctypes.c_void_p
    _libc.pthread_getspecific.argtypes = [ctypes.c_ulong]
    _libc.pthread_setspecific.argtypes = [ctypes.c_ulong, ctypes.c_void_p]
    default_threads = _default_threads()
    policy = Policy(default_threads[0], _available_cores(), GRAIN, _make_key())


def set_num_threads(n: int) -> None:
    """Set how many threads a call may use, in the whole process.

    Parameters
    ----------
    n : int
        At least 1; may exceed the number of cores. The initial value is ``SOFTRAMP_NUM_THREADS``, else
        ``OMP_NUM_THREADS``, else the cores this process may use (affinity and cgroup quota).

    Raises
    ------
    ValueError
        If `n` is less than 1 or more than 2**31 - 1.

    Notes
    -----
    Results do not depend on it, to the bit. Arrays of less than 32,768 elements never use more than one
    thread. On Windows there is no pool and the value has no effect.

    Examples
    --------
    >>> import softramp
    >>> before = softramp.get_num_threads()
    >>> softramp.set_num_threads(2)
    >>> softramp.get_num_threads()
    2
    >>> softramp.set_num_threads(before)
    """
    policy.threads = _checked(n)


def get_num_threads() -> int:
    """Return how many threads a call from this thread may use.

    Examples
    --------
    >>> import softramp
    >>> softramp.get_num_threads() >= 1
    True
    """
    return _own_limit() or policy.threads


def _own_limit() -> int:
    if sys.platform == "win32":
        return 0
    return int(_libc.pthread_getspecific(policy.key) or 0)


@contextlib.contextmanager
def threads(n: int) -> Iterator[None]:
    """Use at most `n` threads for calls from this thread, inside a ``with`` block.

    Blocks nest; other Python threads are not affected.

    Parameters
    ----------
    n : int
        At least 1; may exceed the number of cores and the process-wide value.

    Raises
    ------
    ValueError
        If `n` is less than 1 or more than 2**31 - 1.

    Examples
    --------
    >>> import softramp
    >>> with softramp.threads(1):
    ...     softramp.get_num_threads()
    1
    """
    n = _checked(n)
    before = _own_limit()
    if sys.platform != "win32":
        _libc.pthread_setspecific(policy.key, n)
    try:
        yield
    finally:
        if sys.platform != "win32":
            _libc.pthread_setspecific(policy.key, before)

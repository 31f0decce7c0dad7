"""An inner loop in Python that cannot fail.

ctypes swallows an exception, and NumPy would hand out uninitialised memory. The hardest to catch is
that of a signal handler, Ctrl-C above all: it comes between any two bytecodes of the main thread. Here
it is raised again as soon as the ufunc has returned.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import sys
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

LOOP = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)

_alive: list[Any] = []  # NumPy keeps addresses for ever
_reported: set[str] = set()
_lock = threading.RLock()
if hasattr(os, "register_at_fork"):  # a fork waits for a compilation in another thread
    os.register_at_fork(before=_lock.acquire, after_in_child=_lock.release, after_in_parent=_lock.release)


class Callback:
    """An inner loop: `attempt`, and if that fails, for whatever reason, `instead`."""

    consequence: str  # of a failure, for the user

    def __init__(self) -> None:
        self.broken = False
        callback = LOOP(self)
        self.address: int = ctypes.cast(callback, ctypes.c_void_p).value or 0
        _alive.append(callback)

    def __call__(self, *call: int) -> object:
        done: list[None] = []
        try:
            if not self.broken:
                self.attempt(call, done)
        except BaseException as error:
            return self.fail(call, done, error)
        if not done:
            self.instead(call)
        return None

    def attempt(self, call: tuple[int, ...], done: list[None]) -> None:
        """Do the call and add to `done`, in one bytecode."""
        raise NotImplementedError

    def instead(self, call: tuple[int, ...]) -> None:
        """Do the call without what may fail."""
        raise NotImplementedError

    def fail(self, call: tuple[int, ...], done: list[None], error: BaseException) -> object:
        """Make the best of it; the result is for ctypes to drop."""
        if not done:
            self.instead(call)
        if not isinstance(error, Exception):  # an interrupt: the next call tries again
            return _raised_on_death(type(error))
        self.broken = True
        reason = f"{type(error).__name__}: {error}"
        if reason not in _reported:
            _reported.add(reason)
            with contextlib.suppress(Exception):
                print(f"softramp: {self.consequence} ({reason})", file=sys.stderr)
        return None


class Later(Callback):
    """What a pointer leads to until its function is compiled.

    If it cannot be, the caller must see that nothing was done, or there is something else to do.
    """

    def __init__(self, pointers: Any, slot: int, make: Callable[[], int], consequence: str,
                 otherwise: Callable[[tuple[int, ...]], None] = lambda call: None) -> None:
        super().__init__()
        self.pointers, self.slot, self.make = pointers, slot, make
        self.consequence, self.otherwise = consequence, otherwise
        pointers[slot] = self.address

    def attempt(self, call: tuple[int, ...], done: list[None]) -> None:
        self.pointers[self.slot] = made = compiled(self.make)
        done.extend(map(LOOP(made), *zip(call)))

    def instead(self, call: tuple[int, ...]) -> None:
        self.otherwise(call)


class _Compiler(threading.Thread):
    pass


def compiled(make: Callable[[], int]) -> int:
    """The address that `make` returns, called in a thread of its own, one at a time.

    Signal handlers interrupt the main thread only, and an interrupted `import numba` cannot be repeated.
    """
    if isinstance(threading.current_thread(), _Compiler):  # a finalizer came here while compiling
        return make()
    future: Future[int] = Future()

    def run() -> None:
        try:
            with _lock:
                future.set_result(make())
        except BaseException as error:
            future.set_exception(error)

    _Compiler(target=run).start()
    return future.result()


class _Mortal:
    death: weakref.ref[Any]


_object, _api = ctypes.py_object, ctypes.pythonapi
_press_ctrl_c = ctypes.PYFUNCTYPE(None, _object)(("PyErr_SetInterrupt", _api))
_set_async_exc = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_ulong, _object, _object)(
    ("PyThreadState_SetAsyncExc", _api))


def _raised_on_death(kind: type[BaseException]) -> object:
    """An object whose death raises an exception at the next bytecode.

    Raised by a bytecode of the callback, it would be lost in ctypes. The object that the callback
    returns dies after them all, and the next one belongs to the caller of the ufunc. (The second way
    would do for both, if it could not hit a thread that is just being started instead.)
    """
    again = functools.partial(_set_async_exc, threading.get_ident(), kind)
    mortal = _Mortal()
    mortal.death = weakref.ref(mortal, _press_ctrl_c if kind is KeyboardInterrupt else again)
    return mortal


def _unraisable(unraisable: Any, previous: Callable[[Any], object]) -> object:
    """A signal handler may raise before a callback's first bytecode, where nothing can catch it."""
    traceback = unraisable.exc_traceback
    if traceback is None or traceback.tb_frame.f_code is not Callback.__call__.__code__:
        return previous(unraisable)
    names = traceback.tb_frame.f_locals
    return names["self"].fail(names["call"], names.get("done", []), unraisable.exc_value)


sys.unraisablehook = functools.partial(_unraisable, previous=sys.unraisablehook)

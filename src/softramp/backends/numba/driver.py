"""The driver and the thread pool where there is no C backend: kernels/pool.c in Python, over pthreads.

One mutex guards everything, nothing spins. Each thread has the same share of the pieces on every call,
then steals; the caller works too and waits for claimed pieces only. The state is one block of words
whose address is frozen into the code, with NumPy's inner loop as the only signature.

Compiling all this takes a second. So `run`, which every call goes through, reaches what is rarely needed
through pointers, which first lead to callbacks that compile it.
"""

from __future__ import annotations

import ctypes
import functools
import os
import platform
import signal
import sys
from typing import Any

import numpy as np
from numba import cfunc, types

from softramp.backends.numba.callback import Later
from softramp.backends.numba.intrinsics import address, at_most, buffer, call, jit, pointer_to
from softramp.backends.numba.loops import LOOP, carries
from softramp.backends.numba.steps import (
    JOIN_SCALES, JOIN_SUMS, LINE, MOST_PARTS, PREPARE, SCALE, WRITE, part_of)
from softramp.factory import MAX_BOUND, Row
from softramp.policy import Policy

WORD, MAX_OPERANDS, MAX_THREADS = 8, 2 * MAX_BOUND, 256

# Where things are, in words: in a Row, in a Policy, in the pool's state.
_row = {name: getattr(Row, name).offset // WORD for name, _ in Row._fields_}
SERIAL, DATA, POLICY = _row["loop"], _row["data"], _row["policy"]
INPUTS, BOUND, OUTPUTS, CORE_STEPS, ROWS, SIZE, TYPE, VALUE = (
    _row[name] for name in ("inputs", "bound", "outputs", "core_steps", "rows", "size", "type", "value"))
_policy = {name: getattr(Policy, name).offset // WORD for name, _ in Policy._fields_}
THREADS, GRAIN, KEY = _policy["threads"], _policy["grain"], _policy["key"]

(SPLIT, PARTS, CHECK, WORKER, BUSY, WORKERS, GENERATION, SHARES, COUNT, CORE, STEP, LINES, PIECE, PIECES,
 DONE, OVERFLOWED, JOB) = range(17)
JOB_ARGS = JOB + 1
JOB_STEPS = JOB_ARGS + MAX_OPERANDS
FIRST = JOB_STEPS + 2 * MAX_OPERANDS
LAST = FIRST + MAX_THREADS
PTHREAD = 8  # a mutex and a condition variable take at most 64 bytes
MUTEX = LAST + MAX_THREADS
WORK, FINISHED, WORDS = MUTEX + PTHREAD, MUTEX + 2 * PTHREAD, MUTEX + 3 * PTHREAD

_state = np.zeros(WORDS, np.intp)
state_at = _state.ctypes.data
mutex, work, finished = (state_at + WORD * k for k in (MUTEX, WORK, FINISHED))

words, uint16_at, uint32_at = pointer_to(np.intp), pointer_to(np.uint16), pointer_to(np.uint32)
addresses, all_of_steps = buffer(np.intp, MAX_OPERANDS), buffer(np.intp, 2 * MAX_OPERANDS)
HALF, BRAIN, SINGLE, DOUBLE = map(ord, "eEfd")
six, sixteen = buffer(np.intp, 6), buffer(np.intp, 16)
all_lines = buffer(np.intp, MOST_PARTS * LINE // WORD)

CONSEQUENCE = "a call uses one thread and may hide an overflow, for Numba cannot compile the pool here"
_alive: list[Any] = []

# ---- The C library

_library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
_int, _word = ctypes.c_int, ctypes.c_ssize_t


def _c(name: str, *argtypes: Any) -> Any:
    """A C function that returns an int, as Numba can call it."""
    function = _library[name]
    function.argtypes, function.restype = argtypes, _int
    return function


fetestexcept, feclearexcept, feraiseexcept = (
    _c(f"fe{verb}except", _int) for verb in ("test", "clear", "raise"))
# The numbers of <fenv.h>, and all of it that NumPy looks at.
if sys.platform == "win32":
    OVERFLOW, VISIBLE = 4, 0x1E
elif platform.machine().lower() in ("x86_64", "amd64"):
    OVERFLOW, VISIBLE = 8, 0x1D
else:
    OVERFLOW, VISIBLE = 4, 0x0F

if sys.platform == "win32":  # no pthreads, no pool
    @jit
    def getspecific(key):
        return 1
else:
    mutex_lock, mutex_unlock = _c("pthread_mutex_lock", _word), _c("pthread_mutex_unlock", _word)
    cond_wait = _c("pthread_cond_wait", _word, _word)
    cond_signal, cond_broadcast = _c("pthread_cond_signal", _word), _c("pthread_cond_broadcast", _word)
    create, detach = _c("pthread_create", *[_word] * 4), _c("pthread_detach", _word)
    SETMASK = int(signal.SIG_SETMASK)
    sigfillset, sigmask = _c("sigfillset", _word), _c("pthread_sigmask", _int, _word, _word)
    getspecific = ctypes.CFUNCTYPE(_word, ctypes.c_ulong)(("pthread_getspecific", _library))


# ---- Every call


@functools.cache
def run_address() -> int:
    """The address of the driver."""
    Later(_state, SPLIT, _pool, CONSEQUENCE)
    Later(_state, PARTS, functools.partial(_kept, LOOP, in_parts), CONSEQUENCE)
    Later(_state, CHECK, functools.partial(_kept, LOOP, check_overflow), CONSEQUENCE)
    return _kept(LOOP, run)


@functools.cache
def _kept(signature: Any, function: Any) -> int:
    """The address of a function, compiled for ever."""
    made = cfunc(signature, error_model="numpy")(function)
    _alive.append(made)
    return int(made.address)


@jit
def thread_limit(policy):
    own = getspecific(policy[KEY])
    return at_most(own if own else policy[THREADS], MAX_THREADS)


def run(args, dims, steps, data):
    inputs, bound, outputs, core_steps = data[INPUTS], data[BOUND], data[OUTPUTS], data[CORE_STEPS]
    all_args, all_steps, shape = addresses(), all_of_steps(), six()
    for k in range(inputs):
        all_args[k], all_steps[k] = args[k], steps[k]
    for k in range(bound):
        all_args[inputs + k], all_steps[inputs + k] = address(data) + WORD * (VALUE + k), 0
    for k in range(inputs, inputs + outputs):
        all_args[bound + k] = args[k]
    for k in range(inputs, inputs + outputs + core_steps):
        all_steps[bound + k] = steps[k]
    overflowed = fetestexcept(OVERFLOW)  # in an earlier part of the same call of the ufunc
    if overflowed:
        feclearexcept(OVERFLOW)
    policy = words(data[POLICY])
    shape[0], shape[1], shape[2], shape[3], shape[4] = dims[0], dims[1] if core_steps else 1, 0, 0, 0
    if shape[0] * shape[1] >= 2 * policy[GRAIN]:
        shape[2] = thread_limit(policy)
        if shape[2] > 1 and (
                core_steps or not carries(all_args, all_steps, inputs + bound, outputs, dims[0], data[SIZE])):
            call(words(state_at)[SPLIT if shape[0] > 1 else PARTS], all_args, shape, all_steps, data)
        shape[2] = 0
    if not shape[3]:
        call(data[SERIAL], all_args, shape, all_steps, words(data[DATA]))
    if fetestexcept(OVERFLOW):
        shape[3] = 0
        call(words(state_at)[CHECK], all_args, shape, all_steps, data)
        overflowed |= shape[3]
    if fetestexcept(VISIBLE):
        feclearexcept(VISIBLE)
    if overflowed:
        feraiseexcept(OVERFLOW)


def check_overflow(args, dims, steps, row):
    """dims[3] = whether an output is infinite where no input is; an input that it overwrote is forgotten.

    The flag alone may come from a branch that LLVM ran for all elements and selected from.
    """
    inputs, at = row[INPUTS] + row[BOUND], addresses()
    operands = inputs + row[OUTPUTS]
    for i in range(dims[0]):
        for j in range(dims[1]):
            step = operands
            for k in range(operands):
                at[k] = args[k] + i * steps[k]
                if row[ROWS] >> k & 1:
                    at[k] += j * steps[step]
                    step += 1
            for o in range(inputs, operands):
                infinite = is_infinite(at[o], row[TYPE] >> (8 * o))
                for k in range(inputs):
                    infinite = infinite and (at[k] == at[o] or not is_infinite(at[k], row[TYPE] >> (8 * k)))
                if infinite:
                    dims[3] = 1
                    return


@jit
def is_infinite(at, type):
    """Of a number of a type, which is the character in the lowest byte."""
    type &= 0xFF
    if type == HALF or type == BRAIN:
        return uint16_at(at)[0] & 0x7FFF == (0x7C00 if type == HALF else 0x7F80)
    if type == SINGLE:
        return uint32_at(at)[0] & 0x7FFFFFFF == 0x7F800000
    return type == DOUBLE and words(at)[0] & 0x7FFFFFFFFFFFFFFF == 0x7FF0000000000000


# ---- Calls in pieces. dims: outer elements, core dimension or 1, threads wanted, whether the call is done,
# and of parts of a row the step and their lines.


def in_parts(args, dims, steps, row):
    """One long row, each step over all its parts. Leaves the call undone if its kernel knows none."""
    n, part, lines, shape, apart = dims[1], part_of(dims[1]), all_lines(), six(), all_of_steps()
    parts, operands, core = (n + part - 1) // part, row[INPUTS] + row[BOUND] + row[OUTPUTS], 0
    lines[0] = 0
    ask(row, args, steps, 0, n, PREPARE, address(lines), part)
    if parts == 1 or not lines[0]:
        return
    for k in range(operands):
        apart[k] = 0
        if row[ROWS] >> k & 1:
            apart[k], apart[operands + core] = part * steps[operands + core], steps[operands + core]
            core += 1
    for step in range(SCALE, WRITE + 1):
        if step == JOIN_SCALES or step == JOIN_SUMS:
            ask(row, args, steps, 0, n, step, address(lines), parts)
        elif step == WRITE and not row[ROWS] >> (operands - 1) & 1:
            ask(row, args, steps, 1, n, step, address(lines), 0)
        else:
            shape[0], shape[1], shape[2], shape[3] = parts, part, dims[2], 0
            shape[4], shape[5] = step, address(lines)
            call(words(state_at)[SPLIT], args, shape, apart, row)
            if not shape[3]:
                ask(row, args, apart, parts, part, step, address(lines), 0)
    dims[3] = 1


@jit
def ask(row, args, steps, count, core, step, lines, first):
    dims = six()
    dims[0], dims[1], dims[2], dims[3], dims[4] = count, core, step, lines, first
    call(row[SERIAL], args, dims, steps, words(row[DATA]))


@jit
def take_part(state, self, seen):
    """Run pieces until none is left, from the front of one's own share, the back of others'; locked."""
    threads = state[SHARES]
    for k in range(threads if self < threads else 0):
        owner = (self + k) % threads
        while state[GENERATION] == seen and state[FIRST + owner] < state[LAST + owner]:
            if k == 0:
                piece = state[FIRST + owner]
                state[FIRST + owner] += 1
            else:
                state[LAST + owner] -= 1
                piece = state[LAST + owner]
            mutex_unlock(mutex)
            run_piece(state, piece)
            overflowed = self > 0 and fetestexcept(OVERFLOW)
            if overflowed:
                feclearexcept(OVERFLOW)
            mutex_lock(mutex)
            state[OVERFLOWED] |= overflowed
            state[DONE] += 1
            if state[DONE] == state[PIECES]:
                cond_signal(finished)


@jit
def run_piece(state, piece):
    row, args, start = words(state[JOB]), addresses(), piece * state[PIECE]
    for k in range(row[INPUTS] + row[BOUND] + row[OUTPUTS]):
        args[k] = state[JOB_ARGS + k] + start * state[JOB_STEPS + k]
    count, steps = at_most(state[PIECE], state[COUNT] - start), words(state_at + WORD * JOB_STEPS)
    ask(row, args, steps, count, state[CORE], state[STEP], state[LINES], start)


def worker(self):
    state, seen = words(state_at), 0
    mutex_lock(mutex)
    while state[WORKERS]:  # for ever
        while state[GENERATION] == seen:
            cond_wait(work, mutex)
        seen = state[GENERATION]
        take_part(state, self, seen)
    return 0


@jit
def start_workers(state, wanted):
    """Detached, and with all signals blocked: those are Python's, on its own threads."""
    every_signal, before, thread = sixteen(), sixteen(), six()
    sigfillset(address(every_signal))
    sigmask(SETMASK, address(every_signal), address(before))
    while state[WORKERS] < wanted and not create(address(thread), 0, state[WORKER], state[WORKERS] + 1):
        detach(thread[0])
        state[WORKERS] += 1
    sigmask(SETMASK, address(before), 0)


@jit
def describe(state, args, dims, steps, row, threads):
    """Pieces of at least a grain that divide evenly, whole tiles of columns, and every thread's share."""
    count = row[INPUTS] + row[BOUND] + row[OUTPUTS]
    for k in range(count):
        state[JOB_ARGS + k] = args[k]
    for k in range(count + row[CORE_STEPS]):
        state[JOB_STEPS + k] = steps[k]
    columns = steps[0] == row[SIZE] and steps[count] != row[SIZE]
    unit = 1 if row[CORE_STEPS] and not columns else 64
    pieces = dims[0] * dims[1] // words(row[POLICY])[GRAIN]
    if pieces > threads:
        pieces -= pieces % threads
    pieces = at_most(pieces, dims[0])
    piece = ((dims[0] + pieces - 1) // pieces + unit - 1) // unit * unit
    pieces = (dims[0] + piece - 1) // piece
    state[JOB], state[COUNT], state[CORE], state[PIECE] = address(row), dims[0], dims[1], piece
    state[STEP], state[LINES] = dims[4], dims[5]
    state[PIECES], state[DONE], state[OVERFLOWED], state[SHARES] = pieces, 0, 0, threads
    for k in range(threads):
        state[FIRST + k], state[LAST + k] = pieces * k // threads, pieces * (k + 1) // threads


def split(args, dims, steps, data):
    """Leaves the call undone if the pool is busy or cannot be had."""
    state = words(state_at)
    mutex_lock(mutex)
    if not state[BUSY]:
        state[BUSY] = 1
        start_workers(state, dims[2] - 1)
        threads = at_most(dims[2], state[WORKERS] + 1)
        if threads > 1:
            describe(state, args, dims, steps, data, threads)
            state[GENERATION] += 1
            cond_broadcast(work)
            take_part(state, 0, state[GENERATION])
            while state[DONE] < state[PIECES]:
                cond_wait(finished, mutex)
            if state[OVERFLOWED]:
                feraiseexcept(OVERFLOW)
            dims[3] = 1
        state[BUSY] = 0
    mutex_unlock(mutex)


def _reset() -> None:
    """No worker and no job; also in the child of a fork, which has the caller's thread only."""
    _state[BUSY:] = 0
    for name, where in (("mutex", mutex), ("cond", work), ("cond", finished)):
        _c(f"pthread_{name}_init", _word, _word)(where, 0)


@functools.cache
def _pool() -> int:
    _reset()
    os.register_at_fork(after_in_child=_reset)
    _state[WORKER] = _kept(types.intp(types.intp), worker)
    return _kept(LOOP, split)

"""The steps of the row kernels: kernels/rows.h in Python, too.

A row is summed in parts, each by itself, and then the parts: so the driver may have the parts of one long
row computed by several threads, step by step, and the bits are the same.

What is known of a row, or of a part, is a line of words: its length and float64 numbers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from softramp.backends.numba.intrinsics import address, at_most, buffer, call, jit, pointer_to

PART, MOST_PARTS = np.intp(32768), np.intp(256)
BATCH, BATCH_LENGTH = np.intp(8), np.intp(1024)
LINE = np.intp(256)  # bytes

PREPARE, SCALE, JOIN_SCALES, MEASURE, JOIN_SUMS, WRITE = map(np.intp, range(1, 7))
(LENGTH, LEAST, MOST, SIGN, DIVISOR, DIVISOR_LOW, REACH, PIVOT, FLOOR, NARROW, HIGH, LOW, MAXIMA) = map(
    np.intp, range(13))

words, numbers = pointer_to(np.intp), pointer_to(np.float64)
OPERANDS = np.intp(0)  # of a kernel, whose other words are its steps
addresses = buffer(np.intp, 3)
lines_of_batch = buffer(np.float64, BATCH * LINE // 8)


class Steps(NamedTuple):
    """The functions of a kernel: of a row's args, steps, line, and a number.

    That is, to join lines, how many; to measure, the length of a part; to write, that of the whole row.
    """

    scale: Any
    join_scales: Any
    measure: Any
    join_sums: Any
    write: Any


@jit
def part_of(n):
    """The length of a part of a row of n elements, a multiple of 4096."""
    return PART if n <= MOST_PARTS * PART else (n + 2**20 - 1) >> 20 << 12


def whole_rows(args, dims, steps, kernel):
    """Rows that fit the cache take each step together: one's chain of operations hides behind the others'."""
    n, lines, row = dims[1], address(lines_of_batch()), addresses()
    batch, part = BATCH if n <= BATCH_LENGTH else 1, part_of(n)
    for first in range(0, dims[0], batch):
        last = at_most(first + batch, dims[0])
        for step in range(SCALE, WRITE + 1, 2):  # without those that join
            function, line = kernel[step], lines
            for r in range(first, last if function else first):
                for k in range(kernel[OPERANDS]):
                    row[k] = args[k] + r * steps[k]
                words(line)[LENGTH] = n
                call(function, row, steps, line, part if step == MEASURE else n)
                line += LINE


def one_step(args, dims, steps, kernel):
    """The step dims[2] of parts of one row.

    dims: how many parts, their length, the step, the lines of all, the first. To join them all: 0, the
    row's length, the step, the lines, their number. PREPARE has the length of a part there.
    """
    n, step, lines, first, part = dims[1], dims[2], dims[3], dims[4], addresses()
    function = kernel[step]
    if step == PREPARE:
        for start in range(0, n, first):
            words(lines + start // first * LINE)[LENGTH] = at_most(first, n - start)
    elif function and (step == JOIN_SCALES or step == JOIN_SUMS):
        call(function, args, steps, lines, first)
    for i in range(dims[0] if function else 0):
        for k in range(kernel[OPERANDS]):
            part[k] = args[k] + i * steps[k]
        call(function, part, steps, lines + (first + i) * LINE, n)

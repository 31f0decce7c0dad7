"""A kernel -> a NumPy inner loop, for any number of operands: serial, without the GIL."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numba import cfunc, types

from softramp.backends.numba import activations, losses, rows, steps, tiles
from softramp.backends.numba.callback import Later
from softramp.backends.numba.intrinsics import (
    address, apply, apply_bfloat16, apply_half, at_most, buffer, call, copy, jit, offset, pointer_to,
    unpack)
from softramp.backends.numba.pairs import bind, scalar
from softramp.backends.numba.stub import Stub, compute
from softramp.definitions import Definition, mixed
from softramp.definitions.registry import BFLOAT16, NARROW
from softramp.factory import Row, parameter_dtype

BLOCK = 256
TILE, SHORT = np.intp(64), np.intp(32)  # rows of a tile; the longest row that is turned into one

_alive: list[Any] = []

_words = types.CPointer(types.intp)
LOOP = types.void(_words, _words, _words, _words)  # addresses of the operands, dims, steps, data
STEP = types.void(_words, _words, types.intp, types.intp)


@functools.cache
def loop(definition: Definition, type: str) -> Any:
    """The loop of a function over arrays of a type, as a Numba cfunc."""
    make = _losses if definition.name in mixed else _rows if definition.gufunc_signature else _elementwise
    return make(definition, type)


@jit
def carries(args, steps, inputs, outputs, n, size):
    """Whether element i of an output may be read as another element of an input.

    NumPy copies such operands, except in reduce and accumulate, which rely on one element after the
    other.
    """
    for o in range(inputs, inputs + outputs):
        if steps[o] == 0:
            return True
        for i in range(inputs):
            same = args[i] == args[o] and steps[i] == steps[o]
            apart = ends_before(args, steps, i, o, n, size) or ends_before(args, steps, o, i, n, size)
            if not same and not apart:
                return True
    return False


@jit
def ends_before(args, steps, a, b, n, size):
    """Whether the memory of operand a lies before that of operand b."""
    last, first = (n - 1) * steps[a], (n - 1) * steps[b]
    return args[a] + (last if last > 0 else 0) + size <= args[b] + (first if first < 0 else 0)


def _dtypes(definition: Definition, type: str) -> list[np.dtype[Any]]:
    """What Numba is to see in each operand: 16-bit floats are their bits."""
    array = np.dtype(np.uint16 if type in NARROW.values() else type)
    parameters = [parameter_dtype(type)] * len(definition.parameters)
    return [array] * definition.nin + parameters + [array] * definition.nout


def _memory(definition: Definition, type: str) -> tuple[tuple[np.intp, ...], Any]:
    """The sizes of the operands' elements, and `move`, which copies n of those of operand k."""
    dtypes, arrays = _dtypes(definition, type), definition.nin
    inputs = arrays + len(definition.parameters)
    pointer, pointer_to_parameter = pointer_to(dtypes[0]), pointer_to(parameter_dtype(type))

    @jit
    def move(k, to, to_step, start, step, n):
        if arrays <= k < inputs:
            copy(pointer_to_parameter(to), to_step, pointer_to_parameter(start), step, n)
        else:
            copy(pointer(to), to_step, pointer(start), step, n)

    return tuple(np.intp(dtype.itemsize) for dtype in dtypes), move


def _elementwise(definition: Definition, type: str) -> Any:
    """Contiguous operands run as they are; others go through buffers, a block at a time."""
    kernel = bind(activations.__name__, scalar(type))[definition.name]
    over = {"e": apply_half, BFLOAT16: apply_bfloat16}.get(type, apply)
    arrays = definition.nin
    inputs, outputs = np.intp(arrays + len(definition.parameters)), np.intp(definition.nout)
    operands, dtypes = inputs + outputs, _dtypes(definition, type)
    sizes, move = _memory(definition, type)
    size = sizes[0]
    pointers = unpack(dtypes, 0, inputs, inputs)
    pointers_and_values = unpack(dtypes, 0, inputs, arrays)
    results = unpack(dtypes, inputs, operands, operands)
    room = BLOCK * np.intp(8)
    addresses, blocks = buffer(np.intp, operands), buffer(np.uint8, operands * room)

    @cfunc(LOOP, error_model="numpy")
    def over_elements(args, dims, steps, data):
        n = dims[0]
        dense, scalar_parameters = True, True
        for k in range(operands):
            dense = dense and steps[k] == sizes[k]
            scalar_parameters = scalar_parameters and steps[k] == (0 if arrays <= k < inputs else size)
        carried = carries(args, steps, inputs, outputs, n, size)
        if scalar_parameters and not carried:
            over(kernel, n, results(args), pointers_and_values(args))
            return
        step = 1 if carried or n == 0 else n if dense else BLOCK
        at, spare = addresses(), address(blocks())
        for start in range(0, n, step):
            m = at_most(step, n - start)
            for k in range(operands):
                at[k] = args[k] + start * steps[k]
                if m > 1 and steps[k] != sizes[k]:
                    at[k] = spare + k * room
                    if k < inputs:
                        move(k, at[k], sizes[k], args[k] + start * steps[k], steps[k], m)
            over(kernel, m, results(at), pointers(at))
            for k in range(inputs, operands):
                if m > 1 and steps[k] != size:
                    move(k, args[k] + start * steps[k], steps[k], at[k], size, m)

    return over_elements


@functools.cache
def elementwise_rows(definition: Definition, type: str) -> Any:
    """The loop of an elementwise function over every row of a gufunc."""
    over_elements = loop(definition, type).address
    operands = np.intp(definition.nin + len(definition.parameters) + definition.nout)
    addresses = buffer(np.intp, operands)

    @cfunc(LOOP, error_model="numpy")
    def over_rows(args, dims, steps, data):
        row = addresses()
        for r in range(dims[0]):
            for k in range(operands):
                row[k] = args[k] + r * steps[k]
            call(over_elements, row, offset(dims, 1), offset(steps, operands), data)

    return over_rows


def _rows(definition: Definition, type: str) -> Any:
    """Row by row, in tiles, or part by part; each loop is compiled when the first rows come for it."""
    inputs = definition.nin + len(definition.parameters)
    is_row, cores = _row_operands(definition)
    operands, size = np.intp(len(is_row)), np.intp(_dtypes(definition, type)[0].itemsize)
    tiled = hasattr(tiles, without_temperature(definition))
    shape, words = buffer(np.intp, 4), pointer_to(np.intp)
    pointers = np.zeros(3, np.intp)
    by_row, by_tile, by_part = (pointers.ctypes.data + k * pointers.itemsize for k in range(3))
    kernel = kernel_of(definition, type).ctypes.data
    row = Row(inputs=inputs, outputs=definition.nout, core_steps=sum(is_row),
              rows=sum(row << k for k, row in enumerate(is_row)))
    Later(pointers, 0, functools.partial(loop_by_row, definition, type), Stub.consequence,
          lambda call: compute(definition, type, row, *call[:3]))
    if tiled:
        Later(pointers, 1, functools.partial(loop_by_tile, definition, type),
              "softmax and its like take longer, for Numba cannot compile tiles here")
        Later(pointers, 2, functools.partial(loop_by_part, definition, type),
              "a long row uses one thread, for Numba cannot compile its parts here")

    @cfunc(LOOP, error_model="numpy")
    def over_rows(args, dims, steps, data):
        side_by_side = dims[0] > 1
        for k in range(operands):
            side_by_side = side_by_side and (not is_row[k] or (steps[k] == size and steps[cores[k]] != size))
        if dims[2]:
            if tiled:
                call(words(by_part)[0], args, dims, steps, words(kernel))
            return
        job = shape()
        job[0], job[1], job[2], job[3] = dims[0], dims[1], not side_by_side, 0
        if tiled and (side_by_side or (dims[0] >= 4 and dims[1] <= SHORT)):
            call(words(by_tile)[0], args, job, steps, data)
        if not job[3]:
            call(words(by_row)[0], args, dims, steps, words(kernel))

    return over_rows


def _row_operands(definition: Definition) -> tuple[tuple[bool, ...], tuple[int, ...]]:
    """Which operands are rows, and where among the steps the one along such a row is."""
    rows = definition.rows
    return rows, tuple(np.intp(len(rows) + sum(rows[:k]) if row else k) for k, row in enumerate(rows))


def _losses(definition: Definition, type: str) -> Any:
    """Row by row, by a kernel that the functions of one loss share."""
    name = "hinge_loss" if definition.name.startswith("hinge") else "cross_entropy"
    kernel, kind = _loss_of_row(name, type), np.intp(definition.nout - 1 + 2 * ("_labels" in definition.name))
    is_row, cores = _row_operands(definition)
    operands = np.intp(len(is_row))
    addresses = buffer(np.intp, operands)

    @cfunc(LOOP, error_model="numpy")
    def over_rows(args, dims, steps, data):
        at, step = addresses(), addresses()
        for k in range(operands):
            step[k] = steps[cores[k]] if is_row[k] else 0
        for r in range(dims[0]):
            for k in range(operands):
                at[k] = args[k] + r * steps[k]
            call(kernel, at, step, dims[1], kind)

    return over_rows


@functools.cache
def _loss_of_row(name: str, type: str) -> int:
    return _compiled(tiles.KERNEL, bind(losses.__name__, type)[name].py_func)


def _compiled(signature: Any, function: Any) -> int:
    """The address of a function. A call of it there does not compile it again, as one by name does."""
    made = cfunc(signature, error_model="numpy")(function)
    _alive.append(made)
    return int(made.address)


def without_temperature(definition: Definition) -> str:
    """The name of the kernel."""
    return definition.name.removesuffix("_tempered")


def _row_kernel(module: Any, name: str, definition: Definition, type: str) -> Any:
    return bind(module.__name__, type, definition.name.endswith("_tempered"))[name].py_func


@functools.cache
def loop_by_row(definition: Definition, type: str) -> int:
    """The address of the loop over rows, whose data are the addresses of the steps."""
    name = without_temperature(definition)
    kernel = getattr(rows, name)
    if not isinstance(kernel, steps.Steps):
        return _compiled(LOOP, _row_kernel(rows, name, definition, type))
    _compile_steps(definition, type, kernel._replace(join_scales=None, join_sums=None))
    return _loop(steps.whole_rows)


def loop_by_part(definition: Definition, type: str) -> int:
    """The address of the loop over parts of a row."""
    _compile_steps(definition, type, getattr(rows, without_temperature(definition)))
    return _loop(steps.one_step)


def _compile_steps(definition: Definition, type: str, kernel: steps.Steps) -> None:
    tempered = definition.name.endswith("_tempered")
    addresses = [_step(step.__name__, type, tempered) if step else 0 for step in kernel]
    kernel_of(definition, type)[:] = [len(definition.rows), 0, *addresses]


@functools.cache
def kernel_of(definition: Definition, type: str) -> np.ndarray[Any, Any]:
    """How many operands a kernel has, and its steps, once it is compiled."""
    return np.zeros(steps.WRITE + 1, np.intp)


@functools.cache
def _step(name: str, type: str, tempered: bool) -> int:
    return _compiled(STEP, bind(rows.__name__, type, tempered)[name].py_func)


@functools.cache
def _loop(function: Any) -> int:
    return _compiled(LOOP, function)


@functools.cache
def loop_by_tile(definition: Definition, type: str) -> int:
    """The address of the loop over tiles. dims: rows, elements, whether to turn, whether it is done.

    Numbers, one for each row, are gathered as if they were rows of one element that are turned.
    """
    kernel = _compiled(tiles.KERNEL, _row_kernel(tiles, without_temperature(definition), definition, type))
    inputs, (is_row, cores) = np.intp(definition.nin + len(definition.parameters)), _row_operands(definition)
    operands, (sizes, move) = np.intp(len(is_row)), _memory(definition, type)
    room = SHORT * TILE * np.intp(8)
    addresses, buffers = buffer(np.intp, operands), buffer(np.uint8, operands * room)

    def over_tiles(args, dims, steps, data):
        at, step, turned = addresses(), addresses(), address(buffers())
        for r in range(0, dims[0], TILE):
            rows = at_most(TILE, dims[0] - r)
            width = (rows + 15) & -16 if dims[2] else rows  # whole vectors; the last row fills them up
            for k in range(operands):
                at[k], step[k], n = args[k] + r * steps[k], steps[cores[k]], dims[1] if is_row[k] else 1
                if not is_row[k] or dims[2]:
                    at[k], step[k] = turned + k * room, TILE * sizes[k]
                    for c in range(width if k < inputs else 0):
                        row = args[k] + (r + at_most(c, rows - 1)) * steps[k]
                        move(k, at[k] + c * sizes[k], step[k], row, steps[cores[k]], n)
            call(kernel, at, step, dims[1], width)
            for k in range(inputs, operands):
                for c in range(rows if not is_row[k] or dims[2] else 0):
                    row, n = args[k] + (r + c) * steps[k], dims[1] if is_row[k] else 1
                    move(k, row, steps[cores[k]], at[k] + c * sizes[k], step[k], n)
        dims[3] = 1

    return _compiled(LOOP, over_tiles)

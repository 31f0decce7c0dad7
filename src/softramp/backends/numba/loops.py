"""A kernel -> a NumPy inner loop, for any number of operands: serial, without the GIL."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numba import cfunc, types

from softramp.backends.numba import activations, rows
from softramp.backends.numba.intrinsics import address, apply, at_most, buffer, copy, jit, pointer_to, unpack
from softramp.backends.numba.pairs import SCALARS, bind
from softramp.definitions import Definition

BLOCK = 256

_words = types.CPointer(types.intp)
LOOP = types.void(_words, _words, _words, _words)  # addresses of the operands, dims, steps, data


@functools.cache
def loop(definition: Definition, type: str) -> Any:
    """The loop of a function over arrays of a type, as a Numba cfunc."""
    make = _rows if definition.gufunc_signature else _elementwise
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


def _elementwise(definition: Definition, type: str) -> Any:
    """Contiguous operands run as they are; others go through buffers, a block at a time."""
    kernel = bind(activations.__name__, SCALARS[type])[definition.name]
    dtype = np.dtype(type)
    size, arrays = np.intp(dtype.itemsize), definition.nin
    inputs, outputs = np.intp(arrays + len(definition.parameters)), np.intp(definition.nout)
    operands = inputs + outputs
    pointers = unpack(dtype, 0, inputs, inputs)
    pointers_and_values = unpack(dtype, 0, inputs, arrays)
    results = unpack(dtype, inputs, operands, operands)
    addresses, blocks = buffer(np.intp, operands), buffer(dtype, operands * BLOCK)
    pointer = pointer_to(dtype)

    @cfunc(LOOP, error_model="numpy")
    def over_elements(args, dims, steps, data):
        n = dims[0]
        dense, scalar_parameters = True, True
        for k in range(operands):
            dense = dense and steps[k] == size
            scalar_parameters = scalar_parameters and steps[k] == (0 if arrays <= k < inputs else size)
        carried = carries(args, steps, inputs, outputs, n, size)
        if scalar_parameters and not carried:
            apply(kernel, n, results(args), pointers_and_values(args))
            return
        step = 1 if carried or n == 0 else n if dense else BLOCK
        at, spare = addresses(), address(blocks())
        for start in range(0, n, step):
            m = at_most(step, n - start)
            for k in range(operands):
                at[k] = args[k] + start * steps[k]
                if m > 1 and steps[k] != size:
                    at[k] = spare + k * BLOCK * size
                    if k < inputs:
                        copy(pointer(at[k]), size, pointer(args[k] + start * steps[k]), steps[k], m)
            apply(kernel, m, results(at), pointers(at))
            for k in range(inputs, operands):
                if m > 1 and steps[k] != size:
                    copy(pointer(args[k] + start * steps[k]), steps[k], pointer(at[k]), size, m)

    return over_elements


def _rows(definition: Definition, type: str) -> Any:
    return cfunc(LOOP, error_model="numpy")(bind(rows.__name__, SCALARS[type])[definition.name].py_func)

"""What NumPy calls until a loop is compiled: it compiles the loop and puts it in its own place."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from softramp.backends import c
from softramp.backends.numba.callback import LOOP, Callback, compiled
from softramp.definitions import Definition
from softramp.definitions.registry import NARROW
from softramp.factory import Row, operand_dtypes, parameter_dtype


class Stub(Callback):
    """The inner loop of one function and type that is still to be compiled."""

    consequence = "NumPy computes, more slowly, what Numba cannot compile here"

    def __init__(self, row: Row, definition: Definition, type: str, replace: Callable[[int], None]) -> None:
        super().__init__()
        self.row, self.definition, self.type, self.replace = row, definition, type, replace

    def attempt(self, call: tuple[int, ...], done: list[None]) -> None:
        run = LOOP(compiled(self.compile))
        done.extend(map(run, *zip(call)))

    def compile(self) -> int:
        """Fill the row and let NumPy call the driver from now on; the driver's address."""
        from softramp.backends.numba import loops

        run = c.run_address() or driver_address()
        by_row = self.row.core_steps and not self.definition.gufunc_signature
        make = loops.elementwise_rows if by_row else loops.loop
        self.row.loop = make(self.definition, self.type).address
        self.replace(run)
        return run

    def instead(self, call: tuple[int, ...]) -> None:
        compute(self.definition, self.type, self.row, *call[:3])


def driver_address() -> int:
    from softramp.backends.numba import driver

    return driver.run_address()


# ---- A call without kernels


def compute(definition: Definition, type: str, row: Row, args: int, dims: int, steps: int) -> None:
    """A NumPy inner loop made of the function's definition."""
    operands = row.inputs + row.outputs
    addresses = (ctypes.c_ssize_t * operands).from_address(args)
    shape = (ctypes.c_ssize_t * (2 if row.core_steps else 1)).from_address(dims)[:]
    step = (ctypes.c_ssize_t * (operands + row.core_steps)).from_address(steps)[:]
    along = iter(step[operands:])
    strides = [[step[k], next(along)] if row.rows >> k & 1 else [step[k]] for k in range(operands)]
    if 0 in shape:
        return
    dtypes = operand_dtypes(definition, type, bound=row.bound > 0)
    arrays = [_view(addresses[k], dtypes[k], shape[:len(strides[k])], strides[k]) for k in range(operands)]
    inputs, outputs = arrays[:row.inputs], arrays[row.inputs:]
    if type in NARROW.values():  # computed in float32, rounded once
        inputs = [x.astype(np.float32) if x.dtype == dtypes[0] else x for x in inputs]
    bound = [np.array([value]).view(parameter_dtype(type))[:1] for value in row.value[:row.bound]]
    one_by_one = not row.core_steps and _carries(inputs, outputs)
    with np.errstate(all="ignore"):
        for part in [slice(i, i + 1) for i in range(shape[0])] if one_by_one else [slice(None)]:
            made = definition.function(*(x[part] for x in inputs), *bound)
            for out, result in zip(outputs, made if definition.nout > 1 else [made], strict=True):
                out[part] = result
        np.add(0.0, 0.0)  # lowers the floating-point flags, as every ufunc does first


def _view(address: int, dtype: np.dtype[Any], shape: list[int], strides: list[int]) -> np.ndarray[Any, Any]:
    first = np.frombuffer((ctypes.c_char * dtype.itemsize).from_address(address), dtype)
    return as_strided(first, shape, strides)


def _carries(inputs: list[np.ndarray[Any, Any]], outputs: list[np.ndarray[Any, Any]]) -> bool:
    """Whether an element of an output may be read as a later element of an input, as in reduce."""
    return any(
        out.strides == (0,)
        or any(np.may_share_memory(x, out) and (x.ctypes.data, x.strides) != (out.ctypes.data, out.strides)
               for x in inputs)
        for out in outputs)

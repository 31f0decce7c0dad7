"""Table rows -> real np.ufunc. The only file that touches NumPy's C API.

A backend hands over inner loops: for each type, the address of a serial loop. What NumPy is given is
the backend's driver `run`, with a Row behind its `void *data`: the serial loop, the operands bound to
it, and the thread policy. So one driver serves every loop, whoever made it.

NumPy keeps the pointers it is given, and a ufunc is never freed: neither are they (`_alive`).
"""

from __future__ import annotations

import ctypes
import functools
import inspect
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from softramp.definitions import Definition
from softramp.definitions.registry import BFLOAT16, INTEGERS
from softramp.policy import Policy, policy

MAX_BOUND = 4  # parameters: `struct row` of kernels/kernels.h has as many cells


class Row(ctypes.Structure):
    """`struct row` of kernels/kernels.h."""

    _fields_ = [
        ("loop", ctypes.c_void_p),
        ("data", ctypes.c_void_p),
        ("policy", ctypes.POINTER(Policy)),
        ("inputs", ctypes.c_int64),
        ("bound", ctypes.c_int64),
        ("outputs", ctypes.c_int64),
        ("core_steps", ctypes.c_int64),
        ("rows", ctypes.c_int64),
        ("size", ctypes.c_int64),
        ("type", ctypes.c_char * (2 * MAX_BOUND)),
        ("value", ctypes.c_int64 * MAX_BOUND),
    ]


class Backend(Protocol):
    """What the factory asks of a backend."""

    def attach(self, row: Row, definition: Definition, type: str, replace: Callable[[int], None]) -> int:
        """Fill row.loop and row.data; return the address that NumPy is to call with this row.

        `replace(address)` makes NumPy call another address instead, from the next call on.
        """


def _slot(index: int, restype: Any, *argtypes: Any) -> Callable[..., Any]:
    """A function of NumPy's C API by its number: compiled into every extension, so part of its ABI."""
    pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi))
    table = pointer(np._core._multiarray_umath._UFUNC_API, None)
    address = ctypes.cast(table, ctypes.POINTER(ctypes.c_void_p))[index]
    return ctypes.PYFUNCTYPE(restype, *argtypes)(address)


_int, _ptr, _str = ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p
_from_func_and_data_and_signature = _slot(
    31, ctypes.py_object, _ptr, _ptr, _ptr, _int, _int, _int, _int, _str, _str, _int, _str)
_replace_loop_by_signature = _slot(30, _int, ctypes.py_object, _ptr, _ptr, _ptr)
_register_loop_for_type = _slot(2, _int, ctypes.py_object, _int, _ptr, _ptr, _ptr)

_NO_IDENTITY = -1
_alive: list[Any] = []


def make(
    definition: Definition, backend: Backend, *, bound: bool = False, per_row: bool = False, module: str
) -> np.ufunc:
    """Make the ufunc of `definition` from the loops of `backend`.

    With `bound`, the parameters are not operands but their defaults, bound in the row. With `per_row`, an
    elementwise function becomes a gufunc over rows of every operand: NumPy calls a loop once for all rows,
    where it would call it for each, and threads can share them.
    """
    nin = definition.nin + (0 if bound else len(definition.parameters))
    n, operands = len(definition.types), nin + definition.nout
    loops, data = (ctypes.c_void_p * n)(), (ctypes.c_void_p * n)()
    codes = (ctypes.c_char * (n * operands))()
    made: list[np.ufunc] = []

    for i, char in enumerate(definition.types):
        row, numbers = _row(definition, char, bound=bound, per_row=per_row)

        def replace(address: int, numbers: Any = numbers) -> None:
            # NumPy writes the old loop's address where the last argument points.
            old = ctypes.c_void_p()
            if _replace_loop_by_signature(made[0], address, numbers, ctypes.byref(old)):
                raise RuntimeError(f"NumPy has no loop for the types {list(numbers)} in {made[0]}")

        loops[i] = backend.attach(row, definition, char, replace)
        data[i] = ctypes.addressof(row)
        for k, number in enumerate(numbers):
            codes[i * operands + k] = number

    name = definition.name.encode()
    signature = definition.gufunc_signature
    if per_row:
        signature = f"{','.join(['(n)'] * nin)}->{','.join(['(n)'] * definition.nout)}"
    encoded = signature.encode() if signature else None
    ufunc = _from_func_and_data_and_signature(
        loops, data, codes, n, nin, definition.nout, _NO_IDENTITY, name, b"", 0, encoded)
    _alive.append((loops, data, codes, name, encoded))
    made.append(ufunc)
    if "e" in definition.types and dtype_of(BFLOAT16) is not None:
        _add_bfloat16(ufunc, definition, backend, bound=bound, per_row=per_row)
    ufunc.__module__ = module
    ufunc.__qualname__ = definition.name
    ufunc.__signature__ = _python_signature(definition, bound=bound, gufunc=signature is not None)
    ufunc.__doc__ = f"{definition.name}{ufunc.__signature__}\n\n{definition.doc}"  # with the operands' names
    return ufunc


def _row(definition: Definition, char: str, *, bound: bool, per_row: bool) -> tuple[Row, Any]:
    """What the driver finds behind a loop, still without the loop; and the numbers of the loop's types."""
    array, parameter = dtype_of(char), parameter_dtype(char)
    defaults = list(definition.defaults) if bound else []
    inputs = definition.nin + (0 if bound else len(definition.parameters))
    rows = (True,) * (inputs + definition.nout) if per_row else definition.rows
    row = Row(policy=ctypes.pointer(policy), inputs=inputs, bound=len(defaults), outputs=definition.nout,
              core_steps=sum(rows), rows=sum(row << k for k, row in enumerate(rows)), size=array.itemsize,
              type="".join(dtype.char for dtype in operand_dtypes(definition, char)).encode())
    for k, value in enumerate(defaults):
        if char in INTEGERS:
            value = min(max(value, np.iinfo(array).min), np.iinfo(array).max)
        cell = np.zeros(8 // parameter.itemsize, parameter)
        cell[0] = value
        row.value[k] = int(cell.view(np.int64)[0])
    operands = operand_dtypes(definition, char, bound=bound)
    numbers = (ctypes.c_int * len(operands))(*(dtype.num for dtype in operands))
    _alive.append((row, numbers))
    return row, numbers


def _add_bfloat16(
    ufunc: np.ufunc, definition: Definition, backend: Backend, *, bound: bool, per_row: bool
) -> None:
    """Before the first call, or NumPy would keep to its promotion to float32."""
    row, numbers = _row(definition, BFLOAT16, bound=bound, per_row=per_row)
    kind = dtype_of(BFLOAT16).num

    def register(address: int) -> None:  # a second registration replaces the first
        if _register_loop_for_type(ufunc, kind, address, numbers, ctypes.addressof(row)):
            raise RuntimeError(f"NumPy takes no loop for bfloat16 in {ufunc}")

    register(backend.attach(row, definition, BFLOAT16, register))


@functools.cache
def dtype_of(char: str) -> Any:
    """The dtype of a type character; None for bfloat16 if ml_dtypes is not installed."""
    if char != BFLOAT16:
        return np.dtype(char)
    try:
        import ml_dtypes
    except ImportError:
        return None
    return np.dtype(ml_dtypes.bfloat16)


def parameter_dtype(char: str) -> np.dtype[Any]:
    """A parameter is an operand of its own type: that of integers and float64, else float32."""
    return np.dtype(char if char == "d" or char in INTEGERS else "f")


def operand_dtypes(definition: Definition, char: str, *, bound: bool = False) -> list[np.dtype[Any]]:
    """The types of a loop: array operands, parameters unless bound, outputs; or as the definition says."""
    array, parameter = dtype_of(char), parameter_dtype(char)
    if definition.operand_types:
        own = {"x": array, "w": parameter}
        return [own[kind] if kind in own else np.dtype(kind) for kind in definition.operand_types]
    parameters = [] if bound else [parameter] * len(definition.parameters)
    return [array] * definition.nin + parameters + [array] * definition.nout


def _python_signature(definition: Definition, *, bound: bool, gufunc: bool) -> inspect.Signature:
    """As help() shows it: operands by position, then the keywords of every ufunc."""
    P = inspect.Parameter
    names = definition.operands + ([] if bound else list(definition.parameters))
    keywords = ["out", "axes", "axis"] if gufunc else ["out", "where"]
    return inspect.Signature(
        [P(name, P.POSITIONAL_ONLY) for name in names]
        + [P(k, P.KEYWORD_ONLY, default=True if k == "where" else None) for k in keywords]
        + [P("kwargs", P.VAR_KEYWORD)])

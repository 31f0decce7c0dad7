"""What is measured, and what the right answer is. Made from the definitions.

A case is a function with the dtype, shape and kind of its arrays. `product`, `star` and `quick` choose
cases; `Data` makes the arrays of one; `Reference` knows its exact values.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from softramp import policy
from softramp.cli.verify import in_domain
from softramp.definitions import Definition, definitions
from softramp.factory import parameter_dtype

Array = np.ndarray[Any, Any]
Layout = tuple[tuple[int, ...], int]  # shape, axis

SIZES = (10_000, 1_000_000)
LAYOUTS: Sequence[Layout] = (
    ((1, 10), -1), ((1, 1000), -1), ((128, 10), -1), ((128, 128), -1), ((1024, 1000), -1), ((64, 50257), -1))

ARMS = ("relu", "leaky_relu", "sigmoid")  # the functions whose sizes, dtypes and threads are varied
ARM_SIZES = (100, 300_000, 16_000_000)
ARM_LAYOUTS: Sequence[Layout] = (
    ((4096, 4096), -1), ((1000, 1024), 0), ((4096, 4096), 0), ((8, 512, 28, 28), 1))

COMPARED = ("relu", "sigmoid", "softmax")  # what the summary is about

FREE_PARAMETER = 0.25  # of a parameter without a default
SAMPLE = 2**17  # elements compared with exact values
MEMORY_BOUND = 32 * 2**20  # bytes of traffic: more than most caches hold


class Case(NamedTuple):
    """One function, and the arrays it is given."""

    function: str
    dtype: str = "float32"
    shape: tuple[int, ...] = (10_000,)
    axis: int = -1
    threads: int = 1
    new: bool = False  # a new array for the result, instead of out=
    sigma: float = 3.0  # inputs are N(0, sigma^2)

    @property
    def definition(self) -> Definition:
        return definitions[self.function]

    @property
    def is_row(self) -> bool:
        return self.definition.gufunc_signature is not None

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes that the call has to read and to write."""
        return (self.definition.nin + self.definition.nout) * self.size * np.dtype(self.dtype).itemsize

    @property
    def size_label(self) -> str:
        if not self.is_row:
            return f"{self.size:,}"
        return "x".join(map(str, self.shape)) + (f"@{self.axis}" if self.axis != -1 else "")

    @property
    def label(self) -> str:
        """All of it, for groups and names."""
        threads = f"{self.threads} thread{'s' * (self.threads > 1)}"
        spread = [] if self.sigma == 3 else [f"N(0, {self.sigma:g}^2)"]
        result = "new array" if self.new else "out="
        return ", ".join([f"{self.function} {self.size_label} {self.dtype}", *spread, result, threads])

    @property
    def parameters(self) -> list[float]:
        free = len(self.definition.parameters) - len(self.definition.defaults)
        return [FREE_PARAMETER] * free + list(self.definition.defaults)


# ---- Choosing


def product(
    functions: Iterable[str], *, dtypes: Iterable[str] = ("float32",), sizes: Iterable[int] = SIZES,
    layouts: Iterable[Layout] = LAYOUTS, threads: Iterable[int] = (1,), new: Iterable[bool] = (False,),
    sigmas: Iterable[float] = (3.0,),
) -> list[Case]:
    """Every combination; `sizes` are for the elementwise functions, `layouts` for those of rows."""
    shapes = [((size,), -1) for size in sizes]
    return [
        Case(name, dtype, shape, axis, count, fresh, sigma)
        for name in functions for dtype in dtypes for count in threads for fresh in new for sigma in sigmas
        for shape, axis in (layouts if definitions[name].gufunc_signature else shapes)]


def star(functions: Iterable[str]) -> list[Case]:
    """Every function in the centre, and arms from it along one factor at a time."""
    functions = list(functions)
    arms = [name for name in functions if name in ARMS]
    rows = [name for name in functions if definitions[name].gufunc_signature]
    everything = [policy.get_num_threads()]
    cases = product(functions)
    cases += product(arms, sizes=ARM_SIZES)
    cases += product(arms, dtypes=["float64"])
    cases += product(arms, sizes=[1_000_000, 16_000_000], new=[True])
    cases += product(arms, sizes=[10_000, 300_000, 1_000_000, 16_000_000], threads=everything)
    cases += product(rows, layouts=ARM_LAYOUTS)
    cases += product(rows, layouts=LAYOUTS[-2:], threads=everything)
    cases += product(rows, layouts=LAYOUTS[-2:], sigmas=[20.0])
    return sorted(dict.fromkeys(cases), key=lambda case: functions.index(case.function))


def quick(functions: Iterable[str]) -> list[Case]:
    """Every function once, those that the summary compares twice, and one with large arrays."""
    functions = list(functions)
    compared = [name for name in functions if name in COMPARED]
    cases = product(functions, sizes=SIZES[:1], layouts=[((128, 128), -1)])
    cases += product(compared, layouts=[((1024, 1000), -1)])
    cases += product(compared[:1], sizes=[max(ARM_SIZES)], layouts=[], new=[False, True])
    return sorted(dict.fromkeys(cases), key=lambda case: functions.index(case.function))


def full(functions: Iterable[str]) -> list[Case]:
    """The product of what `star` varies one at a time."""
    return product(
        functions, dtypes=("float32", "float64"), threads=sorted({1, policy.get_num_threads()}),
        sizes=(*SIZES, *ARM_SIZES), layouts=(*LAYOUTS, *ARM_LAYOUTS), new=(False, True))


# ---- What the command line may say


def function_name(text: str) -> str:
    if text not in definitions:
        raise argparse.ArgumentTypeError(f"no function {text!r}; there are {', '.join(definitions)}")
    return text


def positive(text: str) -> int:
    """An integer of at least 1; underscores are allowed."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a positive integer, got {text!r}")
    return number


def positive_float(text: str) -> float:
    """A number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"expected a positive number, got {text!r}")
    return number


def layout(text: str) -> Layout:
    """A shape, and the axis if it is not the last: 128x1000, 1000x1024@0."""
    shape, _, axis = text.partition("@")
    try:
        found = tuple(int(n) for n in shape.split("x")), int(axis or -1)
    except ValueError:
        found = (), 0
    if not found[0] or min(found[0]) < 1 or not -1 <= found[1] < len(found[0]):
        raise argparse.ArgumentTypeError(
            f"expected a shape like 128x1000, or 1000x1024@0 for axis 0, got {text!r}")
    return found


# ---- Arrays


class Data(NamedTuple):
    """The arrays of one case, for every contender the same."""

    operands: list[Array]
    out: Array | tuple[Array, ...] | None


def make_data(case: Case) -> Data:
    """Normal inputs from a fixed seed. An operand named y is what the forward function returns for one."""
    rng = np.random.default_rng(0)
    operands = []
    for name in case.definition.operands:
        x = rng.normal(0, case.sigma, case.shape)
        if name == "y" and case.is_row:
            forward = definitions[case.definition.forward].function
            x = np.moveaxis(forward(np.moveaxis(x, case.axis, -1)), -1, case.axis)
        elif name != "g" and not case.is_row:
            x = in_domain(case.definition, x)
        operands.append(np.ascontiguousarray(x, case.dtype))
    if case.new:
        return Data(operands, None)
    if case.definition.nout == 1:
        return Data(operands, np.empty(case.shape, case.dtype))
    # The gradients of the operands after g, then of the parameters, which are scalars here.
    gradients = [case.shape] * (case.definition.nin - 1) + [()] * len(case.parameters)
    return Data(operands, tuple(np.empty(shape, case.dtype) for shape in gradients[:case.definition.nout]))


# ---- The right answer


class Reference:
    """The exact values of a case, at evenly spaced elements or rows: all of them up to SAMPLE elements."""

    def __init__(self, case: Case, data: Data) -> None:
        from softramp import oracle
        from softramp.cli.verify import ROOT_BAR, near_root, root_unit

        self.case = case
        definition = case.definition
        self.promised = float(getattr(definition.bar, case.dtype))
        # A gradient that is summed is compared whole.
        summed = definition.nout > definition.nin - definition.first_input
        self._step = 1 if summed else max(1, case.size // SAMPLE)
        operands = [self._sample(a) for a in data.operands]
        self._unit: Array | None = None
        self._near = near_root(definition, operands)
        if case.is_row:
            value, self._unit = oracle.row_reference(case.function, *operands)
            self._exact: tuple[Array, ...] = (value,)
            return
        dtype = parameter_dtype(np.dtype(case.dtype).char)
        self._exact = oracle.reference(case.function, *operands, *(dtype.type(p) for p in case.parameters))
        # The promise is absolute there: counted so that keeping it gives the promised number of ULP.
        self._near_unit = root_unit(definition, operands) * (ROOT_BAR[case.dtype] / self.promised)

    @property
    def allowed(self) -> float:
        """What the promise means here.

        It is about g = 1. With another g the product may begin a binade in which the same error is twice
        as many ULP, and is rounded once more.
        """
        return 2 * self.promised + 1 if self.case.definition.is_backward else self.promised

    def error(self, results: Any) -> float:
        """The largest error, in ULP. A contender may have computed the first rows only."""
        results = results if isinstance(results, tuple) else (results,)
        with np.errstate(all="ignore"):
            near = [self._near, *[np.False_] * (len(results) - 1)]
            return max(map(self._error, map(np.asarray, results), self._exact, near))

    def _error(self, result: Array, exact: Array, near: Array) -> float:
        from softramp import oracle

        if result.ndim == 0:  # a parameter's gradient, a sum: its error is measured of the sum of magnitudes
            return float(oracle.ulp_error(result, exact.sum(), abs(exact).sum()))
        result = self._sample(result)
        exact = exact[:len(result)]
        unit = None if self._unit is None else self._unit[:len(result)]
        error = oracle.ulp_error(result, exact, unit)
        if unit is not None:  # nothing is promised for a subnormal probability
            error = np.where(abs(unit) >= np.finfo(self.case.dtype).tiny, error, 0)
        if near.any():
            absolute = abs(result - exact) / self._near_unit[:len(result)]
            error = np.where(near[:len(result)], absolute, error)
        return float(error.max())

    def _sample(self, a: Array) -> Array:
        """Elements, or rows along the last axis."""
        if self.case.is_row:
            a = np.moveaxis(a, self.case.axis, -1)
            a = a.reshape(-1, a.shape[-1])
        else:
            a = a.reshape(-1)
        return a[::self._step]

"""What is measured, and what the right answer is. Made from the definitions.

A case is a function with the dtype, shape and kind of its arrays. `product`, `star` and `quick` choose
cases; `make_data` makes the arrays of one; `Reference` knows its exact values.
"""

from __future__ import annotations

import argparse
import functools
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from softramp import policy
from softramp.cli.verify import ROOT_BAR, in_domain, near_root, root_unit, row_error, samples
from softramp.definitions import Definition, definitions
from softramp.definitions.registry import BFLOAT16, FLOATING, NARROW
from softramp.factory import dtype_of, parameter_dtype

Array = np.ndarray[Any, Any]
Layout = tuple[tuple[int, ...], int]  # shape, axis

SIZES = (10_000, 1_000_000)
LAYOUTS: Sequence[Layout] = (
    ((1, 10), -1), ((1, 1000), -1), ((128, 10), -1), ((128, 128), -1), ((1024, 1000), -1), ((64, 50257), -1))

# Kinds of arrays, for elementwise functions. Row-sliced is the left half of wider rows. A parameter that is
# given, as a number or as one for each column, is not left to its default.
KINDS = (
    "contiguous", "row-sliced", "transposed", "scalar-parameter", "channel-parameter", "subnormal-results")
CONTIGUOUS, ROW_SLICED, TRANSPOSED, SCALAR, CHANNEL, SUBNORMAL = KINDS

ARMS = ("relu", "leaky_relu", "sigmoid", "gelu", "softplus")  # of which everything else is varied, too
CHANNEL_ARM = "prelu"  # whose parameter usually is one for each column
ARM_SIZES = (100, 300_000, 16_000_000)
ARM_LAYOUTS: Sequence[Layout] = (
    ((1, 131_072), -1), ((8192, 128), -1), ((4096, 4096), -1), ((1000, 1024), 0), ((4096, 4096), 0),
    ((8, 512, 28, 28), 1))

QUICK = (  # what --quick measures unless functions are named
    "relu", "relu_backward", "leaky_relu", "elu", "elu_backward", "gelu", "gelu_backward", "silu",
    "silu_backward", "mish", "softplus", "sigmoid", "sigmoid_backward", "tanh", "tanh_backward",
    "softmax", "softmax_backward", "log_softmax", "log_softmax_backward")
COMPARED = ("relu", "sigmoid", "softmax")  # what the summary is about

FREE_PARAMETER = 0.25  # of a parameter without a default
DISTINCT = 2**20  # random numbers; large arrays repeat them
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
    kind: str = CONTIGUOUS

    @property
    def definition(self) -> Definition:
        return definitions[self.function]

    @property
    def exists(self) -> bool:
        """Whether the function has this dtype, and can have this kind of arrays."""
        definition = self.definition
        if self.dtype not in definition.dtypes or (self.is_row and self.kind != CONTIGUOUS):
            return False
        if self.kind == SCALAR:
            return definition.has_defaults
        if self.kind == CHANNEL:
            return bool(definition.parameters) and not definition.is_backward
        if self.kind == SUBNORMAL:
            return definition.nin == 1 and _with_subnormal_results(self.function, self.dtype).size > 0
        return True

    @property
    def array_dtype(self) -> np.dtype[Any]:
        dtype: np.dtype[Any] = dtype_of(NARROW.get(self.dtype, self.dtype))
        return dtype

    @property
    def is_row(self) -> bool:
        return self.definition.gufunc_signature is not None

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes that the call has to read and to write."""
        return (self.definition.nin + self.definition.nout) * self.size * self.array_dtype.itemsize

    @property
    def size_label(self) -> str:
        if len(self.shape) == 1 and not self.is_row:
            return f"{self.size:,}"
        return "x".join(map(str, self.shape)) + (f"@{self.axis}" if self.axis != -1 else "")

    @property
    def label(self) -> str:
        """All of it, for groups and names."""
        threads = f"{self.threads} thread{'s' * (self.threads > 1)}"
        spread = [] if self.sigma == 3 else [f"N(0, {self.sigma:g}^2)"]
        kind = [] if self.kind == CONTIGUOUS else [self.kind]
        result = "new array" if self.new else "out="
        return ", ".join([f"{self.function} {self.size_label} {self.dtype}", *spread, *kind, result, threads])

    @property
    def details(self) -> str:
        """Its size, and what is unusual about it."""
        facts = {
            self.dtype: self.dtype != "float32", f"N(0, {self.sigma:g}^2)": self.sigma != 3,
            self.kind: self.kind != CONTIGUOUS, "new array": self.new,
            f"{self.threads} threads": self.threads > 1}
        return ", ".join([self.size_label, *(fact for fact, unusual in facts.items() if unusual)])

    @property
    def parameters(self) -> list[float]:
        free = len(self.definition.parameters) - len(self.definition.defaults)
        return [FREE_PARAMETER] * free + list(self.definition.defaults)

    @property
    def gives_parameters(self) -> bool:
        """Whether the call names them, and does not leave them to their defaults."""
        given = self.kind in (SCALAR, CHANNEL) or not self.definition.has_defaults
        return given and bool(self.definition.parameters)


# ---- Choosing


def product(
    functions: Iterable[str], *, dtypes: Iterable[str] = ("float32",), sizes: Iterable[int] = SIZES,
    layouts: Iterable[Layout] = LAYOUTS, threads: Iterable[int] = (1,), new: Iterable[bool] = (False,),
    sigmas: Iterable[float] = (3.0,), kinds: Iterable[str] = (CONTIGUOUS,),
) -> list[Case]:
    """Every combination there is; `sizes` are for the elementwise functions, `layouts` for those of rows."""
    shapes = {kind: [(_shape(size, kind), -1) for size in sizes] for kind in kinds}
    combinations = (
        Case(name, dtype, shape, axis, count, fresh, sigma, kind)
        for name in functions for dtype in dtypes for count in threads for fresh in new
        for sigma in sigmas for kind in kinds
        for shape, axis in (layouts if definitions[name].gufunc_signature else shapes[kind]))
    return [case for case in combinations if case.exists]


def _shape(size: int, kind: str) -> tuple[int, ...]:
    """Where rows matter as many of them as columns, or nearly."""
    if kind not in (ROW_SLICED, TRANSPOSED, CHANNEL):
        return (size,)
    rows = max(n for n in range(1, math.isqrt(size) + 1) if size % n == 0)
    return rows, size // rows


def dtypes_here() -> list[str]:
    """The floating dtypes; bfloat16 where ml_dtypes is installed."""
    return [name for name in FLOATING if name != "bfloat16" or dtype_of(BFLOAT16) is not None]


def star(functions: Iterable[str]) -> list[Case]:
    """Every function in the centre, and arms from it along one factor at a time."""
    functions = list(functions)
    arms = [name for name in functions if name in ARMS]
    rows = [name for name in functions if definitions[name].gufunc_signature]
    everything = [policy.get_num_threads()]
    cases = product(functions)
    cases += product(arms, sizes=ARM_SIZES)
    cases += product(arms, dtypes=dtypes_here())
    cases += product(arms, kinds=KINDS)
    cases += product([name for name in functions if name == CHANNEL_ARM], kinds=[CHANNEL])
    cases += product(arms, sizes=[1_000_000, 16_000_000], new=[True])
    cases += product(arms, sizes=[10_000, 300_000, 1_000_000, 16_000_000], threads=everything)
    cases += product(rows, layouts=ARM_LAYOUTS)
    cases += product(rows, layouts=LAYOUTS[-2:], threads=everything)
    cases += product(rows, layouts=LAYOUTS[-2:], sigmas=[20.0])
    return sorted(dict.fromkeys(cases), key=lambda case: functions.index(case.function))


def quick(functions: Iterable[str]) -> list[Case]:
    """Every function once; those that the summary compares also larger, and in float16."""
    functions = list(functions)
    compared = [name for name in functions if name in COMPARED]
    cases = product(functions, sizes=SIZES[:1], layouts=[((128, 128), -1)])
    cases += product(compared, layouts=[((1024, 1000), -1)])
    cases += product(compared, dtypes=["float16"], sizes=SIZES[:1], layouts=[((128, 128), -1)])
    cases += product(compared[:1], sizes=[max(ARM_SIZES)], layouts=[], new=[False, True])
    return sorted(dict.fromkeys(cases), key=lambda case: functions.index(case.function))


def full(functions: Iterable[str]) -> list[Case]:
    """The product of what `star` varies one at a time."""
    return product(
        functions, dtypes=dtypes_here(), threads=sorted({1, policy.get_num_threads()}),
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
    """The arguments of one case, for every contender the same."""

    operands: list[Array]
    parameters: list[Any]  # numbers, or arrays of one for each column
    out: Array | tuple[Array, ...] | None


def make_data(case: Case) -> Data:
    """Normal inputs from a fixed seed. An operand named y is what the forward function returns for one."""
    rng = np.random.default_rng(0)
    operands = []
    for name in case.definition.operands:
        x = rng.normal(0, case.sigma, min(case.size, DISTINCT))
        if case.kind == SUBNORMAL:
            x = rng.choice(_with_subnormal_results(case.function, case.dtype), x.size)
        elif name != "g" and not case.is_row:
            x = in_domain(case.definition, x)
        x = np.resize(x, case.shape)
        if case.function == "logsumexp_backward" and name == "y":  # of a sum no element exceeds
            x = operands[-1] + abs(x)
        if name == "y" and case.is_row:
            forward = definitions[case.definition.forward].function
            x = np.moveaxis(forward(np.moveaxis(x, case.axis, -1)), -1, case.axis)
        operands.append(_arranged(np.ascontiguousarray(x, case.array_dtype), case.kind))
    parameters: list[Any] = case.parameters
    if case.kind == CHANNEL:  # none changes its sign, or its order among the others
        dtype = parameter_dtype(case.array_dtype.char)
        factors = rng.uniform(0.5, 1, case.shape[-1])
        parameters = [(value * factors).astype(dtype) for value in parameters]
    return Data(operands, parameters, _make_out(case))


def _make_out(case: Case) -> Array | tuple[Array, ...] | None:
    if case.new:
        return None
    definition = case.definition
    if case.is_row:  # as large as the operands, or one element for each row
        one_each = tuple(np.delete(case.shape, case.axis))
        shapes = [case.shape if is_row else one_each for is_row in definition.rows[-definition.nout:]]
    elif definition.nout == 1:
        shapes = [case.shape]
    else:  # the gradients of the operands after g, then of the parameters, which are scalars here
        shapes = [case.shape] * (definition.nin - 1) + [()] * len(case.parameters)
    made = [np.empty(shape, case.array_dtype) for shape in shapes[:definition.nout]]
    return tuple(made) if len(made) > 1 else made[0]


def _arranged(x: Array, kind: str) -> Array:
    """The same values, elsewhere in memory."""
    if kind == ROW_SLICED:
        return np.hstack([x, x])[:, :x.shape[1]]
    return np.asfortranarray(x) if kind == TRANSPOSED else x


@functools.cache
def _with_subnormal_results(function: str, dtype: str) -> Array:
    """Inputs from all binades and from the tails of exp whose results are subnormal, if there are any."""
    from softramp import oracle

    x, info = samples(dtype, 300_000).astype(float), oracle.finfo(dtype)
    with np.errstate(all="ignore"):
        y: Array = abs(definitions[function].function(x, *Case(function).parameters))
    found: Array = x[(y >= float(info.smallest_subnormal)) & (y < float(info.tiny))]
    return found


# ---- The right answer


class Reference:
    """The exact values of a case, at evenly spaced elements or rows: all of them up to SAMPLE elements."""

    def __init__(self, case: Case, data: Data) -> None:
        from softramp import oracle

        self.case = case
        definition = case.definition
        self.promised = definition.promised(case.dtype)
        # A gradient that is summed is compared whole.
        summed = definition.nout > definition.nin - definition.first_input
        self._step = 1 if summed else max(1, case.size // SAMPLE)
        operands = [self._sample(a) for a in data.operands]
        self._near: Any = np.False_ if case.dtype in NARROW else near_root(definition, operands)
        if case.is_row:
            dtype = parameter_dtype(case.array_dtype.char)
            temperatures = [np.full(len(operands[0]), p, dtype) for p in data.parameters]
            found = oracle.row_reference(case.function, *operands, *temperatures)
            self._exact: tuple[Array, ...] = tuple(value for value, _ in found)
            self._units: tuple[Array | None, ...] = tuple(unit for _, unit in found)
            return
        dtype = parameter_dtype(case.array_dtype.char)
        parameters = [self._sample(np.broadcast_to(p, case.shape)).astype(dtype) for p in data.parameters]
        self._exact = oracle.reference(case.function, *operands, *parameters)
        self._units = (None,) * len(self._exact)
        if self._near.any():
            # The promise is absolute there: counted so that keeping it gives the promised number of ULP.
            self._near_unit = root_unit(definition, operands) * (ROOT_BAR[case.dtype] / self.promised)

    @property
    def allowed(self) -> float:
        """What the promise means here.

        It is about g = 1. With another g the product may begin a binade in which the same error is twice
        as many ULP, and is rounded once more. It is also about default parameters; 1 ULP more for others.
        """
        promised = self.promised + (self.case.kind == CHANNEL)
        return 2 * promised + 1 if self.case.definition.is_backward else promised

    def error(self, results: Any) -> float:
        """The largest error, in ULP of the case's dtype, which the results of some idioms have not.

        A contender may have computed the first rows only.
        """
        results = results if isinstance(results, tuple) else (results,)
        with np.errstate(all="ignore"):
            arrays = [np.asarray(result, self.case.array_dtype) for result in results]
            near: list[Any] = [self._near, *[np.False_] * (len(results) - 1)]
            return max(map(self._error, arrays, self._exact, self._units, near))

    def _error(self, result: Array, exact: Array, unit: Array | None, near: Array) -> float:
        from softramp import oracle

        if result.ndim == 0 and unit is None:  # a parameter's gradient, a sum: its error is measured of the sum of magnitudes
            return float(oracle.ulp_error(result, exact.sum(), abs(exact).sum()))
        if exact.ndim == 1:  # elements, or one for each row
            result = result.reshape(-1)[::self._step]
        else:
            result = self._sample(result)
        exact = exact[:len(result)]
        if unit is None:
            error = oracle.ulp_error(result, exact)
        else:
            error = row_error(result, exact, unit[:len(result)])
        if near.any():
            absolute = abs(result - exact) / self._near_unit[:len(result)]
            error = np.where(near[:len(result)] & np.isfinite(result), absolute, error)
        return float(error.max())

    def _sample(self, a: Array) -> Array:
        """Elements, or rows along the last axis, of an operand or of a result of its shape."""
        if self.case.is_row:
            a = np.moveaxis(a, self.case.axis, -1)
            a = a.reshape(-1, a.shape[-1])
        else:
            a = a.reshape(-1)
        return a[::self._step]

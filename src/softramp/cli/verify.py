"""`softramp verify`: the largest error of every kernel, beside the error that definitions/ promises."""

from __future__ import annotations

import argparse
import functools
import json
import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from softramp import backends
from softramp.backends import c
from softramp.definitions import Definition, definitions, mixed
from softramp.definitions.registry import BFLOAT16, FLOATING, NARROW
from softramp.factory import dtype_of, parameter_dtype

if TYPE_CHECKING:
    from softramp.ufuncs import Namespace

Array = np.ndarray[Any, Any]

NEAR_ROOT = 0.25
ROOT_BAR = {"float32": 0.25, "float64": 1.0}  # in eps: 2**-25, 2**-52
NARROW_ROOT_BAR = 1.0  # in ULP
ROW_SUM = "eps row sum"
ROW_SUM_BAR = {"float16": 0.51, "bfloat16": 0.51, "float32": 1.0, "float64": 4.0}  # in eps
LENGTHS = (1, 2, 3, 7, 15, 16, 17, 100, 127, 128, 129, 1000, 4096, 16385, 100_000, 1_000_000, 4_000_000)
TEMPERATURES = (0.7, 3.0, 100.0, 0.01, -0.3)


class Measurement(NamedTuple):
    """The largest error found in one quantity, the error promised, and the input that showed it."""

    function: str
    dtype: str
    backend: str
    isa: str
    quantity: str
    error: float
    bar: float
    worst: str

    @property
    def passed(self) -> bool:
        return self.error <= self.bar


# ---- Inputs


def samples(dtype: str, n: int) -> Array:
    """About `n` finite inputs: edge values, then in thirds every binade, where exp acts, and N(0, 3^2).

    Of a 16-bit type all there are, but for zero, where derivatives have kinks.
    """
    if dtype in NARROW:
        x = np.arange(2**16, dtype=np.uint16).view(dtype)
        with np.errstate(invalid="ignore"):  # ml_dtypes raises it for signalling NaNs
            return x[np.isfinite(x) & (x != 0)]
    info = np.finfo(dtype)
    rng = np.random.default_rng(1)
    third = n // 3
    sign = rng.choice([-1.0, 1.0], third)
    mantissa = rng.integers(2**info.nmant, 2 ** (info.nmant + 1), third).astype(float)
    exponent = rng.integers(info.minexp - 2 * info.nmant, info.maxexp - info.nmant, third)
    binades = np.ldexp(sign * mantissa, exponent)
    reach = -1.1 * float(np.log(info.smallest_subnormal))
    subnormal = [info.smallest_subnormal, np.nextafter(info.tiny, 0)]
    edges = np.array([*subnormal, info.tiny, info.eps, 1, info.max], dtype)
    x = np.concatenate([binades, rng.uniform(-reach, reach, third), rng.normal(0, 3, third)]).astype(dtype)
    return np.concatenate([edges, -edges, x])


def in_domain(definition: Definition, x: Array) -> Array:
    """`x`, moved into (0, 1) where the function has no finite value, as logit outside; or a result of it.

    That is what a derivative from the output takes.
    """
    forward = definitions[definition.forward]
    if forward.gufunc_signature:  # the derivative of one takes all numbers
        return x
    wide = x.astype(np.result_type(x, np.float32))  # as the definitions want it
    free = forward.nin - 1 + len(forward.parameters) - len(forward.defaults)
    with np.errstate(all="ignore"):
        y = forward.function(wide, *[np.ones_like(wide)] * free, *forward.defaults)
        if definition.operands[-1] != "y":
            y = np.where(np.isfinite(y), wide, np.where(abs(wide) < 1, abs(wide), 1 / (1 + abs(wide))))
        return np.asarray(y, x.dtype)


@functools.lru_cache(1)
def elementwise_case(name: str, dtype: str, n: int) -> tuple[list[Array], tuple[Array, ...]]:
    """Operands and exact outputs: g = 1, default parameters; what has no default and follows x is N(0, 1)."""
    from softramp import oracle

    definition = definitions[name]
    x = in_domain(definition, samples(dtype, n))
    rng = np.random.default_rng(2)
    operands = [np.ones_like(x)] * definition.first_input + [x]
    parameter = parameter_dtype(dtype_of(NARROW.get(dtype, dtype)).char)
    free = len(definition.parameters) - len(definition.defaults)
    kinds = [dtype] * (definition.nin - len(operands)) + [parameter] * free
    operands += [rng.standard_normal(x.size).astype(kind) for kind in kinds]
    defaults = [parameter.type(value) for value in definition.defaults]
    return operands, oracle.reference(name, *operands, *defaults)


def row_inputs(dtype: str, n: int, shortest: int = 20_000) -> Iterator[tuple[str, Array]]:
    """Rows that have broken a softmax before, by what they are; about `n` elements of each random kind.

    Rows are shorter than `n`, or than `shortest`.
    """
    from softramp import oracle

    rng = np.random.default_rng(3)
    largest = float(oracle.finfo(dtype).max)
    for length in (k for k in LENGTHS if k < max(n, shortest)):
        shape = (max(1, min(1000, n // (len(LENGTHS) * length))), length)
        ramp = np.arange(length, dtype=float)
        one_hot = np.zeros(length)
        one_hot[length // 2] = 30
        holes = np.where(rng.random(shape) < 0.3, -np.inf, rng.normal(0, 3, shape))
        holes[:, 0] = 0
        for kind, x in {
            "N(0, 1)": rng.normal(0, 1, shape),
            "N(0, 3^2)": rng.normal(0, 3, shape),
            "N(0, 20^2)": rng.normal(0, 20, shape),
            "all equal": np.full(length, 0.1),
            "rising": ramp / 16,
            "falling": -ramp / 16,
            "steep": np.minimum(ramp * 3, largest),
            "one hot": one_hot,
            "+-88": rng.choice([-88.0, 88.0], shape),
            "{0, -.3}": rng.choice([0, -0.3], shape),
            "+-max/4": rng.choice([-largest / 4, largest / 4], shape),
            "-inf among N(0, 3^2)": holes,
        }.items():
            yield f"{kind}, n={length}", np.atleast_2d(x).astype(dtype)


def row_operands(definition: Definition, x: Array) -> list[Array]:
    """What the function takes, given rows of logits: all of them at each temperature, (g, y), or (x, b)."""
    from softramp import oracle

    rng = np.random.default_rng(x.size)
    if definition.parameters:
        dtype = parameter_dtype(x.dtype.char)
        temperatures = np.array(TEMPERATURES[:1 if x.size > 500_000 else None], dtype)
        return [np.concatenate([x] * temperatures.size), np.repeat(temperatures, len(x))]
    if definition.nin == 1:
        return [x]
    noise = rng.standard_normal(x.size).reshape(x.shape)
    if not definition.is_backward:
        return [x, np.where(rng.random(x.shape) < 0.1, 0, noise).astype(x.dtype)]
    [(y, _)] = oracle.row_reference(definition.forward, x)
    return [noise.astype(x.dtype), y.astype(x.dtype)]


# ---- Measuring


def measure(name: str, dtype: str, namespaces: Iterable[Namespace], n: int) -> Iterator[Measurement]:
    """Measure one function in one dtype, in several backends, on about `n` inputs."""
    definition, namespaces = (definitions | mixed)[name], list(namespaces)
    with np.errstate(all="ignore"):
        if definition.gufunc_signature:
            found = _measure_rows(definition, dtype, namespaces, n)
        else:
            found = [list(_measure_elementwise(definition, dtype, each, n)) for each in namespaces]
    for namespace, quantities in zip(namespaces, found, strict=True):
        for quantity, error, worst, bar in quantities:
            yield Measurement(name, dtype, namespace.name, namespace.isa, quantity, error, float(bar), worst)


_Found = tuple[str, float, str, float]  # quantity, error, worst input, bar


def _measure_elementwise(
    definition: Definition, dtype: str, namespace: Namespace, n: int
) -> Iterator[_Found]:
    from softramp import oracle

    operands, exact = elementwise_case(definition.name, dtype, n)
    digits, first = 17 if dtype == "float64" else 9, definition.first_input
    results = getattr(namespace.plain, definition.name)(*operands)
    results = results if definition.nout > 1 else (results,)

    def worst(error: Array) -> tuple[float, str]:
        i = int(error.argmax())
        return float(error[i]), ", ".join(f"{float(a[i]):.{digits}g}" for a in operands[first:])

    errors = [oracle.ulp_error(y, e) for y, e in zip(results, exact, strict=True)]
    near = near_root(definition, operands)
    error = np.maximum.reduce([np.where(near, 0, errors[0]), *errors[1:]])
    yield "ULP", *worst(error), definition.promised(dtype)
    if dtype in NARROW and near.any():
        yield "ULP at root", *worst(np.where(near, errors[0], 0)), NARROW_ROOT_BAR
    elif near.any():
        unit = root_unit(definition, operands)
        absolute = (abs(results[0].astype(oracle.LONG) - exact[0]) / unit).astype(float)
        yield "eps at root", *worst(np.where(near, absolute, 0)), ROOT_BAR[dtype]


def near_root(definition: Definition, operands: list[Array]) -> Array:
    """Where the promise for the first output, the derivative with respect to the input, is absolute."""
    x, root = operands[definition.first_input], definition.bar.root
    return np.zeros(x.shape, bool) if root is None else abs(x.astype(float) - root) <= NEAR_ROOT


def root_unit(definition: Definition, operands: list[Array]) -> Array:
    """eps of what multiplies a derivative: the other array operands, g among them."""
    others = [a for k, a in enumerate(operands[:definition.nin]) if k != definition.first_input]
    info = np.finfo(operands[0].dtype)
    return np.maximum(abs(np.multiply.reduce(others)), info.tiny) * info.eps


def _measure_rows(
    definition: Definition, dtype: str, namespaces: list[Namespace], n: int
) -> list[list[_Found]]:
    bars = _row_bars(definition, dtype)
    worst = [dict.fromkeys(bars, (0.0, "")) for _ in namespaces]
    for label, operands, exact in _row_cases(definition, dtype, n):
        for namespace, found in zip(namespaces, worst, strict=True):
            results = getattr(namespace.ufuncs, definition.name)(*operands)
            results = results if definition.nout > 1 else (results,)
            errors = {q: float(row_error(y, *e).max()) for q, y, e in zip(bars, results, exact)}
            if ROW_SUM in bars:
                errors[ROW_SUM] = row_sum_error(results[0])
            for quantity, error in errors.items():
                found[quantity] = max(found[quantity], (error, label), key=_first)
    return [[(quantity, *found[quantity], bar) for quantity, bar in bars.items()] for found in worst]


def _row_bars(definition: Definition, dtype: str) -> dict[str, float]:
    """What is promised of each output, and of the sum of a softmax."""
    names = "ULP", "ULP sign" if definition.name == "logsumexp_weighted" else "ULP gradient"
    types = definition.operand_types[definition.nin:] or "x" * definition.nout
    wide = "float32" if dtype in NARROW else dtype  # of losses
    bars = {name: definition.promised(wide if type == "w" else dtype) for name, type in zip(names, types)}
    if definition.name in ("softmax", "softmax_tempered"):
        bars[ROW_SUM] = ROW_SUM_BAR[dtype]
    return bars


def _row_cases(definition: Definition, dtype: str, n: int) -> Iterator[tuple[str, list[Any], Any]]:
    """What the rows are, operands, and exact outputs with their units."""
    from softramp import oracle

    for label, x in row_inputs(dtype, n):
        if definition.name not in mixed:
            operands = row_operands(definition, x)
            yield label, operands, oracle.row_reference(definition.name, *operands)
        elif x.shape[-1] > 1 or not definition.name.startswith("hinge"):
            yield label, *_loss_case(definition, x)


def _loss_case(definition: Definition, x: Array) -> tuple[list[Any], Any]:
    """Random labels or probabilities; weights, factors, margins and divisors of 1."""
    from softramp import oracle

    rng, width, parameter = np.random.default_rng(4), x.shape[-1], parameter_dtype(x.dtype.char)
    factors: list[Any] = [1.0] * (definition.nin - 2)
    labels = rng.integers(0, width, len(x))
    if definition.name.startswith("hinge"):
        return [x, labels, *factors], oracle.hinge_loss(x, labels)
    factors[:3] = [np.ones(width, parameter), 1.0, 0.0]
    if "labels" in definition.name:
        return [x, labels, *factors], oracle.cross_entropy(x, np.arange(width) == labels[:, None], True)
    t = rng.exponential(1, x.shape)
    t = (t / t.sum(-1, keepdims=True)).astype(parameter)
    return [x, t, *factors], oracle.cross_entropy(x, t, False)


def row_error(y: Array, exact: Array, unit: Array) -> Array:
    """In ULP of the unit. Nothing is promised where that is subnormal, or infinite and the value is not."""
    from softramp import oracle

    with np.errstate(invalid="ignore"):
        without = (abs(unit) < float(oracle.finfo(y.dtype).tiny)) | (np.isinf(unit) & np.isfinite(exact))
    return np.where(without, 0, oracle.ulp_error(y, exact, unit))


def row_sum_error(y: Array) -> float:
    """The largest distance from 1, in eps, of the sum of a row, summed exactly.

    But for what rounding subnormal results may take: with float16 that is all of a long row.
    """
    from softramp import oracle

    info = oracle.finfo(y.dtype)
    free = y.shape[-1] * float(info.smallest_subnormal) / 2
    rows = y.astype(np.result_type(y.dtype, np.float32))
    return max(0.0, *(abs(math.fsum([*row.tolist(), -1.0])) - free for row in rows)) / float(info.eps)


def _first(pair: tuple[float, str]) -> float:
    return pair[0]


# ---- The command


def namespaces(names: list[str] | None = None, isas: list[str] | None = None) -> list[Namespace]:
    """The backends asked for, C in every instruction set that this processor has; by default all."""
    if names is None:
        names = ["c"] if isas else backends.available()
    found = []
    for name in names:
        if name == "c":
            found += [backends.load("c", isa=isa) for isa in isas or c.tables()]
        elif isas:
            raise ValueError(f"--isa is for the C backend, not for {name}")
        else:
            found.append(backends.load(name))
    return found


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "verify", help="measure the errors of the kernels",
        description="Measure the largest error of every function beside the error it promises, at default "
                    "parameters and g = 1, against exact values. Exit status 1 if a promise is broken.")
    parser.add_argument("functions", nargs="*", type=_function_name, metavar="function", help="default: all")
    parser.add_argument("--dtype", nargs="+", choices=FLOATING, help="default: all")
    parser.add_argument("--backend", nargs="+", choices=backends.NAMES, help="default: all that are here")
    parser.add_argument("--isa", nargs="+", choices=c.ISAS, help="of the C backend; default: all")
    parser.add_argument("--samples", type=_count, default=1_000_000, metavar="N", help="default: 1000000")
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    parser.set_defaults(run=run)


def _function_name(text: str) -> str:
    if text not in definitions | mixed:
        raise argparse.ArgumentTypeError(f"no function {text!r}; there are {', '.join(definitions | mixed)}")
    return text


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 100:
        raise argparse.ArgumentTypeError(f"expected an integer of at least 100, got {text!r}")
    return int(text)


def run(args: argparse.Namespace) -> int:
    import softramp.oracle  # noqa: F401  # before any work: what the extra brings
    from softramp.cli import UsageError

    try:
        chosen = namespaces(args.backend, args.isa)
    except (ValueError, ImportError) as error:
        raise UsageError(str(error)) from None
    if dtype_of(BFLOAT16) is None and "bfloat16" in (args.dtype or ()):
        raise UsageError("bfloat16 needs ml_dtypes: pip install 'softramp[bfloat16]'")
    here = [name for name in FLOATING if name != "bfloat16" or dtype_of(BFLOAT16) is not None]
    known = definitions | mixed
    cases = [(name, dtype) for name in args.functions or known for dtype in args.dtype or here
             if dtype in known[name].dtypes]
    measurements = [m for name, dtype in _progress(cases) for m in measure(name, dtype, chosen, args.samples)]
    _print_table(measurements)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump([m._asdict() | {"passed": m.passed} for m in measurements], file, indent=1)
    return 0 if all(m.passed for m in measurements) else 1


def _progress(cases: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=len(cases))
        for name, dtype in cases:
            progress.update(task, description=f"{name} {dtype}")
            yield name, dtype
            progress.advance(task)


def _print_table(measurements: list[Measurement]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("", "function", "dtype", "backend"):
        table.add_column(heading, no_wrap=True)
    table.add_column("error", justify="right", no_wrap=True)
    table.add_column("bar", justify="right", no_wrap=True)
    table.add_column("of", no_wrap=True)
    table.add_column("worst input", overflow="fold", min_width=10)
    for m in measurements:
        backend = m.backend if m.backend == "numba" else f"{m.backend} {m.isa}"
        verdict = "pass" if m.passed else "[bold red]FAIL"
        error, bar = f"{m.error:.3g}", f"{m.bar:.3g}"
        table.add_row(verdict, m.function, m.dtype, backend, error, bar, m.quantity, m.worst)
    console = Console()
    if not console.is_terminal:
        console.width = 120
    console.print(table)
    console.print(f"at root: absolute, within {NEAR_ROOT} of the derivative's root; row sum: distance from 1")
    failed = sum(not m.passed for m in measurements)
    console.print(f"{failed} of {len(measurements)} promises broken" if failed else
                  f"all {len(measurements)} promises kept")

"""What the tests share: the tables they are products of, and arguments for any function."""

from __future__ import annotations

import os
import subprocess
import sys

import ml_dtypes  # noqa: F401  # names bfloat16
import numpy as np
import pytest

from softramp import backends
from softramp.backends import c
from softramp.cli.verify import in_domain
from softramp.definitions import Definition, definitions, rows
from softramp.definitions.registry import FLOATING, NARROW
from softramp.factory import parameter_dtype

DTYPES = ("float32", "float64")  # of every function
ISAS = [] if c.why_missing() else list(c.tables())
NAMESPACES = [*(backends.load("c", isa=isa) for isa in ISAS), backends.load("numba")]
ELEMENTWISE = [d for d in definitions.values() if not d.gufunc_signature]
ROWS = [d for d in definitions.values() if d.gufunc_signature]
FORWARD = [d for d in ELEMENTWISE if not d.is_backward]


def of(definitions):
    """Parametrise a test by some definitions."""
    return pytest.mark.parametrize("definition", definitions, ids=lambda d: d.name)


each_namespace = pytest.mark.parametrize(
    "namespace", NAMESPACES, ids=[f"c-{n.isa}" if n.name == "c" else n.name for n in NAMESPACES])

def of_dtypes(definitions, dtypes=FLOATING):
    """Parametrise a test by some definitions and the floating dtypes that they have."""
    pairs = [(d, dtype) for d in definitions for dtype in d.dtypes if dtype in dtypes]
    return pytest.mark.parametrize(("definition", "dtype"), pairs, ids=lambda v: getattr(v, "name", v))


each_dtype = pytest.mark.parametrize("dtype", DTYPES)
each_function = of(definitions.values())
each_elementwise = of(ELEMENTWISE)
each_row_function = of(ROWS)
each_function_and_dtype = of_dtypes(definitions.values())
each_elementwise_and_dtype = of_dtypes(ELEMENTWISE)


def required(definition: Definition) -> int:
    """How many parameters have no default."""
    return len(definition.parameters) - len(definition.defaults)


def following(definition: Definition) -> int:
    """How many operands have to be given after the input."""
    return definition.nin - definition.first_input - 1 + required(definition)


def arguments(definition: Definition, dtype: str, shape, seed: int = 0) -> list[np.ndarray]:
    """Arrays for every operand and every parameter that has no default."""
    rng = np.random.default_rng(seed)
    shape = np.atleast_1d(shape)
    n = definition.nin + required(definition)
    is_row = definition.rows[:n] or [True] * n
    args = [rng.normal(0, 3, shape if row else shape[:-1]).astype(dtype) for row in is_row]
    for k in range(definition.nin, n) if definition.gufunc_signature else ():
        args[k] = np.abs(args[k]).astype(parameter_dtype(np.dtype(dtype).char)) + 0.5  # a temperature
    if definition.name in ("log_softmax_backward", "logsumexp_backward"):  # of results: nothing overflows
        args[-1] = args[1].clip(max=0) if definition.gufunc_signature else args[1] + np.abs(args[-1])
    if not definition.gufunc_signature:
        args[definition.first_input] = in_domain(definition, args[definition.first_input])
    return args


def in_float32(function):
    """16 bits come to a definition as float32, and its results are rounded."""

    def rounded(*args):
        dtype = args[0].dtype
        if dtype.name not in NARROW:
            return function(*args)
        made = function(*(np.asarray(a, np.float32) for a in args))
        return tuple(y.astype(dtype) for y in made) if isinstance(made, tuple) else made.astype(dtype)

    return rounded


def raw(namespace, definition: Definition):
    """What to call with `arguments`: of the softmax family the ufunc, without axes and keywords."""
    family = definition.function.__module__ == rows.__name__
    return getattr(namespace.ufuncs if family else namespace, definition.name)


def outputs(result) -> tuple:
    return result if isinstance(result, tuple) else (result,)


def assert_same_bits(a, b) -> None:
    """Equal shape, dtype and bits; one NaN is as good as another."""
    for x, y in zip(outputs(a), outputs(b), strict=True):
        x, y = np.asarray(x), np.asarray(y)
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        same = ((x == y) & (np.signbit(x) == np.signbit(y))) | (np.isnan(x) & np.isnan(y))
        some = (x[~same][:3], y[~same][:3])
        assert same.all(), f"{np.count_nonzero(~same)} of {same.size} differ: {some}"


def python(code: str, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter, warnings as errors; SOFTRAMP_ variables only as given."""
    return subprocess.run([sys.executable, "-W", "error", "-c", code, *args], env=clean(environment),
                          capture_output=True, text=True, timeout=300, check=False)


def clean(environment: dict[str, str]) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("SOFTRAMP_")}
    return inherited | environment


def checked(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout

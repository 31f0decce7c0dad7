"""Errors within the bars of definitions/, and what holds for every value."""

import numpy as np
import pytest
from helpers import (
    FORWARD,
    NAMESPACES,
    ROWS,
    assert_same_bits,
    each_dtype,
    each_elementwise_and_dtype,
    each_namespace,
    following,
    of,
    of_dtypes,
    outputs,
)

from softramp import oracle
from softramp.cli.verify import NEAR_ROOT, ROOT_BAR, measure, samples
from softramp.definitions import definitions
from softramp.definitions.registry import NARROW
from softramp.oracle import LONG, ulp_error

SAMPLES = {"float32": 100_000, "float64": 20_000}  # 16-bit types: all there are
NOT_MONOTONE = {"silu", "hard_swish", "swish", "quick_gelu", "softsign", "squareplus", "swiglu", "mish",
                "softplus", "log_sigmoid", "sigmoid_glu", "gelu", "gelu_tanh", "geglu", "geglu_tanh"}
RANGES = {
    "relu": (0, np.inf), "elu": (-1, np.inf), "sigmoid": (0, 1), "tanh": (-1, 1),
    "relu6": (0, 6), "hardtanh": (-1, 1), "clipped_linear": (0, 1), "hard_sigmoid": (0, 1),
    "hard_swish": (-0.375, np.inf), "sparse_plus": (0, np.inf), "sparse_sigmoid": (0, 1),
    "celu": (-1, np.inf), "softsign": (-1, 1), "squareplus": (0, np.inf),
}


@each_namespace
@each_elementwise_and_dtype
def test_error_is_within_the_bar(namespace, dtype, definition):
    for measurement in measure(definition.name, dtype, [namespace], SAMPLES.get(dtype, 0)):
        assert measurement.passed, measurement


@of_dtypes(ROWS)
def test_error_of_rows_is_within_the_bar(dtype, definition):
    """In all backends at once: exact sums take longer than the kernels."""
    for measurement in measure(definition.name, dtype, NAMESPACES, SAMPLES.get(dtype, 0)):
        assert measurement.passed, measurement


# Of swish and softplus numbers of at most 11 bits: their product with a float64 is exact in the oracle's long double.
OTHER_PARAMETERS = {
    "celu": [0.3, 37.5, 1e-30, 1e30],
    "swish": [307 / 1024, 37.5, 67 * 2.0**-40, 87 * 2.0**60, -179 / 256],
    "squareplus": [0.0, 0.3, 1e-6, 1e-30, 1e30],
    "softplus": [307 / 1024, 37.5, 717 / 1024, 67 * 2.0**-26, 87 * 2.0**60],
}


@each_namespace
@each_dtype
@pytest.mark.parametrize("name", [f"{name}{part}" for name in OTHER_PARAMETERS for part in ("", "_backward")])
def test_other_parameters_cost_1_ulp_at_most(namespace, dtype, name):
    bar, x = definitions[name].bar, samples(dtype, 30_000)
    operands = [np.ones_like(x), x] if name.endswith("_backward") else [x]
    for value in map(np.dtype(dtype).type, OTHER_PARAMETERS[name.removesuffix("_backward")]):
        (exact,) = oracle.reference(name, *operands, value)
        near = np.zeros(x.shape, bool)
        if bar.root is not None:
            near = abs(x - bar.root / value) <= NEAR_ROOT / abs(value)
        error = oracle.ulp_error(getattr(namespace, name)(*operands, value), exact, np.where(near, 1, exact))
        assert (error <= np.where(near, ROOT_BAR[dtype], getattr(bar, dtype) + 1)).all()


# How far out a gate is more than 0 for the largest numbers.
GATES = {"swiglu": {"float32": 152, "float64": 795}, "geglu": {"float32": 16.1, "float64": 38.9},
         "geglu_tanh": {"float32": 12.2, "float64": 22}}


@each_namespace
@each_dtype
@pytest.mark.parametrize("name", GATES)
def test_a_vanishing_gate_keeps_its_digits(namespace, dtype, name):
    """Times any number, large ones among them, and without a spurious overflow."""
    rng, defaults = np.random.default_rng(0), definitions[name].defaults
    b = rng.permutation(samples(dtype, 20_000))
    a = -rng.uniform(2, GATES[name][dtype], b.size).astype(dtype)
    for full in (name, f"{name}_backward"):
        operands = [np.ones_like(a)] * definitions[full].first_input + [a, b]
        results = outputs(getattr(namespace, full)(*operands))
        for found, exact in zip(results, oracle.reference(full, *operands, *defaults), strict=True):
            assert ulp_error(found, exact).max() <= definitions[full].promised(dtype)


def call(namespace, definition, x):
    with np.errstate(over="ignore"):  # of selu
        return getattr(namespace, definition.name)(x, *[np.full_like(x, 0.25)] * following(definition))


def stretches(dtype, starts, length):
    """Runs of neighbouring floats, one to a row, ascending; of a 16-bit type all there are."""
    if dtype in NARROW:
        return np.sort(samples(dtype, 0))[None]
    integer = np.int32 if dtype == "float32" else np.int64
    first = np.abs(samples(dtype, starts)).view(integer)
    first = first[first < np.finfo(dtype).max.view(integer) - length]
    up = (first[:, None] + np.arange(length, dtype=integer)).view(dtype)
    return np.concatenate([up, -up[:, ::-1]])


@each_namespace
@of_dtypes([d for d in FORWARD if d.name not in NOT_MONOTONE])
def test_monotone(namespace, dtype, definition):
    x = stretches(dtype, 600, 400)
    for ascending in (x, np.sort(x[:, 0])):
        y = call(namespace, definition, ascending).astype(float)
        assert not (y[..., 1:] < y[..., :-1]).any()  # logit is NaN outside [0, 1]


@each_namespace
@each_dtype
@pytest.mark.parametrize("name", ["tanh", "softsign"])
def test_odd(namespace, dtype, name):
    f, x = getattr(namespace, name), samples(dtype, 20_000)
    assert_same_bits(f(-x), -f(x))


@each_namespace
@each_dtype
@pytest.mark.parametrize("name", RANGES)
def test_range(namespace, dtype, name):
    low, high = RANGES[name]
    y = getattr(namespace, name)(samples(dtype, 20_000))
    assert y.min() >= low and y.max() <= high


@each_namespace
@each_dtype
@pytest.mark.parametrize("name", ["relu", "relu6", "hardtanh", "hardshrink"])
def test_idempotent(namespace, dtype, name):
    f = getattr(namespace, name)
    y = f(samples(dtype, 20_000))
    assert_same_bits(f(y), y)


@each_namespace
@each_dtype
def test_clipped_linear_rounds_once(namespace, dtype):
    """Without FMA twice."""
    rng = np.random.default_rng(0)
    x = rng.normal(0, 3, 20_000).astype(dtype)
    slope, offset = 205 / 1024, 0.5  # 8 bits: slope * x is exact in long double
    exact = x.astype(LONG) * slope + offset
    y = namespace.clipped_linear(x, slope, offset, -np.inf, np.inf)
    if namespace.isa == "base":
        assert (abs(y - exact) <= np.finfo(dtype).eps * (abs(slope * x) + offset)).all()
    else:
        assert ulp_error(y, exact).max() <= 0.5


@each_namespace
@each_dtype
def test_softmax_is_in_0_1_and_log_softmax_not_above_0(namespace, dtype):
    x = np.random.default_rng(0).normal(0, 20, (50, 333)).astype(dtype)
    y = namespace.softmax(x)
    assert y.min() >= 0 and y.max() <= 1
    assert namespace.log_softmax(x).max() <= 0


@each_namespace
@each_dtype
def test_softmax_of_a_shifted_row(namespace, dtype):
    """Equal logits are exactly equal probabilities, whatever they are."""
    for value in (0, 1, -1e30, 88, np.finfo(dtype).max, -np.finfo(dtype).max):
        for n in (1, 2, 4, 1024):
            x = np.full(n, value, dtype)
            assert (namespace.softmax(x) == 1 / n).all()
            assert abs(namespace.log_softmax(x) + np.log(n)).max() <= np.finfo(dtype).eps * np.log(n)


@each_namespace
@each_dtype
def test_sigmoid_glu_of_large_numbers_and_small_gates(namespace, dtype):
    """The product is normal where the gate alone is not, down to a gate 2**-278 times the largest number."""
    rng = np.random.default_rng(0)
    b = rng.permutation(samples(dtype, 20_000))
    a = rng.uniform(*{"float32": (-200, 200), "float64": (-1500, 1500)}[dtype], b.size).astype(dtype)
    for name in ("sigmoid_glu", "sigmoid_glu_backward"):
        operands = [np.ones_like(a)] * definitions[name].first_input + [a, b]
        results = outputs(getattr(namespace, name)(*operands))
        for found, exact in zip(results, oracle.reference(name, *operands), strict=True):
            assert ulp_error(found, exact).max() <= definitions[name].promised(dtype)

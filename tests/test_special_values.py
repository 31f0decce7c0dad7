"""The values that hold everywhere, to the sign of zero; and no warnings but for true overflow."""

import types
import warnings

import numpy as np
import pytest
from helpers import (
    ELEMENTWISE,
    NAMESPACES,
    ROWS,
    arguments,
    assert_same_bits,
    each_dtype,
    each_elementwise_and_dtype,
    each_namespace,
    following,
    in_float32,
    of,
    of_dtypes,
    outputs,
    raw,
)

from softramp.cli.verify import TEMPERATURES, row_inputs, row_operands, samples
from softramp.definitions import definitions
from softramp.definitions.registry import FLOATING
from softramp.factory import parameter_dtype
from softramp.oracle import finfo, reference

INF, NAN, LOG2 = np.inf, np.nan, np.log(2)
X = [-INF, -0.0, 0.0, INF, NAN]
WEIGHT = 0.25
SLOPE = dict.fromkeys(FLOATING, float(np.float32(0.01))) | {"float64": 0.01}

FORWARD = {
    "relu": [0.0, -0.0, 0.0, INF, NAN],
    "leaky_relu": [-INF, -0.0, 0.0, INF, NAN],
    "prelu": [-INF, -0.0, 0.0, INF, NAN],
    "elu": [-1.0, -0.0, 0.0, INF, NAN],
    "sigmoid": [0.0, 0.5, 0.5, 1.0, NAN],
    "tanh": [-1.0, -0.0, 0.0, 1.0, NAN],
    "silu": [-0.0, -0.0, 0.0, INF, NAN],
    # Straight lines and parabolas
    "threshold": [WEIGHT, WEIGHT, WEIGHT, INF, NAN],
    "hardshrink": [-INF, 0.0, 0.0, INF, NAN],
    "softshrink": [-INF, 0.0, 0.0, INF, NAN],
    "relu6": [0.0, -0.0, 0.0, 6.0, NAN],
    "hardtanh": [-1.0, -0.0, 0.0, 1.0, NAN],
    "clipped_linear": [0.0, 0.0, 0.0, 1.0, NAN],
    "hard_sigmoid": [0.0, 0.5, 0.5, 1.0, NAN],
    "hard_swish": [-0.0, -0.0, 0.0, INF, NAN],
    "sparse_plus": [0.0, 0.25, 0.25, INF, NAN],
    "sparse_sigmoid": [0.0, 0.5, 0.5, 1.0, NAN],
    "celu": [-1.0, -0.0, 0.0, INF, NAN],
    "selu": [-1.7580993408473766, -0.0, 0.0, INF, NAN],
    "swish": [-0.0, -0.0, 0.0, INF, NAN],
    "quick_gelu": [-0.0, -0.0, 0.0, INF, NAN],
    "softsign": [-1.0, -0.0, 0.0, 1.0, NAN],
    "squareplus": [0.0, 1.0, 1.0, INF, NAN],
    "swiglu": [-0.0, -0.0, 0.0, INF, NAN],
    "reglu": [0.0, -0.0, 0.0, INF, NAN],
    "softplus": [0.0, LOG2, LOG2, INF, NAN],
    "log_sigmoid": [-INF, -LOG2, -LOG2, -0.0, NAN],
    "logit": [NAN, -INF, -INF, NAN, NAN],
    "mish": [-0.0, -0.0, 0.0, INF, NAN],
    "tanhshrink": [-INF, -0.0, 0.0, INF, NAN],
    "sigmoid_glu": [0.0, 0.125, 0.125, WEIGHT, NAN],
    "gelu": [-0.0, -0.0, 0.0, INF, NAN],
    "gelu_tanh": [-0.0, -0.0, 0.0, INF, NAN],
    "geglu": [-0.0, -0.0, 0.0, INF, NAN],
    "geglu_tanh": [-0.0, -0.0, 0.0, INF, NAN],
}
# At g = 1; the second list of a function with two outputs is its second output.
BACKWARD = {
    "relu_backward": [[0.0, 0.0, 0.0, 1.0, 1.0]],
    "leaky_relu_backward": [["slope", "slope", "slope", 1.0, "slope"]],
    "prelu_backward": [[WEIGHT, WEIGHT, WEIGHT, 1.0, WEIGHT], [-INF, -0.0, 0.0, 0.0, NAN]],
    "elu_backward": [[0.0, 1.0, 1.0, 1.0, NAN]],
    "sigmoid_backward": [[0.0, 0.25, 0.25, 0.0, NAN]],
    "tanh_backward": [[0.0, 1.0, 1.0, 0.0, NAN]],
    "silu_backward": [[-0.0, 0.5, 0.5, 1.0, NAN]],
    # Straight lines and parabolas
    "relu_backward_from_output": [[0.0, 0.0, 0.0, 1.0, 1.0]],
    "leaky_relu_backward_from_output": [["slope", "slope", "slope", 1.0, "slope"]],
    "threshold_backward": [[0.0, 0.0, 0.0, 1.0, 1.0]],
    "hardshrink_backward": [[1.0, 0.0, 0.0, 1.0, 0.0]],
    "softshrink_backward": [[1.0, 0.0, 0.0, 1.0, 0.0]],
    "relu6_backward": [[0.0, 0.0, 0.0, 0.0, 0.0]],
    "hardtanh_backward": [[0.0, 1.0, 1.0, 0.0, 0.0]],
    "clipped_linear_backward": [[0.0, 0.0, 0.0, 0.0, 0.0]],
    "hard_sigmoid_backward": [[0.0, 1 / 6, 1 / 6, 0.0, 0.0]],
    "hard_swish_backward": [[0.0, 0.5, 0.5, 1.0, NAN]],
    "sparse_plus_backward": [[0.0, 0.5, 0.5, 1.0, NAN]],
    "sparse_sigmoid_backward": [[0.0, 0.5, 0.5, 0.0, NAN]],
    "celu_backward": [[0.0, 1.0, 1.0, 1.0, NAN]],
    "selu_backward": [[0.0, 1.7580993408473766, 1.7580993408473766, 1.0507009873554805, NAN]],
    "swish_backward": [[-0.0, 0.5, 0.5, 1.0, NAN]],
    "quick_gelu_backward": [[-0.0, 0.5, 0.5, 1.0, NAN]],
    "softsign_backward": [[0.0, 1.0, 1.0, 0.0, NAN]],
    "squareplus_backward": [[0.0, 0.5, 0.5, 1.0, NAN]],
    "swiglu_backward": [[-0.0, WEIGHT / 2, WEIGHT / 2, WEIGHT, NAN], [-0.0, -0.0, 0.0, INF, NAN]],
    # x is the output here, of which the infinities are not.
    "elu_backward_from_output": [[-INF, 1.0, 1.0, 1.0, NAN]],
    "celu_backward_from_output": [[-INF, 1.0, 1.0, 1.0, NAN]],
    "selu_backward_from_output": [[-INF, 1.7580993408473766, 1.7580993408473766, 1.0507009873554805, NAN]],
    "sigmoid_backward_from_output": [[-INF, -0.0, 0.0, -INF, NAN]],
    "tanh_backward_from_output": [[-INF, 1.0, 1.0, -INF, NAN]],
    "reglu_backward": [[0.0, 0.0, 0.0, WEIGHT, WEIGHT], [0.0, -0.0, 0.0, INF, NAN]],
    "softplus_backward": [[0.0, 0.5, 0.5, 1.0, NAN]],
    "softplus_backward_from_output": [[-INF, 0.0, 0.0, 1.0, NAN]],
    "log_sigmoid_backward": [[1.0, 0.5, 0.5, 0.0, NAN]],
    "logit_backward": [[NAN, INF, INF, NAN, NAN]],
    "mish_backward": [[-0.0, 0.6, 0.6, 1.0, NAN]],
    "tanhshrink_backward": [[1.0, 0.0, 0.0, 1.0, NAN]],
    "sigmoid_glu_backward": [[0.0, 0.0625, 0.0625, 0.0, NAN], [0.0, 0.5, 0.5, 1.0, NAN]],
    "gelu_backward": [[-0.0, 0.5, 0.5, 1.0, NAN]],
    "gelu_tanh_backward": [[-0.0, 0.5, 0.5, 1.0, NAN]],
    "geglu_backward": [[-0.0, 0.5 * WEIGHT, 0.5 * WEIGHT, WEIGHT, NAN], [-0.0, -0.0, 0.0, INF, NAN]],
    "geglu_tanh_backward": [[-0.0, 0.5 * WEIGHT, 0.5 * WEIGHT, WEIGHT, NAN], [-0.0, -0.0, 0.0, INF, NAN]],
}
# Where these are closed, g has no influence. All others multiply.
CLOSED = {
    "relu_backward": [-1.0, 0.0, -0.0, -INF],
    "relu_backward_from_output": [-1.0, 0.0, -0.0, -INF],
    "threshold_backward": [-INF, 0.0, WEIGHT],
    "hardshrink_backward": [-0.5, -0.0, 0.0, 0.5, NAN],
    "softshrink_backward": [-0.5, -0.0, 0.0, 0.5, NAN],
    "relu6_backward": [-INF, -1.0, 0.0, 6.0, INF, NAN],
    "hardtanh_backward": [-INF, -1.0, 1.0, INF, NAN],
    "clipped_linear_backward": [-INF, -1.0, 0.0, 1.0, INF, NAN],
    "hard_sigmoid_backward": [-INF, -3.0, 3.0, INF, NAN],
    "hard_swish_backward": [-INF, -3.0],
    "sparse_plus_backward": [-INF, -1.0],
    "sparse_sigmoid_backward": [-INF, -1.0, 1.0, INF],
    "reglu_backward": [-INF, -1.0, -0.0, 0.0],
}
# Parameters, and the derivative at each kink and at the floats below and above it.
KINKS = {
    "relu_backward": [(), {0.0: (0, 0, 1), -0.0: (0, 0, 1)}],
    "relu_backward_from_output": [(), {0.0: (0, 0, 1), -0.0: (0, 0, 1)}],
    "leaky_relu_backward": [(0.25,), {0.0: (0.25, 0.25, 1), -0.0: (0.25, 0.25, 1)}],
    "leaky_relu_backward_from_output": [(0.25,), {0.0: (0.25, 0.25, 1), -0.0: (0.25, 0.25, 1)}],
    "threshold_backward": [(0.25, 7.0), {0.25: (0, 0, 1)}],
    "hardshrink_backward": [(0.75,), {-0.75: (1, 0, 0), 0.75: (0, 0, 1)}],
    "softshrink_backward": [(0.75,), {-0.75: (1, 0, 0), 0.75: (0, 0, 1)}],
    "relu6_backward": [(), {0.0: (0, 0, 1), -0.0: (0, 0, 1), 6.0: (1, 0, 0)}],
    "hardtanh_backward": [(-2.0, 3.0), {-2.0: (0, 0, 1), 3.0: (1, 0, 0)}],
    "clipped_linear_backward": [(2.0, 0.0, -4.0, 8.0), {-2.0: (0, 0, 2), 4.0: (2, 0, 0)}],
    "hard_sigmoid_backward": [(), {-3.0: (0, 0, 1 / 6), 3.0: (1 / 6, 0, 0)}],
    "sparse_sigmoid_backward": [(), {-1.0: (0, 0, 0.5), 1.0: (0.5, 0, 0)}],
}


def test_every_function_is_in_the_tables():
    assert FORWARD.keys() | BACKWARD.keys() | {"logsumexp_backward"} == {d.name for d in ELEMENTWISE}


# The definitions compute where a kernel cannot: they hold the same values.
DEFINITIONS = types.SimpleNamespace(**{d.name: in_float32(d.function) for d in definitions.values()})
each_floating = pytest.mark.parametrize("dtype", FLOATING)
each_source = pytest.mark.parametrize("source", [*NAMESPACES, DEFINITIONS],
                                      ids=[*(f"{n.name}-{n.isa}" for n in NAMESPACES), "definitions"])


def around(value, dtype):
    """A number between the floats below and above it."""
    at, far = np.array(value, dtype), np.array(INF, dtype)
    return np.array([np.nextafter(at, -far), at, np.nextafter(at, far)])


def every_lane(values, dtype):
    """The values at every position of a vector, and in its tail."""
    return np.tile(np.array(values, dtype), 15)


@each_source
@each_floating
@pytest.mark.parametrize("name", FORWARD)
def test_forward(source, dtype, name):
    x = every_lane(X, dtype)
    with np.errstate(all="ignore"):
        y = getattr(source, name)(x, *[np.full_like(x, WEIGHT)] * following(definitions[name]))
    assert_same_bits(y, every_lane(FORWARD[name], dtype))


@each_source
@each_floating
@pytest.mark.parametrize("name", BACKWARD)
def test_backward(source, dtype, name):
    x = every_lane(X, dtype)
    weight = [np.full_like(x, WEIGHT)] * following(definitions[name])
    with np.errstate(all="ignore"):
        found = outputs(getattr(source, name)(np.ones_like(x), x, *weight))
    for y, expected in zip(found, BACKWARD[name], strict=True):
        assert_same_bits(y, every_lane([SLOPE[dtype] if v == "slope" else v for v in expected], dtype))


@each_source
@each_floating
def test_logsumexp_backward(source, dtype):
    """Of an element and the result for its row."""
    x = every_lane([-INF, WEIGHT, -INF, 1.0, INF, INF, NAN, 1.0], dtype)
    y = every_lane([0.0, WEIGHT, -INF, INF, INF, 1.0, 1.0, NAN], dtype)
    function = getattr(source if source is DEFINITIONS else source.ufuncs, "logsumexp_backward")
    with np.errstate(all="ignore"):
        found = function(np.ones_like(x), x, y)
    assert_same_bits(found, every_lane([0.0, 1.0, NAN, 0.0, NAN, INF, NAN, NAN], dtype))


@each_namespace
@of_dtypes([d for d in ELEMENTWISE if d.name in BACKWARD])
def test_nan_and_inf_in_g(namespace, dtype, definition):
    open_at = np.array([-3.0, -0.5, 0.5, 3.0], dtype)
    weight = np.full_like(open_at, WEIGHT)
    for g in (NAN, INF, -INF):
        gs = np.full_like(open_at, g)
        free = [weight] * following(definition)
        y = outputs(raw(namespace, definition)(gs, open_at, *free))[0]
        slope = outputs(raw(namespace, definition)(np.ones_like(gs), open_at, *free))[0]
        with np.errstate(invalid="ignore"):  # of the expectation
                expected = gs * slope
        if definition.name in CLOSED:
            expected = np.where(slope == 0, np.dtype(dtype).type(0), expected)
        assert_same_bits(y, expected)
    for x in CLOSED.get(definition.name, []):
        for g in (NAN, INF, -INF, -1.0):
            args = [every_lane([value], dtype) for value in (g, x, *[WEIGHT] * following(definition))]
            y = outputs(raw(namespace, definition)(*args))[0]
            assert_same_bits(y, every_lane([0.0], dtype))


@each_source
@each_floating
@pytest.mark.parametrize("name", KINKS)
def test_derivative_at_and_beside_a_kink(source, dtype, name):
    parameters, kinks = KINKS[name]
    for kink, slopes in kinks.items():
        x = every_lane(around(kink, dtype), dtype)
        y = getattr(source, name)(np.ones_like(x), x, *parameters)
        assert_same_bits(y, every_lane(slopes, dtype))


@each_source
@each_floating
def test_derivative_at_the_ends_of_a_parabola(source, dtype):
    def check(name, x, expected):
        x = every_lane(x, dtype)
        assert_same_bits(getattr(source, name)(np.ones_like(x), x), every_lane(expected, dtype))

    check("hard_swish_backward", [-3.0, -1.5, 3.0], [0.0, 0.0, 1.0])
    check("sparse_plus_backward", [-1.0, 1.0], [0.0, 1.0])


@pytest.mark.parametrize("name", [*KINKS, "hard_swish_backward", "sparse_plus_backward"])
def test_the_oracle_takes_the_same_side_of_a_kink(name):
    parameters, kinks = KINKS.get(name, [(), dict.fromkeys((-3.0, -1.0, 1.0, 3.0))])
    x = np.array(list(kinks))
    exact = reference(name, np.ones_like(x), x, *parameters)[0]
    assert_same_bits(definitions[name].function(np.ones_like(x), x, *parameters), exact.astype(float) + 0.0)


@each_source
@each_dtype
def test_gradient_of_prelus_weight_is_0_where_the_weight_takes_no_part(source, dtype):
    prelu_backward = getattr(source, "ufuncs", source).prelu_backward  # not summed
    for g in (NAN, INF, -INF, -1.0):
        args = [every_lane([value], dtype) for value in (g, 2.0, WEIGHT)]
        with np.errstate(all="ignore"):
            _, gw = prelu_backward(*args)
        assert_same_bits(gw, every_lane([0.0], dtype))


@each_source
@each_floating
def test_infinities_of_sigmoid_glu(source, dtype):
    """It multiplies as IEEE does: NaN where the gate, or its slope, is 0 and the other operand infinite."""
    a = every_lane([-INF, INF, -INF, INF, 2.0, 2.0], dtype)
    b = every_lane([INF, INF, 1.0, -1.0, -INF, NAN], dtype)
    with np.errstate(all="ignore"):
        y, (ga, gb) = source.sigmoid_glu(a, b), source.sigmoid_glu_backward(np.ones_like(a), a, b)
    assert_same_bits(y, every_lane([NAN, INF, 0.0, -1.0, -INF, NAN], dtype))
    assert_same_bits(ga, every_lane([NAN, NAN, 0.0, -0.0, -INF, NAN], dtype))
    assert_same_bits(gb[:4], np.array([0.0, 1.0, 0.0, 1.0], dtype))


@each_namespace
@of_dtypes([d for d in ELEMENTWISE if d.name in FORWARD])
def test_nan_in_is_nan_out_in_every_lane(namespace, dtype, definition):
    """And nothing else in the vector changes."""
    args = arguments(definition, dtype, 67)
    expected = raw(namespace, definition)(*args)
    for lane in range(67):
        x = args[0].copy()
        x[lane] = NAN
        y = raw(namespace, definition)(x, *args[1:])
        assert np.isnan(y[lane])
        assert_same_bits(np.delete(y, lane), np.delete(expected, lane))


@each_namespace
@each_dtype
def test_parameters_at_their_edges(namespace, dtype):
    minus_inf = np.array(-INF, dtype)
    assert_same_bits(namespace.leaky_relu(minus_inf, 0.0), np.array(-0.0, dtype)[()])
    assert_same_bits(namespace.prelu(minus_inf, 0.0), np.array(-0.0, dtype)[()])
    assert_same_bits(namespace.leaky_relu(np.array([-2.0, 2.0], dtype), -1.5), np.array([3.0, 2.0], dtype))
    x = np.array([-INF, -0.0, 2.0], dtype)
    assert_same_bits(namespace.elu(x, 2.5), np.array([-2.5, -0.0, 2.0], dtype))
    assert_same_bits(namespace.elu_backward(np.ones_like(x), x, 2.5), np.array([0.0, 2.5, 1.0], dtype))


@each_source
@each_floating
def test_values_at_and_beside_a_jump(source, dtype):
    below, at, above = around(0.75, dtype)
    x = every_lane([below, at, above], dtype)
    assert_same_bits(source.threshold(x, 0.75, 7.0), every_lane([7.0, 7.0, above], dtype))
    assert_same_bits(source.hardshrink(x, 0.75), every_lane([0.0, 0.0, above], dtype))
    assert_same_bits(source.hardshrink(-x, 0.75), every_lane([0.0, 0.0, -above], dtype))
    assert_same_bits(source.softshrink(-x, 0.75), every_lane([0.0, 0.0, at - above], dtype))


@each_source
@each_floating
def test_limits_and_thresholds_at_their_edges(source, dtype):
    x = every_lane(X, dtype)

    def check(name, parameters, expected):
        with np.errstate(all="ignore"):
            assert_same_bits(getattr(source, name)(x, *parameters), every_lane(expected, dtype))

    check("hardtanh", (-INF, INF), X)
    check("hardtanh", (2.0, 2.0), [2.0, 2.0, 2.0, 2.0, NAN])
    check("hardtanh", (INF, INF), [INF, INF, INF, INF, NAN])
    check("threshold", (-INF, 7.0), [7.0, -0.0, 0.0, INF, NAN])
    check("threshold", (INF, NAN), [NAN] * 5)
    check("threshold", (0.0, -0.0), [-0.0, -0.0, -0.0, INF, NAN])
    for name in ("hardshrink", "softshrink"):
        check(name, (0.0,), [-INF, 0.0, 0.0, INF, NAN])
        check(name, (INF,), [0.0, 0.0, 0.0, 0.0, NAN])
    check("clipped_linear", (0.0, 0.5), [0.5, 0.5, 0.5, 0.5, NAN])  # slope 0 at an infinity: the limit
    check("clipped_linear", (0.0, 7.0), [1.0, 1.0, 1.0, 1.0, NAN])
    check("clipped_linear", (-2.0, 0.5, -INF, INF), [INF, 0.5, 0.5, -INF, NAN])
    check("clipped_linear", (1.0, NAN), [NAN] * 5)


@each_source
@each_floating
@pytest.mark.parametrize("name", ["elu", "celu", "sigmoid", "tanh"])
def test_saturated_outputs_have_no_gradient(source, dtype, name):
    x = every_lane([-INF], dtype)
    with np.errstate(all="ignore"):
        y = getattr(source, name)(x)
        found = getattr(source, f"{name}_backward_from_output")(np.ones_like(y), y)
    assert_same_bits(found, every_lane([0.0], dtype))


@each_namespace
@each_dtype
def test_swiglu_multiplies_as_ieee_754_says(namespace, dtype):
    a = every_lane([-INF, -0.0, 0.0, INF], dtype)
    slope = namespace.swish_backward(np.ones_like(a), a)
    for value in (-INF, -1.0, -0.0, 0.0, 1.0, INF, NAN):
        b = np.full_like(a, value)
        ga, gb = namespace.swiglu_backward(np.ones_like(a), a, b)
        with np.errstate(invalid="ignore"):  # of the expectation
            assert_same_bits(namespace.swiglu(a, b), namespace.swish(a) * b)
            assert_same_bits(ga, slope * b)
        assert_same_bits(gb, namespace.swish(a))


@each_namespace
@each_dtype
@pytest.mark.parametrize("name", ["celu", "swish", "squareplus"])
def test_nan_of_either_sign_in_operand_or_parameter(namespace, dtype, name):
    f, backward = getattr(namespace.ufuncs, name), getattr(namespace.ufuncs, f"{name}_backward")
    one = every_lane([1], dtype)
    for nan in (one * NAN, -one * NAN):
        for operands in ((nan, one), (-one, nan)):
            assert np.isnan(f(*operands)).all() and np.isnan(backward(one, *operands)).all()


@each_namespace
@each_dtype
def test_parameters_of_celu_swish_and_squareplus_at_their_edges(namespace, dtype):
    tiny, largest = np.finfo(dtype).smallest_subnormal, np.finfo(dtype).max

    def check(name, parameter, x, expected):
        x = every_lane(x, dtype)
        operands = [np.ones_like(x), x] if name.endswith("_backward") else [x]
        y = getattr(namespace, name)(*operands, np.dtype(dtype).type(parameter))
        assert_same_bits(y, every_lane(expected, dtype))

    check("celu", 2.5, [-INF, -0.0, 2.0], [-2.5, -0.0, 2.0])
    check("celu", -2.5, [-INF, -0.0, 2.0], [-INF, -0.0, 2.0])
    check("celu", largest, [-INF, -1.0, -tiny], [-largest, -1.0, -tiny])  # x/alpha underflows
    check("celu", tiny, [-INF, -1.0, -0.0, 2.0], [-tiny, -tiny, -0.0, 2.0])  # 1/alpha overflows
    check("celu_backward", tiny, [-INF, -1.0, -0.0, 2.0, INF], [0.0, 0.0, 1.0, 1.0, 1.0])
    check("celu_backward", 2.5, [-INF, -0.0, 2.0], [0.0, 1.0, 1.0])
    check("celu_backward", -2.5, [-INF, -0.0, 2.0], [INF, 1.0, 1.0])
    check("swish", 0.0, [-INF, -3.0, -0.0, 3.0, INF], [-INF, -1.5, -0.0, 1.5, INF])
    check("swish", -2.0, [-INF, -0.0, INF], [-INF, -0.0, 0.0])
    check("swish", largest, [-INF, -1.0, 1.0, INF], [-0.0, -0.0, 1.0, INF])
    check("swish_backward", 0.0, [-INF, -3.0, -0.0, INF], [0.5, 0.5, 0.5, 0.5])
    check("swish_backward", -2.0, [-INF, -0.0, INF], [1.0, 0.5, -0.0])
    check("swish_backward", largest, [-INF, -1.0, 1.0, INF], [-0.0, -0.0, 1.0, 1.0])
    check("squareplus", 0.0, [-INF, -2.0, -0.0, tiny, largest], [0.0, 0.0, 0.0, tiny, largest])
    check("squareplus", 4.0, [largest], [largest])
    check("squareplus_backward", 0.0, [-INF, -tiny, -0.0, tiny, INF], [0.0, 0.0, 0.5, 1.0, 1.0])


# ---- Rows

M = -INF
SOFTMAX_ROWS = [
    # row, softmax, log_softmax
    ([1.0, NAN, 2.0], NAN, NAN),
    ([1.0, NAN, INF], NAN, NAN),
    ([1.0, INF, 2.0], NAN, NAN),
    ([INF, INF, M], NAN, NAN),
    ([M, M, M], NAN, NAN),
    ([M, 3.0, M], [0.0, 1.0, 0.0], [M, 0.0, M]),
    ([7.0], [1.0], [0.0]),
    ([-1e30], [1.0], [0.0]),
    ([0.0, 0.0], [0.5, 0.5], None),
    ([1e30, -1e30], [1.0, 0.0], [0.0, -2e30]),
]


@each_namespace
@each_dtype
@pytest.mark.parametrize(("row", "softmax", "log_softmax"), SOFTMAX_ROWS, ids=lambda v: str(v))
def test_softmax_rows(namespace, dtype, row, softmax, log_softmax):
    x = np.array(row, dtype)
    for name, expected in (("softmax", softmax), ("log_softmax", log_softmax)):
        if expected is None:
            continue
        expected = np.broadcast_to(np.array(expected, dtype), x.shape)
        f = getattr(namespace, name)
        assert_same_bits(f(x), expected)
        assert_same_bits(f(np.stack([x] * 20, axis=1), axis=0), np.stack([expected] * 20, axis=1))
        # The same value wherever it stands in a long row: the rest takes no part.
        if not np.isnan(expected).any():
            for position in (0, 1, 63, 127, 128, 200):
                long = np.full(300, M, dtype)
                long[position:position + x.size] = x
                wide = np.full(300, M if name == "log_softmax" else 0.0, dtype)
                wide[position:position + x.size] = expected
                assert_same_bits(f(long), wide)


@each_namespace
@each_dtype
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_one_nan_or_inf_spoils_its_row_only(namespace, dtype, name):
    f = getattr(namespace, name)
    x = np.random.default_rng(0).normal(size=(5, 203)).astype(dtype)
    for value in (NAN, INF):
        for position in (0, 15, 127, 128, 202):
            spoilt = x.copy()
            spoilt[2, position] = value
            y = f(spoilt)
            assert np.isnan(y[2]).all()
            assert_same_bits(np.delete(y, 2, 0), np.delete(f(x), 2, 0))


@each_namespace
@of_dtypes(ROWS)
def test_nan_in_a_derivative_of_rows(namespace, dtype, definition):
    """All products and sums: one NaN in g or y makes its row NaN and no other."""
    for k in range(definition.nin):
        args = arguments(definition, dtype, (3, 150))
        args[k][1, 77] = NAN
        y = outputs(raw(namespace, definition)(*args))[0]
        assert np.isnan(y[1]).any() and not np.isnan(y[[0, 2]]).any()


@each_namespace
@of_dtypes(ROWS)
def test_empty_rows(namespace, dtype, definition):
    for shape in ((0,), (3, 0), (0, 3)):
        args = arguments(definition, dtype, shape)
        for y, is_row in zip(outputs(raw(namespace, definition)(*args)), definition.rows[len(args):], strict=True):
            assert (y.shape, y.dtype) == (shape if is_row else shape[:-1], dtype)


# ---- Warnings


def special_and_sampled(dtype):
    info = finfo(dtype)
    tiny = info.smallest_subnormal
    special = [NAN, INF, -INF, 0.0, -0.0, info.max, -info.max, tiny, -tiny]
    return np.concatenate([np.array(special, dtype), samples(dtype, 3000)])


OVERFLOWS = {"selu", "sigmoid_backward_from_output", "tanh_backward_from_output",  # of the largest number
             "softplus_backward_from_output", "logit_backward",  # of -1000, of subnormal numbers
             "logsumexp_backward", "log_softmax_tempered"}  # of a sum less than its terms, a low temperature


@each_namespace
@each_elementwise_and_dtype
def test_no_warning_from_any_value(namespace, dtype, definition):
    f = raw(namespace, definition)
    overflow = "ignore" if definition.name in OVERFLOWS else "raise"
    values = special_and_sampled(dtype)
    for n in (7, 3009, 100_000):
        x = np.resize(values, n)
        args = [*[np.ones_like(x)] * definition.first_input, x]
        args += [np.full_like(x, WEIGHT)] * following(definition)
        with warnings.catch_warnings(), np.errstate(all="raise", over=overflow):
            warnings.simplefilter("error")
            expected = outputs(f(*args))
            for k in range(9):
                f(*(a[k % n] for a in args))
            # In place, where nobody can tell afterwards which infinity was there before.
            args[definition.first_input] = out = x.copy()
            f(*args, out=(out, *(np.empty_like(x) for _ in expected[1:])))
        assert_same_bits(out, expected[0])


@each_namespace
@each_dtype
def test_what_is_clipped_does_not_overflow(namespace, dtype):
    x = np.full(1000, np.finfo(dtype).max)
    with np.errstate(all="raise"):
        assert (namespace.clipped_linear(x, 10.0, 10.0) == 1).all()
        assert (namespace.clipped_linear_backward(x, x, 10.0, 10.0) == 0).all()


@each_namespace
@of_dtypes(ROWS)
def test_no_warning_from_any_row(namespace, dtype, definition):
    f = raw(namespace, definition)
    overflow = "ignore" if definition.name in OVERFLOWS else "raise"
    for _, x in row_inputs(dtype, 1, shortest=5000):
        operands = row_operands(definition, x)
        with warnings.catch_warnings(), np.errstate(all="raise", over=overflow):
            warnings.simplefilter("error")
            f(*operands)
    hostile = np.resize(special_and_sampled(dtype), (200, 33))
    with warnings.catch_warnings(), np.errstate(all="raise", over="ignore"):
        warnings.simplefilter("error")
        temperatures = np.resize(TEMPERATURES, 200).astype(parameter_dtype(hostile.dtype.char))
        f(*[hostile] * definition.nin, *[temperatures] * len(definition.parameters))


@each_namespace
@each_dtype
@pytest.mark.parametrize("n", [1, 5, 1000, 100_000])
def test_true_overflow_is_reported(namespace, dtype, n):
    """Wherever it happens, also in another thread's piece."""
    for position in {0, n // 2, n - 1}:
        x = np.zeros(n, dtype)
        x[position] = -np.finfo(dtype).max
        with np.errstate(over="raise"), pytest.raises(FloatingPointError, match="overflow"):
            namespace.leaky_relu(x, 2.0)
        with np.errstate(over="ignore"):
            assert namespace.leaky_relu(x, 2.0)[position] == -INF

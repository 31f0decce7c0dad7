"""Functions that are more than one ufunc: a choice, axes, halves, pieces, slopes, bits."""

import re

import dask.array
import ml_dtypes  # noqa: F401  # names bfloat16
import numpy as np
import pandas
import pytest
from helpers import NAMESPACES, assert_same_bits, each_namespace, outputs
from hypothesis import given
from hypothesis import strategies as st

import softramp
from softramp.definitions import definitions
from softramp.definitions.registry import FLOATING

INF, NAN = np.inf, np.nan
each_floating = pytest.mark.parametrize("dtype", FLOATING)
IMAGES = [(2, 3, 4, 5), (40, 6, 3), (3, 7), (1, 5, 300), (70, 3, 1), (0, 3, 4), (4, 3, 0), (5,)]
shapes = st.lists(st.integers(1, 7), min_size=1, max_size=4)


def normal(shape, dtype, seed=0):
    return np.random.default_rng(seed).normal(0, 3, shape).astype(dtype)


def message(text):
    """A pattern for all of an error's message."""
    return f"^{re.escape(text)}$"


def parameter(dtype):
    return "float64" if dtype == "float64" else "float32"


@pytest.fixture(params=["C", "swapped axes", "every other", "reversed", "byte-swapped"])
def lay_out(request):
    """The same values in memory of another order."""

    def lay_out(a):
        if request.param == "swapped axes":
            return np.ascontiguousarray(a.T).T
        if request.param == "every other":
            return np.repeat(a, 2, axis=-1)[..., ::2]
        if request.param == "reversed":
            return np.ascontiguousarray(a[::-1])[::-1]
        return a.astype(a.dtype.newbyteorder()) if request.param == "byte-swapped" else a

    return lay_out


# ---- gelu and geglu

APPROXIMATED = ["gelu", "gelu_backward", "geglu", "geglu_backward"]


def operands_of(name, dtype):
    return [normal((20, 7), dtype, seed) for seed in range(definitions[name].nin)]


@each_namespace
@each_floating
@pytest.mark.parametrize("name", APPROXIMATED)
def test_approximate_chooses_a_ufunc(namespace, dtype, name):
    f, operands = getattr(namespace, name), operands_of(name, dtype)
    where = np.arange(140).reshape(20, 7) % 3 == 0
    for approximate, chosen in (("none", name), ("tanh", name.replace("lu", "lu_tanh"))):
        ufunc = getattr(namespace.ufuncs, chosen)
        expected = ufunc(*operands)
        assert_same_bits(f(*operands, approximate), expected)
        assert_same_bits(f(*operands, approximate=approximate), expected)
        assert_same_bits(f(*operands, approximate, dtype="float64"), ufunc(*operands, dtype="float64"))
        out = tuple(np.zeros_like(y) for y in outputs(expected))
        out = out if len(out) > 1 else out[0]
        assert outputs(f(*operands, approximate, out=out))[0] is outputs(out)[0]
        assert_same_bits(out, expected)
        for y in outputs(out):
            y[...] = 99
        f(*operands, approximate, out=out, where=where)
        assert_same_bits(out, tuple(np.where(where, y, y.dtype.type(99)) for y in outputs(expected))
                         if len(outputs(out)) > 1 else np.where(where, expected, expected.dtype.type(99)))
    assert_same_bits(f(*operands), getattr(namespace.ufuncs, name)(*operands))


@each_namespace
@pytest.mark.parametrize("name", APPROXIMATED)
def test_errors_of_approximate(namespace, name):
    f, operands = getattr(namespace, name), operands_of(name, "float32")
    for bad in ("bad", None, True):
        with pytest.raises(ValueError, match=message(
                f"{name}: approximate must be 'none' or 'tanh', got {bad!r}")):
            f(*operands, bad)
    with pytest.raises(TypeError, match=rf"{name}\(\) takes .* positional arguments"):
        f(*operands, "none", 1.0)
    with pytest.raises(TypeError):
        f(*operands, nonsense=1)
    with pytest.raises(TypeError):
        f(*(a.astype(complex) for a in operands))


# ---- prelu with axis


def placed(weight, ndim, axis):
    return weight.reshape([-1 if k == axis % ndim else 1 for k in range(ndim)])


@each_namespace
@each_floating
@pytest.mark.parametrize("shape", IMAGES)
def test_prelu_of_an_axis_is_prelu_of_a_weight_placed_there(namespace, dtype, shape):
    x, g = normal(shape, dtype), normal(shape, dtype, 1)
    for axis in range(-x.ndim, x.ndim):
        for n in {1, shape[axis]}:
            weight = normal(n, parameter(dtype), 2)
            there = placed(weight, x.ndim, axis)
            expected = namespace.prelu(x, there)
            assert_same_bits(namespace.prelu(x, weight, axis), expected)
            out = np.empty_like(x)
            assert namespace.prelu(x, weight=weight, axis=axis, out=out) is out
            assert_same_bits(out, expected)

            gx, gw = namespace.prelu_backward(g, x, there)
            found = namespace.prelu_backward(g, x, weight, axis)
            assert_same_bits(found[0], gx)
            assert found[1].shape == weight.shape and found[1].dtype == np.dtype(dtype)
            np.testing.assert_allclose(found[1].astype(float), gw.reshape(-1).astype(float), rtol=1e-6)


@each_namespace
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_prelu_of_an_axis_in_any_layout(namespace, dtype, lay_out):
    x, g, weight = normal((4, 6, 50), dtype), normal((4, 6, 50), dtype, 1), normal(6, "float32", 2)
    y, (gx, gw) = namespace.prelu(x, weight, 1), namespace.prelu_backward(g, x, weight, 1)
    assert_same_bits(np.array(namespace.prelu(lay_out(x), weight, 1), dtype), y)
    out, gw_out = lay_out(np.zeros_like(x)), lay_out(np.zeros(6, dtype))
    namespace.prelu(x, lay_out(weight), 1, out=out)
    assert_same_bits(np.array(out, dtype), y)
    out[...] = 0
    namespace.prelu_backward(lay_out(g), x, weight, 1, out=(out, gw_out))
    assert_same_bits(np.array(out, dtype), gx)
    np.testing.assert_allclose(gw_out.astype(float), gw.astype(float), rtol=1e-3)


@each_namespace
@pytest.mark.parametrize("shape", [(8, 5, 7000), (60_000, 5), (2, 3, 70_000)])
def test_prelu_of_an_axis_on_any_number_of_threads_and_in_place(namespace, shape):
    x, g, weight = normal(shape, "float32"), normal(shape, "float32", 1), normal(shape[1], "float32", 2)
    with softramp.threads(1):
        y, gradients = namespace.prelu(x, weight, 1), namespace.prelu_backward(g, x, weight, 1)
    for n in (1, 2, 3):
        with softramp.threads(n):
            assert_same_bits(namespace.prelu(x, weight, 1), y)
            for target in (0, 1):
                operands = [g.copy(), x.copy()]
                found = namespace.prelu_backward(*operands, weight, 1, out=(operands[target], None))
                assert found[0] is operands[target]
                assert_same_bits(found, gradients)
            assert_same_bits(namespace.prelu(x.copy(), weight, 1, out=x), y)
            x = normal(shape, "float32")


@each_namespace
def test_prelu_of_an_axis_into_memory_that_overlaps(namespace):
    memory, weight = normal(40 * 3 * 2000 + 10, "float32"), np.array([0.5, 2, -1], "float32")
    x, out = (memory[k:][:40 * 3 * 2000].reshape(40, 3, 2000) for k in (0, 10))
    y = namespace.prelu(x, weight, 1)
    gx, gw = namespace.prelu_backward(np.ones_like(x), x, weight, 1)
    before = memory.copy()
    assert_same_bits(namespace.prelu(x, weight, 1, out=out), y)
    memory[...] = before
    found = namespace.prelu_backward(np.ones_like(x), x, weight, 1, out=(out, None))
    assert_same_bits(found[0], gx)
    np.testing.assert_allclose(found[1], gw, rtol=1e-6)


@each_namespace
def test_prelu_of_an_axis_takes_keywords_and_decides_types_as_without(namespace):
    x, weight = normal((4, 3, 5), "float32"), np.array([0.5, 2, -1], "float32")
    there = weight[:, np.newaxis]
    where = normal(x.shape, "float32", 1) > 0
    out = np.full_like(x, 99)
    namespace.prelu(x, weight, 1, out=out, where=where)
    assert_same_bits(out, np.where(where, namespace.prelu(x, there), np.float32(99)))
    double = namespace.prelu(x, there, dtype="float64")
    assert_same_bits(namespace.prelu(x, weight, 1, dtype="float64"), double)
    for kind in ("int8", "int32", "float16", "float64"):
        found = namespace.prelu(x.astype(kind), weight, 1)
        assert_same_bits(found, namespace.prelu(x.astype(kind), there))
        found = namespace.prelu(x, weight.astype(kind), 1)
        assert_same_bits(found, namespace.prelu(x, there.astype(kind)))
    assert_same_bits(namespace.prelu(x.tolist(), weight.tolist(), 1), double)
    wide = np.empty(x.shape)
    assert_same_bits(namespace.prelu(x, weight, 1, out=wide), namespace.prelu(x, there).astype(float))
    gx, gw = namespace.prelu_backward(2.0, x, weight, 1)
    assert_same_bits(gx, namespace.prelu_backward(np.full_like(x, 2), x, weight, 1)[0])
    gw = namespace.prelu_backward(np.ones_like(x), x, weight, 1, where=where, out=(out, None))[1]
    np.testing.assert_allclose(gw, (np.minimum(x, 0) * where).sum((0, 2)), rtol=1e-6)


def test_prelu_of_an_axis_of_foreign_arrays():
    x, weight = normal((4, 3, 5), "float32"), np.array([0.5, 2, -1], "float32")
    y = softramp.prelu(x, weight, 1)
    chunked = softramp.prelu(dask.array.from_array(x, chunks=2), weight, 1)
    assert isinstance(chunked, dask.array.Array)
    assert_same_bits(chunked.compute(), y)
    masked = softramp.prelu(np.ma.MaskedArray(x, x > 1), weight, 1)
    assert isinstance(masked, np.ma.MaskedArray) and (masked.mask == (x > 1)).all()
    frame = softramp.prelu(pandas.DataFrame(x[0].T, columns=list("abc")), weight, 1)
    assert list(frame) == list("abc")
    assert_same_bits(frame.to_numpy(), y[0].T)


def test_a_sum_of_16_bit_gradients_is_rounded_once():
    """Summed in 16 bits it would be inf; into a float32 output it is not rounded to 16 bits at all."""
    x = np.full((300, 2, 300), -1, "float16")
    operands, gw = (np.ones_like(x), x, np.ones(2, "float32"), 1), np.empty(2, "float32")
    softramp.prelu_backward(*operands, out=(None, gw))
    assert gw.tolist() == [-90_000, -90_000]
    with np.errstate(over="ignore"):
        assert softramp.prelu_backward(*operands)[1].tolist() == [-INF, -INF]


@each_namespace
def test_errors_of_prelu(namespace):
    x = np.ones((2, 64, 5), "float32")
    for name, operands in (("prelu", (x,)), ("prelu_backward", (x, x))):
        f = getattr(namespace, name)
        with pytest.raises(ValueError, match=message(
                f"{name}: a weight of 64 elements does not broadcast against shape (2, 64, 5); "
                "say by axis= to which axis it belongs")):
            f(*operands, np.ones(64))
        with pytest.raises(ValueError, match="broadcast"):
            f(*operands, np.ones((3, 3)))
        with pytest.raises(ValueError, match=message(f"{name}: axis 2 has 5 elements, the weight 64")):
            f(*operands, np.ones(64), -1)
        with pytest.raises(ValueError, match=message(
                f"{name}: with axis= the weight must be 1-D, got shape ()")):
            f(*operands, 0.25, axis=1)
        with pytest.raises(TypeError, match=message(f"{name}: axis must be an integer, got 1.0")):
            f(*operands, np.ones(64), 1.0)
        with pytest.raises(np.exceptions.AxisError):
            f(*operands, np.ones(64), 3)
        with pytest.raises(TypeError):
            f(*(a.astype(complex) for a in operands), np.ones(64), 1)
    with pytest.raises(ValueError, match="could not be broadcast"):
        namespace.prelu(x, np.ones(64), 1, out=np.empty((64, 2, 5)))


# ---- rrelu


@each_namespace
@each_floating
def test_rrelu_is_leaky_relu_of_the_mean_or_of_random_slopes(namespace, dtype):
    x = normal((50, 7), dtype)
    mean = np.dtype(parameter(dtype)).type((1 / 8 + 1 / 3) / 2)
    y, slope = namespace.rrelu(x, return_slope=True)
    assert slope == mean and slope.dtype == parameter(dtype)
    assert_same_bits(y, namespace.leaky_relu(x, mean))
    assert_same_bits(namespace.rrelu(x), y)

    y, slope = namespace.rrelu(x, 0.25, 0.75, training=True, rng=7, return_slope=True)
    drawn = np.random.default_rng(7).random(x.shape, parameter(dtype))
    assert_same_bits(slope, drawn * slope.dtype.type(0.5) + slope.dtype.type(0.25))
    assert_same_bits(y, namespace.leaky_relu(x, slope))
    out = np.empty_like(x)
    assert namespace.rrelu(x, 0.25, 0.75, True, np.random.default_rng(7), out=out) is out
    assert_same_bits(out, y)


def test_rrelu_draws_in_c_order_and_the_same_on_every_backend():
    x = normal((40, 2000), "float32")
    expected = softramp.rrelu(x, training=True, rng=1)
    for namespace in NAMESPACES:
        assert_same_bits(namespace.rrelu(x, training=True, rng=1), expected)
        assert_same_bits(namespace.rrelu(np.asfortranarray(x), training=True, rng=1), expected)
    rng = np.random.default_rng(1)
    both = [softramp.rrelu(half, training=True, rng=rng) for half in (x[:20], x[20:])]
    assert_same_bits(np.concatenate(both), expected)
    assert (softramp.rrelu(x, training=True) != softramp.rrelu(x, training=True)).any()


@given(bounds=st.tuples(*[st.floats(-2, 2, width=32)] * 2), seed=st.integers(0, 100))
def test_slopes_of_rrelu_lie_between_its_bounds(bounds, seed):
    lower, upper = sorted(bounds)
    _, slope = softramp.rrelu(np.zeros(100, "float32"), lower, upper, True, seed, return_slope=True)
    reach = 2 * np.spacing(np.float32(2))
    assert slope.min() >= lower - reach and slope.max() <= upper + reach


def test_types_of_rrelu():
    for kind in ("?", "int8", "int16", "int64", "float16", "bfloat16", "float32", "float64"):
        x = np.ones(3, kind)
        expected = kind if "float" in kind else np.exp(x).dtype
        for training in (False, True):
            assert softramp.rrelu(x, training=training).dtype == expected
    assert isinstance(softramp.rrelu(-1.0), np.float64)
    assert isinstance(softramp.rrelu(-1.0, training=True), np.float64)
    series = softramp.rrelu(pandas.Series([-1.0, 1.0], index=["a", "b"]), training=True)
    assert list(series.index) == ["a", "b"]


@pytest.mark.parametrize("bounds", [(0.5, 0.25), (NAN, 1.0), (0.0, INF)])
def test_errors_of_rrelu(bounds):
    lower, upper = bounds
    with pytest.raises(ValueError, match=message(
            f"rrelu requires lower <= upper, both finite, got lower={lower!r}, upper={upper!r}")):
        softramp.rrelu([1.0], lower, upper)
    with pytest.raises(TypeError, match="rrelu takes float16, .*, not complex128"):
        softramp.rrelu([1j])


# ---- glu


@each_namespace
@each_floating
@pytest.mark.parametrize("shape", [(4, 6, 10), (2, 40_000), (70_000,), (300, 2), (0, 4), (4, 0), (2, 2)])
def test_glu_is_sigmoid_glu_of_halves(namespace, dtype, shape):
    x = normal(shape, dtype)
    for axis in range(-x.ndim, x.ndim):
        if shape[axis] % 2:
            continue
        a, b = (np.ascontiguousarray(half) for half in np.split(x, 2, axis))
        y = namespace.glu(x, axis)
        assert_same_bits(y, namespace.sigmoid_glu(b, a))
        out = np.empty_like(y)
        assert namespace.glu(x, axis=axis, out=out) is out
        assert_same_bits(out, y)

        g = normal(a.shape, dtype, 1)
        gb, ga = namespace.sigmoid_glu_backward(g, b, a)
        expected = np.concatenate([ga, gb], axis)
        assert_same_bits(namespace.glu_backward(g, x, axis), expected)
        out = x.copy()
        assert namespace.glu_backward(g, out, axis=axis, out=out) is out
        assert_same_bits(out, expected)


@each_namespace
def test_glu_in_any_layout(namespace, lay_out):
    x, g = normal((4, 6, 50), "float32"), normal((4, 6, 25), "float32", 1)
    y, gx = namespace.glu(x), namespace.glu_backward(g, x)
    assert_same_bits(np.array(namespace.glu(lay_out(x)), "float32"), y)
    assert_same_bits(np.array(namespace.glu_backward(lay_out(g), lay_out(x)), "float32"), gx)
    out = lay_out(np.zeros_like(y))
    namespace.glu(x, out=out)
    assert_same_bits(np.array(out, "float32"), y)
    out = lay_out(np.zeros_like(x))
    namespace.glu_backward(g, x, out=out)
    assert_same_bits(np.array(out, "float32"), gx)
    half = x[..., :25]
    assert_same_bits(namespace.glu(x, out=half), y)


def test_types_of_glu():
    x = np.array([1, 2, 3, 4], "int8")
    assert softramp.glu(x).dtype == softramp.glu_backward(x[:2], x).dtype == np.float16
    assert softramp.glu(x.tolist()).dtype == np.float64
    x = x.astype("float32")
    assert_same_bits(softramp.glu(x, dtype="float64"), softramp.glu(x.astype("float64")))
    assert softramp.glu(x, out=np.empty(2)).dtype == np.float64
    assert softramp.glu_backward(1.0, x).dtype == np.float32
    assert softramp.glu_backward(np.ones(2), x).dtype == np.float64


@each_namespace
def test_errors_of_glu(namespace):
    x = np.ones((4, 5), "float32")

    def backward(x, axis=-1):
        return namespace.glu_backward(1.0, x, axis)

    for name, f in (("glu", namespace.glu), ("glu_backward", backward)):
        with pytest.raises(ValueError, match=message(f"{name}: axis 1 has 5 elements, which have no halves")):
            f(x)
        with pytest.raises(TypeError, match=message(f"{name}: axis must be an integer, got (0,)")):
            f(x, (0,))
        with pytest.raises(np.exceptions.AxisError):
            f(x, 2)
        with pytest.raises(np.exceptions.AxisError):
            f(np.float32(1))
        with pytest.raises(TypeError, match=f"{name} takes no masked or chunked arrays"):
            f(np.ma.MaskedArray(x, x > 0), 0)
        with pytest.raises(TypeError):
            f(x.astype(complex), 0)
    with pytest.raises(ValueError, match="out must be an array of shape"):
        namespace.glu_backward(1.0, x, 0, out=np.empty((5, 4), "float32"))
    with pytest.raises(ValueError, match="could not be broadcast"):
        namespace.glu(x, 0, out=np.empty((5, 2), "float32"))


# ---- maxout

TIES = np.array([1, 1, -0.0, 0.0, 0.0, -0.0, NAN, 1, 1, NAN, INF, NAN, -INF, -INF, NAN, NAN])


def by_argmax(x, pieces, axis):
    """Values and indices one after the other."""
    groups = np.moveaxis(x, axis, -1)
    groups = groups.reshape(*groups.shape[:-1], groups.shape[-1] // pieces, pieces)
    indices = groups.argmax(-1)
    y = np.take_along_axis(groups, indices[..., np.newaxis], -1)[..., 0]
    return np.moveaxis(y, -1, axis), np.moveaxis(indices, -1, axis)


@each_floating
@given(shape=shapes, pieces=st.integers(1, 5), data=st.data())
def test_maxout_takes_the_first_of_equals_and_the_first_nan(dtype, shape, pieces, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    shape[axis] *= pieces
    values = data.draw(st.lists(st.sampled_from([0.0, -0.0, 1.0, -1.0, INF, -INF, NAN]),
                                min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
    x = np.reshape(values, shape).astype(dtype)
    expected, indices = by_argmax(x, pieces, axis)
    assert_same_bits(softramp.maxout(x, pieces, axis), expected)
    found = softramp.maxout(x, pieces, axis, return_indices=True)
    assert_same_bits(found[0], expected)
    assert found[1].dtype == np.intp and (found[1] == indices).all()


@each_floating
def test_maxout_of_special_values_at_every_position(dtype):
    for pieces in (2, 4, 8):
        for repeat in (1, 7, 64):
            x = np.tile(TIES, repeat).astype(dtype)
            y, indices = softramp.maxout(x, pieces, return_indices=True)
            expected = by_argmax(x, pieces, -1)
            assert_same_bits(y, expected[0])
            assert (indices == expected[1]).all()


def test_maxout_in_any_layout(lay_out):
    x = normal((4, 6, 50), "float32")
    for axis, pieces in ((0, 2), (1, 3), (2, 5)):
        y, indices = softramp.maxout(x, pieces, axis, return_indices=True)
        found = softramp.maxout(lay_out(x), pieces, axis, return_indices=True)
        assert_same_bits(found[0], y)
        assert (found[1] == indices).all()
        out = lay_out(np.zeros_like(y))
        assert softramp.maxout(x, pieces, axis, out=out) is out
        assert_same_bits(np.array(out, "float32"), y)
    y = softramp.maxout(x, 5)
    assert_same_bits(softramp.maxout(x, 5, out=x[..., 7:17]), y)
    wide = np.empty(y.shape)
    assert_same_bits(softramp.maxout(normal((4, 6, 50), "float32"), 5, out=wide), y.astype(float))


@each_namespace
@each_floating
@given(shape=shapes, pieces=st.integers(1, 5), data=st.data())
def test_gradient_of_maxout_goes_where_the_largest_was(namespace, dtype, shape, pieces, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    shape[axis] *= pieces
    x = normal(shape, dtype, data.draw(st.integers(0, 9)))
    y, indices = softramp.maxout(x, pieces, axis, return_indices=True)
    g = normal(y.shape, dtype, 1)
    g[g > 4] = INF
    g[g < -4] = NAN
    gx = namespace.maxout_backward(g, indices, pieces, axis)
    assert gx.shape == x.shape and gx.dtype == np.dtype(dtype)
    groups = np.moveaxis(gx, axis, -1).reshape(-1, pieces)
    chosen = np.moveaxis(indices, axis, -1).reshape(-1, 1)
    assert_same_bits(np.take_along_axis(groups, chosen, 1)[:, 0], np.moveaxis(g, axis, -1).reshape(-1))
    np.put_along_axis(groups, chosen, 0, 1)
    assert_same_bits(groups, np.zeros_like(groups))


def test_types_of_maxout():
    for kind in ("?", "int8", "int16", "int64"):
        x = np.ones(4, kind)
        assert softramp.maxout(x, 2).dtype == np.exp(x).dtype
        assert softramp.maxout_backward(x, np.zeros(4, int), 2).dtype == np.exp(x).dtype
    assert softramp.maxout([1, 2], 2).dtype == np.float64
    assert softramp.maxout_backward(1.0, np.zeros((2, 3), "uint8"), 2).shape == (2, 6)
    for shape in ((0, 4), (4, 0)):
        y, indices = softramp.maxout(np.ones(shape), 2, return_indices=True)
        assert y.shape == indices.shape == (shape[0], shape[1] // 2)
        assert softramp.maxout_backward(y, indices, 2).shape == shape


def test_errors_of_maxout():
    x, indices = np.ones((4, 5)), np.zeros((4, 5), int)
    with pytest.raises(ValueError, match=message(
            "maxout: axis 1 has 5 elements, which is no multiple of pieces=2")):
        softramp.maxout(x, 2)
    for pieces, error, text in ((0, ValueError, "pieces must be at least 1, got 0"),
                                (2.0, TypeError, "pieces must be an integer, got 2.0")):
        with pytest.raises(error, match=message(f"maxout: {text}")):
            softramp.maxout(x, pieces)
        with pytest.raises(error, match=message(f"maxout_backward: {text}")):
            softramp.maxout_backward(x, indices, pieces)
    with pytest.raises(ValueError, match=message("maxout: out must be an array of shape (2, 5), not (4, 5)")):
        softramp.maxout(x, 2, 0, out=x)
    with pytest.raises(TypeError, match="Cannot cast"):
        softramp.maxout(x, 2, 0, out=np.empty((2, 5), int))
    with pytest.raises(TypeError, match="maxout takes float16, .*, not complex128"):
        softramp.maxout(x * 1j, 2, 0)
    for wrong, text in (([-1, 1], "from -1 to 1"), ([0, 2], "from 0 to 2")):
        with pytest.raises(IndexError, match=message(
                f"maxout_backward: indices lie {text}, which is not in [0, 2)")):
            softramp.maxout_backward([1.0, 1.0], wrong, 2)
    with pytest.raises(TypeError, match=message("maxout_backward: indices must be integers, not float64")):
        softramp.maxout_backward(x, x, 2)
    with pytest.raises(ValueError, match="broadcast"):
        softramp.maxout_backward(np.ones(3), indices, 2)
    for call in (lambda axis: softramp.maxout(x, 1, axis),
                 lambda axis: softramp.maxout_backward(x, indices, 1, axis)):
        with pytest.raises(np.exceptions.AxisError):
            call(2)
        with pytest.raises(TypeError, match="axis must be an integer"):
            call(None)


# ---- Masks


@each_namespace
@each_floating
@given(shape=st.lists(st.integers(0, 20), min_size=1, max_size=3), data=st.data())
def test_relu_with_mask(namespace, dtype, shape, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    x = normal(shape, dtype)
    x.reshape(-1)[::3] = np.resize([0.0, -0.0, NAN, INF, -INF], -(-x.size // 3))
    is_open = ~(x.astype(float) <= 0)
    y, bits = namespace.relu_with_mask(x, axis)
    assert_same_bits(y, namespace.relu(x))
    assert bits.dtype == np.uint8
    assert_same_bits(bits.astype(float), np.packbits(is_open, axis).astype(float))
    g = normal(shape, dtype, 1)
    g[g > 2], g[g < -2] = INF, NAN
    expected = namespace.relu_backward(g, x)
    gx = namespace.relu_backward_from_mask(g, bits, axis)
    assert_same_bits(gx, expected)
    assert (np.signbit(gx[~is_open]) == 0).all() and (gx[~is_open] == 0).all()
    assert namespace.relu_backward_from_mask(g, bits, axis=axis, out=g) is g
    assert_same_bits(g, expected)
    found = namespace.relu_with_mask(x, axis=axis, out=x)
    assert found[0] is x
    assert_same_bits(x, y)
    assert (found[1] == bits).all()


def test_types_of_masks():
    y, bits = softramp.relu_with_mask([-1, 2])
    assert y.tolist() == [0, 2] and y.dtype == np.int64 and bits.tolist() == [64]
    for kind in ("int8", "float16", "float32"):
        g = np.ones(2, kind)
        assert softramp.relu_backward_from_mask(g, bits).dtype == np.exp(g).dtype


def test_errors_of_masks():
    x = np.ones((3, 20), "float32")
    _, bits = softramp.relu_with_mask(x)
    with pytest.raises(ValueError, match=message(
            "relu_backward_from_mask: g of shape (3, 20) wants bits of shape (1, 20) along axis 0, "
            "not (3, 3)")):
        softramp.relu_backward_from_mask(x, bits, 0)
    with pytest.raises(TypeError, match=message("relu_backward_from_mask: bits must be uint8, not bool")):
        softramp.relu_backward_from_mask(x, x > 0)
    for call in (lambda axis: softramp.relu_with_mask(x, axis),
                 lambda axis: softramp.relu_backward_from_mask(x, bits, axis)):
        with pytest.raises(np.exceptions.AxisError):
            call(2)
        with pytest.raises(TypeError, match="axis must be an integer, got 1.5"):
            call(1.5)
    with pytest.raises(TypeError):
        softramp.relu_with_mask(x * 1j)
    with pytest.raises(TypeError, match="relu_with_mask takes no masked or chunked arrays"):
        softramp.relu_with_mask(dask.array.ones(3))


# ---- All


@pytest.mark.parametrize("dtype", FLOATING)
def test_no_warning_from_any_value(dtype):
    x = np.resize(np.array([NAN, INF, -INF, 0, -0.0, 1, -1, 300, -300], dtype), (8, 90))
    signs = np.resize(np.array([1, -1], dtype), x.shape)
    weight = np.linspace(-1, 1, 8, dtype=parameter(dtype))
    infinite = np.where(np.isnan(x), 0, x)  # the sums are inf - inf
    with np.errstate(all="raise"):
        softramp.prelu(x, weight, 0)
        softramp.prelu_backward(signs, infinite, weight, 0)
        softramp.prelu_backward(signs, infinite, weight[:, np.newaxis])
        softramp.rrelu(x, training=True)
        softramp.glu_backward(np.ones_like(softramp.glu(x)), x)
        y, indices = softramp.maxout(x, 3, return_indices=True)
        softramp.maxout_backward(y, indices, 3)
        y, bits = softramp.relu_with_mask(x)
        softramp.relu_backward_from_mask(x, bits)

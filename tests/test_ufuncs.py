"""What NumPy promises of a ufunc, and what the wrappers promise on top of it."""

import copy
import itertools
import inspect
import pickle
import warnings

import dask.array
import numpy as np
import pandas
import pytest
from helpers import (
    ELEMENTWISE,
    NAMESPACES,
    ROWS,
    arguments,
    assert_same_bits,
    checked,
    each_elementwise,
    each_elementwise_and_dtype,
    each_function,
    each_namespace,
    of,
    of_dtypes,
    outputs,
    python,
    raw,
    required,
)

import softramp
from softramp.aliases import ALIASES
from softramp.composites import composites, public
from softramp.definitions import definitions
from softramp.definitions.registry import INTEGERS, NARROW

WITH_PARAMETERS = [d for d in definitions.values() if d.parameters]
WRAPPED = [d for d in WITH_PARAMETERS if not d.gufunc_signature]
WITH_DEFAULTS = [d for d in definitions.values() if d.has_defaults]
WITHOUT_PARAMETERS = [d for d in definitions.values() if not d.parameters and not d.gufunc_signature]


@each_namespace
@each_function
def test_kinds(namespace, definition):
    name = definition.name
    ufunc = getattr(namespace.ufuncs, name)
    assert type(ufunc) is np.ufunc
    assert ufunc.nin == definition.nin + len(definition.parameters)
    assert ufunc.nout == definition.nout
    assert ufunc.signature == definition.gufunc_signature
    assert ufunc.__name__ == name
    if name in public:
        function = getattr(namespace, name)
        assert function.__name__ == name
        is_ufunc = definition in WITHOUT_PARAMETERS and name not in composites
        assert isinstance(function, np.ufunc) == (function is ufunc) == is_ufunc


def test_types_are_listed_in_numpys_order():
    for namespace in NAMESPACES:
        assert namespace.relu.types == [f"{c}->{c}" for c in "bBhHiIlLqQefd"]
        assert namespace.sigmoid.types == ["e->e", "f->f", "d->d"]
        assert namespace.ufuncs.leaky_relu.types == ["ef->e", "ff->f", "dd->d"]
        assert namespace.ufuncs.prelu_backward.types == ["eef->ee", "fff->ff", "ddd->dd"]


# ---- Keywords of every ufunc


@each_namespace
@each_elementwise_and_dtype
def test_out_and_where(namespace, dtype, definition):
    f = raw(namespace, definition)
    args = arguments(definition, dtype, (20, 7))
    expected = outputs(f(*args))
    out = tuple(np.full((20, 7), 99, dtype) for _ in expected)
    result = f(*args, out=out if len(out) > 1 else out[0])
    assert all(a is b for a, b in zip(outputs(result), out, strict=True))
    assert_same_bits(out, expected)

    mask = np.random.default_rng(1).random((20, 7)) < 0.5
    out = tuple(np.full((20, 7), 99, dtype) for _ in expected)
    f(*args, out=out, where=mask)
    for found, full in zip(out, expected, strict=True):
        assert_same_bits(found, np.where(mask, full, np.dtype(dtype).type(99)))


@each_namespace
@each_function
def test_dtype_and_casting(namespace, definition):
    f = raw(namespace, definition)
    args32, args64 = arguments(definition, "float32", 50), arguments(definition, "float64", 50)
    assert_same_bits(f(*args32, dtype=np.float64), f(*(a.astype(np.float64) for a in args32)))
    with pytest.raises(TypeError):
        f(*args64, dtype=np.int32)
    with pytest.raises(TypeError, match="Cannot cast"):
        f(*args64, dtype=np.float32, casting="safe")
    expected = outputs(f(*args64))
    out = tuple(np.empty(a.shape, np.float32) for a in expected)
    f(*args64, out=out if len(out) > 1 else out[0])  # float64 into float32: same_kind
    assert_same_bits(out, tuple(a.astype(np.float32) for a in expected))
    with pytest.raises(TypeError):
        f(*args32, out=tuple(np.empty(a.shape, np.int64) for a in expected))


@each_namespace
@each_elementwise
def test_order_and_subok(namespace, definition):
    f = raw(namespace, definition)
    args = [np.asfortranarray(a) for a in arguments(definition, "float32", (5, 6))]
    for order, flag in (("C", "C_CONTIGUOUS"), ("F", "F_CONTIGUOUS"), ("K", "F_CONTIGUOUS")):
        assert outputs(f(*args, order=order))[0].flags[flag]

    class Subclass(np.ndarray):
        pass

    views = [a.view(Subclass) for a in args]
    assert type(outputs(f(*views))[0]) is Subclass
    assert type(outputs(f(*views, subok=False))[0]) is np.ndarray


# ---- Types of operands


@each_namespace
@each_function
def test_integers_and_bool(namespace, definition):
    """As in np.exp they become floating; or they stay what they are, and bool becomes int8."""
    f = raw(namespace, definition)
    for dtype in ("?", *INTEGERS):
        args = [np.array([0, 1, 1, 0, 3], dtype)] * (definition.nin + required(definition))
        expected = np.exp(args[0]).dtype
        if definition.gufunc_signature:
            expected = np.promote_types(expected, definition.dtypes[0])
        if definition.integers:
            expected = np.dtype("b" if dtype == "?" else dtype)
        assert_same_bits(f(*args), f(*(a.astype(expected) for a in args)))
        assert outputs(f(*args))[0].dtype == expected


@each_namespace
@of([d for d in ELEMENTWISE if d.integers])
@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_are_exact(namespace, definition, dtype):
    """What the definition says, over the whole range of the type; large, so that threads take part."""
    info = np.iinfo(dtype)
    x = np.random.default_rng(0).integers(info.min, info.max, 100_003, dtype, endpoint=True)
    x[:9] = info.min, info.max, 0, 1, 2, 5, 6, 7, 100
    values = [np.array(v, dtype) for v in (3, 99)[:required(definition)]]
    defaults = [np.clip(v, info.min, info.max).astype(dtype) for v in definition.defaults]
    f = raw(namespace, definition)
    expected = definition.function(x, *values, *defaults)
    assert expected.dtype == dtype
    assert_same_bits(f(x, *values), expected)
    assert_same_bits(f(np.repeat(x, 2)[::2][:999], *values), expected[:999])


@each_namespace
@each_elementwise
def test_float16_and_bfloat16_are_float32_rounded_once(namespace, definition):
    f = raw(namespace, definition)
    for dtype in NARROW:
        args = arguments(definition, dtype, 1000)[:definition.nin]
        values = [np.float32(0.3)] * required(definition)
        wide = outputs(f(*(a.astype(np.float32) for a in args), *values))
        assert_same_bits(f(*args, *values), tuple(y.astype(dtype) for y in wide) if len(wide) > 1
                         else wide[0].astype(dtype))


@each_namespace
@each_function
def test_other_types_are_a_type_error(namespace, definition):
    count = definition.nin + required(definition)
    for dtype in ("F", "D", "O", "g", "U3", "M8[s]"):
        with pytest.raises(TypeError):
            raw(namespace, definition)(*[np.zeros(3, dtype)] * count)


@each_namespace
@of(WITH_PARAMETERS)
def test_type_of_a_parameter(namespace, definition):
    """A parameter is an operand of its own type: float32 keeps float32, float64 makes float64."""
    f = raw(namespace, definition)
    count = len(definition.parameters)
    operands = arguments(definition, "float32", 9)[:definition.nin]
    for value, expected in (
        (0.5, np.float32), (1, np.float32), (np.float32(0.5), np.float32), (np.float16(0.5), np.float32),
        (np.full(9, 0.5, np.float32), np.float32),
        (np.full(9, 0.5), np.float64), (np.float64(0.5), np.float64),
    ):
        found = f(*operands, *[value] * count)
        assert outputs(found)[0].dtype == expected
        if expected == np.float32:
            for dtype in NARROW:
                found = f(*(a.astype(dtype) for a in operands), *[value] * count)
                assert outputs(found)[0].dtype == dtype
    assert_same_bits(f(*operands, *[0.5] * count), f(*operands, *[np.float32(0.5)] * count))


@each_namespace
@each_elementwise
def test_scalars_and_lists(namespace, definition):
    f = raw(namespace, definition)
    count = definition.nin + required(definition)
    one = outputs(f(*[0.7] * count))[0]
    assert isinstance(one, np.float64)
    assert isinstance(outputs(f(*[np.float32(0.7)] * count))[0], np.float32)
    assert_same_bits(outputs(f(*[[0.7, 0.7]] * count))[0], np.array([one, one]))


# ---- Shapes and memory


@each_namespace
@each_elementwise_and_dtype
def test_broadcasting_empty_and_0d(namespace, dtype, definition):
    f = raw(namespace, definition)
    shapes = [(4, 1, 6), (5, 1), (6,)]
    count = definition.nin + required(definition)
    args = [arguments(definition, dtype, shapes[k % 3], k)[0] for k in range(count)]
    ufunc = getattr(namespace.ufuncs, definition.name)
    args += [np.array(value, dtype) for value in definition.defaults]
    full = [np.ascontiguousarray(a) for a in np.broadcast_arrays(*args)]
    with np.errstate(over="ignore"):  # of exponentials
        assert_same_bits(ufunc(*args), ufunc(*full))
    for shape in ((0,), (3, 0, 2)):
        y = outputs(f(*[np.empty(shape, dtype)] * count))[0]
        assert (y.shape, y.dtype) == (shape, dtype)
    zero_d = outputs(f(*[np.array(0.7, dtype)] * count))[0]
    assert_same_bits(zero_d, outputs(f(*[np.full(1, 0.7, dtype)] * count))[0][0])
    with pytest.raises(ValueError, match="broadcast"):
        out = tuple(np.zeros((2, 2), dtype) for _ in range(ufunc.nout))
        ufunc(*[np.zeros(3, dtype)] * ufunc.nin, out=out)


@each_namespace
@each_elementwise_and_dtype
def test_in_place(namespace, dtype, definition):
    f = raw(namespace, definition)
    for n in (1, 5, 300, 70_000):
        for k in range(definition.nin):
            args = arguments(definition, dtype, n)
            expected = outputs(f(*args))
            out = (args[k], *(np.empty_like(args[k]) for _ in expected[1:]))
            f(*args, out=out)
            assert_same_bits(out, expected)


@each_namespace
@each_elementwise_and_dtype
def test_partly_overlapping(namespace, dtype, definition):
    f = raw(namespace, definition)
    for n, shifts in ((1000, (1, 3, 16, 300)), (70_000, (3,))):
        for shift, forwards in itertools.product(shifts, (True, False)):
            args = arguments(definition, dtype, n)
            buffer = np.zeros(n + shift, dtype)
            source, target = (buffer[:n], buffer[shift:]) if forwards else (buffer[shift:], buffer[:n])
            source[:] = args[definition.nin - 1]
            expected = outputs(f(*args))
            args[definition.nin - 1] = source
            f(*args, out=(target, *(np.empty(n, dtype) for _ in expected[1:])))
            assert_same_bits(target, expected[0])


@each_namespace
@each_function
def test_read_only_out_is_refused(namespace, definition):
    f = raw(namespace, definition)
    args = arguments(definition, "float32", 10)
    before = [a.copy() for a in args]
    out = [np.full(a.shape, 99, np.float32) for a in outputs(f(*args))]
    out[-1].flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        f(*args, out=tuple(out) if len(out) > 1 else out[0])
    for a, b in zip(args, before, strict=True):
        assert_same_bits(a, b)
    assert all((a == 99).all() for a in out)


# ---- Methods


@each_namespace
def test_methods(namespace):
    prelu = namespace.ufuncs.prelu
    x = np.array([-8.0, 2.0, 0.5, -3.0], np.float32)
    folded = [x[0]]
    for v in x[1:]:
        folded.append(namespace.prelu(folded[-1], v))
    assert_same_bits(prelu.reduce(x), folded[-1])
    assert_same_bits(prelu.accumulate(x), np.array(folded, np.float32))
    assert_same_bits(prelu.outer(x, x), namespace.prelu(x[:, None], x))
    assert_same_bits(prelu.reduceat(x, [0, 2]), np.array([prelu.reduce(x[:2]), prelu.reduce(x[2:])]))
    long = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    assert_same_bits(prelu.reduce(long, axis=0), np.array([prelu.reduce(c) for c in long.T]))
    at = x.copy()
    prelu.at(at, [0, 0, 3], np.float32(0.5))
    assert_same_bits(at, np.array([-2.0, 2.0, 0.5, -1.5], np.float32))
    unary = x.copy()
    namespace.relu.at(unary, [0])
    assert_same_bits(unary, np.array([0.0, 2.0, 0.5, -3.0], np.float32))


@pytest.mark.parametrize("backend", sorted({n.name for n in NAMESPACES}))
def test_pickle_and_copy(backend):
    """Each backend as the default: a pickle holds a name."""
    checked(python("""
import copy, pickle, softramp, softramp.unary
from softramp.composites import public
from softramp.definitions import definitions
made = [getattr(softramp, name) for name in public]
made += [getattr(softramp.ufuncs, name) for name in definitions]
made += [getattr(softramp.unary, name) for name, definition in definitions.items() if definition.has_defaults]
for f in made:
    assert pickle.loads(pickle.dumps(f)) is f, f
    assert copy.copy(f) is f and copy.deepcopy(f) is f
""", SOFTRAMP_BACKEND=backend))


# ---- Foreign arrays


@each_namespace
@each_elementwise
def test_masked_array(namespace, definition):
    f = raw(namespace, definition)
    args = arguments(definition, "float64", 6)
    mask = [True, False, False, True, False, False]
    y = outputs(f(*(np.ma.MaskedArray(a, mask) for a in args)))[0]
    assert isinstance(y, np.ma.MaskedArray)
    assert (y.mask == mask).all()
    assert_same_bits(y.compressed(), outputs(f(*args))[0][~np.array(mask)])


@each_namespace
@of([d for d in ELEMENTWISE if d.nout == 1])  # dask takes no ufuncs of two outputs
def test_dask_array(namespace, definition):
    f = raw(namespace, definition)
    args = arguments(definition, "float32", 100)
    y = f(*(dask.array.from_array(a, chunks=30) for a in args))
    assert isinstance(y, dask.array.Array)
    assert_same_bits(y.compute(), f(*args))


@each_namespace
@each_elementwise
def test_pandas_series(namespace, definition):
    f = raw(namespace, definition)
    args = arguments(definition, "float32", 4)
    index = pandas.Index(["a", "b", "c", "d"])
    y = outputs(f(*(pandas.Series(a, index=index) for a in args)))[0]
    assert isinstance(y, pandas.Series) and y.index.equals(index)
    assert_same_bits(y.to_numpy(), outputs(f(*args))[0])


# ---- Wrappers: parameters


@each_namespace
@of_dtypes(WITH_DEFAULTS)
def test_defaults_bound_and_given_are_the_same(namespace, dtype, definition):
    f = raw(namespace, definition)
    for n in (1, 33, 70_000):
        args = arguments(definition, dtype, n)
        names = dict(zip(definition.parameters, definition.defaults, strict=True))
        assert_same_bits(f(*args), f(*args, *definition.defaults))
        assert_same_bits(f(*args), f(*args, **names))
        assert_same_bits(f(*args, dtype="float64"), f(*args, **names, dtype="float64"))
        strided = [np.repeat(a, 3)[::3] for a in args]
        assert_same_bits(f(*args), f(*strided))


@each_namespace
@of(WRAPPED)
def test_parameters_by_position_and_by_name(namespace, definition):
    f = raw(namespace, definition)
    operands = arguments(definition, "float32", 9)[:definition.nin]
    values = [0.25 + k for k in range(len(definition.parameters))]
    named = dict(zip(definition.parameters, values, strict=True))
    expected = outputs(f(*operands, *values))[0]
    ufunc = getattr(namespace.ufuncs, definition.name)
    assert_same_bits(expected, outputs(ufunc(*operands, *values))[0])
    assert_same_bits(outputs(f(*operands, **named))[0], expected)


@each_namespace
@of(WRAPPED)
def test_wrong_parameters(namespace, definition):
    f, name = getattr(namespace, definition.name), definition.name
    operands = arguments(definition, "float32", 9)[:definition.nin]
    values = [0.25] * len(definition.parameters)
    first = definition.parameters[0]
    with pytest.raises(TypeError, match=rf"{name}\(\) got multiple values for argument '{first}'"):
        f(*operands, 0.25, **{first: 0.25})
    with pytest.raises(TypeError, match=rf"{name}\(\) takes "):
        f(*operands, *values, *[1.0] * len(inspect.signature(f).parameters))
    with pytest.raises(TypeError):
        f(*operands, *values, nonsense=1)
    if required(definition):
        with pytest.raises(TypeError, match=rf"{name}\(\) missing .*'{first}'"):
            f(*operands)
    with pytest.raises(TypeError):
        f()


@each_namespace
@of([d for d in WITHOUT_PARAMETERS if d.name not in composites])
def test_wrong_counts(namespace, definition):
    f = raw(namespace, definition)
    with pytest.raises(TypeError, match="positional arguments"):
        f(*[1.0] * (definition.nin - 1))
    with pytest.raises(TypeError, match="positional arguments"):
        f(*[1.0] * (definition.nin + definition.nout + 1))


INF, NAN = np.inf, np.nan
OUT_OF_RANGE = {
    "leaky_relu_backward_from_output": [(-0.5,), (NAN,)],
    "hardshrink": [(-0.5,), (-1,), (NAN,)],
    "softshrink": [(-0.5,), (-1,), (NAN,)],
    "hardtanh": [(1.0, -1.0), (2,), (2, 1), (NAN, 1.0), (0.0, NAN)],
    "clipped_linear": [(1.0, 0.0, 2.0, 1.0), (1.0, 0.0, NAN), (1, 0, 2)],
    "celu": [(0.0,), (0,)],
    "elu_backward_from_output": [(-1.0,), (NAN,)],
    "celu_backward_from_output": [(0.0,), (-1.0,), (NAN,)],
    "squareplus": [(-1.0,), (NAN,)],
    "swish": [(INF,), (-INF,), (NAN,)],
    "swiglu": [(INF,), (-INF,), (NAN,)],
    "softplus": [(0.0,), (0,), (-1.0,), (INF,), (NAN,)],
    "softplus_backward_from_output": [(0.0,), (-1.0,), (INF,), (NAN,)],
}
OUT_OF_RANGE |= {f"{name}_backward": OUT_OF_RANGE[name] for name in (
    "hardshrink", "softshrink", "hardtanh", "clipped_linear", "celu", "squareplus", "swish", "swiglu",
    "softplus")}


def test_every_condition_has_values_that_break_it():
    assert OUT_OF_RANGE.keys() == {d.name for d in definitions.values() if d.requires}


@pytest.mark.parametrize("name", OUT_OF_RANGE)
def test_parameters_out_of_range_are_refused(name):
    f, definition = getattr(softramp, name), definitions[name]
    x = np.ones(2, np.float32)
    out = tuple(np.full((definition.nout, 2), 9, np.float32))
    for bad in OUT_OF_RANGE[name]:
        good = definition.defaults[:len(bad)]
        arrays = [np.array(pair) for pair in zip(good, bad, strict=True)]
        for given in (bad, [np.float64(value) for value in bad], arrays):
            for keywords in ({}, {"dtype": np.float64}, {"where": True}):
                with pytest.raises(ValueError, match=rf"{name}\(\) requires .*, got "):
                    f(*[x] * definition.nin, *given, out=out, **keywords)
    assert np.all(np.equal(out, 9))
    f(*[x] * definition.nin, *definition.defaults, out=out)
    assert not np.any(np.equal(out, 9))


@pytest.mark.parametrize(("name", "values"), [
    ("hardshrink", (0.0,)), ("hardshrink", (INF,)), ("softshrink", (0,)), ("hardtanh", (1, 1)),
    ("hardtanh", (-INF, INF)), ("clipped_linear", (0.0, 0.0, 1.0, 1.0)),
    ("leaky_relu_backward_from_output", (0.0,))])
def test_parameters_at_the_edge_of_their_range_are_taken(name, values):
    x = np.ones(2)
    operands = [x] * definitions[name].nin
    assert_same_bits(getattr(softramp, name)(*operands, *values), getattr(softramp.ufuncs, name)(
        *operands, *values, *definitions[name].defaults[len(values):]))


@each_namespace
def test_gradient_of_prelus_weight_is_summed_to_its_shape(namespace):
    rng = np.random.default_rng(0)
    g, x = rng.normal(size=(2, 4, 3, 5)).astype(np.float32)
    for shape in ((), (5,), (3, 1), (3, 5), (4, 1, 1), (1, 3, 5), (1, 1, 1)):
        weight = rng.normal(size=shape).astype(np.float32)
        gx, gw = namespace.prelu_backward(g, x, weight)
        assert gx.shape == x.shape
        assert np.shape(gw) == shape and gw.dtype == np.float32
        each = np.where(x > 0, 0, x.astype(np.float64) * g)
        summed = each.sum(axis=tuple(range(3 - len(shape))))
        summed = summed.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)
        np.testing.assert_allclose(gw, summed.reshape(shape), rtol=1e-6, atol=1e-6)


@each_namespace
@of_dtypes([d for d in ROWS if all(d.rows)])
def test_row_functions_in_place(namespace, dtype, definition):
    f = raw(namespace, definition)
    for shape in ((7,), (3, 128), (5, 1001), (2, 50_000)):
        for axis in range(-len(shape), 0):
            for k in range(definition.nin):
                args = arguments(definition, dtype, shape)
                expected = f(*args, axis=axis)
                f(*args, axis=axis, out=args[k])
                assert_same_bits(args[k], expected)


def test_aliases_are_the_same_objects():
    for alias, name in ALIASES.items():
        assert getattr(softramp, alias) is getattr(softramp, name)
        assert alias in softramp.__all__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        softramp.nothing  # noqa: B018
    assert copy.copy(softramp.relu) is pickle.loads(pickle.dumps(softramp.relu))


def test_prelu_backward_refuses_bad_outputs_before_it_writes():
    g, x = np.ones(4), np.arange(-2.0, 2.0)
    gx = np.full(4, 9.0)
    for out, error in [((gx, np.zeros(7)), ValueError), ((gx, np.zeros((), "i4")), TypeError), (gx, TypeError)]:
        with pytest.raises(error, match="prelu_backward"):
            softramp.prelu_backward(g, x, 0.5, out=out)
        assert (gx == 9).all()


def test_prelus_weight_counts_what_where_leaves_out_as_0():
    where = np.array([True, False, True, False])
    for weight in (np.full(4, 0.5), 0.5):
        gw = softramp.prelu_backward(np.ones(4), -np.ones(4), weight, out=(np.zeros(4), None), where=where)[1]
        assert np.sum(gw) == -2


@of([d for d in WRAPPED if d.nout == 1])
def test_where_without_out_warns_as_numpy_does(definition):
    operands = arguments(definition, "float32", 9)

    def warnings_of(f, *args):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            f(*args, where=False)
        return [w.category for w in caught]

    assert warnings_of(getattr(softramp, definition.name), *operands) == warnings_of(np.exp, operands[0])


@pytest.mark.parametrize("axis", [-1.0, np.float32(-1), np.array([-1.0]), "0"])
def test_an_axis_that_is_no_integer_is_refused(axis):
    with pytest.raises(TypeError, match="axis must be an integer"):
        softramp.softmax(np.ones((2, 3)), axis=axis)


@pytest.mark.parametrize("name", ["softmax_backward", "log_softmax_backward"])
@pytest.mark.parametrize("axis", [-1, 0, -2])
def test_row_gradients_broadcast(name, axis):
    f, y = getattr(softramp, name), softramp.softmax(np.arange(12.0).reshape(3, 4), axis=axis)
    for g in (np.float64(2), np.arange(4.0), np.arange(3.0)[:, None], np.arange(24.0).reshape(2, 3, 4)):
        assert_same_bits(f(g, y, axis=axis), f(*map(np.array, np.broadcast_arrays(g, y)), axis=axis))

"""The bits of a result depend on values only, not on where they lie."""

import numpy as np
import pytest
from helpers import (
    ISAS,
    NAMESPACES,
    ROWS,
    arguments,
    assert_same_bits,
    each_elementwise_and_dtype,
    each_function_and_dtype,
    each_namespace,
    in_float32,
    of_dtypes,
    outputs,
    raw,
    required,
)
from hypothesis import given
from hypothesis import strategies as st

from softramp import backends
from softramp.cli.verify import samples
from softramp.definitions import clipped, definitions, piecewise

NOT_APPROXIMATED = [d for d in definitions.values() if d.bar.float32 <= 0.5
                    or d.function.__module__ in (clipped.__name__, piecewise.__name__)]


def lay_out(a, step, reverse, offset, swapped, order):
    """The same values elsewhere in memory: strided, reversed, offset in bytes, byte-swapped, transposed."""
    dtype = a.dtype.newbyteorder() if swapped else a.dtype
    shape = (*a.shape[:-1], a.shape[-1] * step)
    buffer = np.zeros(int(np.prod(shape)) * a.itemsize + offset, np.uint8)
    b = np.frombuffer(buffer, dtype, offset=offset)
    b = b.reshape(shape[::-1]).T[..., ::step] if order == "F" and step == 1 else b.reshape(shape)[..., ::step]
    b = b[..., ::-1] if reverse else b
    b[...] = a
    return b


layouts = st.tuples(st.integers(1, 4), st.booleans(), st.sampled_from([0, 2, 4, 8, 12, 1, 3]),
                    st.sampled_from([False, False, True]), st.sampled_from("CF"))
shapes = st.lists(st.integers(1, 6), max_size=2).flatmap(
    lambda outer: st.sampled_from([1, 2, 15, 17, 31, 64, 100, 127, 128, 129, 255, 257, 600]).map(
        lambda n: (*outer, n)))


@each_namespace
@each_function_and_dtype
def test_any_layout(namespace, dtype, definition):
    f = raw(namespace, definition)

    @given(data=st.data())  # a function of its own: hypothesis chains the settings of all its calls
    def any_layout(data):
        shape = data.draw(shapes)
        args = arguments(definition, dtype, shape, seed=len(shape))
        expected = outputs(f(*args))
        moved = [lay_out(a, *data.draw(layouts)) if a.ndim else a for a in args]
        assert_same_bits(tuple(np.asarray(y) for y in outputs(f(*moved))), expected)
        out = tuple(lay_out(np.zeros(y.shape, dtype), *data.draw(layouts)) if y.ndim else np.zeros((), dtype)
                    for y in expected)
        f(*moved, out=out if len(out) > 1 else out[0])
        assert_same_bits(tuple(np.array(y, dtype) for y in out), expected)

    any_layout()


@each_namespace
@each_elementwise_and_dtype
def test_each_element_alone_and_in_any_tail(namespace, dtype, definition):
    f = raw(namespace, definition)
    args = arguments(definition, dtype, 300)
    expected = outputs(f(*args))
    one_by_one = [outputs(f(*(a[i:i + 1] for a in args))) for i in range(300)]
    for k, y in enumerate(expected):
        assert_same_bits(np.concatenate([single[k] for single in one_by_one]), y)
    for n in range(1, 70):
        for start in (0, 1, 3):
            assert_same_bits(f(*(a[start:start + n] for a in args)),
                             tuple(y[start:start + n] for y in expected)
                             if len(expected) > 1 else expected[0][start:start + n])


@each_namespace
@of_dtypes(ROWS)
def test_rows_alone_in_a_batch_and_as_columns(namespace, dtype, definition):
    """One row gives the same bits alone, among others, along any axis, and in pieces of memory."""
    f = raw(namespace, definition)

    def along(axis, args):
        return [np.moveaxis(np.moveaxis(a, -1, axis).copy(), axis, -1) if row else a.copy()
                for a, row in zip(args, definition.rows)]

    for n in (1, 3, 16, 127, 128, 129, 300, 1025):
        args = arguments(definition, dtype, (70, n))
        alone = [outputs(f(*(a[i].copy() for a in args))) for i in range(70)]
        expected = tuple(np.stack(y) for y in zip(*alone))
        assert_same_bits(f(*args), expected)
        columns = along(0, args)
        assert_same_bits(f(*columns), expected)
        for count in (1, 15, 17, 63, 65):
            assert_same_bits(f(*(a[:count] for a in columns)), tuple(y[:count] for y in expected))
        middle = along(1, [a.reshape(2, 35, *a.shape[1:]) for a in args])
        assert_same_bits(f(*middle), tuple(y.reshape(2, 35, *y.shape[1:]) for y in expected))
        for out in (np.empty(y.shape[::-1], dtype).T for y in expected[:1] if definition.nout == 1):
            assert_same_bits(f(*columns, out=out), expected)


@each_namespace
@each_elementwise_and_dtype
def test_zero_strides(namespace, dtype, definition):
    f = raw(namespace, definition)
    args = arguments(definition, dtype, (40, 1))
    expected = outputs(f(*(np.repeat(a, 33, axis=1) for a in args)))
    assert_same_bits(outputs(f(*(np.broadcast_to(a, (40, 33)) for a in args))), expected)


# ---- Between backends


def same_everywhere(one, other, definition, dtype):
    for shape in (1, 17, 1000, 70_000):
        if definition.gufunc_signature:
            shape = (3, shape)
        args = arguments(definition, dtype, shape)
        assert_same_bits(raw(one, definition)(*args), raw(other, definition)(*args))


@pytest.mark.skipif(not {"avx2", "avx512"} <= set(ISAS), reason="needs a processor and a build with both")
@each_function_and_dtype
def test_avx2_and_avx512_give_the_same_bits(dtype, definition):
    same_everywhere(backends.load("c", isa="avx2"), backends.load("c", isa="avx512"), definition, dtype)


@pytest.mark.parametrize("isa", ISAS)
@of_dtypes(NOT_APPROXIMATED)
def test_c_and_numba_give_the_same_bits_where_nothing_is_approximated(isa, dtype, definition):
    numba = next(n for n in NAMESPACES if n.name == "numba")
    same_everywhere(backends.load("c", isa=isa), numba, definition, dtype)


@each_namespace
@of_dtypes(NOT_APPROXIMATED)
def test_kernel_and_definition_give_the_same_bits_where_nothing_is_approximated(namespace, dtype, definition):
    x = samples(dtype, 10_000)
    args = [*(np.roll(x, k) for k in range(definition.nin)), *[np.full_like(x, 0.25)] * required(definition)]
    with np.errstate(all="ignore"):
        expected = in_float32(definition.function)(*args)
        found = getattr(namespace.ufuncs, definition.name)(*args, *definition.defaults)
    assert_same_bits(found, expected)

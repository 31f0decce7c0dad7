"""softramp under SciPy's names: the same numbers."""

import doctest
import inspect
import re
import warnings

import numpy as np
import pytest
from helpers import checked, python
from scipy import special

from softramp.compat import scipy_special as ours

NAN, INF = np.nan, np.inf


def test_names_and_signatures():
    assert dir(ours) == sorted(ours.__all__)
    for name in ours.__all__:
        theirs, own = getattr(special, name), getattr(ours, name)
        assert isinstance(theirs, np.ufunc) == isinstance(own, np.ufunc)
        if not isinstance(own, np.ufunc):
            parameters = inspect.signature(own).parameters.values()
            assert [p.replace(annotation=p.empty) for p in parameters] == list(
                inspect.signature(theirs).parameters.values())
    with pytest.raises(AttributeError, match="softramp.compat.scipy_special' has no attribute 'erf'"):
        ours.erf  # noqa: B018


def test_scipy_is_not_imported():
    checked(python("""
import sys, softramp.compat.scipy_special as special
special.softmax([1.0])
assert "scipy" not in sys.modules
"""))


@pytest.mark.parametrize("name", ours.__all__)
def test_documented_examples(name):
    """The examples of SciPy's documentation, with our functions in the place of SciPy's."""
    same = {name: getattr(ours, name) for name in ours.__all__}
    doc = inspect.cleandoc(getattr(special, name).__doc__)
    other = r"plt|x = np.linspace|y = (expit|logit)|from|import|np.set_printoptions"
    examples = [e for e in doctest.DocTestParser().get_examples(doc) if not re.match(other, e.source)]
    compared, scope = 0, {"np": np}
    for example in examples:
        source = example.source.replace("special.", "")
        if not example.want:
            exec(source, scope | {n: getattr(special, n) for n in same}, scope)
            continue
        theirs = eval(source, scope | {n: getattr(special, n) for n in same})
        np.testing.assert_allclose(eval(source, scope | same), theirs, rtol=2e-15, atol=0)
        compared += 1
    assert compared


A = np.array([[1, 0.5, 0.2, 3], [1, -1, 7, 3], [2, 12, 13, 3]])


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32"])
@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 1), (1,)])
def test_softmax_and_log_softmax(axis, dtype):
    x = (A * 2).astype(dtype)
    for name in ("softmax", "log_softmax"):
        theirs, own = getattr(special, name)(x, axis), getattr(ours, name)(x, axis)
        assert own.dtype == theirs.dtype
        eps = np.finfo(own.dtype).eps
        np.testing.assert_allclose(own, theirs, rtol=8 * eps, atol=eps)
        np.testing.assert_array_equal(getattr(ours, name)(x, axis=axis), own)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int8"])
@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 1), (1,)])
@pytest.mark.parametrize("b", [None, 2, 0.5, [1, 0, 2, 0.25], [-1.0, 1, 1, 1], A[:, ::-1] - 0.5], ids=str)
@pytest.mark.parametrize("keepdims", [False, True])
def test_logsumexp(axis, b, dtype, keepdims):
    x = A.astype(dtype)
    for return_sign in (False, True):
        with np.errstate(invalid="ignore"):  # SciPy's
            theirs = special.logsumexp(x, axis, b, keepdims, return_sign)
        own = ours.logsumexp(x, axis, b, keepdims, return_sign)
        for mine, other in zip(*((own, theirs) if return_sign else ((own,), (theirs,))), strict=True):
            assert (np.shape(mine), mine.dtype) == (np.shape(other), other.dtype)
            np.testing.assert_allclose(mine, other, rtol=64 * np.finfo(mine.dtype).eps)


@pytest.mark.parametrize(("a", "b"), [
    ([-INF, -INF], None), ([INF, 1.0], None), ([NAN, 1.0], None), ([1.0, 1.0], [1, -1]),
    ([1.0, 1.0], [1, -2]), ([1.0, INF], [1, 0]), ([NAN, 1.0], [0, 1]), ([INF, INF], [1, -1]),
    ([1e4, 2e4], None), ([-1e4, -2e4], [2, 3]),
])
def test_special_values_of_logsumexp(a, b):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = special.logsumexp(a, b=b), *special.logsumexp(a, b=b, return_sign=True)
    np.testing.assert_array_equal((ours.logsumexp(a, b=b), *ours.logsumexp(a, b=b, return_sign=True)), theirs)


def test_scalars_and_what_is_empty():
    for name in ("softmax", "log_softmax", "logsumexp"):
        own = getattr(ours, name)(3.0)
        assert isinstance(own, np.float64) and own == getattr(special, name)(3.0)
    assert ours.softmax([]).shape == (0,)
    assert ours.logsumexp([]) == -INF
    assert ours.logsumexp([], return_sign=True) == (-INF, 0)


@pytest.mark.parametrize("name", ours.__all__)
def test_complex_is_a_type_error(name):
    for x in (np.array([1j, 2]), 1j):
        with pytest.raises(TypeError):
            getattr(ours, name)(x)


@pytest.mark.parametrize("name", ["expit", "log_expit", "logit", "softplus"])
def test_elementwise(name):
    x = np.linspace(0.01, 0.99, 50) if name == "logit" else np.linspace(-30, 30, 50)
    out = np.empty(50)
    assert getattr(ours, name)(x, out=out, where=x < 100) is out
    np.testing.assert_allclose(out, getattr(special, name)(x), rtol=1e-14)
    assert getattr(ours, name)(x.astype("f4")).dtype == np.float32


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp", "softplus"])
def test_examples(name):
    doc = inspect.cleandoc(getattr(ours, name).__doc__)
    test = doctest.DocTestParser().get_doctest(doc, {}, name, None, 0)
    assert test.examples
    output = []
    assert doctest.DocTestRunner().run(test, out=output.append).failed == 0, "".join(output)


def test_masks_with_a_sign():
    x = np.ma.MaskedArray([0.0, 1.0, 5.0], [0, 0, 1])
    value, sign = ours.logsumexp(x, return_sign=True)
    assert value == ours.logsumexp(x) and sign == 1

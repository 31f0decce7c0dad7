"""cross_entropy and hinge_loss: errors, labels of every kind, reductions, axes, memory, threads."""

import functools
import math
import re
import tracemalloc

import dask.array
import hypothesis
import ml_dtypes  # noqa: F401  # names bfloat16
import mpmath
import numpy as np
import pandas
import pytest
from helpers import NAMESPACES, assert_same_bits, each_namespace, outputs
from hypothesis import strategies as st

import softramp
from softramp import oracle
from softramp.cli.verify import measure, row_inputs
from softramp.definitions import mixed
from softramp.definitions.registry import FLOATING, NARROW
from softramp.factory import dtype_of

each_floating = pytest.mark.parametrize("dtype", FLOATING)
each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
INT64_MIN = np.iinfo(np.int64).min


def parameter(dtype):
    """The dtype of losses, weights and probabilities."""
    return np.dtype("float64" if dtype == "float64" else "float32")


def rows(dtype, n):
    for label, x in row_inputs("float32" if dtype in NARROW else dtype, n):
        if abs(x[np.isfinite(x)]).max() < min(1e30, float(oracle.finfo(np.dtype(dtype)).max)):
            yield label, x.astype(dtype)


def onehot(labels, classes):
    return (np.arange(classes) == labels[..., None]).astype(np.longdouble)


# ---- Errors

# How labels are chosen, label_smoothing, class weights, ULP beyond those of the default.
KINDS = {
    "random": (0.0, False, 0), "largest": (0.0, False, 0), "smallest": (0.0, False, 0),
    "weighted": (0.0, True, 1), "smoothed": (0.1, False, 1), "weighted, smoothed": (0.1, True, 1),
    "probabilities": (0.0, False, 0), "probabilities, one hot": (0.0, False, 0),
    "probabilities, smoothed": (0.125, False, 1), "probabilities, weighted": (0.0, True, 1),
}


def case(kind, dtype, x):
    """Labels, keywords, and the exact a and divisor of the documentation."""
    smoothing, weighted, _ = KINDS[kind]
    rng, classes = np.random.default_rng(x.size), x.shape[-1]
    wide = x.astype(float)
    labels = rng.integers(0, classes, len(x))
    labels = {"largest": wide.argmax(-1), "smallest": wide.argmin(-1)}.get(kind, labels)
    t = onehot(labels, classes)
    if kind.startswith("probabilities"):
        labels = onehot(wide.argmax(-1), classes) if kind.endswith("one hot") else rng.exponential(1, x.shape)
        labels = t = (labels / labels.sum(-1, keepdims=True)).astype(parameter(dtype))
    weight = rng.uniform(0.5, 2, classes).astype(parameter(dtype)) if weighted else np.ones(classes)
    a = weight * ((1 - np.longdouble(smoothing)) * t + np.longdouble(smoothing) / classes)
    divisor = len(x) if labels.ndim > 1 else float(weight[labels].sum(dtype=float))
    return labels, {"label_smoothing": smoothing, "weight": weight if weighted else None}, a, divisor


@functools.lru_cache(1)  # for all namespaces
def cases(kind, dtype):
    """Rows, labels, keywords, divisor, and the oracle's loss and gradient with what their ULP is of."""
    tight = KINDS[kind][0] == 0 and (kind.endswith("one hot") or not kind.startswith("probabilities"))
    made = []
    for label, x in rows(dtype, 10_000):
        labels, keywords, a, divisor = case(kind, dtype, x)
        made.append((label, x, labels, keywords, divisor, *oracle.cross_entropy(x, a, tight)))
    return made


@each_namespace
@each_floating
@pytest.mark.parametrize("kind", KINDS)
def test_errors(namespace, dtype, kind):
    more = KINDS[kind][2]
    for label, x, labels, keywords, divisor, (exact, unit), (slope, terms) in cases(kind, dtype):
        loss, gradient = namespace.cross_entropy_with_grad(x, labels, **keywords)
        losses = namespace.cross_entropy(x, labels, reduction="none", **keywords)
        assert losses.dtype == loss.dtype == parameter(dtype) and gradient.dtype == x.dtype
        assert oracle.ulp_error(losses, exact, unit).max() <= 2 + more, label
        normal = terms / divisor >= oracle.finfo(x.dtype).smallest_normal
        error = np.where(normal, oracle.ulp_error(gradient, slope / divisor, terms / divisor), 0)
        bar = 4 if kind.startswith("probabilities") and dtype == "float64" else 3
        assert error.max() <= (0.51 if dtype in NARROW else bar + more), label
        mean = losses.sum(dtype=float)
        assert loss == parameter(dtype).type(mean / divisor)


@each_floating
@pytest.mark.parametrize("name", mixed)
def test_verify(dtype, name):
    for found in measure(name, dtype, NAMESPACES[:1], 2000):
        assert found.passed, found


@each_namespace
@each_dtype
@pytest.mark.parametrize("gap", [1e-3, 1, 20, 80, 600])
def test_a_confident_prediction_keeps_its_digits(namespace, dtype, gap):
    """Against mpmath; as class index and as probabilities."""
    x = np.array([0, gap, -gap / 2], dtype)
    with mpmath.workprec(3000):
        e = [mpmath.exp(mpmath.mpf(float(v)) - mpmath.mpf(float(x[1]))) for v in x]
        loss = mpmath.log1p(e[0] + e[2])
        total = sum(e)
        gradient = [e[0] / total, -(e[0] + e[2]) / total, e[2] / total]
        exact = [np.longdouble(mpmath.nstr(v, 30)) for v in (loss, *gradient)]
    tiny = np.finfo(dtype).tiny
    for labels in (1, np.array([0, 1, 0], dtype)):
        found = namespace.cross_entropy_with_grad(x, labels)
        for value, e in zip([found[0], *found[1]], exact, strict=True):
            error = oracle.ulp_error(np.asarray(value, dtype), e)
            assert error <= 3 if abs(e) >= tiny else abs(value - e) <= tiny


@each_namespace
@each_floating
def test_the_gradient_is_the_derivative(namespace, dtype):
    """Of every keyword at once, by differences of the loss in float64."""
    rng = np.random.default_rng(0)
    x, labels = rng.normal(0, 2, (6, 5)).astype(dtype), np.array([0, 4, 2, -1, 1, 2])
    keywords = {"weight": rng.uniform(0.5, 2, 5), "ignore_index": -1}
    for name, more in (("cross_entropy", {"label_smoothing": 0.2}), ("hinge_loss", {"margin": 0.7})):
        for reduction in ("mean", "sum", "none"):
            options = keywords | more | {"reduction": reduction}
            gradient = getattr(namespace, name + "_with_grad")(x, labels, **options)[1].astype(float)
            step = 1e-6 * np.eye(x.size).reshape(x.size, *x.shape)
            loss = getattr(namespace, name)
            differences = [np.sum(loss(x.astype(float) + d, labels, **options) -
                                  loss(x.astype(float) - d, labels, **options)) / 2e-6 for d in step]
            eps = float(oracle.finfo(np.dtype(dtype)).eps)
            np.testing.assert_allclose(gradient.ravel(), differences, rtol=4 * eps, atol=max(1e-7, eps))


@each_namespace
@each_floating
def test_hinge_loss_errors(namespace, dtype):
    rng = np.random.default_rng(0)
    for n in (2, 3, 17, 128, 300):
        x = rng.choice([1, 1e-3, 30], (200, 1)) * rng.normal(0, 1, (200, n))
        x = x.astype(dtype)
        labels, margin = rng.integers(0, n, 200), 1.0
        one_above = x[:50].max(-1, keepdims=True) + x.dtype.type(1)
        x[:50] = np.where(np.arange(n) == labels[:50, None], one_above, x[:50])
        wide = x.astype(np.longdouble)
        own = np.take_along_axis(wide, labels[:, None], -1)[:, 0]
        others = np.where(onehot(labels, n) == 1, -np.inf, wide)
        exact = [max(0, math.fsum([margin, a, -b])) for a, b in zip(others.max(-1), own, strict=True)]
        losses = namespace.hinge_loss(x, labels, reduction="none")
        assert oracle.ulp_error(losses, exact).max() <= 1
        exact = np.array(exact)
        gradient = namespace.hinge_loss_with_grad(x, labels)[1]
        expected = (onehot(others.argmax(-1), n) - onehot(labels, n)).astype(float)
        assert_same_bits(gradient, (np.where(exact[:, None] > 0, expected, 0) / 200 + 0.0).astype(dtype))


# ---- Values


@each_namespace
@each_floating
def test_special_rows(namespace, dtype):
    inf, nan = np.inf, np.nan
    x = np.array([[nan, 0, 1], [inf, 0, 1], [-inf, -inf, -inf], [-inf, 0, -inf], [-inf, 0, 0]], dtype)
    loss, gradient = namespace.cross_entropy_with_grad(x, [1, 1, 1, 1, 0], reduction="none")
    assert np.isnan(loss[:3]).all() and np.isnan(gradient[:3].astype(float)).all()
    assert (loss[3], loss[4]) == (0, inf)
    assert (gradient[3] == 0).all()
    assert gradient[4].tolist() == [-1, 0.5, 0.5]

    loss, gradient = namespace.hinge_loss_with_grad(x, [1, 1, 1, 1, 0], reduction="none")
    assert np.isnan(loss[[0, 2]]).all() and np.isnan(gradient[[0, 2]].astype(float)).all()
    assert loss[[1, 3, 4]].tolist() == [inf, 0, inf]
    assert gradient[[1, 3, 4]].tolist() == [[1, -1, 0], [0, 0, 0], [-1, 1, 0]]


@each_namespace
@each_floating
def test_what_weighs_nothing_loses_nothing(namespace, dtype):
    x = np.array([[0, -np.inf, 0]], dtype)
    half = np.float32(np.log(2))
    assert abs(namespace.cross_entropy(x, np.array([[0.5, 0, 0.5]])) - half) < 1e-7
    smoothed = namespace.cross_entropy(x, [0], weight=[1, 0, 1], label_smoothing=0.5)
    assert abs(smoothed - (half / 2 + half / 3)) < 1e-6
    assert namespace.cross_entropy(x, [0], label_smoothing=0.5) == np.inf
    assert namespace.cross_entropy(x, [1], weight=[1, 0, 1], reduction="sum") == 0


@each_namespace
@each_floating
def test_large_weights(namespace, dtype):
    """Neither a spurious overflow nor a gradient where there is none."""
    x, weight = np.array([[0, -200, -np.inf, -1]], parameter(dtype)), np.full(4, 1e30)
    with np.errstate(all="raise"):
        _, gradient = namespace.cross_entropy_with_grad(x, [0], weight=weight, reduction="sum")
    assert gradient[0, 2] == 0
    share = math.exp(-1) / (1 + math.exp(-1))
    np.testing.assert_allclose(gradient[0, [0, 3]], [-1e30 * share, 1e30 * share], rtol=1e-6)


@each_namespace
@each_floating
@pytest.mark.parametrize("name", ["cross_entropy", "hinge_loss"])
def test_no_warnings(namespace, dtype, name):
    x = np.array([[0, 1000, -1000], [3, -np.inf, 1], [np.nan, 1, np.inf]], dtype)
    with np.errstate(all="raise"):
        for labels in ([0, 0, 0], [1, 0, 2]):
            getattr(namespace, name + "_with_grad")(x, labels)
            getattr(namespace, name)(x, labels, reduction="none")
            getattr(namespace, name)(x, [7, 7, 7], ignore_index=7)


# ---- Labels

NAMES = ["cross_entropy", "cross_entropy_with_grad", "hinge_loss", "hinge_loss_with_grad"]
each_name = pytest.mark.parametrize("name", NAMES)
NO_INDICES = "{}: labels of shape (3,) must be integers, the indices of classes, not"
HOSTILE = [
    ([0, -1, 2], IndexError, "{}: label -1 at 1 is not one of 3 classes"),
    ([0, 1, 3], IndexError, "{}: label 3 at 2 is not one of 3 classes"),
    ([0, 2**62, 1], IndexError, "{}: label 4611686018427387904 at 1 is not one of 3 classes"),
    ([INT64_MIN, 0, 1], IndexError, "{}: label -9223372036854775808 at 0 is not one of 3 classes"),
    (np.array([0, 1, 2**64 - 1], np.uint64), IndexError,
     "{}: label 18446744073709551615 at 2 is not one of 3 classes"),
    (np.array([0, 1, -1], np.int8), IndexError, "{}: label -1 at 2 is not one of 3 classes"),
    ([0.0, 1.0, 2.0], TypeError, f"{NO_INDICES} float64, such as 0.0 at 0"),
    ([np.nan, 1, 2], TypeError, f"{NO_INDICES} float64, such as nan at 0"),
    ([1j, 0, 0], TypeError, f"{NO_INDICES} complex128, such as 1j at 0"),
    (["0", "1", "2"], TypeError, f"{NO_INDICES} <U1, such as '0' at 0"),
    ([None, 1, 2], TypeError, f"{NO_INDICES} object, such as None at 0"),
    (np.array([0, 1, 2**70], object), TypeError, f"{NO_INDICES} object, such as 0 at 0"),
    ([True, False, True, False], ValueError,
     "{}: rows of shape (3, 3) want labels of shape (3,) along axis 1, not (4,)"),
    ([[0], [1], [2]], ValueError,
     "{}: rows of shape (3, 3) want labels of shape (3,) along axis 1, not (3, 1)"),
    ([], TypeError, "{}: labels of shape (0,) must be integers, the indices of classes, not float64"),
    ([0, 1], ValueError, "{}: rows of shape (3, 3) want labels of shape (3,) along axis 1, not (2,)"),
    (0, ValueError, "{}: rows of shape (3, 3) want labels of shape (3,) along axis 1, not ()"),
]


@each_namespace
@each_name
@pytest.mark.parametrize("labels, error, text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_labels(namespace, name, labels, error, text):
    """The error says what is wrong and where; nothing is written."""
    x, out = np.ones((3, 3)), np.full((3, 3), 7.0)
    keywords = {"out": out} if name.endswith("_with_grad") else {}
    with pytest.raises(error, match=f"^{re.escape(text.format(name))}$"):
        getattr(namespace, name)(x, labels, **keywords)
    assert (x == 1).all() and (out == 7).all()


@each_namespace
@each_name
def test_the_position_of_a_label_has_all_dimensions(namespace, name):
    labels = np.zeros((2, 4, 5), int)
    labels[1, 2, 3] = 3
    with pytest.raises(IndexError, match=re.escape("label 3 at (1, 2, 3) is not one of 3 classes")):
        getattr(namespace, name)(np.zeros((2, 3, 4, 5)), labels, axis=1)
    with pytest.raises(IndexError, match=re.escape("label 3 at () is not one of 3 classes")):
        getattr(namespace, name)(np.zeros(3), 3)


@each_namespace
@each_floating
@each_name
@pytest.mark.parametrize("ignored", [-100, INT64_MIN, 1, 2**70])
def test_ignored_rows_do_not_count(namespace, dtype, name, ignored):
    """Any integer; whatever their logits."""
    function = getattr(namespace, name)
    x = np.random.default_rng(0).normal(0, 3, (40, 7)).astype(dtype)
    labels = np.random.default_rng(1).integers(2, 7, 40)
    kept = np.ones(40, bool)
    if ignored < 2**63:
        kept[::3] = False
    x[~kept] = np.nan
    given = np.where(kept, labels, ignored) if ignored < 2**63 else labels
    for reduction in ("mean", "sum"):
        expected = outputs(function(x[kept], labels[kept], reduction=reduction))
        found = outputs(function(x, given, ignore_index=ignored, reduction=reduction))
        np.testing.assert_allclose(found[0], expected[0], rtol=4 * np.finfo(found[0].dtype).eps)
        for gradient, right in zip(found[1:], expected[1:], strict=True):
            assert_same_bits(gradient[kept], right)
            assert_same_bits(gradient[~kept], np.zeros((np.count_nonzero(~kept), 7), dtype))
    none = outputs(function(x, given, ignore_index=ignored, reduction="none"))[0]
    assert_same_bits(none[~kept], np.zeros(np.count_nonzero(~kept), parameter(dtype)))


@each_namespace
@each_floating
@each_name
def test_nothing_kept(namespace, dtype, name):
    function = getattr(namespace, name)
    for x, labels in ((np.ones((3, 4), dtype), [9, 9, 9]), (np.ones((0, 4), dtype), np.zeros(0, int))):
        with np.errstate(all="raise"):
            mean, *gradient = outputs(function(x, labels, ignore_index=9))
        assert np.isnan(mean)
        for g in gradient:
            assert_same_bits(g, np.zeros_like(x))
        assert outputs(function(x, labels, ignore_index=9, reduction="sum"))[0] == 0
        assert_same_bits(outputs(function(x, labels, ignore_index=9, reduction="none"))[0],
                         np.zeros(len(x), parameter(dtype)))


@each_namespace
@pytest.mark.parametrize("kind", ["?", "b", "B", "h", "H", "i", "I", "q", "Q"])
@each_name
def test_every_integer_dtype_of_labels(namespace, name, kind):
    x = np.random.default_rng(0).normal(0, 3, (4, 2))
    labels = np.array([0, 1, 1, 0])
    assert_same_bits(getattr(namespace, name)(x, labels.astype(kind)), getattr(namespace, name)(x, labels))


NO_WEIGHT = "weight must have one element for each of 3 classes, not the shape"
WRONG = [
    ({"weight": [1, 2]}, ValueError, f"{NO_WEIGHT} (2,)"),
    ({"weight": [[1, 2, 3]]}, ValueError, f"{NO_WEIGHT} (1, 3)"),
    ({"weight": [1j, 0, 0]}, TypeError, "complex128"),
    ({"reduction": "average"}, ValueError, "reduction must be one of mean, sum, none, got 'average'"),
    ({"axis": 2}, np.exceptions.AxisError, "axis 2 is out of bounds"),
    ({"axis": 0.0}, TypeError, "axis must be an integer, got 0.0"),
    ({"ignore_index": 0.5}, TypeError, "integer"),
]


@each_name
@pytest.mark.parametrize("keywords, error, text", WRONG, ids=lambda v: str(v) if isinstance(v, dict) else "")
def test_wrong_arguments(name, keywords, error, text):
    with pytest.raises(error, match=re.escape(text)):
        getattr(softramp, name)(np.zeros((3, 3)), [0, 1, 2], **keywords)


@pytest.mark.parametrize("smoothing", [-0.1, 1.5, np.nan])
def test_label_smoothing_is_a_share(smoothing):
    with pytest.raises(ValueError, match="requires 0 <= label_smoothing <= 1, got label_smoothing="):
        softramp.cross_entropy(np.zeros((3, 3)), [0, 1, 2], label_smoothing=smoothing)


def test_wrong_probabilities():
    text = "logits of shape (3, 3) want probabilities of that shape, not (3, 2)"
    with pytest.raises(ValueError, match=re.escape(text)):
        softramp.cross_entropy(np.zeros((3, 3)), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="ignore_index=1 is for class indices, not for probabilities"):
        softramp.cross_entropy(np.zeros((3, 3)), np.zeros((3, 3)), ignore_index=1)
    with pytest.raises(TypeError, match="must be integers"):
        softramp.hinge_loss(np.zeros((3, 3)), np.zeros((3, 3)))


@pytest.mark.parametrize("classes", [0, 1])
@pytest.mark.parametrize("name", ["hinge_loss", "hinge_loss_with_grad"])
def test_one_class_has_no_margin(name, classes):
    with pytest.raises(ValueError, match=f"axis 1 must have two classes at least, not {classes}"):
        getattr(softramp, name)(np.zeros((2, classes)), [0, 0])


@pytest.mark.parametrize("dtype", [complex, np.longdouble, object, "U1"])
@each_name
def test_wrong_dtypes(name, dtype):
    with pytest.raises(TypeError, match=f"^{name} takes float16, bfloat16, float32, float64, integers or"):
        getattr(softramp, name)(np.zeros((2, 2), dtype), [0, 1])


@each_name
def test_wrong_out(name):
    if name.endswith("_with_grad"):
        with pytest.raises(ValueError, match=re.escape("out must have the shape (2, 3), not (3, 2)")):
            getattr(softramp, name)(np.zeros((2, 3)), [0, 1], out=np.zeros((3, 2)))


# ---- Dtypes, axes, memory


@each_namespace
@each_name
@pytest.mark.parametrize("dtype", ["?", "b", "B", "h", "H", "i", "I", "q", "Q"])
def test_integers_and_bool(namespace, name, dtype):
    x, labels, function = np.array([[0, 1, 1], [1, 0, 0]], dtype), [2, 1], getattr(namespace, name)
    assert_same_bits(function(x, labels), function(x.astype(np.exp(x).dtype), labels))


@each_namespace
@each_floating
@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32", "float64"])
def test_probabilities_of_any_dtype(namespace, dtype, kind):
    rng = np.random.default_rng(0)
    x, t = rng.normal(0, 3, (5, 9)).astype(dtype), rng.dirichlet(np.ones(9), 5).astype(kind)
    assert_same_bits(namespace.cross_entropy_with_grad(x, t),
                     namespace.cross_entropy_with_grad(x, t.astype(parameter(dtype))))


SHAPES = [((5,), 0), ((4, 6), 0), ((3, 5, 2), 1), ((2, 7, 4, 5), 1), ((2, 7, 4, 5), -3),
          ((70, 3), 1), ((200, 33), -1), ((3, 300, 67), 1), ((2, 200, 3), 2), ((1, 4, 130), 1)]


@each_namespace
@each_floating
@pytest.mark.parametrize("shape, axis", SHAPES)
@pytest.mark.parametrize("kind", [*NAMES[1::2], "probabilities"])
def test_axes_and_layouts(namespace, dtype, shape, axis, kind):
    """The same bits as one contiguous row after the other."""
    rng = np.random.default_rng(0)
    x = rng.normal(0, 3, shape).astype(dtype)
    moved = np.moveaxis(x, axis, -1)
    labels = rng.integers(0, moved.shape[-1], moved.shape[:-1])
    if kind == "probabilities":
        labels = np.abs(x).astype(parameter(dtype))
    function = getattr(namespace, kind if kind in NAMES else "cross_entropy_with_grad")
    each = moved.reshape(-1, moved.shape[-1])
    targets = np.moveaxis(labels, axis, -1).reshape(each.shape) if kind == "probabilities" else labels.ravel()
    alone = [function(np.ascontiguousarray(row), t, reduction="none")
             for row, t in zip(each, targets, strict=True)]
    losses = np.array([loss for loss, _ in alone]).reshape(moved.shape[:-1])
    gradient = np.moveaxis(np.array([g for _, g in alone]).reshape(moved.shape), -1, axis)
    strided = np.repeat(x, 2, axis=-1)[..., ::2]
    for given in (x, np.asfortranarray(x), strided, x[::-1][::-1], x.astype(x.dtype.newbyteorder())):
        found = function(given, labels, axis, reduction="none")
        assert_same_bits(found[0], losses[()])
        assert_same_bits(found[1], gradient)


@each_namespace
@each_floating
@pytest.mark.parametrize("name", NAMES[1::2])
@pytest.mark.parametrize("shape, axis", [
    ((5, 7), 1), ((300, 2000), 1), ((40, 6, 50), 1), ((7,), 0), ((3000, 9), 1), ((3, 5, 40_000), 1)])
def test_in_place(namespace, dtype, name, shape, axis):
    x = np.random.default_rng(0).normal(0, 3, shape).astype(dtype)
    labels = np.random.default_rng(1).integers(0, shape[axis], np.delete(shape, axis))
    expected = getattr(namespace, name)(x, labels, axis)
    out = x.copy()
    loss, gradient = getattr(namespace, name)(out, labels, axis, out=out)
    assert gradient is out
    assert_same_bits((loss, out), expected)
    longer = np.concatenate([x.ravel(), x.ravel()[:1]])  # overlap, but not element for element
    logits, out = longer[:-1].reshape(shape), longer[1:].reshape(shape)
    assert_same_bits(getattr(namespace, name)(logits, labels, axis, out=out), expected)


@each_namespace
@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
@each_dtype
def test_the_gradient_may_overwrite_probabilities(namespace, dtype, kind):
    x = np.random.default_rng(0).normal(0, 3, (40, 300)).astype(dtype)
    t = np.random.default_rng(1).dirichlet(np.ones(300), 40).astype(kind)
    loss, gradient = namespace.cross_entropy_with_grad(x, t)
    assert namespace.cross_entropy_with_grad(x, t, out=t)[0] == loss
    assert_same_bits(t, gradient.astype(kind))


@each_namespace
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", ["cross_entropy_with_grad", "hinge_loss_with_grad"])
def test_memory_does_not_grow_with_the_classes(namespace, dtype, name):
    """Beside the gradient; also where NumPy would cast or copy all rows."""
    x = np.random.default_rng(0).normal(0, 3, (64, 40_000)).astype(dtype)
    labels, function = np.arange(64), getattr(namespace, name)
    probabilities = np.ones(x.shape, "float16") / 2
    calls = [lambda: function(x, labels, out=out), lambda: function(out, labels, out=out)]
    if name == "cross_entropy_with_grad":
        calls += [lambda: function(x, probabilities, out=out),
                  lambda: function(x, labels, label_smoothing=0.1, out=out)]
    out = np.empty_like(x)
    for call in calls:
        call()
        tracemalloc.start()
        call()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak <= 2**22, f"{peak} bytes, {x.nbytes} are in the logits"


@each_namespace
@each_floating
@pytest.mark.parametrize("name", NAMES[1::2])
@pytest.mark.parametrize("shape, axis", [((70, 1001), 1), ((7001, 10), 1), ((4, 10, 3000), 1)])
def test_threads_do_not_change_bits(namespace, dtype, name, shape, axis):
    x = np.random.default_rng(0).normal(0, 3, shape).astype(dtype)
    labels = np.random.default_rng(1).integers(0, shape[axis], np.delete(shape, axis))
    calls = []
    for count in (1, 2, 3, 5):
        with softramp.threads(count):
            calls.append(getattr(namespace, name)(x, labels, axis))
    for found in calls[1:]:
        assert_same_bits(found, calls[0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_all_backends_give_the_same_bits(dtype):
    with_fma = [n for n in NAMESPACES if n.isa in ("avx2", "avx512")]
    x = np.random.default_rng(0).normal(0, 10, (37, 300)).astype(dtype)
    labels = np.random.default_rng(1).integers(0, 300, 37)
    smoothed = {"label_smoothing": 0.1}
    for keywords in ({}, smoothed, smoothed | {"weight": np.linspace(0.5, 2, 300)}):
        found = [n.cross_entropy_with_grad(x, labels, **keywords) for n in with_fma]
        for one in found[1:]:
            assert_same_bits(one, found[0])
    t = np.abs(x) / np.abs(x).sum(-1, keepdims=True)
    for function in (lambda n: n.cross_entropy_with_grad(x, t), lambda n: n.hinge_loss_with_grad(x, labels)):
        found = [function(n) for n in with_fma]
        for one in found[1:]:
            assert_same_bits(one, found[0])


# ---- The gufuncs


@each_namespace
@pytest.mark.parametrize("definition", mixed.values(), ids=lambda d: d.name)
@each_floating
def test_a_gufunc_is_what_its_definition_says(namespace, definition, dtype):
    rng = np.random.default_rng(0)
    arrays = {"x": np.dtype(dtype), "w": parameter(dtype)}
    operands = []
    for kind, row in zip(definition.operand_types[:definition.nin], definition.rows, strict=False):
        shape = (6, 9) if row else (6,)
        value = rng.integers(-1, 9, shape) if kind == "q" else rng.uniform(0.5, 2, shape)
        operands.append(value.astype(arrays.get(kind, kind)))
    made = outputs(getattr(namespace.ufuncs, definition.name)(*operands))
    wide = [a.astype(float) if a.dtype.kind != "i" else a for a in operands]
    expected = outputs(definition.function(*wide))
    for found, right, kind in zip(made, expected, definition.operand_types[definition.nin:], strict=True):
        assert found.dtype == arrays.get(kind, kind)
        eps = float(oracle.finfo(found.dtype).eps)
        np.testing.assert_allclose(found.astype(float), right, rtol=8 * eps, atol=1e-6)


@pytest.mark.parametrize("definition", mixed.values(), ids=lambda d: d.name)
@pytest.mark.parametrize("type", ["f", "d"])
def test_numba_compiles_every_kernel(definition, type):
    from softramp.backends.numba import loops

    assert loops.loop(definition, type).address
    assert dtype_of(type) is not None


# ---- Labels that a gufunc is given unchecked, and arrays of any kind


@each_namespace
@each_floating
@pytest.mark.parametrize("n", [1, 5, 200])
@pytest.mark.parametrize("name", [d for d in mixed if "probabilities" not in d])
def test_a_label_outside_leaves_its_row_out(namespace, dtype, name, n):
    """Also where rows lie side by side, or are short; what lies beyond the row is not read."""
    labels = np.array([-1, n, INT64_MIN, np.iinfo(np.int64).max, n + 1, -n])
    definition = mixed[name]
    for x in (np.full((6, n), np.nan, dtype), np.full((n, 6), np.nan, dtype).T):
        factors = [np.ones(n), 1.0, 0.25] if name.startswith("cross") else [1.0, 1.0]
        made = outputs(getattr(namespace.ufuncs, name)(x, labels, *factors, *[2.0] * (definition.nout - 1)))
        for value in made:
            assert (value == 0).all()


def rows_one_by_one(function, x, labels, axis):
    """Losses and gradients of contiguous rows, each by itself."""
    moved = np.moveaxis(x, axis, -1)
    losses, gradient = np.empty(moved.shape[:-1], parameter(x.dtype.name)), np.empty_like(moved)
    for index in np.ndindex(losses.shape):
        row = np.ascontiguousarray(moved[index])
        losses[index], gradient[index] = function(row, labels[index], reduction="sum")
    return losses[()], np.moveaxis(gradient, -1, axis)


@hypothesis.given(
    shape=st.lists(st.integers(1, 6), min_size=0, max_size=3),
    classes=st.sampled_from([2, 3, 16, 17, 40, 130]), data=st.data(), seed=st.integers(0, 99))
@hypothesis.settings(deadline=None, max_examples=60)
def test_any_axis_and_any_strides(shape, classes, data, seed):
    """The same bits as one contiguous row after the other, in every backend."""
    axis = data.draw(st.integers(-len(shape) - 1, len(shape)))
    shape = [*shape[:axis % (len(shape) + 1)], classes, *shape[axis % (len(shape) + 1):]]
    steps = [data.draw(st.sampled_from([1, 2, -1, -3])) for _ in shape]
    dtype = data.draw(st.sampled_from(FLOATING))
    rng = np.random.default_rng(seed)
    wide = rng.normal(0, 5, [n * abs(step) for n, step in zip(shape, steps, strict=True)]).astype(dtype)
    x = wide[tuple(slice(None, None, step) for step in steps)]
    labels = rng.integers(0, classes, np.delete(shape, axis))
    for namespace in NAMESPACES:
        for function in (namespace.cross_entropy_with_grad, namespace.hinge_loss_with_grad):
            made = function(x, labels, axis, reduction="none")
            assert_same_bits(made, rows_one_by_one(function, x, labels, axis))


@each_namespace
@pytest.mark.parametrize("axis", [0, -1])
def test_a_number_is_a_row_of_one(namespace, axis):
    assert namespace.cross_entropy(5.0, 0, axis) == 0
    loss, gradient = namespace.cross_entropy_with_grad(np.float32(5), 0, axis)
    assert_same_bits((loss, gradient), (np.float32(0), np.array(0, np.float32)))
    probability = np.float32(0.5)
    assert namespace.cross_entropy_with_grad(np.float32(5), probability, axis) == (0, 0)
    loss, gradient = namespace.cross_entropy_with_grad([0.0, 0.0], 1, axis)
    assert loss == np.log(2)
    assert gradient.tolist() == [0.5, -0.5]
    with pytest.raises(np.exceptions.AxisError):
        namespace.cross_entropy(5.0, 0, 1)


def data_frame(x, labels):
    return pandas.DataFrame(x, ["a", "b"], ["u", "v", "w"]), pandas.Series(labels, ["a", "b"])


def data_array(x, labels):
    xarray = pytest.importorskip("xarray")
    return xarray.DataArray(x, {"row": ["a", "b"]}, ["row", "class"]), xarray.DataArray(labels, dims=["row"])


@each_name
@pytest.mark.parametrize("wrap", [data_frame, data_array])
def test_pandas_and_xarray(name, wrap):
    """The gradient is labelled as the logits are."""
    function, x, labels = getattr(softramp, name), np.array([[0.0, 1.0, 2.0], [1.0, 1.0, 1.0]]), [0, 2]
    given, given_labels = wrap(x, labels)
    expected, found = outputs(function(x, labels)), outputs(function(given, given_labels))
    assert found[0] == expected[0]
    for gradient, right in zip(found[1:], expected[1:], strict=True):
        assert type(gradient) is type(given)
        assert gradient.equals(given * 0 + right)


@each_name
@pytest.mark.parametrize("wrap", [np.ma.MaskedArray, lambda a: dask.array.from_array(a, chunks=1)])
def test_neither_masked_nor_dask_arrays(name, wrap):
    x, labels = np.zeros((2, 3)), np.array([0, 1])
    for given in ((wrap(x), labels), (x, wrap(labels))):
        with pytest.raises(TypeError, match=f"^{name} takes no masked or chunked arrays"):
            getattr(softramp, name)(*given)


@each_namespace
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_out_may_have_another_dtype(namespace, axis, kind):
    """As long as NumPy casts so; also if it lies where the logits do."""
    x = np.random.default_rng(0).normal(0, 3, (300, 1200))
    labels = np.zeros(x.shape[1 - axis], int)
    expected = namespace.cross_entropy_with_grad(x, labels, axis)
    out = np.empty(x.shape, kind)
    assert namespace.cross_entropy_with_grad(x, labels, axis, out=out)[0] == expected[0]
    assert_same_bits(out, expected[1].astype(kind))
    out = x.view(kind).reshape(300, -1)[:, -1200:]
    namespace.cross_entropy_with_grad(x, labels, axis, out=out)
    assert_same_bits(out, expected[1].astype(kind))


@pytest.mark.parametrize("call, message", [
    (lambda x, labels: softramp.hinge_loss(x, labels, margin=np.ones(2)), "margin must be a number"),
    (lambda x, labels: softramp.cross_entropy(x, labels, label_smoothing="0.1"), "label_smoothing must be a number"),
    (lambda x, labels: softramp.cross_entropy(x, labels, ignore_index=1.0), "ignore_index must be an integer")])
def test_arguments_that_are_no_numbers(call, message):
    with pytest.raises(TypeError, match=message):
        call(np.zeros((2, 3)), np.zeros(2, int))

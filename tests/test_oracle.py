"""The two evaluations of the oracle against each other; its rows against mpmath."""

import mpmath
import numpy as np
import pytest
from helpers import DTYPES, ELEMENTWISE, ROWS, each_dtype, each_elementwise
from mpmath import mpf

from softramp import oracle
from softramp.cli.verify import elementwise_case, near_root, root_unit, row_inputs, row_operands, samples
from softramp.oracle import LONG


def as_mpf(x):
    """A long double, without loss."""
    mantissa, exponent = np.frexp(x)
    return mpmath.ldexp(int(np.ldexp(mantissa, 128)), int(exponent) - 128)


@each_elementwise
@each_dtype
def test_complex_step_agrees_with_mpmath(definition, dtype):
    operands, found = elementwise_case(definition.name, dtype, 3000)
    defaults = [float(np.dtype(dtype).type(value)) for value in definition.defaults]
    info = np.finfo(dtype)
    near = near_root(definition, operands)
    unit_there = np.broadcast_to(root_unit(definition, operands), near.shape)
    for i in range(0, operands[0].size, 8):
        exact = oracle.exact(definition.name, *(float(a[i]) for a in operands), *defaults, dtype=dtype)
        for k, (found_k, exact_k) in enumerate(zip(found, exact, strict=True)):
            with mpmath.workprec(2000):
                if np.isinf(found_k[i]):
                    assert abs(exact_k) > as_mpf(np.finfo(LONG).max)
                    continue
                exponent = max(mpmath.frexp(exact_k)[1] - 1 if exact_k else -99999, int(info.minexp))
                ulp = mpmath.ldexp(1, exponent - int(info.nmant))
                unit = float(unit_there[i]) if k == 0 and near[i] else ulp
                assert abs(as_mpf(found_k[i]) - exact_k) / unit < 0.01, [float(a[i]) for a in operands]


def exact_rows(name, first, *rest):
    """The outputs for one row of each operand, or one number, in mpmath: one list for each output."""
    if name.endswith("_tempered"):
        first, rest = [v / rest[0] for v in first], []
        name = name.removesuffix("_tempered")
        if mpmath.inf in first:
            return [[mpmath.nan] * len(first)]
    total = mpmath.fsum(map(mpmath.exp, first))
    if name == "softmax":
        return [[mpmath.exp(v) / total for v in first]]
    if name == "log_softmax":
        return [[v - mpmath.log(total) for v in first]]
    if name == "logsumexp":
        return [[mpmath.log(total)]]
    if name == "logsumexp_weighted":
        total = mpmath.fsum(b * mpmath.exp(v) for v, b in zip(first, rest[0], strict=True) if b)
        return [[mpmath.log(abs(total)) if total else -mpmath.inf], [mpmath.sign(total)]]
    if name == "softmax_backward":
        dot = mpmath.fsum(g * y for g, y in zip(first, rest[0], strict=True))
        return [[y * (g - dot) for g, y in zip(first, rest[0], strict=True)]]
    if name == "log_softmax_backward":
        total = mpmath.fsum(first)
        return [[g - mpmath.exp(y) * total for g, y in zip(first, rest[0], strict=True)]]
    raise LookupError(f"exact_rows of tests/test_oracle.py wants {name}")


def in_mpmath(operand):
    return [mpf(float(v)) for v in operand] if np.ndim(operand) else mpf(float(operand))


@pytest.mark.parametrize("definition", ROWS, ids=lambda d: d.name)
@each_dtype
def test_rows_agree_with_mpmath(definition, dtype):
    for label, x in row_inputs(dtype, 1, shortest=20):
        operands = row_operands(definition, x[:1])
        found = oracle.row_reference(definition.name, *operands)
        for k in range(len(operands[0])):
            with mpmath.workprec(2500 if "max" in label else 500):
                exact = exact_rows(definition.name, *(in_mpmath(a[k]) for a in operands))
                for (value, unit), output in zip(found, exact, strict=True):
                    agree(np.atleast_1d(value[k]), np.atleast_1d(unit[k]), output, dtype, label)


def agree(value, unit, exact, dtype, label):
    for i, number in enumerate(exact):
        if not np.isfinite(value[i]):
            np.testing.assert_equal(float(value[i]), float(number.real), label)
        else:
            ulp = float(np.spacing(min(unit[i], LONG(np.finfo(dtype).max) / 2).astype(dtype)))
            assert abs(as_mpf(value[i]) - number) / ulp < 0.01, (label, i)


@each_dtype
def test_samples_meet_every_binade_and_both_signs(dtype):
    x = samples(dtype, 200_000)
    info = np.finfo(dtype)
    assert np.isfinite(x).all() and (x != 0).all()
    for side in (x[x > 0], -x[x < 0]):
        exponents = set(np.frexp(side)[1].tolist())
        assert exponents == set(range(int(info.minexp) - info.nmant + 1, int(info.maxexp) + 1))


@pytest.mark.parametrize("dtype", DTYPES)
def test_ulp_error(dtype):
    t = np.dtype(dtype).type
    one, eps, tiny = t(1), np.finfo(dtype).eps, np.finfo(dtype).smallest_subnormal
    assert oracle.ulp_error(one, 1) == 0
    assert oracle.ulp_error(one + eps, 1) == 1
    assert oracle.ulp_error(one, oracle.LONG(1) + oracle.LONG(eps) / 4) == 0.25
    assert oracle.ulp_error(one - eps / 2, 1) == 0.5
    assert oracle.ulp_error(tiny, 0) == 1
    assert oracle.ulp_error(-tiny, tiny) == 2
    assert oracle.ulp_error(t(np.inf), np.inf) == 0
    assert oracle.ulp_error(t(np.inf), np.finfo(dtype).max) == 1
    assert oracle.ulp_error(t(np.nan), np.nan) == 0
    assert oracle.ulp_error(t(np.nan), 1) == oracle.ulp_error(one, np.nan) == np.inf
    assert oracle.ulp_error(one + eps, 1, 4) == 0.25


def test_every_definition_has_an_oracle():
    for definition in ELEMENTWISE:
        assert oracle.formula(definition.name)
    for definition in ROWS:
        assert hasattr(oracle, definition.name), f"src/softramp/oracle.py wants a function {definition.name}"
    with pytest.raises(LookupError, match=r"oracle\.py wants a line for nothing"):
        oracle.formula("nothing")

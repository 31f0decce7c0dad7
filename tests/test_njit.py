"""Elementwise functions in the user's own Numba code: the values of the Numba backend, fused."""

import importlib.metadata
import re

import numba
import numpy as np
import pytest
from helpers import (
    ELEMENTWISE,
    NAMESPACES,
    arguments,
    assert_same_bits,
    checked,
    each_elementwise,
    of,
    outputs,
    python,
    required,
)
from numba.core.errors import TypingError

import softramp
from softramp import backends, numba_extension, ufuncs
from softramp.backends.numba import activations
from softramp.backends.numba.pairs import bind
from softramp.definitions import Definition, registry

numba_extension.init()  # not left to the entry point: an editable installation may be older than it

NUMBA = backends.load("numba")
# C gives the same bits with the same instructions, and is compiled already.
SAME = NAMESPACES[0] if NAMESPACES[0].isa == NUMBA.isa != "base" else NUMBA
SPECIAL = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-40, -1e-310, 3e38, -90.0, 0.5]
WITH_PARAMETERS = [d for d in ELEMENTWISE if d.parameters and d.name != "prelu_backward"]
X = np.linspace(-4, 4, 24, dtype=np.float32).reshape(4, 6)


def call(function, operands):
    """A compiled function that calls another."""
    names = ", ".join("abcdef"[:operands])
    return numba.njit(eval(f"lambda {names}: function({names})", {"function": function}))


def elementwise(definition, namespace=softramp):
    """The function, or the ufunc under it."""
    is_ufunc = definition.name in numba_extension.NOT_ELEMENTWISE
    return getattr(namespace.ufuncs if is_ufunc else namespace, definition.name)


def inputs(definition, dtype):
    """Arrays that have all special values, each against others."""
    made = arguments(definition, dtype, 256)
    for k, x in enumerate(made):
        x[k:k + len(SPECIAL)] = SPECIAL
    return made


@each_elementwise
def test_arrays(definition):
    args = inputs(definition, "float32")
    compiled = call(elementwise(definition), len(args))
    with np.errstate(over="ignore"):
        assert_same_bits(compiled(*args), elementwise(definition, SAME)(*args))


@each_elementwise
def test_scalars(definition):
    args = inputs(definition, "float64")
    compiled = call(elementwise(definition), len(args))
    made = [outputs(compiled(*element)) for element in zip(*args)]
    assert {type(value) for result in made for value in result} == {float}
    with np.errstate(over="ignore"):
        assert_same_bits(tuple(map(np.array, zip(*made))), outputs(elementwise(definition, SAME)(*args)))


@of(WITH_PARAMETERS)
def test_parameters(definition):
    """By position and by name; a Python number leaves float32 as it is."""
    args = arguments(definition, "float32", 100)[:definition.nin]
    values = [0.25 * (k + 1) for k in range(len(definition.parameters))]
    function, operands = getattr(softramp, definition.name), ", ".join("abc"[:definition.nin])
    by_name = ", ".join(f"{name}={value}" for name, value in zip(definition.parameters, values))
    by_position = ", ".join(map(str, values))
    scope = {"function": function}
    calls = f"function({operands}, {by_name}), function({operands}, {by_position})"
    exec(f"def f({operands}): return {calls}", scope)
    named, positional = numba.njit(scope["f"])(*args)
    expected = getattr(SAME, definition.name)(*args, *values)
    assert_same_bits(named, expected)
    assert_same_bits(positional, expected)


# ---- Types


@pytest.mark.parametrize("char", "?bBhiIQfd")
@pytest.mark.parametrize("function", ["relu", "silu"])
def test_types_are_those_outside(function, char):
    """But for float16, which Numba does not have."""
    x = np.array([0, 1, 100], char)
    no_float16 = x.astype(np.float32) if char in "?bB" and function != "relu" else x
    expected = getattr(softramp, function)(no_float16)
    compiled = call(getattr(softramp, function), 1)
    assert_same_bits(compiled(x), expected)
    assert_same_bits(np.array([compiled(element) for element in x], expected.dtype), expected)


@pytest.mark.parametrize(("x", "slope"), [
    (np.float32, np.float64(0.1)), (np.float32, 2), (np.float32, np.full(6, 0.1)),
    (np.float64, np.full(6, 0.1, "f")), (np.int64, 0.1), (np.int8, 0.1), (np.int16, np.float32(0.1)),
    (np.float32, np.arange(6)),
])
def test_promotion(x, slope):
    """A float64 scalar may have been a Python number, and counts as one; an array does not."""
    x = X.astype(x)
    weak = float(slope) if isinstance(slope, np.float64) else slope
    assert_same_bits(call(softramp.leaky_relu, 2)(x, slope), SAME.leaky_relu(x, weak))


def test_scalars_are_promoted():
    compiled = call(softramp.relu_backward, 2)
    for g, result in ("float32", "float32"), ("float64", "float64"), ("int64", "float64"), ("int8", "float32"):
        types = getattr(numba, g), numba.float32
        compiled.compile(types)
        assert compiled.overloads[types].signature.return_type == getattr(numba, result)


def test_a_scalar_gradient_leaves_an_array_its_dtype():
    result = call(softramp.silu_backward, 2)(1.0, X)
    assert result.dtype == np.float32
    np.testing.assert_array_max_ulp(result, SAME.silu_backward(1.0, X), maxulp=4)


@pytest.mark.parametrize("char", "?bBiQ")
@of([d for d in ELEMENTWISE if d.integers])
def test_integers(definition, char):
    """Defaults that the dtype does not have, too: -1 is no uint8."""
    x, function = np.array([0, 1, 2, 100], char), getattr(softramp, definition.name)
    args = [x, *range(1, 1 + required(definition))]
    assert_same_bits(call(function, len(args))(*args), function(*args))


def test_integer_bounds_are_clipped():
    x = np.array([0, 1, 100, 255], np.uint8)
    for bounds in (-300, 50), (5, 300):
        assert_same_bits(call(softramp.hardtanh, 3)(x, *bounds), softramp.hardtanh(x, *bounds))


# ---- Arrays of any shape and layout


@pytest.mark.parametrize(("g", "x"), [
    (X[:, :1], X), (X[0], X), (X, X[1]), (X.T, X.T), (X[::2, ::-1], X[1::2]), (X[:, :0], X[:, :0]),
    (X, X.T.copy().T), (X[:1, :1], X[0, 0:1]),
])
def test_broadcasting_and_layouts(g, x):
    assert_same_bits(call(softramp.silu_backward, 2)(g, x), SAME.silu_backward(g, x))


def test_shapes_that_do_not_broadcast():
    with pytest.raises(ValueError, match="unable to broadcast"):
        call(softramp.silu_backward, 2)(X, X[:, :2])


def test_zero_dimensions_give_a_scalar():
    assert call(softramp.silu, 1)(np.array(1.5)) == softramp.silu(1.5)


# ---- Fusion


def allocations(compiled):
    [code] = compiled.inspect_llvm().values()
    return len(re.findall(r"call [^\n]*@NRT_MemInfo_alloc", code))


def test_array_expressions_fuse():
    @numba.njit
    def fused(x, w):
        return softramp.silu(x) * w + softramp.leaky_relu(w) - softramp.ufuncs.leaky_relu(x, np.float32(0.2))

    expected = SAME.silu(X) * X + SAME.leaky_relu(X) - SAME.leaky_relu(X, 0.2)
    assert_same_bits(fused(X, X), expected)
    assert allocations(fused) == 1


def test_keywords_in_an_array_expression():
    """It does not fuse, but neither does it forget them."""
    @numba.njit
    def expression(x):
        return softramp.leaky_relu(x * x - x, negative_slope=0.25) + x

    assert_same_bits(expression(X), SAME.leaky_relu(X * X - X, 0.25) + X)


def test_loops_fuse_and_vectorise():
    @numba.njit
    def loop(x, w, out):
        for i in range(x.size):
            out[i] = softramp.silu(x[i]) * softramp.elu(w[i], alpha=0.5)

    x, w = X.ravel(), X.ravel()[::-1].copy()
    out = np.empty_like(x)
    loop(x, w, out)
    assert_same_bits(out, SAME.silu(x) * SAME.elu(w, 0.5))
    [code] = loop.inspect_llvm().values()
    assert re.search(r"fdiv <\d+ x float>", code)


@pytest.mark.filterwarnings("ignore::numba.core.errors.NumbaPerformanceWarning")
def test_parallel():
    @numba.njit(parallel=True)
    def parallel(x):
        out = softramp.silu(x) * x + softramp.leaky_relu(x)
        for i in numba.prange(len(x)):
            for j in range(x.shape[1]):
                out[i, j] += softramp.leaky_relu(x[i, j], negative_slope=0.5)
        return out

    expected = SAME.silu(X) * X + SAME.leaky_relu(X) + SAME.leaky_relu(X, 0.5)
    assert_same_bits(parallel(X), expected)


# ---- What is refused


@pytest.mark.parametrize(("args", "message"), [
    (("text",), "leaky_relu: x must be a number or an array of numbers, not unicode_type"),
    (([1.0],), "leaky_relu: x must be a number or an array of numbers, not reflected list"),
    ((1j,), "leaky_relu: ufunc 'leaky_relu' not supported"),
    ((1.0, "text"), "leaky_relu: negative_slope must be a number"),
    ((1.0, 2.0, 3.0), "leaky_relu: too many positional arguments"),
])
def test_errors_name_the_function(args, message):
    with pytest.raises(TypingError, match=re.escape(f"softramp.{message}")):
        call(softramp.leaky_relu, len(args))(*args)


def test_missing_arguments_and_unknown_keywords():
    with pytest.raises(TypingError, match=r"softramp.prelu: missing a required argument: 'weight'"):
        call(softramp.prelu, 1)(1.0)
    with pytest.raises(TypingError, match=r"softramp.leaky_relu: got an unexpected keyword argument 'out'"):
        numba.njit(lambda x: softramp.leaky_relu(x, out=x))(X)


@pytest.mark.parametrize("name", ["softmax", "prelu_backward"])
def test_what_is_not_elementwise_is_left_to_numba(name):
    with pytest.raises(TypingError, match="Cannot determine Numba type of"):
        call(getattr(softramp, name), 1)(X)


# ---- A keyword that chooses


def test_a_literal_keyword_chooses_the_definition(monkeypatch):
    """As approximate="tanh" makes gelu_tanh of gelu; here on stand-ins."""
    def silu_shut(x: float, /) -> float:
        return x

    def silu(x: float, /, form: str = "open", *, out: object = None) -> object:
        raise NotImplementedError

    silu.__module__ = "softramp"
    monkeypatch.setitem(registry._definitions, "silu_shut", Definition(silu_shut, registry.Bar(0.5, 0.5)))
    monkeypatch.setitem(bind(activations.__name__, "f"), "silu_shut", bind(activations.__name__, "f")["relu"])
    monkeypatch.setitem(vars(ufuncs), "silu_shut", softramp.relu)

    @numba.njit
    def both(x):
        return silu(x) + x, silu(x, form="shut") + x, silu(x, "open")

    plain, shut, named = both(X)
    assert_same_bits(plain, SAME.silu(X) + X)
    assert_same_bits(shut, SAME.relu(X) + X)
    assert_same_bits(named, SAME.silu(X))
    refused = "softramp.silu: form must be a literal that the function takes, not"
    with pytest.raises(TypingError, match=refused):
        numba.njit(lambda x: silu(x, form="closed"))(X)
    with pytest.raises(TypingError, match=refused):
        numba.njit(lambda x, form: silu(x, form))(X, "shut")


# ---- The entry point


def test_numba_finds_init():
    """After an installation: an older editable one must be repeated."""
    points = importlib.metadata.entry_points(group="numba_extensions", name="init")
    assert [point.load() for point in points if point.dist.name == "softramp"] == [numba_extension.init]


def test_without_any_import_but_softramp():
    """The function is first looked up while Numba compiles."""
    checked(python("""
import numba, softramp
@numba.njit
def f(x):
    return softramp.silu(x)
assert f(0.0) == 0.0
"""))


def test_init_is_light():
    """Nothing is made or compiled; only what `import softramp` imports."""
    checked(python("""
import sys, numba
assert "softramp" not in sys.modules
assert numba.njit(lambda x: x + 1)(1) == 2
assert "softramp.numba_extension" in sys.modules
assert "softramp.backends.numba" not in sys.modules
import softramp
from softramp.definitions import definitions
assert not set(definitions) & (set(vars(softramp)) | set(vars(softramp.ufuncs)))
"""))


@pytest.mark.parametrize("first", ["x = softramp.relu(x)", "f(x)"])
def test_either_numba_may_compile_first(first):
    """softramp's own compiles in a thread of its own, which calls init, too."""
    checked(python(f"""
import numba, numpy as np, softramp
x = np.linspace(-1, 1, 5)
f = numba.njit(lambda x: softramp.silu(x) + softramp.relu(x))
{first}
assert np.array_equal(f(x), softramp.silu(x) + softramp.relu(x))
""", SOFTRAMP_BACKEND="numba"))


def test_compiled_code_can_be_cached(tmp_path):
    (tmp_path / "cached.py").write_text("""
import numba, softramp
@numba.njit(cache=True)
def f(x):
    return softramp.silu(x) * softramp.leaky_relu(x, 0.3)
print(f(1.0), sum(f.stats.cache_hits.values()))
""", encoding="utf-8")
    code = "import sys; sys.path.insert(0, sys.argv[1]); import cached"
    (value, before), (again, after) = (checked(python(code, str(tmp_path))).split() for _ in range(2))
    assert (value, before, after) == (again, "0", "1")

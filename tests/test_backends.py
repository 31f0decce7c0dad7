"""The tables against the definitions; the choice of a backend; what happens where one is missing."""

import importlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from helpers import (
    ISAS,
    NAMESPACES,
    assert_same_bits,
    checked,
    clean,
    each_function,
    each_function_and_dtype,
    python,
)

import softramp
from softramp import backends
from softramp.backends import c
from softramp.composites import public
from softramp.definitions import definitions, mixed
from softramp.definitions.registry import BFLOAT16

needs_c = pytest.mark.skipif(not ISAS, reason=c.why_missing())
NO_C = "import sys; sys.modules['softramp._kernels'] = None\n"


def test_c_is_there_if_it_is_required():
    if os.environ.get("SOFTRAMP_REQUIRE_C") == "1":
        assert c.why_missing() == ""
    assert ("c" in backends.available()) == (c.why_missing() == "")


# ---- Every function has every kernel


@pytest.mark.parametrize("isa", ISAS)
def test_c_has_a_kernel_for_every_definition(isa):
    found = set(backends.load("c", isa=isa).backend._kernels)
    for name, definition in (definitions | mixed).items():
        file = "kernels/instantiate.h" if definition.gufunc_signature else "kernels/activations.inc"
        types = definition.types + (BFLOAT16 if "bfloat16" in definition.dtypes else "")
        for type in types:
            assert (name, type) in found, f"{file} wants a line for {name} (KERNEL_ANY if it has integers)"
    assert {name for name, _ in found} <= set(definitions | mixed), "src/softramp/definitions/ wants a line"


@each_function
def test_numba_has_a_kernel_for_every_definition(definition):
    file = "rows" if definition.gufunc_signature else "activations"
    module = importlib.import_module(f"softramp.backends.numba.{file}")
    name = definition.name.removesuffix("_tempered")
    assert hasattr(module, name), f"src/softramp/backends/numba/{file}.py wants {name}"


@each_function_and_dtype
def test_numba_compiles_every_kernel(definition, dtype):
    """Where it cannot, the call is computed by the definition, and other tests may not notice."""
    from softramp.backends.numba import loops

    type = np.dtype(dtype).char  # of bfloat16 ml_dtypes': E
    assert loops.loop(definition, type).address
    if definition.gufunc_signature:
        assert loops.loop_by_row(definition, type)
        for loop in (loops.loop_by_tile, loops.loop_by_part):
            assert definition.name == "logsumexp_weighted" or loop(definition, type)


@pytest.mark.parametrize("isa", ISAS)
def test_each_copy_was_compiled_with_what_it_says(isa):
    namespace = backends.load("c", isa=isa)
    assert namespace.isa == isa
    assert namespace.backend.compiled_with == isa


# ---- Importing and choosing

DEFAULT = "import softramp; n = softramp.backends.load(); print(n.name, n.isa)"


def test_the_best_is_the_default():
    assert checked(python(DEFAULT)).split() == [NAMESPACES[0].name, NAMESPACES[0].isa]
    assert checked(python(DEFAULT, SOFTRAMP_BACKEND="numba")).split()[0] == "numba"
    assert backends.available() == (["c"] if ISAS else []) + ["numba"]


@needs_c
def test_environment_chooses():
    assert checked(python(DEFAULT, SOFTRAMP_BACKEND="c")).split() == ["c", ISAS[0]]
    for isa in ISAS:
        assert checked(python(DEFAULT, SOFTRAMP_ISA=isa)).split() == ["c", isa]
    result = python(DEFAULT, SOFTRAMP_ISA="sse9")
    assert result.returncode == 1
    assert "SOFTRAMP_ISA must be one of base, avx2, avx512, got 'sse9'" in result.stderr


def test_a_wrong_choice_is_an_error():
    result = python(DEFAULT, SOFTRAMP_BACKEND="fortran")
    assert result.returncode == 1
    assert "SOFTRAMP_BACKEND must be one of c, numba, got 'fortran'" in result.stderr
    with pytest.raises(ValueError, match="must be one of c, numba, got 'fortran'"):
        backends.load("fortran")
    with pytest.raises(ValueError, match="isa is for the C backend"):
        backends.load("numba", "avx2")
    if ISAS:
        with pytest.raises(ValueError, match="isa must be one of"):
            backends.load("c", "sse9")


def test_a_backend_asked_for_and_missing_is_an_error():
    result = python(NO_C + "import softramp; softramp.relu", SOFTRAMP_BACKEND="c")
    assert result.returncode == 1
    assert "ImportError: softramp has no C backend here: it was not built" in result.stderr


def test_import_is_light():
    """Neither Numba nor anything slow; what a first C call needs is there already."""
    checked(python("""
import sys, softramp
slow = {"numba", "llvmlite", "scipy", "rich", "mpmath", "ml_dtypes"}
assert not slow & set(sys.modules), slow & set(sys.modules)
dir(softramp), softramp.get_num_threads(), softramp.backends.available()
if softramp.backends.default() == "c":
    softramp.relu(-1.0), softramp.leaky_relu(-1.0), softramp.softmax([1.0, 2.0])
slow.remove("ml_dtypes")  # a ufunc has bfloat16 from the start or never
assert not slow & set(sys.modules), slow & set(sys.modules)
"""))


def test_names():
    assert set(softramp.__all__) == set(dir(softramp))
    for namespace in NAMESPACES:
        assert dir(namespace) == sorted(public)
        assert dir(namespace.ufuncs) == sorted(definitions | mixed)
        with pytest.raises(AttributeError, match="nothing"):
            namespace.nothing  # noqa: B018


@pytest.mark.parametrize("backend", sorted({n.name for n in NAMESPACES}))
def test_subnormal_numbers_survive(backend):
    """Some compilers switch them off for the whole process; and no call changes rounding or flags."""
    checked(python("""
import numpy as np, softramp
tiny = np.array([1e-40], np.float32)
x = np.linspace(-3, 3, 100_000, dtype=np.float32)
before = np.array([1.0]) / 3
softramp.sigmoid(x), softramp.softmax(x), softramp.leaky_relu(x)
assert tiny[0] * np.float32(0.5) > 0 and 5e-324 * 1.0 > 0
assert softramp.relu(tiny)[0] == tiny[0] and softramp.leaky_relu(-tiny)[0] < 0
assert (np.array([1.0]) / 3 == before).all()
""", SOFTRAMP_BACKEND=backend))


# ---- Numba: compiling at the first call

COMPUTE = """
import numpy as np, softramp
from softramp.definitions import definitions, mixed
x = np.linspace(-5, 5, 1001)
expected = definitions["silu"].function(x)
"""


@pytest.mark.parametrize("delay", [0.0, 0.1, 0.3, 0.6, 1.0, 1.6])
def test_ctrl_c_during_a_first_numba_call(delay):
    """A right result or KeyboardInterrupt, never uninitialised memory; the next call works."""
    code = COMPUTE + """
import signal
y, interrupted = None, False
print("ready", flush=True)
try:
    y = softramp.silu(x)
except KeyboardInterrupt:
    interrupted = True
signal.signal(signal.SIGINT, signal.SIG_IGN)
assert (y is not None) or interrupted
assert y is None or np.allclose(y, expected, rtol=1e-14)
assert np.allclose(softramp.silu(x), expected, rtol=1e-14)
print("done")
"""
    process = subprocess.Popen([sys.executable, "-c", code], env=clean({"SOFTRAMP_BACKEND": "numba"}),
                               text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=300)
    # Between the result and the line that ignores signals there is room for an interrupt, too.
    assert out == "done\n" or ("KeyboardInterrupt" in err and "AssertionError" not in err), err


def test_a_numba_that_cannot_be_imported_gives_right_results_and_says_so_once():
    result = python("import sys; sys.modules['numba'] = None\n" + COMPUTE + """
for _ in range(3):
    assert np.allclose(softramp.silu(x), expected, rtol=1e-14)
assert np.allclose(softramp.softmax(x), definitions["softmax"].function(x), rtol=1e-14)
assert softramp.leaky_relu(-1.0, 0.5) == -0.5
""", SOFTRAMP_BACKEND="numba")
    checked(result)
    assert "numba" in result.stderr
    assert len(result.stderr.splitlines()) == 1, result.stderr


# ---- Without the C backend

TESTS = str(Path(__file__).parent)


@needs_c
def test_everything_works_without_c():
    """Threads and forks included: the thread tests once more, in a process that cannot import the kernels."""
    code = NO_C + """
import pytest
sys.exit(pytest.main([sys.argv[1] + "/test_threads.py", "-q", "-p", "no:cacheprovider",
                      "-k", "not environment and not float64"]))
"""
    out = checked(python_without_warnings(code, TESTS))
    assert " passed" in out and "c-avx" not in out


def python_without_warnings(code, *args):
    """pytest sets its own filters."""
    return subprocess.run([sys.executable, "-c", code, *args], env=clean({}), capture_output=True, text=True,
                          timeout=600, check=False)


@needs_c
def test_softramp_without_c_uses_numba_and_says_why():
    out = checked(python(NO_C + """
import numpy as np, softramp
assert softramp.backends.default() == "numba"
assert softramp.relu(np.array([-1.0, 2.0])).tolist() == [0.0, 2.0]
softramp.show_config()
"""))
    assert "why C is missing" in out


def test_show_config_of_both():
    config = softramp.show_config("dicts")
    assert config["backend"]["in use"] == backends.default()
    assert config["threads"]["number"] == softramp.get_num_threads()


@needs_c
def test_the_same_object_for_the_same_name():
    for name in public:
        assert getattr(softramp, name) is getattr(backends.load(), name)
    for name in definitions:
        assert getattr(softramp.ufuncs, name) is getattr(backends.load().ufuncs, name)
    x = np.array([-1.0, 1.0])
    assert_same_bits(softramp.relu(x), backends.load("c").relu(x))

"""Results never depend on threads, nor on who else computes, forks or limits them."""

import concurrent.futures
import os
import signal
import threading
import warnings

import numpy as np
import pytest
import threadpoolctl
from helpers import (
    arguments,
    assert_same_bits,
    checked,
    each_dtype,
    each_elementwise,
    each_namespace,
    each_row_function,
    outputs,
    of_dtypes,
    python,
    raw,
    ROWS,
)

import softramp
from softramp.definitions import definitions
from softramp.policy import GRAIN

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no threads on Windows")


def same_for_any_number_of_threads(f, *args, **keywords):
    with softramp.threads(1):
        expected = outputs(f(*args, **keywords))
    for n in (2, 3):
        with softramp.threads(n):
            assert_same_bits(outputs(f(*args, **keywords)), expected)


@each_namespace
@each_dtype
@each_elementwise
def test_elementwise(namespace, dtype, definition):
    f = raw(namespace, definition)
    for n in (2 * GRAIN - 1, 2 * GRAIN, 2 * GRAIN + 1, 5 * GRAIN + 17, 300_001):
        same_for_any_number_of_threads(f, *arguments(definition, dtype, n))
    args = arguments(definition, dtype, 3 * 70_000)
    same_for_any_number_of_threads(f, *(a[::3] for a in args))
    same_for_any_number_of_threads(f, *(a[::-1] for a in args))


@each_namespace
@each_dtype
@each_elementwise
def test_in_place(namespace, dtype, definition):
    f = raw(namespace, definition)
    expected = outputs(f(*arguments(definition, dtype, 100_000)))
    for n in (1, 2, 3):
        args = arguments(definition, dtype, 100_000)
        with softramp.threads(n):
            f(*args, out=(args[0], *(np.empty_like(a) for a in expected[1:])))
        assert_same_bits(args[0], expected[0])


@each_namespace
@each_dtype
@each_row_function
@pytest.mark.parametrize(("shape", "axis"), [
    ((20_000, 5), -1), ((40, 2000), -1), ((2, 50_001), -1), ((1, 100_000), -1), ((3, 30_000), 0),
    ((10, 100_000), 0), ((70_000, 3), 0), ((2, 300, 129), 1), ((3, 10, 40, 50), 1), ((4, 20, 30, 33), 2),
])
def test_rows_and_columns(namespace, dtype, definition, shape, axis):
    f = raw(namespace, definition)
    args = arguments(definition, dtype, (*np.delete(shape, axis), shape[axis]))
    args = [np.moveaxis(a, -1, axis).copy() if row else a for a, row in zip(args, definition.rows)]
    same_for_any_number_of_threads(f, *args, axis=axis)


# ---- Long rows: in parts, by several threads

each_row_function_and_dtype = of_dtypes(ROWS)


def first_row(results):
    return tuple(y[0] for y in outputs(results))


@each_namespace
@each_row_function_and_dtype
def test_one_long_row(namespace, definition, dtype):
    f = raw(namespace, definition)
    for n in (2 * GRAIN, 2 * GRAIN + 1, 100_000, 1_000_017):
        with np.errstate(over="ignore"):  # the sum of a gradient is beyond 16 bits
            same_for_any_number_of_threads(f, *arguments(definition, dtype, (1, n)))


@each_namespace
@each_row_function_and_dtype
def test_the_layout_of_a_long_row(namespace, definition, dtype):
    """The same bits alone, among others, in columns, strided, backwards, and in place."""
    f, is_row = raw(namespace, definition), definition.rows
    args = arguments(definition, dtype, (1, 100_001))
    expected = first_row(f(*args))

    def as_columns(x):
        return np.ascontiguousarray(x.T).T

    layouts = [
        lambda x, row: np.concatenate([x, x[:, ::-1] if row else x, x]),
        lambda x, row: as_columns(x) if row else x,
        lambda x, row: as_columns(np.concatenate([x, x, x])) if row else np.concatenate([x, x, x]),
        lambda x, row: np.repeat(x, 3, axis=1)[:, ::3] if row else x,
        lambda x, row: x[:, ::-1].copy()[:, ::-1] if row else x,
    ]
    for threads in (1, 2, 4):
        with softramp.threads(threads):
            for layout in layouts:
                laid_out = [layout(x, row) for x, row in zip(args, is_row)]
                assert_same_bits(first_row(f(*laid_out)), expected)
            if is_row[-1]:
                copies = [x.copy() for x in args]
                f(*copies, out=copies[0])
                assert_same_bits(copies[0][0], expected[0])


@each_namespace
@each_row_function_and_dtype
def test_a_long_row_with_special_values(namespace, definition, dtype):
    f = raw(namespace, definition)
    for value in (np.nan, np.inf, -np.inf):
        for place in (0, 70_000, slice(-1, None), slice(40_000, None), slice(None)):
            args = arguments(definition, dtype, (1, 100_001))
            args[0][:, place] = value
            with np.errstate(over="ignore"):
                same_for_any_number_of_threads(f, *args)


@each_namespace
@each_dtype
def test_the_maxima_of_all_parts_are_counted(namespace, dtype):
    n = 100_001
    for threads in (1, 3):
        with softramp.threads(threads):
            zeros = np.zeros((1, n), dtype)
            assert namespace.logsumexp(zeros, axis=-1) == zeros.dtype.type(np.log(n))
            assert (namespace.log_softmax(zeros) == -zeros.dtype.type(np.log(n))).all()
            assert (namespace.softmax(zeros) == zeros.dtype.type(1 / n)).all()


@each_namespace
@each_dtype
def test_long_rows_of_four_python_threads_at_once(namespace, dtype):
    cases = []
    for seed, definition in enumerate(ROWS):
        f, args = raw(namespace, definition), arguments(definition, dtype, (1, 200_003 + seed), seed)
        with softramp.threads(1):
            cases.append((f, args, outputs(f(*args))))

    def work(seed):
        with softramp.threads(3):
            for k in np.random.default_rng(seed).integers(len(cases), size=30):
                f, args, expected = cases[k]
                assert_same_bits(outputs(f(*args)), expected)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))


@each_namespace
def test_sixteen_python_threads_at_once(namespace):
    """Every function at the same time, the pool busy or not."""
    cases = []
    for definition in definitions.values():
        shape = (70, 1001) if definition.gufunc_signature else 70_007
        args = arguments(definition, "float32", shape)
        f = raw(namespace, definition)
        cases.append((f, args, outputs(f(*args))))

    def work(seed):
        rng = np.random.default_rng(seed)
        for k in rng.integers(len(cases), size=40):
            f, args, expected = cases[k]
            with softramp.threads(int(rng.integers(1, 5))):
                assert_same_bits(outputs(f(*args)), expected)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))


def fork_and_check(f, args, expected):
    """Compute in a forked child; its exit status."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12: fork beside threads
        pid = os.fork()
    if pid == 0:
        signal.alarm(60)
        status = 1
        try:
            assert_same_bits(outputs(f(*args)), expected)
            assert_same_bits(outputs(f(*args)), expected)
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@each_namespace
@pytest.mark.parametrize("name", ["sigmoid", "softmax"])
def test_forks_after_use(namespace, name):
    f = getattr(namespace, name)
    args = arguments(definitions[name], "float32", (70, 1001))
    with softramp.threads(3):
        expected = outputs(f(*args))
        assert [fork_and_check(f, args, expected) for _ in range(50)] == [0] * 50
        assert_same_bits(outputs(f(*args)), expected)


@each_namespace
def test_forks_while_another_thread_computes(namespace):
    x = np.linspace(-9, 9, 200_000, dtype=np.float32)
    expected = namespace.tanh(x)
    stop = threading.Event()

    def keep_busy():
        with softramp.threads(2):
            while not stop.is_set():
                assert_same_bits(namespace.tanh(x), expected)

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        busy = pool.submit(keep_busy)
        with softramp.threads(2):
            found = [fork_and_check(namespace.tanh, [x], (expected,)) for _ in range(20)]
        stop.set()
        busy.result()
    assert found == [0] * 20


# ---- Limits


def test_limits_nest_and_belong_to_their_thread():
    before = softramp.get_num_threads()
    with softramp.threads(3):
        assert softramp.get_num_threads() == 3
        with softramp.threads(1):
            assert softramp.get_num_threads() == 1
            with concurrent.futures.ThreadPoolExecutor(1) as other:
                assert other.submit(softramp.get_num_threads).result() == before
        assert softramp.get_num_threads() == 3
        with pytest.raises(RuntimeError, match="inside"), softramp.threads(2):
            raise RuntimeError("inside")
        assert softramp.get_num_threads() == 3
    assert softramp.get_num_threads() == before


def test_process_wide_number():
    before = softramp.get_num_threads()
    try:
        for n in (1, 2, 7, 500):
            softramp.set_num_threads(n)
            assert softramp.get_num_threads() == n
            with concurrent.futures.ThreadPoolExecutor(1) as other:
                assert other.submit(softramp.get_num_threads).result() == n
            x = np.linspace(-3, 3, 3 * GRAIN, dtype=np.float32)
            same_for_any_number_of_threads(softramp.sigmoid, x)
    finally:
        softramp.set_num_threads(before)


@pytest.mark.parametrize("set_to", [softramp.set_num_threads, lambda n: softramp.threads(n).__enter__()],
                         ids=["set_num_threads", "threads"])
def test_bad_numbers(set_to):
    before = softramp.get_num_threads()
    for bad in (0, -1):
        with pytest.raises(ValueError, match=f"at least 1, got {bad}"):
            set_to(bad)
    for bad in (1.5, "2", None):
        with pytest.raises(TypeError):
            set_to(bad)
    assert softramp.get_num_threads() == before


NUMBER = "import softramp; print(softramp.get_num_threads())"


def test_environment():
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert 1 <= int(checked(python(NUMBER, OMP_NUM_THREADS=""))) <= cores
    assert checked(python(NUMBER, OMP_NUM_THREADS="5")) == "5\n"
    assert checked(python(NUMBER, OMP_NUM_THREADS="6,2")) == "6\n"
    assert checked(python(NUMBER, SOFTRAMP_NUM_THREADS="3", OMP_NUM_THREADS="5")) == "3\n"
    for bad in ("0", "-2", "many"):
        assert 1 <= int(checked(python(NUMBER, OMP_NUM_THREADS=bad))) <= cores
        result = python(NUMBER, SOFTRAMP_NUM_THREADS=bad)
        assert result.returncode == 1
        assert f"SOFTRAMP_NUM_THREADS must be an integer from 1 to 2147483647, got '{bad}'" in result.stderr


@pytest.mark.skipif("c" not in softramp.backends.available(), reason="threadpoolctl finds a library by its file")
def test_threadpoolctl_limits_the_pool():
    softramp.backends.load("c")
    before = softramp.get_num_threads()
    (pool,) = threadpoolctl.ThreadpoolController().select(user_api="softramp").info()
    assert pool["num_threads"] == before and pool["version"] == softramp.__version__
    with threadpoolctl.threadpool_limits(before + 1, user_api="softramp"):
        assert softramp.get_num_threads() == before + 1
    assert softramp.get_num_threads() == before


@pytest.mark.parametrize("n", [2**31, 2**63, 2**64, 10**20])
def test_a_number_of_threads_that_no_machine_has_is_refused(n):
    for set_threads in (softramp.set_num_threads, lambda n: softramp.threads(n).__enter__()):
        with pytest.raises(ValueError, match="must be at most"):
            set_threads(n)
    assert "must be an integer from 1" in python("import softramp", SOFTRAMP_NUM_THREADS=str(n)).stderr

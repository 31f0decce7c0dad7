"""`softramp bench` and benchmarks/: the right cases, verified, then timed fairly."""

import importlib.util
import json
import subprocess
import re
import runpy
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import threadpoolctl

import softramp
from softramp import backends
from softramp.cli import cases, main, rivals, timing
from softramp.cli.cases import Case
from softramp.definitions import definitions
from softramp.definitions.registry import FLOATING, NARROW
from softramp.oracle import finfo

QUICKLY = ["--seconds", "0.001"]
HERE = [name for name in rivals.RIVALS if name in ("numpy", "loop") or importlib.util.find_spec(name)]


def small(**chosen):
    """A case of every function, three of those of rows."""
    layouts = [((7, 30), -1), ((30, 7), 0), ((2, 3, 4), 1)]
    return cases.product(definitions, sizes=[1000], layouts=layouts, **chosen)


def of(chosen):
    """Parametrise a test by some cases."""
    return pytest.mark.parametrize("case", chosen, ids=[case.label for case in chosen])


each_case = of(small())


@pytest.fixture(scope="module")
def found():
    return {rival.name: rival for rival in rivals.find(HERE).here}


@pytest.fixture(scope="module")
def ours():
    return rivals.Softramp()


def bench(*argv):
    return main(["bench", *argv, *QUICKLY])


# ---- Cases


@pytest.mark.parametrize("plan", [cases.star, cases.quick, cases.full])
def test_every_plan_has_every_function_once_in_each_case(plan):
    chosen = plan(definitions)
    assert {case.function for case in chosen} == set(definitions)
    assert len(set(chosen)) == len(chosen)
    assert len({case.label for case in chosen}) == len(chosen)
    assert len({(case.function, case.details) for case in chosen}) == len(chosen)


@pytest.mark.parametrize("names", [cases.ARMS, cases.COMPARED, cases.QUICK, [cases.CHANNEL_ARM]])
def test_functions_with_more_cases_exist(names):
    assert set(names) <= set(definitions)


@pytest.mark.parametrize("kind", rivals.RIVALS.values())
def test_rivals_have_functions_that_exist(kind):
    methods = {name for name, value in vars(kind).items() if callable(value) and not name.startswith("_")}
    functions = methods - vars(rivals.Contender).keys()
    assert functions and functions <= set(definitions)


def test_inputs_are_the_same_every_time():
    case = Case("softmax_backward", shape=(5, 4))
    once, again = (cases.make_data(case) for _ in range(2))
    for a, b in zip(once.operands, again.operands, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(once.operands[1].sum(axis=-1), 1, rtol=1e-6)  # y is a softmax


@of(cases.product(["leaky_relu", "sigmoid"], kinds=cases.KINDS, sizes=[1000]))
def test_kinds_of_arrays(case):
    (x,), parameters, out = cases.make_data(case)
    columns = x.shape[-1:] if case.kind == cases.CHANNEL else ()
    assert out.flags.c_contiguous and x.shape == out.shape
    assert x.flags.c_contiguous == (case.kind not in (cases.ROW_SLICED, cases.TRANSPOSED))
    assert x.flags.f_contiguous == (case.kind == cases.TRANSPOSED or x.ndim == 1)
    assert [np.shape(p) for p in parameters] == [columns] * len(case.definition.parameters)
    assert case.gives_parameters == (case.kind in (cases.SCALAR, cases.CHANNEL))
    if case.kind == cases.SUBNORMAL:
        y = abs(case.definition.function(x.astype(float), *case.parameters))
        assert (0 < y).all() and (y < np.finfo(case.dtype).tiny).all()
    else:
        plain = cases.make_data(case._replace(kind=cases.CONTIGUOUS))
        np.testing.assert_array_equal(x, plain.operands[0].reshape(x.shape))


@pytest.mark.parametrize("text, expected", [
    ("3", ((3,), -1)), ("3x4", ((3, 4), -1)), ("3x4x5@1", ((3, 4, 5), 1))])
def test_layouts(text, expected):
    assert cases.layout(text) == expected


# ---- The right answer


@of([*small(dtypes=FLOATING, new=[False, True]), *small(kinds=cases.KINDS[1:])])
def test_softramp_is_right_in_every_case(case, ours):
    data = cases.make_data(case)
    reference = cases.Reference(case, data)
    assert reference.error(ours.bind(case, data).call()) <= reference.allowed


@each_case
@pytest.mark.parametrize("name", HERE)
def test_rivals_compute_the_same_function(case, name, found):
    # Where no idiom has lost many digits: the most, 2**28 ULP, torch with a 1/6 of float32 for hard_sigmoid.
    case = case._replace(dtype="float64", sigma=0.5)
    rival = found[name]
    if rival.has(case):
        for new in (False, True):
            data = cases.make_data(case._replace(new=new))
            result = rival.read(rival.bind(case, data).call())
            assert cases.Reference(case, data).error(result) < 1e9


@of(cases.product(["relu", "leaky_relu", "prelu_backward", "sigmoid"], dtypes=NARROW, sizes=[1000]))
@pytest.mark.parametrize("name", HERE)
def test_rivals_in_16_bits(case, name, found):
    case = case._replace(sigma=0.5)
    rival = found[name]
    assert rival.has(case) == (hasattr(rival, case.function) and name != "numexpr")
    if rival.has(case):
        data = cases.make_data(case)
        assert cases.Reference(case, data).error(rival.read(rival.bind(case, data).call())) < 4


@of(cases.product(["leaky_relu", "prelu"], kinds=[cases.CHANNEL], sizes=[1000]))
@pytest.mark.parametrize("name", HERE)
def test_rivals_with_a_parameter_for_each_column(case, name, found):
    rival = found[name]
    assert rival.has(case) == (name in ("numpy", "numexpr") or (name, case.function) == ("torch", "prelu"))
    if rival.has(case):
        data = cases.make_data(case)
        assert cases.Reference(case, data).error(rival.read(rival.bind(case, data).call())) <= 1


@of(small(dtypes=FLOATING))
def test_a_small_error_is_seen(case):
    data = cases.make_data(case)
    reference = cases.Reference(case, data)
    rows_last = np.moveaxis(data.operands[0], case.axis, -1).shape
    exact = [np.moveaxis(value.reshape(rows_last), -1, case.axis) if value.ndim > 1 or not case.is_row else value
             for value in reference._exact]
    rounded = tuple(value.astype(case.dtype) for value in exact)
    wrong = tuple((value * (1 + 20 * float(finfo(case.dtype).eps))).astype(case.dtype) for value in exact)
    # NumPy rounds long double twice on its way to 16 bits. Next to a root the unit may be smaller than an
    # ULP: gelu' is 0.13 where that begins.
    assert reference.error(rounded) <= (0.501 if case.definition.bar.root is None else 1.1)
    assert reference.error(wrong) > reference.allowed


def test_large_cases_are_sampled_everywhere():
    case = Case("relu", shape=(3 * cases.SAMPLE,))
    data = cases.make_data(case)
    reference = cases.Reference(case, data)
    right = np.maximum(data.operands[0], 0)
    assert reference.error(right) == 0
    for k in range(0, case.size - 100, case.size // 10):
        wrong = right.copy()
        wrong[k:k + 100] += 1
        assert reference.error(wrong) > 1e6


def test_nothing_wrong_is_timed(ours, monkeypatch):
    monkeypatch.setattr(ours, "bind", lambda case, data: rivals.Bound(lambda: data.operands[0] * 1.001))
    result = timing.measure(Case("sigmoid"), ours, [rivals.NumPy()], 0.001)
    assert not result.correct
    assert result.error > result.promised
    assert result.seconds == [] and result.comparisons == {}


def test_wrong_results_are_an_exit_status(monkeypatch, capsys):
    right = rivals.Softramp.bind

    def bind(self, case, data):
        if case.function == "tanh":
            return rivals.Bound(lambda: data.operands[0])
        return right(self, case, data)

    monkeypatch.setattr(rivals.Softramp, "bind", bind)
    assert bench("relu", "tanh", "--size", "100", "--rival", "numpy") == 1
    shown = capsys.readouterr().out
    assert "wrong: " in shown
    assert "WRONG RESULTS" in shown and "tanh 100 float32" in shown.partition("WRONG RESULTS")[2]


# ---- Timing


def test_calls_take_turns():
    trace = []

    def call(name):
        return rivals.Bound(lambda: (trace.append(name), time.sleep(timing.SAMPLE_SECONDS)))

    times = timing.in_turns([call("ours"), call("rival")], 0)
    assert [len(samples) for samples in times] == [timing.MIN_ROUNDS] * 2
    assert trace[-2 * timing.MIN_ROUNDS:] == ["ours", "rival"] * timing.MIN_ROUNDS


def test_a_part_of_the_work_is_scaled(monkeypatch):
    monkeypatch.setattr(timing, "_time", lambda call, n: 2.0 * n)
    assert timing.in_turns([rivals.Bound(int), rivals.Bound(int, share=0.25)], 0) == [[2.0] * 5, [8.0] * 5]


def test_the_loop_does_a_thousand_elements(found):
    for case, share, shape in [
            (Case("relu"), 0.1, (1000,)), (Case("softmax", shape=(128, 128)), 7 / 128, (7, 128))]:
        call, done = found["loop"].bind(case, cases.make_data(case))
        assert done == share
        assert call().shape == shape


def test_ratios_are_of_neighbours():
    comparison = timing.Comparison([1.0, 10.0, 2.0], [2.0, 30.0, 8.0], error=65)
    assert comparison.quartiles() == (2.5, 3.0, 3.5)
    assert comparison.ratio == 3
    assert comparison.spread == pytest.approx(1 / 6)
    assert not comparison.exact_enough


def test_small_arrays_are_timed_with_a_call_of_numpys(ours):
    for case, expected in [
            (Case("relu", shape=(100,)), np.exp), (Case("leaky_relu", shape=(100,)), np.exp),
            (Case("leaky_relu", shape=(100,), kind=cases.SCALAR), lambda x: np.multiply(x, 0.01)),
            (Case("softmax", shape=(1, 10)), np.exp)]:
        data = cases.make_data(case)
        for new in (False, True):
            call = rivals.NumPyCall().bind(case._replace(new=new), data).call
            np.testing.assert_array_equal(call(), expected(data.operands[0]))
    assert not rivals.NumPyCall().has(Case("relu", shape=(10_000,)))


@pytest.mark.parametrize("backend", backends.available())
def test_16_bit_types_are_timed_with_float32(backend):
    case = Case("relu", "float16", (1000,))
    float32 = rivals.Float32().beside(rivals.Softramp(backend))
    assert float32.namespace is backends.load(backend)
    assert float32.bind(case, cases.make_data(case)).call().dtype == np.float32
    assert not float32.has(Case("relu"))


def test_what_is_no_rival_has_no_error_and_no_score(ours):
    beside = rivals.find(["numpy", *rivals.YARDSTICKS]).here
    result = timing.measure(Case("relu", "float16", (100,)), ours, beside, 0)
    assert set(result.comparisons) == {"numpy", "call", "float32"}
    assert set(result.rivals) == {"numpy"}
    assert not result.comparisons["call"].exact_enough


def test_everyone_gets_the_same_threads(found):
    with timing.equal_threads(1, found.values()):
        assert softramp.get_num_threads() == 1
        assert all(pool["num_threads"] == 1 for pool in threadpoolctl.threadpool_info())
        if "torch" in found:
            assert sys.modules["torch"].get_num_threads() == 1
        if "numexpr" in found:
            assert sys.modules["numexpr"].get_num_threads() == 1


# ---- What is printed and written


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits_and_has_no_colour_in_a_file(width, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    functions = ["relu", "relu_backward", "leaky_relu", "log_softmax", "log_softmax_backward"]
    assert bench(*functions, "--size", "100", "1_000_000", "--shape", "64x100@0",
                 "--dtype", "float16", "float32", "--rival", *HERE, *rivals.YARDSTICKS) == 0
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out
    assert max(map(len, shown.out.splitlines())) <= width
    assert all(name in shown.out for name in functions)
    assert "call: the time of np.exp" in shown.out and "float32: the time of the same case" in shown.out


def test_the_summary_compares_like_with_like(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(cases, "ARM_SIZES", (100,))
    assert bench(*cases.COMPARED, "--quick", "--rival", "numpy") == 0
    summary = capsys.readouterr().out.partition("Summary")[2]
    for name in cases.COMPARED:
        assert f"{name} against {name}" in summary
    assert "times cheaper than an exp-based sigmoid here" in summary
    assert "into a new array" in summary


def test_the_time_it_takes_is_said_before(capsys):
    assert bench("relu", "sigmoid", "--size", "100", "--rival", "numpy", "--seconds", "0.5") == 0
    assert "2 cases, about 1 second." in capsys.readouterr().out


def test_the_header_says_what_was_not_found(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "numexpr", None)
    assert bench("relu", "--size", "100", "--rival", "numpy", "numexpr") == 0
    shown = capsys.readouterr().out
    assert re.search(r"not found +numexpr \(import of numexpr halted", shown)
    assert re.search(rf"rivals +numpy {re.escape(np.__version__)}", shown)


def test_the_header_says_why_c_is_missing(monkeypatch, capsys):
    from softramp import runtime
    from softramp.cli import display

    config = softramp.show_config("dicts")
    config["backend"] |= {"why C is missing": "it was not built", "how to get C": runtime.HOW_TO_GET_C}
    monkeypatch.setattr(display, "show_config", lambda mode: config)
    assert bench("relu", "--size", "100", "--rival", "numpy") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"no C backend it was not built. To get it: {runtime.HOW_TO_GET_C}." in shown
    assert f"Get the C backend: {runtime.HOW_TO_GET_C}." in shown


def test_a_backend_that_is_missing(monkeypatch, capsys):
    def load(name=None, isa=None):
        raise ImportError("softramp has no C backend here: it was not built")

    monkeypatch.setattr(backends, "load", load)
    assert bench("relu", "--backend", "c") == 2
    assert capsys.readouterr().err.endswith("error: softramp has no C backend here: it was not built\n")


def test_quick_chooses_the_cases(capsys):
    assert bench("--quick", "--size", "100") == 2
    assert "--quick and --full choose the cases" in capsys.readouterr().err


def test_a_case_that_does_not_exist(capsys):
    assert bench("softmax", "--kind", "transposed") == 2
    assert "none of these functions has such dtypes" in capsys.readouterr().err


def test_bfloat16_needs_its_extra(capsys, monkeypatch):
    monkeypatch.setattr(cases, "dtype_of", lambda char: None)
    assert "bfloat16" not in {case.dtype for case in cases.star(definitions)}
    assert bench("relu", "--dtype", "bfloat16") == 2
    assert "pip install 'softramp[bfloat16]'" in capsys.readouterr().err


def test_an_interrupted_run_shows_what_it_has(monkeypatch, capsys):
    measure = timing.measure

    def interrupted(case, *rest):
        if case.function == "tanh":
            raise KeyboardInterrupt
        return measure(case, *rest)

    monkeypatch.setattr(timing, "measure", interrupted)
    assert bench("relu", "tanh", "--size", "100", "--rival", "numpy") == 130
    assert "relu against relu, 100 float32" in capsys.readouterr().out


def test_json_is_pytest_benchmarks(tmp_path, capsys):
    file = tmp_path / "bench.json"
    assert bench("relu", "softmax", "--size", "100", "--shape", "3x4", "--rival", "numpy", "call",
                 "--json", str(file)) == 0
    written = json.loads(file.read_text())
    assert written.keys() == {"machine_info", "commit_info", "benchmarks", "datetime", "version"}
    assert len(written["benchmarks"]) == 6
    for benchmark in written["benchmarks"]:
        assert 0 < benchmark["stats"]["min"] <= benchmark["stats"]["median"] <= benchmark["stats"]["max"]
        assert {"backend", "isa", "dtype", "kind", "threads"} <= benchmark["extra_info"].keys()
        assert ("ratio" in benchmark["extra_info"]) == ("beside" in benchmark["name"])
        assert ("ulp" in benchmark["extra_info"]) == ("call beside" not in benchmark["name"])
    compared = subprocess.run(
        [sys.executable, "-m", "pytest_benchmark", "compare", str(file)],
        cwd=tmp_path, capture_output=True, text=True, check=False)
    assert compared.returncode == 0, compared.stderr
    assert all(benchmark["name"] in compared.stdout for benchmark in written["benchmarks"])


def test_plot(tmp_path):
    pytest.importorskip("matplotlib")
    file = tmp_path / "ratios.svg"
    assert bench("relu", "--size", "100", "--rival", "numpy", "--plot", str(file)) == 0
    assert file.read_text().startswith("<?xml")


def test_the_benchmarks_folder_runs_by_itself(tmp_path):
    root = Path(__file__).parents[1]
    file = tmp_path / "benchmarks.json"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "benchmarks", "-p", "no:cacheprovider",
         "-k", "(softmax and 128x10 or silu and 10000) and not log and not backward",
         "--benchmark-max-time=0.001", "--benchmark-min-rounds=1",
         f"--benchmark-json={file}"],
        cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    measured = json.loads(file.read_text())["benchmarks"]
    assert {"softmax 128x10 float32, out=, 1 thread", "silu 10,000 float32, out=, 1 thread"} <= {
        benchmark["group"] for benchmark in measured}
    contenders = {benchmark["extra_info"]["contender"] for benchmark in measured}
    assert contenders >= {*backends.available(), "numpy"}


def test_losses_and_masks_are_measured(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["fused.py", "--seconds", "0"])
    runpy.run_path(str(Path(__file__).parents[1] / "benchmarks" / "fused.py"), run_name="__main__")
    printed = capsys.readouterr().out
    assert all(cell in printed for cell in ("cross_entropy", "hinge_loss", "masked_softmax"))

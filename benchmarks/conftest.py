"""The cases and contenders of `softramp bench`, for pytest-benchmark.

    pytest benchmarks/                                    all, a few minutes
    pytest benchmarks/ -k "sigmoid and 10000"
    pytest benchmarks/ --benchmark-autosave               then: pytest-benchmark compare

Each group is one case; in it are softramp's backends and what people use instead.
`softramp bench` times pairs in turns, which a noisy machine disturbs less; this keeps a history.
"""

import numpy as np
import pytest

from softramp import backends, show_config
from softramp.cli import cases, rivals, timing

# pytest-benchmark cannot scale the time of a loop over a part of the array.
FOUND = rivals.find([*backends.NAMES, *(name for name in rivals.RIVALS if name != "loop")])
CONTENDERS = {contender.name: contender for contender in FOUND.here}


def pytest_report_header():
    lines = [f"not found: {name} ({why})" for name, why in FOUND.missing.items()]
    return [f"contenders: {', '.join(f'{c.name} {c.version}' for c in FOUND.here)}", *lines]


def pytest_generate_tests(metafunc):
    """`case` is one of the module's CASES, by its label."""
    chosen = {case.label: case for case in metafunc.module.CASES}
    pairs = [(label, c.name) for label, case in chosen.items() for c in FOUND.here if c.has(case)]
    ids = [f"{label} {name}".replace(",", "") for label, name in pairs]
    metafunc.parametrize("label, contender", pairs, ids=ids)


@pytest.fixture
def call(benchmark, request, label, contender):
    """The call to time, verified if it is softramp's."""
    case = next(case for case in request.module.CASES if case.label == label)
    who = CONTENDERS[contender]
    data = cases.make_data(case)
    reference = cases.Reference(case, data)
    with timing.equal_threads(case.threads, [who]), np.errstate(all="ignore"):
        bound = who.bind(case, data)
        error = reference.error(who.read(bound.call()))
        if contender in backends.NAMES:
            assert error <= reference.allowed
        benchmark.group = label
        benchmark.extra_info.update(
            contender=contender, version=who.version, dtype=case.dtype, shape=case.shape, axis=case.axis,
            threads=case.threads, out=not case.new, nbytes=case.nbytes, ulp=error)
        yield bound.call


def pytest_benchmark_update_machine_info(machine_info):
    machine_info["softramp"] = show_config("dicts")

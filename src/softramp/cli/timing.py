"""How it is measured: verified first, then in turns (ours, rival, ours, rival, ...) on equal threads.

The machines are shared and noisy, so what counts is the median of the ratios of neighbours.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import threadpoolctl

from softramp import policy
from softramp.cli.cases import Case, Reference, make_data
from softramp.cli.rivals import Bound, Contender, NumPy, Softramp

SAMPLE_SECONDS = 50e-6  # a timed sample is as many calls as take this long: far above the clock's resolution
MIN_ROUNDS = 5
MAX_ULP = 64  # a rival further off does another job
UNTIMED = 100e-9  # seconds, about, for an element and a rival: making arrays, verifying, warming up


class Comparison(NamedTuple):
    """Our times and a rival's, taken in turns: seconds per call, and the rival's largest error in ULP.

    The error is NaN where it computes something else, for which it is no rival.
    """

    ours: list[float]
    rival: list[float]
    error: float

    def quartiles(self) -> tuple[float, float, float]:
        """Of the ratios rival/ours of neighbours: above 1 ours is faster."""
        first, median, third = np.quantile(np.divide(self.rival, self.ours), [0.25, 0.5, 0.75]).tolist()
        return first, median, third

    @property
    def ratio(self) -> float:
        return self.quartiles()[1]

    @property
    def spread(self) -> float:
        """Half the distance between the quartiles, relative to the median."""
        first, median, third = self.quartiles()
        return (third - first) / (2 * median)

    @property
    def exact_enough(self) -> bool:
        return self.error <= MAX_ULP

    @property
    def is_rival(self) -> bool:
        return not math.isnan(self.error)


class Result(NamedTuple):
    """All about one case with one backend. `seconds` is empty where the result was wrong."""

    case: Case
    backend: str
    isa: str
    error: float
    promised: float
    cold: float  # seconds of the first call: with Numba it compiles
    seconds: list[float]
    comparisons: dict[str, Comparison]

    @property
    def correct(self) -> bool:
        return bool(self.seconds)

    @property
    def median(self) -> float:
        return float(np.median(self.seconds))

    @property
    def rivals(self) -> dict[str, Comparison]:
        """The comparisons with what computes the same function."""
        return {name: c for name, c in self.comparisons.items() if c.is_rival}


def measure(case: Case, ours: Softramp, rivals: Iterable[Contender], seconds: float) -> Result:
    """Verify one case, then time it for about `seconds` against each rival that has it."""
    rivals = [rival.beside(ours) for rival in rivals if rival.name != ours.name and rival.has(case)]
    data = make_data(case)
    reference = Reference(case, data)
    with equal_threads(case.threads, rivals):
        bound = ours.bind(case, data)
        start = perf_counter()
        value = bound.call()
        cold = perf_counter() - start
        error = reference.error(value)
        result = Result(case, ours.name, ours.isa, error, reference.promised, cold, [], {})
        if not error <= reference.allowed:
            return result
        for rival in rivals:
            theirs = rival.bind(case, data)
            with np.errstate(all="ignore"):  # idioms overflow
                value = rival.read(theirs.call())
                error = reference.error(value) if rival.is_rival else math.nan
                ours_seconds, rival_seconds = in_turns([bound, theirs], seconds)
            result.seconds.extend(ours_seconds)
            result.comparisons[rival.name] = Comparison(ours_seconds, rival_seconds, error)
        if not rivals:
            result.seconds.extend(in_turns([bound], seconds)[0])
    return result


def expected(case: Case, rivals: Iterable[Contender], seconds: float) -> float:
    """The seconds that `measure` takes, about, if nothing has to be compiled."""
    return max(1, sum(rival.has(case) for rival in rivals)) * (seconds + case.size * UNTIMED)


def in_turns(calls: Sequence[Bound], seconds: float) -> list[list[float]]:
    """Time the calls one after the other, round after round; return the seconds per call of each."""
    loops = [_loops(bound.call) for bound in calls]
    times: list[list[float]] = [[] for _ in calls]
    with _no_gc():
        deadline = perf_counter() + seconds
        while perf_counter() < deadline or len(times[0]) < MIN_ROUNDS:
            for bound, n, samples in zip(calls, loops, times):
                samples.append(_time(bound.call, n) / n / bound.share)
    return times


def _loops(call: Callable[[], Any]) -> int:
    """How many calls make a sample; the calls made here also warm up."""
    call()
    n = 1
    while (took := _time(call, n)) < SAMPLE_SECONDS / 2:
        n *= 2
    return max(1, round(n * SAMPLE_SECONDS / took))


def _time(call: Callable[[], Any], n: int) -> float:
    start = perf_counter()
    for _ in itertools.repeat(None, n):
        call()
    return perf_counter() - start


@contextlib.contextmanager
def _no_gc() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextlib.contextmanager
def equal_threads(n: int, rivals: Iterable[Contender]) -> Iterator[None]:
    """Let softramp, the rivals and the libraries under them use `n` threads."""
    for rival in rivals:
        rival.set_threads(n)
    with policy.threads(n), threadpoolctl.threadpool_limits(n):
        yield


def relu_and_sigmoids(ours: Softramp, seconds: float) -> tuple[float, float, float]:
    """Median seconds, taken in turns, of our relu, our sigmoid and NumPy's exp-based one; 10,000 elements."""
    calls = []
    for contender, name in ((ours, "relu"), (ours, "sigmoid"), (NumPy(), "sigmoid")):
        case = Case(name)
        calls.append(contender.bind(case, make_data(case)))
    with equal_threads(1, []):
        relu, sigmoid, exp_sigmoid = (float(np.median(times)) for times in in_turns(calls, seconds))
    return relu, sigmoid, exp_sigmoid


def copy_bandwidth(threads: int) -> float:
    """Bytes per second, read and written, of the fastest copy of 64 MiB: a ceiling for what streams."""
    source = np.array_split(np.ones(2**23), threads)
    target = np.array_split(np.empty(2**23), threads)
    with ThreadPoolExecutor(threads) as pool:
        times = in_turns([Bound(lambda: list(pool.map(np.copyto, target, source)))], 0.3)[0]
    return 2 * 2**23 * 8 / min(times)

"""Results in pytest-benchmark's layout, which `pytest-benchmark compare FILE` and others read."""
# mypy: allow-untyped-calls
# pytest-benchmark has no annotations.

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from typing import Any

import pytest_benchmark
from pytest_benchmark.plugin import pytest_benchmark_generate_machine_info
from pytest_benchmark.stats import Stats
from pytest_benchmark.utils import get_commit_info, safe_dumps

from softramp.cli.timing import Result
from softramp.runtime import show_config


def to_json(results: Iterable[Result]) -> str:
    """One benchmark for softramp and one for each rival, of every case, grouped by case."""
    document = {
        "machine_info": pytest_benchmark_generate_machine_info() | {"softramp": show_config("dicts")},
        "commit_info": get_commit_info(),
        "benchmarks": [entry for result in results if result.correct for entry in _benchmarks(result)],
        "datetime": datetime.now(timezone.utc).isoformat(),
        "version": pytest_benchmark.__version__,
    }
    return str(safe_dumps(document, ensure_ascii=True, indent=1))


def _benchmarks(result: Result) -> Iterable[dict[str, Any]]:
    yield _benchmark(result, f"softramp {result.backend}", result.seconds, {
        "ulp": result.error, "promised_ulp": result.promised, "cold_seconds": result.cold})
    for name, comparison in result.comparisons.items():
        first, median, third = comparison.quartiles()
        error = {"ulp": comparison.error} if comparison.is_rival else {}
        yield _benchmark(result, f"{name} beside {result.backend}", comparison.rival, {
            **error, "ratio": median, "ratio_quartiles": [first, third]})


def _benchmark(
    result: Result, contender: str, seconds: Sequence[float], extra: dict[str, Any],
) -> dict[str, Any]:
    case = result.case
    stats = Stats()
    for time in seconds:
        stats.update(time)
    name = f"{case.label} [{contender}]"
    return {
        "group": case.label,
        "name": name,
        "fullname": f"softramp bench::{name}",
        "params": {"function": case.function, "contender": contender},
        "param": contender,
        "extra_info": {
            "backend": result.backend, "isa": result.isa, "dtype": case.dtype, "shape": case.shape,
            "axis": case.axis, "threads": case.threads, "out": not case.new, "sigma": case.sigma,
            "kind": case.kind, "nbytes": case.nbytes, **extra},
        "options": {"timer": "perf_counter", "disable_gc": True},
        "stats": stats.as_dict() | {"iterations": 1},
    }

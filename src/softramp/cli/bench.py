"""`softramp bench`: what softramp buys on this machine."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from softramp import backends
from softramp.cli import UsageError, cases, rivals
from softramp.cli.cases import Case
from softramp.definitions import definitions
from softramp.definitions.registry import FLOATING

if TYPE_CHECKING:
    from softramp.cli.timing import Result

SECONDS, QUICK_SECONDS = 0.3, 0.2
COMPILING = 1.0  # seconds, about, that Numba takes for one function and dtype
EPILOG = """\
Each case is verified, then timed in turns with each rival on equal threads. Without options, every
function is measured at float32, out=, one thread, and a few with other sizes, dtypes, threads and kinds
of arrays. An option that names one of these asks for just their combinations.

Two more columns are no rivals: "call", beside arrays of up to 1,000 elements, is a call of NumPy's own,
np.exp(x, out=); "float32", beside 16-bit types, is the same case in float32.

examples:
  softramp bench --quick                           under a minute, with a summary
  softramp bench relu sigmoid --size 100 10000     two functions at two sizes
  softramp bench softmax --shape 128x128 1000x1024@0 --threads 1 2
  softramp bench relu sigmoid --dtype float16 bfloat16
  softramp bench --size 100 --shape 1x10 --kind contiguous scalar-parameter --rival call
  softramp bench --rival torch --json here.json    then: pytest-benchmark compare here.json
  SOFTRAMP_ISA=avx2 ATEN_CPU_CAPABILITY=avx2 NPY_DISABLE_CPU_FEATURES=X86_V4 softramp bench
"""


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "bench", help="time the functions beside what people use instead",
        description="Time the functions beside NumPy's idioms, SciPy, numexpr, PyTorch and a Python loop.",
        epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("functions", nargs="*", type=cases.function_name, metavar="function", help="default: all")
    add("--quick", action="store_true", help="the best-known functions, in less than a minute")
    add("--full", action="store_true", help="the product of sizes, dtypes, threads and out=: hours")
    add("--dtype", nargs="+", choices=FLOATING, help="default: float32")
    add("--size", nargs="+", type=cases.positive, metavar="N", help="elements, for elementwise functions")
    add("--shape", nargs="+", type=cases.layout, metavar="RxC[@AXIS]", help="shapes, for functions of rows")
    add("--threads", nargs="+", type=cases.positive, metavar="N", help="default: 1")
    add("--new", action="store_true", help="let every call make its result, instead of passing out=")
    add("--sigma", nargs="+", type=cases.positive_float, metavar="S",
        help="inputs are normal(0, S^2); default: 3")
    add("--kind", nargs="+", choices=cases.KINDS, metavar="KIND",
        help=f"of arrays, for elementwise functions: {', '.join(cases.KINDS)}; default: contiguous")
    add("--backend", nargs="+", choices=backends.NAMES, help="default: the one that softramp uses")
    add("--rival", nargs="+", metavar="RIVAL", choices=[*rivals.RIVALS, *rivals.YARDSTICKS, *backends.NAMES],
        help=f"default: {', '.join(rivals.RIVALS | rivals.YARDSTICKS)}; also {' and '.join(backends.NAMES)}, "
             "softramp's own")
    add("--seconds", type=cases.positive_float, metavar="S",
        help=f"time for a case beside a rival; default: {SECONDS}, {QUICK_SECONDS} with --quick")
    add("--json", type=_output, metavar="FILE", help="write all times in pytest-benchmark's layout")
    add("--plot", type=_output, metavar="FILE", help="draw the ratios: .svg, .png, .pdf (needs matplotlib)")
    parser.set_defaults(run=run)


def _output(text: str) -> Path:
    """A file that can be written, which is known before the minutes of measuring."""
    path = Path(text)
    if not path.parent.is_dir() or path.is_dir():
        raise argparse.ArgumentTypeError(f"cannot write {text!r}")
    return path


def choose(args: argparse.Namespace) -> list[Case]:
    """The cases that the command line asks for."""
    functions = args.functions or (cases.QUICK if args.quick else list(definitions))
    asked = {"dtypes": args.dtype, "sizes": args.size, "layouts": args.shape, "threads": args.threads,
             "new": [True] if args.new else None, "sigmas": args.sigma, "kinds": args.kind}
    asked = {name: values for name, values in asked.items() if values}
    if args.quick + args.full + bool(asked) > 1:
        raise UsageError("--quick and --full choose the cases; leave out the options that do, too")
    if not set(args.dtype or ()) <= set(cases.dtypes_here()):
        raise UsageError("bfloat16 needs ml_dtypes: python -m pip install 'softramp[bfloat16]'")
    plan = cases.product if asked else cases.quick if args.quick else cases.full if args.full else cases.star
    chosen = plan(functions, **asked)
    if not chosen:
        raise UsageError("none of these functions has such dtypes and kinds of arrays")
    return chosen


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    from softramp.cli import display, export, timing

    if args.plot:
        from softramp.cli import plot

    chosen = choose(args)
    ours = [_ours(name) for name in args.backend or [None]]
    found = rivals.find(args.rival or rivals.RIVALS | rivals.YARDSTICKS)
    console = Console(highlight=False)
    ceilings = {n: timing.copy_bandwidth(n) for n in sorted({case.threads for case in chosen})}
    display.header(console, ours, found, ceilings)

    seconds = args.seconds or (QUICK_SECONDS if args.quick else SECONDS)
    jobs = [(case, one) for one in ours for case in chosen]
    compiled = {(case.function, case.dtype) for case, one in jobs if one.name == "numba"}
    total = sum(timing.expected(case, found.here, seconds) for case, _ in jobs) + COMPILING * len(compiled)
    display.plan(console, len(jobs), total)
    results, finished = _measure(jobs, found.here, seconds)
    display.table(console, results, found.here, ceilings)
    measured = {result.case.function for result in results}
    mixed = timing.relu_and_sigmoids(ours[0], seconds) if {"relu", "sigmoid"} <= measured else None
    display.summary(console, results, mixed)
    if args.json:
        args.json.write_text(export.to_json(results), encoding="utf-8")
        console.print(f"\nWritten: {args.json}", soft_wrap=True)
    if args.plot:
        plot.ratios(results, args.plot)
        console.print(f"\nWritten: {args.plot}", soft_wrap=True)
    if not finished:
        return 130
    return 0 if all(result.correct for result in results) else 1


def _ours(name: str | None) -> rivals.Softramp:
    try:
        return rivals.Softramp(name)
    except (ImportError, ValueError) as error:
        raise UsageError(str(error)) from error


def _measure(
    jobs: list[tuple[Case, rivals.Softramp]], others: list[rivals.Contender], seconds: float,
) -> tuple[list[Result], bool]:
    """All results, and whether that is all of them: Ctrl-C keeps what there is."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from softramp.cli import timing

    columns = (BarColumn(None), TimeElapsedColumn(), TextColumn("so far,"), TimeRemainingColumn(),
               TextColumn("left"), TextColumn("{task.description}"))
    results: list[Result] = []
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        expected = [timing.expected(case, others, seconds) for case, _ in jobs]
        task = progress.add_task("", total=sum(expected))
        try:
            for (case, ours), share in zip(jobs, expected):
                place = f"{len(results) + 1}/{len(jobs)}"
                progress.update(task, description=f"{place} {case.function} {case.size_label}")
                results.append(timing.measure(case, ours, others, seconds))
                progress.advance(task, share)
        except KeyboardInterrupt:
            return results, False
    return results, True

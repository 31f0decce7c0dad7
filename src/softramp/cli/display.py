"""What `softramp bench` prints: header, table, summary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from softramp.cli.cases import COMPARED, MEMORY_BOUND, Case
from softramp.cli.rivals import Contender, Found, Softramp
from softramp.cli.timing import MAX_ULP, Comparison, Result
from softramp.policy import GRAIN
from softramp.runtime import show_config

NOISE = 0.95  # a ratio above this is not slower
NAMED = 10  # cases in a sentence


def duration(seconds: float) -> str:
    """Three digits and a unit."""
    for unit, scale in (("s", 1), ("ms", 1e3), ("us", 1e6)):
        if seconds * scale >= 1:
            return f"{_three(seconds * scale)} {unit}"
    return f"{_three(seconds * 1e9)} ns"


def _three(number: float) -> str:
    return f"{number:.0f}" if number >= 99.5 else f"{number:.1f}" if number >= 9.95 else f"{number:.2f}"


def ratio(number: float) -> str:
    return f"{number:.0f}x" if number >= 9.95 else f"{number:.1f}x" if number >= 1.05 else f"{number:.2f}x"


def ulp(error: float) -> str:
    return f"{error:.1f}" if error < 99.5 else f"{error:.0e}".replace("e+0", "e").replace("e+", "e")


# ---- Header


def header(console: Console, ours: Sequence[Softramp], found: Found, ceilings: Mapping[int, float]) -> None:
    """What was measured on, by which versions, and beside what."""
    config = show_config("dicts")
    versions = config["versions"]
    missing = config["backend"].get("why C is missing")
    lines = {
        "softramp": f"{versions['softramp']}, " + ", ".join(_backend(one.name, one.isa) for one in ours),
        "no C backend": f"{missing}. To get it: {config['backend']['how to get C']}." if missing else "",
        "processor": f"{config['processor']}; {config['threads']['number']} threads "
                     f"({config['threads']['from']}); {config['system']}",
        "versions": ", ".join(f"{name} {text}" for name, text in versions.items() if name != "softramp"),
        "rivals": ", ".join(f"{rival.name} {rival.version}" for rival in found.here if rival.is_rival),
        "not found": "; ".join(f"{name} ({why})" for name, why in found.missing.items()),
        "copy rate": "; ".join(
            f"{rate / 1e9:.1f} GB/s, {n} thread{'s' * (n > 1)}" for n, rate in ceilings.items())
            + " (64 MiB, read and written)",
    }
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column()
    for name, text in lines.items():
        if text:
            grid.add_row(name, Text(text))
    console.print(grid)


def _backend(name: str, isa: str) -> str:
    return f"{name} backend ({isa})" if isa else f"{name} backend"


def plan(console: Console, jobs: int, seconds: float) -> None:
    """How long it will take."""
    number, unit = (seconds / 60, "minute") if seconds >= 100 else (seconds, "second")
    number = max(1, round(number))
    console.print(f"\n{jobs} case{'s' * (jobs > 1)}, about {number} {unit}{'s' * (number > 1)}. "
                  "Ctrl-C shows what there is by then.")


# ---- Table


def table(
    console: Console, results: Sequence[Result], contenders: Sequence[Contender],
    ceilings: Mapping[int, float],
) -> None:
    """Two lines for each case: times and ratios; below them the largest errors, in ULP."""
    if not results:
        return
    first = results[0]
    used = {name for result in results for name in result.comparisons}
    shown = [c for c in contenders if c.is_rival or c.name in used]
    names = [c.name for c in shown]
    wide = console.width >= 50 + 12 * len(names)  # a cell has room for the rival's time
    grid = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    grid.add_column("function, size", overflow="fold")
    for column in ("time", "ns/el", *names):
        grid.add_column(column, justify="right", no_wrap=True)
    for result in results:
        grid.add_row(*_row(result, first, names, ceilings, wide=wide))
    legend = [
        f"[bold]{', '.join(_facts(first).values())}[/bold], unless a case says otherwise.",
        "Rivals: their time divided by softramp's, the median of pairs; ~ if uncertain by a quarter.",
        f"Second line: largest error in ULP, ! if more than {MAX_ULP}"
        + ("; share of the copy rate." if any(r.case.nbytes >= MEMORY_BOUND for r in results) else "."),
        *(f"{c.name}: the time of {c.version}, divided likewise." for c in shown if not c.is_rival)]
    console.print("", *legend, "", sep="\n")
    console.print(grid)
    _cold(console, results)


def _facts(result: Result) -> dict[str, str]:
    case = result.case
    return {
        "dtype": case.dtype,
        "sigma": f"N(0, {case.sigma:g}\N{SUPERSCRIPT TWO})",
        "kind": case.kind,
        "out": "new array" if case.new else "out=",
        "threads": f"{case.threads} thread{'s' * (case.threads > 1)}",
        "backend": f"{result.backend} backend",
    }


def _row(
    result: Result, first: Result, rivals: Iterable[str], ceilings: Mapping[int, float], *, wide: bool,
) -> list[Text]:
    case, usual = result.case, _facts(first)
    differs = [text for fact, text in _facts(result).items() if text != usual[fact]]
    name = Text.assemble(case.function, ("\n  " + ", ".join([case.size_label, *differs]), "cyan"))
    if not result.correct:
        name.append(f"\n  wrong: {ulp(result.error)} ULP, promised {result.promised:g}", "bold red")
        return [name, Text("not\ntimed", "bold red")]
    time = Text.assemble(duration(result.median), "\n", (ulp(result.error), "dim"))
    return [name, time, _per_element(case, result.median, ceilings),
            *(_cell(result.comparisons.get(rival), result.median, wide=wide) for rival in rivals)]


def _per_element(case: Case, seconds: float, ceilings: Mapping[int, float]) -> Text:
    """Below it, where the arrays come from memory, the share of what copying reaches."""
    text = Text(_three(seconds / case.size * 1e9))
    if case.nbytes >= MEMORY_BOUND:
        text.append(f"\n{case.nbytes / seconds / ceilings[case.threads]:.0%}", "cyan")
    return text


def _cell(comparison: Comparison | None, ours: float, *, wide: bool) -> Text:
    if comparison is None:
        return Text("-", "dim")
    uncertain = "~" if comparison.spread > 0.25 else ""
    time = f"\n{duration(comparison.ratio * ours)}" if wide else "\n"
    if not comparison.is_rival:
        return Text.assemble(uncertain + ratio(comparison.ratio), (time, "dim"))
    exact = comparison.exact_enough
    style = "" if NOISE <= comparison.ratio < 1 / NOISE else "red" if comparison.ratio < 1 else "green"
    return Text.assemble(
        (uncertain + ratio(comparison.ratio), style if exact else "dim"),
        (f"{time} " if wide else time, "dim"),
        (ulp(comparison.error), "dim"), ("" if exact else "!", "bold yellow"))


def _cold(console: Console, results: Sequence[Result]) -> None:
    """First calls are not in the times above."""
    slowest = max(results, key=lambda result: result.cold - (result.median if result.correct else 0))
    total = duration(sum(result.cold for result in results))
    console.print(f"\nFirst calls (not in the times): {total} in all, at most {duration(slowest.cold)} "
                  f"({slowest.case.function} {slowest.case.size_label}).")


# ---- Summary


def summary(
    console: Console, results: Sequence[Result], mixed: tuple[float, float, float] | None,
) -> None:
    """What it means, in sentences."""
    timed = [result for result in results if result.correct]
    firsts = (next((r for r in timed if r.case.function == name), None) for name in COMPARED)
    lines = [_against_all(result) for result in firsts if result and result.rivals]
    if mixed:
        relu, sigmoid, exp_sigmoid = mixed
        lines.append(f"relu is {exp_sigmoid / relu:.1f} times cheaper than an exp-based sigmoid here: "
                     f"{duration(relu)} against {duration(exp_sigmoid)} for 1/(1+np.exp(-x)), 10,000 "
                     f"float32. softramp's own sigmoid: {duration(sigmoid)}.")
    lines.append(_score(timed))
    _section(console, "Summary", lines)
    _section(console, "What to do next", _advice(timed))
    wrong = [result for result in results if not result.correct]
    named = [f"{result.case.label} ({_backend(result.backend, result.isa)})" for result in wrong]
    _section(console, "WRONG RESULTS, not timed", named)


def _section(console: Console, title: str, lines: Iterable[str]) -> None:
    grid = Table.grid(padding=(0, 1))
    for line in filter(None, lines):
        grid.add_row("-", Text(line))
    if grid.row_count:
        console.print(f"\n[bold]{title}[/bold]")
        console.print(grid)


def _against_all(result: Result) -> str:
    case = result.case
    times = [f"softramp {duration(result.median)}"]
    times += [_time(name, comparison, result.median) for name, comparison in result.rivals.items()]
    return f"{case.function} against {case.function}, {case.size_label} {case.dtype}: {', '.join(times)}."


def _time(name: str, comparison: Comparison, ours: float) -> str:
    off = "" if comparison.exact_enough else f", {ulp(comparison.error)} ULP off"
    return f"{name} {duration(comparison.ratio * ours)} ({ratio(comparison.ratio)}{off})"


def _score(results: Sequence[Result]) -> str:
    """Against the best rival of each case, among those that do the same job."""
    best = [
        (min(rivals, key=lambda pair: pair[1].ratio), result) for result in results
        if (rivals := [(name, c) for name, c in result.comparisons.items() if c.exact_enough])]
    if not best:
        return ""
    several = len({result.backend for result in results}) > 1
    slower = sorted((pair for pair in best if pair[0][1].ratio < NOISE), key=lambda pair: pair[0][1].ratio)
    behind = [f"{result.case.function} {result.case.details}{f' {result.backend}' if several else ''} "
              f"({name} {ratio(comparison.ratio)})" for (name, comparison), result in slower[:NAMED]]
    text = (f"softramp is at least as fast as every rival within {MAX_ULP} ULP in "
            f"{len(best) - len(slower)} of {len(best)} cases")
    if not slower:
        return f"{text}."
    return f"{text}; behind{', most' if len(slower) > NAMED else ''} in {'; '.join(behind)}."


def _advice(results: Sequence[Result]) -> list[str]:
    config = show_config("dicts")
    lines = []
    medians = {result.case: result.median for result in results}
    for case in sorted(medians, key=lambda case: -case.size):
        reused = case._replace(new=False)
        if case.new and reused in medians:
            lines.append(f"Pass out= where you can: {case.function} of {case.size_label} takes "
                         f"{medians[case] / medians[reused]:.1f} times as long into a new array.")
            break
    threads = config["threads"]["number"]
    if threads > 1 and all(result.case.threads == 1 for result in results):
        lines.append(f"These are times of one thread. Elsewhere a call of {2 * GRAIN:,} elements and more "
                     f"uses {threads} threads here: --threads {threads} shows that.")
    if "why C is missing" in config["backend"]:
        lines.append(f"Get the C backend: {config['backend']['how to get C']}.")
    lines.append("softramp bench without --quick measures more; --json FILE keeps it, and "
                 "pytest-benchmark compare shows what changed.")
    return lines

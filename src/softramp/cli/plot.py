"""The ratios of a run as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from softramp.cli.display import ratio
from softramp.cli.timing import Result


def ratios(results: Sequence[Result], path: Path) -> None:
    """Draw one bar for each case and rival: how many times softramp's time the rival takes."""
    results = [result for result in results if result.rivals]
    rivals = list(dict.fromkeys(name for result in results for name in result.rivals))
    height = 0.8 / max(1, len(rivals))
    figure = Figure(figsize=(8, 1.5 + 0.17 * len(results) * len(rivals)), layout="constrained")
    axes = figure.subplots()
    for k, rival in enumerate(rivals):
        found = [(i, r.rivals[rival].ratio) for i, r in enumerate(results) if rival in r.rivals]
        places = [i - 0.4 + (k + 0.5) * height for i, _ in found]
        bars = axes.barh(places, [value - 1 for _, value in found], height, left=1, label=rival)
        axes.bar_label(bars, [ratio(value) for _, value in found], padding=2, fontsize="x-small")
    axes.set_xscale("log")
    axes.margins(x=0.1, y=0.01)
    axes.invert_yaxis()
    axes.axvline(1, color="black", linewidth=1)
    axes.set_yticks(range(len(results)), [result.case.label for result in results], fontsize="small")
    axes.set_xlabel("the rival's time / softramp's: above 1 softramp is faster")
    if rivals:
        figure.legend(loc="outside upper center", ncols=len(rivals), fontsize="small")
    figure.savefig(path)

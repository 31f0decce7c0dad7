"""Write the tables of README.md:  python docs/generate.py

A table stands between <!-- table NAME ARGUMENTS --> and <!-- end -->. The function table is made from
the definitions and the composites, the benchmark table from a file that `softramp bench --json` wrote.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import softramp
from softramp.aliases import ALIASES
from softramp.cli import cases
from softramp.cli.display import duration, ratio, ulp
from softramp.cli.rivals import RIVALS
from softramp.cli.timing import MAX_ULP
from softramp.composites import composites, promises, public
from softramp.definitions import Bar, definitions

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"


def functions() -> Iterator[str]:
    yield "| function | value | ULP, float32 | ULP, float64 |"
    yield "| --- | --- | --- | --- |"
    for name in public:
        definition = promises[name] if name in promises else definitions.get(name)
        doc = inspect.getdoc(composites[name]) if name in composites else definitions[name].doc
        also = "".join(f", also `{alias}`" for alias, target in ALIASES.items() if target == name)
        summary = doc.partition("\n")[0].replace("``", "`")
        errors = bounds(definition.bar) if definition else ["0", "0"] if name in promises else ["", ""]
        yield f"| `{call(name)}`{also} | {summary} | {' | '.join(errors)} |"


def call(name: str) -> str:
    """As users write it: operands, then parameters with their defaults."""
    parameters = inspect.signature(getattr(softramp, name)).parameters.values()
    shown = [p for p in parameters if p.name not in ("out", "where", "dtype", "kwargs")]
    return name + re.sub(r", /|/, ", "", str(inspect.Signature(shown)))


def bounds(bar: Bar) -> list[str]:
    root = "" if bar.root is None else f" (near {bar.root:.4g} absolute: see `help`)"
    return [f"{error:g}{root}" for error in (bar.float32, bar.float64)]


def benchmark(path: str) -> Iterator[str]:
    """A line for each case of --quick and backend: softramp's time and error, then what the rivals take."""
    report = json.loads((ROOT / path).read_text(encoding="utf-8"))
    quick = {case.label: case for case in cases.quick(cases.QUICK)}
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for one in report["benchmarks"]:
        contender = one["params"]["contender"].partition(" ")[0]  # "softramp c", "numpy beside c"
        if one["group"] in quick:
            lines.setdefault((one["group"], one["extra_info"]["backend"]), {})[contender] = one
    rivals = [rival for rival in RIVALS if any(rival in line for line in lines.values())]
    config = report["machine_info"]["softramp"]
    versions = ", ".join(f"{name} {version}" for name, version in config["versions"].items())
    yield (f"{config['processor']}, {config['instruction set']['in use']}; {versions}. float32, `out=`, one "
           "thread, inputs and gradients normal(0, 3^2), unless said. ULP: the largest error, of gradients too "
           "with their random g, where the promise is for g = 1. Rivals: their time over softramp's, "
           "the median of paired runs; in brackets their largest error, where it is more than "
           f"{MAX_ULP} ULP.")
    yield ""
    yield f"| function | size | backend | softramp | ULP | {' | '.join(rivals)} |"
    yield "| --- | --- | --- | ---: | ---: |" + " ---: |" * len(rivals)
    for (group, backend), line in lines.items():
        ours, case = line["softramp"], quick[group]
        cells = [duration(ours["stats"]["median"]), ulp(ours["extra_info"]["ulp"])]
        cells += [beside(line[rival]["extra_info"]) if rival in line else "" for rival in rivals]
        yield f"| `{case.function}` | {case.details} | {backend} | {' | '.join(cells)} |"


def beside(rival: dict[str, Any]) -> str:
    return ratio(rival["ratio"]) + (f" ({ulp(rival['ulp'])})" if rival["ulp"] > MAX_ULP else "")


TABLES: dict[str, Callable[..., Iterator[str]]] = {"functions": functions, "benchmark": benchmark}


def render(text: str) -> str:
    """The text with every table in it made anew."""

    def table(found: re.Match[str]) -> str:
        name, *arguments = found[1].split()
        return "\n".join([f"<!-- table {found[1]} -->", *TABLES[name](*arguments), "<!-- end -->"])

    return re.sub(r"<!-- table (.+?) -->\n.*?<!-- end -->", table, text, flags=re.DOTALL)


if __name__ == "__main__":
    README.write_text(render(README.read_text(encoding="utf-8")), encoding="utf-8")

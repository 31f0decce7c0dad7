"""Losses with their gradients, and softmax of what a mask leaves, against what people write instead.

    python benchmarks/fused.py                 on one thread
    python benchmarks/fused.py --threads 2

These are no cases of `softramp bench`, whose operands all have the dtype of the case. What is printed is the
median of the ratios rival/ours of calls in turns: above 1 softramp is faster. torch is measured where it is
installed; its backward pass is part of the call.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from softramp import backends
from softramp.cli.display import duration, ratio
from softramp.cli.rivals import Bound
from softramp.cli.timing import Comparison, equal_threads, in_turns

try:
    import torch
except ImportError:
    torch = None

SHAPES = ((128, 10), (128, 1000), (64, 50257))
MASKED = ((1024, 1000), (8, 128, 128))
Calls = dict[str, Callable[[], Any]]  # by contender; each returns the gradient, or the probabilities


def cross_entropy(shape: tuple[int, ...], backend: Any) -> Calls:
    logits, labels = _rows(shape)
    out, rows = np.empty_like(logits), np.arange(len(labels))

    def numpy() -> Any:
        z = logits - logits.max(axis=1, keepdims=True)
        e = np.exp(z)
        total = e.sum(axis=1, keepdims=True)
        (np.log(total[:, 0]) - z[rows, labels]).mean()
        gradient = e / total
        gradient[rows, labels] -= 1
        return gradient / len(rows)

    ours = lambda: backend.cross_entropy_with_grad(logits, labels, out=out)[1]  # noqa: E731
    return {"ours": ours, "numpy": numpy} | _torch("cross_entropy", logits, labels)


def hinge_loss(shape: tuple[int, ...], backend: Any) -> Calls:
    scores, labels = _rows(shape)
    out, rows = np.empty_like(scores), np.arange(len(labels))

    def numpy() -> Any:
        others = scores.copy()
        others[rows, labels] = -np.inf
        runner_up = others.argmax(axis=1)
        loss = np.maximum(1 + others[rows, runner_up] - scores[rows, labels], 0)
        loss.mean()
        gradient = np.zeros_like(scores)
        gradient[rows, runner_up] = loss > 0
        gradient[rows, labels] = -1.0 * (loss > 0)
        return gradient / len(rows)

    ours = lambda: backend.hinge_loss_with_grad(scores, labels, out=out)[1]  # noqa: E731
    return {"ours": ours, "numpy": numpy}


def masked_softmax(shape: tuple[int, ...], backend: Any) -> Calls:
    x = np.random.default_rng(0).normal(0, 3, shape).astype(np.float32)
    mask = np.random.default_rng(1).random(shape[-2:]) < 0.7
    mask[:, 0] = True

    def numpy() -> Any:
        z = np.where(mask, x, -np.inf)
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    calls: Calls = {"ours": lambda: backend.softmax(x, where=mask), "numpy": numpy}
    if torch:
        tensor, hidden = torch.from_numpy(x), torch.from_numpy(~mask)
        calls["torch"] = lambda: tensor.masked_fill(hidden, -torch.inf).softmax(-1).numpy()
    return calls


def _rows(shape: tuple[int, ...]) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    return rng.normal(0, 3, shape).astype(np.float32), rng.integers(0, shape[1], shape[0])


def _torch(name: str, x: Any, labels: Any) -> Calls:
    if not torch:
        return {}
    function = getattr(torch.nn.functional, name)
    tensor, target = torch.from_numpy(x).requires_grad_(), torch.from_numpy(labels)

    def call() -> Any:
        tensor.grad = None
        function(tensor, target).backward()
        return tensor.grad.numpy()

    return {"torch": call}


def measure(seconds: float, threads: int) -> Iterator[list[str]]:
    """One line of the table for each cell."""
    cells = [(cross_entropy, shape) for shape in SHAPES] + [(hinge_loss, shape) for shape in SHAPES]
    cells += [(masked_softmax, shape) for shape in MASKED]
    for cell, shape in track(cells, console=Console(stderr=True), transient=True):
        for name in backends.available():
            calls = cell(shape, backends.load(name))
            ours, results = calls.pop("ours"), {}
            for rival, call in calls.items():
                np.testing.assert_allclose(ours(), call(), rtol=1e-3, atol=1e-6, err_msg=rival)
                results[rival] = Comparison(*in_turns([Bound(ours), Bound(call)], seconds), 0.0)
            median = float(np.median(np.concatenate([c.ours for c in results.values()])))
            ratios = [ratio(results[rival].ratio) if rival in results else "" for rival in ("numpy", "torch")]
            size = "x".join(map(str, shape))
            yield [cell.__name__, size, name, str(threads), duration(median), *ratios]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=0.5, help="for each pair; default: 0.5")
    parser.add_argument("--threads", type=int, default=1, help="default: 1")
    args = parser.parse_args()
    table = Table()
    for heading in ("cell", "shape", "backend", "threads", "time", "numpy", "torch"):
        table.add_column(heading, justify="right" if heading in ("time", "numpy", "torch") else "left")
    if torch:
        torch.set_num_threads(args.threads)
    with equal_threads(args.threads, []):
        for line in measure(args.seconds, args.threads):
            table.add_row(*line)
    Console(width=None if Console().is_terminal else 100).print(table)


if __name__ == "__main__":
    main()

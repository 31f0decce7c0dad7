"""Run and differentiate a scikit-learn network with softramp, and compare.

    python examples/digits.py

Trains MLPClassifier on the handwritten digits that ship with scikit-learn, with relu and with the
logistic function, in float32 and in float64. Then softramp takes the trained weights, predicts, and
computes the gradient of the loss. Exits with 1 if it does not get what scikit-learn gets.
"""

from __future__ import annotations

import inspect
import sys
import timeit
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

import softramp

ACTIVATIONS = {
    "relu": (softramp.relu, softramp.relu_backward),
    "logistic": (softramp.sigmoid, softramp.sigmoid_backward),
}
TOLERANCES = {"float32": 1e-6, "float64": 1e-12}  # of the largest difference, over the largest entry


class Network:
    """Layers x @ w + b, an activation after all but the last, softmax after the last."""

    def __init__(self, model: MLPClassifier) -> None:
        self.weights, self.biases = model.coefs_, model.intercepts_
        self.activation, self.activation_backward = ACTIVATIONS[model.activation]
        self.penalty = model.alpha  # on the squared weights

    def forward(self, x: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return each layer's input, and each layer's output before the activation."""
        inputs, outputs = [], []
        for w, b in zip(self.weights, self.biases, strict=True):
            inputs.append(self.activation(outputs[-1]) if outputs else x)
            outputs.append(inputs[-1] @ w)
            outputs[-1] += b
        return inputs, outputs

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        _, outputs = self.forward(x)
        return softramp.softmax(outputs[-1])

    def gradient(self, x: np.ndarray, onehot: np.ndarray) -> np.ndarray:
        """Return the gradient of the mean of -sum(onehot * log_softmax) and of the penalty, flat."""
        inputs, outputs = self.forward(x)
        g = softramp.log_softmax_backward(-onehot, softramp.log_softmax(outputs[-1]))
        weights, biases = [], []
        for layer in reversed(range(len(self.weights))):
            weights.insert(0, inputs[layer].T @ g + self.penalty * self.weights[layer])
            biases.insert(0, g.sum(axis=0))
            if layer:
                g = g @ self.weights[layer].T
                self.activation_backward(g, outputs[layer - 1], out=g)
        return flat(weights + biases) / len(x)


def flat(arrays: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([a.ravel() for a in arrays])


def sklearn_gradient(model: MLPClassifier, x: np.ndarray, onehot: np.ndarray) -> np.ndarray:
    """Return the same from scikit-learn, by a private method."""
    n = len(model.coefs_)
    _, weights, biases = model._backprop(
        X=x, y=onehot, sample_weight=None, activations=[x] + [None] * n, deltas=[None] * n,
        coef_grads=[None] * n, intercept_grads=[None] * n)
    return flat(weights + biases)


def sklearn_has_gradient() -> bool:
    """Whether the private method is there, as sklearn_gradient() calls it."""
    expected = ["self", "X", "y", "sample_weight", "activations", "deltas", "coef_grads", "intercept_grads"]
    method = getattr(MLPClassifier, "_backprop", None)
    return method is not None and list(inspect.signature(method).parameters) == expected


def compare(activation: str, dtype: str) -> Iterator[tuple[str, Callable[[], Any], Callable[[], Any]]]:
    """Yield what is compared, how scikit-learn computes it, and how softramp does."""
    digits = load_digits()
    x, onehot = (digits.data / 16).astype(dtype), np.eye(10, dtype=dtype)[digits.target]
    model = MLPClassifier(activation=activation, learning_rate_init=0.01, early_stopping=True,
                          n_iter_no_change=2, random_state=0).fit(x, digits.target)
    network = Network(model)
    yield "predict_proba", lambda: model.predict_proba(x), lambda: network.predict_proba(x)
    if sklearn_has_gradient():
        yield "gradient", lambda: sklearn_gradient(model, x, onehot), lambda: network.gradient(x, onehot)
    else:
        print("gradient skipped: this scikit-learn has no MLPClassifier._backprop as expected here")


def milliseconds(function: Callable[[], Any]) -> float:
    return 1e3 * min(timeit.repeat(function, number=1, repeat=20))


def main() -> int:
    missed = 0
    print(f"{'':33}difference  scikit-learn   softramp")
    for activation in ACTIVATIONS:
        for dtype, tolerance in TOLERANCES.items():
            for what, theirs, ours in compare(activation, dtype):
                a, b = ours(), theirs()
                error = np.max(np.abs(a - b)) / np.max(np.abs(b))
                met = a.dtype == b.dtype == dtype and error <= tolerance
                missed += not met
                print(f"{activation:10}{dtype:9}{what:14}{error:10.1e}{milliseconds(theirs):11.2f} ms"
                      f"{milliseconds(ours):8.2f} ms{'' if met else f'  MORE THAN {tolerance:g}'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

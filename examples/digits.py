"""Train a network with softramp; run and differentiate one of scikit-learn, and compare.

    python examples/digits.py

First NumPy and softramp alone train a network on handwritten digits, by stochastic gradient descent: as a
classifier with cross-entropy, and as a support vector machine with the hinge loss. Prints the share of unseen
digits that they recognise.

Then scikit-learn trains its MLPClassifier on them, with relu and with the logistic function, in float32 and
in float64, and softramp takes the trained weights, predicts, and computes the gradient of the loss. Exits
with 1 if it does not get what scikit-learn gets, or recognises too few digits.
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
LOSSES = {"cross-entropy": softramp.cross_entropy_with_grad, "hinge loss": softramp.hinge_loss_with_grad}
ACCURACY = 0.95
TOLERANCES = {"float32": 1e-6, "float64": 1e-12}  # of the largest difference, over the largest entry


class Classifier:
    """Two layers with relu between them."""

    def __init__(self, rng: np.random.Generator, pixels: int, hidden: int, classes: int) -> None:
        shapes = [(pixels, hidden), (hidden, classes)]
        self.weights = [rng.normal(0, (2 / n) ** 0.5, (n, m)).astype(np.float32) for n, m in shapes]
        self.biases = [np.zeros(m, np.float32) for _, m in shapes]

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the hidden layer before relu, and the scores of the classes."""
        hidden = x @ self.weights[0] + self.biases[0]
        return hidden, softramp.relu(hidden) @ self.weights[1] + self.biases[1]

    def step(
        self, x: np.ndarray, labels: np.ndarray, loss_with_grad: Callable[..., Any], rate: float
    ) -> None:
        """Go down the gradient of the mean loss; it takes the place of the scores."""
        hidden, scores = self.forward(x)
        _, g = loss_with_grad(scores, labels, out=scores)
        g_hidden = softramp.relu_backward(g @ self.weights[1].T, hidden)
        for layer, (inputs, slope) in enumerate([(x, g_hidden), (softramp.relu(hidden), g)]):
            self.weights[layer] -= rate * inputs.T @ slope
            self.biases[layer] -= rate * slope.sum(axis=0)

    def accuracy(self, x: np.ndarray, labels: np.ndarray) -> float:
        return float(np.mean(self.forward(x)[1].argmax(axis=1) == labels))


def train(loss_with_grad: Callable[..., Any], epochs: int = 30, batch: int = 32, rate: float = 0.1) -> float:
    """Train on three quarters of the digits; return the accuracy on the others."""
    digits, rng = load_digits(), np.random.default_rng(0)
    order = rng.permutation(len(digits.data))
    x, labels = (digits.data[order] / 16).astype(np.float32), digits.target[order]
    n = len(x) * 3 // 4
    classifier = Classifier(rng, x.shape[1], 64, 10)
    for _ in range(epochs):
        for rows in np.array_split(rng.permutation(n), n // batch):
            classifier.step(x[rows], labels[rows], loss_with_grad, rate)
    return classifier.accuracy(x[n:], labels[n:])


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
    for loss, loss_with_grad in LOSSES.items():
        accuracy = train(loss_with_grad)
        missed += accuracy < ACCURACY
        verdict = "" if accuracy >= ACCURACY else f", LESS THAN {ACCURACY:.0%}"
        print(f"{loss:14}{accuracy:7.2%} of unseen digits{verdict}")
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

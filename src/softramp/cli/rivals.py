"""Who is measured: softramp's backends, and what people use instead, written as they write it.

A method of a contender, named as the function is in softramp, takes the arrays and returns the call
to time. So what its users do once (making tensors, parsing an expression) is not timed.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from softramp import backends
from softramp.cli.cases import CHANNEL, SUBNORMAL, Case, Data, make_data
from softramp.composites import promises, public
from softramp.definitions.registry import FLOATING, NARROW

Call = Callable[[], Any]

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


class Bound(NamedTuple):
    """A call to time; `share` is the part of the case's work that it does."""

    call: Call
    share: float = 1.0


class Contender:
    """Something that has some of the functions."""

    name: str
    version: str
    dtypes: tuple[str, ...] = FLOATING
    is_rival = True  # computes the same function

    def beside(self, ours: Softramp) -> Contender:
        """The one to compare with that backend of ours."""
        return self

    def set_threads(self, n: int) -> None:
        """Use as many threads as softramp does, if it has any."""

    def convert(self, array: np.ndarray[Any, Any]) -> Any:
        return array

    def read(self, result: Any) -> Any:
        """What NumPy can read, of what a call returns."""
        return result

    def has(self, case: Case) -> bool:
        has_kind = case.kind != CHANNEL or self.takes_channels(case.function)
        return hasattr(self, case.function) and case.dtype in self.dtypes and has_kind

    def takes_channels(self, function: str) -> bool:
        """Whether a parameter may be an array."""
        return False

    def bind(self, case: Case, data: Data) -> Bound:
        """The call to time, of a case that it has."""
        out: Any = data.out
        if isinstance(out, tuple):
            out = tuple(map(self.convert, out))
        elif out is not None:
            out = self.convert(out)
        keywords = {"axis": case.axis} if case.is_row else {}
        operands = map(self.convert, data.operands)
        return Bound(getattr(self, case.function)(*operands, *data.parameters, out=out, **keywords))


class Softramp(Contender):
    """The public functions of one backend."""

    def __init__(self, backend: str | None = None) -> None:
        self.namespace = backends.load(backend)
        self.name = self.namespace.name
        self.isa = self.namespace.isa
        self.version = self.isa

    def has(self, case: Case) -> bool:
        return case.exists

    def bind(self, case: Case, data: Data) -> Bound:
        is_public = case.function in public and (case.is_row or case.function not in promises)
        function = getattr(self.namespace if is_public else self.namespace.ufuncs, case.function)
        parameters = data.parameters if case.gives_parameters else []
        keywords: dict[str, Any] = {} if data.out is None else {"out": data.out}
        if case.is_row:
            keywords["axis"] = case.axis
        return Bound(partial(function, *data.operands, *parameters, **keywords))


class NumPy(Contender):
    """The idioms of NumPy's users. With bfloat16 some of them give float32: a Python float makes it that."""

    name = "numpy"
    version = np.__version__

    def takes_channels(self, function: str) -> bool:
        return True

    def relu(self, x: Any, *, out: Any) -> Call:
        return lambda: np.maximum(x, 0, out=out)

    def relu_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return lambda: np.multiply(g, x > 0, out=out)

    def leaky_relu(self, x: Any, slope: float, *, out: Any) -> Call:
        return lambda: np.where(x < 0, slope * x, x)

    def leaky_relu_backward(self, g: Any, x: Any, slope: float, *, out: Any) -> Call:
        return lambda: np.where(x > 0, g, slope * g)

    prelu = leaky_relu

    def prelu_backward(self, g: Any, x: Any, weight: float, *, out: Any) -> Call:
        return lambda: (np.where(x > 0, g, weight * g), np.sum(np.where(x > 0, 0, x * g)))

    def elu(self, x: Any, alpha: float, *, out: Any) -> Call:
        return lambda: np.where(x > 0, x, alpha * np.expm1(x))

    def elu_backward(self, g: Any, x: Any, alpha: float, *, out: Any) -> Call:
        return lambda: g * np.where(x > 0, 1, alpha * np.exp(x))

    def sigmoid(self, x: Any, *, out: Any) -> Call:
        return lambda: 1 / (1 + np.exp(-x))

    def sigmoid_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        def call() -> Any:
            s = 1 / (1 + np.exp(-x))
            return g * s * (1 - s)

        return call

    def softplus(self, x: Any, beta: float, *, out: Any) -> Call:
        return lambda: np.logaddexp(0, beta * x) / beta

    def softplus_backward(self, g: Any, x: Any, beta: float, *, out: Any) -> Call:
        return lambda: g / (1 + np.exp(-beta * x))

    def softplus_backward_from_output(self, g: Any, y: Any, beta: float, *, out: Any) -> Call:
        return lambda: g * (1 - np.exp(-beta * y))

    def log_sigmoid(self, x: Any, *, out: Any) -> Call:
        return lambda: -np.logaddexp(0, -x)

    def log_sigmoid_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return lambda: g / (1 + np.exp(x))

    def logit(self, x: Any, *, out: Any) -> Call:
        return lambda: np.log(x / (1 - x))

    def logit_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return lambda: g / (x * (1 - x))

    def mish(self, x: Any, *, out: Any) -> Call:
        return lambda: x * np.tanh(np.logaddexp(0, x))

    def mish_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        def call() -> Any:
            w = np.tanh(np.logaddexp(0, x))
            return g * (w + x * (1 - w * w) / (1 + np.exp(-x)))

        return call

    def tanhshrink(self, x: Any, *, out: Any) -> Call:
        return lambda: x - np.tanh(x)

    def tanhshrink_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return lambda: g * np.tanh(x) ** 2

    def tanh(self, x: Any, *, out: Any) -> Call:
        return lambda: np.tanh(x, out=out)

    def tanh_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return lambda: g * (1 - np.tanh(x) ** 2)

    def silu(self, x: Any, *, out: Any) -> Call:
        return lambda: x / (1 + np.exp(-x))

    def silu_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        def call() -> Any:
            s = 1 / (1 + np.exp(-x))
            return g * (s * (1 + x * (1 - s)))

        return call

    def relu_backward_from_output(self, g: Any, y: Any, *, out: Any) -> Call:
        return lambda: np.multiply(g, y > 0, out=out)

    leaky_relu_backward_from_output = leaky_relu_backward

    def threshold(self, x: Any, threshold: float, value: float, *, out: Any) -> Call:
        return lambda: np.where(x > threshold, x, value)

    def threshold_backward(self, g: Any, x: Any, threshold: float, value: float, *, out: Any) -> Call:
        return lambda: np.multiply(g, x > threshold, out=out)

    def hardshrink(self, x: Any, lambd: float, *, out: Any) -> Call:
        return lambda: np.where(np.abs(x) > lambd, x, 0)

    def hardshrink_backward(self, g: Any, x: Any, lambd: float, *, out: Any) -> Call:
        return lambda: np.multiply(g, np.abs(x) > lambd, out=out)

    def softshrink(self, x: Any, lambd: float, *, out: Any) -> Call:
        return lambda: np.sign(x) * np.maximum(np.abs(x) - lambd, 0)

    softshrink_backward = hardshrink_backward

    def relu6(self, x: Any, *, out: Any) -> Call:
        return lambda: np.clip(x, 0, 6, out=out)

    def relu6_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return self.hardtanh_backward(g, x, 0, 6, out=out)

    def hardtanh(self, x: Any, min_val: float, max_val: float, *, out: Any) -> Call:
        return lambda: np.clip(x, min_val, max_val, out=out)

    def hardtanh_backward(self, g: Any, x: Any, min_val: float, max_val: float, *, out: Any) -> Call:
        return lambda: np.multiply(g, (x > min_val) & (x < max_val), out=out)

    def clipped_linear(
        self, x: Any, slope: float, offset: float, min_val: float, max_val: float, *, out: Any
    ) -> Call:
        return lambda: np.clip(slope * x + offset, min_val, max_val, out=out)

    def clipped_linear_backward(
        self, g: Any, x: Any, slope: float, offset: float, min_val: float, max_val: float, *, out: Any
    ) -> Call:
        def call() -> Any:
            y = slope * x + offset
            return slope * g * ((y > min_val) & (y < max_val))

        return call

    def hard_sigmoid(self, x: Any, *, out: Any) -> Call:
        return lambda: np.clip(x / 6 + 0.5, 0, 1, out=out)

    def hard_sigmoid_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return lambda: np.where(np.abs(x) < 3, g / 6, 0)

    def hard_swish(self, x: Any, *, out: Any) -> Call:
        return lambda: x * np.clip(x + 3, 0, 6) / 6

    def hard_swish_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return lambda: g * np.where(x < -3, 0, np.where(x > 3, 1, x / 3 + 0.5))

    def sparse_plus(self, x: Any, *, out: Any) -> Call:
        return lambda: np.where(x <= -1, 0, np.where(x >= 1, x, (x + 1) ** 2 / 4))

    def sparse_plus_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return lambda: g * np.clip((x + 1) / 2, 0, 1)

    def sparse_sigmoid(self, x: Any, *, out: Any) -> Call:
        return lambda: np.clip((x + 1) / 2, 0, 1, out=out)

    def sparse_sigmoid_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return lambda: g / 2 * (np.abs(x) < 1)

    def reglu(self, a: Any, b: Any, *, out: Any) -> Call:
        return lambda: np.maximum(a, 0) * b

    def reglu_backward(self, g: Any, a: Any, b: Any, *, out: Any) -> Call:
        return lambda: (g * b * (a > 0), g * np.maximum(a, 0))

    def gelu_tanh(self, x: Any, *, out: Any) -> Call:
        return lambda: 0.5 * x * (1 + np.tanh(0.7978845608028654 * (x + 0.044715 * x**3)))

    def gelu_tanh_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        def call() -> Any:
            t = np.tanh(0.7978845608028654 * (x + 0.044715 * x**3))
            return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * 0.7978845608028654 * (1 + 0.134145 * x * x))

        return call

    def geglu_tanh(self, a: Any, b: Any, *, out: Any) -> Call:
        return lambda: 0.5 * a * (1 + np.tanh(0.7978845608028654 * (a + 0.044715 * a**3))) * b

    def celu(self, x: Any, alpha: float, *, out: Any) -> Call:
        return lambda: np.where(x > 0, x, alpha * np.expm1(x / alpha))

    def celu_backward(self, g: Any, x: Any, alpha: float, *, out: Any) -> Call:
        return lambda: g * np.where(x > 0, 1, np.exp(x / alpha))

    def selu(self, x: Any, *, out: Any) -> Call:
        return lambda: SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(x))

    def selu_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return lambda: g * np.where(x > 0, SELU_SCALE, SELU_SCALE * SELU_ALPHA * np.exp(x))

    def swish(self, x: Any, beta: float, *, out: Any) -> Call:
        return lambda: x / (1 + np.exp(-beta * x))

    def swish_backward(self, g: Any, x: Any, beta: float, *, out: Any) -> Call:
        def call() -> Any:
            s = 1 / (1 + np.exp(-beta * x))
            return g * (s + beta * x * s * (1 - s))

        return call

    def quick_gelu(self, x: Any, *, out: Any) -> Call:
        return self.swish(x, 1.702, out=out)

    def quick_gelu_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return self.swish_backward(g, x, 1.702, out=out)

    def softsign(self, x: Any, *, out: Any) -> Call:
        return lambda: np.divide(x, 1 + np.abs(x), out=out)

    def softsign_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return lambda: np.divide(g, (1 + np.abs(x)) ** 2, out=out)

    def squareplus(self, x: Any, b: float, *, out: Any) -> Call:
        return lambda: (x + np.sqrt(x * x + b)) / 2

    def squareplus_backward(self, g: Any, x: Any, b: float, *, out: Any) -> Call:
        return lambda: g * (1 + x / np.sqrt(x * x + b)) / 2

    def swiglu(self, a: Any, b: Any, beta: float, *, out: Any) -> Call:
        return lambda: np.multiply(a / (1 + np.exp(-beta * a)), b, out=out)

    def swiglu_backward(self, g: Any, a: Any, b: Any, beta: float, *, out: Any) -> Call:
        def call() -> Any:
            s = 1 / (1 + np.exp(-beta * a))
            return g * b * (s + beta * a * s * (1 - s)), g * a * s

        return call

    def elu_backward_from_output(self, g: Any, y: Any, alpha: float, *, out: Any) -> Call:
        return lambda: g * np.where(y > 0, 1, y + alpha)

    def celu_backward_from_output(self, g: Any, y: Any, alpha: float, *, out: Any) -> Call:
        return lambda: g * np.where(y > 0, 1, y / alpha + 1)

    def selu_backward_from_output(self, g: Any, y: Any, *, out: Any) -> Call:
        return lambda: g * np.where(y > 0, SELU_SCALE, y + SELU_SCALE * SELU_ALPHA)

    def sigmoid_backward_from_output(self, g: Any, y: Any, *, out: Any) -> Call:
        return lambda: g * y * (1 - y)

    def tanh_backward_from_output(self, g: Any, y: Any, *, out: Any) -> Call:
        return lambda: g * (1 - y**2)

    def softmax(self, x: Any, *, axis: int, out: Any) -> Call:
        def call() -> Any:
            e = np.exp(x - x.max(axis=axis, keepdims=True))
            return e / e.sum(axis=axis, keepdims=True)

        return call

    def softmax_tempered(self, x: Any, temperature: float, *, axis: int, out: Any) -> Call:
        return lambda: self.softmax(x / temperature, axis=axis, out=out)()

    def softmax_backward(self, g: Any, y: Any, *, axis: int, out: Any) -> Call:
        return lambda: y * (g - (g * y).sum(axis=axis, keepdims=True))

    def log_softmax(self, x: Any, *, axis: int, out: Any) -> Call:
        def call() -> Any:
            z = x - x.max(axis=axis, keepdims=True)
            return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))

        return call

    def log_softmax_tempered(self, x: Any, temperature: float, *, axis: int, out: Any) -> Call:
        return lambda: self.log_softmax(x / temperature, axis=axis, out=out)()

    def log_softmax_backward(self, g: Any, y: Any, *, axis: int, out: Any) -> Call:
        return lambda: g - np.exp(y) * g.sum(axis=axis, keepdims=True)

    def logsumexp(self, x: Any, *, axis: int, out: Any) -> Call:
        def call() -> Any:
            top = x.max(axis=axis, keepdims=True)
            return np.log(np.exp(x - top).sum(axis=axis)) + top.squeeze(axis)

        return call

    def logsumexp_weighted(self, x: Any, b: Any, *, axis: int, out: Any) -> Call:
        def call() -> Any:
            top = x.max(axis=axis, keepdims=True)
            total = (b * np.exp(x - top)).sum(axis=axis)
            return np.log(np.abs(total)) + top.squeeze(axis), np.sign(total)

        return call

    def logsumexp_backward(self, g: Any, x: Any, y: Any, *, out: Any) -> Call:
        return lambda: g * np.exp(x - y)


class SciPy(Contender):
    """scipy.special, which has no derivatives."""

    name = "scipy"

    def __init__(self) -> None:
        import scipy.special

        self.version = scipy.__version__
        self._special = scipy.special

    def sigmoid(self, x: Any, *, out: Any) -> Call:
        return partial(self._special.expit, x, out=out)

    def softplus(self, x: Any, beta: float, *, out: Any) -> Call:
        return lambda: self._special.softplus(beta * x) / beta

    def log_sigmoid(self, x: Any, *, out: Any) -> Call:
        return partial(self._special.log_expit, x, out=out)

    def logit(self, x: Any, *, out: Any) -> Call:
        return partial(self._special.logit, x, out=out)

    def gelu(self, x: Any, *, out: Any) -> Call:
        return lambda: x * self._special.ndtr(x)

    def geglu(self, a: Any, b: Any, *, out: Any) -> Call:
        return lambda: a * self._special.ndtr(a) * b

    def softmax(self, x: Any, *, axis: int, out: Any) -> Call:
        return partial(self._special.softmax, x, axis=axis)

    def log_softmax(self, x: Any, *, axis: int, out: Any) -> Call:
        return partial(self._special.log_softmax, x, axis=axis)

    def softmax_tempered(self, x: Any, temperature: float, *, axis: int, out: Any) -> Call:
        return lambda: self._special.softmax(x / temperature, axis=axis)

    def log_softmax_tempered(self, x: Any, temperature: float, *, axis: int, out: Any) -> Call:
        return lambda: self._special.log_softmax(x / temperature, axis=axis)

    def logsumexp(self, x: Any, *, axis: int, out: Any) -> Call:
        return partial(self._special.logsumexp, x, axis=axis)

    def logsumexp_weighted(self, x: Any, b: Any, *, axis: int, out: Any) -> Call:
        return partial(self._special.logsumexp, x, axis=axis, b=b, return_sign=True)


class Numexpr(Contender):
    """One fused expression. It has no reductions inside an expression, so no softmax."""

    name = "numexpr"
    dtypes = ("float32", "float64")

    def __init__(self) -> None:
        import numexpr

        self._numexpr = numexpr
        self.version = numexpr.__version__

    def takes_channels(self, function: str) -> bool:
        return True

    def set_threads(self, n: int) -> None:
        # It refuses more than NUMEXPR_MAX_THREADS, by default the number of cores.
        self._numexpr.set_num_threads(min(n, self._numexpr.MAX_THREADS))

    def _evaluate(self, expression: str, out: Any, /, **names: Any) -> Call:
        # A Python float would turn the whole expression into float64.
        names = {k: v if isinstance(v, np.ndarray) else names["x"].dtype.type(v) for k, v in names.items()}
        return partial(self._numexpr.evaluate, expression, local_dict=names, global_dict={}, out=out)

    def relu(self, x: Any, *, out: Any) -> Call:
        return self._evaluate("where(x < 0, 0, x)", out, x=x)

    def relu_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return self._evaluate("where(x > 0, g, 0)", out, g=g, x=x)

    def leaky_relu(self, x: Any, slope: float, *, out: Any) -> Call:
        return self._evaluate("where(x < 0, a * x, x)", out, x=x, a=slope)

    def leaky_relu_backward(self, g: Any, x: Any, slope: float, *, out: Any) -> Call:
        return self._evaluate("where(x > 0, g, a * g)", out, g=g, x=x, a=slope)

    prelu = leaky_relu

    def elu(self, x: Any, alpha: float, *, out: Any) -> Call:
        return self._evaluate("where(x > 0, x, a * expm1(x))", out, x=x, a=alpha)

    def elu_backward(self, g: Any, x: Any, alpha: float, *, out: Any) -> Call:
        return self._evaluate("where(x > 0, g, g * a * exp(x))", out, g=g, x=x, a=alpha)

    def sigmoid(self, x: Any, *, out: Any) -> Call:
        return self._evaluate("1 / (1 + exp(-x))", out, x=x)

    def sigmoid_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return self._evaluate("g * exp(-x) / (1 + exp(-x))**2", out, g=g, x=x)

    def softplus(self, x: Any, beta: float, *, out: Any) -> Call:
        return self._evaluate("log1p(exp(b * x)) / b", out, x=x, b=beta)

    def softplus_backward(self, g: Any, x: Any, beta: float, *, out: Any) -> Call:
        return self._evaluate("g / (1 + exp(-b * x))", out, g=g, x=x, b=beta)

    def log_sigmoid(self, x: Any, *, out: Any) -> Call:
        return self._evaluate("-log1p(exp(-x))", out, x=x)

    def log_sigmoid_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return self._evaluate("g / (1 + exp(x))", out, g=g, x=x)

    def logit(self, x: Any, *, out: Any) -> Call:
        return self._evaluate("log(x / (1 - x))", out, x=x)

    def logit_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return self._evaluate("g / (x * (1 - x))", out, g=g, x=x)

    def mish(self, x: Any, *, out: Any) -> Call:
        return self._evaluate("x * tanh(log1p(exp(x)))", out, x=x)

    def tanhshrink(self, x: Any, *, out: Any) -> Call:
        return self._evaluate("x - tanh(x)", out, x=x)

    def tanhshrink_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return self._evaluate("g * tanh(x)**2", out, g=g, x=x)

    def tanh(self, x: Any, *, out: Any) -> Call:
        return self._evaluate("tanh(x)", out, x=x)

    def tanh_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return self._evaluate("g * (1 - tanh(x)**2)", out, g=g, x=x)

    def silu(self, x: Any, *, out: Any) -> Call:
        return self._evaluate("x / (1 + exp(-x))", out, x=x)

    def silu_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return self._evaluate("g * (1 + exp(-x) * (1 + x)) / (1 + exp(-x))**2", out, g=g, x=x)


class Torch(Contender):
    """PyTorch on the CPU, by the operators under torch.nn.functional and its autograd, into out= too.

    torch keeps the output of sigmoid and tanh for their derivatives: computing it is not timed.
    """

    name = "torch"

    def __init__(self) -> None:
        import torch

        torch.from_numpy(np.zeros(1))  # fails where torch was built for another NumPy
        self._torch: Any = torch
        self._nn: Any = torch._C._nn
        self._aten: Any = torch.ops.aten
        self.version = torch.__version__

    def set_threads(self, n: int) -> None:
        self._torch.set_num_threads(n)

    def convert(self, array: np.ndarray[Any, Any]) -> Any:
        if array.dtype.name == "bfloat16":  # which from_numpy refuses
            return self._torch.from_numpy(array.view(np.int16)).view(self._torch.bfloat16)
        return self._torch.from_numpy(array)

    def read(self, result: Any) -> Any:
        if isinstance(result, tuple):
            return tuple(map(self.read, result))
        if result.dtype is self._torch.bfloat16:
            return result.view(self._torch.int16).numpy().view("bfloat16")
        return result.numpy()

    def takes_channels(self, function: str) -> bool:
        return function == "prelu"

    def _backward(self, name: str, out: Any, /, *args: Any) -> Call:
        operator = getattr(self._aten, name)
        if out is None:
            return partial(operator.default, *args)
        return partial(operator.grad_input, *args, grad_input=out)

    def relu(self, x: Any, *, out: Any) -> Call:
        if out is None:
            return partial(self._torch.relu, x)
        return partial(self._torch.clamp_min, x, 0, out=out)  # relu has no out= but a slow one

    def relu_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return self._backward("threshold_backward", out, g, x, 0)

    def leaky_relu(self, x: Any, slope: float, *, out: Any) -> Call:
        return partial(self._nn.leaky_relu, x, slope, out=out)

    def leaky_relu_backward(self, g: Any, x: Any, slope: float, *, out: Any) -> Call:
        return self._backward("leaky_relu_backward", out, g, x, slope, False)

    def prelu(self, x: Any, weight: float, *, out: Any) -> Call:
        slopes = self._torch.as_tensor(weight, dtype=x.dtype).reshape(-1)
        return partial(self._torch.prelu, x, slopes)

    def prelu_backward(self, g: Any, x: Any, weight: float, *, out: Any) -> Call:
        slope = self._torch.full((1,), weight, dtype=x.dtype)

        def call() -> Any:
            gx, gw = self._aten._prelu_kernel_backward(g, x, slope)
            return gx, gw.sum()

        return call

    def elu(self, x: Any, alpha: float, *, out: Any) -> Call:
        return partial(self._nn.elu, x, alpha, out=out)

    def elu_backward(self, g: Any, x: Any, alpha: float, *, out: Any) -> Call:
        return self._backward("elu_backward", out, g, alpha, 1, 1, False, x)

    def sigmoid(self, x: Any, *, out: Any) -> Call:
        return partial(self._torch.sigmoid, x, out=out)

    def sigmoid_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return self._backward("sigmoid_backward", out, g, self._torch.sigmoid(x))

    def softplus(self, x: Any, beta: float, *, out: Any) -> Call:
        return partial(self._nn.softplus, x, beta, out=out)

    def softplus_backward(self, g: Any, x: Any, beta: float, *, out: Any) -> Call:
        return self._backward("softplus_backward", out, g, x, beta, 20)

    def log_sigmoid(self, x: Any, *, out: Any) -> Call:
        return partial(self._nn.log_sigmoid, x, out=out)

    def log_sigmoid_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return self._backward("log_sigmoid_backward", out, g, x, self._aten.log_sigmoid_forward(x)[1])

    def logit(self, x: Any, *, out: Any) -> Call:
        return partial(self._torch.logit, x, out=out)

    def logit_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return self._backward("logit_backward", out, g, x)

    def mish(self, x: Any, *, out: Any) -> Call:
        return partial(self._nn.mish, x, out=out)

    def mish_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return partial(self._aten.mish_backward, g, x)  # has no out=

    def tanhshrink(self, x: Any, *, out: Any) -> Call:
        return partial(self._torch.nn.functional.tanhshrink, x)

    def tanh(self, x: Any, *, out: Any) -> Call:
        return partial(self._torch.tanh, x, out=out)

    def tanh_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return self._backward("tanh_backward", out, g, self._torch.tanh(x))

    def silu(self, x: Any, *, out: Any) -> Call:
        return partial(self._nn.silu, x, out=out)

    def silu_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return self._backward("silu_backward", out, g, x)

    def relu_backward_from_output(self, g: Any, y: Any, *, out: Any) -> Call:
        return self._backward("threshold_backward", out, g, y, 0)

    def leaky_relu_backward_from_output(self, g: Any, y: Any, slope: float, *, out: Any) -> Call:
        return self._backward("leaky_relu_backward", out, g, y, slope, True)

    def threshold(self, x: Any, threshold: float, value: float, *, out: Any) -> Call:
        return partial(self._torch.threshold, x, threshold, value, out=out)

    def threshold_backward(self, g: Any, x: Any, threshold: float, value: float, *, out: Any) -> Call:
        return self._backward("threshold_backward", out, g, x, threshold)

    def hardshrink(self, x: Any, lambd: float, *, out: Any) -> Call:
        return partial(self._torch.hardshrink, x, lambd, out=out)

    def hardshrink_backward(self, g: Any, x: Any, lambd: float, *, out: Any) -> Call:
        return self._backward("hardshrink_backward", out, g, x, lambd)

    def softshrink(self, x: Any, lambd: float, *, out: Any) -> Call:
        return partial(self._nn.softshrink, x, lambd, out=out)

    def softshrink_backward(self, g: Any, x: Any, lambd: float, *, out: Any) -> Call:
        return self._backward("softshrink_backward", out, g, x, lambd)

    def relu6(self, x: Any, *, out: Any) -> Call:
        return self.hardtanh(x, 0, 6, out=out)

    def relu6_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return self.hardtanh_backward(g, x, 0, 6, out=out)

    def hardtanh(self, x: Any, min_val: float, max_val: float, *, out: Any) -> Call:
        return partial(self._nn.hardtanh, x, min_val, max_val, out=out)

    def hardtanh_backward(self, g: Any, x: Any, min_val: float, max_val: float, *, out: Any) -> Call:
        return self._backward("hardtanh_backward", out, g, x, min_val, max_val)

    def hard_sigmoid(self, x: Any, *, out: Any) -> Call:
        return partial(self._nn.hardsigmoid, x, out=out)

    def hard_sigmoid_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return self._backward("hardsigmoid_backward", out, g, x)

    def hard_swish(self, x: Any, *, out: Any) -> Call:
        return partial(self._nn.hardswish, x, out=out)

    def hard_swish_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        if out is None:
            return self._backward("hardswish_backward", out, g, x)
        return partial(self._aten.hardswish_backward.out, g, x, out=out)

    def reglu(self, a: Any, b: Any, *, out: Any) -> Call:
        return lambda: self._torch.mul(self._torch.relu(a), b, out=out)

    def reglu_backward(self, g: Any, a: Any, b: Any, *, out: Any) -> Call:
        return lambda: (self._aten.threshold_backward(g * b, a, 0), g * self._torch.relu(a))

    def gelu(self, x: Any, *, out: Any) -> Call:
        return partial(self._nn.gelu, x, out=out)

    def gelu_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return self._backward("gelu_backward", out, g, x)

    def gelu_tanh(self, x: Any, *, out: Any) -> Call:
        return partial(self._nn.gelu, x, approximate="tanh", out=out)

    def gelu_tanh_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        call = self._backward("gelu_backward", out, g, x)
        return partial(call, approximate="tanh")

    def geglu(self, a: Any, b: Any, *, out: Any) -> Call:
        return lambda: self._torch.mul(self._nn.gelu(a), b, out=out)

    def geglu_tanh(self, a: Any, b: Any, *, out: Any) -> Call:
        return lambda: self._torch.mul(self._nn.gelu(a, approximate="tanh"), b, out=out)

    def celu(self, x: Any, alpha: float, *, out: Any) -> Call:
        return partial(self._nn.elu, x, alpha, 1, 1 / alpha, out=out)

    def celu_backward(self, g: Any, x: Any, alpha: float, *, out: Any) -> Call:
        return self._backward("elu_backward", out, g, alpha, 1, 1 / alpha, False, x)

    def celu_backward_from_output(self, g: Any, y: Any, alpha: float, *, out: Any) -> Call:
        return self._backward("elu_backward", out, g, alpha, 1, 1 / alpha, True, y)

    def elu_backward_from_output(self, g: Any, y: Any, alpha: float, *, out: Any) -> Call:
        return self._backward("elu_backward", out, g, alpha, 1, 1, True, y)

    def selu(self, x: Any, *, out: Any) -> Call:
        return partial(self._nn.elu, x, SELU_ALPHA, SELU_SCALE, out=out)

    def selu_backward(self, g: Any, x: Any, *, out: Any) -> Call:
        return self._backward("elu_backward", out, g, SELU_ALPHA, SELU_SCALE, 1, False, x)

    def selu_backward_from_output(self, g: Any, y: Any, *, out: Any) -> Call:
        return self._backward("elu_backward", out, g, SELU_ALPHA, SELU_SCALE, 1, True, y)

    def sigmoid_backward_from_output(self, g: Any, y: Any, *, out: Any) -> Call:
        return self._backward("sigmoid_backward", out, g, y)

    def tanh_backward_from_output(self, g: Any, y: Any, *, out: Any) -> Call:
        return self._backward("tanh_backward", out, g, y)

    def softsign(self, x: Any, *, out: Any) -> Call:
        return partial(self._torch.nn.functional.softsign, x)

    def swiglu(self, a: Any, b: Any, beta: float, *, out: Any) -> Call:
        return lambda: self._torch.mul(self._nn.silu(a), b, out=out)

    def swiglu_backward(self, g: Any, a: Any, b: Any, beta: float, *, out: Any) -> Call:
        return lambda: (self._aten.silu_backward(g * b, a), g * self._nn.silu(a))

    def softmax(self, x: Any, *, axis: int, out: Any) -> Call:
        return partial(self._torch.softmax, x, axis, out=out)

    def softmax_backward(self, g: Any, y: Any, *, axis: int, out: Any) -> Call:
        return partial(self._torch._softmax_backward_data, g, y, axis, y.dtype, grad_input=out)

    def log_softmax(self, x: Any, *, axis: int, out: Any) -> Call:
        return partial(self._torch.log_softmax, x, axis, out=out)

    def log_softmax_backward(self, g: Any, y: Any, *, axis: int, out: Any) -> Call:
        return partial(self._torch._log_softmax_backward_data, g, y, axis, y.dtype, out=out)

    def softmax_tempered(self, x: Any, temperature: float, *, axis: int, out: Any) -> Call:
        return lambda: self._torch.softmax(x / temperature, axis, out=out)

    def log_softmax_tempered(self, x: Any, temperature: float, *, axis: int, out: Any) -> Call:
        return lambda: self._torch.log_softmax(x / temperature, axis, out=out)

    def logsumexp(self, x: Any, *, axis: int, out: Any) -> Call:
        return partial(self._torch.logsumexp, x, axis, out=out)

    def logsumexp_backward(self, g: Any, x: Any, y: Any, *, out: Any) -> Call:
        return lambda: self._torch.mul(g, self._torch.exp(x - y), out=out)


class Loop(Contender):
    """A Python loop over the elements, or over the rows. It does 1,000 elements; its time is scaled.

    Its methods take one element, or one row, and return the result.
    """

    name = "loop"
    version = "(Python, scaled from 1,000 elements)"
    elements = 1000

    def has(self, case: Case) -> bool:
        # In tails whose results are subnormal math.exp raises an OverflowError.
        return super().has(case) and case.axis == -1 and case.kind != SUBNORMAL

    def bind(self, case: Case, data: Data) -> Bound:
        function = getattr(self, case.function)
        width = case.shape[-1] if case.is_row else 1
        total = case.size // width
        n = min(total, max(1, self.elements // width))
        operands = [a.reshape(total, *case.shape[-1:] * case.is_row)[:n] for a in data.operands]
        shape = operands[0].shape[:1 if case.is_row and not case.definition.rows[-1] else None]
        out, parameters = np.empty(shape, case.array_dtype), data.parameters

        def call() -> Any:
            for i in range(n):
                out[i] = function(*(a[i] for a in operands), *parameters)
            return out

        return Bound(call, n / total)

    def relu(self, x: Any) -> Any:
        return x if x > 0 else 0.0

    def relu_backward(self, g: Any, x: Any) -> Any:
        return g if x > 0 else 0.0

    def leaky_relu(self, x: Any, slope: float) -> Any:
        return x if x > 0 else slope * x

    def leaky_relu_backward(self, g: Any, x: Any, slope: float) -> Any:
        return g if x > 0 else slope * g

    prelu = leaky_relu

    def elu(self, x: Any, alpha: float) -> Any:
        return x if x > 0 else alpha * math.expm1(x)

    def elu_backward(self, g: Any, x: Any, alpha: float) -> Any:
        return g if x > 0 else g * alpha * math.exp(x)

    def sigmoid(self, x: Any) -> Any:
        return 1 / (1 + math.exp(-x))

    def sigmoid_backward(self, g: Any, x: Any) -> Any:
        s = self.sigmoid(x)
        return g * s * (1 - s)

    def softplus(self, x: Any, beta: float) -> Any:
        return math.log1p(math.exp(beta * x)) / beta

    def softplus_backward(self, g: Any, x: Any, beta: float) -> Any:
        return g * self.sigmoid(beta * x)

    def log_sigmoid(self, x: Any) -> Any:
        return -math.log1p(math.exp(-x))

    def log_sigmoid_backward(self, g: Any, x: Any) -> Any:
        return g * self.sigmoid(-x)

    def mish(self, x: Any) -> Any:
        return x * math.tanh(math.log1p(math.exp(x)))

    def tanhshrink(self, x: Any) -> Any:
        return x - math.tanh(x)

    def tanh(self, x: Any) -> Any:
        return math.tanh(x)

    def tanh_backward(self, g: Any, x: Any) -> Any:
        return g * (1 - math.tanh(x) ** 2)

    def silu(self, x: Any) -> Any:
        return x / (1 + math.exp(-x))

    def silu_backward(self, g: Any, x: Any) -> Any:
        s = self.sigmoid(x)
        return g * s * (1 + x * (1 - s))

    def gelu(self, x: Any) -> Any:
        return 0.5 * x * (1 + math.erf(x / 1.4142135623730951))

    def gelu_tanh(self, x: Any) -> Any:
        return 0.5 * x * (1 + math.tanh(0.7978845608028654 * (x + 0.044715 * x**3)))

    def softmax(self, x: Any) -> Any:
        top = max(x)
        e = [math.exp(v - top) for v in x]
        total = sum(e)
        return [v / total for v in e]

    def softmax_backward(self, g: Any, y: Any) -> Any:
        dot = sum(a * b for a, b in zip(g, y))
        return [b * (a - dot) for a, b in zip(g, y)]

    def log_softmax(self, x: Any) -> Any:
        top = max(x)
        log_total = math.log(sum(math.exp(v - top) for v in x))
        return [v - top - log_total for v in x]

    def log_softmax_backward(self, g: Any, y: Any) -> Any:
        total = sum(g)
        return [a - math.exp(b) * total for a, b in zip(g, y)]

    def softmax_tempered(self, x: Any, temperature: float) -> Any:
        return self.softmax([v / temperature for v in x])

    def log_softmax_tempered(self, x: Any, temperature: float) -> Any:
        return self.log_softmax([v / temperature for v in x])

    def logsumexp(self, x: Any) -> Any:
        top = max(x)
        return top + math.log(sum(math.exp(v - top) for v in x))


class NumPyCall(Contender):
    """What a call of NumPy's own costs, which small arrays are measured by."""

    name = "call"
    version = "np.exp(x, out=), or np.multiply(x, parameter, out=) where one is given"
    is_rival = False
    elements = 1000

    def has(self, case: Case) -> bool:
        return case.size <= self.elements

    def bind(self, case: Case, data: Data) -> Bound:
        x = data.operands[0]
        out = None if case.new else np.empty_like(x)
        if case.gives_parameters:
            return Bound(partial(np.multiply, x, data.parameters[0], out=out))
        return Bound(partial(np.exp, x, out=out))


class Float32(Softramp):
    """The same function of softramp in float32, which its 16-bit types are measured by."""

    is_rival = False

    def __init__(self, backend: str | None = None) -> None:
        super().__init__(backend)
        self.name, self.version = "float32", "the same case in float32"

    def beside(self, ours: Softramp) -> Contender:
        return Float32(ours.name)

    def has(self, case: Case) -> bool:
        return case.dtype in NARROW

    def bind(self, case: Case, data: Data) -> Bound:
        wide = case._replace(dtype="float32")
        return super().bind(wide, make_data(wide))


RIVALS: dict[str, type[Contender]] = {kind.name: kind for kind in (NumPy, SciPy, Numexpr, Torch, Loop)}
YARDSTICKS: dict[str, type[Contender]] = {"call": NumPyCall, "float32": Float32}


class Found(NamedTuple):
    """The rivals that are here, and why the others are not."""

    here: list[Contender]
    missing: dict[str, str]


def find(names: Iterable[str]) -> Found:
    """Import the rivals named; any failure to is a reason not to have one."""
    kinds = RIVALS | YARDSTICKS
    here: list[Contender] = []
    missing = {}
    for name in names:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # theirs, about themselves
                here.append(kinds[name]() if name in kinds else Softramp(name))
        except Exception as error:
            missing[name] = str(error).partition("\n")[0] or type(error).__name__
    return Found(here, missing)

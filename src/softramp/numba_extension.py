"""softramp's elementwise functions in the user's own `@numba.njit` code.

Numba calls `init` before it first compiles (entry point group `numba_extensions`). From then on it knows the
type of every softramp function, and puts the scalar kernels of the Numba backend into the loops that it has
for NumPy's ufuncs: so they broadcast, vectorise and fuse as np.exp does there. Nothing is made or compiled
before a function is used.

NumPy decides in which type a call computes, with two differences. float16 is float32 here, for Numba has
none on the CPU. And Numba cannot tell a Python number from a float64 or int64 scalar: as a parameter, or
beside an array, such a scalar counts as a Python number. Parameters are not checked.
"""

from __future__ import annotations

import functools
import inspect
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np
from numba import from_dtype, types
from numba.core.errors import TypingError
from numba.core.typing.templates import AbstractTemplate, signature
from numba.extending import lower_builtin, typeof_impl
from numba.np import npyimpl
from numba.np.numpy_support import as_dtype

from softramp import ufuncs, unary
from softramp.definitions import Definition, definitions

MODULES = ("softramp", ufuncs.__name__, unary.__name__)
NOT_ELEMENTWISE = ("prelu_backward", "logsumexp_backward")  # one sums, the other takes results of rows
PYTHON_NUMBERS = {types.float64: float, types.intp: int}


# ---- Types of functions


@functools.cache
def init() -> None:
    """Let Numba ask here for the type of a ufunc or a Python function."""
    for kind in (np.ufunc, FunctionType):
        typeof_impl.register(kind, functools.partial(_typeof, typeof_impl.dispatch(kind)))


def _typeof(otherwise: Any, function: Any, context: Any) -> Any:
    ours = getattr(function, "__module__", None) in MODULES
    definition = definitions.get(function.__name__) if ours else None
    if definition is None or definition.gufunc_signature:
        return otherwise(function, context)
    if definition.name in NOT_ELEMENTWISE and isinstance(function, FunctionType):
        return otherwise(function, context)
    return _type(function, definition)


@functools.cache
def _type(function: Any, definition: Definition) -> Any:
    """The Numba type of a function.

    Its key decides whether array expressions fuse it: they do if it is a ufunc, unless a call has more
    arguments than the ufunc has inputs. They drop keywords, so the ufunc must leave no room for any.
    """
    own = inspect.signature(definition.function if function.__module__ == unary.__name__ else function)
    names = definition.operands + definition.parameters
    choice = next((p for p in own.parameters.values() if isinstance(p.default, str)), None)
    key = function
    if isinstance(function, FunctionType) and len(definition.parameters) == len(definition.defaults):
        key = getattr(unary if definition.parameters else ufuncs, definition.name)
    known = [p for p in own.parameters.values() if p.name in names or p is choice]
    return types.Function(type(definition.name, (_Call,), {
        "key": key,
        "definition": definition,
        "python": own.replace(parameters=known),
        "choice": choice,
        "weak": () if isinstance(function, np.ufunc) else definition.parameters,
        "lowering": {},
    }))


# ---- Types of calls


class _Call(AbstractTemplate):
    """The types of one function's calls, and what lowers them."""

    key: Any
    definition: Definition
    python: inspect.Signature  # without out=, where= ...
    choice: inspect.Parameter | None  # a keyword that chooses among definitions
    weak: Any  # parameters of which a scalar counts as a Python number
    lowering: dict[Any, Any]

    def generic(self, args: Any, kws: Any) -> Any:
        try:
            given = {name: _plain(t) for name, t in self.python.bind(*args, **kws).arguments.items()}
            definition = self.chosen(given)
            dtype = _dtype(definition, given, self.weak)
        except TypeError as error:
            raise TypingError(f"softramp.{self.definition.name}: {error}") from None
        scalar = from_dtype(dtype)
        arguments = [_argument(given.get(name), scalar) for name in self.python.parameters]
        call = signature(_result(scalar, arguments, definition.nout), *arguments).replace(pysig=self.python)
        if call.args not in self.lowering:
            lower = self.lowering[call.args] = functools.partial(_lower, definition, dtype.char)
            lower_builtin(lower, *call.args)(lower)
        return call

    def get_impl_key(self, call: Any) -> Any:
        return self.lowering[call.args]

    def chosen(self, given: dict[str, Any]) -> Definition:
        """The definition of this call: gelu_tanh for gelu(x, approximate="tanh")."""
        if self.choice is None:
            return self.definition
        t = given.setdefault(self.choice.name, types.Omitted(self.choice.default))
        value = t.value if isinstance(t, types.Omitted) else getattr(t, "literal_value", None)
        name, backward, _ = self.definition.name.partition("_backward")
        changed = value != self.choice.default
        chosen = definitions.get(f"{name}_{value}{backward}") if changed else self.definition
        if chosen is None:
            raise TypeError(f"{self.choice.name} must be a literal that the function takes, not {t}")
        return chosen


def _plain(t: Any) -> Any:
    """A type that is neither a literal number nor optional."""
    t = t.type if isinstance(t, types.Optional) else t
    return t if isinstance(t, types.StringLiteral) else types.unliteral(t)


def _dtype(definition: Definition, given: dict[str, Any], weak: Any) -> np.dtype[Any]:
    """The type in which a call computes: that of the loop which NumPy would take."""
    parameters = definition.parameters if given.keys() & set(definition.parameters) else []
    ufunc = getattr(unary if definition.parameters and not parameters else ufuncs, definition.name)
    defaults = dict(zip(reversed(definition.parameters), reversed(definition.defaults)))
    beside_an_array = any(isinstance(t, types.Array) for t in given.values())
    inputs: list[Any] = []
    for name in definition.operands + parameters:
        t = given.get(name)
        element = t.dtype if isinstance(t, types.Array) else t
        if t is None:
            inputs.append(type(defaults[name]))
        elif not isinstance(element, (types.Number, types.Boolean)):
            raise TypeError(f"{name} must be a number or an array of numbers, not {t}")
        elif t in PYTHON_NUMBERS and (beside_an_array or name in weak):
            inputs.append(PYTHON_NUMBERS[t])
        else:
            inputs.append(as_dtype(element))
    dtype = ufunc.resolve_dtypes((*inputs, *[None] * definition.nout))[0]
    return np.dtype("f") if dtype.char == "e" else dtype


def _argument(t: Any, scalar: Any) -> Any:
    """What Numba is to make of an argument; an int stays one until it is clipped."""
    if isinstance(t, types.Array) or _is_choice(t):
        return t
    return types.intp if isinstance(scalar, types.Integer) and t in (None, types.intp) else scalar


def _is_choice(t: Any) -> bool:
    return isinstance(t, (types.StringLiteral, types.Omitted))


def _result(scalar: Any, arguments: list[Any], nout: int) -> Any:
    arrays = [t for t in arguments if isinstance(t, types.Array)]
    ndim = max((t.ndim for t in arrays), default=0)
    layouts = {t.layout for t in arrays}
    layout = "F" if "F" in layouts and "C" not in layouts else "C"  # as for Numba's ufuncs
    one = types.Array(scalar, ndim, layout) if ndim else scalar
    return one if nout == 1 else types.UniTuple(one, nout)


# ---- Code


def _lower(definition: Definition, char: str, context: Any, builder: Any, call: Any, args: Any) -> Any:
    """Numba's loop for a ufunc, around a kernel of ours."""
    from softramp.backends.numba import activations
    from softramp.backends.numba.pairs import bind

    values = [(arg, t) for arg, t in zip(args, call.args) if not _is_choice(t)]
    args, kinds = zip(*values)
    scalar = from_dtype(np.dtype(char))
    kernel = types.Dispatcher(bind(activations.__name__, char)[definition.name])
    inner = kernel.get_call_type(context.typing_context, [scalar] * len(args), {})
    function = context.get_function(kernel, inner)
    context.add_linking_libs(function.libs)

    class Kernel(npyimpl._Kernel):
        def generate(self, *elements: Any) -> Any:
            made = [self.cast(_clipped(builder, value, t, scalar), t, scalar)
                    for value, t in zip(elements, self.outer_sig.args)]
            return function(builder, made)

    ufunc = SimpleNamespace(nin=len(args), nout=definition.nout, __name__=definition.name)
    call = signature(call.return_type, *kinds)
    return npyimpl.numpy_ufunc_kernel(context, builder, call, args, ufunc, Kernel)


def _clipped(builder: Any, value: Any, t: Any, scalar: Any) -> Any:
    """An int within an integer type, as the bounds of hardtanh are outside."""
    if isinstance(scalar, types.Integer) and t == types.intp:
        for beyond, bound in ("<", scalar.minval), (">", min(scalar.maxval, t.maxval)):
            bound = value.type(bound)
            value = builder.select(builder.icmp_signed(beyond, value, bound), bound, value)
    return value

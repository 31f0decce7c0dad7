"""The parts of a docstring that follow from what a function is.

A definition documents its own parameters, values and sources; so does a composite of rows. Added here:
operands and keywords, what is returned and raised, and the error that is promised.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from softramp.definitions.registry import Definition

_KEYWORDS = "As for every ufunc."
_FLOATING = "float16, bfloat16, float32 or float64"
_DTYPES = (f"{_FLOATING}; bool and integers become\n    floating as in `numpy.exp`: "
           "bool and int8 float16, int16 float32, wider float64.")


def complete(definition: Definition) -> str:
    """The docstring of a definition, with all sections that numpydoc wants."""
    head, own = _sections(definition.function)
    return _joined(head, {
        "Parameters": "\n".join(_parameters(definition, own.get("Parameters", ""))),
        "Returns": own.get("Returns") or _returns(definition),
        "Raises": "\n".join(_raises(definition)),
        "Notes": f"{_promise(definition)}\n\n{own['Notes']}",
        "References": own["References"],
        "Examples": own["Examples"],
    })


def _sections(function: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """What stands before the sections of a docstring, and the text of each."""
    head, *rest = re.split(r"\n\n(?=[A-Z]\w+\n-+\n)", inspect.cleandoc(function.__doc__ or ""))
    return head, {part.partition("\n")[0]: part.split("\n", 2)[2] for part in rest}


def _joined(head: str, sections: dict[str, str]) -> str:
    return "\n\n".join([head, *(f"{name}\n{'-' * len(name)}\n{text}" for name, text in sections.items())])


def _entries(own: str) -> dict[str, str]:
    """The entries of a section, by name."""
    return {entry.partition(" :")[0]: entry for entry in re.split(r"\n(?=\S)", own) if entry}


def _parameters(definition: Definition, own: str) -> list[str]:
    entries = _entries(own)
    operands = [entries.get(name) or _operand(definition, name) for name in definition.operands]
    parameters = [entries[name] for name in definition.parameters]
    keywords = "out, axis, dtype, **kwargs" if definition.gufunc_signature else "out, where, dtype, **kwargs"
    return [*operands, *parameters, f"{keywords}\n    {_KEYWORDS}"]


def _operand(definition: Definition, name: str) -> str:
    forward = definition.forward
    what = {
        "g": f"Gradient with respect to the result of `{forward}`; broadcasts against the other operands.",
        "y": f"Result of `{forward}`.",
    }.get(name)
    if what is None:
        what = f"Input of `{forward}`." if definition.is_backward else _dtypes(definition)
    return f"{name} : array_like\n    {what}"


def _dtypes(definition: Definition) -> str:
    if not definition.integers:
        return _DTYPES
    if not definition.parameters:
        return f"{_FLOATING}, or integers; bool becomes int8."
    return f"{_FLOATING}, or integers,\n    which stay so where every parameter is an integer."


def _returns(definition: Definition) -> str:
    if definition.nout == 2:
        return "tuple of ndarray or scalar\n    The two gradients, of the dtype that the operands have in common."
    if definition.is_backward:
        return ("ndarray or scalar\n    Gradient with respect to the input, of the dtype that the operands have in "
                "common.")
    if definition.parameters:
        return ("ndarray or scalar\n    Of the broadcast shape. A parameter that is a Python number or a "
                "float32 array leaves a\n    floating `x` its dtype; a float64 array gives float64.")
    if definition.gufunc_signature and definition.gufunc_signature.endswith("->()"):
        return "ndarray or scalar\n    One for each row, of the dtype of the input."
    return "ndarray or scalar\n    Shape and dtype of the input."


def _raises(definition: Definition) -> list[str]:
    errors = ["TypeError\n    If an operand is complex, longdouble or object."]
    if definition.requires:
        errors.append(f"ValueError\n    Unless {' and '.join(f'``{c}``' for c in definition.requires)}.")
    if definition.gufunc_signature:
        errors.append("ValueError\n    If the operands do not broadcast, or are 0-d.")
    return errors


def _promise(definition: Definition) -> str:
    bar = definition.bar
    promise = (f"Within {bar.float32:g} ULP (float32), {bar.float64:g} ULP (float64), "
               f"{definition.promised('float16'):g} ULP (float16, bfloat16)")
    conditions = ["the default parameters"] if definition.defaults else []
    conditions += ["``g = 1``"] if definition.is_backward and not definition.gufunc_signature else []
    if conditions:
        promise += f"\nat {' and '.join(conditions)}"
    if bar.root is not None:
        promise += (f". Within 0.25 of the derivative's root,\n{bar.root:.5g}, "
                    "instead within 2**-25 (float32), 2**-52 (float64) absolute")
    return promise + "."


# ---- Functions along axes: what every one of them takes, returns and raises. {forward} is filled in.

_ALONG_AXES = {
    "x": "x : array_like\n    " + _DTYPES + """
    A pandas or xarray object is computed along `axis`, whatever its labels, and comes back as what it
    was; dask arrays stay lazy; the mask of a MaskedArray acts as `where`, and the result has it, too.""",
    "g": "g : array_like\n    Gradient with respect to the result of `{forward}`; broadcasts.",
    "y": "y : array_like\n    Result of `{forward}`.",
    "axis": """\
axis : int, tuple of int or None, default -1
    Where a row lies: along one axis, over several, or over the whole array.""",
    "where": """\
where : array_like of bool, default True
    What takes part; broadcasts against the other operands. Where it is False an element has no
    influence, even if it is NaN, and the result is {hole}.""",
    "temperature": "temperature : float, default 1.0\n    What the input is divided by first; above 0.",
    "keepdims": "keepdims : bool, default False\n    Whether the axes stay, with length 1.",
    "rng": """\
rng : None, int or numpy.random.Generator, optional
    Where the noise comes from; an int is a seed.""",
    "out": "out : ndarray, optional\n    Takes the result; may be an operand.",
    "dtype": "dtype : dtype, optional\n    The dtype to compute in and to return.",
}


def complete_along_axes(function: Callable[..., Any], promise: Definition | None, hole: str) -> str:
    """The docstring of a function along axes; `hole` is its result where the mask is False."""
    head, own = _sections(function)
    entries = _entries(own.get("Parameters", ""))
    names = list(inspect.signature(function).parameters)
    forward = function.__name__.partition("_backward")[0]
    shared = {name: text.format(forward=forward, hole=hole) for name, text in _ALONG_AXES.items()}
    promised = _promise(promise) if promise else "Exact."
    return _joined(head, {
        "Parameters": "\n".join(entries.get(name) or shared[name] for name in names),
        "Returns": own.get("Returns") or "ndarray or scalar\n    Of the broadcast shape" + (
            ", of the dtype that the operands have in common." if names[0] == "g" else
            " of `x` and `where`; the dtype of `x`."),
        "Raises": "\n".join(_raises_along_axes(names)),
        "Notes": "\n\n".join(filter(None, [promised, own.get("Notes")])),
        "References": own["References"],
        "Examples": own["Examples"],
    })


def _raises_along_axes(names: list[str]) -> list[str]:
    wrong = "operands do not broadcast, `out` has another shape than the result, or an axis comes twice"
    if "temperature" in names:
        wrong += ";\n    unless ``temperature > 0``"
    return [
        "TypeError\n    If an operand is complex, longdouble or object, or is no array; if `where` is not "
        "bool or\n    `axis` no integer.",
        f"ValueError\n    If {wrong}.",
        "numpy.exceptions.AxisError\n    If there is no such axis.",
    ]

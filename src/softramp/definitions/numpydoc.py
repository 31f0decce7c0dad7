"""The parts of a docstring that follow from what a function is.

A definition documents its own parameters, values and sources. Added here: its operands and keywords,
what it returns and raises, and the error that it promises.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from softramp.definitions.registry import Definition

_OUT = {
    "elementwise": "out, where, dtype, **kwargs\n    As for every ufunc.",
    "row": """\
axis : int, default -1
    The axis along which a row lies.
out : ndarray, optional
    Takes the result; may be an operand.""",
}
_ROW_DTYPE = "dtype : dtype, optional\n    The dtype to compute in and to return."
_AXIS_ERROR = "numpy.exceptions.AxisError\n    If there is no such axis."


def complete(definition: Definition) -> str:
    """The docstring of a definition, with all sections that numpydoc wants."""
    head, *rest = re.split(r"\n\n(?=[A-Z]\w+\n-+\n)", inspect.cleandoc(definition.function.__doc__ or ""))
    own = {part.partition("\n")[0]: part.split("\n", 2)[2] for part in rest}
    sections = {
        "Parameters": "\n".join(_parameters(definition, own.get("Parameters", ""))),
        "Returns": own.get("Returns") or _returns(definition),
        "Raises": "\n".join(_raises(definition)),
        "Notes": f"{_promise(definition)}\n\n{own['Notes']}",
        "References": own["References"],
        "Examples": own["Examples"],
    }
    return "\n\n".join([head, *(f"{name}\n{'-' * len(name)}\n{text}" for name, text in sections.items())])


def _parameters(definition: Definition, own: str) -> list[str]:
    entries = {entry.partition(" :")[0]: entry for entry in re.split(r"\n(?=\S)", own) if entry}
    operands = [entries.get(name) or _operand(definition, name) for name in definition.operands]
    parameters = [entries[name] for name in definition.parameters]
    keywords = [_OUT["row" if definition.gufunc_signature else "elementwise"]]
    if definition.gufunc_signature and definition.nin == 1:
        keywords.append(_ROW_DTYPE)
    return [*operands, *parameters, *keywords]


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
    if definition.gufunc_signature:
        return "float32 or float64; integers become floating (up to 16 bits float32, wider float64)."
    floating = "float16, bfloat16, float32 or float64"
    if not definition.integers:
        return (f"{floating}; bool and integers become\n    floating as in `numpy.exp`: "
                "bool and int8 float16, int16 float32, wider float64.")
    if not definition.parameters:
        return f"{floating}, or integers; bool becomes int8."
    return f"{floating}, or integers,\n    which stay so where every parameter is an integer."


def _returns(definition: Definition) -> str:
    if definition.nout == 2:
        return "tuple of ndarray or scalar\n    The two gradients, of the dtype that the operands have in common."
    if definition.is_backward:
        return ("ndarray or scalar\n    Gradient with respect to the input, of the dtype that the operands have in "
                "common.")
    if definition.parameters:
        return ("ndarray or scalar\n    Of the broadcast shape. A parameter that is a Python number or a "
                "float32 array leaves a\n    floating `x` its dtype; a float64 array gives float64.")
    return "ndarray or scalar\n    Shape and dtype of the input."


def _raises(definition: Definition) -> list[str]:
    errors = ["TypeError\n    If an operand is complex, longdouble or object" +
              (", or `axis` is not an integer." if definition.gufunc_signature else ".")]
    if definition.requires:
        errors.append(f"ValueError\n    Unless {' and '.join(f'``{c}``' for c in definition.requires)}.")
    return [*errors, _AXIS_ERROR] if definition.gufunc_signature else errors


def _promise(definition: Definition) -> str:
    bar = definition.bar
    promise = f"Within {bar.float32:g} ULP (float32), {bar.float64:g} ULP (float64)"
    if not definition.gufunc_signature:
        promise += f", {definition.promised('float16'):g} ULP (float16, bfloat16)"
    conditions = ["the default parameters"] if definition.defaults else []
    conditions += ["``g = 1``"] if definition.is_backward and not definition.gufunc_signature else []
    if conditions:
        promise += f"\nat {' and '.join(conditions)}"
    if bar.root is not None:
        promise += (f". Within 0.25 of the derivative's root,\n{bar.root:.5g}, "
                    "instead within 2**-25 (float32), 2**-52 (float64) absolute")
    return promise + "."

"""What kernels and loops need of LLVM and Numba has no name for.

Memory is typed pointers (`types.CPointer`), not arrays: they compile in a quarter of the time.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from llvmlite import ir
from numba import from_dtype, njit, types
from numba.core import cgutils
from numba.core.errors import NumbaTypeError
from numba.extending import intrinsic

from softramp.backends.numba.target import has_f16c, has_fma, isa

# Compiled only for other Numba functions: no entry from Python, which would take half the time.
jit = functools.partial(njit, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)


def _require(condition: bool, message: str, *args: Any) -> None:
    if not condition:
        raise NumbaTypeError(message.format(*args))


# ---- Scalars


@intrinsic
def fma(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
    """a*b + c, rounded once.

    On x86 without FMA, float32 goes through float64 (the product is exact) and float64 is rounded
    twice, as in the C backend's base copy.
    """
    _require(a == b == c, "fma of {}, {}, {}: an untyped literal?", a, b, c)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if has_fma():
            return builder.fma(*args)
        if a == types.float32:
            args = [builder.fpext(v, ir.DoubleType()) for v in args]
        total = builder.fadd(builder.fmul(args[0], args[1]), args[2])
        return builder.fptrunc(total, ir.FloatType()) if a == types.float32 else total

    return a(a, b, c), codegen


def _select(comparison: str) -> Any:
    """Make a function (x, bound): bound if `bound comparison x`, else x."""

    @intrinsic
    def select(typingctx: Any, x: Any, bound: Any) -> Any:
        _require(x == bound, "{} and {}: an untyped literal?", x, bound)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            compare = (builder.fcmp_ordered if isinstance(x, types.Float)
                       else builder.icmp_signed if x.signed else builder.icmp_unsigned)
            return builder.select(compare(comparison, args[1], args[0]), args[1], args[0])

        return x(x, bound), codegen

    return select


# Clamps. A NaN x stays NaN. (Numba compiles the built-in min and max anew for every type: 20 ms.)
at_most = _select("<")
at_least = _select(">")


_same_bits = {types.float32: types.uint32, types.float64: types.uint64,
              types.uint32: types.float32, types.uint64: types.float64}


@intrinsic
def bits(typingctx: Any, x: Any) -> Any:
    """The bits of a float as an unsigned integer of its size, and back."""
    result = _same_bits[x]

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(result))

    return result(x), codegen


# ---- Memory


def buffer(dtype: Any, count: int) -> Any:
    """Make a function `() -> pointer` to `count` elements on the stack of its caller."""
    pointer = types.CPointer(from_dtype(np.dtype(dtype)))

    @intrinsic
    def allocate(typingctx: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            memory = cgutils.alloca_once(builder, context.get_value_type(pointer.dtype), count)
            memory.align = 64
            return memory

        return pointer(), codegen

    return allocate


@intrinsic
def offset(typingctx: Any, pointer: Any, count: Any) -> Any:
    """The pointer `count` elements further."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return pointer(pointer, types.intp), codegen


def every(step: int, count: int) -> Any:
    """Make a function from a pointer to the tuple of pointers to elements 0, step, 2*step ..."""

    @intrinsic
    def pointers(typingctx: Any, pointer: Any) -> Any:
        result = types.UniTuple(pointer, count)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            made = [builder.gep(args[0], [ir.Constant(cgutils.intp_t, step * k)]) for k in range(count)]
            return context.make_tuple(builder, result, made)

        return result(pointer), codegen

    return pointers


@intrinsic
def copy(typingctx: Any, target: Any, target_step: Any, source: Any, source_step: Any, n: Any) -> Any:
    """Copy n elements; steps in bytes."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> None:
        to, to_step, start, step, count = args
        with cgutils.for_range(builder, count) as loop:
            value = builder.load(cgutils.pointer_add(builder, start, builder.mul(loop.index, step)))
            builder.store(value, cgutils.pointer_add(builder, to, builder.mul(loop.index, to_step)))

    return types.void(target, types.intp, source, types.intp, types.intp), codegen


@intrinsic
def address(typingctx: Any, pointer: Any) -> Any:
    """A pointer as a number."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ptrtoint(args[0], context.get_value_type(types.intp))

    return types.intp(pointer), codegen


def pointer_to(dtype: Any) -> Any:
    """Make a function `address -> pointer` to elements of a type."""
    pointer = types.CPointer(from_dtype(np.dtype(dtype)))

    @intrinsic
    def cast(typingctx: Any, number: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(pointer))

        return pointer(types.intp), codegen

    return cast


def unpack(dtypes: list[Any], first: int, last: int, values_from: int) -> Any:
    """Make a function from addresses to the tuple of operands first to last.

    As pointers, or from `values_from` on as the value there.
    """
    pointers = [types.CPointer(from_dtype(dtype)) for dtype in dtypes]
    kinds = [pointers[k] if k < values_from else pointers[k].dtype for k in range(first, last)]

    @intrinsic
    def operands(typingctx: Any, addresses: Any) -> Any:
        result = types.Tuple(kinds)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            made = []
            for k, kind in enumerate(kinds, first):
                number = builder.load(cgutils.gep_inbounds(builder, args[0], k))
                pointer = builder.inttoptr(number, context.get_value_type(pointers[k]))
                made.append(pointer if kind == pointers[k] else builder.load(pointer))
            return context.make_tuple(builder, result, made)

        return result(addresses), codegen

    return operands


# ---- 16-bit floats, for which Numba has no type: float32 from and to their bits


def _half_to_single(context: Any, builder: Any, bits: Any) -> Any:
    if not has_f16c():
        return context.compile_internal(builder, float_of_half, types.float32(types.uint16), [bits])
    return builder.fpext(builder.bitcast(bits, ir.HalfType()), ir.FloatType())


def _single_to_half(context: Any, builder: Any, value: Any) -> Any:
    if not has_f16c():
        return context.compile_internal(builder, half_of_float, types.uint16(types.float32), [value])
    return builder.bitcast(builder.fptrunc(value, ir.HalfType()), ir.IntType(16))


def _bfloat16_to_single(context: Any, builder: Any, bits: Any) -> Any:
    word = ir.IntType(32)
    return builder.bitcast(builder.shl(builder.zext(bits, word), word(16)), ir.FloatType())


def _single_to_bfloat16(context: Any, builder: Any, value: Any) -> Any:
    """To nearest, ties to even; a NaN becomes quiet."""
    word = ir.IntType(32)
    bits = builder.bitcast(value, word)
    odd = builder.and_(builder.lshr(bits, word(16)), word(1))
    rounded = builder.add(builder.add(bits, word(0x7FFF)), odd)
    nan = builder.or_(bits, word(0x400000))
    chosen = builder.select(builder.fcmp_unordered("uno", value, value), nan, rounded)
    return builder.trunc(builder.lshr(chosen, word(16)), ir.IntType(16))


def float_of_half(h):
    """For processors without the conversion: the exponent is moved by a product."""
    magnitude, sign = np.uint32(h & 0x7FFF) << np.uint32(13), np.uint32(h & 0x8000) << np.uint32(16)
    finite = bits(bits(np.uint32(magnitude)) * np.float32(2.0**112))
    infinite = np.uint32(magnitude | 0x7F800000)
    return bits(np.uint32((infinite if magnitude >= 0x7C00 << 13 else finite) | sign))


def half_of_float(x):
    """Rounded on the bits if the result is normal, by adding 1/2 if it is not."""
    u, sign = np.uint32(bits(x) & 0x7FFFFFFF), np.uint32(bits(x) >> np.uint32(16) & 0x8000)
    rounded = np.uint32(u + 0xFFF + (u >> np.uint32(13) & 1))
    # A product raises the flag of an overflow.
    infinity = np.uint32(bits(bits(np.uint32(rounded & 0xFFFFE000)) * np.float32(2.0**112)) >> np.uint32(13) & 0x7C00)
    tiny = np.uint32(bits(bits(np.uint32(u if u < 0x38800000 else 0x38800000)) + np.float32(0.5)) - 0x3F000000)
    finite = tiny if u < 0x38800000 else np.uint32((rounded >> np.uint32(13)) - (112 << 10))
    magnitude = np.uint32(0x7E00) if u > 0x7F800000 else infinity if rounded >= 0x47800000 else finite
    return np.uint16(magnitude | sign)


# ---- Loops


@intrinsic
def call(typingctx: Any, function: Any, args: Any, dims: Any, steps: Any, data: Any) -> Any:
    """Call the NumPy inner loop at an address."""

    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> None:
        kinds = [value.type for value in values[1:]]
        pointer = ir.FunctionType(ir.VoidType(), kinds).as_pointer()
        builder.call(builder.inttoptr(values[0], pointer), values[1:])

    return types.void(types.intp, args, dims, steps, data), codegen


class _Distinct(ir.MDValue):
    """A metadata node equal to no other, for which llvmlite has no constructor."""

    __eq__, __ne__, __hash__ = object.__eq__, object.__ne__, object.__hash__

    def __init__(self, module: ir.Module) -> None:
        super().__init__(module, [], str(len(module.metadata)))

    def descr(self, buf: list[str]) -> None:
        buf.append("distinct ")
        super().descr(buf)


def _element(kind: Any, narrow: bool) -> Any:
    """The type of what `apply` hands to a kernel."""
    if isinstance(kind, types.BaseTuple):
        return types.Tuple([_element(k, narrow) for k in kind])
    if kind == types.CPointer(types.uint16) and narrow:
        return types.float32
    return kind.dtype if isinstance(kind, types.CPointer) else kind


def _apply(widen: Any = None, narrow: Any = None) -> Any:
    """Make `apply`; with conversions, what pointers to uint16 lead to is 16-bit floats."""

    @intrinsic
    def apply(typingctx: Any, kernel: Any, n: Any, outs: Any, ins: Any) -> Any:
        """outs[:][i] = kernel(*ins[:][i]) for i < n, where ins holds pointers, tuples of them, and scalars.

        LLVM is told that no iteration depends on another (gcc's ivdep), so that the loop vectorises though
        an output may be an input, element for element. That is all it is told: unlike `noalias`, it stays
        true then.
        """
        call = typingctx.resolve_function_type(kernel, _element(ins, bool(widen)), {})
        results = [_element(t, bool(widen)) for t in outs]
        one = not isinstance(call.return_type, types.BaseTuple)
        returned = [call.return_type] if one else list(call.return_type)
        _require(returned == results, "{} returns {}, not {}: an untyped literal?", kernel, returned, results)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> None:
            def element(kind: Any, source: Any, index: Any) -> Any:
                if isinstance(kind, types.BaseTuple):
                    parts = cgutils.unpack_tuple(builder, source, len(kind))
                    made = [element(k, part, index) for k, part in zip(kind, parts, strict=True)]
                    return context.make_tuple(builder, _element(kind, bool(widen)), made)
                if isinstance(kind, types.CPointer):
                    source = builder.load(builder.gep(source, [index]))
                    source.set_metadata("llvm.access.group", group)
                    if widen and kind.dtype == types.uint16:
                        source = widen(context, builder, source)
                return source

            _full_width(builder.function)
            function = context.get_function(kernel, call)
            context.add_linking_libs(function.libs)
            _, count, targets, sources = args
            group, loop_id = _Distinct(builder.module), _Distinct(builder.module)
            with cgutils.for_range(builder, count) as loop:
                values = element(ins, sources, loop.index)
                result = function(builder, cgutils.unpack_tuple(builder, values, len(ins)))
                made = [result] if one else cgutils.unpack_tuple(builder, result)
                places = cgutils.unpack_tuple(builder, targets, len(results))
                for value, target, kind in zip(made, places, outs, strict=True):
                    if narrow and kind.dtype == types.uint16:
                        value = narrow(context, builder, value)
                    store = builder.store(value, builder.gep(target, [loop.index]))
                    store.set_metadata("llvm.access.group", group)
                body = builder.basic_block
            parallel = builder.module.add_metadata(["llvm.loop.parallel_accesses", group])
            whole = builder.module.add_metadata(["llvm.loop.unroll.disable"])  # or lanes become scalars
            loop_id.operands = (loop_id, parallel, whole)
            body.terminator.set_metadata("llvm.loop", loop_id)

        return types.void(kernel, types.intp, outs, ins), codegen

    return apply


apply = _apply()
apply_half = _apply(_half_to_single, _single_to_half)
apply_bfloat16 = _apply(_bfloat16_to_single, _single_to_bfloat16)


def _full_width(function: ir.Function) -> None:
    """Let LLVM use 512-bit vectors where the processor has them; left alone it takes 256, at half the speed.

    llvmlite checks attributes against a list that lacks this one, hence the way around it.
    """
    if isa() == "avx512" and isinstance(function.attributes, set):
        set.add(function.attributes, '"prefer-vector-width"="512"')

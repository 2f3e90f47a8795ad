"""Vectors of 16 numbers as values of compiled code: an operation is on all lanes, in an order no compiler may change.

They live in registers, of whatever width the processor has. Operators work lane by lane, with one rounding each.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

from llvmlite import ir
from numba import types
from numba.core.datamodel import models
from numba.extending import intrinsic, overload, register_model

__all__ = [
    "WIDTH",
    "file_array",
    "larger",
    "largest",
    "load",
    "load_pair",
    "magnitude",
    "narrow",
    "prefetch",
    "smaller",
    "smallest",
    "spread",
    "store",
    "total",
    "where_finite",
    "wide",
    "zeros_in",
]

WIDTH = 16  # lanes
INDEX = ir.IntType(32)
ELEMENTS = {types.float32: ir.FloatType(), types.float64: ir.DoubleType(), types.int32: INDEX}


def file_array(scalar: types.Type, axes: int = 1) -> types.Array:
    """Type of an array that may lie in a file: not to be written, at any address."""
    return types.Array(scalar, axes, "C", readonly=True, aligned=False)


class Lanes(types.Type):
    """16 numbers of one type."""

    def __init__(self, scalar: types.Type) -> None:
        self.scalar = scalar
        super().__init__(f"Lanes({scalar})")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, lanes):
        super().__init__(manager, lanes, _vector(lanes))


def _vector(lanes: Lanes) -> ir.VectorType:
    return ir.VectorType(ELEMENTS[lanes.scalar], WIDTH)


def _operator(function: Callable, instruction: str) -> None:
    """Makes an operator work on vectors of one type."""

    @intrinsic
    def lane_by_lane(typing, a, b):
        return a(a, b), lambda context, builder, signature, arguments: getattr(builder, instruction)(*arguments)

    @overload(function)
    def of_lanes(a, b):
        if isinstance(a, Lanes) and a == b:
            return lambda a, b: lane_by_lane(a, b)


for function, instruction in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul")):
    _operator(function, instruction)


def _address(context, builder, array_type, place, pointee):
    """(pointer to an element of a contiguous array, alignment in bytes); `place`: array and index."""
    data = context.make_array(array_type)(context, builder, place[0]).data
    pointer = builder.bitcast(builder.gep(data, [place[1]]), pointee.as_pointer())
    return pointer, array_type.dtype.bitwidth // 8 if array_type.aligned else 1


@intrinsic
def load(typing, array, index):
    """16 numbers of a contiguous array from an index on."""
    lanes = Lanes(array.dtype)

    def code(context, builder, signature, arguments):
        pointer, align = _address(context, builder, array, arguments, _vector(lanes))
        return builder.load(pointer, align=align)

    return lanes(array, types.intp), code


@intrinsic
def load_pair(typing, array, index):
    """Two uint32 of a contiguous array as one uint64."""

    def code(context, builder, signature, arguments):
        pointer, align = _address(context, builder, array, arguments, ir.IntType(64))
        return builder.load(pointer, align=align)

    return types.uint64(array, types.intp), code


@intrinsic
def store(typing, array, index, lanes):
    """Writes 16 numbers to a contiguous array from an index on."""

    def code(context, builder, signature, arguments):
        pointer, align = _address(context, builder, array, arguments, _vector(lanes))
        builder.store(arguments[2], pointer, align=align)
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes), code


@intrinsic
def prefetch(typing, array, index):
    """Asks for the memory of an element, which need not be one of the array's."""

    def code(context, builder, signature, arguments):
        pointer, _ = _address(context, builder, array, arguments, ir.IntType(8))
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, INDEX, INDEX, INDEX])
        call = builder.module.declare_intrinsic("llvm.prefetch", (pointer.type,), kind)
        builder.call(call, [pointer, INDEX(0), INDEX(3), INDEX(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), code


@intrinsic
def spread(typing, number):
    """The number in every lane."""
    lanes = Lanes(number)

    def code(context, builder, signature, arguments):
        vector = ir.Constant(_vector(lanes), ir.Undefined)
        first = builder.insert_element(vector, arguments[0], INDEX(0))
        return _shuffled(builder, first, [0] * WIDTH)

    return lanes(number), code


@intrinsic
def wide(typing, lanes):
    """The same numbers as float64."""
    doubles = Lanes(types.float64)
    if lanes == doubles:
        return doubles(lanes), lambda context, builder, signature, arguments: arguments[0]
    return doubles(lanes), lambda context, builder, signature, arguments: builder.fpext(arguments[0], _vector(doubles))


@intrinsic
def narrow(typing, doubles):
    """Rounded to the nearest float32."""
    singles = Lanes(types.float32)
    code = lambda context, builder, signature, arguments: builder.fptrunc(arguments[0], _vector(singles))  # noqa: E731
    return singles(doubles), code


@intrinsic
def magnitude(typing, lanes):
    """Absolute values."""
    return lanes(lanes), lambda context, builder, signature, arguments: _magnitude(builder, arguments[0])


def _magnitude(builder, vector):
    bits = 64 if isinstance(vector.type.element, ir.DoubleType) else 32
    kind = ir.FunctionType(vector.type, [vector.type])
    return builder.call(builder.module.declare_intrinsic(f"llvm.fabs.v{WIDTH}f{bits}", fnty=kind), [vector])


@intrinsic
def smaller(typing, new, old):
    """`new` where it is below `old`; so no NaN of `new`."""
    return new(new, old), lambda context, builder, signature, arguments: _chosen(builder, "<", *arguments)


@intrinsic
def larger(typing, new, old):
    """`new` where it is above `old`; so no NaN of `new`."""
    return new(new, old), lambda context, builder, signature, arguments: _chosen(builder, ">", *arguments)


def _chosen(builder, relation, new, old):
    return builder.select(builder.fcmp_ordered(relation, new, old), new, old)


@intrinsic
def where_finite(typing, lanes, new, old):
    """`new` where `lanes` is finite."""

    def code(context, builder, signature, arguments):
        vector = _vector(lanes)
        size = ir.Constant(vector, [ir.Constant(vector.element, float("inf"))] * WIDTH)
        sizes = _magnitude(builder, arguments[0])
        return builder.select(builder.fcmp_ordered("<", sizes, size), *arguments[1:])

    return new(lanes, new, old), code


@intrinsic
def zeros_in(typing, lanes, counts):
    """int32 lanes, one more where there is a zero."""

    def code(context, builder, signature, arguments):
        zero = builder.fcmp_ordered("==", arguments[0], ir.Constant(_vector(lanes), None))
        return builder.sub(arguments[1], builder.sext(zero, _vector(counts)))

    return counts(lanes, counts), code


def _shuffled(builder, vector, places):
    mask = ir.Constant(ir.VectorType(INDEX, len(places)), [INDEX(k) for k in places])
    return builder.shuffle_vector(vector, vector, mask)


def _halved(join: Callable) -> Callable:
    """A function of lanes that joins halves until one number is left: lane k with k + 8, then with k + 4, ..."""

    @intrinsic
    def halved(typing, lanes):
        def code(context, builder, signature, arguments):
            vector, count = arguments[0], WIDTH
            while count > 1:
                count //= 2
                low, high = (_shuffled(builder, vector, range(start, start + count)) for start in (0, count))
                vector = join(builder, low, high)
            return builder.extract_element(vector, INDEX(0))

        return lanes.scalar(lanes), code

    return halved


def _added(builder, low, high):
    return builder.fadd(low, high) if isinstance(low.type.element, ir.DoubleType) else builder.add(low, high)


total = _halved(_added)
smallest = _halved(lambda builder, low, high: _chosen(builder, "<", low, high))
largest = _halved(lambda builder, low, high: _chosen(builder, ">", low, high))

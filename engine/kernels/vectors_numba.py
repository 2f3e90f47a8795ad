"""Vectors of 16 or 8 numbers as values of compiled code: one operation is on all lanes, and no compiler reorders them.

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
    "all_finite",
    "any_beyond",
    "eight",
    "eight_largest",
    "eight_smallest",
    "eight_totals",
    "file_array",
    "larger",
    "largest",
    "load",
    "load_eight_bytes",
    "magnitude",
    "narrow",
    "prefetch",
    "smaller",
    "smallest",
    "spread",
    "store",
    "total",
    "unsigned_zeros",
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
    """Numbers of one type."""

    def __init__(self, scalar: types.Type, width: int = WIDTH) -> None:
        self.scalar, self.width = scalar, width
        super().__init__(f"Lanes({scalar}, {width})")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, lanes):
        super().__init__(manager, lanes, _vector(lanes))


def _vector(lanes: Lanes) -> ir.VectorType:
    return ir.VectorType(ELEMENTS[lanes.scalar], lanes.width)


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
def load_eight_bytes(typing, array, index):
    """Words of a contiguous array from an index on, side by side as one uint64."""

    def code(context, builder, signature, arguments):
        pointer, align = _address(context, builder, array, arguments, ir.IntType(64))
        return builder.load(pointer, align=align)

    return types.uint64(array, types.intp), code


@intrinsic
def store(typing, array, index, lanes):
    """Writes numbers to a contiguous array from an index on."""

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


def _spreading(width: int) -> Callable:
    """A function that puts a number in every lane."""

    @intrinsic
    def spreading(typing, number):
        lanes = Lanes(number, width)

        def code(context, builder, signature, arguments):
            vector = ir.Constant(_vector(lanes), ir.Undefined)
            first = builder.insert_element(vector, arguments[0], INDEX(0))
            return _shuffled(builder, first, [0] * width)

        return lanes(number), code

    return spreading


spread, eight = _spreading(WIDTH), _spreading(8)


@intrinsic
def wide(typing, lanes):
    """The same numbers as float64."""
    doubles = Lanes(types.float64, lanes.width)
    if lanes == doubles:
        return doubles(lanes), lambda context, builder, signature, arguments: arguments[0]
    return doubles(lanes), lambda context, builder, signature, arguments: builder.fpext(arguments[0], _vector(doubles))


@intrinsic
def narrow(typing, doubles):
    """Rounded to the nearest float32."""
    singles = Lanes(types.float32, doubles.width)
    code = lambda context, builder, signature, arguments: builder.fptrunc(arguments[0], _vector(singles))  # noqa: E731
    return singles(doubles), code


@intrinsic
def magnitude(typing, lanes):
    """Absolute values."""
    return lanes(lanes), lambda context, builder, signature, arguments: _magnitude(builder, arguments[0])


def _magnitude(builder, vector):
    bits = 64 if isinstance(vector.type.element, ir.DoubleType) else 32
    kind = ir.FunctionType(vector.type, [vector.type])
    return builder.call(builder.module.declare_intrinsic(f"llvm.fabs.v{vector.type.count}f{bits}", fnty=kind), [vector])


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
        return builder.select(_finite(builder, arguments[0]), *arguments[1:])

    return new(lanes, new, old), code


@intrinsic
def all_finite(typing, lanes):
    """Whether no number is NaN or infinite."""

    def code(context, builder, signature, arguments):
        every = builder.bitcast(_finite(builder, arguments[0]), ir.IntType(lanes.width))
        return builder.icmp_unsigned("==", every, ir.Constant(every.type, -1))

    return types.boolean(lanes), code


@intrinsic
def any_beyond(typing, lanes, limit):
    """Whether any magnitude is above a number of the same type."""

    def code(context, builder, signature, arguments):
        vector = _vector(lanes)
        limits = builder.insert_element(ir.Constant(vector, ir.Undefined), arguments[1], INDEX(0))
        limits = _shuffled(builder, limits, [0] * lanes.width)
        above = builder.fcmp_ordered(">", _magnitude(builder, arguments[0]), limits)
        bits = builder.bitcast(above, ir.IntType(lanes.width))
        return builder.icmp_unsigned("!=", bits, ir.Constant(bits.type, 0))

    return types.boolean(lanes, limit), code


def _finite(builder, vector):
    infinite = ir.Constant(vector.type, [ir.Constant(vector.type.element, float("inf"))] * vector.type.count)
    return builder.fcmp_ordered("<", _magnitude(builder, vector), infinite)


@intrinsic
def unsigned_zeros(typing, lanes):
    """0 for -0."""

    def code(context, builder, signature, arguments):
        return builder.fadd(arguments[0], ir.Constant(arguments[0].type, None))

    return lanes(lanes), code


@intrinsic
def zeros_in(typing, lanes, counts):
    """int32 lanes, one more where there is a zero."""

    def code(context, builder, signature, arguments):
        zero = builder.fcmp_ordered("==", arguments[0], ir.Constant(_vector(lanes), None))
        return builder.sub(arguments[1], builder.sext(zero, _vector(counts)))

    return counts(lanes, counts), code


def _shuffled(builder, first, places, second=None):
    """The lanes at some places of a vector, or of two, one behind the other."""
    mask = ir.Constant(ir.VectorType(INDEX, len(places)), [INDEX(k) for k in places])
    return builder.shuffle_vector(first, first if second is None else second, mask)


def _halved(builder, join, group, first, second=None):
    """Lanes of equal groups, of a vector or of two: each group's first half joined with its second."""
    count = first.type.count * (1 if second is None else 2)
    places = [start + k for start in range(0, count, group) for k in range(group // 2)]
    low, high = (_shuffled(builder, first, [k + more for k in places], second) for more in (0, group // 2))
    return join(builder, low, high)


def _of_all(join: Callable) -> Callable:
    """A function of 16 lanes that joins them: lane k with k + 8, then with k + 4, ..."""

    @intrinsic
    def of_all(typing, lanes):
        def code(context, builder, signature, arguments):
            vector = arguments[0]
            while vector.type.count > 1:
                vector = _halved(builder, join, vector.type.count, vector)
            return builder.extract_element(vector, INDEX(0))

        return lanes.scalar(lanes), code

    return of_all


def _of_eights(join: Callable) -> Callable:
    """A function of 4 x 16 lanes that joins each 8 of them to one of 8 lanes: lane k with k + 4, k + 2, k + 1."""

    @intrinsic
    def of_eights(typing, a, b, c, d):
        def code(context, builder, signature, arguments):
            fours = [_halved(builder, join, 8, *arguments[k : k + 2]) for k in (0, 2)]
            return _halved(builder, join, 2, _halved(builder, join, 4, *fours))

        return Lanes(a.scalar, 8)(a, b, c, d), code

    return of_eights


def _added(builder, low, high):
    return builder.fadd(low, high) if isinstance(low.type.element, ir.DoubleType) else builder.add(low, high)


def _smaller(builder, low, high):
    return _chosen(builder, "<", low, high)


def _larger(builder, low, high):
    return _chosen(builder, ">", low, high)


total, eight_totals = _of_all(_added), _of_eights(_added)
smallest, eight_smallest = _of_all(_smaller), _of_eights(_smaller)
largest, eight_largest = _of_all(_larger), _of_eights(_larger)

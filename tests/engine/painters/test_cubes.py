"""Numbers on cubes are as long as it is worth, for numbers of every type."""

import pytest
from tensornaut.engine.painters.cubes import number_text


@pytest.mark.parametrize(
    ("value", "value_range", "dtype", "expected"),
    [
        (0.12004, 0.09, "float32", "+0.120"),
        (-0.0351, 0.2, "bfloat16", "−0.035"),
        (-0.0, 0.2, "float32", "−0.000"),
        (0.00123, 0.002, "float64", "+0.0012"),
        (1.5e-7, 3e-7, "float64", "+1.5e−7"),
        (12.345, 40.0, "float32", "+12.35"),
        (3e9, 1.0, "float32", "+3.0e9"),
        (float("nan"), 0.2, "float16", "NaN"),
        (float("inf"), 0.2, "float16", "+∞"),
        (float("-inf"), 0.2, "float16", "−∞"),
        (-128.0, 127.0, "int8", "−128"),
        (7.0, 127.0, "int64", "+7"),
        (0.0, 127.0, "int4", "+0"),
        (-3.0, 127.0, "qint8", "−3"),
        (200.0, 255.0, "uint8", "200"),
        (2.0**40, 2.0**40, "int64", "+1.1e12"),
        (1.0, 1.0, "bool", "1"),
        (0.0, 1.0, "bool", "0"),
    ],
)
def test_numbers(value, value_range, dtype, expected):
    assert number_text(value, value_range, dtype) == expected

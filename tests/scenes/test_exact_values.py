"""The text of a number means its bits and no others; the bits are told by fields."""

import json
import struct

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import numpy as reference
from tensornaut.loaders.open import open_network
from tensornaut.scenes.exact_values import bit_words, decimal_text, exact_value, json_line

SMALL = [
    "bfloat16", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float4_e2m1fn", "float16",
]  # fmt: skip


def of_bits(bits, dtype):
    """One number of NumPy's or ml_dtypes' type."""
    kind = np.dtype(getattr(ml_dtypes, dtype, None) or dtype)
    return np.frombuffer(bits.to_bytes(kind.itemsize, "little"), kind)[0]


def bits_of(number, kind):
    return int.from_bytes(np.array(number, kind).tobytes(), "little")


@pytest.mark.parametrize("dtype", SMALL)
def test_every_small_float_comes_back_from_its_text(dtype):
    size = 4 if dtype.startswith("float4") else of_bits(0, dtype).dtype.itemsize * 8
    kind = of_bits(0, dtype).dtype
    for bits in range(0, 1 << size, 1 if size < 16 else 7):
        text, number = decimal_text(bits, dtype), of_bits(bits, dtype)
        if np.isfinite(float(number)):
            assert bits_of(float(text), kind) == bits, text
        else:
            assert text == {True: "NaN"}.get(bool(np.isnan(float(number))), text)
            assert text == "NaN" or float(text) == float(number)


@given(st.integers(0, 2**32 - 1))
def test_every_float32_comes_back_and_no_shorter_text_does(bits):
    number, text = of_bits(bits, "float32"), decimal_text(bits, "float32")
    if np.isnan(number):
        assert text == "NaN"
        return
    assert bits_of(np.float32(text), "f4") == bits
    digits = len(text.split("e")[0].replace("-", "").replace(".", "").strip("0"))
    if np.isfinite(number) and digits > 1:
        assert np.float32(f"{number:.{digits - 2}e}") != number


@given(st.floats())
def test_every_float64_comes_back(number):
    text = decimal_text(struct.unpack("<Q", struct.pack("<d", number))[0], "float64")
    assert struct.pack("<d", float(text)) == struct.pack("<d", number) or text == "NaN"


@given(st.integers(0, 2**16 - 1))
def test_texts_of_bfloat16_are_short(bits):
    text = decimal_text(bits, "bfloat16")
    digits = text.split("e")[0].replace("-", "").replace(".", "").strip("0")
    assert text in ("NaN", "Infinity", "-Infinity") or len(digits) <= 4


@pytest.mark.parametrize(
    ("dtype", "bits", "text"),
    [
        ("float32", 0x3DCCCCCD, "0.1"),
        ("float32", 0x80000000, "-0.0"),
        ("float32", 0x00000001, "1e-45"),
        ("float32", 0x4B800000, "16777216.0"),
        ("bfloat16", 0x3DCD, "0.1"),
        ("float4_e2m1fn", 0b1011, "-1.5"),
        ("float8_e8m0fnu", 126, "0.5"),
        ("int8", 0x80, "-128"),
        ("uint64", 2**64 - 1, "18446744073709551615"),
        ("int64", 2**63, "-9223372036854775808"),
        ("int4", 0b1110, "-2"),
        ("bool", 1, "true"),
        ("qint8", 0xFF, "-1"),
    ],
)
def test_numbers_of_every_kind(dtype, bits, text):
    assert decimal_text(bits, dtype) == text


@pytest.mark.parametrize(
    ("dtype", "bits", "words"),
    [
        ("float32", 0xBDCCCCCD, ("0xBDCCCCCD", ("1", "01111011", "10011001100110011001101"))),
        ("float64", 0x3FF0000000000001, ("0x3FF0000000000001", ("0", "01111111111", "0x0000000000001"))),
        ("bfloat16", 0x3DCD, ("0x3DCD", ("0", "01111011", "1001101"))),
        ("float8_e8m0fnu", 127, ("0x7F", ("01111111",))),
        ("float4_e2m1fn", 0b1011, ("0xB", ("1", "01", "1"))),
        ("int8", 0x80, ("0x80", ("10000000",))),
        ("int64", 5, ("0x0000000000000005", ())),
        ("complex64", 0x3F800000, ("0x3F800000", ("0", "01111111", "0" * 23))),
    ],
)
def test_bits_by_fields(dtype, bits, words):
    assert bit_words(bits, dtype) == words


def test_a_line_to_paste_says_all(tmp_path):
    values = np.array([[[1.5, 0.1]], [[-2, np.nan]]], np.float32)
    reference.save_file({"layer.weight": values}, tmp_path / "m.safetensors")
    (tensor,) = open_network(tmp_path / "m.safetensors").tensors
    found = json.loads(json_line(exact_value(tensor, 0, 1)))
    offset = (tmp_path / "m.safetensors").stat().st_size - 12
    assert found == {
        "tensor": "layer.weight",
        "index": [0, 0, 1],
        "value": 0.1,
        "dtype": "float32",
        "bits": "0x3DCCCCCD",
        "file": str(tmp_path / "m.safetensors"),
        "offset": offset,
        "storage": "plain",
    }
    assert json.loads(json_line(exact_value(tensor, 1, 1)))["value"] == "NaN"


def test_complex_numbers_and_scalars(tmp_path):
    np.save(tmp_path / "c.npy", np.array([1.5 - 0.1j, 3 + 4j], np.complex64))
    (tensor,) = open_network(tmp_path / "c.npy").tensors
    found = exact_value(tensor, 0, 0), exact_value(tensor, 0, 1)
    assert [value.text for value in found] == ["1.5-0.1j", "3.0+4.0j"]
    assert found[1].magnitude == 5.0
    np.save(tmp_path / "s.npy", np.array(-7, np.int16))
    (tensor,) = open_network(tmp_path / "s.npy").tensors
    value = exact_value(tensor, 0, 0)
    assert (value.index, value.text, value.magnitude) == ((), "-7", 7)

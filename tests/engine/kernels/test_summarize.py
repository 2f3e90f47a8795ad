"""Statistics: right against plain NumPy, the same bits in both versions and however the blocks are cut."""

import json
import math
from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tensornaut.engine.kernels import summarize as definition
from tensornaut.engine.kernels import summarize_numba as compiled
from tensornaut.engine.kernels.decode import DTYPES, decode
from tensornaut.engine.kernels.summarize import BLOCK, SEGMENT, bin_edges, fold, range_of
from tensornaut.engine.summaries import from_message, to_message

NUMBERS = sorted(name for name, kind in DTYPES.items() if kind.bits)
SMALL_BLOCK = 2 * SEGMENT
LENGTHS = st.integers(0, 3 * SEGMENT)


def facts(summary):
    """All of a summary, for comparison by bits."""
    columns = (summary.blocks, summary.bins, summary.table)
    numbers = (summary.count, summary.nan, summary.inf, summary.zeros, summary.min, summary.max, summary.exact)
    return (*map(repr, numbers), summary.table_dtype, *(None if c is None else c.tobytes() for c in columns))


@st.composite
def stored(draw):
    """Any bits of any type, as a file may hold them, decoded: NaN, infinities and denormals are among them."""
    dtype = draw(st.sampled_from(NUMBERS))
    count = draw(st.integers(0, 40))
    raw = draw(st.binary(min_size=16 * count, max_size=16 * count))
    return decode(raw, dtype, count), dtype


@st.composite
def vectors(draw, lengths=LENGTHS):
    """Long vectors: a random body, with special numbers strewn in."""
    dtype = draw(st.sampled_from([np.float32, np.float64, np.int32, np.uint64, np.float16, np.int8]))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    values = random.normal(draw(st.sampled_from([0, 3, 1e4])), 10.0 ** draw(st.integers(-3, 2)), draw(lengths))
    with np.errstate(invalid="ignore"):
        values = values.astype(dtype)
    if len(values):
        special = arrays.arrays(dtype, 5, elements=arrays.from_dtype(np.dtype(dtype)))
        values[random.integers(0, len(values), 5)] = draw(special)
    return values


def real(values):
    """The values, complex ones as magnitudes."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.abs(values.astype(complex)) if values.dtype.kind == "c" else values


def magnitudes(values):
    """Finite values as float64, complex ones as magnitudes."""
    values = real(values)
    return values[np.isfinite(values)].astype(np.float64)


@given(stored())
def test_counts_and_extremes_of_every_type(given_values):
    values, dtype = given_values
    summary = definition.summarize_block(values, dtype)
    plain = real(values)
    finite = plain[np.isfinite(plain)]
    assert summary.count == len(values)
    assert summary.nan == np.isnan(plain).sum() and summary.inf == np.isinf(plain).sum()
    assert summary.zeros == (finite == 0).sum() and summary.finite == len(finite)
    assert summary.min == (min(finite.tolist()) if len(finite) else None)
    assert summary.max == (max(finite.tolist()) if len(finite) else None)
    assert (summary.bins if summary.table is None else summary.table).sum() >= len(finite)
    assert (summary.table is not None) == (DTYPES[dtype].bits <= 16)


@given(stored())
def test_both_versions_give_the_same_bits_for_every_type(given_values):
    assert facts(definition.summarize_block(*given_values)) == facts(compiled.summarize_block(*given_values))


@given(vectors())
def test_both_versions_give_the_same_bits_for_long_vectors(values):
    values.flags.writeable = False  # as they come from a file
    expected = definition.summarize_block(values, block=SMALL_BLOCK)
    assert facts(compiled.summarize_block(values, block=SMALL_BLOCK)) == facts(expected)


@given(st.integers(1, 2 * SEGMENT), st.integers(0, 99))
def test_both_versions_give_the_same_bits_where_sums_leave_float64(length, seed):
    random = np.random.default_rng(seed)
    values = random.normal(size=length)
    values[random.integers(0, length, 8)] = random.choice([1.7e308, -1.7e308, 3.6e307, np.inf, np.nan], 8)
    expected = definition.summarize_block(values, block=SMALL_BLOCK)
    assert facts(compiled.summarize_block(values, block=SMALL_BLOCK)) == facts(expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.uint16])
def test_numbers_at_any_address_and_in_any_stride(dtype):
    values = (np.random.default_rng(2).random(200_003) * 200).astype(dtype)
    expected = facts(definition.summarize_block(values))
    shifted = np.frombuffer(b"x" + values.tobytes(), np.uint8)[1:].view(dtype)
    assert facts(compiled.summarize_block(shifted)) == expected
    assert facts(compiled.summarize_block(values[::-1][::-1])) == expected
    assert facts(compiled.summarize_block(np.repeat(values, 2)[::2])) == expected


@given(vectors(st.integers(1, 3 * SEGMENT)))
def test_moments_are_those_of_two_passes_in_float64(values):
    summary, finite = definition.summarize_block(values, block=SMALL_BLOCK), magnitudes(values)
    if not len(finite) or np.abs(finite).max() > 1e75:  # of which even the fourth power is a float64
        return
    scale = np.abs(finite).max()
    assert math.isclose(summary.mean, finite.mean(), rel_tol=1e-12, abs_tol=1e-12 * scale)
    assert math.isclose(summary.std, finite.std(), rel_tol=1e-12, abs_tol=1e-12 * scale)
    assert math.isclose(summary.l1, np.abs(finite).sum(), rel_tol=1e-12)
    assert math.isclose(summary.l2, math.sqrt((finite * finite).sum()), rel_tol=1e-12, abs_tol=1e-150)
    away = finite - finite.mean()
    for power in (3, 4):
        allowed = 1e-10 * max((np.abs(away) ** power).sum(), len(finite) * (1e-12 * scale) ** power)
        assert abs(summary.moments[power] - (away**power).sum()) <= allowed


def test_mean_and_std_hold_twelve_digits_far_from_zero():
    values = np.random.default_rng(0).normal(1e6, 1.0, 300_000)
    summary = compiled.summarize_block(values)
    assert math.isclose(summary.mean, math.fsum(values) / len(values), rel_tol=1e-12)
    exact = math.fsum((values - math.fsum(values) / len(values)) ** 2)
    assert math.isclose(summary.std, math.sqrt(exact / len(values)), rel_tol=1e-12)


@given(vectors(st.integers(1, 9 * SMALL_BLOCK)), st.sampled_from([1, 2, 7]), st.randoms(use_true_random=False))
def test_cuts_at_block_bounds_give_the_same_bits(values, workers, random):
    """Each worker summarizes some runs of whole blocks; the order of the parts is all that must be kept."""
    whole = definition.summarize_block(values, block=SMALL_BLOCK)
    bounds = range(SMALL_BLOCK, len(values), SMALL_BLOCK)
    cuts = sorted(random.sample(bounds, min(workers - 1, len(bounds))))
    versions = (definition, compiled)
    parts = [
        versions[k % 2].summarize_block(values[start:stop], block=SMALL_BLOCK)
        for k, (start, stop) in enumerate(zip([0, *cuts], [*cuts, len(values)], strict=True))
    ]
    assert facts(fold(parts)) == facts(whole)
    assert facts(fold([fold(parts[:1]), *parts[1:]])) == facts(whole)
    assert fold(parts).moments.tobytes() == whole.moments.tobytes()


def test_blocks_of_the_real_size_give_the_same_bits():
    values = np.random.default_rng(1).normal(0, 1, 2 * BLOCK + 5000).astype(np.float32)
    values[[3, BLOCK, 2 * BLOCK + 1]] = np.nan, np.inf, 0
    whole = compiled.summarize_block(values)
    parts = [definition.summarize_block(part) for part in (values[:BLOCK], values[BLOCK:])]
    assert facts(fold(parts)) == facts(whole)
    assert whole.blocks.shape == (3, 6)


@given(vectors(st.integers(2, 2 * SEGMENT)), st.integers(1, 100))
def test_other_cuts_give_the_same_counts_and_close_moments(values, percent):
    cut = len(values) * percent // 100
    whole, halves = (
        definition.summarize_block(values),
        fold([*map(definition.summarize_block, np.split(values, [cut]))]),
    )
    blocks = 8
    assert facts(whole)[:blocks] == facts(halves)[:blocks] and facts(whole)[blocks + 1 :] == facts(halves)[blocks + 1 :]
    if whole.finite and max(abs(whole.min), abs(whole.max)) < 1e75:
        assert math.isclose(whole.mean, halves.mean, rel_tol=1e-12, abs_tol=1e-12 * max(abs(whole.min), abs(whole.max)))
        assert math.isclose(whole.l2, halves.l2, rel_tol=1e-12)


@pytest.mark.parametrize(
    "values",
    [np.zeros(0, np.float32), np.zeros(0, np.float16), np.array([np.nan, np.inf]), np.array([np.inf], np.float16)],
)
def test_without_finite_values_there_is_nothing_to_say(values):
    summary = compiled.summarize_block(values)
    assert (summary.min, summary.max, summary.mean, summary.std, summary.l1, summary.l2) == (None,) * 6
    assert summary.count == len(values) and range_of(summary) == 1.0


def test_integers_beyond_float64_keep_their_extremes():
    summary = definition.summarize_block(np.array([2**63 - 1, -(2**63) + 1]))
    assert (summary.min, summary.max) == (-(2**63) + 1, 2**63 - 1)


def test_the_table_of_a_small_type_counts_its_bit_patterns():
    values = np.array([1, 1, -2, 0, -0.0], ml_dtypes.bfloat16)
    summary = definition.summarize_block(values.astype(np.float32), "bfloat16")
    assert summary.table_dtype == "bfloat16" and summary.zeros == 2
    patterns, counts = np.unique(values.view(np.uint16), return_counts=True)
    assert summary.table[patterns].tolist() == counts.tolist() and summary.table.sum() == 5


@given(arrays.arrays(np.float32, st.integers(0, 50)))
def test_bins_count_by_sign_exponent_and_three_bits(values):
    bins = definition.summarize_block(values).bins
    finite, edges = values[np.isfinite(values)].astype(np.float64), bin_edges()
    places = np.searchsorted(edges, np.abs(finite), "right") - 1 + np.where(np.signbit(finite), 2048, 0)
    assert bins.tolist() == np.bincount(places, minlength=4096).tolist()


@given(vectors(st.integers(1, 2 * SEGMENT)))
def test_the_range_holds_the_wanted_share(values):
    summary = definition.summarize_block(values)
    finite, found = np.abs(magnitudes(values)), range_of(summary)
    assert found > 0 and math.isfinite(found)
    if not len(finite) or not finite.max():
        assert found == 1.0
        return
    expected = np.quantile(finite, 0.995, method="inverted_cdf")
    if expected == 0:
        assert found == finite.max()
    elif summary.table is not None:
        assert found == expected
    elif 1e-37 < expected < 3e38:
        assert expected / 1.126 <= found <= expected * 1.126  # a bin is an eighth wide at most


@given(stored())
def test_a_summary_goes_through_a_pipe_unchanged(given_values):
    summary = definition.summarize_block(*given_values)
    message = to_message(summary)
    json.dumps(message.facts, allow_nan=False)
    assert facts(from_message(message)) == facts(summary)


def test_a_sample_stays_a_sample():
    part = definition.summarize_block(np.ones(3))
    assert fold([part, part]).exact and not fold([part, replace(part, exact=False)]).exact
    with pytest.raises(ValueError):
        fold([])


@pytest.mark.parametrize("version", [definition, compiled])
def test_numbers_too_large_for_their_squares_bring_no_warning(version, recwarn):
    values = np.array([1e200, -1e200] * SEGMENT)
    summary = version.summarize_block(values, block=SMALL_BLOCK)
    assert (summary.mean, summary.min, summary.max) == (0.0, -1e200, 1e200)
    assert not math.isfinite(summary.std) and not math.isfinite(summary.l2)
    assert not list(recwarn)

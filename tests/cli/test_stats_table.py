"""The table of `stats`: its order, and which tensors it shows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import numpy as reference
from tensornaut.cli.main import main
from tensornaut.cli.stats_table import SORTS, Row, is_wanted, ordered

NUMBERS = st.none() | st.floats(allow_nan=True, allow_infinity=True)
ROWS = st.lists(
    st.builds(Row, st.text(max_size=3), st.just((2,)), st.sampled_from(["int8", "float32"]), st.just(2), NUMBERS),
    max_size=8,
)


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.safetensors"
    tensors = {
        "a.weight": np.array([[1, 2], [3, 4]], np.float32),
        "a.bias": np.array([0.0, 9.0]),
        "B.weight": np.array([-5, 0, 0], np.int8),
        "b.gone": np.array([np.nan, np.inf, 1], np.float16),
        "none": np.zeros((0, 2), np.float32),
    }
    reference.save_file(tensors, path)
    return path


def names(capsys, model, *words):
    assert main(["stats", str(model), *words]) == 0
    table = capsys.readouterr().out.partition("\n\n")[2].partition("\n\n")[0]
    return [line.split()[0] for line in table.splitlines()[1:] if not line.startswith("note")]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--sort", "name"], "B.weight a.bias a.weight b.gone none"),
        (["--sort", "max"], "B.weight b.gone a.weight a.bias none"),
        (["--sort=-max"], "a.bias a.weight b.gone B.weight none"),
        (["--sort", "max", "--reverse"], "a.bias a.weight b.gone B.weight none"),
        (["--sort=-nan", "--filter", "gone"], "b.gone"),
        (["--sort=-zeros", "--filter", "WEIGHT"], "B.weight a.weight"),
        (["--sort", "count", "--filter", "[ab].*", "--filter", "type:float"], "a.bias b.gone a.weight"),
        (["--filter", "type:float*32"], "a.weight none"),
    ],
)
def test_order_and_choice(model, capsys, words, expected):
    assert names(capsys, model, *words) == expected.split()


def test_every_column_can_be_sorted_by(model, capsys):
    for column in SORTS:
        assert sorted(names(capsys, model, f"--sort=-{column}")) == sorted(names(capsys, model))


@pytest.mark.parametrize(
    "words", [["--sort", "beauty"], ["--filter", "nobody"], ["--json", "--sort", "std"], ["--json", "--warnings"]]
)
def test_what_cannot_be_is_one_line(model, capsys, words):
    assert main(["stats", str(model), *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and "expected" in captured.err


@given(ROWS, st.booleans())
def test_rows_without_a_number_come_last_and_none_is_lost(rows, is_reversed):
    found = ordered(rows, "mean", is_reversed)
    assert sorted(map(id, found)) == sorted(map(id, rows))
    known = [row.mean for row in found if row.mean is not None and row.mean == row.mean]
    assert known == sorted(known, reverse=is_reversed)
    assert [row.mean for row in found[: len(known)]] == known


@given(st.text(max_size=5), st.text("ab*?[]", max_size=5))
def test_patterns_never_fail(name, pattern):
    assert is_wanted(name, "float32", []) and is_wanted(name, "float32", [name[1:]])
    is_wanted(name, "float32", [pattern])

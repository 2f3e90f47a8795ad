import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from tensornaut.cli.table import aligned, shape_text
from tensornaut.engine.kernels.names import clean

ROWS = st.lists(st.tuples(st.text(max_size=30).map(clean), st.text("0123456789", max_size=6)), min_size=1, max_size=8)


def cells(line):
    """Cells that a line takes in a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


@given(ROWS, st.integers(22, 60))
def test_lines_fit_and_columns_stand_below_each_other(rows, width):
    lines = list(aligned(rows, 1, width))
    assert len({cells(line) for line in lines}) == 1 and cells(lines[0]) <= width
    assert all(line.endswith(row[1]) for line, row in zip(lines, rows, strict=True))


def test_what_does_not_fit_loses_its_middle():
    assert list(aligned([("encoder.layers.0.weight", "1")], 1, 16)) == ["encode…weight  1"]


def test_shapes_are_read_as_people_write_them():
    assert (shape_text([3, None, "n"]), shape_text([])) == ("3 × ? × n", "1")

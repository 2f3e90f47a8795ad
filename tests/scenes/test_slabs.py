"""Slabs: boxes whose sides grow by the logarithm, lattices inside that tell shapes and never values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.scenes.flow import Flow
from tensornaut.scenes.layer_volumes import FLOOR_GAP, MOST_LEAVES, slab_for
from tensornaut.scenes.placement import place_flow
from tensornaut.scenes.slabs import lattices, placed_slabs, slab_bounds, slab_boxes
from tensornaut.scenes.style import THEMES, kind_color

DARK = THEMES["dark"]


def of(*stops):
    """The layout of stops in a chain."""
    return place_flow(Flow(stops=list(stops), edges=[(k, k + 1) for k in range(len(stops) - 1)]))


@pytest.mark.parametrize(
    ("shape", "thickness", "height", "depth"),
    [
        ((1, 64, 112, 112), 1.2 + np.log2(17), 8.6 * np.log2(15), 8.6 * np.log2(15)),
        ((1, 3, 224, 56), 1.2 + np.log2(1.75), 8.6 * np.log2(29), 8.6 * np.log2(8)),
        ((1, 128, 768), 1.2 + np.log2(1.25), 8.6 * np.log2(17), 8.6 * np.log2(97)),
        ((1, 1000), 1.6, 3.0, 8.6 * np.log2(126)),
    ],
)
def test_sides_grow_by_the_logarithm(shape, thickness, height, depth):
    slab = slab_for(shape)
    assert (slab.thickness, slab.height, slab.depth) == pytest.approx((thickness, height, depth))
    assert slab.shape == shape[1:]


@given(st.lists(st.one_of(st.none(), st.just("n"), st.integers(-3, 1 << 40)), max_size=6))
def test_any_shape_has_a_slab_that_can_be_drawn(shape):
    slab = slab_for(shape)
    assert 0 < slab.thickness < 200 and 1 < slab.height < 400 and 1 < slab.depth < 400
    assert 1 <= slab.leaves <= MOST_LEAVES and 1 <= min(slab.lattice) <= max(slab.lattice) < 300


@pytest.mark.parametrize("shape", [(1, 43844, 1), (2, 2, 128, 2), (1, 172, 36, 1)])
def test_what_is_long_and_thin_lies_down(shape):
    slab = slab_for(shape)
    assert slab.depth > slab.height


def test_what_is_not_known_has_a_small_box():
    assert slab_for(None).shape is None and slab_for(None).height < slab_for((1, 64, 112, 112)).height


def test_the_box_stands_on_the_floor_behind_the_trays_of_its_layer(stop):
    layout = of(stop("a", [(8, 8), (8,)], (1, 16, 28, 28)))
    ((layer, slab),) = placed_slabs(layout)
    lower, upper = slab_bounds(layer, slab)
    assert lower[1] == FLOOR_GAP and upper[1] - lower[1] == pytest.approx(slab.height)
    assert all(lower[0] > layer.x + tray.x + tray.size[0] / 2 for tray in layer.volume.trays)
    boxes = slab_boxes(layout, DARK)
    assert (boxes.lower[0] == lower).all() and (boxes.upper[0] == upper).all() and boxes.style == "slab"
    assert boxes.colors[0, :3] == pytest.approx(kind_color("linear", "dark"))


@given(data=st.data())
def test_lattices_lie_within_their_slab_and_hold_no_values(flows, data):
    layout = place_flow(data.draw(flows))
    boxes = slab_boxes(layout, DARK)
    found = list(lattices(layout, DARK))
    leaves = [slab.leaves for _, slab in placed_slabs(layout)]
    assert len(boxes.lower) == len(leaves) and len(found) == sum(leaves)
    for lattice, number in zip(found, np.repeat(np.arange(len(leaves)), leaves), strict=True):
        rows, columns = lattice.shape
        last = lattice.origin + (rows - 1) * lattice.du + (columns - 1) * lattice.dv
        assert lattice.values is None and not lattice.dh.any()
        assert (boxes.lower[number] < lattice.origin).all() and (last < boxes.upper[number]).all()


def test_layers_without_slabs_have_no_boxes(stop):
    layout = of(stop("a", [(3, 3)], "none"))
    assert slab_boxes(layout, DARK).lower.shape == (0, 3) and not list(lattices(layout, DARK))

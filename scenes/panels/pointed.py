"""What the mouse points at: the tensor, the place in it and the value, beside the cursor."""

from __future__ import annotations

import numpy as np

from ...engine.kernels.names import clean
from ...engine.picking import Pick
from ...engine.values import matrix_shape
from ...loaders.network import Tensor
from ..network_scene import NetworkScene
from ..strings import text

__all__ = ["describe", "pointed_panel"]

MOST_READ = 4096  # weights of a block whose mean is said; more would have to be waited for
NAME_LIMIT = 80  # characters
BESIDE_PX = 18.0  # from the cursor, at scale 1


def describe(built: NetworkScene, pick: Pick) -> tuple[str, str] | None:
    """(tensor with the place, value) of what was picked; None when it is no weight of this network.

    Raises FormatError when the file cannot be read any more.
    """
    part = next((part for part in built.grids if part.grid is pick.grid), None)
    if part is None:
        return None
    tensor = built.network.tensors[part.tensor]
    columns = slice(pick.cols.start + part.first_column, pick.cols.stop + part.first_column)
    values = pick.read() if pick.count <= MOST_READ else None
    return f"{clean(tensor.name, NAME_LIMIT)}{_place(tensor, pick.rows, columns)}", _value(values, pick.count)


def _place(tensor: Tensor, rows: slice, columns: slice) -> str:
    """[12, 3, 0, 1] for one weight, [12:16, 8:12] for a block, by rows and columns of the tensor's matrix."""
    if rows.stop - rows.start == 1 and columns.stop - columns.start == 1:
        height, width = matrix_shape(tensor.shape)
        flat = rows.start * width + columns.start
        index = np.unravel_index(flat, tensor.shape) if tensor.shape and flat < height * width else ()
        return f"[{', '.join(str(int(k)) for k in index)}]" if index else ""
    return f"[{rows.start}:{rows.stop}, {columns.start}:{columns.stop}]"


def _value(values: np.ndarray | None, count: int) -> str:
    if values is None:
        return text("pointed.count", count=f"{count:,}")
    if count == 1:
        value = values.reshape(-1)[0].item()
        return _signed(f"{value:.6g}" if isinstance(value, float) else str(value))
    with np.errstate(over="ignore", invalid="ignore"):
        mean = values.astype(np.float64).mean()
    return text("pointed.mean", count=f"{count:,}", mean=_signed(f"{mean:.4g}"))


def _signed(number: str) -> str:
    """With the minus sign that numbers on cubes have."""
    return number.replace("-", "−")


def pointed_panel(words: tuple[str, str], place_px: tuple[float, float]) -> None:
    """Draws the words beside a place of the picture; to be called inside `PanelHost.frame`."""
    from imgui_bundle import imgui

    scale = imgui.get_style().font_scale_dpi
    picture = imgui.get_io().display_size
    right, below = place_px[0] > picture.x * 0.7, place_px[1] > picture.y * 0.8
    side = BESIDE_PX * scale
    place = imgui.ImVec2(place_px[0] + (-side if right else side), place_px[1] + (-side if below else side))
    imgui.set_next_window_pos(place, 0, imgui.ImVec2(float(right), float(below)))
    imgui.push_style_var(imgui.StyleVar_.window_padding, imgui.ImVec2(11 * scale, 8 * scale))
    flags = imgui.WindowFlags_
    imgui.begin("pointed", None, flags.no_decoration | flags.no_inputs | flags.no_nav | flags.always_auto_resize)
    imgui.text_unformatted(words[1])
    imgui.text_disabled(words[0].replace("%", "%%"))
    imgui.end()
    imgui.pop_style_var()

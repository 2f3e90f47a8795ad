"""The help panel: every key and what it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

from ...engine.commands import Command
from ...engine.panel_host import heading_font

__all__ = ["Rows", "help_panel", "help_rows"]

Rows = list[tuple[str, str]]  # key, what it does

WIDTH = 0.94  # of the picture, at most
COLUMN_GAP = 36.0  # px at scale 1
HEIGHT = 0.92
SMALLEST = 0.6  # of the size of text, where many rows have to fit
TITLE_ROWS = 1.9  # rows that the title of a group is as high as


def help_rows(commands: Iterable[Command], text: Callable[[str], str]) -> list[tuple[str, Rows]]:
    """(title of the group, its rows) in order of first appearance. Commands without a key are left out.

    The group of the command "view.home" is "view"; titles are the strings "command.group.view" and "command.view.home".
    """
    groups: dict[str, Rows] = {}
    for command in commands:
        if command.key:
            rows = groups.setdefault(command.name.split(".")[0], [])
            rows.append((command.key, text(f"command.{command.name}")))
    return [(text(f"command.group.{group}"), rows) for group, rows in groups.items()]


def help_panel(
    commands: Iterable[Command],
    text: Callable[[str], str],
    gestures: Sequence[str] = (),
    gamepad: Sequence[str] = (),
) -> None:
    """Draws the panel in the middle of the picture; to be called inside `PanelHost.frame`.

    `gestures` are keys of strings like "mouse: look", shown above the commands, `gamepad` those shown below them.
    """
    from imgui_bundle import imgui

    picture = imgui.get_io().display_size
    imgui.set_next_window_pos(imgui.ImVec2(picture.x / 2, picture.y / 2), 0, imgui.ImVec2(0.5, 0.5))
    imgui.set_next_window_size_constraints(imgui.ImVec2(0, 0), imgui.ImVec2(picture.x * WIDTH, picture.y * HEIGHT))
    flags = imgui.WindowFlags_
    fixed = flags.no_title_bar | flags.no_resize | flags.no_move | flags.no_collapse | flags.no_saved_settings
    imgui.begin("help", None, fixed | flags.always_auto_resize)
    _heading(text("help.title"), 1.35)
    groups = [("", [_parted(text(key)) for key in gestures])] if gestures else []
    groups += help_rows(commands, text)
    if gamepad:
        groups.append((text("help.pad.title"), [_parted(text(key)) for key in gamepad]))
    style = imgui.get_style()
    left_px = picture.y * HEIGHT - imgui.get_cursor_pos().y - style.window_padding.y
    columns = _columns(groups, left_px / (imgui.get_text_line_height() + 2 * style.cell_padding.y))
    size = min(_size(columns, left_px), _width_share(columns, picture.x * WIDTH - 2 * style.window_padding.x))
    imgui.push_font(None, style.font_size_base * size)
    for k, column in enumerate(columns):
        if k:
            imgui.same_line(spacing=COLUMN_GAP * imgui.get_style().font_scale_dpi)
        _draw_column(column)
    imgui.pop_font()
    imgui.end()


def _size(columns: list[list[tuple[str, Rows]]], left_px: float) -> float:
    """Of the usual size of text, so that all rows are seen in what is left of the panel's height."""
    from imgui_bundle import imgui

    rows = max(_height(column) for column in columns)
    gaps, line = 2 * imgui.get_style().cell_padding.y, imgui.get_text_line_height()
    return min(max((left_px / max(rows, 1) - gaps) / line, SMALLEST), 1.0)


def _width_share(columns: list[list[tuple[str, Rows]]], left_px: float) -> float:
    """How much of its width all text may have, so that the columns stand side by side; at most 1."""
    from imgui_bundle import imgui

    style = imgui.get_style()
    gaps = COLUMN_GAP * style.font_scale_dpi * (len(columns) - 1) + 4 * style.cell_padding.x * len(columns)
    words = 0.0
    for column in columns:
        pairs = [pair for _, rows in column for pair in rows]
        words += sum(max(imgui.calc_text_size(pair[k]).x for pair in pairs) for k in (0, 1))
    return min(max((left_px - gaps) / words, SMALLEST), 1.0)


def _height(groups: Sequence[tuple[str, Rows]]) -> float:
    """In rows."""
    return sum(len(rows) + TITLE_ROWS for _, rows in groups)


def _columns(groups: list[tuple[str, Rows]], most_rows: float) -> list[list[tuple[str, Rows]]]:
    """The groups in two columns about equally high, or in three where two would be higher than this."""
    two = _in_columns(groups, 2)
    return two if max(map(_height, two)) <= most_rows else _in_columns(groups, 3)


def _in_columns(groups: list[tuple[str, Rows]], count: int) -> list[list[tuple[str, Rows]]]:
    """The groups in so many columns, the highest of which is as low as can be; empty ones left out."""
    ways = combinations(range(len(groups) + count - 1), count - 1)  # stars and bars
    cuts = [[0, *(bar - k for k, bar in enumerate(bars)), len(groups)] for bars in ways]
    choices = [[groups[a:b] for a, b in zip(cut, cut[1:], strict=False)] for cut in cuts]
    return [column for column in min(choices, key=lambda choice: max(map(_height, choice))) if column]


def _draw_column(groups: list[tuple[str, Rows]]) -> None:
    from imgui_bundle import imgui

    imgui.begin_group()
    key_width = max((imgui.calc_text_size(key).x for _, rows in groups for key, _ in rows), default=0.0)
    for title, rows in groups:
        imgui.spacing()
        if title:
            _heading(title, 1.0)
        _table(title or "gestures", rows, key_width)
    imgui.end_group()


def _parted(words: str) -> tuple[str, str]:
    """("mouse", "look") of "mouse: look"."""
    keys, _, meaning = words.replace("：", ":").partition(":")
    return keys.strip(), meaning.strip()


def _heading(words: str, size: float) -> None:
    from imgui_bundle import imgui

    imgui.push_font(heading_font(), imgui.get_style().font_size_base * size)
    imgui.text(words)
    imgui.pop_font()


def _table(name: str, rows: Rows, key_width: float) -> None:
    from imgui_bundle import imgui

    flags = imgui.TableFlags_.sizing_fixed_fit | imgui.TableFlags_.no_host_extend_x
    if not imgui.begin_table(name, 2, flags):
        return
    imgui.table_setup_column("key", imgui.TableColumnFlags_.width_fixed, key_width)
    for key, meaning in rows:
        imgui.table_next_row()
        imgui.table_next_column()
        imgui.text(key)
        imgui.table_next_column()
        imgui.text_disabled(meaning)
    imgui.end_table()

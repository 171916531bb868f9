"""Charts as plain SVG: drawn by pygal, without its scripts, so that they work anywhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import pygal
from pygal.style import Style

# Its hook for map plugins speaks a protocol that Python has given up; with it in place every import
# that finds nothing would warn.
sys.meta_path[:] = [one for one in sys.meta_path if type(one).__module__ != "pygal"]

_INK, _SOFT, _LINE = "#1f2933", "#52606d", "#d9e2ec"
_SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
_GOOD = "#1d6f5c"
_WARN = "#b4540a"
_STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground=_INK,
    foreground_strong=_INK,
    foreground_subtle=_SOFT,
    guide_stroke_color=_LINE,
    major_guide_stroke_color=_LINE,
    guide_stroke_dasharray="0",
    major_guide_stroke_dasharray="0",
    opacity="1",
    opacity_hover="1",
    transition="0s",
    font_family=_SANS,
    label_font_family=_SANS,
    major_label_font_family=_SANS,
    value_font_family=_SANS,
    value_label_font_family=_SANS,
    title_font_family=_SANS,
    legend_font_family=_SANS,
    tooltip_font_family=_SANS,
    no_data_font_family=_SANS,
    label_font_size=13,
    major_label_font_size=13,
    value_font_size=13,
    no_data_font_size=16,
    stroke_width="2.5",
)
_LABELS_ALONG = 6
_LONGEST_LABEL = 34


def trend(name: str, points: Sequence[tuple[str, float]]) -> str:
    """A line of percentages (0 to 100) by date (ISO)."""
    lowest = min((value for _, value in points), default=0)
    floor = max(0, 10 * int((lowest - 5) / 10))
    chart = pygal.Line(
        **_common(640, 230),
        style=_coloured(_GOOD),
        range=(floor, 100),
        y_labels=[floor, (floor + 100) / 2, 100],
        show_dots=len(points) <= 31,
        dots_size=3.5,
        value_formatter=lambda value: f"{value:g} %",
        show_minor_x_labels=False,
    )
    labels = [_day_and_month(date) for date, _ in points]
    step = max(1, -(-len(labels) // _LABELS_ALONG))
    chart.x_labels = labels
    chart.x_labels_major = labels[::-step][::-1]
    chart.add("", [value for _, value in points])
    return _svg(chart, name)


def curve(name: str, points: Sequence[tuple[float, float]]) -> str:
    """A line of percentages (0 to 100) over percentages."""
    lowest = min((value for _, value in points), default=0)
    floor = max(0, 10 * int((lowest - 2) / 10))
    chart = pygal.Line(
        **_common(640, 230),
        style=_coloured(_GOOD),
        range=(floor, 100),
        y_labels=[floor, (floor + 100) / 2, 100],
        dots_size=3.5,
        value_formatter=lambda value: f"{value:g} %",
    )
    chart.x_labels = [f"{share:.0f} %" for share, _ in points]
    chart.add("", [value for _, value in points])
    return _svg(chart, name)


def bars(name: str, rows: Sequence[tuple[str, int]], alarming: bool = False) -> str:
    """Horizontal bars with their numbers, the first on top."""
    chart = pygal.HorizontalBar(
        **_common(640, 24 + 34 * max(1, len(rows))),
        style=_coloured(_WARN if alarming else _GOOD),
        show_y_guides=False,
        show_x_guides=False,
        value_formatter=lambda _: "",  # the numbers stand beside the labels
        range=(0, max([1, *(value for _, value in rows)])),
        y_labels=[0],
        spacing=6,
    )
    shown = list(reversed(rows))  # pygal draws from the bottom up
    chart.x_labels = [f"{_short(label)}  {value:,}" for label, value in shown]
    chart.add("", [value for _, value in shown])
    return _svg(chart, name)


def _common(width: int, height: int) -> dict[str, Any]:
    return {
        "width": width,
        "height": height,
        "js": [],
        "show_legend": False,
        "no_data_text": "Nothing to show yet",
        "margin": 8,
        "margin_right": 28,
        "truncate_label": -1,
    }


def _coloured(colour: str) -> Style:
    style = Style(**{k: v for k, v in _STYLE.to_dict().items() if k != "colors"})
    style.colors = (colour,)
    style.value_colors = (_INK,)
    return style


def _svg(chart: Any, name: str) -> str:
    """The drawing alone: no scripts, no comments, nothing that names another host. It is hidden
    from screen readers, who get the same figures as a table.
    """
    chart.uuid = name
    root = chart.render_tree()
    for parent in list(root.iter()):
        for child in list(parent):
            if not isinstance(child.tag, str) or child.tag.rpartition("}")[2] in {
                "script",
                "title",
            }:
                parent.remove(child)
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    return ElementTree.tostring(root, encoding="unicode")


def _day_and_month(date: str) -> str:
    _, month, day = date.split("-")
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return f"{int(day)} {months[int(month) - 1]}"


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1] + "…"

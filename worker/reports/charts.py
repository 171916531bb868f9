"""Charts as plain SVG: drawn by pygal, without its scripts, so that they work anywhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
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
    label_font_size=16,
    major_label_font_size=16,
    value_font_size=16,
    no_data_font_size=16,
    stroke_width="2.5",
)
_WIDTH = 460  # read on a phone without bending down; a page shows it at most a little larger
_ROW = 30
_LABELS_ALONG = 5
_LONGEST_LABEL = 26
_DOTS_UP_TO = 31  # days
# Texts of no use without the library's scripts, and a title that screen readers would read twice.
_LEFT_OUT = {"script", "title", "desc"}


def trend(name: str, points: Sequence[tuple[str, float]]) -> str:
    """A line of percentages (0 to 100) by date (ISO), each day at its place in time. The scale goes
    from the ten below to the ten above what there is."""
    days = [(date.fromisoformat(on), value) for on, value in points]
    values = [value for _, value in days] or [0.0]
    floor = max(0, 10 * int((min(values) - 5) / 10))
    top = min(100, 10 * (int((max(values) + 5) / 10) + 1))
    chart = pygal.DateLine(
        **_common(_WIDTH, 220),
        style=_coloured(_GOOD),
        range=(floor, top),
        y_labels=[floor, (floor + top) / 2, top],
        show_x_guides=False,
        show_dots=len(days) <= _DOTS_UP_TO,
        dots_size=3,
        x_value_formatter=_day_and_month,
        value_formatter=lambda value: f"{value:g} %",
    )
    chart.x_labels = _spread([on for on, _ in days])
    chart.add("", days)
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
    """Horizontal bars with their numbers behind them, the first on top."""
    most = max([1, *(value for _, value in rows)])
    chart = pygal.HorizontalBar(
        **_common(_WIDTH, 16 + _ROW * max(1, len(rows))),
        style=_coloured(_WARN if alarming else _GOOD),
        show_y_guides=False,
        show_x_guides=False,
        show_x_labels=False,
        print_values=True,
        print_values_position="top",  # of a lying bar: its end
        value_formatter=lambda value: f"{value:,.0f}",
        range=(0, most * 1.25),
        y_labels=[0],
        spacing=4,
    )
    shown = list(reversed(rows))  # pygal draws from the bottom up
    chart.x_labels = [_short(label) for label, _ in shown]
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
        "margin_right": 24,  # for half of the last date
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
            if not isinstance(child.tag, str) or child.tag.rpartition("}")[2] in _LEFT_OUT:
                parent.remove(child)
            elif "value" in child.get("class", "").split():
                child.set("style", "text-anchor: start")  # else it is centred on the bar's end
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    return ElementTree.tostring(root, encoding="unicode")


def _spread(days: Sequence[date]) -> list[date]:
    """Dates to stand below: the first, the last, and a few evenly between them."""
    if len(days) < 2:
        return list(days)
    steps = min(_LABELS_ALONG - 1, (days[-1] - days[0]).days)
    return [days[0] + n * (days[-1] - days[0]) / steps for n in range(steps + 1)]


def _day_and_month(on: date) -> str:
    return f"{on.day} {on:%b}"


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1] + "…"

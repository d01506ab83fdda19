"""Results in; a table in Markdown, the goals with whether they hold, and a plot as SVG out."""

from collections.abc import Callable, Iterator, Mapping
from html import escape
from math import ceil, floor, log10

from tests.benchmarks.lanes import LANES
from tests.benchmarks.measure import Results

# In which lane, beside whom, and how many times as many requests this service is to answer at least.
GOALS = (
    *((lane, "bare", 0.92) for lane in ("list", "one", "304")),
    *((lane, "fastapi-ready", 5.0) for lane in ("list", "one", "304")),
    ("list", "drf", 230.0),
    ("one", "drf", 150.0),
    ("304", "drf", 320.0),
    ("validate", "bare", 0.079),  # 12 times the release of 2026-11-22
    ("validate", "fastapi", 4.0),
    ("validate", "drf", 30.0),
)
FILES_GOAL = 1.9  # of exported files behind nginx, beside the bare server
TAIL_GOAL = 3.0  # p99 of validate, as times p50
TIMES, NONE = "\u00d7", "\u2013"  # as they are printed
NUMBER_WIDTH, LEFT, WIDTH, ROW, HEAD = 60, 290, 860, 22, 34  # of the plot, in pixels
AXIS = WIDTH - LEFT - NUMBER_WIDTH


def figure(number: float) -> str:
    """A ratio with two digits that matter."""
    digits = max(0, 1 - floor(log10(number))) if number else 0
    return f"{number:.{digits}f}"


def table(results: Results, titles: Mapping[str, str]) -> str:
    """Each server's ratio to the bare one in each lane, with the milliseconds of half and of 99 of 100 answers."""
    lines = [
        f"| {TIMES} bare server, same bytes (p50 / p99 ms) | {' | '.join(lane.title for lane in LANES)} | memory |",
        "| --- |" + " --- |" * (len(LANES) + 1),
    ]
    for name, title in titles.items():
        cells = []
        for lane in LANES:
            if not results.has(lane.name, name):
                cells.append(NONE)
                continue
            middle = results.middle(lane.name, name)
            ratio = figure(results.ratio(lane.name, name))
            cells.append(f"{ratio} ({figure(middle.p50)} / {figure(middle.p99)})")
        lines.append(f"| {title} | {' | '.join(cells)} | {results.memory[name] / 1e6:.0f} MB |")
    spreads = [results.spread(lane, name) for lane, name in results.samples if name != "bare"]
    lines += [
        "",
        f"Half of the rounds lie within {max(spreads):.1%} of each ratio, within {middle_of(spreads):.1%} of most.",
    ]
    return "\n".join(lines)


def middle_of(values: list[float]) -> float:
    """The upper median."""
    return sorted(values)[len(values) // 2]


def goals(results: Results) -> str:
    """What this service is to reach beside others, what it reaches, and whether that holds; in Markdown."""
    lines = ["| Goal | At least | Found | |", "| --- | --- | --- | --- |"]
    rows = [(lane, "service", other, least) for lane, other, least in GOALS]
    rows += [(lane, "nginx", "bare", FILES_GOAL) for lane in ("list", "one")]
    for lane, server, other, least in rows:
        if results.has(lane, server) and results.has(lane, other):
            ratio = results.ratio(lane, server, other)
            lines.append(f"| {lane}: {server} {TIMES} {other} | {least:g} | {figure(ratio)} | {said(ratio >= least)} |")
    validate = results.middle("validate", "service")
    tail = validate.p99 / validate.p50
    lines.append(f"| validate: p99 {TIMES} p50, at most | {TAIL_GOAL:g} | {figure(tail)} | {said(tail <= TAIL_GOAL)} |")
    return "\n".join([*lines, ""])


def said(holds: bool) -> str:
    """A word for whether a goal holds."""
    return "holds" if holds else "**missed**"


def plot(results: Results, titles: Mapping[str, str]) -> str:
    """The ratios as bars on a logarithmic axis, a group for each lane, the fastest first."""
    ratios = {key: results.ratio(*key) for key in results.samples}
    least, most = floor(log10(min(ratios.values()))), ceil(log10(max(ratios.values())))

    def across(ratio: float) -> float:
        return LEFT + AXIS * (log10(ratio) - least) / (most - least)

    marks: list[str] = []
    top = HEAD
    for lane in LANES:
        marks.append(f'<text x="8" y="{top + 15}" font-weight="bold">{escape(lane.title)}</text>')
        top += ROW
        found = [(name, ratio) for (where, name), ratio in ratios.items() if where == lane.name]
        for name, ratio in sorted(found, key=lambda pair: -pair[1]):
            marks += bar(titles[name].strip("*").replace("`", ""), ratio, top, across(ratio), name == "service")
            top += ROW
        top += ROW // 2
    axis = [*scale(least, most, across, top)]
    worst = min(ratios, key=lambda key: ratios[key])
    ours = "; ".join(f"{lane.title} {figure(ratios[lane.name, 'service'])}" for lane in LANES)
    told = (
        f"Requests a second beside a bare server that sends the same bytes, on a logarithmic axis. This service: "
        f"{ours}. "
        f"The least is {figure(ratios[worst])}, {titles[worst[1]]}. All figures are in the table beside this plot."
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + 30}" role="img" '
            'aria-labelledby="title desc" font-family="sans-serif" font-size="13">',
            '<title id="title">How fast this service and its peers do the same work</title>',
            f'<desc id="desc">{escape(told)}</desc>',
            f'<rect width="{WIDTH}" height="{top + 30}" fill="#ffffff"/>',
            f'<text x="8" y="20" font-size="15">Requests a second, {TIMES} bare server with the same bytes</text>',
            *axis,
            *marks,
            "</svg>\n",
        ]
    )


def bar(title: str, ratio: float, top: float, end: float, is_ours: bool) -> Iterator[str]:
    """A row of the plot: who, a bar, and the number, so that no colour must be told from another."""
    weight, fill = ("bold", "#0b5394") if is_ours else ("normal", "#8a8a8a")
    yield f'<text x="{LEFT - 8}" y="{top + 15}" text-anchor="end" font-weight="{weight}">{escape(title)}</text>'
    yield f'<rect x="{LEFT}" y="{top + 3}" width="{max(1, end - LEFT):.1f}" height="{ROW - 7}" fill="{fill}"/>'
    yield f'<text x="{max(LEFT + 1, end) + 5:.1f}" y="{top + 15}" font-weight="{weight}">{figure(ratio)}</text>'


def scale(least: int, most: int, across: Callable[[float], float], bottom: float) -> Iterator[str]:
    """A line and a number for each power of ten."""
    for power in range(least, most + 1):
        x = across(10.0**power)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{HEAD}" y2="{bottom}" stroke="#dddddd"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{10.0**power:g}</text>'

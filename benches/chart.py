"""The benchmark's picture: start-up as bars, growth as a line; no library needed."""

import math
from html import escape

WIDTH, LEFT, RIGHT, BAR = 760, 250, 70, 26
INK, SHIM, OTHER, GRID = "#1f2933", "#2463eb", "#9aa5b1", "#d9dee5"


def draw(rows, by_count):
    """SVG of the start-up `rows` (title to ms, ratio, KiB) and of `by_count` (flags, floor ms, ms added)."""
    parts, below = bars(rows)
    more, height = line(by_count, below + 56)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
        f' font-family="system-ui, sans-serif" font-size="13" fill="{INK}">\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n'
        + "\n".join(parts + more)
        + "\n</svg>\n"
    )


def text(x, y, words, anchor="start", weight="normal"):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-weight="{weight}">{escape(words)}</text>'


def bars(rows):
    """Ratios on a logarithmic axis: 1 is the floor, and 50 is on the same picture."""
    span = WIDTH - LEFT - RIGHT
    largest = max(ratio for _, ratio, _ in rows.values())

    def length(ratio):
        # From half the floor, so that the floor itself has a bar.
        return span * math.log(2 * max(ratio, 0.5)) / math.log(2 * largest)

    parts = [text(16, 26, "Start-up with ten flags, as a multiple of a C program's that only calls execvp (log scale)", weight="bold")]
    y = 44
    for title, (ms, ratio, _) in rows.items():
        colour = SHIM if "shim" in title or "interposed" in title else OTHER
        parts.append(text(LEFT - 10, y + 17, title, "end"))
        parts.append(f'<rect x="{LEFT}" y="{y + 4}" width="{length(ratio):.1f}" height="{BAR - 8}" rx="2" fill="{colour}"/>')
        parts.append(text(LEFT + length(ratio) + 6, y + 17, f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"))
        y += BAR
    return parts, y


def line(by_count, top):
    """Milliseconds over the number of flags, both on logarithmic axes."""
    height, span = 170, WIDTH - LEFT - RIGHT
    counts = [count for count, _, _ in by_count]
    floor = [(count, ms) for count, ms, _ in by_count]
    run = [(count, ms + added) for count, ms, added in by_count]
    lowest = min(ms for _, ms in floor + run) / 1.3
    highest = max(ms for _, ms in floor + run) * 1.3

    def place(count, ms):
        x = LEFT + span * math.log(count / counts[0]) / math.log(counts[-1] / counts[0])
        return x, top + height - height * math.log(ms / lowest) / math.log(highest / lowest)

    parts = [text(16, top - 24, "Milliseconds in all, by the number of flags (log scales)", weight="bold")]
    for exponent in range(math.ceil(math.log10(lowest)), math.floor(math.log10(highest)) + 1):
        y = place(counts[0], 10.0**exponent)[1]
        parts.append(f'<path d="M{LEFT} {y:.0f}H{LEFT + span}" stroke="{GRID}"/>')
        parts.append(text(LEFT - 10, y + 4, f"{10**exponent:g} ms", "end"))
    # The last but one stands too close to the last.
    for count in [*counts[:-2], counts[-1]]:
        parts.append(text(place(count, lowest)[0], top + height + 20, f"{count:,}", "middle"))
    for title, points, colour in (("floor", floor, OTHER), ("hydra-shim run", run, SHIM)):
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in (place(*point) for point in points))
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        x, y = place(*points[len(points) // 2])
        side, anchor = (-8, "end") if colour == SHIM else (14, "start")
        parts.append(text(x + side, y + (side if side < 0 else 6), title, anchor))
    return parts, top + height + 40

"""The plot of growth."""

from collections.abc import Mapping

from matplotlib import pyplot as plt

from .processes import PROJECT

PLOT = PROJECT / "docs" / "images" / "performance.svg"


def plot(
    costs: Mapping[int, float], latencies: Mapping[int, Mapping[str, float]]
) -> None:
    """Draw cost by doors, and latency by rate."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2))
    left.plot(list(costs), list(costs.values()), marker="o")
    left.set(xscale="log", ylim=(0, None), xlabel="doors", ylabel="µs CPU per event")
    left.set_title("Cost of a door event")
    for percentile in ("p50", "p99"):
        values = [each[percentile] for each in latencies.values()]
        right.plot(list(latencies), values, marker="o", label=percentile)
    right.set(xscale="log", yscale="log", xlabel="events/s", ylabel="ms")
    right.set_title("From the panel to the state, 900 doors")
    right.legend()
    for axes in (left, right):
        axes.grid(visible=True, alpha=0.3)
    figure.tight_layout()
    PLOT.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PLOT, metadata={"Date": None})

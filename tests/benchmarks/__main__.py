"""`make bench`: prints what was measured, one line a figure, with how it was measured."""

from __future__ import annotations

from tests.benchmarks.calls import call_figures
from tests.benchmarks.imports import import_figures
from tests.benchmarks.limiter import limiter_figures
from tests.benchmarks.mapping import mapping_figures


def main() -> None:
    """Run every benchmark."""
    for figure in (*import_figures(), *mapping_figures(), *limiter_figures(), *call_figures()):
        print(figure)


if __name__ == "__main__":
    main()

"""`make bench`: prints what was measured, one line a figure, with how it was measured."""

from __future__ import annotations

from tests.benchmarks.calls import call_figures
from tests.benchmarks.catalogue import catalogue_figures
from tests.benchmarks.imports import import_figures
from tests.benchmarks.inventory import inventory_figures
from tests.benchmarks.limiter import limiter_figures
from tests.benchmarks.mapping import mapping_figures


def main() -> None:
    """Run every benchmark."""
    parts = (
        import_figures,
        mapping_figures,
        limiter_figures,
        call_figures,
        catalogue_figures,
        inventory_figures,
    )
    for part in parts:
        for figure in part():
            print(figure, flush=True)


if __name__ == "__main__":
    main()

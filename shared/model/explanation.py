"""How an order adds up, for people: one row a component and their sum."""

from pydantic import BaseModel, ConfigDict

from shared.model.money import Money

_COLUMNS = ("component", "list", "discounts", "net", "tax", "gross")


class ExplanationRow(BaseModel):
    """One component; `list` and `discounts` are in its own price mode (with or without tax)."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    component: str
    list: Money
    discounts: Money
    net: Money
    tax: Money
    gross: Money

    def cells(self) -> tuple[str, ...]:
        """Return the row as text, without the currency."""
        amounts = (self.list, self.discounts, self.net, self.tax, self.gross)
        return (self.component, *(str(amount).removesuffix(f" {amount.currency}") for amount in amounts))


class Explanation(BaseModel):
    """The rows of an order and their sum; `str()` gives a table."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    rows: tuple[ExplanationRow, ...]
    total: ExplanationRow

    def __str__(self) -> str:
        table = [_COLUMNS, *(row.cells() for row in (*self.rows, self.total))]
        widths = [max(len(line[column]) for line in table) for column in range(len(_COLUMNS))]
        lines = [_aligned(line, widths) for line in table]
        rule = "-" * max(len(line) for line in lines)
        return "\n".join([lines[0], rule, *lines[1:-1], rule, f"{lines[-1]} {self.total.gross.currency}"])


def _aligned(cells: tuple[str, ...], widths: list[int]) -> str:
    first = cells[0].ljust(widths[0])
    return "  ".join([first, *(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))])

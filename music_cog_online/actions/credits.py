"""What is left to spend."""

from __future__ import annotations

from music_cog_online.actions.context import Context
from music_cog_online.actions.result import ActionResult
from music_cog_online.wire.models import Balance

__all__ = ["balance_line", "run"]


def run(context: Context) -> ActionResult:
    """Tell the balance."""
    balance = context.api.credits()
    data = {"available": balance.available, "frozen": balance.frozen, "total": balance.total}
    here = context.backend.kind == "studio"
    line = "No credits are needed here: work on this machine costs none." if here else balance_line(balance)
    return ActionResult("credits", (line,), data=data)


def balance_line(balance: Balance) -> str:
    """The balance as a sentence."""
    held = f", {balance.frozen:g} held by running work" if balance.frozen else ""
    return f"{balance.available:g} credits available{held} (total {balance.total:g})."

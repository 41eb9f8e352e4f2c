"""The order in which numbers renew when money is short, as people change it: step by step, or by position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from phone_numbers.models import Rental

UP, DOWN = -1, 1


def ranked_ids(rentals: Sequence[Rental]) -> list[str]:
    """The numbers (ids) somebody put in order; ``rentals`` come as ``choices.ranked`` has them."""
    return [rental.number_id for rental in rentals if rental.renewal_rank is not None]


def moved(rentals: Sequence[Rental], number_id: str, step: int) -> list[str]:
    """The numbers to put in order so that this one goes ``step`` places down (``UP``: one up).

    Numbers that nobody put in order, and that now have one behind them which is, are put in order too. At an
    end, and for a number that is not there, nothing changes.
    """
    ids, ranked = [rental.number_id for rental in rentals], ranked_ids(rentals)
    place = ids.index(number_id) if number_id in ids else -1
    other = place + step
    if place < 0 or not 0 <= other < len(ids):
        return ranked
    ids[place], ids[other] = ids[other], ids[place]
    return ids[: max(len(ranked), place + 1, other + 1)]


def placed(rentals: Sequence[Rental], positions: Mapping[str, int | None]) -> list[str]:
    """The numbers to put in order by the ``positions`` somebody gave them (id → position, None for none).

    Of two with the same position the one that was moved there comes first. What ``positions`` does not name
    stays in order behind them.
    """
    now = {rental.number_id: rental.renewal_rank for rental in rentals}
    wanted = [
        (position, position == now[pk], pk) for pk in now if (position := positions.get(pk)) is not None
    ]
    left = [pk for pk in ranked_ids(rentals) if pk not in positions]
    return [pk for _, _, pk in sorted(wanted, key=lambda each: each[:2])] + left

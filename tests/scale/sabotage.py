"""What can be taken away, to see that the verdict sees it. Guards of purchases are tests.chaos'."""

from tests.chaos.sabotage import Sabotage

FORGETFUL = (
    "phone_numbers/number_table/table.py",
    "filter(workspace=workspace, dismissed_at=None)",
    "filter(dismissed_at=None)",
)
SABOTAGES = {
    "first-wall": Sabotage("A query forgets its workspace: the second wall has to hold.", edits=(FORGETFUL,)),
    "both-walls": Sabotage(
        "A query forgets its workspace, and nothing stands behind it.",
        edits=(FORGETFUL,),
        sql=("ALTER TABLE numbers_phonenumber DISABLE ROW LEVEL SECURITY",),
    ),
}

"""How much a workspace may call, spend and buy: the table, what holds for whom, counting, asking for more."""

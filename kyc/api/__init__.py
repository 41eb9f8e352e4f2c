"""How far a workspace's papers are, over REST."""

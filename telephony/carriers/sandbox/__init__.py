"""A carrier on loopback that speaks Plivo's REST API, keeps state, and can be broken on purpose."""

"""The catalogue, Telephony Config and prices over REST."""

"""Pages of Telephony Config."""

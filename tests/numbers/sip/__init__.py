"""SIP engines and calls over them."""

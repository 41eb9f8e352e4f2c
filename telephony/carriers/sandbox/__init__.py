"""Carriers on loopback: the APIs of Plivo, Twilio and SignalWire over one stock, to be broken at will."""

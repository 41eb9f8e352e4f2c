"""SignalWire's number API, spoken by us: ``/api/relay/rest/phone_numbers``."""

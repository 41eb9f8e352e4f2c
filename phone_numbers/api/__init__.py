"""Numbers over REST: ``/v1/organization-phone-numbers``."""

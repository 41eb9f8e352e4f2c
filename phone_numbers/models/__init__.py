"""Numbers, the orders that buy them, the rent they cost, the trunks that carry them."""

from phone_numbers.models.bulk import BulkRouting
from phone_numbers.models.drift import CarrierListing, CarrierSweep, Drift
from phone_numbers.models.numbers import PhoneNumber
from phone_numbers.models.orders import NumberOrder, PurchaseAttempt, StrayNumber
from phone_numbers.models.proofs import LedgerProof
from phone_numbers.models.rentals import ReassignableNumber, Rental, RentalCharge, RentalPrice
from phone_numbers.models.trunks import SipTrunk

__all__ = [
    "BulkRouting",
    "CarrierListing",
    "CarrierSweep",
    "Drift",
    "LedgerProof",
    "NumberOrder",
    "PhoneNumber",
    "PurchaseAttempt",
    "ReassignableNumber",
    "Rental",
    "RentalCharge",
    "RentalPrice",
    "SipTrunk",
    "StrayNumber",
]

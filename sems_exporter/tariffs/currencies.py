"""Currencies by their ISO 4217 codes, and what a kilowatt hour usually costs in them, to tell cents from euros."""

from decimal import Decimal

_CODES = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF
    CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD
    HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD
    MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN
    PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY
    TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CODES = frozenset(_CODES.split())
_USUAL = {
    "0.05": "BHD KWD OMR",
    "1": "BRL CNY EGP HKD MAD MOP MYR PLN SAR QAR ILS RON TTD GEL",
    "3": "CZK DKK NOK SEK ZAR TRY THB TWD UAH MXN NAD MDL BWP UYU",
    "10": "INR PHP PKR BDT DOP ISK LKR RSD NPR MUR RUB KES DZD ALL MKD",
    "40": "JPY HUF KZT AMD JMD XPF ARS CRC NGN",
    "200": "CLP KRW XAF XOF CDF MMK RWF TZS YER IQD",
    "900": "COP UGX PYG MGA UZS KHR SYP",
    "2000": "IDR VND LAK IRR LBP GNF",
}
USUAL = {code: Decimal(price) for price, codes in _USUAL.items() for code in codes.split()}
"""Where it is not some 0.3: the order of magnitude only."""
DOUBTED = 20
"""Times the usual price from which a price is doubted: cents are a hundred times as many, and spot prices may peak."""


def doubted_from(currency: str) -> Decimal:
    """The price of a kilowatt hour from which it is hardly meant."""
    return DOUBTED * USUAL.get(currency, Decimal("0.3"))

"""How much of what a portal sends is kept: far beyond any honest account, and far below what takes a machine's memory.

What is beyond a limit is left out and counted (`diagnostics.Limited`). Bytes and seconds of a single answer are limited
where it comes in (`portal/http/transport`), its number of JSON values where it is parsed (`portal/http/envelope`).
"""

JSON_VALUES = 200_000
"""Values of one answer; a list of 1,000 stations, the longest that is asked for, has some 40,000."""
TEXT_LENGTH = 200
"""Characters of a name, a serial number, a model or any other text; label values follow from it."""
STATIONS_PER_ACCOUNT = 10_000
DEVICES_PER_STATION = 200
"""Devices that are asked for their values; each takes up to four requests."""
BATTERIES_PER_INVERTER = 16
BATTERIES_PER_STATION = 200
PARTS_PER_DEVICE = 36
"""MPPT inputs and phases; the largest inverters have 16 and 3."""
ALARMS_PER_STATION = 100
DETAILS_PER_REFRESH = 1_000
"""Different unknown words, and different missing parts of stations, that one refresh remembers for the log."""
ANSWERS_REMEMBERED = 100_000
ANSWERS_REMEMBERED_BYTES = 64 * 1024 * 1024
"""Of decoded answers of one account, as Python holds them; a hybrid home has some 15 KB."""

"""The languages beside English: a gettext catalogue each, for the dashboards and the status page alike.

English stands in the code. `make languages` brings the catalogues in line with it, and writes what the page needs of
them to sems_exporter/web/languages. Alert texts and logs stay English.
"""

LANGUAGES = {
    "cs": "cs",
    "de": "de",
    "es": "es",
    "nl": "nl",
    "pl": "pl",
    "pt": "pt_PT",
}
"""By their name in files and addresses, the locale of the Unicode CLDR: the Portuguese is that of Portugal."""
PSEUDO = "xx-pseudo"
"""English in strange letters and a fifth longer: it shows what is not translated, and what will not fit."""

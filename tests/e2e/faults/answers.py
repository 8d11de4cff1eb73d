"""Answers that are none: the wrong kind, the wrong size, or a success with nothing in it."""

from tests.e2e.faults.row import HOUR, Row, also_cold, plays

FAILS = "Nothing could be read, so the refresh fails; the last good values age until they are too old."

ROWS = (
    *also_cold(
        Row(
            name="HTML with status 200",
            happens="A page about maintenance instead of JSON.",
            then=FAILS,
            play=plays("html"),
            moves="requests:unreadable refresh:unreadable",
            live=False,
            up=False,
        ),
        "requests:unreadable refresh:unreadable refresh:login_withheld logins:unreadable",
        4,
    ),
    *also_cold(
        Row(
            name="truncated JSON",
            happens="Half of the JSON, in an answer that is whole otherwise.",
            then=FAILS,
            play=plays("truncated_json"),
            moves="requests:unreadable refresh:unreadable",
            live=False,
            up=False,
        ),
        "requests:unreadable refresh:unreadable refresh:login_withheld logins:unreadable",
        4,
    ),
    *also_cold(
        Row(
            name="empty body",
            happens="Status 200 and nothing else.",
            then=FAILS,
            play=plays("empty_body"),
            moves="requests:empty refresh:empty",
            live=False,
            up=False,
        ),
        "requests:empty refresh:empty refresh:login_withheld logins:empty",
        4,
    ),
    *also_cold(
        Row(
            name="status 204",
            happens="“No content.”",
            then=FAILS,
            play=plays("no_content"),
            moves="requests:empty refresh:empty",
            live=False,
            up=False,
        ),
        "requests:empty refresh:empty refresh:login_withheld logins:empty",
        4,
    ),
    *also_cold(
        Row(
            name="redirect to another host",
            happens="Status 302 with an address elsewhere.",
            then="It is not followed, so the token goes nowhere else.",
            play=plays("redirect"),
            moves="requests:unreadable refresh:unreadable",
            live=False,
            up=False,
        ),
        "requests:unreadable refresh:unreadable refresh:login_withheld logins:unreadable",
        4,
    ),
    *also_cold(
        Row(
            name="status 401",
            happens="The gateway rejects the session, whatever it is.",
            then="One sign-in; what is rejected right after it is not asked again for half an hour.",
            play=plays("http_401"),
            moves="requests:session_rejected refresh:login_withheld logins:login_refused refresh:login_refused",
            logins=3,
            logins_after=1,
            live=False,
            up=False,
        ),
        "requests:session_rejected refresh:login_refused refresh:login_withheld logins:login_refused",
        4,
    ),
    *also_cold(
        Row(
            name="status 403",
            happens="Everything is forbidden.",
            then="No sign-in. What is denied is not asked again for half an hour.",
            play=plays("http_403"),
            moves="requests:denied refresh:denied",
            live=False,
            up=False,
        ),
        "requests:denied refresh:login_refused refresh:login_withheld logins:login_refused",
        4,
    ),
    *also_cold(
        Row(
            name="status 404",
            happens="The routes are gone: “404 Route Not Found”.",
            then="What is gone is not asked again for half an hour. Where the sign-in is gone, the protocol has "
            "changed: the classic dialect is tried, and SEMS+ again after an hour.",
            play=plays("http_404"),
            moves="requests:route_unknown refresh:route_unknown",
            live=False,
            up=False,
        ),
        "requests:route_unknown refresh:login_refused refresh:login_withheld logins:protocol_changed "
        "logins:login_refused",
        4,
        4,
        2 * HOUR,
    ),
    *also_cold(
        Row(
            name="status 429",
            happens="Too many requests, and no word of how long to wait.",
            then="Nothing is sent for 5 minutes, then 10, 20 … up to an hour.",
            play=plays("http_429"),
            moves="requests:rate_limited refresh:rate_limited",
            live=False,
            up=False,
        ),
        "requests:rate_limited refresh:rate_limited logins:rate_limited",
        3,
    ),
    *also_cold(
        Row(
            name="status 429 with Retry-After",
            happens="Too many requests, come back in 20 minutes.",
            then="Nothing is sent for as long as the portal says, from 5 minutes to an hour.",
            play=plays("http_429_retry_after", seconds=1200),
            moves="requests:rate_limited refresh:rate_limited",
            live=False,
            up=False,
        ),
        "requests:rate_limited refresh:rate_limited logins:rate_limited",
        2,
    ),
    *also_cold(
        Row(
            name="status 500",
            happens="A server error with a text that is no JSON.",
            then=FAILS,
            play=plays("http_500"),
            moves="requests:server_fault refresh:server_fault",
            live=False,
            up=False,
        ),
        "requests:server_fault refresh:server_fault refresh:login_withheld logins:server_fault",
        4,
    ),
    *(
        Row(
            name=f"{name} alone",
            happens=happens,
            then="The rest works. The last good answer ages until it is too old; what lasts of it stays for a day.",
            play=plays(fault, *endpoints),
            moves=f"requests:{outcome}",
            live=None,
            absent=absent,
            present=present,
        )
        for name, happens, fault, endpoints, outcome, absent, present in (
            (
                "the flow",
                "Only the powers of the station cannot be read.",
                "http_500",
                ("flow",),
                "server_fault",
                ("sems_station_pv_power_watts",),
                ("sems_inverter_pv_energy_joules_total",),
            ),
            (
                "the list of devices",
                "Only the list of devices cannot be read.",
                "html",
                ("devices",),
                "unreadable",
                ("sems_inverter_state",),
                ("sems_station_pv_power_watts", "sems_inverter_ac_power_watts", "sems_battery_state_of_charge_ratio"),
            ),
            (
                "telemetry",
                "Only the readings of devices are refused.",
                "code:100025",
                ("telemetry",),
                "denied",
                ("sems_inverter_temperature_celsius",),
                ("sems_station_pv_power_watts", "sems_inverter_pv_energy_joules_total"),
            ),
            (
                "the energies of today",
                "Only they are a success without data.",
                "data_null",
                ("statistics",),
                "empty",
                ("sems_station_load_energy_today_joules",),
                ("sems_station_pv_power_watts",),
            ),
            (
                "alarms",
                "Only alarms are refused.",
                "code:100025",
                ("alarms", "alarm_statistics"),
                "denied",
                ("sems_alarms_active",),
                ("sems_station_pv_power_watts",),
            ),
        )
    ),
    Row(
        name="gzip bomb",
        happens="A hundred kilobytes that unpack to a hundred megabytes.",
        then="Unpacking ends at 4 MiB.",
        play=plays("gzip_bomb", "flow"),
        moves="requests:too_large",
        live=None,
        absent=("sems_station_pv_power_watts", "sems_station_load_power_watts"),
    ),
    Row(
        name="100 MB body",
        happens="A body without end.",
        then="Reading ends at 4 MiB, and the connection with it.",
        play=plays("huge_body", "flow"),
        moves="requests:too_large",
        live=None,
        absent=("sems_station_pv_power_watts", "sems_station_load_power_watts"),
    ),
    *(
        Row(
            name=f"data is {written}",
            happens=f"A success whose data is {written}, on every call.",
            then="Nothing where something should be is the failure `empty`, never a zero. No alarms and no battery are "
            "answers.",
            play=plays(fault),
            moves="requests:empty refresh:empty",
            live=False,
            up=False,
        )
        for written, fault in (
            ("{}", "data_empty_object"),
            ("[]", "data_empty_list"),
            ('""', "data_empty_text"),
            ("null", "data_null"),
        )
    ),
    Row(
        name="codes as numbers",
        happens="Result codes are numbers, so that success is 0.",
        then="The same as ever.",
        play=plays("int_codes"),
    ),
    Row(
        name="codes as texts",
        happens="Result codes are texts.",
        then="The same as ever.",
        play=plays("string_codes"),
    ),
)

"""When an account is asked, for what, and what came of it.

`poller` says when, `reader` what, with `selection` for the stations that are wanted, `rotation` for whose turn it is
where the budget is short, and `list_overviews` for what the account's list says meanwhile. `results` is what came of
it, `event_log` what the log is told of it, and `counter_store` what a restart has to know.
"""

"""When an account is asked, for what, and what came of it.

`poller` says when, `reader` what, with `selection` for the stations that are wanted, `rotation` for whose turn it is
where the budget is short, and `overviews` for what the account's list says meanwhile. `outcome` is what came of it,
`journal` what the log is told of it, and `counter_memory` what a restart has to know.
"""

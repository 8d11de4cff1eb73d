"""Several exporters, the replicas, with the same accounts: one polls each account, all serve its stations.

They meet in a store that others keep, Valkey or Redis. `shared_store.py` asks it, `scripts.py` is what it does at once;
`lease.py` is the right to poll an account, `coordinator.py` who takes it and who gives it up; `account_stores.py` keeps
the state of an account there, `stations.py` its snapshots, `published_metrics.py` what is told of it. `account.py`
polls while it holds the lease, `replica.py` puts all of it together. Nothing here is imported without `state_url`.
"""

"""The time before the first scrape, and the gaps since: fetched from the portal, reckoned, written for a store."""

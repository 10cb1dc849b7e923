"""Vendor pages made from descriptions that are known: whatever a page says, `schema derive` must say it or name a gap.

python -m tests.derivation --pages 20000 --form rst        by hand, as many as wanted
"""

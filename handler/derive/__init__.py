"""From a vendor's API page to a JSON Schema: readers for three forms of page, and rules from rows to schemas.

Needs the extra `derive`; not part of the deployed zip. Nothing here guesses: what is not understood becomes a `Gap`.
"""

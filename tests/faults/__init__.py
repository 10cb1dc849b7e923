"""The fault matrix: every edge of a run, times every fault, times how long it lasts, with the invariants of each cell."""

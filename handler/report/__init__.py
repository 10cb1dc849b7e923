"""The result of a run: verdict, JSON version 1 in both directions, fitting into limits, recorded snapshots."""

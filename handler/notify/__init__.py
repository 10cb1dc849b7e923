"""When somebody is told: what is due, sending, receipts, and what a crash must not lose."""

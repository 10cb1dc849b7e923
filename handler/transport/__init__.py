"""One HTTP request: what is sent and what comes back, over a session of requests that adds nothing of its own."""

"""One HTTP request: time limits, size limit, no redirects, and no secret in any error."""

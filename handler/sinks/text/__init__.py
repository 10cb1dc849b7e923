"""What chat messages are made of: wording, lines, folding, layout, dialects, fitting."""

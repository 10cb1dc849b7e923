"""JSON Schemas derived from the vendor's documents, and the one function that applies them."""

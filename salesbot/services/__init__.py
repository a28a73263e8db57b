"""What is true across rows: plain functions that flush and never commit."""

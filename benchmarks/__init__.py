"""What a message costs: salesbot beside a bare route and a handler written by hand."""

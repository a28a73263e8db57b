"""The whole shop in one sealed file, and back again on another machine or another database."""

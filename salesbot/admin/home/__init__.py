"""The first page: what needs somebody now, how the shop goes, and news for whoever looks."""

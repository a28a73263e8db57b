"""What the app does around every request."""


def test_functions_are_called_as_they_are_and_asynchronous_ones_as_flask_does(app, monkeypatch):
    class Page:
        def now(self):
            """An ordinary one."""

        async def later(self):
            """One that Flask runs in a loop."""

    page = Page()
    monkeypatch.setattr(app, "async_to_sync", lambda func: ("in a loop", func))
    for ordinary in (Page.now, page.now):
        assert app.ensure_sync(ordinary) == ordinary
    for other in (Page.later, page.later):
        assert app.ensure_sync(other) == ("in a loop", other)

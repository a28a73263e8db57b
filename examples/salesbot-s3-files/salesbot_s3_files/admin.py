"""The page on which staff see whether buyers get their files."""

from flask import flash, redirect

from salesbot import AdminPage, expose, later, transaction
from salesbot_s3_files import checks


class StoragePage(AdminPage):
    """`/admin/s3-files/`."""

    needs = {"index": "look", "check": "change"}

    def __init__(self):
        super().__init__(name="Storage", url="s3-files", icon="fa-box-archive")

    @expose("/")
    def index(self):
        return self.render("s3_files/storage.html", latest=checks.latest())

    @expose("/check", methods=["POST"])
    def check(self):
        with transaction():
            later("s3_files:check")
        flash("It is being looked at. Load this page again in a moment.", "info")
        return redirect(self.get_url(".index"))

from salesbot import AdminPage, Card, expose, hookimpl
from salesbot.models import Order, db


class MyPluginPage(AdminPage):
    """`/admin/my-plugin/`; `needs` says which right each of its functions asks for."""

    needs = {"index": "look"}

    def __init__(self):
        super().__init__(name="My plugin", url="my-plugin")

    @expose("/")
    def index(self):
        return self.render("myplugin/page.html", count=count_orders())


def count_orders():
    return db.session.scalar(db.select(db.func.count(Order.id)))


@hookimpl
def salesbot_register_admin_views(admin):
    admin.add_view(MyPluginPage())


@hookimpl
def salesbot_home_cards():
    return Card("My plugin", _("{count} orders").format(count=count_orders()), url="/admin/my-plugin/")

"""A page of the back office with a form, and a card on its first page."""

from salesbot import AdminPage, Card, expose, hookimpl, transaction
from salesbot.models import Product, db

PLUGIN = "prices"


class PricesPage(AdminPage):
    needs = {"index": "look", "raise_all": "change"}

    def __init__(self):
        super().__init__(name="Prices", url="prices", icon="fa-tags")

    @expose("/")
    def index(self):
        return f"{count()} products"

    @expose("/raise", methods=["POST"])
    def raise_all(self):
        with transaction():
            for product in db.session.scalars(db.select(Product)):
                product.price += 100
        return self.index()


def count():
    return db.session.scalar(db.select(db.func.count(Product.id)))


@hookimpl
def salesbot_register_admin_views(admin):
    admin.add_view(PricesPage())


@hookimpl
def salesbot_home_cards():
    return Card("Prices", f"{count()} products", url="/admin/prices/")


def test_each_role_may_do_what_the_page_says(staff, catalogue, customer):
    book = catalogue.file("Book", price=900)
    viewer, manager = staff("viewer"), staff("manager")
    assert "1 products" in viewer.get("/admin/prices/").text
    assert "1 products" in viewer.get("/admin/").text
    assert viewer.post("/admin/prices/raise").status_code == 403
    manager.get("/admin/")
    assert manager.post("/admin/prices/raise").status_code == 200
    assert "$10.00" in customer.taps(f"product:{book.id}")[0].text
    assert staff(None).get("/admin/prices/").status_code == 302

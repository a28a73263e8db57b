def test_staff_see_its_page_and_its_card(staff):
    person = staff("agent")
    assert "0 orders so far." in person.get("/admin/my-plugin/").text
    assert "My plugin" in person.get("/admin/").text


def test_nobody_else_sees_its_page(staff):
    assert "orders so far" not in staff(None).get("/admin/my-plugin/").text

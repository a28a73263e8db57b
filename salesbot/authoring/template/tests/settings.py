def test_staff_type_the_hours(customer, catalogue):
    assert "9 to 5" in customer.says("my words hours")[0].text
    catalogue.setting("myplugin.myplugin_hours", "10 to 4")
    assert "10 to 4" in customer.says("my words hours")[0].text

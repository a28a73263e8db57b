"""Who gets in, who doesn't, and for how long."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import unquote

import pytest
from sqlalchemy import delete, select

from salesbot import clock
from salesbot.app import create_app
from salesbot.extensions import db
from salesbot.models import StaffUser
from salesbot.services import staff
from tests.admin.conftest import PASSWORD


def test_whoever_has_the_password_gets_in(stranger, stored):
    """The right password opens the back office, and the account says when."""
    answer = stranger.signs_in()
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/admin/"
    assert stranger.get("/admin/").status_code == 200
    [olga] = stored(select(StaffUser))
    assert clock.now() - olga.last_sign_in_at < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("email", "password"), [("olga@example.com", "wrong"), ("nobody@example.com", PASSWORD)]
)
def test_a_wrong_guess_does_not_say_what_was_wrong(stranger, email, password):
    """An unknown address and a wrong password are answered alike."""
    answer = stranger.signs_in(email, password)
    assert answer.status_code == 401
    assert "This e-mail and password don&#39;t fit together." in answer.text
    assert stranger.get("/admin/").status_code == 302


def test_an_account_that_is_switched_off_is_refused(stranger, rows, stored):
    """`active` decides, whatever the password."""
    with rows():
        staff.by_email("olga@example.com").active = False
    assert stranger.signs_in().status_code == 401


def test_the_password_rests_hashed(rows, stored):
    """No column holds it, and guessing from a stolen database takes long."""
    with rows():
        staff.add("bob@example.com", PASSWORD)
    bob = stored(select(StaffUser).order_by(StaffUser.id))[-1]
    assert PASSWORD not in repr(vars(bob))
    assert bob.password_hash.startswith("scrypt:")


def test_a_shop_without_accounts_says_how_to_make_one(rows, stranger):
    """Nobody stands before a locked door without a hint."""
    assert "salesbot staff add" not in stranger.get("/admin/login").text
    with rows():
        db.session.execute(delete(StaffUser))
    assert "salesbot staff add" in stranger.get("/admin/login").text


def test_guessing_is_slowed_down_and_told_when_to_go_on(stranger):
    """The eleventh wrong try in a minute is refused, with the waiting time in plain words."""
    codes = [stranger.signs_in(password="wrong").status_code for _ in range(10)]
    assert codes == [401] * 10
    answer = stranger.signs_in()
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 61
    assert "You can try again in" in answer.text
    assert "second" in answer.text


def test_a_right_password_does_not_count_as_a_guess(stranger):
    """Signing in and out all day is nobody's attack."""
    for _ in range(12):
        assert stranger.signs_in().status_code == 302
        assert stranger.post("/admin/logout").status_code == 302


def test_signing_in_leads_back_to_where_one_wanted_to_go(stranger):
    """The page that was asked for first comes after the sign-in."""
    sent = stranger.get("/admin/order/?search=AB").headers["Location"]
    assert sent == "/admin/login?next=/admin/order/?search%3DAB"
    stranger.get(sent)
    answer = stranger.post(
        "/admin/login",
        {"email": "olga@example.com", "password": PASSWORD, "next": "/admin/order/?search=AB"},
    )
    assert answer.headers["Location"] == "/admin/order/?search=AB"


@pytest.mark.parametrize(
    "evil",
    ["http://evil.example", "//evil.example", "/\\evil.example", "http:evil.example", "\t//evil.example"],
)
def test_signing_in_never_leads_to_another_host(stranger, evil):
    """A prepared link is refused before and after the password."""
    assert stranger.get("/admin/login", query_string={"next": evil}).status_code == 400
    stranger.get("/admin/login")
    answer = stranger.post("/admin/login", {"email": "olga@example.com", "password": PASSWORD, "next": evil})
    assert answer.status_code == 400


def test_a_prepared_session_is_worth_nothing_afterwards(stranger):
    """What stood in the cookie before the sign-in is gone after it."""
    with stranger.client.session_transaction() as session:
        session["planted"] = "by somebody else"
    stranger.signs_in()
    with stranger.client.session_transaction() as session:
        assert "planted" not in session
        assert session["_user_id"]


def test_signing_out_takes_a_click_and_ends_it(owner):
    """An address alone signs nobody out; the button does."""
    assert owner.get("/admin/logout").status_code == 405
    assert owner.post("/admin/logout").status_code == 302
    assert owner.get("/admin/").headers["Location"] == "/admin/login"


def test_a_new_password_ends_every_other_session(owner, rows):
    """A stolen cookie stops to fit when the password changes."""
    assert owner.get("/admin/").status_code == 200
    with rows():
        staff.by_email("olga@example.com").set_password("another long password")
    assert owner.get("/admin/").status_code == 302


def test_whoever_does_nothing_for_long_is_signed_out(owner):
    """Two hours without a click end the session, and the page says so."""
    clock.move(timedelta(minutes=119))
    assert owner.get("/admin/").status_code == 200
    clock.move(timedelta(minutes=119))
    assert owner.get("/admin/").status_code == 200
    clock.move(timedelta(minutes=121))
    answer = owner.get("/admin/", follow_redirects=True)
    assert "You were signed out because nothing happened for a while." in answer.text
    assert owner.get("/admin/").status_code == 302


def test_a_page_that_updates_itself_keeps_nobody_signed_in(owner, rows):
    """Polling is no click; whoever types in a chat is there, though."""
    from tests.admin.rows import chat

    with rows():
        number = chat().id
    here = f"/admin/conversation/{number}/here"
    for _ in range(5):
        clock.move(timedelta(minutes=30))
        assert owner.post(here, {"writing": "1"}).status_code == 200
    assert owner.get("/admin/").status_code == 200
    for _ in range(3):
        clock.move(timedelta(minutes=30))
        assert owner.get(f"/admin/conversation/{number}/news").status_code == 200
        assert owner.post(here, {"writing": "0"}).status_code == 200
    clock.move(timedelta(minutes=31))
    assert owner.get("/admin/news/latest").status_code == 401
    assert owner.get("/admin/").status_code == 302


def test_a_script_is_told_that_nobody_is_signed_in(owner, rows, stranger):
    """401 to what open pages ask for by themselves; a redirect they could not show."""
    from tests.admin.rows import chat

    with rows():
        number = chat().id
    asked = (f"conversation/{number}/news", "conversation/news", "simulator/1/messages")
    for address in (*asked, "whatsapp/heard", "news/latest", "news/test/1"):
        answer = stranger.get(f"/admin/{address}")
        assert (answer.status_code, answer.json) == (401, {"signed_out": True}), address
    assert stranger.post(f"/admin/conversation/{number}/here").status_code == 401
    headers = {"Accept": "application/json"}
    assert stranger.get("/admin/words/", headers=headers).status_code == 401


def test_a_form_that_was_sent_too_late_leads_back_to_its_page(owner, rows):
    """After signing in one is where the form was; never at another site, nor where no page is."""
    from tests.admin.rows import chat

    with rows():
        number = chat().id
    reply = f"/admin/conversation/{number}/reply"

    def goes_on_at(sent_from: str) -> str:
        answer = owner.post(reply, {"text": "Hello"}, headers={"Referer": sent_from})
        assert answer.status_code == 302
        return unquote(answer.headers["Location"].partition("/admin/login")[2])

    clock.move(timedelta(minutes=121))
    page = f"/admin/conversation/details/?id={number}"
    for _ in ("idle", "without a session"):
        assert goes_on_at(f"http://localhost{page}") == f"?next={page}"
    assert goes_on_at(f"http://elsewhere{page}") == ""
    assert goes_on_at(f"http://localhost{reply}") == ""


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger):
    """HttpOnly and SameSite always."""
    stranger.get("/admin/login")
    answer = stranger.post("/admin/login", {"email": "olga@example.com", "password": PASSWORD})
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_behind_https_the_cookie_never_travels_in_the_open(tmp_path):
    """Secure when the public address is https."""
    app = create_app(
        {"PUBLIC_URL": "https://shop.example.com", "ENTRY_POINTS": False, "LOG_LEVEL": "ERROR"},
        instance_path=tmp_path,
    )
    with app.app_context():
        db.create_all()
    answer = app.test_client().get("/admin/login", base_url="https://shop.example.com")
    assert "Secure" in answer.headers["Set-Cookie"]

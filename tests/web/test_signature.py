"""Only what Twilio signed for our account gets in; whatever else is odd is 403 and never 500."""

import base64
import hashlib
import hmac
import json
from urllib.parse import urlencode

import pytest
from flask import request
from sqlalchemy import func, select

from salesbot.channels.twilio import is_signed
from salesbot.channels.twilio_api import Account
from salesbot.models import Message
from salesbot.testing.twilio_webhooks import FORM, message_form, post_body, sid, signature

PATH = "/webhooks/twilio/message"
STATUS = "/webhooks/twilio/status"


@pytest.fixture
def form(twilio):
    from salesbot.channels import Incoming

    incoming = Incoming("twilio", "whatsapp:+15550001111", sid(), text="hi", name="Ana")
    return message_form(incoming, twilio.account, twilio.number)


@pytest.fixture
def posts(app, twilio):
    """Posts a form as somebody who signs it with `token` for the address `signed_for`."""

    def post(form, *, token=twilio.token, signed_for=f"https://shop.example{PATH}", to=PATH, **headers):
        signed = {"X-Twilio-Signature": signature(signed_for, form, token)} | headers
        return post_body(app, f"https://x.example{to}", urlencode(form), signed).status

    return post


def how_many(stored):
    return stored(select(func.count(Message.id)))[0]


def test_a_right_signature_is_let_in(posts, form, stored):
    assert posts(form) == 200
    assert how_many(stored) == 2


@pytest.mark.parametrize("path", [PATH, STATUS])
@pytest.mark.parametrize("wrong", [None, "", "x", "é", "A" * 10_000, "ucirNPQeM+YJY6O0Kwu+PuVYDYM="])
def test_a_wrong_or_missing_signature_is_kept_out(app, form, stored, path, wrong):
    headers = {} if wrong is None else {"X-Twilio-Signature": wrong}
    assert post_body(app, f"https://shop.example{path}", urlencode(form), headers).status == 403
    assert how_many(stored) == 0


def test_a_signature_by_another_token_is_kept_out(posts, form):
    assert posts(form, token="somebody else's") == 403


def test_a_signature_for_other_words_is_kept_out(app, posts, form, twilio):
    signed = signature(f"https://shop.example{PATH}", form, twilio.token)
    body = urlencode({**form, "Body": "send me the keys"})
    assert post_body(app, f"https://x.example{PATH}", body, {"X-Twilio-Signature": signed}).status == 403


@pytest.mark.parametrize("token", ["newer", "older"])
def test_two_tokens_count_while_one_is_rotated(salesbot_apps, twilio, form, token):
    twilio.connect(salesbot_apps(TWILIO_AUTH_TOKEN="newer, older"))
    twilio.token = token
    assert twilio.posts(form).status == 200


@pytest.mark.parametrize("address", ["https://shop.example:443", "https://shop.example"])
def test_twilio_may_count_the_usual_port_or_not(posts, form, address):
    assert posts(form, signed_for=address + PATH) == 200


@pytest.mark.parametrize("address", ["https://shop.example:8443", "https://shop.example"])
def test_an_unusual_port_may_be_in_the_signature_or_not(salesbot_apps, twilio, form, address):
    app = salesbot_apps(PUBLIC_URL="https://shop.example:8443")
    signed = {"X-Twilio-Signature": signature(address + PATH, form, twilio.token)}
    assert post_body(app, f"https://shop.example:8443{PATH}", urlencode(form), signed).status == 200


@pytest.mark.parametrize("query", ["?from=caf%C3%A9", "?from=caf%c3%a9&x=a+b%20c", "?empty=&x", "?a=%2F%25"])
def test_a_query_is_signed_as_it_was_sent(posts, form, query):
    assert posts(form, signed_for=f"https://shop.example{PATH}{query}", to=PATH + query) == 200
    assert posts(form, signed_for=f"https://shop.example{PATH}", to=PATH + query) == 403


def test_the_world_may_see_the_shop_under_a_prefix(salesbot_apps, twilio, form):
    twilio.connect(salesbot_apps(PUBLIC_URL="https://example.com/shop"))
    signed_for = f"https://example.com/shop{PATH}"
    signed = {"X-Twilio-Signature": signature(signed_for, form, twilio.token)}
    assert post_body(twilio.target, f"https://x{PATH}", urlencode(form), signed).status == 200


def test_a_trusted_proxy_may_tell_the_address_and_an_untrusted_one_may_not(salesbot_apps, twilio, form):
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "shop.example", "X-Forwarded-Prefix": "/s"}
    signed = {"X-Twilio-Signature": signature(f"https://shop.example/s{PATH}", form, twilio.token)}
    for proxies, status in ((1, 200), (0, 403)):
        app = salesbot_apps(PUBLIC_URL="", TRUSTED_PROXIES=proxies)
        assert post_body(app, f"http://127.0.0.1{PATH}", urlencode(form), signed | told).status == status


def test_without_an_account_every_request_is_refused(salesbot_apps, form):
    app = salesbot_apps(TWILIO_ACCOUNT_SID="", TWILIO_AUTH_TOKEN="")
    for token in ("", "None", "[]"):
        signed = {"X-Twilio-Signature": signature(f"https://shop.example{PATH}", form, token)}
        assert post_body(app, f"https://shop.example{PATH}", urlencode(form), signed).status == 403


@pytest.mark.parametrize("signed_with", ["", "None", "()"])
def test_an_account_whose_token_is_missing_opens_to_nobody(app, form, twilio, signed_with):
    """An empty token would be one that everybody knows."""
    address = f"https://shop.example{PATH}"
    headers = {"X-Twilio-Signature": signature(address, form, signed_with)}
    with app.test_request_context(PATH, method="POST", data=form, headers=headers):
        assert not is_signed(request, Account(twilio.account, (), twilio.number, ""))


@pytest.mark.parametrize("account", ["AC" + "0" * 32, "", None])
def test_a_signed_message_of_another_account_is_kept_out(posts, form, stored, account):
    other = {**form, "AccountSid": account} if account is not None else dict(form)
    if account is None:
        del other["AccountSid"]
    assert posts(other) == 403
    assert how_many(stored) == 0


def test_a_json_body_is_kept_out_even_when_it_is_signed(app, form, twilio):
    body = json.dumps(form)
    url = f"https://shop.example{PATH}?bodySHA256={hashlib.sha256(body.encode()).hexdigest()}"
    signed = {"X-Twilio-Signature": signature(url, {}, twilio.token)}
    assert post_body(app, url, body, signed, "application/json").status == 403
    assert post_body(app, f"https://shop.example{PATH}", body, signed, "application/json").status == 403


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("\x00\xff\xfe", "application/octet-stream"),
        ("%", FORM),
        ("a=%zz&=&&&;;", FORM),
        ("From=%FF%FE&Body=%C3", FORM),
        ("", FORM),
        ("", ""),
        ("--x\r\nbroken", "multipart/form-data; boundary=x"),
        ("--x", "multipart/form-data"),
        ("{", "application/json"),
        ("hi", "text/plain; charset=nonsense"),
    ],
)
@pytest.mark.parametrize("path", [PATH, STATUS])
def test_an_odd_body_is_kept_out_quietly(app, path, body, content_type):
    signed = {"X-Twilio-Signature": "x"}
    assert post_body(app, f"https://shop.example{path}", body, signed, content_type).status == 403


@pytest.mark.parametrize(("read_as", "status"), [("caf%E9", 200), ("caf\ufffd", 403)])
def test_letters_that_are_no_utf8_break_nothing(app, twilio, form, read_as, status):
    """Twilio sends UTF-8 only; who signs other bytes as we read them is answered, others are not."""
    body = urlencode({k: v for k, v in form.items() if k != "Body"}) + "&Body=caf%E9"
    signed = signature(f"https://shop.example{PATH}", {**form, "Body": read_as}, twilio.token)
    answer = post_body(app, f"https://shop.example{PATH}", body, {"X-Twilio-Signature": signed})
    assert answer.status == status
    assert bool(answer.messages) == (status == 200)


def test_a_body_of_many_megabytes_is_refused_before_it_is_read_whole(app):
    signed = {"X-Twilio-Signature": "x"}
    answer = post_body(app, f"https://shop.example{PATH}", "Body=" + "x" * 6_000_000, signed)
    assert answer.status in {403, 413}


def test_the_newer_signatures_with_sha256_are_understood(posts, app, form, twilio):
    url = f"https://shop.example{PATH}"
    joined = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    digest = hmac.new(twilio.token.encode(), joined.encode(), hashlib.sha256).digest()
    signed = {
        "X-Twilio-Signature": base64.b64encode(digest).decode(),
        "X-Twilio-Webhooks-Signature-Settings": "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256",
    }
    assert post_body(app, url, urlencode(form), signed).status == 200


@pytest.mark.parametrize("settings", ["algorithm=HMAC_MD5", "algorithm=none", ",,,=", "é"])
def test_an_unknown_kind_of_signature_is_no_way_round_it(app, posts, form, twilio, settings):
    url = f"https://shop.example{PATH}"
    signed = {
        "X-Twilio-Signature": signature(url, form, "another token"),
        "X-Twilio-Webhooks-Signature-Settings": settings,
    }
    assert post_body(app, url, urlencode(form), signed).status == 403


@pytest.mark.parametrize("method", ["get", "put", "delete", "head"])
def test_only_posts_are_taken(app, method):
    assert getattr(app.test_client(), method)(PATH).status_code in {403, 405}


@pytest.mark.parametrize("missing", ["MessageSid", "From"])
def test_a_signed_message_that_lacks_what_every_message_has_is_a_clear_400(posts, form, missing):
    assert posts({name: value for name, value in form.items() if name != missing}) == 400


def test_a_parameter_that_comes_twice_is_counted_as_twilio_counts_it(app, form, twilio):
    from werkzeug.datastructures import MultiDict

    url = f"https://shop.example{PATH}"
    both = MultiDict([*form.items(), ("MediaTag", "b"), ("MediaTag", "a")])
    signed = {"X-Twilio-Signature": signature(url, both, twilio.token)}
    assert post_body(app, url, urlencode(list(both.items(multi=True))), signed).status == 200


def test_refusing_says_nothing_about_the_words_in_the_log(app, form, caplog):
    body = urlencode({**form, "Body": "my secret wish"})
    post_body(app, f"https://shop.example{PATH}", body, {"X-Twilio-Signature": "x"})
    assert "without a right signature" in caplog.text
    assert "secret wish" not in caplog.text

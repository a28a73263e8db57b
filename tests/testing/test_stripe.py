"""The stand-in for Stripe is as strict as Stripe, so that a test against it means something."""

import time

import pytest
import stripe as sdk

from salesbot.testing.stripe import KEY, PATH, SECRET, StandIn
from salesbot.testing.stripe_things import sign


@pytest.fixture
def stand_in():
    with StandIn() as found:
        yield found


@pytest.fixture
def client(stand_in):
    http = sdk.RequestsClient(timeout=2)
    yield sdk.StripeClient(KEY, base_addresses={"api": stand_in.url}, max_network_retries=0, http_client=http)
    http.close()


def words(**more):
    return {
        "mode": "payment",
        "success_url": "https://shop.example/pay/1",
        "cancel_url": "https://shop.example/pay/1",
        "line_items": [
            {
                "price_data": {"currency": "usd", "unit_amount": 500, "product_data": {"name": "Book"}},
                "quantity": 2,
            }
        ],
        **more,
    }


def create(client, key=None, **more):
    return client.v1.checkout.sessions.create(
        params=words(**more), options={"idempotency_key": key} if key else {}
    )


def test_a_session_is_what_was_asked_for(client, stand_in):
    session = create(client, metadata={"order": "1"})
    assert (session.amount_total, session.currency, session.status) == (1000, "usd", "open")
    assert session.metadata["order"] == "1"
    again = client.v1.checkout.sessions.retrieve(session.id)
    assert again.url == session.url == f"{stand_in.url}/c/pay/{session.id}"


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"colour": "red"}, "colour"),
        ({"payment_intent_data": {"colour": "red"}}, "payment_intent_data[colour]"),
        ({"payment_intent_data": "red"}, "payment_intent_data"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"adaptive_pricing": {"enabled": "perhaps"}}, "adaptive_pricing[enabled]"),
        ({"metadata": {"order": {"id": "1"}}}, "metadata"),
        (
            {"line_items": [{"price_data": {"currency": "usd", "price": 1}}]},
            "line_items[0][price_data][price]",
        ),
    ],
)
def test_a_parameter_that_the_sdk_does_not_know_is_refused_and_noted(client, stand_in, params, name):
    with pytest.raises(sdk.InvalidRequestError) as refused:
        create(client, **params)
    assert (refused.value.code, refused.value.param) == ("parameter_unknown", name)
    assert stand_in.problems == [f"/v1/checkout/sessions: Received unknown parameter: {name}"]


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"mode": "setup"}, "mode"),
        ({"success_url": "/pay/1"}, "success_url"),
        ({"expires_at": int(time.time()) + 60}, "expires_at"),
        ({"expires_at": int(time.time()) + 25 * 60 * 60}, "expires_at"),
        ({"metadata": {"order": "x" * 501}}, "metadata"),
        ({"client_reference_id": "x" * 201}, "client_reference_id"),
        ({"line_items": []}, "line_items"),
    ],
)
def test_what_stripe_does_not_take_is_refused(client, params, param):
    with pytest.raises(sdk.InvalidRequestError) as refused:
        create(client, **params)
    assert refused.value.param == param


@pytest.mark.parametrize(
    ("currency", "amount", "code"),
    [
        ("usd", 20, "amount_too_small"),
        ("usd", 60_000_000, "amount_too_large"),
        ("kwd", 1001, "parameter_invalid_integer"),
        ("isk", 55, "parameter_invalid_integer"),
    ],
)
def test_amounts_have_limits(client, currency, amount, code):
    line = words()["line_items"][0]
    line["price_data"] |= {"currency": currency, "unit_amount": amount}
    if currency != "usd":
        line["quantity"] = 1
    with pytest.raises(sdk.InvalidRequestError) as refused:
        create(client, line_items=[line])
    assert refused.value.code == code


def test_a_key_brings_the_same_answer_and_minds_other_words(client, stand_in):
    first = create(client, key="k")
    assert create(client, key="k").id == first.id
    assert [asked.replayed for asked in stand_in.asked] == [False, True]
    with pytest.raises(sdk.IdempotencyError):
        create(client, key="k", client_reference_id="2")
    assert create(client, key="other").id != first.id


def test_a_refusal_does_not_use_a_key_up(client):
    with pytest.raises(sdk.InvalidRequestError):
        create(client, key="k", mode="setup")
    assert create(client, key="k").status == "open"


def test_only_its_own_key_opens_it(stand_in):
    http = sdk.RequestsClient(timeout=2)
    other = sdk.StripeClient("sk_test_x", base_addresses={"api": stand_in.url}, http_client=http)
    with pytest.raises(sdk.AuthenticationError):
        create(other)
    http.close()


def test_refunds_keep_count(client, stand_in):
    account, session = stand_in.account, create(client).id
    account.pays(session)
    intent = account.sessions[session]["payment_intent"]
    assert client.v1.payment_intents.retrieve(intent).amount_received == 1000
    first = client.v1.refunds.create(params={"payment_intent": intent, "amount": 400})
    assert client.v1.refunds.retrieve(first.id).status == "succeeded"
    for amount, code in ((601, None), (0, "parameter_invalid_integer")):
        with pytest.raises(sdk.InvalidRequestError) as refused:
            client.v1.refunds.create(params={"payment_intent": intent, "amount": amount})
        assert refused.value.code == code
    client.v1.refunds.create(params={"payment_intent": intent})
    with pytest.raises(sdk.InvalidRequestError) as refused:
        client.v1.refunds.create(params={"payment_intent": intent})
    assert refused.value.code == "charge_already_refunded"
    reports = [event["data"] for event in account.events if event["type"] == "charge.refunded"]
    assert [
        (r["previous_attributes"]["amount_refunded"], r["object"]["amount_refunded"]) for r in reports
    ] == [
        (0, 400),
        (400, 1000),
    ]


def test_a_disputed_payment_is_not_refunded(client, stand_in):
    account, session = stand_in.account, create(client).id
    account.pays(session)
    account.disputes_it(session)
    with pytest.raises(sdk.InvalidRequestError) as refused:
        client.v1.refunds.create(params={"payment_intent": account.sessions[session]["payment_intent"]})
    assert refused.value.code == "charge_disputed"


def test_what_it_does_not_know_is_noted(client, stand_in):
    with pytest.raises(sdk.InvalidRequestError):
        client.v1.customers.create(params={})
    assert "customers" in stand_in.problems[0]


@pytest.mark.parametrize(("status", "error"), [(429, sdk.RateLimitError), (500, sdk.APIError)])
def test_it_can_be_in_trouble(client, stand_in, status, error):
    stand_in.refuses(status)
    with pytest.raises(error):
        create(client)
    assert stand_in.account.sessions == {}
    stand_in.hangs_up()
    with pytest.raises(sdk.APIConnectionError):
        create(client, key="k")
    assert len(stand_in.account.sessions) == 1


def test_its_signature_is_one_that_the_sdk_believes():
    body = '{"id": "evt_1", "object": "event", "type": "x", "data": {"object": {}}}'
    header = sign(body.encode(), ["whsec_old", SECRET])
    assert sdk.Webhook.construct_event(body, header, SECRET).id == "evt_1"
    with pytest.raises(sdk.SignatureVerificationError):
        sdk.Webhook.construct_event(body, header, "whsec_x")
    assert PATH == "/webhooks/payments/stripe"

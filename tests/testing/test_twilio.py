"""The stand-in is as strict as Twilio's documents, so that a test against it means something."""

import base64
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from salesbot.testing import twilio_rules
from salesbot.testing.twilio_rules import passed_over, refusal, size, wrong_in_answer
from salesbot.testing.twilio_webhooks import post_body
from tests.support.servers import serving

NUMBER = "whatsapp:+14155238886"
GOOD = {"To": ["whatsapp:+4915123456789"], "From": [NUMBER], "Body": ["Hello"]}
XML = "text/xml; charset=utf-8"


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"To": ["whatsapp:DE.8a1Zx90QwErTy"]},
        {"Body": ["x" * 1600]},
        {"Body": ["👍" * 800]},
        {"Body": [""], "MediaUrl": ["https://shop.example/a.png"]},
        {"StatusCallback": ["https://shop.example/s?message=1#rc=3"]},
        {"ContentSid": ["HX" + "a" * 32], "ContentVariables": ['{"1": "x"}']},
    ],
    ids=range(7),
)
def test_a_right_message_is_taken(more):
    assert refusal(GOOD | more, NUMBER) is None


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"To": ["+4915123456789"]}, 21211),
        ({"To": ["whatsapp:+49151 2345"]}, 21211),
        ({"To": ["whatsapp:4915123456789"]}, 21211),
        ({"To": []}, 21211),
        ({"From": ["whatsapp:+15550009999"]}, 63007),
        ({"Body": [""]}, 21619),
        ({"Body": ["x" * 1601]}, 21617),
        ({"Body": ["👍" * 801]}, 21617),
        ({"MediaUrl": ["https://shop.example/a.png"] * 11}, 21623),
        ({"MediaUrl": ["/media/a.png"]}, 21620),
        ({"MediaUrl": ["https://shop.example/a b.png"]}, 21620),
        ({"StatusCallback": ["http://my_shop.example/s"]}, 21609),
        ({"StatusCallback": ["//shop.example/s"]}, 21609),
        ({"ContentSid": ["HX1"]}, 21655),
        ({"ContentVariables": ["{'1': 'x'}"]}, 21656),
        ({"ContentVariables": ['{"1": ""}']}, 21656),
        ({"ContentVariables": ['{"1": null}']}, 21656),
    ],
)
def test_what_twilio_refuses_is_refused_with_its_code(more, code):
    assert refusal(GOOD | more, NUMBER).code == code


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"MediaURL": ["https://shop.example/a.png"]}, "MediaURL does not exist"),
        ({"Body": ["a", "b"]}, "Body is given 2 times"),
        ({"MediaUrl": ["https://a.example/1", "https://a.example/2"]}, "one picture a message"),
        ({"ContentSid": ["HX" + "a" * 32]}, "don't go with ContentSid"),
    ],
)
def test_what_twilio_would_silently_drop_is_noted(more, said):
    assert any(said in problem for problem in passed_over(GOOD | more))


def test_the_parameters_that_we_send_are_all_known():
    assert passed_over(GOOD | {"StatusCallback": ["https://a.example"]}) == []


@pytest.mark.parametrize(("text", "count"), [("abc", 3), ("👍", 2), ("👩‍🚀", 5), ("é", 1)])
def test_length_is_counted_as_twilio_counts_it(text, count):
    assert size(text) == count


def message(inside, **attributes):
    named = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<Response><Message{named}>{inside}</Message></Response>"


@pytest.mark.parametrize(
    ("status", "content_type", "body", "code"),
    [
        (500, XML, "<Response/>", "11200"),
        (200, "text/plain", "<Response/>", "12300"),
        (200, XML, "<Response>", "12100"),
        (200, XML, message("<Body>\x01</Body>"), "12100"),
        (200, XML, "<Response><Say>hi</Say></Response>", "12200"),
        (200, XML, message("<Body> </Body>"), "14103"),
        (200, XML, message(f"<Body>{'x' * 1601}</Body>"), "14103"),
        (200, XML, message("<Body>x</Body><Media>a.png</Media>"), "media"),
        (200, XML, message("<Body>x</Body>", action="/status"), "status address"),
        (200, XML, "<Response>" + "<Message><Body>x</Body></Message>" * 11 + "</Response>", "14109"),
    ],
)
def test_an_answer_that_twilio_would_not_take_is_noted(status, content_type, body, code):
    assert code in wrong_in_answer(status, content_type, body)[0]


def test_a_right_answer_is_fine():
    body = message(
        "<Body>hi</Body><Media>https://a.example/a.png</Media>", action="https://a.example/s?message=1"
    )
    assert wrong_in_answer(200, XML, body) == []
    assert wrong_in_answer(200, XML, "<Response/>") == []


def ask(twilio, form, *, path=None, token=None):
    """What the stand-in answers to a request by hand."""
    words = base64.b64encode(f"{twilio.account}:{token or twilio.token}".encode()).decode()
    request = Request(  # noqa: S310 - the stand-in's own address
        twilio.url + (path or f"/2010-04-01/Accounts/{twilio.account}/Messages.json"),
        data=urlencode(form).encode(),
        headers={"Authorization": f"Basic {words}"},
    )
    try:
        with urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
            return answer.status, answer.read().decode()
    except OSError as exc:
        with exc:
            return exc.code, exc.read().decode()


FORM = {"To": "whatsapp:+4915123456789", "From": NUMBER, "Body": "Hello"}


def test_a_message_is_recorded_and_answered_as_twilio_does(twilio):
    status, body = ask(twilio, FORM)
    assert status == 201
    (taken,) = twilio.messages
    assert taken.sid in body
    assert '"status": "queued"' in body
    assert taken.sid.startswith("SM")
    assert len(taken.sid) == 34


@pytest.mark.parametrize(
    ("how", "status", "problem"),
    [
        ({"token": "wrong"}, 401, "20003"),
        ({"path": "/2010-04-01/Accounts/AC1/Messages.json"}, 404, "nothing is at"),
        ({"path": "/v1/Messages"}, 404, "nothing is at"),
    ],
)
def test_who_does_not_belong_there_is_told_and_noted(twilio, how, status, problem):
    assert ask(twilio, FORM, **how)[0] == status
    assert problem in twilio.problems[0]
    assert twilio.messages == []
    twilio.problems.clear()


def test_it_misbehaves_as_often_as_it_is_told_and_then_behaves(twilio):
    twilio.refuses(429, 20429, times=2)
    twilio.garbles()
    answers = [ask(twilio, FORM) for _time in range(4)]
    assert [status for status, _body in answers] == [429, 429, 201, 201]
    assert '"code": 20429' in answers[0][1]
    assert not answers[2][1].startswith("{")
    assert twilio.requests == 4
    assert len(twilio.messages) == 2


def test_too_long_a_message_is_refused_and_fails_the_test_that_sent_it(twilio):
    status, body = ask(twilio, FORM | {"Body": "x" * 1601})
    assert (status, '"code": 21617' in body) == (400, True)
    assert twilio.problems == ["21617: The concatenated message body exceeds the 1600 character limit"]
    twilio.problems.clear()


def test_it_speaks_to_a_shop_that_runs_elsewhere(app, twilio):
    """A real server on a real port, as in tests with several processes."""
    with serving(app) as twilio.target:
        answer = twilio.writes("hi")
        assert "What would you like?" in answer.text
        assert twilio.reports(answer.messages[0].action, "SM" + "1" * 32, "delivered").status == 204
        refused = post_body(twilio.target, "https://shop.example/webhooks/twilio/message", "", {})
        assert refused.status == 403


def test_without_a_shop_it_says_what_is_missing(twilio):
    with pytest.raises(AssertionError, match="ask for the fixture app"):
        twilio.writes("hi")


def test_everything_that_is_known_of_twilio_stands_in_one_place():
    assert twilio_rules.ADDRESS.fullmatch("whatsapp:+14155238886")
    assert not twilio_rules.ADDRESS.fullmatch("whatsapp:+14155238886\n")

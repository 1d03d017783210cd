import json
from collections import Counter

import pytest

from cxtop.core.diagnosis import diagnose
from cxtop.core.models import Outcome
from cxtop.core.simulator.blunders import Blunder, Deck, fits, wrong
from cxtop.core.simulator.payloads import LOYALTY, ORDERS, ROUTES, TOKENS, WEBHOOK, Form

VARIABLES = {
    "customerId": "CRM-0000001",
    "topic": "invoice",
    "orderNumber": "SO-000001",
    "memberId": "LOY-0000001",
    "userId": "crm-0000001",
}
UNANSWERED = {Blunder.SLOW, Blunder.HANGS, Blunder.EXCEPTION}

MEANT = {
    Blunder.BAD_GATEWAY: Outcome.SERVER_ERROR,
    Blunder.SERVER_ERROR: Outcome.SERVER_ERROR,
    Blunder.UNAVAILABLE: Outcome.SERVER_ERROR,
    Blunder.GATEWAY_TIMEOUT: Outcome.SERVER_ERROR,
    Blunder.UNAUTHORIZED: Outcome.AUTH_EXPIRED,
    Blunder.FORBIDDEN: Outcome.FORBIDDEN,
    Blunder.THROTTLED: Outcome.RATE_LIMITED,
    Blunder.NOT_FOUND: Outcome.CLIENT_ERROR,
    Blunder.EMPTY: Outcome.EMPTY_BODY,
    Blunder.BLANK: Outcome.EMPTY_BODY,
    Blunder.PAGE: Outcome.NOT_JSON,
    Blunder.TEXT: Outcome.NOT_JSON,
    Blunder.CUT: Outcome.NOT_JSON,
    Blunder.BROKEN: Outcome.NOT_JSON,
    Blunder.ARRAY: Outcome.NOT_OBJECT,
    Blunder.NULL: Outcome.NOT_OBJECT,
    Blunder.STRING: Outcome.NOT_OBJECT,
    Blunder.NUMBER: Outcome.NOT_OBJECT,
    Blunder.ERRORS: Outcome.ACTION_ERRORS,
    Blunder.REFUSED: Outcome.ACTION_ERRORS,
    Blunder.NULL_RESULT: Outcome.NULL_RESULT,
    Blunder.STRINGIFIED: Outcome.STRINGIFIED_RESULT,
    Blunder.TOO_MANY_LEVELS: Outcome.STRINGIFIED_RESULT,
    Blunder.RAW_TOKEN: Outcome.RAW_TOKEN,
    Blunder.DRIFT: Outcome.SCHEMA_DRIFT,
}


def good(route):
    return route.form.wrapped(route.answer(1, VARIABLES), "a1")


def diagnosed(route, blunder):
    given = wrong(blunder, route.form, good(route))
    return diagnose(given.status, {"content-type": given.content_type}, given.body)


def test_every_blunder_has_a_meaning():
    assert MEANT.keys() | UNANSWERED == set(Blunder)
    bad = {Outcome.EXCEPTION, Outcome.DISCONNECTED, Outcome.UNREACHABLE, Outcome.OK}
    assert set(MEANT.values()) == set(Outcome) - bad


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_what_is_meant_is_good(route):
    body = json.dumps(good(route)).encode()
    assert diagnose(200, {}, body).outcome is Outcome.OK


@pytest.mark.parametrize("blunder", MEANT)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_every_blunder_is_what_it_says(route, blunder):
    if not fits(blunder, route.form):
        return
    meant = MEANT[blunder]
    if blunder is Blunder.DRIFT and route.form is Form.PLAIN:
        meant = Outcome.OK  # nobody can tell who does not know the types
    assert diagnosed(route, blunder).outcome is meant


def test_every_blunder_fits_some_route():
    for blunder in Blunder:
        assert any(fits(blunder, route.form) for route in ROUTES)


def test_the_page_bears_its_title():
    assert "502 Bad Gateway" in diagnosed(ORDERS, Blunder.PAGE).message


def test_broken_json_is_broken_in_one_place_only():
    body = wrong(Blunder.BROKEN, LOYALTY.form, good(LOYALTY)).body.decode()
    with pytest.raises(json.JSONDecodeError, match="Expecting value") as broken:
        json.loads(body)
    assert broken.value.lineno > 1


def test_drifted_answers_differ_from_good_ones_in_types():
    before = good(ORDERS)
    after = json.loads(wrong(Blunder.DRIFT, ORDERS.form, before).body)
    assert isinstance(before["total"], float)
    assert isinstance(after["total"], str)
    assert isinstance(after["lines"], dict)
    assert before.keys() - after.keys() == {"history"}


def test_the_first_of_each_route_are_good_and_then_every_kind_comes():
    deck = Deck(seed=3, share=1.0, spared=2)
    for route in (WEBHOOK, TOKENS, LOYALTY, ORDERS):
        assert [deck.draw(route), deck.draw(route)] == [None, None]
    dealt = Counter(deck.draw(route) for _ in range(60) for route in (WEBHOOK, TOKENS))
    assert dealt.keys() == set(Blunder)
    assert dealt.total() == 120


def test_a_deck_depends_on_seed_and_counts_alone():
    def drawn(seed):
        deck = Deck(seed, 0.3)
        return [deck.draw(route) for _ in range(50) for route in ROUTES]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert 0.15 < sum(card is not None for card in drawn(1)) / 250 < 0.45

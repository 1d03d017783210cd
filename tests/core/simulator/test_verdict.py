import json

import pytest

from cxtop.core.simulator.blunders import Blunder, fits, wrong
from cxtop.core.simulator.payloads import LOYALTY, ORDERS, ROUTES, TOKENS, WEBHOOK
from cxtop.core.simulator.verdict import complaint

from .test_blunders import UNANSWERED, good

FINE = {Blunder.NULL_RESULT, Blunder.STRINGIFIED, Blunder.TOO_MANY_LEVELS, Blunder.RAW_TOKEN}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_a_flow_goes_on_after_a_good_answer(route):
    assert complaint(route, 200, json.dumps(good(route)).encode()) is None


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_a_flow_fails_by_what_it_cannot_use(route):
    for blunder in set(Blunder) - UNANSWERED:
        if not fits(blunder, route.form) or (blunder is Blunder.DRIFT and route is TOKENS):
            continue
        given = wrong(blunder, route.form, good(route))
        found = complaint(route, given.status, given.body)
        assert (found is None) is (blunder in FINE), blunder
        if found is not None:
            assert found.code
            assert found.message


@pytest.mark.parametrize(
    ("route", "status", "body", "code", "said"),
    [
        (ORDERS, 429, b"", "RATE_LIMIT_EXCEEDED", "/orders/status answered with status 429"),
        (ORDERS, 599, b"", "UPSTREAM_ERROR", "status 599"),
        (ORDERS, 200, b" ", "DESERIALIZATION_FAILURE", "the body is empty"),
        (ORDERS, 200, b'{"a":', "DESERIALIZATION_FAILURE", "line 1 column 6"),
        (ORDERS, 200, b"[]", "DESERIALIZATION_FAILURE", "is no object, but array"),
        (ORDERS, 200, b"4.5", "DESERIALIZATION_FAILURE", "is no object, but number"),
        (LOYALTY, 200, b'{"errors":["late"],"result":{}}', "UPSTREAM_ERROR", "late"),
        (WEBHOOK, 200, b'{"success":false,"error":{"code":"X"}}', "X", "failed"),
        (LOYALTY, 200, b'{"result":"{broken"}', "SCHEMA_MISMATCH", "expected object, found string"),
        (LOYALTY, 200, b'{"result":{"points":"7"}}', "SCHEMA_MISMATCH", "expected number, found s"),
        (WEBHOOK, 200, b'{"success":true}', "SCHEMA_MISMATCH", "'data': expected object, found nu"),
    ],
)
def test_what_is_said(route, status, body, code, said):
    found = complaint(route, status, body)
    assert found is not None
    assert found.code == code
    assert said in found.message

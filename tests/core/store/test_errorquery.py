"""That lists are found by the indexes made for them, whatever SQLite guesses about sizes."""

import pytest

from cxtop.core.store.errorquery import choose, count_of, marks_of, page_of, whole_of

from .support import make_error


def plans(connection, query):
    """How SQLite goes about the statements that `query` executes."""
    statements = []
    connection.set_trace_callback(statements.append)
    query(connection)
    connection.set_trace_callback(None)
    return [
        row[3]
        for statement in statements
        for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")
    ]


@pytest.fixture
async def plans_of(store):
    await store.add_errors("run-1", [make_error(f"r{n}", message="m") for n in range(3)])

    async def plans_in_a_reader(query):
        return await store.readers.read(lambda connection: plans(connection, query))

    return plans_in_a_reader


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("code", [None, "TIMEOUT"])
@pytest.mark.parametrize("sort", ["seen", "record", "code", "message"])
async def test_no_page_is_sorted_while_it_is_read(plans_of, sort, code, descending):
    chosen = choose(1, code, None)
    for plan in await plans_of(lambda c: marks_of(c, chosen, sort, descending, 0, 50)):
        assert "SEARCH errors" in plan
        assert "TEMP B-TREE" not in plan
        assert sort == "seen" or "COVERING INDEX" in plan or "errors_by_" in plan


async def test_counting_reads_an_index_alone(plans_of):
    for code in (None, "TIMEOUT"):
        (plan,) = await plans_of(lambda c, code=code: count_of(c, choose(1, code, None)))
        assert "COVERING INDEX errors_by_code" in plan


@pytest.mark.parametrize("code", [None, "TIMEOUT"])
async def test_texts_are_read_where_they_lie_together(plans_of, code):
    chosen = choose(1, code, "x")
    for query in (
        lambda c: count_of(c, chosen),
        lambda c: whole_of(c, chosen, "message", False),
        lambda c: page_of(c, chosen, "seen", False, 0, 50, 100),
    ):
        for plan in await plans_of(query):
            assert "USING PRIMARY KEY" in plan

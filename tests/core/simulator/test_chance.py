from cxtop.core.simulator.chance import chance


def test_same_words_same_draws():
    assert chance(1, "a").random() == chance(1, "a").random()


def test_other_words_other_draws():
    assert chance(1, "a").random() != chance(2, "a").random() != chance(1, "b").random()

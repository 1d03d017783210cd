import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.errors import RateLimitError
from cxtop.core.live.frames import MOST, frames_in, frames_of, frames_raised


@pytest.mark.parametrize(
    ("line", "function", "file", "number"),
    [
        ("\tat com.acme.Client.call(Client.java:42)", "com.acme.Client.call", "Client.java", 42),
        ("at a.B.c(Native Method)", "a.B.c", "Native Method", None),
        ('  File "/srv/app.py", line 7, in handle', "handle", "/srv/app.py", 7),
        ('File "/srv/app.py", line 7', "", "/srv/app.py", 7),
        ("at load (/srv/app.js:10:15)", "load", "/srv/app.js", 10),
        ("at /srv/app.js:10:15", "", "/srv/app.js", 10),
        ("at Acme.Crm.Load(String id) in C:\\src\\Crm.cs:line 9", None, "C:\\src\\Crm.cs", 9),
    ],
)
def test_lines_of_known_kinds(line, function, file, number):
    (frame,) = frames_of(line)
    assert frame.file == file
    assert frame.line == number
    assert frame.message == ""
    assert frame.function == ("Acme.Crm.Load(String id)" if function is None else function)


def test_what_is_no_frame_stands_as_a_message():
    first, second = frames_of(
        "java.net.SocketTimeoutException: Read timed out\n\n\tat a.b(C.java:1)"
    )
    assert (first.frame_index, first.message) == (
        0,
        "java.net.SocketTimeoutException: Read timed out",
    )
    assert (first.function, first.file, first.line) == ("", "", None)
    assert (second.frame_index, second.function) == (1, "a.b")


def test_lists_of_lines_and_of_objects():
    entry = {
        "stackTrace": [
            "at a.b(C.java:1)",
            {"className": "Crm", "methodName": "load", "fileName": "Crm.cs", "lineNumber": "9"},
            {"function": "f", "line": True, "message": "why"},
            7,
            {},
        ]
    }
    frames = frames_in(entry)
    assert [frame.function for frame in frames] == ["a.b", "Crm.load", "f"]
    assert [frame.line for frame in frames] == [1, 9, None]
    assert [frame.frame_index for frame in frames] == [0, 1, 2]


def test_nothing_is_made_up():
    assert frames_in({"message": "at a.b(C.java:1)"}) == ()
    assert frames_in({"stackTrace": None}) == frames_in({"stackTrace": 7}) == frames_in("x") == ()
    assert frames_of("") == ()


def test_endless_traces_are_cut():
    assert len(frames_of("at a.b(C.java:1)\n" * 10_000)) == MOST


def test_an_exception_tells_where_it_was_raised():
    def throttle():
        raise RateLimitError("Too many calls.", status=429)

    with pytest.raises(RateLimitError) as caught:
        throttle()
    first, last = frames_raised(caught.value)
    assert first.file == last.file == __file__
    assert last.function.endswith("throttle")
    assert last.message == "RateLimitError: Too many calls."
    assert first.message == ""
    assert frames_raised(RateLimitError("never raised")) == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["line", "file", "function", "message", "stack"]), inner)
    ),
    max_leaves=12,
)


@given(JSON)
@settings(max_examples=150, deadline=None)
def test_any_json_makes_frames_in_order(trace):
    frames = (*frames_of(trace), *frames_in(trace))
    for frame in frames:
        assert frame.line is None or frame.line >= 0
    assert [frame.frame_index for frame in frames_of(trace)] == list(range(len(frames_of(trace))))

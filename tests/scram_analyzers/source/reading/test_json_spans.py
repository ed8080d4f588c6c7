from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from scram_analyzers.source.reading.json_spans import element_spans, member_spans

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda each: st.lists(each, max_size=4) | st.dictionaries(st.text(), each, max_size=4),
    max_leaves=12,
)
indents = st.sampled_from([None, 0, 1, "\t"])


@given(st.dictionaries(st.text(), values), indents, st.booleans())
def test_each_member_is_found_where_it_stands(value: dict[str, object], indent: int | None, escape: bool) -> None:
    text = "\n " + json.dumps(value, indent=indent, ensure_ascii=escape)
    spans = member_spans(text, 0)
    assert {name: json.loads(text[start:end]) for name, (start, end) in spans.items()} == value


@given(st.lists(values), indents)
def test_each_element_is_found_where_it_stands(value: list[object], indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    assert [json.loads(text[start:end]) for start, end in element_spans(text, 0)] == value


def test_of_a_name_given_twice_the_last_counts() -> None:
    assert member_spans('{"a": 1, "a": 22}', 0) == {"a": (14, 16)}

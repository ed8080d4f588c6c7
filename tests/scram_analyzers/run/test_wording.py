import math

import pytest

from scram_analyzers.run.wording import rounded


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0, 3, "0"),
        (2.3128, 3, "2.31"),
        (0.00012, 3, "0.00012"),
        (0.0000412, 2, "4.1e-5"),
        (1e-12, 3, "1e-12"),
        (1362.7, 3, "1,360"),
        (-1362.7, 4, "-1,363"),
        (999.96, 3, "1,000"),
        (123456.0, 3, "123,000"),
        (1.24e9, 3, "1.24e9"),
        (3e20, 2, "3e20"),
        (math.inf, 3, "inf"),
        (math.nan, 3, "nan"),
    ],
)
def test_measured_numbers_are_written_as_people_write_them(value, digits, text):
    assert rounded(value, digits) == text

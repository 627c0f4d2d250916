import re
import time

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrails.core import phone
from leadrails.core.phone import Phone, mask, normalise, region_of


@pytest.mark.parametrize(
    ("raw", "country", "e164", "region"),
    [
        ("+18504321234", None, "+18504321234", "US"),
        ("(850) 432-1234", "US", "+18504321234", "US"),
        ("850.432.1234", "us", "+18504321234", "US"),
        ("1 850 432 1234", "US", "+18504321234", "US"),
        ("  +1 (850) 432-1234 \n", None, "+18504321234", "US"),
        ("\u202a+1 850 432 1234\u202c", None, "+18504321234", "US"),
        ("+1\u00a0850\u2011432\u20131234", None, "+18504321234", "US"),
        ("+١٨٥٠٤٣٢١٢٣٤", None, "+18504321234", "US"),
        ("＋１８５０４３２１２３４", None, "+18504321234", "US"),
        ("Tel: +1 850 432 1234", None, "+18504321234", "US"),
        ("tel:+1-850-432-1234", None, "+18504321234", "US"),
        ("850 432 1234 (cell)", "US", "+18504321234", "US"),
        ("850-432-1234 x123", "US", "+18504321234", "US"),
        ("850-432-1234, ext. 5", "US", "+18504321234", "US"),
        ("tel:+1-850-432-1234;ext=5", None, "+18504321234", "US"),
        ("850-432-1234 #12", "US", "+18504321234", "US"),
        ("+1 416 967 1111", "US", "+14169671111", "CA"),
        ("+1 876 432 1234", "US", "+18764321234", "JM"),
        ("+44 (0)20 7031 3000", None, "+442070313000", "GB"),
        ("0044 20 7031 3000", "GB", "+442070313000", "GB"),
        ("011 44 20 7031 3000", "US", "+442070313000", "GB"),
        ("07400 123456", "GB", "+447400123456", "GB"),
        ("+61400000000", None, "+61400000000", "AU"),
        ("0151 23456789", "DE", "+4915123456789", "DE"),
        ("+39 06 6982", None, "+39066982", None),  # an Italian zero is kept
        ("+1 800 253 0000", None, "+18002530000", "US"),
    ],
)
def test_a_number_becomes_e164(raw, country, e164, region):
    number = normalise(raw, country)

    assert (number.e164, number.problem) == (e164, None)
    assert region is None or number.region == region
    assert not number.is_reserved


@pytest.mark.parametrize(
    ("raw", "country", "e164", "region"),
    [
        ("+15555550100", None, "+15555550100", "US"),
        ("(555) 555-0199", "US", "+15555550199", "US"),
        ("850-555-0142", "US", "+18505550142", "US"),
        ("416-555-0142", "US", "+14165550142", "CA"),
        ("+15005550006", None, "+15005550006", "US"),
        ("+447700900123", None, "+447700900123", "GB"),
        ("07700 900123", "GB", "+447700900123", "GB"),
        ("0113 496 0999", "GB", "+441134960999", "GB"),
        ("020 7946 0000", "GB", "+442079460000", "GB"),
        ("028 9649 6123", "GB", "+442896496123", "GB"),
        ("01632 960001", "GB", "+441632960001", "GB"),
        ("0808 157 0123", "GB", "+448081570123", "GB"),
        ("03069 990123", "GB", "+443069990123", "GB"),
        ("0491 570 156", "AU", "+61491570156", "AU"),
        ("02 5550 1234", "AU", "+61255501234", "AU"),
    ],
)
def test_a_number_of_fiction_passes_and_is_marked(raw, country, e164, region):
    assert normalise(raw, country) == Phone(e164, region, None, is_reserved=True)


@pytest.mark.parametrize(
    ("raw", "country", "problem"),
    [
        (None, "US", "missing"),
        ("", "US", "missing"),
        (" \t\n", "US", "missing"),
        ("none", "US", "not_a_number"),
        ("call me", "US", "not_a_number"),
        ("ann1@example.com", "US", "not_a_number"),
        ("-", "US", "not_a_number"),
        ("++18504321234", None, "not_a_number"),
        ("850+4321234", "US", "not_a_number"),
        ("1-800-FLOWERS", "US", "too_short"),
        ("850-432-123O", "US", "has_letters"),
        ("O1512345678", "DE", "has_letters"),
        ("0151 2345678O", "DE", "has_letters"),
        ("850 CALL 4321234", "US", "has_letters"),
        ("911", "US", "too_short"),
        ("55501", "US", "too_short"),
        ("432-1234", "US", "too_short"),
        ("850 432 1234 5", "US", "too_long"),
        ("850 432 1234 / 850 432 9999", "US", "too_long"),
        ("1" * 10_000, "US", "too_long"),
        ("850 432 1234", None, "no_country_code"),
        ("850 432 1234", "ZZ", "no_country_code"),
        ("+999 1234567", None, "unknown_country_code"),
        ("+0 850 432 1234", None, "unknown_country_code"),
        ("+1 555 432 1234", None, "not_in_use"),
        ("+15555550200", None, "not_in_use"),
        ("+1 900 432 1234", None, "premium_rate"),
        ("0909 8790123", "GB", "premium_rate"),
        ("0843 2101234", "GB", "premium_rate"),
        ("0180 1 234567", "DE", "shared_cost"),
        ("070 1234 5678", "GB", "personal_number"),
        ("+1 500 432 1234", None, "personal_number"),
    ],
)
def test_a_number_that_cannot_be_sent_to_says_why(raw, country, problem):
    number = normalise(raw, country)

    assert (number.problem, number.e164) == (problem, None)
    assert number.sentence == phone.PROBLEMS[problem]


def test_a_good_number_has_no_sentence():
    assert normalise("+15555550100", None).sentence is None


@pytest.mark.parametrize(
    ("e164", "region", "name"),
    [
        ("+18504321234", "US", "United States"),
        ("+15555550100", "US", "United States"),
        ("+15005550006", "US", "United States"),
        ("+12424321234", "BS", "Bahamas"),
        ("+447700900123", "GB", "United Kingdom"),
        ("+447624123456", "IM", "Isle of Man"),
        ("+77012345678", "KZ", "Kazakhstan"),
        ("+4915123456789", "DE", "Germany"),
        ("+881612345678", "001", "International network"),
        ("+999123", None, "Unknown country"),
        ("55501", None, "Unknown country"),
        ("", None, "Unknown country"),
        ("+", None, "Unknown country"),
    ],
)
def test_a_number_has_a_region_with_a_name(e164, region, name):
    assert region_of(e164) == region
    assert phone.country_name(region) == name


def test_every_region_has_a_name():
    assert not [
        region
        for region in phonenumbers.SUPPORTED_REGIONS
        if phone.country_name(region) == region
    ]


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_every_country_is_told_as_the_number_plan_tells_it(region):
    kind = phonenumbers.PhoneNumberType.MOBILE
    example = phonenumbers.example_number_for_type(region, kind)
    if example is None:
        example = phonenumbers.example_number(region)

    e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)

    assert normalise(e164, None).region == region_of(e164)
    assert region_of(e164) == phonenumbers.region_code_for_number(example)


@pytest.mark.parametrize(
    ("e164", "is_costly"),
    [
        ("+19004321234", True),
        ("+448432101234", True),
        ("+15005550006", False),
        ("+18504321234", False),
        ("nonsense", False),
    ],
)
def test_costly_ranges_are_known(e164, is_costly):
    assert phone.is_costly(e164) is is_costly


def test_american_lines_are_those_of_the_number_plan():
    kinds = phonenumbers.PhoneNumberType
    lines = (kinds.FIXED_LINE, kinds.MOBILE, kinds.FIXED_LINE_OR_MOBILE)
    rest = ("2345678", "5550100", "9760000", "1110000")

    for number in (f"{area}{end}" for area in range(200, 1000) for end in rest):
        parsed = phonenumbers.PhoneNumber(country_code=1, national_number=int(number))
        is_line = phonenumbers.number_type(parsed) in lines
        assert phone._is_american_line(number) is is_line, number


def test_a_number_is_costly_where_the_number_plan_says_so():
    kinds = phonenumbers.PhoneNumberType.values()
    found = [
        phonenumbers.example_number_for_type(region, kind)
        for region in phonenumbers.SUPPORTED_REGIONS
        for kind in kinds
    ]
    found += [
        phonenumbers.example_number_for_non_geo_entity(code)
        for code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS
    ]

    for number in filter(None, found):
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        kind = phonenumbers.number_type(number)
        is_costly = kind in phone._COSTLY and not phone.is_reserved(e164)
        assert phone.is_costly(e164) is is_costly, e164


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("+15555550100", "+1••••••0100"),
        ("+447700900123", "+44••••••0123"),
        ("+35312345678", "+353••••5678"),
        ("+2901234", "+•••••34"),
        ("(850) 432-1234", "(•••) •••-••34"),
        ("12", "12"),
        ("", ""),
        ("nobody", "nobody"),
    ],
)
def test_a_masked_number_keeps_its_country_and_four_digits(text, masked):
    assert mask(text) == masked


def test_a_number_is_displayed_for_people():
    assert phone.national("+18504321234") == "(850) 432-1234"
    assert phone.international("+447700900123") == "+44 7700 900123"
    assert phone.national("not a number") == "not a number"
    assert phone.international("") == ""


PHONE_LIKE = st.text(alphabet="0123456789+ ()-.xXeEtT#,;/O٣０\u200e", max_size=70)


@given(PHONE_LIKE | st.text(), st.sampled_from(["US", "GB", "DE", "ZZ", "", None]))
def test_any_input_gives_a_number_or_a_problem(raw, country):
    number = normalise(raw, country)

    assert (number.e164 is None) == (number.problem in phone.PROBLEMS)
    if number.e164:
        assert re.fullmatch(r"\+[1-9][0-9]{1,14}", number.e164)
        assert normalise(number.e164, None) == number
        assert region_of(number.e164) == number.region
        assert not phone.is_costly(number.e164)
        assert number.e164 not in mask(number.e164)


@given(
    st.from_regex(r"(\+1|1)?[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True),
    st.sampled_from(["US", "CA", "BS", "AG", "GB"]),
)
def test_the_short_way_for_north_america_reads_as_the_library_does(raw, country):
    parsed = phonenumbers.parse(raw, country)

    assert phone._parse(raw, country) == parsed


@given(st.text(max_size=200))
def test_helpers_take_any_text(text):
    for helper in (mask, region_of, phone.national, phone.is_costly):
        helper(text)


@pytest.mark.parametrize("raw", ["1" * 10**6, " " * 10**6, "ext " * 10**6, "+" * 10**6])
def test_a_huge_input_costs_next_to_nothing(raw):
    started = time.process_time()
    normalise(raw, "US")
    mask(raw)
    assert time.process_time() - started < 1

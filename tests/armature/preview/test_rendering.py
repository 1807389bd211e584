"""A preview as text and as Markdown: told in full, cut where it must be, and never more than a name."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.errors import FailureClass, failure
from armature.preview import ChangeKind, PreviewMode, TemplateVerdict, Untold
from armature.preview.markdown import HEADING, MAX_CHARACTERS, as_markdown, code, escaped
from armature.preview.merging import counts_of
from armature.preview.rows import without_noise
from armature.preview.text import as_text
from armature.preview.wording import summary_of
from tests.armature.preview.parts import change, part, preview_of, property_change

NOISY = preview_of(
    change("gone", ChangeKind.DELETE),
    change("made", ChangeKind.CREATE),
    change("changed", properties=(property_change(), property_change("b", folded="same"))),
    change("doubtful", ChangeKind.UNSUPPORTED, properties=(property_change("p", untold=Untold.WHEN_DEPLOYED),)),
    change("same", ChangeKind.NO_CHANGE),
    change("theirs", ChangeKind.IGNORE),
    templates=(part("network", from_predecessor=("id = net.id",)), part("web", TemplateVerdict.UNKNOWN)),
)


def test_the_summary_tells_all_that_matters_in_a_sentence_each() -> None:
    assert NOISY.message == (
        "What-if: 1 to create, 1 to modify (1 property), 1 to delete, 1 unchanged, 1 left alone, 1 that can't be told. "
        "1 template previewed with its predecessor's output. Not told of web."
    )


def test_a_validation_is_summed_up_by_its_templates() -> None:
    parts = [part("network"), *(part(f"t{n}", TemplateVerdict.REFUSED) for n in range(7))]

    words = summary_of(PreviewMode.VALIDATE, counts_of([]), parts)

    assert words == "Validation: 1 of 8 templates accepted. Azure refuses t0, t1, t2, t3, t4 and 2 more."


def test_the_text_shows_what_changes_and_only_counts_the_noise() -> None:
    text = as_text(NOISY)

    assert "  - Microsoft.Test/things gone  [network]" in text
    assert "      ~ properties.size: 1 -> 2" in text
    assert "      ? p: 1 -> known only when it is deployed" in text
    assert "same" not in text.split("Templates")[0].replace("unchanged", "")
    assert "1 difference that is none is not shown." in text
    assert "network  accepted; with the predecessor's output id = net.id" in text


def test_with_noise_the_text_shows_everything() -> None:
    text = as_text(NOISY, shows_noise=True)

    assert "  = Microsoft.Test/things same" in text
    assert "  * Microsoft.Test/things theirs" in text
    assert "      = b: 1 -> 2 (no change: same)" in text


def test_without_noise_the_counts_stay() -> None:
    quiet = without_noise(NOISY)

    assert {each.kind for each in quiet.resources} == set(ChangeKind) - {
        ChangeKind.NO_CHANGE,
        ChangeKind.IGNORE,
        ChangeKind.REPLACE,
    }
    assert quiet.counts == NOISY.counts


def test_a_refused_template_is_told_with_the_reason_and_what_to_do() -> None:
    why = failure(FailureClass.TEMPLATE, "InvalidTemplate", "The name is wrong.", "Correct the name.")
    refused = preview_of(mode=PreviewMode.VALIDATE, templates=(part("web", TemplateVerdict.REFUSED, failure=why),))

    for told in (as_text(refused), html.unescape(as_markdown(refused).replace("\\", ""))):
        assert "refused" in told
        assert "InvalidTemplate: The name is wrong." in told
        assert "Correct the name." in told


def test_the_markdown_has_a_table_details_a_heading_and_a_marker_by_which_it_is_found_again() -> None:
    told = as_markdown(NOISY, key="84a635dca52b1c2a")

    assert told.startswith(f"<!-- armature-preview:84a635dca52b1c2a -->\n{HEADING}\n")
    assert "| **delete** | <code>gone</code> |" in told
    assert told.count("<details>") == told.count("</details>") == 1


@pytest.mark.parametrize("limit", [MAX_CHARACTERS, 3000, 900])
def test_a_long_preview_is_cut_to_what_a_comment_holds_with_a_note(limit: int) -> None:
    many = [change(f"resource-{number:05}", properties=(property_change(),)) for number in range(4000)]
    whole = preview_of(*many, templates=(part("network"),))

    told = as_markdown(whole, limit=limit)

    assert len(told) <= limit
    assert told.startswith("<!-- armature-preview:shop-1 -->")
    assert "armature preview shop-1" in told
    assert not told.split("> [!NOTE]")[0].rstrip().endswith("<code")
    assert told.count("<details>") == told.count("</details>")


def test_what_just_fits_is_not_cut() -> None:
    whole = as_markdown(NOISY)

    assert as_markdown(NOISY, limit=len(whole)) == whole
    assert "[!NOTE]" in as_markdown(NOISY, limit=len(whole) - 1)


HOSTILE = st.text(st.sampled_from(list("ab`|<>&[]()!*_~#@:/\\\n\r\u2028\x1b\"'$-. ")), max_size=30)


@given(HOSTILE)
def test_no_name_or_value_becomes_markdown_or_html(text: str) -> None:
    for told in (code(text), escaped(text)):
        inside = told.removeprefix("<code>").removesuffix("</code>").replace("<!-- -->", "")
        assert not re.search(r"(?<!\\)[`|\[\]]|[<>\n\r\u2028\x1b]", inside)
    assert "@" not in code(text)
    assert "://" not in escaped(text)


def test_no_address_becomes_a_link() -> None:
    for told in (code("www.evil.example http://evil.example"), escaped("www.evil.example http://evil.example")):
        assert "www." not in told
        assert "://" not in told


@given(HOSTILE)
def test_a_hostile_name_stays_within_its_cell_and_its_line(name: str) -> None:
    hostile = preview_of(
        change(f"x{name}", ChangeKind.DELETE, f"t{name}", reasons=(name,)), templates=(part(f"t{name}"),)
    )

    told = as_markdown(hostile)
    [row] = [line for line in told.splitlines() if line.startswith("| **delete**")]

    assert len(re.findall(r"(?<!\\)\|", row)) == 6
    assert told.count("<details>") == 1
    assert all(line.isprintable() for line in as_text(hostile).split("\n"))

"""Search finds tools by their words, ranks names first, and no query breaks it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolguild.registry.catalog import Catalog, text_of
from toolguild.registry.entry import NameEntry
from toolguild.registry.index import Index, Text
from toolguild.registry.words import query_stems, stem, stems, words
from toolguild.testing import samples

TOOLS = (
    Text(
        "csv_to_json",
        "table converter",
        "Convert the rows of a CSV file to JSON objects",
        "path delimiter",
    ),
    Text("json_to_xml", "", "Turn JSON objects into an XML document", "document root"),
    Text(
        "count_words",
        "word frequency",
        "Count how often each word occurs in a text",
        "text minimum",
    ),
    Text("sum_column", "total", "Add up the numbers of one column of a CSV table", "rows column"),
    Text(
        "currency_conversion",
        "exchange rates",
        "Compute an amount of money in another currency",
        "amount",
    ),
)


def index_of(*texts: Text) -> Index:
    index = Index()
    index.put_all(texts)
    return index


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("convert csv files to json", "csv_to_json"),
        ("csv_to_json", "csv_to_json"),
        ("CSV converter", "csv_to_json"),
        ("counting words", "count_words"),
        ("word frequencies", "count_words"),
        ("total of a column", "sum_column"),
        ("convert currencies", "currency_conversion"),
        ("what is the exchange rate", "currency_conversion"),
        ("jsonToXml", "json_to_xml"),
        ("minimum", "count_words"),
        ("curr", "currency_conversion"),
    ],
)
def test_the_right_tool_comes_first(query: str, best: str) -> None:
    assert index_of(*TOOLS).search(query)[0] == best


def test_a_word_in_the_name_says_more_than_one_in_the_description() -> None:
    index = index_of(Text("other", description="merge merge merge tables"), Text("merge_tables"))
    assert index.search("merge") == ["merge_tables", "other"]


def test_a_name_that_says_nothing_else_goes_before_one_that_says_more() -> None:
    index = index_of(Text("total_price_of_all_items_sold", description="total"), Text("total"))
    assert index.search("total")[0] == "total"


def test_a_rare_word_says_more_than_a_common_one() -> None:
    texts = [Text(f"parse_{n}", description="parse a file") for n in range(50)]
    index = index_of(*texts, Text("genome", description="look at a genome"))
    assert index.search("parse genome")[0] == "genome"


def test_a_name_put_again_has_only_its_new_text_and_a_dropped_one_none() -> None:
    index = index_of(Text("tool_a", description="apples"))
    index.put(Text("tool_a", description="pears"))
    assert index.search("apples") == []
    assert index.search("pears") == ["tool_a"]
    index.drop("tool_a")
    index.drop("tool_a")
    assert index.search("pears") == []


def test_a_failed_load_leaves_the_index_as_it_was() -> None:
    index = index_of(Text("tool_a", description="apples"))

    def broken() -> object:
        yield Text("tool_b", description="pears")
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        index.put_all(broken())  # type: ignore[arg-type]  # a generator of texts that breaks
    assert index.search("pears") == []
    assert index.search("apples") == ["tool_a"]


def test_an_index_in_a_file_starts_empty(tmp_path: Path) -> None:
    for _ in range(2):
        index = Index(tmp_path / "index.sqlite")
        assert index.search("apples") == []
        index.put(Text("tool_a", description="apples"))
        assert index.search("apples") == ["tool_a"]
        index.close()


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        '"',
        "'",
        '"csv',
        "csv AND",
        "NOT",
        "OR OR",
        "NEAR(csv json)",
        "name:csv",
        "csv*",
        "^csv",
        "(csv",
        "-csv",
        "csv + json",
        "{name} : csv",
        "\0",
        "\ud800",
        "a" * 100_000,
        "csv " * 10_000,
        "; DROP TABLE texts",
    ],
)
def test_no_query_is_a_syntax_error(query: str) -> None:
    index = index_of(*TOOLS)
    assert isinstance(index.search(query), list)
    assert index.search("csv") != []


@given(query=st.text())
def test_any_text_can_be_searched_for(query: str) -> None:
    assert set(QUERIED.search(query)) <= {text.name for text in TOOLS}


QUERIED = index_of(*TOOLS)


@settings(max_examples=30)  # each builds an index
@given(name=st.from_regex(r"[a-z][a-z0-9_]{1,62}", fullmatch=True))
def test_every_tool_is_found_by_its_own_name(name: str) -> None:
    index = index_of(*TOOLS, Text(name))
    found = index.search(name)
    assert name in found or not words(name)
    index.close()


@given(text=st.text())
def test_stems_are_stable_words(text: str) -> None:
    assert len(query_stems(text)) <= 24
    assert all(one and '"' not in one for one in stems(text))


@pytest.mark.parametrize(
    "family",
    [
        ["convert", "converts", "converted", "converting", "converter"],
        ["parse", "parses", "parsed", "parsing", "parser"],
        ["query", "queries"],
        ["filter", "filters", "filtering", "filtered"],
        ["class", "classes"],
        ["extract", "extraction", "extracts", "extractor"],
        ["sum", "sums", "summing"],
    ],
)
def test_forms_of_a_word_meet(family: list[str]) -> None:
    assert len({stem(word) for word in family}) == 1


def test_short_and_foreign_words_stay_as_they_are() -> None:
    assert [stem(word) for word in ("csv", "is", "gas", "größe", "r2")] == [
        "csv",
        "is",
        "gas",
        "größe",
        "r2",
    ]
    assert words("Größe café") == ["grosse", "cafe"]


def test_the_text_of_a_tool_has_its_argument_names_and_their_descriptions() -> None:
    text = text_of(samples.draft())
    assert text.fields.split()[:2] == ["rows", "column"]
    assert "which number" in text.fields


def test_a_page_of_stopped_tools_does_not_hide_the_one_that_runs() -> None:
    catalog = Catalog()
    for n in range(70):
        status = "published" if n == 69 else "quarantined"
        entry = samples.named(f"sum_{n}").model_copy(update={"status": status})
        catalog.put_tool(entry.tool.digest, entry.model_dump_json().encode())
        catalog.put_name(entry.tool.name, NameEntry(versions={"1.0": entry.tool.digest}))
    assert [entry.tool.name for entry in catalog.search("sum")] == ["sum_69"]
    assert [entry.tool.name for entry in catalog.fitting(samples.spec())] == ["sum_69"]


def test_entries_may_come_in_any_order() -> None:
    base = samples.named("base")
    top = samples.named("top", uses={"base": base.tool.digest})
    catalog = Catalog()
    catalog.put_name("top", NameEntry(versions={"1.0": top.tool.digest}))
    catalog.put_tool(top.tool.digest, top.model_dump_json().encode())
    assert catalog.search("top") == []
    catalog.put_tool(base.tool.digest, base.model_dump_json().encode())
    assert catalog.search("top") == [top]
    assert catalog.find("base") is None  # its name has not come yet
    catalog.drop_tool(base.tool.digest)
    assert catalog.search("top") == []
    catalog.drop_name("top")
    assert catalog.all() == []

import pytest

from tools.model.csv_form import recognise


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("a,b,y\n1,2,3\n", ","),
        ("a;b;y\n1,5;2,25;3\n", ";"),
        ("a\tb\ty\n1,5\t2\t3\n", "\t"),
        ('"Size (cm, m)";"b";"y"\n1,5;2;3\n', ";"),
        ("name, first;weight, kg;y\nx;1,5;3\n", ";"),
        ('a,b,y\n"x;z",2,3\n"x;w",4,5\n', ","),
        ("y\n1\n", ","),
    ],
)
def test_the_separator_is_the_one_that_divides_the_first_lines(text: str, separator: str) -> None:
    assert recognise(text.encode()).separator == separator


def test_the_first_line_of_excel_names_the_separator() -> None:
    form = recognise(b"sep=;\r\na,b;y\r\n1;2\r\n")

    assert (form.separator, form.text) == (";", "a,b;y\r\n1;2\r\n")


@pytest.mark.parametrize(
    ("encoding", "label"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8 with BOM"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("latin-1", "Latin-1"),
        ("cp1252", "Latin-1"),
    ],
)
def test_the_encoding_is_recognised(encoding: str, label: str) -> None:
    text = "città,y\nGröße,1\n" if encoding != "cp1252" else "città,y\n5 €,1\n"

    assert recognise(text.encode(encoding))[::2] == (text, label)


def test_a_line_that_is_cut_at_the_end_of_the_beginning_does_not_count() -> None:
    rows = "1,5;2;x\n" * 20_000

    assert recognise(f"a;b;y\n{rows}".encode()).separator == ";"

"""Files with names that no address, path or HTML takes as they are: each is opened at its address and in the pane."""

from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
from app_helpers import served
from checking import CheckedAssistant
from index_helpers import written

NAMES = (
    "-rf.txt", "50% off #2? & more + ;=.txt", "a%2Fb%20c%0A.txt", "it's \"so\" <b>said.txt", "two\nlines.txt",
    "\nfirst and\r\n last.txt", "cafe\u0301 Amélie.txt", "x" * 245 + ".txt", "back\\slash.txt",
    "in\nside/50%/tab\t .txt",
)  # fmt: skip
TOLD = {name: f"Ferry number {number} of Lindholm sails at noon." for number, name in enumerate(NAMES)}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address; over a folder with a file of each name."""
    folder = tmp_path_factory.mktemp("odd")
    for name, text in TOLD.items():
        written(folder, name, text)
    with CheckedAssistant(tmp_path_factory.mktemp("data"), "embedded") as assistant:
        assistant.index(folder)
        with served(assistant) as url:
            yield url


@pytest.mark.parametrize("name", TOLD, ids=lambda name: repr(name[:20]))
def test_an_article_is_opened_at_its_address_and_in_the_pane_whatever_its_file_is_called(app: str, name: str) -> None:
    with httpx.Client(base_url=app, trust_env=False) as http:
        for address in (quote(name), quote(name, safe="")):
            assert http.get(f"/api/articles/{address}").json().get("text") == TOLD[name]
        assert TOLD[name] in http.get("/pane", params={"article": name}).text

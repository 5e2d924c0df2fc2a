from rag.words import content_words, fold


def test_content_words_are_stems_and_digits_and_folding_drops_case_and_diacritics() -> None:
    assert content_words("The insurgents’ two cities were captured") == ["insurg", "2", "citi", "captur"]
    assert fold("Müller’s ÉCOLE") == "muller's ecole"

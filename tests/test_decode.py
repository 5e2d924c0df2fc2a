"""index/decode.py: bytes of any encoding -> characters."""

from __future__ import annotations

import codecs

import pytest

from index.decode import Unreadable, decode

TEXTS = [
    ("cp1252", "He said it’s over."),
    ("cp1252", "LE CAFÉ “CHEZ ANDRÉ” EST FERMÉ"),
    ("cp1252", "Prime Minister Viktor Orbán and José Manuel Barroso met in São Paulo."),
    ("latin-1", "Les forces gouvernementales ont été chassées de la ville près d'Alep; le président n'a pas cédé."),
    ("latin-1", "Die Aufständischen rückten über die Brücke vor und eroberten die Städte im Süden."),
    ("latin-1", "El ejército anunció su retirada de la ciudad. ¿Qué pasará mañana?"),
    ("latin-1", "Upprorsmännen gick in i staden på torsdagen. Många människor flydde söderut."),
    ("mac_roman", "“If Hama falls,” he said – it’s the “beginning”. The café in Nice was closed."),
    ("cp1250", "Syryjska armia ogłosiła, że wycofała się z miasta po trzech dniach zaciętych walk."),
    ("iso8859_2", "Syryjska armia ogłosiła, że wycofała się z miasta; ludność ucieka, gdyż boi się bombardowań."),
    ("cp1250", "Syrská armáda oznámila, že se stáhla z města po třech dnech tvrdých bojů; obyvatelé prchají."),
    ("cp1254", "Suriye ordusu, üç gün süren çatışmaların ardından şehirden çekildiğini açıkladı."),
    ("cp1251", "Сирийская армия заявила, что покинула город Хама после трёх дней боёв с повстанцами."),
    ("koi8_r", "Сирийская армия заявила, что покинула город Хама после трёх дней боёв с повстанцами."),
    ("cp1253", "Ο συριακός στρατός ανακοίνωσε ότι αποσύρθηκε από την πόλη μετά από τρεις ημέρες μαχών."),
    ("cp1256", "أعلن الجيش السوري انسحابه من مدينة حماة بعد ثلاثة أيام من الاشتباكات مع قوات المعارضة."),
    ("cp1255", "צבא סוריה הודיע כי נסוג מהעיר חמאת לאחר שלושה ימי קרבות עם המורדים בפאתי העיר."),
    ("cp932", "シリア軍は三日間の戦闘の後、木曜日に中部の都市ハマから撤退したと発表した。"),
    ("gb18030", "叙利亚军方表示，在与叛军激战三天后，军队已于星期四撤出哈马市。居民逃往南部。"),
    ("big5", "敘利亞軍方表示，在與叛軍激戰三天後，軍隊已於星期四撤出哈馬市。居民逃往南部。"),
    ("cp949", "시리아군은 사흘간의 교전 끝에 목요일 중부 도시 하마에서 철수했다고 밝혔다."),
]


@pytest.mark.parametrize(("encoding", "text"), TEXTS)
@pytest.mark.parametrize("times", [1, 20])
def test_news_in_an_old_encoding_comes_out_as_it_was_written(encoding: str, text: str, times: int) -> None:
    assert decode((text + "\r\n" * (times > 1)).encode(encoding) * times) == (text + "\r\n" * (times > 1)) * times


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_every_utf_is_read_and_its_mark_dropped(encoding: str) -> None:
    assert decode("The regime’s fall – café\r\n".encode(encoding)) == "The regime’s fall – café\r\n"


@pytest.mark.parametrize(
    ("data", "declared", "text"),
    [
        (codecs.BOM_UTF16_BE + "Хама".encode("utf-16-be"), None, "Хама"),
        (
            "A fall –".encode() + b" \xff\xfe " + "– the café".encode(),
            None,
            "A fall – \ufffd\ufffd – the café",
        ),  # a few bad bytes
        ("ハマ".encode("iso2022_jp"), "iso-2022-jp", "ハマ"),
        ("été".encode(), "ascii", "été"),  # it is believed where it fits
        (b"plain", "no-such-encoding", "plain"),
    ],
)
def test_a_mark_or_what_is_declared_is_believed_where_it_fits(data: bytes, declared: str | None, text: str) -> None:
    assert decode(data, declared) == text


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"\x1f\x8b\x08\x08\x01\x02\x03abc", b"\0" * 99]
)
def test_binary_is_not_text(data: bytes) -> None:
    with pytest.raises(Unreadable, match=r"^binary, not text$"):
        decode(data)

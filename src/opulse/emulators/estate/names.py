"""Names of people by language: each as people write it and as their account does."""

from __future__ import annotations

from collections.abc import Mapping

Name = tuple[str, str]
"""As written, and in ASCII for the account."""


def _latin(words: str) -> tuple[Name, ...]:
    return tuple((word, word.lower()) for word in words.split())


def _paired(words: str) -> tuple[Name, ...]:
    pairs = (word.partition("=") for word in words.split())
    return tuple((written, ascii_form) for written, _, ascii_form in pairs)


FIRST: Mapping[str, tuple[Name, ...]] = {
    "en": _latin(
        "Ada Alice Amir Beth Caleb Chloe Daniel Ella Ethan Fiona Grace Harry Imani Isla Jack Kofi Leah Liam Maya Noah "
        "Olivia Owen Priya Ruby Sam Sofia Theo Zoe"
    ),
    "de": _paired(
        "Anja=anja Ayşe=ayse Björn=bjoern Clara=clara Dörte=doerte Emil=emil Felix=felix Greta=greta Hannes=hannes "
        "Ines=ines Jörg=joerg Katrin=katrin Lena=lena Marek=marek Nele=nele Ömer=oemer Paula=paula Rolf=rolf "
        "Sören=soeren Tanja=tanja Uwe=uwe Zeynep=zeynep"
    ),
    "ar": _paired(
        "أحمد=ahmed آمنة=amina بلال=bilal دينا=dina فاطمة=fatima حسن=hassan هدى=huda إبراهيم=ibrahim خالد=khalid "
        "ليلى=layla محمد=mohammed مريم=maryam نور=nour عمر=omar رانيا=rania سارة=sara سلمى=salma طارق=tariq يوسف=yusuf "
        "زينب=zainab"
    ),
}

LAST: Mapping[str, tuple[Name, ...]] = {
    "en": _latin(
        "Adams Barnes Bell Carter Chen Clarke Cooper Davies Edwards Ellis Evans Foster Gray Hall Harris Hughes Jones "
        "Kelly Khan King Lewis Martin Mensah Moore Murphy Okafor Patel Price Reid Roberts Scott Shah Singh Smith Taylor "
        "Turner Walker Ward Watson Wood Wright Young"
    ),
    "de": _paired(
        "Bauer=bauer Becker=becker Böhm=boehm Brandt=brandt Demir=demir Fischer=fischer Graf=graf Groß=gross "
        "Hartmann=hartmann Hoffmann=hoffmann Jäger=jaeger Kaya=kaya Keller=keller Koch=koch König=koenig "
        "Kowalski=kowalski Krüger=krueger Lange=lange Lehmann=lehmann Maier=maier Möller=moeller Neumann=neumann "
        "Peters=peters Richter=richter Schäfer=schaefer Schmidt=schmidt Schröder=schroeder Schulz=schulz Vogel=vogel "
        "Wagner=wagner Weber=weber Yıldız=yildiz Zimmermann=zimmermann"
    ),
    "ar": _paired(
        "عبدالله=abdullah العلي=alali الحارثي=alharthi الهاشمي=alhashimi الخطيب=alkhatib المنصوري=almansoori "
        "النجار=alnajjar الشامي=alshami السيد=elsayed فارس=fares حداد=haddad حمدان=hamdan إسماعيل=ismail جابر=jaber "
        "خليل=khalil منصور=mansour مصطفى=mostafa ناصر=nasser رشيد=rashid صالح=saleh سليمان=suleiman ياسين=yassin "
        "زايد=zayed"
    ),
}

"""What places are called in German, and other names they go by: both are searched, whichever the geographic data has.

Countries by their ISO 3166 code; regions and cities by the names in common use where the two languages differ.
"""

from functools import cache

from photolib.search.wording import fold

_COUNTRIES = """\
AD Andorra|AE Vereinigte Arabische Emirate|AF Afghanistan|AG Antigua und Barbuda|AL Albanien|AM Armenien|AO Angola
AQ Antarktis|AR Argentinien|AT Österreich|AU Australien|AW Aruba|AZ Aserbaidschan|BA Bosnien und Herzegowina
BB Barbados|BD Bangladesch|BE Belgien|BF Burkina Faso|BG Bulgarien|BH Bahrain|BI Burundi|BJ Benin|BM Bermuda|BN Brunei
BO Bolivien|BR Brasilien|BS Bahamas|BT Bhutan|BW Botswana|BY Belarus, Weißrussland|BZ Belize|CA Kanada|CD Kongo
CF Zentralafrikanische Republik|CG Kongo|CH Schweiz|CI Elfenbeinküste|CL Chile|CM Kamerun|CN China|CO Kolumbien
CR Costa Rica|CU Kuba|CV Kap Verde|CY Zypern|CZ Tschechien|DE Deutschland|DJ Dschibuti|DK Dänemark|DM Dominica
DO Dominikanische Republik|DZ Algerien|EC Ecuador|EE Estland|EG Ägypten|ER Eritrea|ES Spanien|ET Äthiopien|FI Finnland
FJ Fidschi|FM Mikronesien|FO Färöer|FR Frankreich|GA Gabun|GB Großbritannien, Vereinigtes Königreich, England
GD Grenada|GE Georgien|GF Französisch-Guayana|GG Guernsey|GH Ghana|GI Gibraltar|GL Grönland|GM Gambia|GN Guinea
GP Guadeloupe|GQ Äquatorialguinea|GR Griechenland|GT Guatemala|GW Guinea-Bissau|GY Guyana|HK Hongkong|HN Honduras
HR Kroatien|HT Haiti|HU Ungarn|ID Indonesien|IE Irland|IL Israel|IM Isle of Man|IN Indien|IQ Irak|IR Iran|IS Island
IT Italien|JE Jersey|JM Jamaika|JO Jordanien|JP Japan|KE Kenia|KG Kirgisistan|KH Kambodscha|KI Kiribati|KM Komoren
KP Nordkorea|KR Südkorea|KW Kuwait|KZ Kasachstan|LA Laos|LB Libanon|LC St. Lucia|LI Liechtenstein|LK Sri Lanka
LR Liberia|LS Lesotho|LT Litauen|LU Luxemburg|LV Lettland|LY Libyen|MA Marokko|MC Monaco|MD Moldau|ME Montenegro
MG Madagaskar|MK Nordmazedonien|ML Mali|MM Myanmar, Birma|MN Mongolei|MO Macau|MQ Martinique|MR Mauretanien|MT Malta
MU Mauritius|MV Malediven|MW Malawi|MX Mexiko|MY Malaysia|MZ Mosambik|NA Namibia|NC Neukaledonien|NE Niger|NG Nigeria
NI Nicaragua|NL Niederlande, Holland|NO Norwegen|NP Nepal|NZ Neuseeland|OM Oman|PA Panama|PE Peru
PF Französisch-Polynesien|PG Papua-Neuguinea|PH Philippinen|PK Pakistan|PL Polen|PR Puerto Rico|PS Palästina
PT Portugal|PW Palau|PY Paraguay|QA Katar|RE Réunion|RO Rumänien|RS Serbien|RU Russland|RW Ruanda|SA Saudi-Arabien
SB Salomonen|SC Seychellen|SD Sudan|SE Schweden|SG Singapur|SI Slowenien|SJ Spitzbergen|SK Slowakei|SL Sierra Leone
SM San Marino|SN Senegal|SO Somalia|SR Suriname|SS Südsudan|ST São Tomé und Príncipe|SV El Salvador|SY Syrien
SZ Eswatini|TD Tschad|TG Togo|TH Thailand|TJ Tadschikistan|TL Osttimor|TM Turkmenistan|TN Tunesien|TO Tonga|TR Türkei
TT Trinidad und Tobago|TV Tuvalu|TW Taiwan|TZ Tansania|UA Ukraine|UG Uganda|US USA, Vereinigte Staaten, Amerika
UY Uruguay|UZ Usbekistan|VA Vatikanstadt, Vatikan|VE Venezuela|VN Vietnam|VU Vanuatu|WS Samoa|XK Kosovo|YE Jemen
ZA Südafrika|ZM Sambia|ZW Simbabwe"""

# Further English names of countries.
_ALSO = {
    "GB": "UK, Great Britain, Britain",
    "US": "USA, United States, America, United States of America",
    "NL": "Holland, The Netherlands",
    "CZ": "Czechia, Czech Republic",
    "TR": "Turkey",
    "KR": "South Korea",
    "CI": "Ivory Coast",
    "CV": "Cape Verde",
}

_PLACES = """\
Venice/Venezia/Venedig|Rome/Roma/Rom|Florence/Firenze/Florenz|Milan/Milano/Mailand|Naples/Napoli/Neapel|Turin/Torino
Genoa/Genova/Genua|Padua/Padova|Bolzano/Bozen|Munich/München|Cologne/Köln|Nuremberg/Nürnberg|Hanover/Hannover
Brunswick/Braunschweig|Vienna/Wien|Zurich/Zürich|Geneva/Genève/Genf|Basel/Basle|Lucerne/Luzern|Bern/Berne
Prague/Praha/Prag|Pilsen/Plzeň|Warsaw/Warszawa/Warschau|Krakow/Kraków/Cracow/Krakau|Gdańsk/Danzig|Wrocław/Breslau
Lisbon/Lisboa/Lissabon|Porto/Oporto|Seville/Sevilla|Brussels/Bruxelles/Brüssel|Antwerp/Antwerpen|Bruges/Brugge/Brügge
Ghent/Gent|The Hague/Den Haag|Copenhagen/København/Kopenhagen|Gothenburg/Göteborg|Moscow/Moskva/Moskau
Saint Petersburg/St Petersburg/Sankt Petersburg|Athens/Athína/Athen|Thessaloniki/Saloniki|Bucharest/București/Bukarest
Belgrade/Beograd/Belgrad|Strasbourg/Straßburg|Nice/Nizza|Marseille/Marseilles|Lyon/Lyons|Cairo/Al Qahirah/Kairo
Jerusalem/Yerushalayim|Beijing/Peking|Tokyo/Tokio|Mexico City/Ciudad de México/Mexiko-Stadt|Havana/La Habana/Havanna
New York City/New York|Cape Town/Kapstadt|Marrakesh/Marrakech/Marrakesch|Tuscany/Toscana/Toskana
Lombardy/Lombardia/Lombardei|Piedmont/Piemonte/Piemont|Sicily/Sicilia/Sizilien|Sardinia/Sardegna/Sardinien
Apulia/Puglia/Apulien|Veneto/Venetien|South Tyrol/Alto Adige/Südtirol|Tyrol/Tirol|Bavaria/Bayern|Saxony/Sachsen
Lower Saxony/Niedersachsen|Thuringia/Thüringen|Hesse/Hessen|North Rhine-Westphalia/Nordrhein-Westfalen
Rhineland-Palatinate/Rheinland-Pfalz|Mecklenburg-Western Pomerania/Mecklenburg-Vorpommern|Styria/Steiermark
Carinthia/Kärnten|Upper Austria/Oberösterreich|Lower Austria/Niederösterreich|Brittany/Bretagne|Normandy/Normandie
Burgundy/Bourgogne/Burgund|Corsica/Corse/Korsika|Alsace/Elsass|Provence-Alpes-Côte d'Azur/Provence
Andalusia/Andalucía/Andalusien|Catalonia/Catalunya/Katalonien|Castile and León/Kastilien und León
Balearic Islands/Balearen|Majorca/Mallorca|Canary Islands/Canarias/Kanaren|Crete/Kriti/Kreta|Corfu/Kerkyra/Korfu
Rhodes/Rodos/Rhodos|Scotland/Schottland|Wales|England|California/Kalifornien|Bohemia/Čechy/Böhmen
Flanders/Vlaanderen/Flandern|Grisons/Graubünden|Ticino/Tessin|Valais/Wallis"""


@cache
def _countries() -> dict[str, tuple[str, ...]]:
    found = {}
    for entry in _COUNTRIES.replace("\n", "|").split("|"):
        code, _, names = entry.partition(" ")
        names = f"{names}, {_ALSO.get(code, '')}"
        found[code] = tuple(dict.fromkeys(name for name in names.split(", ") if name))
    return found


@cache
def _groups() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for entry in _PLACES.replace("\n", "|").split("|"):
        names = tuple(entry.split("/"))
        found.update({fold(name): names for name in names})
    return found


def country_names(code: str | None) -> tuple[str, ...]:
    """What a country is called beside its English name."""
    return _countries().get((code or "").upper(), ())


def other_names(name: str) -> tuple[str, ...]:
    """What a city or region is called in the other languages; empty for those with one name."""
    return tuple(each for each in _groups().get(fold(name), ()) if each != name)
